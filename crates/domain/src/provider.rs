//! Providers of models that an organization brings itself, and its other names for models.
//!
//! The operator's providers stand in the configuration; these stand in the store, with their
//! keys sealed. Where an organization's own has the name of one of the operator's, it wins.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::change::{Change, ChangeSet, Guard};
use crate::id::{OrgId, ProviderId};
use crate::model::{ModelInfo, ModelName};
use crate::secret::{Place, Secret};

/// How many providers an organization may bring.
pub const PROVIDERS_MAX: usize = 50;

/// How many other names for models an organization may have.
pub const ALIASES_MAX: usize = 200;

/// The provider to which bare names of this family go.
const CLAUDE: (&str, &str) = ("claude-", "anthropic");

const NAME_CHARS_MAX: usize = 64;
const ALIAS_CHARS_MAX: usize = 128;
const MODELS_MAX: usize = 1_000;
const MODEL_CHARS_MAX: usize = 256;
const URL_BYTES_MAX: usize = 2_048;

/// A provider of an organization.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnProvider {
    /// Its id.
    pub id: ProviderId,
    /// Grows with each change, from 1.
    pub version: u64,
    /// What it is.
    #[serde(flatten)]
    pub settings: ProviderSettings,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What an organization says of its provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderSettings {
    /// What stands before the slash of a model's name.
    pub name: String,
    /// How it is spoken to.
    pub kind: WireKind,
    /// Where it is; a kind may have an address of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// What it is to know us by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<Secret>,
    /// The models to offer; the provider is asked if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<ModelInfo>>,
}

/// The ways to speak to a provider over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WireKind {
    /// Chat completions.
    Openai,
    /// The Messages API.
    Anthropic,
}

impl WireKind {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            WireKind::Openai => "openai",
            WireKind::Anthropic => "anthropic",
        }
    }

    /// Where providers of this kind are when nobody says otherwise.
    pub fn home(self) -> Option<&'static str> {
        match self {
            WireKind::Openai => None,
            WireKind::Anthropic => Some("https://api.anthropic.com"),
        }
    }
}

/// What is wrong with one field, by its name.
pub type Fault = (&'static str, String);

impl ProviderSettings {
    /// The address that is called, as it is written.
    pub fn address(&self) -> Option<&str> {
        self.base_url.as_deref().or(self.kind.home())
    }

    /// Whom the key may be sent to: scheme, host and port. Empty if there is nobody.
    pub fn origin(&self) -> String {
        let url = self.address().and_then(|url| Url::parse(url).ok());
        url.map(|url| url.origin().ascii_serialization()).unwrap_or_default()
    }

    /// What breaks a rule. Whether the address may be called is not known here.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if !is_provider_name(&self.name) {
            faults.push((
                "name",
                format!("must have 1 to {NAME_CHARS_MAX} of a-z, 0-9, _ and -, and begin with a-z or 0-9"),
            ));
        }
        if let Err(wrong) = self.check_address() {
            faults.push(("base_url", wrong));
        }
        if let Some(models) = &self.models {
            if models.len() > MODELS_MAX {
                faults.push(("models", format!("must have at most {MODELS_MAX} entries")));
            }
            if !models.iter().all(|model| is_model_name(&model.model)) {
                faults.push(("models", format!("must name each model with 1 to {MODEL_CHARS_MAX} characters")));
            }
            if models.iter().any(|model| model.context_tokens == Some(0) || model.output_tokens == Some(0)) {
                faults.push(("models", "must give numbers of tokens above 0".to_owned()));
            }
        }
        faults
    }

    fn check_address(&self) -> Result<(), String> {
        let Some(address) = self.address() else {
            return Err("is needed for this kind, such as https://api.example.com/v1".to_owned());
        };
        if address.len() > URL_BYTES_MAX {
            return Err(format!("must have at most {URL_BYTES_MAX} bytes"));
        }
        let url = Url::parse(address).map_err(|error| format!("is no URL: {error}"))?;
        let is_web = matches!(url.scheme(), "https" | "http");
        let has_host = url.host().is_some_and(|host| host != Host::Domain(""));
        if !is_web || !has_host {
            return Err("must be an http or https URL".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold credentials: give them as api_key".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must end with its path".to_owned());
        }
        Ok(())
    }
}

impl OwnProvider {
    /// A new provider.
    pub fn create(id: ProviderId, settings: ProviderSettings, now: Timestamp) -> (OwnProvider, ChangeSet) {
        let provider = OwnProvider { id, version: 1, settings, created_at: now, updated_at: now };
        let changes = ChangeSet::of([Change::InsertProvider(provider.clone())]);
        (provider, changes)
    }

    /// The provider with other settings. What changes nothing changes no version.
    pub fn update(self, settings: ProviderSettings, now: Timestamp) -> (OwnProvider, ChangeSet) {
        if self.settings == settings {
            return (self, ChangeSet::default());
        }
        let guard = Guard::ProviderAt { provider: self.id, version: self.version };
        let next = OwnProvider { version: self.version + 1, settings, updated_at: now, ..self };
        let changes = ChangeSet::of([Change::PutProvider(next.clone())]).guarded(guard);
        (next, changes)
    }

    /// Where its key is sealed for. Not its name: that may change.
    pub fn key_place(row: ProviderId, org: OrgId, origin: &str) -> Place<'_> {
        Place { org, row: row.0, origin, name: "api_key" }
    }
}

/// Another name for a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelAlias {
    /// The name; holds no slash.
    pub name: String,
    /// The model's full name, `provider/model`.
    pub model: String,
    /// When it was given its present meaning.
    pub updated_at: Timestamp,
}

