//! `cargo xtask build --release`: the one binary that ships.
//!
//! It comes in two variants that differ in the local model's engine only: with AVX2 and its
//! company (x86-64-v3), and without. The Rust part is the same plain x86-64 in both, so that the
//! faster one can say on an old processor what is wrong instead of dying of it.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Result, anyhow};

use crate::builds::{self, Builds};
use crate::{front_ends, machine, process};

/// Which processors the local model's engine is built for.
#[derive(Clone, Copy, Default)]
pub(crate) enum Engine {
    #[default]
    V3,
    Baseline,
}

impl FromStr for Engine {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "v3" => Ok(Self::V3),
            "baseline" => Ok(Self::Baseline),
            other => Err(anyhow!("no engine `{other}`: there are `v3` and `baseline`")),
        }
    }
}

/// Builds one variant and says where it stands and how large it is.
pub(crate) fn build(engine: Engine) -> Result<PathBuf> {
    machine::ensure_build_packages()?;
    let builds = Builds::local()?;
    front_ends::build(&builds)?;
    let (builds, variant) = match engine {
        Engine::V3 => (builds, "x86-64-v3"),
        Engine::Baseline => (builds.apart("baseline"), "x86-64-v2"),
    };
    let mut cargo = builds.cargo();
    if let Engine::Baseline = engine {
        builds::baseline_engine(&mut cargo);
    }
    process::run(cargo.args(["build", "--release", "--locked", "--package", "cli", "--bin", "sortie"]))?;
    let program = builds.program("release", "sortie");
    let bytes = std::fs::metadata(&program).with_context(|| format!("looking at {}", program.display()))?.len();
    println!("{} ({} MiB, engine for {variant})", program.display(), bytes >> 20);
    Ok(program)
}
