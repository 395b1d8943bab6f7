//! How the builds that xtask starts are set: where their output goes and which linker they use.
//!
//! These settings live here and not in `.cargo/config.toml`, so that a plain `cargo build` works
//! on a machine without mold.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::{machine, process};

/// A CI cache above this is thrown away: clones at other paths leave their objects in it.
const CACHE_BYTES_MAX: u64 = 20 << 30;

/// The settings of one chore's builds.
pub(crate) struct Builds {
    root: PathBuf,
    target_dir: PathBuf,
    linker_flags: Option<&'static str>,
}

impl Builds {
    /// For builds whose output stays with the clone.
    pub(crate) fn local() -> Result<Self> {
        let root = workspace_root()?;
        let target_dir = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => root.join(dir),
            None => root.join("target"),
        };
        Ok(Self { root, target_dir, linker_flags: fast_linker_flags() })
    }

    /// For the test suite: in CI the output lives outside the clone, so that the next clone finds
    /// the dependencies built. Cargo keys what it finds there by compiler, flags and path, and
    /// compares our own sources by time, which in a fresh clone is always newer; so a stale cache
    /// costs time, never a result.
    pub(crate) fn for_tests() -> Result<Self> {
        let mut builds = Self::local()?;
        if let Some(dir) = std::env::var_os("SORTIE_CI_TARGET_DIR") {
            builds.target_dir = builds.root.join(dir);
            discard_above(&builds.target_dir, CACHE_BYTES_MAX)?;
        } else if machine::in_ci() && std::env::var_os("CARGO_TARGET_DIR").is_none() {
            builds.target_dir = machine::cache_dir()?.join("target");
            discard_above(&builds.target_dir, CACHE_BYTES_MAX)?;
        }
        Ok(builds)
    }

    /// The same settings with output in a folder of its own, for builds whose environment differs
    /// in a way cargo does not see.
    pub(crate) fn apart(mut self, folder: &str) -> Self {
        self.target_dir.push(folder);
        self
    }

    /// Looks for the fast linker again, after it may have been installed.
    pub(crate) fn with_linker(mut self) -> Self {
        self.linker_flags = fast_linker_flags();
        self
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of all that is built.
    pub(crate) fn output(&self) -> &Path {
        &self.target_dir
    }

    /// Where a built program stands.
    pub(crate) fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.target_dir.join(profile).join(name)
    }

    /// Cargo with these settings, in the workspace's root.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new("cargo");
        command.current_dir(&self.root);
        self.configure(&mut command);
        command
    }

    /// Gives these settings to a program that calls cargo itself.
    pub(crate) fn configure(&self, command: &mut Command) {
        // `cargo run` tells xtask about the package xtask; build scripts that look at these would
        // take every nested build for a changed one.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "LD_LIBRARY_PATH" {
                command.env_remove(&*name);
            }
        }
        command.env("CARGO_TARGET_DIR", &self.target_dir);
        if let Some(flags) = self.linker_flags {
            command.env("RUSTFLAGS", flags);
        }
        if machine::in_ci() {
            command.env("CARGO_INCREMENTAL", "0").env("CARGO_TERM_COLOR", "never");
        }
        if !machine::runs_x86_64_v3() {
            baseline_engine(command);
        }
    }
}

/// Has the local model's engine built without AVX2 and its company (x86-64-v2, since 2009).
/// The crate `model-local` reads the same variables and then checks for less at its start.
pub(crate) fn baseline_engine(command: &mut Command) {
    for option in ["GGML_AVX", "GGML_AVX2", "GGML_BMI2", "GGML_FMA", "GGML_F16C"] {
        command.env(option, "OFF");
    }
}

/// The folder of the root manifest.
pub(crate) fn workspace_root() -> Result<PathBuf> {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).ancestors().nth(2).map(Path::to_owned).context("xtask is not two folders below a workspace")
}

/// Flags for mold, if it is there and the compiler driver takes it. Flags that the caller has set
/// are left alone.
fn fast_linker_flags() -> Option<&'static str> {
    if std::env::var_os("RUSTFLAGS").is_some() || !machine::finds("mold") {
        return None;
    }
    let probe = "echo 'int main(void){return 0;}' | cc -fuse-ld=mold -x c - -o /dev/null";
    process::succeeds(Command::new("sh").args(["-c", probe])).then_some("-C link-arg=-fuse-ld=mold")
}

fn discard_above(dir: &Path, bytes_max: u64) -> Result<()> {
    if !dir.is_dir() {
        return Ok(());
    }
    let output = Command::new("du").arg("-sk").arg(dir).stderr(Stdio::null()).output()?;
    let kibibytes = String::from_utf8_lossy(&output.stdout).split_whitespace().next().and_then(|n| n.parse().ok());
    let bytes = kibibytes.unwrap_or(0u64) << 10;
    println!("build cache: {} holds {} MiB", dir.display(), bytes >> 20);
    if bytes > bytes_max {
        println!("that is more than {} MiB: it is thrown away and built anew", bytes_max >> 20);
        std::fs::remove_dir_all(dir).with_context(|| format!("removing {}", dir.display()))?;
    }
    Ok(())
}
