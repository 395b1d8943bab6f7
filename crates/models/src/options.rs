//! What an operator writes about a provider.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use domain::model::ModelInfo;
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

use crate::prices::PriceOptions;

/// A provider of models. Its name in the configuration is what stands before the slash of
/// a model name: `[providers.openai]` makes `openai/gpt-5`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProviderOptions {
    /// How the provider is spoken to: `openai` (any endpoint compatible with chat
    /// completions), `anthropic` (any endpoint compatible with the Messages API), `local`
    /// (the built-in model) or `scripted` (for tests and demos).
    ///
    /// Since 0.1.
    pub kind: ProviderKind,

    /// Where the provider is. For `openai`, which needs it, up to and including the version:
    /// `https://api.openai.com/v1`. For `anthropic` it is `https://api.anthropic.com` if not
    /// set.
    ///
    /// Since 0.1.
    #[schemars(with = "Option<String>")]
    pub base_url: Option<Url>,

    /// The key, sent as `Authorization: Bearer` (`openai`) or `x-api-key` (`anthropic`).
    /// Better kept out of the file: see `api_key_env`.
    ///
    /// Since 0.1.
    pub api_key: Option<ApiKey>,

    /// The environment variable that holds the key. Read at start; `api_key` wins over it.
    ///
    /// Since 0.1.
    pub api_key_env: Option<String>,

    /// The models to offer. Without it the provider is asked (`GET /models`). An entry is
    /// a name, or a table with `name`, `context_tokens` and `output_tokens`. `anthropic` has
    /// to name a bound with every call: where neither the agent nor this nor the provider
    /// knows one, it is 4096 tokens.
    ///
    /// Since 0.1.
    pub models: Option<Vec<ModelOptions>>,

    /// What a million tokens cost, by model name: `input` and `output`, and `cache_read` and
    /// `cache_write` where those differ from `input`, as decimal numbers of at most six
    /// places; `currency` is `USD` if not said, and the same everywhere. Budgets in money
    /// need a price of every model they are used with. What a `local` model costs is nothing
    /// unless it is said.
    ///
    /// Since 0.1.
    pub prices: BTreeMap<String, PriceOptions>,

    /// Whether the provider may be at a private or loopback address. Meant for models
    /// served on this machine or in this network.
    ///
    /// Since 0.1.
    pub allow_private: bool,

    /// How long the provider may stay silent before the first byte of its answer.
    ///
    /// Since 0.1.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    #[schemars(with = "String")]
    pub first_byte_timeout: Duration,

    /// How long the provider may stay silent in the middle of an answer.
    ///
    /// Since 0.1.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    #[schemars(with = "String")]
    pub chunk_timeout: Duration,

    /// The largest answer that is taken, in bytes of text and tool arguments together.
    ///
    /// Since 0.1.
    pub reply_bytes_max: usize,

    /// How many calls may be under way at once; 0 is no limit.
    ///
    /// Since 0.1.
    pub concurrent_max: usize,
}

impl Default for ProviderOptions {
    fn default() -> Self {
        Self {
            kind: ProviderKind::Openai,
            base_url: None,
            api_key: None,
            api_key_env: None,
            models: None,
            prices: BTreeMap::new(),
            allow_private: false,
            first_byte_timeout: Duration::from_secs(120),
            chunk_timeout: Duration::from_secs(60),
            reply_bytes_max: 8 << 20,
            concurrent_max: 0,
        }
    }
}

/// A provider that cannot be set up as it is written.
#[derive(Debug, thiserror::Error)]
#[error("provider {name} (providers.{name}): {why}")]
pub struct BadProvider {
    /// Its name in the configuration.
    pub name: String,
    /// What is wrong.
    pub why: String,
}

/// The kinds of provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// Any endpoint compatible with OpenAI's chat completions.
    Openai,
    /// Any endpoint compatible with Anthropic's Messages API.
    Anthropic,
    /// The built-in model.
    Local,
    /// Plays a script; no intelligence.
    Scripted,
}

impl ProviderKind {
    /// As the configuration spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
            Self::Local => "local",
            Self::Scripted => "scripted",
        }
    }
}

/// A model to offer: its name, or its name and what it can hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ModelOptions {
    /// The name at the provider.
    Name(String),
    /// The name and the model's bounds.
    Described {
        /// The name at the provider.
        name: String,
        /// Tokens it can hold, prompt and answer together.
        #[serde(default)]
        context_tokens: Option<u32>,
        /// Tokens it can write in one answer.
        #[serde(default)]
        output_tokens: Option<u32>,
    },
}

impl From<&ModelOptions> for ModelInfo {
    fn from(options: &ModelOptions) -> Self {
        match options {
            ModelOptions::Name(name) => ModelInfo { model: name.clone(), context_tokens: None, output_tokens: None },
            ModelOptions::Described { name, context_tokens, output_tokens } => {
                ModelInfo { model: name.clone(), context_tokens: *context_tokens, output_tokens: *output_tokens }
            }
        }
    }
}

impl From<&ModelInfo> for ModelOptions {
    fn from(info: &ModelInfo) -> Self {
        let ModelInfo { model, context_tokens, output_tokens } = info.clone();
        ModelOptions::Described { name: model, context_tokens, output_tokens }
    }
}

/// A provider's key. It is never printed: `Debug` and `Serialize` show that there is one.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(from = "String")]
pub struct ApiKey(#[schemars(with = "String")] SecretString);

impl ApiKey {
    /// Wraps a key. Space around it, as files and variables often bring, is no part of it.
    pub fn new(key: impl AsRef<str>) -> Self {
        Self(SecretString::from(key.as_ref().trim()))
    }

    /// The key itself, for the one header it belongs in.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for ApiKey {
    fn from(key: String) -> Self {
        Self::new(key)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl Serialize for ApiKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let options = ProviderOptions { api_key: Some(ApiKey::new("sk-123")), ..ProviderOptions::default() };
        let shown = format!("{options:?} {}", serde_json::to_string(&options).expect("serialisable"));
        assert!(!shown.contains("sk-123"), "{shown}");
        assert!(shown.contains("[secret]"), "{shown}");
    }

    #[test]
    fn a_section_reads_as_documented() {
        let options: ProviderOptions = serde_json::from_value(serde_json::json!({
            "kind": "openai",
            "base_url": "http://127.0.0.1:9/v1",
            "api_key": "sk-123",
            "models": ["small", {"name": "large", "context_tokens": 1000}],
            "prices": {"small": {"input": 0.1, "output": 0.4}},
            "allow_private": true,
            "chunk_timeout": "1m 30s",
        }))
        .expect("readable");
        assert_eq!(options.chunk_timeout, Duration::from_secs(90));
        let models: Vec<ModelInfo> = options.models.iter().flatten().map(ModelInfo::from).collect();
        assert_eq!(models[1].context_tokens, Some(1000));

        let wrong = serde_json::from_value::<ProviderOptions>(serde_json::json!({"base_uri": "x"}));
        assert!(wrong.unwrap_err().to_string().contains("base_url"));
    }
}
