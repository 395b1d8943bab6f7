//! The batteries of the real binary: under mixed load, killed at random moments and at those it
//! is aimed at ([`crash`], [`aim`]); and its streams, cut at random bytes ([`streams`]).
//!
//! The [`checker`] believes only its own [`ledger`] of what clients were told: the model and the
//! tools stand in this process ([`world`]) and write down every effect. What must hold of a
//! conversation stands in [`rules`]. A small count runs
//! in the suite; `cargo xtask battery crash` and `… streams` set `SORTIE_BATTERY_COUNT`. That the checker
//! notices is tested too, with a bug planted in the server.

mod aim;
mod checker;
mod crash;
mod ledger;
mod load;
mod once;
mod person;
mod process;
mod proxy;
mod reader;
mod requests;
mod rules;
mod standing;
mod stranger;
mod streams;
mod world;

/// How many rounds.
fn count(default: usize) -> usize {
    match std::env::var("SORTIE_BATTERY_COUNT") {
        Ok(text) => text.parse().expect("SORTIE_BATTERY_COUNT is a number"),
        Err(_) => default,
    }
}