impl ModelAlias {
    /// What breaks a rule. Whether there is such a provider is not known here.
    pub fn faults(name: &str, model: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        if !is_alias(name) {
            let wrong = format!("must have 1 to {ALIAS_CHARS_MAX} letters, digits, and . _ - : without a slash");
            faults.push(("name", wrong));
        }
        // Names of names could lead in circles.
        if model.chars().count() > MODEL_CHARS_MAX || ModelName::parse(model).is_none() {
            faults.push(("model", "must be the full name of a model, provider/model".to_owned()));
        }
        faults
    }
}

/// The full name of a model that is written `name`: itself if it holds a slash, else what
/// `alias` makes of it, else, for the family of Claude, the model of that name at
/// `anthropic`. `None` if no such provider is there.
pub fn resolve<'a>(
    name: &str,
    alias: impl FnOnce(&str) -> Option<&'a str>,
    has_provider: impl Fn(&str) -> bool,
) -> Option<String> {
    let (family, home) = CLAUDE;
    let full = match name.contains('/') {
        true => name.to_owned(),
        false => match alias(name) {
            Some(model) => model.to_owned(),
            None if name.starts_with(family) => format!("{home}/{name}"),
            None => return None,
        },
    };
    ModelName::parse(&full).is_some_and(|name| has_provider(name.provider)).then_some(full)
}

fn is_provider_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=NAME_CHARS_MAX).contains(&name.len())
        && name.bytes().all(|byte| plain(byte) || matches!(byte, b'_' | b'-'))
        && name.bytes().next().is_some_and(plain)
}

fn is_model_name(name: &str) -> bool {
    (1..=MODEL_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

fn is_alias(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b':');
    (1..=ALIAS_CHARS_MAX).contains(&name.len()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn settings(kind: WireKind, base_url: Option<&str>) -> ProviderSettings {
        let base_url = base_url.map(str::to_owned);
        ProviderSettings { name: "mine".to_owned(), kind, base_url, api_key: None, models: None }
    }

    fn wrong(settings: &ProviderSettings) -> Vec<&'static str> {
        settings.faults().into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn a_name_is_resolved_in_order() {
        let alias = |name: &str| match name {
            "fast" => Some("openai/small"),
            "lost" => Some("gone/model"),
            "claude-mine" => Some("openai/large"),
            _ => None,
        };
        for (written, meant) in [
            ("openai/gpt-5", Some("openai/gpt-5")),
            ("openai/org/model", Some("openai/org/model")),
            ("fast", Some("openai/small")),
            ("claude-mine", Some("openai/large")),
            ("claude-opus", Some("anthropic/claude-opus")),
            ("lost", None),
            ("nobody/x", None),
            ("gpt-5", None),
            ("openai/", None),
            ("/x", None),
            ("", None),
        ] {
            let found = resolve(written, alias, |provider| matches!(provider, "openai" | "anthropic"));
            assert_eq!(found.as_deref(), meant, "{written}");
        }
        assert_eq!(resolve("claude-opus", |_| None, |_| false), None, "nobody is set up under that name");
    }

    #[test]
    fn settings_are_checked_field_by_field() {
        let (openai, anthropic) = (WireKind::Openai, WireKind::Anthropic);
        for good in [settings(anthropic, None), settings(openai, Some("https://a.example/v1"))] {
            assert!(wrong(&good).is_empty(), "{good:?}");
        }
        for url in ["nothing", "ftp://a.example", "https://", "https://u:p@a.example", "https://a.example/?k=1"] {
            assert_eq!(wrong(&settings(openai, Some(url))), ["base_url"], "{url}");
        }
        assert_eq!(wrong(&settings(openai, None)), ["base_url"]);
        for name in ["", "Mine", "my provider", "a/b", "-a", &"n".repeat(65)] {
            let named = ProviderSettings { name: name.to_owned(), ..settings(anthropic, None) };
            assert_eq!(wrong(&named), ["name"], "{name}");
        }
        let no_name = ModelInfo { model: String::new(), context_tokens: None, output_tokens: None };
        let models = ProviderSettings { models: Some(vec![no_name]), ..settings(anthropic, None) };
        assert_eq!(wrong(&models), ["models"]);
    }

    #[test]
    fn the_origin_is_whom_the_key_may_be_sent_to() {
        let origin = |kind, url| settings(kind, url).origin();
        assert_eq!(origin(WireKind::Anthropic, None), "https://api.anthropic.com");
        assert_eq!(origin(WireKind::Openai, Some("http://a.example:8080/v1")), "http://a.example:8080");
        assert_eq!(origin(WireKind::Openai, None), "");
    }

    #[test]
    fn an_alias_is_plain_and_means_a_full_name() {
        assert!(ModelAlias::faults("gpt-5:fast_1.0", "openai/gpt-5").is_empty());
        for (name, model) in [("a/b", "p/m"), ("", "p/m"), ("a b", "p/m"), ("a", "m"), ("a", "p/"), ("a", "")] {
            assert_eq!(ModelAlias::faults(name, model).len(), 1, "{name} {model}");
        }
    }

    #[test]
    fn an_update_that_changes_nothing_is_none() {
        let now = Timestamp::UNIX_EPOCH;
        let (made, _) = OwnProvider::create(ProviderId(Uuid::nil()), settings(WireKind::Anthropic, None), now);
        let (same, changes) = made.clone().update(made.settings.clone(), now);
        assert_eq!((same.version, changes.is_empty()), (1, true));
        let renamed = ProviderSettings { name: "other".to_owned(), ..made.settings.clone() };
        let (next, changes) = made.update(renamed, now);
        let guard = Guard::ProviderAt { provider: next.id, version: 1 };
        assert_eq!((next.version, changes.guards), (2, vec![guard]));
    }
}
