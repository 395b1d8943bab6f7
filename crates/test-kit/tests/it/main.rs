//! The batteries: what must hold whatever happens; and whole runs against providers.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected is to end there")]

mod battery;
mod messages_api;
mod provider_faults;
mod roles;
mod schemas;
mod strangers;
