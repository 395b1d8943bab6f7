//! The one guarded way out.
//!
//! Every call that a user or a model can steer goes through [`Outbound`]: it resolves the
//! name, checks the addresses, connects to a checked address and to no other, follows
//! redirects itself under the same checks, drops credentials when the origin changes, and
//! bounds time and size. Private, loopback, link-local, metadata and similar addresses are
//! refused unless the operator allowed them by name ([`OutboundOptions::allow`]).
//!
//! It stands on hyper's connections and not on reqwest for three reasons: a connector of our own
//! sees the port it is asked for, so that `host:port` can be allowed; hyper tells whether a
//! request was ever given to a connection, so that "nothing was sent" is known and not
//! guessed ([`OutboundError::nothing_was_sent`]); and a connection can be moved on by whoever
//! waits for its answer (decision 25). Proxies of the environment are ignored
//! on purpose: behind one, the check on the address would check nothing.
//!
//! This crate knows nothing of tools, models or webhooks. A new rule about addresses goes
//! into [`guard`]; a new kind of caller gets a constructor beside [`Outbound::new`] if it
//! needs other bounds.

mod alarm;
mod client;
mod connections;
mod connector;
mod error;
mod guard;
mod http1;
mod http2;
mod names;
mod options;
mod redirect;
mod request;
mod response;
mod tls;

pub use client::Outbound;
pub use error::{BadOptions, OutboundError};
pub use options::OutboundOptions;
pub use request::Request;
pub use response::{Response, Rest};
