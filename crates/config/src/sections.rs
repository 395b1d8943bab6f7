//! The sections that belong to no component below the server.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use jiff::fmt::serde::unsigned_duration::friendly::compact::required as friendly;
use oidc::OidcOptions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

/// Where the server listens and what it may assume about its surroundings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerOptions {
    /// The address and port to listen on. Port 0 takes a free one. An address that others
    /// can reach should have TLS, here or in a proxy in front.
    ///
    /// Since 0.1.
    #[schemars(with = "String")]
    pub listen: SocketAddr,

    /// The directory that holds everything the server keeps. Made if it is not there. One
    /// server at a time.
    ///
    /// Since 0.1.
    pub data_dir: PathBuf,

    /// The address under which people and programs reach this server, if it is not the one
    /// it listens on: `https://agents.example.com`.
    ///
    /// Since 0.1.
    #[schemars(with = "Option<String>")]
    pub public_url: Option<Url>,

    /// The proxies in front, as addresses or networks (`10.0.0.0/8`). Only what they say
    /// about the client in `X-Forwarded-For` is believed.
    ///
    /// Since 0.1.
    #[schemars(with = "Vec<String>")]
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,

    /// PEM file with the certificate and its chain. With `tls_key` it turns TLS on.
    ///
    /// Since 0.1.
    pub tls_cert: Option<PathBuf>,

    /// PEM file with the certificate's private key.
    ///
    /// Since 0.1.
    pub tls_key: Option<PathBuf>,

    /// Who may read `/metrics`, as addresses or networks; `[]` is nobody. If not set: this
    /// machine; nobody, if `public_url` or `trusted_proxies` says that a proxy is in front.
    /// What came through a proxy is never answered.
    ///
    /// Since 0.1.
    #[schemars(with = "Option<Vec<String>>")]
    #[serde(deserialize_with = "maybe_networks")]
    pub metrics_from: Option<Vec<IpNet>>,

    /// Connections that may be open at once; more wait in the system's queue.
    ///
    /// Since 0.1.
    pub connections_max: usize,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7717)),
            data_dir: PathBuf::from("./sortie-data"),
            public_url: None,
            trusted_proxies: Vec::new(),
            tls_cert: None,
            tls_key: None,
            metrics_from: None,
            connections_max: 20_000,
        }
    }
}

/// Requests that one organization may make in a minute, for each API; 0 is no limit. And how
/// long an answer may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitOptions {
    /// The Make-compatible API.
    ///
    /// Since 0.1.
    pub make_per_minute: u32,

    /// The Cassidy-compatible API; counted for each key, and for each webhook that asks for none.
    ///
    /// Since 0.1.
    pub cassidy_per_minute: u32,

    /// How long a message of the Cassidy-compatible API waits for the whole answer; its run is
    /// stopped then. A webhook that waits for its run waits as long, and its run goes on. A proxy
    /// in front must wait longer.
    ///
    /// Since 0.1.
    #[serde(with = "friendly")]
    #[schemars(with = "String")]
    pub cassidy_answer_within: Duration,

    /// The Cased-compatible API; counted for each key.
    ///
    /// Since 0.1.
    pub cased_per_minute: u32,

    /// The native API, `/v1`.
    ///
    /// Since 0.1.
    pub native_per_minute: u32,

    /// Messages of all visitors of one embed.
    ///
    /// Since 0.1.
    pub embed_per_minute: u32,

    /// Messages of one visitor of an embed.
    ///
    /// Since 0.1.
    pub embed_visitor_per_minute: u32,

    /// Messages of all visitors of embeds who come from one address (of IPv6, one network of
    /// 64 bits). Behind a proxy, `server.trusted_proxies` must name it.
    ///
    /// Since 0.1.
    pub embed_address_per_minute: u32,
}

impl Default for LimitOptions {
    fn default() -> Self {
        Self {
            make_per_minute: 240,
            cassidy_per_minute: 60,
            cassidy_answer_within: Duration::from_secs(290),
            cased_per_minute: 120,
            native_per_minute: 0,
            embed_per_minute: 600,
            embed_visitor_per_minute: 12,
            embed_address_per_minute: 60,
        }
    }
}

