//! The batteries: what must hold whatever happens.

mod battery;
mod provider_faults;
