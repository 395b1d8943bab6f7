//! Language models over the wire, and the scripted one.
//!
//! Each module is one kind of provider behind [`ports::Model`]: [`openai`] speaks chat
//! completions and [`anthropic`] the Messages API, to any compatible endpoint; [`scripted`]
//! plays a script for tests and demos. [`Registry`] holds them by name; [`ProviderOptions`] is what an operator writes
//! about one.
//!
//! This crate knows nothing of sessions and runs, of the store only that organizations keep
//! providers of their own there, and it never retries: a call may cost money, so whether to
//! make another is the engine's decision.
//!
//! One more kind: a module that turns [`ModelRequest`](domain::model::ModelRequest) into
//! the provider's wire and its answer into [`ModelChunk`](domain::model::ModelChunk)s (over
//! HTTP, a `Wire` for an `Endpoint`, which bound and time it and name its faults), a variant of [`ProviderKind`], and an arm where the server builds the registry.

pub mod anthropic;
mod endpoint;
mod fault;
pub mod openai;
pub mod options;
pub mod prices;
pub mod registry;
mod reply;
pub mod scripted;
mod sse;
mod windows;

pub use anthropic::Anthropic;
pub use openai::OpenAi;
pub use options::{ApiKey, BadProvider, ModelOptions, ProviderKind, ProviderOptions};
pub use prices::{PriceOptions, currency_of, prices_of};
pub use registry::{Registry, RegistryBuilder};
pub use reply::Arrived;
