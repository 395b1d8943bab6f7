//! What of a run's spending went to which model.

use serde::{Deserialize, Serialize};

use super::Run;
use crate::limits::Spent;
use crate::model::Usage;
use crate::money::{self, Money};

/// A model that a run asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedModel {
    /// Its full name.
    pub model: String,
    /// What was spent on it. Absent is all that the run spent, which most runs spend on one
    /// model: they need not say it twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
}

/// What was spent on one model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Calls begun.
    pub calls: u32,
    /// Tokens of those that are finished.
    pub usage: Usage,
    /// What they cost, as far as the model has a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
}

impl Share {
    /// One call, of which nothing else is known yet.
    pub(crate) const CALL: Share = Share { calls: 1, usage: Usage::NONE, cost: None };
}

impl Run {
    /// Puts so much on a model's account. Comes before [`Run::spent`] counts it.
    pub(crate) fn charge(&mut self, model: &str, more: Share) {
        if more == Share::default() {
            return;
        }
        match &mut self.asked[..] {
            [] => return self.asked.push(AskedModel { model: model.to_owned(), share: None }),
            [only] if only.model == model && only.share.is_none() => return,
            [only] if only.share.is_none() => {
                let spent = self.spent;
                only.share = Some(Share { calls: spent.steps, usage: spent.usage, cost: spent.cost });
            }
            _ => {}
        }
        let at = self.asked.iter().position(|asked| asked.model == model).unwrap_or(self.asked.len());
        if at == self.asked.len() {
            self.asked.push(AskedModel { model: model.to_owned(), share: None });
        }
        let share = self.asked[at].share.get_or_insert_default();
        share.calls = share.calls.saturating_add(more.calls);
        share.usage += more.usage;
        share.cost = money::sum(share.cost, more.cost);
    }

    /// Takes a call back that was not made after all.
    pub(crate) fn uncharge_call(&mut self, model: &str) {
        let asked = self.asked.iter_mut().find(|asked| asked.model == model);
        if let Some(share) = asked.and_then(|asked| asked.share.as_mut()) {
            share.calls = share.calls.saturating_sub(1);
        }
    }
}

/// What was spent on each model that was asked, of all that a run spent.
pub fn shares<'a>(spent: &Spent, asked: &'a [AskedModel]) -> impl Iterator<Item = (&'a str, Share)> {
    let all = Share { calls: spent.steps, usage: spent.usage, cost: spent.cost };
    asked.iter().map(move |asked| (asked.model.as_str(), asked.share.unwrap_or(all)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::RunId;
    use crate::session::Origin;
    use crate::session::tests::session;
    use jiff::Timestamp;
    use uuid::Uuid;

    fn tokens(input_tokens: u64) -> Usage {
        Usage { input_tokens, ..Usage::default() }
    }

    /// Asks a model once, as a turn does.
    fn ask(run: &mut Run, model: &str, usage: Usage) {
        run.charge(model, Share::CALL);
        run.spent.steps += 1;
        run.charge(model, Share { calls: 0, usage, cost: None });
        run.spent.usage += usage;
    }

    #[test]
    fn one_model_has_it_all_and_each_of_several_its_own() {
        let mut run = Run::queued(RunId(Uuid::from_u128(1)), &session(), Origin::Native, Timestamp::UNIX_EPOCH);
        ask(&mut run, "a/one", tokens(5));
        ask(&mut run, "a/one", tokens(6));
        assert_eq!(run.asked, [AskedModel { model: "a/one".into(), share: None }], "said once");
        let shares = |run: &Run| {
            let each = super::shares(&run.spent, &run.asked);
            each.map(|(model, share)| (model.to_owned(), share)).collect::<Vec<_>>()
        };
        let share = |calls, input| Share { calls, usage: tokens(input), cost: None };
        assert_eq!(shares(&run), [("a/one".to_owned(), share(2, 11))]);
        ask(&mut run, "b/two", tokens(100));
        ask(&mut run, "a/one", tokens(1));
        assert_eq!(shares(&run), [("a/one".to_owned(), share(3, 12)), ("b/two".to_owned(), share(1, 100))]);
        run.uncharge_call("b/two");
        assert_eq!(shares(&run)[1].1.calls, 0);
        let sum: u64 = shares(&run).iter().map(|(_, share)| share.usage.input_tokens).sum();
        assert_eq!(sum, run.spent.usage.input_tokens);
    }
}
