//! `cargo xtask battery`: the crash, power-cut, stream and mutation tests, at length.

use std::str::FromStr;

use anyhow::{Result, anyhow};

use crate::builds::Builds;
use crate::machine;
use crate::runner::{self, PROFILE, Runner};

/// What is done to the server at random moments.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// `kill -9` under mixed load.
    Crash,
    /// A simulated power cut at the file layer.
    Power,
    /// Streams whose connections are cut, and whose server is killed.
    Streams,
    /// Readers of what comes from outside, given mutations of stored inputs.
    Mutations,
}

impl FromStr for Kind {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "crash" => Ok(Self::Crash),
            "power" => Ok(Self::Power),
            "streams" => Ok(Self::Streams),
            "mutations" => Ok(Self::Mutations),
            other => Err(anyhow!("no battery `{other}`: there are `crash`, `power`, `streams` and `mutations`")),
        }
    }
}

/// Runs the battery `count` times over. The test reads the count from `SORTIE_BATTERY_COUNT`;
/// without it, as in the suite, it takes its own small one.
pub(crate) fn battery(kind: Kind, count: Option<u32>) -> Result<()> {
    let (package, prefix, usual) = match kind {
        Kind::Crash => ("cli", "battery::crash", 1000),
        Kind::Power => ("test-kit", "battery::power", 1000),
        Kind::Streams => ("cli", "battery::streams", 10_000),
        Kind::Mutations => ("fuzzed", "replay", 300_000),
    };
    machine::ensure_test_packages()?;
    let builds = Builds::for_tests()?;
    let runner = Runner::find()?;
    runner::build(&builds)?;
    let set = [
        ("SORTIE_BATTERY_COUNT", count.unwrap_or(usual).to_string().into()),
        ("SORTIE_BIN", builds.program(PROFILE, "sortie").into()),
    ];
    println!("{}", runner.run_some(&builds, &set, package, prefix)?);
    Ok(())
}