/// What the server writes to its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogOptions {
    /// `pretty` for people, `json` for programs: one object a line.
    ///
    /// Since 0.1.
    pub format: LogFormat,

    /// What is written, and for which part: `info`, or `warn,engine=debug`.
    ///
    /// Since 0.1.
    pub filter: String,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { format: LogFormat::Pretty, filter: "info".to_owned() }
    }
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For programs.
    Json,
}

/// What the first start on an empty data directory makes. Ignored ever after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BootstrapOptions {
    /// The organization's name.
    ///
    /// Since 0.1.
    pub org_name: String,

    /// The organization's time zone, by its IANA name: `Europe/Berlin`.
    ///
    /// Since 0.1.
    pub time_zone: String,

    /// The owner's name.
    ///
    /// Since 0.1.
    pub owner_name: String,

    /// The owner's e-mail address.
    ///
    /// Since 0.1.
    pub owner_email: String,

    /// The model of the agent `assistant`.
    ///
    /// Since 0.1.
    pub model: String,
}

impl Default for BootstrapOptions {
    fn default() -> Self {
        Self {
            org_name: "My organization".to_owned(),
            time_zone: "UTC".to_owned(),
            owner_name: "Owner".to_owned(),
            owner_email: "owner@localhost".to_owned(),
            model: "local/default".to_owned(),
        }
    }
}

/// How people log in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoginOptions {
    /// Whether people log in with a password. `false` needs an issuer below; then only the links
    /// that the operator makes (`sortie members reset`, and the first owner's) let anybody in
    /// without one.
    ///
    /// Since 0.1.
    pub passwords: bool,

    /// Who vouches for people, over OpenID Connect. People are recognised by what the issuer
    /// calls them, and the first time by their e-mail address, if the issuer has verified it.
    /// The address to register there is `<public_url>/login/oidc/NAME/callback`.
    ///
    /// Since 0.1.
    pub oidc: BTreeMap<String, OidcOptions>,
}

impl Default for LoginOptions {
    fn default() -> Self {
        Self { passwords: true, oidc: BTreeMap::new() }
    }
}

/// Names for models.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelOptions {
    /// Other names for models, for every organization that has no alias of its own of that
    /// name: `fast = "openai/gpt-5-mini"` lets an agent name the model `fast`.
    ///
    /// Since 0.1.
    pub aliases: BTreeMap<String, String>,
}

/// The built-in model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LocalModelOptions {
    /// The directory of model files. If not set, what `SORTIE_MODEL_DIR` names, else
    /// `sortie/models` in the user's cache directory.
    ///
    /// Since 0.1.
    pub dir: Option<PathBuf>,

    /// GGUF files elsewhere, by the name that agents call them: `local/NAME`.
    ///
    /// Since 0.1.
    pub files: BTreeMap<String, PathBuf>,

    /// Tokens that a conversation and its reply may have together. More cost memory. A model
    /// trained on fewer gets fewer.
    ///
    /// Since 0.1.
    pub window_tokens: u32,

    /// Threads to compute with. If not set, as many as there are free cores.
    ///
    /// Since 0.1.
    pub threads: Option<usize>,

    /// How long the model stays in memory when nobody asks it anything.
    ///
    /// Since 0.1.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    #[schemars(with = "String")]
    pub idle_timeout: Duration,
}

impl Default for LocalModelOptions {
    fn default() -> Self {
        Self {
            dir: None,
            files: BTreeMap::new(),
            window_tokens: 8192,
            threads: None,
            idle_timeout: Duration::from_secs(300),
        }
    }
}

fn maybe_networks<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Vec<IpNet>>, D::Error> {
    let written = Option::<Vec<String>>::deserialize(from)?;
    written.as_deref().map(read_networks).transpose()
}

fn networks<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    read_networks(&Vec::<String>::deserialize(from)?)
}

/// A lone address is the network of that one address.
fn read_networks<E: serde::de::Error>(written: &[String]) -> Result<Vec<IpNet>, E> {
    let network = |text: &String| {
        let lone = || text.parse().map(|address: std::net::IpAddr| IpNet::from(address)).ok();
        text.parse().ok().or_else(lone).ok_or_else(|| {
            let message = format!("{text:?} is neither an address nor a network such as 10.0.0.0/8");
            E::custom(message)
        })
    };
    written.iter().map(network).collect()
}
