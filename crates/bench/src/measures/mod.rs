//! What is measured, one module each.

pub(crate) mod agents;
pub(crate) mod company;
pub(crate) mod idle;
pub(crate) mod latency;
pub(crate) mod load;
#[cfg(feature = "local")]
pub(crate) mod local;
pub(crate) mod log;
pub(crate) mod rollouts;
pub(crate) mod start;
pub(crate) mod streams;
pub(crate) mod threads;
pub(crate) mod tools;

use std::path::PathBuf;
use std::time::Duration;

/// What every measure needs to know.
pub(crate) struct Bench {
    /// The `sortie` to measure.
    pub(crate) server: PathBuf,
    /// This program, which is the relay too.
    pub(crate) program: PathBuf,
    /// Where data folders are made.
    pub(crate) data_dir: PathBuf,
    pub(crate) load_time: Duration,
    pub(crate) clients: usize,
    pub(crate) streams: usize,
}
