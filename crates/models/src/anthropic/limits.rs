//! How many tokens an answer may have. This API wants a number with every request, refuses
//! one above the model's own maximum, and tells that maximum in its list of models.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What every model of this API can write: the smallest maximum that any of them had.
const EVERY_MODELS_TOKENS: u32 = 4_096;

/// How long it is believed that a provider does not know a model's maximum.
const UNKNOWN_FOR: Duration = Duration::from_secs(600);

/// Names come from whoever writes agents; more than this many are not remembered.
const MODELS_MAX: usize = 1_000;

/// The bound to send where the model's own maximum cannot matter.
pub(super) fn without_asking(asked: Option<u32>) -> Option<u32> {
    asked.filter(|asked| *asked <= EVERY_MODELS_TOKENS).map(|asked| asked.max(1))
}

/// The bound to send: what was asked for, at most what the model can. If nothing was asked
/// for, all it can; if nobody knows that either, what every model can.
pub(super) fn within(asked: Option<u32>, model_max: Option<u32>) -> u32 {
    match (asked, model_max) {
        (Some(asked), Some(max)) => asked.min(max),
        (Some(known), None) | (None, Some(known)) => known,
        (None, None) => EVERY_MODELS_TOKENS,
    }
    .max(1)
}

/// What the provider has said about its models' maxima.
#[derive(Default)]
pub(super) struct Limits(Mutex<HashMap<String, Told>>);

struct Told {
    output_tokens: Option<u32>,
    at: Instant,
}

impl Limits {
    /// The maximum of a model: `None` if the provider is to be asked, `Some(None)` if it was
    /// and did not know.
    pub(super) fn find(&self, model: &str) -> Option<Option<u32>> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Told { output_tokens, at } = told.get(model)?;
        (output_tokens.is_some() || at.elapsed() < UNKNOWN_FOR).then_some(*output_tokens)
    }

    pub(super) fn remember(&self, model: &str, output_tokens: Option<u32>) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= MODELS_MAX {
            told.clear();
        }
        told.insert(model.to_owned(), Told { output_tokens, at: Instant::now() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_what_is_asked_within_what_is_known() {
        for (asked, known, expected) in [
            (None, None, EVERY_MODELS_TOKENS),
            (None, Some(128_000), 128_000),
            (Some(20_000), None, 20_000),
            (Some(20_000), Some(8_192), 8_192),
            (Some(20_000), Some(64_000), 20_000),
            (Some(0), Some(64_000), 1),
        ] {
            assert_eq!(within(asked, known), expected, "{asked:?} of {known:?}");
        }
        assert_eq!(without_asking(Some(100)), Some(100));
        // 0 would fill the cache and answer nothing.
        assert_eq!(without_asking(Some(0)), Some(1));
        assert_eq!(without_asking(Some(20_000)), None);
        assert_eq!(without_asking(None), None);
    }

    #[test]
    fn what_was_told_is_remembered_within_bounds() {
        let limits = Limits::default();
        assert_eq!(limits.find("large"), None);
        limits.remember("large", Some(64_000));
        limits.remember("odd", None);
        assert_eq!(limits.find("large"), Some(Some(64_000)));
        assert_eq!(limits.find("odd"), Some(None));
        (0..3 * MODELS_MAX).for_each(|number| limits.remember(&format!("model-{number}"), None));
        assert!(limits.0.lock().unwrap().len() <= MODELS_MAX);
    }
}
