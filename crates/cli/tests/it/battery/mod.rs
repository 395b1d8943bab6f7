//! The crash battery: the real binary under mixed load, killed at random moments.
//!
//! The [`checker`] believes only its own ledger and what clients were told: the model and the
//! tools stand in this process ([`world`]) and write down every effect. A small count runs
//! in the suite; `cargo xtask battery crash` sets `SORTIE_BATTERY_COUNT`. That the checker
//! notices is tested too, with a bug planted in the server.

mod checker;
mod crash;
mod load;
mod process;
mod stranger;
mod world;

/// How many rounds.
fn count(default: usize) -> usize {
    match std::env::var("SORTIE_BATTERY_COUNT") {
        Ok(text) => text.parse().expect("SORTIE_BATTERY_COUNT is a number"),
        Err(_) => default,
    }
}
