//! The model of an agent on the wire.

use domain::agent::ModelChoice;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The name of a model, or an object with more to choose.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ModelParam {
    /// The model's name.
    Name(String),
    /// The name and how to use the model.
    Config(ModelConfig),
}

/// A model and how to use it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ModelConfig {
    /// `provider/model`, an alias, or a bare `claude-…`.
    id: String,
    /// The models that stand in, in this order, when the one before does not serve: at most
    /// 3. Ours.
    #[serde(default)]
    fallbacks: Vec<String>,
    /// How hard to think.
    #[serde(default)]
    effort: Option<Effort>,
    /// How fast.
    #[serde(default)]
    speed: Option<Speed>,
    /// Where the model may run, as the provider names it.
    #[serde(default)]
    inference_geo: Option<String>,
}

/// How hard a model thinks. Also taken as a plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Effort {
    #[serde(rename = "type")]
    level: EffortLevel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum EffortLevel {
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

/// How fast a model answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Speed {
    Standard,
    Fast,
}

impl<'de> Deserialize<'de> for ModelParam {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Value::deserialize(from)? {
            Value::String(name) => Ok(ModelParam::Name(name)),
            object @ Value::Object(_) => serde_json::from_value(object).map(ModelParam::Config).map_err(Error::custom),
            _ => Err(Error::custom("model must be a text or an object with `id`")),
        }
    }
}

impl<'de> Deserialize<'de> for Effort {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let level = match Value::deserialize(from)? {
            Value::Object(mut object) => object.remove("type").unwrap_or_default(),
            plain => plain,
        };
        let level = serde_json::from_value(level).map_err(Error::custom)?;
        Ok(Effort { level })
    }
}

impl From<ModelParam> for ModelChoice {
    fn from(param: ModelParam) -> Self {
        match param {
            ModelParam::Name(id) => ModelChoice { id, ..ModelChoice::default() },
            ModelParam::Config(ModelConfig { id, fallbacks, effort, speed, inference_geo }) => ModelChoice {
                id,
                fallbacks,
                effort: effort.map(|effort| word(effort.level)),
                speed: speed.map(word),
                inference_geo,
                ..ModelChoice::default()
            },
        }
    }
}

impl From<&ModelChoice> for ModelConfig {
    fn from(choice: &ModelChoice) -> Self {
        Self {
            id: choice.id.clone(),
            fallbacks: choice.fallbacks.clone(),
            effort: choice.effort.as_deref().and_then(read).map(|level| Effort { level }),
            speed: choice.speed.as_deref().and_then(read),
            inference_geo: choice.inference_geo.clone(),
        }
    }
}

/// The word that stands for a value on the wire and in the store.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

fn read<T: for<'de> Deserialize<'de>>(word: &str) -> Option<T> {
    serde_json::from_value(Value::String(word.to_owned())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_spelling_is_read_and_shown_as_an_object() {
        for (sent, shown) in [
            (json!("a/b"), json!({"id": "a/b", "fallbacks": [], "effort": null, "speed": null, "inference_geo": null})),
            (
                json!({"id": "a/b", "effort": "high", "speed": "fast", "fallbacks": ["c/d"]}),
                json!({"id": "a/b", "fallbacks": ["c/d"], "effort": {"type": "high"}, "speed": "fast",
                       "inference_geo": null}),
            ),
            (
                json!({"id": "a/b", "effort": {"type": "xhigh"}, "inference_geo": "eu"}),
                json!({"id": "a/b", "fallbacks": [], "effort": {"type": "xhigh"}, "speed": null,
                       "inference_geo": "eu"}),
            ),
        ] {
            let param: ModelParam = serde_json::from_value(sent).unwrap();
            let view = ModelConfig::from(&ModelChoice::from(param));
            assert_eq!(serde_json::to_value(view).unwrap(), shown);
        }
    }

    #[test]
    fn what_is_no_model_is_refused() {
        for wrong in [json!(3), json!({}), json!({"id": "a/b", "effort": "huge"}), json!({"id": "a/b", "speed": 1})] {
            assert!(serde_json::from_value::<ModelParam>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
