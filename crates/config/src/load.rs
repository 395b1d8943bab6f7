//! Laying the sources over each other: defaults, file, environment, flags.

use std::path::{Path, PathBuf};

use figment::error::{Actual, Kind as Wrong};
use figment::value::{Dict, Map as Profiles};
use figment::{Figment, Metadata, Profile, Provider};
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::Config;
use crate::environment::{BOOTSTRAP_KEY, ENCRYPTION_KEY, Environment, name_of};
use crate::error::ConfigError;
use crate::keys::{Holds, Key};
use crate::sections::LoginOptions;

/// The file that is read when none is named, if it is there.
pub const DEFAULT_FILE: &str = "sortie.toml";

/// What the configuration is read from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file that was asked for; it must be there. `None` is [`DEFAULT_FILE`], if it is.
    pub file: Option<PathBuf>,
    /// Environment variables.
    pub environment: Environment,
    /// Flags of the command line.
    pub flags: Vec<Flag>,
}

/// A flag that sets an option.
#[derive(Debug, Clone)]
pub struct Flag {
    /// As typed: `--listen`.
    pub name: &'static str,
    /// The option's path: `server.listen`.
    pub path: &'static str,
    /// What it was set to.
    pub value: String,
}

/// Reads the configuration.
///
/// # Errors
/// See [`ConfigError`]: the first mistake found.
pub fn load(sources: &Sources) -> Result<Config, ConfigError> {
    lay_over(Layer::file(sources.file.as_deref())?, sources)
}

/// Reads a configuration whose file is this text.
///
/// # Errors
/// As [`load`].
pub fn read(text: &str, environment: Environment) -> Result<Config, ConfigError> {
    let file = Layer::text(Path::new(DEFAULT_FILE), text)?;
    lay_over(Some(file), &Sources { environment, ..Sources::default() })
}

fn lay_over(file: Option<Layer>, sources: &Sources) -> Result<Config, ConfigError> {
    let keys = Key::root();
    let mut layers = Vec::from_iter(file);
    layers.push(Layer { origin: Origin::Environment, values: sources.environment.values(&keys)? });
    layers.extend(sources.flags.iter().map(Layer::flag));
    for layer in &layers {
        layer.refuse_unknown_keys(&keys)?;
    }
    let figment = layers.iter().fold(Figment::new(), |below, layer| below.merge(layer));
    let mut config: Config = figment.extract().map_err(|error| wrong_value(error, &layers))?;
    config.bootstrap_key = sources.environment.var(BOOTSTRAP_KEY).map(SecretString::from);
    config.encryption_key = sources.environment.var(ENCRYPTION_KEY).map(SecretString::from);
    check(&config)?;
    Ok(config)
}

/// What one source sets.
struct Layer {
    origin: Origin,
    values: Map<String, Value>,
}

#[derive(Clone)]
enum Origin {
    File(PathBuf),
    Environment,
    Flag(&'static str),
}

impl Origin {
    /// As an error names it, for this key.
    fn shown(&self, path: &[String]) -> String {
        match self {
            Origin::File(file) => file.display().to_string(),
            Origin::Environment => format!("environment variable {}", name_of(path)),
            Origin::Flag(name) => format!("flag {name}"),
        }
    }
}

impl Layer {
    fn file(asked_for: Option<&Path>) -> Result<Option<Self>, ConfigError> {
        let path = asked_for.unwrap_or(Path::new(DEFAULT_FILE));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && asked_for.is_none() => return Ok(None),
            Err(error) => return Err(ConfigError::Unreadable { path: path.to_owned(), error }),
        };
        Self::text(path, &text).map(Some)
    }

    fn text(path: &Path, text: &str) -> Result<Self, ConfigError> {
        // The parser's own rendering quotes the line, which may hold a key.
        let values = toml::from_str(text).map_err(|error| ConfigError::NotToml {
            path: path.to_owned(),
            line: 1 + text[..error.span().map_or(0, |span| span.start.min(text.len()))].matches('\n').count(),
            message: error.message().to_owned(),
        })?;
        Ok(Self { origin: Origin::File(path.to_owned()), values })
    }

    fn flag(flag: &Flag) -> Self {
        let mut names = flag.path.rsplit('.');
        let leaf = names.next().unwrap_or_default().to_owned();
        let mut values = Map::from_iter([(leaf, Value::String(flag.value.clone()))]);
        for name in names {
            values = Map::from_iter([(name.to_owned(), Value::Object(values))]);
        }
        Self { origin: Origin::Flag(flag.name), values }
    }

