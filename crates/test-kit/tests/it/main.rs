//! The batteries: what must hold whatever happens.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected is to end there")]

mod battery;
mod provider_faults;
