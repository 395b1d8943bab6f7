//! What the agents of the demo say.
//!
//! A story is found by what it answers to: the first whose every word stands in what was asked.

mod briefings;
mod desk;
mod ops;

use crate::script::{Story, Turn, says};

/// Said where no story fits.
const NO_STORY: Turn = says(
    "This is a **demo**: I play written stories, and nothing that you say reaches a language model. Ask me \
     *Where is order 51234?*, or let me *look at checkout*, and I do what a real agent would do: call tools, wait \
     for your word where that is asked for, and answer.\n\nWith a model of your own behind me (`[providers]` in \
     `sortie.toml`, or *Settings → Providers*) I would think for myself.",
);

/// Said when a story is over and the model is asked all the same, as behind a call that was
/// denied.
const OVER: Turn = says("Understood. I leave it at that, and have noted it for whoever looks at this next.");

/// The reply to this text, asked for the `turn`th time from 0.
pub(crate) fn answer(text: &str, turn: usize) -> &'static Turn {
    let fits = |story: &&Story| story.to.iter().all(|words| text.contains(words));
    let told = [briefings::ALL, desk::ALL, ops::ALL].into_iter().flatten().find(fits);
    match (told, turn) {
        (Some(story), turn) => story.turns.get(turn).unwrap_or(&OVER),
        (None, 0) => &NO_STORY,
        (None, _) => &OVER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::End;
    use serde_json::Value;

    #[test]
    fn every_story_can_be_told() {
        for story in [briefings::ALL, desk::ALL, ops::ALL].into_iter().flatten() {
            let asked = story.to.join(" ");
            let Some((last, before)) = story.turns.split_last() else { panic!("{asked}: no turn") };
            assert!(before.iter().all(|turn| !turn.calls.is_empty()), "{asked}: it is over before its end");
            for (tool, arguments) in story.turns.iter().flat_map(|turn| turn.calls) {
                assert!(
                    serde_json::from_str::<Value>(arguments).is_ok_and(|value| value.is_object()),
                    "{tool}: {arguments}"
                );
            }
            let is_said = !last.says.is_empty() || !last.calls.is_empty() || matches!(last.end, End::Fails(..));
            assert!(is_said, "{asked}: it ends without a word");
            assert!(std::ptr::eq(answer(&asked, 0), &story.turns[0]), "{asked}: another story is told instead");
        }
    }
}