    fn refuse_unknown_keys(&self, keys: &Key) -> Result<(), ConfigError> {
        match first_unknown(&self.values, keys, &mut Vec::new()) {
            None => Ok(()),
            Some(path) => {
                let nearest = keys.nearest(&path).map(|nearest| match self.origin {
                    Origin::Environment => name_of(&nearest.split('.').map(str::to_owned).collect::<Vec<_>>()),
                    Origin::File(_) | Origin::Flag(_) => nearest,
                });
                Err(ConfigError::UnknownKey { origin: self.origin.shown(&path), key: path.join("."), nearest })
            }
        }
    }
}

impl Provider for &Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named("")
    }

    fn data(&self) -> figment::Result<Profiles<Profile, Dict>> {
        let values = figment::value::Value::serialize(&self.values)?;
        Ok(Profiles::from_iter([(Profile::Default, values.into_dict().unwrap_or_default())]))
    }
}

fn first_unknown(values: &Map<String, Value>, keys: &Key, path: &mut Vec<String>) -> Option<Vec<String>> {
    for (name, value) in values {
        path.push(name.clone());
        let found = match keys.at(std::slice::from_ref(name)) {
            None => Some(path.clone()),
            Some(Key { holds: Holds::Value(_), .. }) => None,
            Some(key) => value.as_object().and_then(|below| first_unknown(below, key, path)),
        };
        if found.is_some() {
            return found;
        }
        path.pop();
    }
    None
}

/// Says which source set the value that does not fit, and what would.
fn wrong_value(error: figment::Error, layers: &[Layer]) -> ConfigError {
    let path = error.path.clone();
    let sets = |layer: &&Layer| {
        let mut below = Some(&layer.values);
        path.iter().all(|name| match below.and_then(|values| values.get(name)) {
            Some(value) => {
                below = value.as_object();
                true
            }
            None => false,
        })
    };
    // The topmost layer that sets it won; items of a list have paths of their own.
    let origin = layers.iter().rev().find(sets).or(layers.first());
    let origin = origin.map_or_else(|| "configuration".to_owned(), |layer| layer.origin.shown(&path));
    let is_secret = path.last().is_some_and(|name| name.contains("key") || name.contains("secret"));
    let shown = |found: &Actual| if is_secret { "a value that is not shown".to_owned() } else { found_words(found) };
    let message = match error.kind {
        Wrong::InvalidType(found, expected) | Wrong::InvalidValue(found, expected) => {
            format!("{} where {} is expected", shown(&found), expected_words(&expected))
        }
        Wrong::UnknownVariant(found, known) => format!("`{found}` is none of {}", known.join(", ")),
        other => other.to_string(),
    };
    ConfigError::WrongValue { origin, key: path.join("."), message }
}

/// What stands there, in the words of the file.
fn found_words(found: &Actual) -> String {
    match found {
        Actual::Bool(value) => value.to_string(),
        Actual::Unsigned(value) => value.to_string(),
        Actual::Signed(value) => value.to_string(),
        Actual::Float(value) => value.to_string(),
        Actual::Char(value) => format!("{value:?}"),
        Actual::Str(value) => format!("{value:?}"),
        Actual::Seq => "a list".to_owned(),
        Actual::Map => "a table".to_owned(),
        other => other.to_string(),
    }
}

/// What should stand there, in the words of the file and not of the code.
fn expected_words(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "a table",
        "a boolean" => "true or false",
        of_code if of_code.starts_with("struct ") => "a table",
        other => other,
    }
}

/// What holds between options.
fn check(config: &Config) -> Result<(), ConfigError> {
    let server = &config.server;
    match (&server.tls_cert, &server.tls_key) {
        (Some(_), None) => Err(ConfigError::Unfit("`server.tls_cert` needs `server.tls_key` beside it".to_owned())),
        (None, Some(_)) => Err(ConfigError::Unfit("`server.tls_key` needs `server.tls_cert` beside it".to_owned())),
        _ => Ok(()),
    }?;
    for (name, provider) in &config.providers {
        if provider.kind == models::ProviderKind::Openai && provider.base_url.is_none() {
            let message = format!("`providers.{name}` is of kind `openai` and needs a `base_url`");
            return Err(ConfigError::Unfit(message));
        }
    }
    models::currency_of(&config.providers).map_err(ConfigError::Unfit)?;
    if let Some(fault) = config.retention.fault() {
        return Err(ConfigError::Unfit(fault));
    }
    check_login(&config.login)
}

