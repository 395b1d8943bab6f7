//! Each battery runs a small count in the suite and as many as `SORTIE_BATTERY_COUNT` says
//! under `cargo xtask battery`.

mod power;
mod stalled;

/// How many rounds.
fn count(default: usize) -> usize {
    match std::env::var("SORTIE_BATTERY_COUNT") {
        Ok(text) => text.parse().expect("SORTIE_BATTERY_COUNT is a number"),
        Err(_) => default,
    }
}
