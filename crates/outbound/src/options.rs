//! What an operator may set about calls to the outside.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Calls to addresses that users and models name: tools, webhooks, callbacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OutboundOptions {
    /// Private places that may be called all the same: a host name (`intranet.example`,
    /// whatever it resolves to), an address (`10.0.0.7`), either with a port
    /// (`localhost:8080`), or a network (`10.1.0.0/16`). Empty: public addresses only.
    ///
    /// Since 0.1.
    pub allow: Vec<String>,

    /// How long finding and reaching the other side may take, TLS not included.
    ///
    /// Since 0.1.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    #[schemars(with = "String")]
    pub connect_timeout: Duration,

    /// How long a call may take in all, redirects and the answer's body included, unless
    /// the caller says otherwise.
    ///
    /// Since 0.1.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    #[schemars(with = "String")]
    pub timeout: Duration,

    /// How long the other side may stay silent in the middle of an answer.
    ///
    /// Since 0.1.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    #[schemars(with = "String")]
    pub idle_timeout: Duration,

    /// The largest answer that is read, in bytes.
    ///
    /// Since 0.1.
    pub response_bytes_max: usize,

    /// How many redirects are followed.
    ///
    /// Since 0.1.
    pub redirects_max: usize,

    /// A PEM file of certificate authorities to trust besides the public ones, for
    /// services with certificates of one's own.
    ///
    /// Since 0.1.
    pub ca_file: Option<PathBuf>,
}

impl Default for OutboundOptions {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(30),
            response_bytes_max: 10 << 20,
            redirects_max: 5,
            ca_file: None,
        }
    }
}