fn check_login(login: &LoginOptions) -> Result<(), ConfigError> {
    if !login.passwords && login.oidc.is_empty() {
        let message = "`login.passwords = false` needs an issuer in `login.oidc`, or nobody could log in";
        return Err(ConfigError::Unfit(message.to_owned()));
    }
    let wrong = login.oidc.iter().find_map(|(name, options)| options.check(name).err());
    wrong.map_or(Ok(()), |wrong| Err(ConfigError::Unfit(wrong.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    fn sources(file: &str, variables: &[(&str, &str)], flags: &[Flag]) -> (tempfile::TempDir, Sources) {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("sortie.toml");
        std::fs::write(&path, file).expect("written");
        let environment = variables.iter().copied().collect();
        (dir, Sources { file: Some(path), environment, flags: flags.to_vec() })
    }

    fn loaded(file: &str, variables: &[(&str, &str)], flags: &[Flag]) -> Config {
        let (_dir, sources) = sources(file, variables, flags);
        load(&sources).expect("a configuration")
    }

    /// The error's text, with the file's directory left out.
    fn refused(file: &str, variables: &[(&str, &str)], flags: &[Flag]) -> String {
        let (dir, sources) = sources(file, variables, flags);
        let error = load(&sources).expect_err("must be refused").to_string();
        error.replace(&format!("{}/", dir.path().display()), "")
    }

    #[test]
    fn prices_are_exact_and_in_one_currency() {
        let prices = |currency| {
            format!(
                "[providers.a]\nbase_url = \"http://a/v1\"\nprices.small = {{ input = 0.15, output = 1 }}\n\
                 [providers.b]\nkind = \"scripted\"\nprices.large = {{ input = \"2.5\", currency = \"{currency}\" }}"
            )
        };
        let config = loaded(&prices("USD"), &[], &[]);
        assert_eq!(models::currency_of(&config.providers).expect("one currency").as_str(), "USD");
        let small = config.providers["a"].prices["small"].price().expect("a price");
        assert_eq!((small.input, small.output, small.cache_read), (150_000, 1_000_000, 150_000));
        let refused = refused(&prices("EUR"), &[], &[]);
        assert!(refused.contains("`providers.b.prices.large` is in EUR"), "{refused}");
    }

    #[test]
    fn each_source_wins_over_the_one_below() {
        let port = |config: &Config| config.server.listen.port();
        let file = "[server]\nlisten = \"127.0.0.1:1\"\nconnections_max = 5";
        let variable = [("SORTIE_SERVER__LISTEN", "127.0.0.1:2")];
        let flag = [Flag { name: "--listen", path: "server.listen", value: "127.0.0.1:3".into() }];

        assert_eq!(loaded("", &[], &[]).server.listen, SocketAddr::from(([127, 0, 0, 1], 7717)));
        assert_eq!(port(&loaded(file, &[], &[])), 1);
        assert_eq!(port(&loaded(file, &variable, &[])), 2);
        let all = loaded(file, &variable, &flag);
        assert_eq!((port(&all), all.server.connections_max), (3, 5));
    }

    #[test]
    fn a_provider_is_made_of_several_sources() {
        let file = "[providers.mock]\nbase_url = \"http://127.0.0.1:9/v1\"\n";
        let config = loaded(file, &[("SORTIE_PROVIDERS__MOCK__API_KEY", "sk-123")], &[]);
        assert!(config.providers["mock"].base_url.is_some());
        assert!(config.providers["mock"].api_key.is_some());
        assert!(!format!("{config:?}").contains("sk-123"));
        assert_eq!(config.all_providers().into_keys().collect::<Vec<_>>(), ["local", "mock", "scripted"]);
    }

    #[test]
    fn keys_of_the_environment_are_never_shown() {
        let variables = [("SORTIE_BOOTSTRAP_KEY", "first-key"), ("SORTIE_ENCRYPTION_KEY", "second-key")];
        let config = loaded("", &variables, &[]);
        assert!(config.bootstrap_key.is_some() && config.encryption_key.is_some());
        let shown = format!("{config:?} {}", serde_json::to_string(&config).unwrap());
        assert!(!shown.contains("first-key") && !shown.contains("second-key"), "{shown}");
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
        let cases: &[Case] = &[
            ("[server]\nlistn = 1", &[], "sortie.toml: there is no key `server.listn`; did you mean `server.listen`?"),
            ("[zzz]", &[], "sortie.toml: there is no key `zzz`"),
            (
                "[providers.mock]\nbase_uri = \"x\"",
                &[],
                "sortie.toml: there is no key `providers.mock.base_uri`; did you mean `providers.mock.base_url`?",
            ),
            (
                "",
                &[("SORTIE_SERVER__LISEN", "x")],
                "environment variable SORTIE_SERVER__LISEN: there is no key `server.lisen`; did you mean \
                 `SORTIE_SERVER__LISTEN`?",
            ),
            (
                "",
                &[("SORTIE_SERVER_LISTEN", "x")],
                "environment variable SORTIE_SERVER_LISTEN: the parts are joined by two underscores: \
                 SORTIE_SERVER__LISTEN",
            ),
            (
                "[limits]\nmake_per_minute = \"many\"",
                &[],
                "sortie.toml: `limits.make_per_minute`: \"many\" where a whole number from 0 is expected",
            ),
            (
                "",
                &[("SORTIE_LIMITS__MAKE_PER_MINUTE", "-1")],
                "environment variable SORTIE_LIMITS__MAKE_PER_MINUTE: `limits.make_per_minute`: -1 where a whole \
                 number from 0 is expected",
            ),
            ("[log]\nformat = \"xml\"", &[], "sortie.toml: `log.format`: `xml` is none of pretty, json"),
            (
                "[providers.a]\napi_key = 12345",
                &[],
                "sortie.toml: `providers.a.api_key`: a value that is not shown where a string is expected",
            ),
            (
                "[server]\ntrusted_proxies = [\"10.0.0.0/40\"]",
                &[],
                "sortie.toml: `server.trusted_proxies`: \"10.0.0.0/40\" is neither an address nor a network such as \
                 10.0.0.0/8",
            ),
            ("server = 5", &[], "sortie.toml: `server`: 5 where a table is expected"),
            ("[server", &[], "the configuration file sortie.toml, line 1, is not TOML: unclosed table, expected `]`"),
            ("[server]\ntls_cert = \"a.pem\"", &[], "`server.tls_cert` needs `server.tls_key` beside it"),
            ("[providers.a]", &[], "`providers.a` is of kind `openai` and needs a `base_url`"),
            (
                "[retention]\nsessions = \"3mo\"",
                &[],
                "sortie.toml: `retention.sessions`: \"3mo\" is no length of time from 1h on, written like 90d, 8w or \
                 36h",
            ),
            (
                "",
                &[("SORTIE_RETENTION__SAMPLES", "30d")],
                "`retention.samples` can be 8d at most: no samples are kept for longer",
            ),
        ];
        for (file, variables, expected) in cases {
            assert_eq!(refused(file, variables, &[]), *expected);
        }
    }

    #[test]
    fn nothing_goes_unless_a_rule_says_so() {
        assert!(loaded("", &[], &[]).retention.rules().is_empty());
        let config = loaded("[retention]\nsessions = \"90d\"", &[("SORTIE_RETENTION__DELIVERIES", "2w")], &[]);
        let rules = config.retention.rules();
        assert_eq!((rules.sessions, rules.samples), ("90d".parse().ok(), None));
        assert_eq!(rules.deliveries, "14d".parse().ok());
    }

    #[test]
    fn a_flag_is_named_as_it_was_typed() {
        let flag = Flag { name: "--listen", path: "server.listen", value: "here".into() };
        let error = refused("", &[], &[flag]);
        assert_eq!(error, "flag --listen: `server.listen`: invalid socket address syntax");
    }

    #[test]
    fn a_named_file_must_be_there_and_the_usual_one_need_not() {
        assert!(load(&Sources::default()).is_ok());
        let absent = Sources { file: Some("/nonexistent/sortie.toml".into()), ..Sources::default() };
        let error = load(&absent).expect_err("must be refused").to_string();
        assert!(error.contains("/nonexistent/sortie.toml cannot be read"), "{error}");
    }

    #[test]
    fn a_syntax_error_does_not_quote_the_line() {
        let error = refused("[providers.a]\napi_key = \"sk-123", &[], &[]);
        assert!(error.contains("line 2") && !error.contains("sk-123"), "{error}");
    }
}
