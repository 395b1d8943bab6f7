//! How many tokens models can hold: as the configuration says, as the provider has said, or as
//! their names give away.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::model::ModelInfo;

/// Lists come from providers; of a longer one the rest is not remembered.
const MODELS_MAX: usize = 5_000;

/// Families of models by how their names begin, the longer beginning first, and what the
/// smallest of each can hold. For providers that do not tell.
const FAMILIES: &[(&str, u32)] = &[
    ("claude-", 200_000),
    ("gemini-", 1_000_000),
    ("gpt-3.5", 16_000),
    ("gpt-4.1", 1_000_000),
    ("gpt-4o", 128_000),
    ("gpt-4-turbo", 128_000),
    ("gpt-4", 8_000),
    ("gpt-5", 272_000),
    ("gpt-oss", 128_000),
    ("o1", 128_000),
    ("o3", 200_000),
    ("o4", 200_000),
    ("deepseek", 64_000),
    ("mistral-large", 128_000),
    ("qwen", 32_000),
];

/// What a provider has said of its models' windows.
#[derive(Default)]
pub(crate) struct Windows(Mutex<HashMap<String, u32>>);

impl Windows {
    /// What the model can hold, if anyone knows.
    pub(crate) fn find(&self, listed: Option<&[ModelInfo]>, model: &str) -> Option<u32> {
        let listed = listed.unwrap_or_default().iter().find(|info| info.model == model);
        let told = || self.0.lock().unwrap_or_else(PoisonError::into_inner).get(model).copied();
        listed.and_then(|info| info.context_tokens).or_else(told).or_else(|| of_family(model))
    }

    /// A provider's list, or a part of it.
    pub(crate) fn remember(&self, told: &[ModelInfo]) {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for info in told {
            if let Some(tokens) = info.context_tokens.filter(|_| windows.len() < MODELS_MAX) {
                windows.insert(info.model.clone(), tokens);
            }
        }
    }
}

/// Routers put the maker before the model: `maker/model`.
fn of_family(model: &str) -> Option<u32> {
    let name = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
    FAMILIES.iter().find(|(begins, _)| name.starts_with(begins)).map(|(_, tokens)| *tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(model: &str, context_tokens: Option<u32>) -> ModelInfo {
        ModelInfo { model: model.to_owned(), context_tokens, output_tokens: None }
    }

    #[test]
    fn the_configuration_is_believed_first_and_the_name_last() {
        let windows = Windows::default();
        let listed = [info("gpt-4o", Some(1_000)), info("small", None)];
        assert_eq!(windows.find(Some(&listed), "gpt-4o"), Some(1_000));
        assert_eq!(windows.find(Some(&listed), "small"), None);
        windows.remember(&[info("small", Some(2_000)), info("gpt-4o", Some(3_000)), info("odd", None)]);
        assert_eq!(windows.find(Some(&listed), "small"), Some(2_000));
        assert_eq!(windows.find(Some(&listed), "gpt-4o"), Some(1_000));
        assert_eq!(windows.find(None, "gpt-4o"), Some(3_000));
        assert_eq!(windows.find(None, "odd"), None);
    }

    #[test]
    fn a_family_is_known_by_its_name() {
        for (model, tokens) in [
            ("anthropic/claude-opus", Some(200_000)),
            ("GPT-4-0613", Some(8_000)),
            ("gpt-4.1-mini", Some(1_000_000)),
            ("llama-3", None),
        ] {
            assert_eq!(of_family(model), tokens, "{model}");
        }
    }

    #[test]
    fn a_list_without_end_is_not_remembered() {
        let windows = Windows::default();
        let many: Vec<ModelInfo> = (0..2 * MODELS_MAX).map(|n| info(&n.to_string(), Some(1))).collect();
        windows.remember(&many);
        assert_eq!(windows.0.lock().unwrap().len(), MODELS_MAX);
    }
}
