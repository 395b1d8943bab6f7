//! What all façades share: who calls, request ids and the request log, bodies and queries,
//! streams, limits, draining.
//!
//! A façade holds its wire types, its handlers and its error shape; what stands here has no
//! error shape of its own, so it hands back faults ([`Rejection`], [`app::Error`]) and the
//! façade renders them. This crate knows no façade and no store. What a second façade would
//! have to copy belongs here; what it would have to decide alike belongs in `app`.

pub mod auth;
pub mod body;
mod client_address;
pub mod document;
pub mod drain;
pub mod finish;
mod fold;
pub mod idempotency;
pub mod limits;
pub mod paging;
mod panics;
pub mod query;
pub mod request_id;
mod site;
pub mod sse;
pub mod words;

use std::sync::Arc;
use std::time::Duration;

use app::App;

pub use auth::{Caller, HeaderOrder, presented_key};
pub use body::Rejection;
pub use client_address::ClientAddress;
pub use drain::Drain;
pub use finish::finish;
pub use limits::{Facade, Limits, StreamPlace, Visit};
pub use panics::{Panicked, answer_panics};
pub use query::Query;
pub use request_id::RequestId;
pub use site::{Site, is_own_path, is_sent_from_elsewhere};

/// What the façades of one server have in common. Cheap to clone.
#[derive(Clone)]
pub struct Shared {
    /// Whether the server is stopping.
    pub drain: Drain,
    /// How many requests and streams an organization may have.
    pub limits: Arc<Limits>,
    /// How long a call that gives a whole answer at once waits for it.
    pub answer_within: Duration,
    /// Where people reach it.
    pub site: Site,
    /// Whether what is in it is made up.
    pub is_demo: bool,
    app: App,
}

impl Shared {
    /// For one server.
    pub fn new(app: &App, options: &WebOptions) -> Self {
        let drain = Drain::new(options.drain_grace);
        let limits = Arc::new(Limits::new(options, app.metrics().clone()));
        let site = Site::new(&options.public_url);
        Self { drain, limits, answer_within: options.answer_within, site, is_demo: options.is_demo, app: app.clone() }
    }
}

/// How the façades behave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebOptions {
    /// Where people reach the server.
    pub public_url: String,
    /// Requests of one organization in a minute over the native API; 0 is no limit.
    pub native_per_minute: u32,
    /// The same over the Make-compatible API.
    pub make_per_minute: u32,
    /// Requests with one key in a minute over the Cassidy-compatible API.
    pub cassidy_per_minute: u32,
    /// The same over the Cased-compatible API.
    pub cased_per_minute: u32,
    /// Messages of all visitors of one embed in a minute.
    pub embed_per_minute: u32,
    /// The same of one visitor.
    pub embed_visitor_per_minute: u32,
    /// The same of all visitors who come from one address.
    pub embed_address_per_minute: u32,
    /// Streams that one organization may have open.
    pub streams_per_org_max: usize,
    /// How long a call that gives a whole answer at once waits for it.
    pub answer_within: Duration,
    /// How long calls that wait for a run may go on once the server is stopping.
    pub drain_grace: Duration,
    /// Whether what is in it is made up.
    pub is_demo: bool,
}

impl Default for WebOptions {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:7717".to_owned(),
            native_per_minute: 0,
            make_per_minute: 240,
            cassidy_per_minute: 60,
            cased_per_minute: 120,
            embed_per_minute: 600,
            embed_visitor_per_minute: 12,
            embed_address_per_minute: 60,
            streams_per_org_max: 10_000,
            answer_within: Duration::from_secs(290),
            drain_grace: Duration::from_secs(25),
            is_demo: false,
        }
    }
}
