//! File, environment and flags, gathered into each component's options.
//!
//! [`Config`] has one field for each section of the file; a section is the `Options` struct
//! of the component it sets up, whose comments are the manual and whose `Default` is the
//! default. [`load`] lays the sources over each other: defaults, then the file, then the
//! environment, then flags. From the structs' JSON schema come the set of known keys, the
//! sample file ([`sample`]) and the schema for editors ([`schema_json`]).
//!
//! This crate reads files and the environment it is handed, and nothing else: no store, no
//! network, no clock. It does not check what only the component can know.
//!
//! One more option: a field with a comment in the component's `Options`; it then exists in
//! the file, in the environment and in the sample. One more section: a field of [`Config`].

mod environment;
mod error;
mod keys;
mod load;
mod retention;
mod sample;
mod sections;

use std::collections::BTreeMap;

use engine::EngineOptions;
use models::{ProviderKind, ProviderOptions};
use outbound::OutboundOptions;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use store_sqlite::StoreOptions;
use telemetry::TelemetryOptions;
use tools::extract::ExtractOptions;

pub use environment::{BOOTSTRAP_KEY, Environment};
pub use error::ConfigError;
pub use load::{DEFAULT_FILE, Flag, Sources, load, read};
pub use retention::RetentionOptions;
pub use sample::{sample, schema_json};
pub use sections::{
    BootstrapOptions, LimitOptions, LocalModelOptions, LogFormat, LogOptions, LoginOptions, ModelOptions, ServerOptions,
};

/// Everything that can be set.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the server listens and what it may assume about its surroundings.
    pub server: ServerOptions,

    /// Requests that one organization may make in a minute, for each API; 0 is no limit.
    pub limits: LimitOptions,

    /// What the server writes to its log.
    pub log: LogOptions,

    /// What is told of runs to a collector of traces. OpenTelemetry's standard variables
    /// (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`, …) count too.
    pub telemetry: TelemetryOptions,

    /// What the first start on an empty data directory makes. Ignored ever after.
    pub bootstrap: BootstrapOptions,

    /// How runs are worked on.
    pub engine: EngineOptions,

    /// The embedded store. The defaults suit one machine of any size.
    pub store: StoreOptions,

    /// How long things are kept; what is not set here is kept for good, or as long as it says.
    /// Written `90d`, `8w` or `36h`, an hour at least. What is over goes within six hours, also
    /// what had been before there was a rule, and is not to be had back but from a backup.
    pub retention: RetentionOptions,

    /// Calls to addresses that users and models name: tools, webhooks, callbacks.
    pub outbound: OutboundOptions,

    /// How text is got out of uploaded files.
    pub extract: ExtractOptions,

    /// Names for models.
    pub models: ModelOptions,

    /// The built-in model.
    pub local: LocalModelOptions,

    /// How people log in.
    pub login: LoginOptions,

    /// Providers of models, by name. The name is what stands before the slash of a model's
    /// name. `local` (the built-in model) and `scripted` (for demos) are there without
    /// being written down; a section of that name replaces them.
    pub providers: BTreeMap<String, ProviderOptions>,

    /// The key that the first start gives the owner, if it is not to make one up.
    #[serde(skip)]
    pub bootstrap_key: Option<SecretString>,

    /// The key that stored secrets are encrypted with, if it is not to be the one in the
    /// data directory: 64 hexadecimal digits.
    #[serde(skip)]
    pub encryption_key: Option<SecretString>,
}

impl Config {
    /// All providers: those that are always there, and those written down.
    pub fn all_providers(&self) -> BTreeMap<String, ProviderOptions> {
        let built_in = [("local", ProviderKind::Local), ("scripted", ProviderKind::Scripted)];
        let mut all: BTreeMap<String, ProviderOptions> = built_in
            .into_iter()
            .map(|(name, kind)| (name.to_owned(), ProviderOptions { kind, ..ProviderOptions::default() }))
            .collect();
        all.extend(self.providers.clone());
        all
    }
}
