//! Which token comes next.

use llama_cpp_2::token::LlamaToken;
use llguidance::toktrie::SimpleVob;

/// How far back a repetition is seen as one.
pub(super) const REPEAT_WINDOW: usize = 64;

/// Small models that always take the likeliest token end up in circles. This is as much
/// against it as the default model's makers advise.
const REPEAT_PENALTY: f32 = 1.1;

/// The likeliest token of free text.
pub(super) fn free(scores: &[f32], newest: &[LlamaToken], banned: &[LlamaToken]) -> LlamaToken {
    let mut scores = scores.to_vec();
    let mut seen = newest.to_vec();
    seen.sort_unstable();
    seen.dedup();
    for token in seen {
        if let Some(score) = score_of(&mut scores, token) {
            *score = if *score > 0.0 { *score / REPEAT_PENALTY } else { *score * REPEAT_PENALTY };
        }
    }
    for token in banned {
        if let Some(score) = score_of(&mut scores, *token) {
            *score = f32::NEG_INFINITY;
        }
    }
    best(scores.iter().copied().enumerate())
}

/// The likeliest of the allowed tokens.
pub(super) fn among(scores: &[f32], allowed: &SimpleVob) -> LlamaToken {
    let scores = scores.iter().copied().enumerate();
    best(scores.filter(|(index, _)| allowed.get(*index)))
}

fn score_of(scores: &mut [f32], token: LlamaToken) -> Option<&mut f32> {
    scores.get_mut(usize::try_from(token.0).ok()?)
}

fn best(scores: impl Iterator<Item = (usize, f32)>) -> LlamaToken {
    let best = scores.max_by(|(_, one), (_, other)| one.total_cmp(other));
    LlamaToken(best.map_or(0, |(index, _)| index as i32))
}
