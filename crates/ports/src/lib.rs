//! Every trait the core needs from outside, and the in-process feed.
//!
//! Adapters (`store-*`, `models`, `model-local`, `tools`) implement these traits; `app` and
//! `engine` use them; `server` chooses. Nothing here knows SQL or HTTP. The one concrete
//! thing is [`feed::Feed`]: whatever the store, events reach the streams of this process
//! through it.

pub mod feed;
pub mod issuer;
pub mod metrics;
pub mod model;
pub mod signals;
pub mod spans;
pub mod store;
pub mod time;
pub mod tool;
pub mod transfer;
pub mod webhook;
pub mod workers;

pub use feed::Feed;
pub use issuer::{Issuer, IssuerFault};
pub use metrics::Metrics;
pub use model::{Alias, Model, ModelStream, Models, Offering, Provider};
pub use signals::{Language, RangeQuery, SignalPlace, SignalReader};
pub use spans::Spans;
pub use store::{CommitError, Committed, OrgStore, Refusal, Store, StoreError};
pub use time::{Clock, IdSource};
pub use tool::{TextExtractor, ToolRun, ToolRunner};
pub use webhook::WebhookSender;
pub use workers::{Slot, Workers};
