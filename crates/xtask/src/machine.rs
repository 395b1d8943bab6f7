//! The machine this runs on: what is installed, and how to get what is not.
//!
//! System packages are installed only as root or in CI and never with a question; a person is
//! told the one command instead.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// Something a build or a test needs from the system.
pub(crate) struct Need {
    what: &'static str,
    package: &'static str,
    present: fn() -> bool,
}

const ENGINE: [Need; 4] = [
    Need { what: "cmake", package: "cmake", present: || finds("cmake") },
    Need { what: "clang", package: "clang", present: || finds("clang") },
    Need { what: "libclang", package: "libclang-dev", present: has_libclang },
    Need { what: "a C++ compiler", package: "g++", present: || finds("c++") || finds("g++") },
];
/// For the commands in documents, which are run as they stand there.
const CURL: Need = Need { what: "curl", package: "curl", present: || finds("curl") };
/// For journeys.
const BROWSER: Need =
    Need { what: "Chromium (or SORTIE_CHROMIUM, the path of one)", package: "chromium", present: has_chromium };
const LINKER: Need = Need { what: "mold", package: "mold", present: || finds("mold") };

/// Makes sure of what compiling needs: the engine of the local model is C++.
pub(crate) fn ensure_build_packages() -> Result<()> {
    ensure(&ENGINE.iter().collect::<Vec<_>>())
}

/// Makes sure of what the tests need besides. The fast linker is a convenience: it is installed
/// where that needs nobody, and a person who lives without it is not stopped.
pub(crate) fn ensure_test_packages() -> Result<()> {
    let mut needs: Vec<&Need> = ENGINE.iter().chain([&CURL, &BROWSER]).collect();
    if may_install() {
        needs.push(&LINKER);
    }
    ensure(&needs)
}

fn ensure(needs: &[&Need]) -> Result<()> {
    let missing: Vec<&&Need> = needs.iter().filter(|need| !(need.present)()).collect();
    if missing.is_empty() {
        println!("present: {}", needs.iter().map(|need| need.what).collect::<Vec<_>>().join(", "));
        return Ok(());
    }
    let names = missing.iter().map(|need| need.what).collect::<Vec<_>>().join(", ");
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    if !finds("apt-get") {
        bail!("{names} missing: install with this system's package manager, then run this again");
    }
    if !may_install() {
        bail!("{names} missing: run this, then start again:\n\n    {}\n", install_command(&packages));
    }
    println!("missing: {names}");
    install(&packages).with_context(|| format!("installing {names}; by hand: {}", install_command(&packages)))?;
    match missing.iter().find(|need| !(need.present)()) {
        Some(need) => bail!("{} is still not found after installing the package {}", need.what, need.package),
        None => Ok(()),
    }
}

fn install_command(packages: &[&str]) -> String {
    format!("sudo apt-get update && sudo apt-get install -y {}", packages.join(" "))
}

/// Installs system packages by name; only where [`may_install`] allows it.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let apt_get = || {
        // In CI an account without a password prompt may stand in for root; `-n` never asks.
        let mut command = if is_root() { Command::new("apt-get") } else { Command::new("sudo") };
        if !is_root() {
            command.args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        }
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    process::run(apt_get().args(["-qq", "update"]))?;
    process::run(apt_get().args(["-qq", "install", "-y", "--no-install-recommends"]).args(packages))
}

/// Whether we may change the system without asking.
pub(crate) fn may_install() -> bool {
    finds("apt-get") && (is_root() || in_ci())
}

/// Whether an automated run calls us, not a person.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|ci| !ci.is_empty() && ci != "false" && ci != "0")
}

fn is_root() -> bool {
    process::read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Whether a program of this name is on the search path.
pub(crate) fn finds(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Whether the C++ part of this CPU's engine may use AVX2, FMA, F16C and BMI2 (x86-64-v3).
/// Other processors have one variant only, which is their best.
pub(crate) fn runs_x86_64_v3() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::is_x86_feature_detected!("avx2")
            && std::is_x86_feature_detected!("fma")
            && std::is_x86_feature_detected!("f16c")
            && std::is_x86_feature_detected!("bmi2")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        true
    }
}

/// The user's cache folder for what outlives a clone: tools, virtual environments, CI's builds.
pub(crate) fn cache_dir() -> Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME").filter(|dir| Path::new(dir).is_absolute()) {
        Some(dir) => PathBuf::from(dir),
        None => {
            let home = std::env::var_os("HOME").context("HOME is not set, so there is no cache folder")?;
            Path::new(&home).join(".cache")
        }
    };
    Ok(base.join("sortie"))
}

fn has_chromium() -> bool {
    std::env::var_os("SORTIE_CHROMIUM").is_some() || Path::new("/usr/bin/chromium").is_file()
}

fn has_libclang() -> bool {
    if std::env::var_os("LIBCLANG_PATH").is_some() || cfg!(target_os = "macos") {
        return true;
    }
    let known = process::read(Command::new("sh").args(["-c", "PATH=$PATH:/sbin:/usr/sbin ldconfig -p"]));
    let in_llvm = "ls /usr/lib/llvm-*/lib/libclang*.so* /usr/lib64/libclang*.so*";
    known.is_ok_and(|libraries| libraries.split_whitespace().any(is_libclang))
        || process::succeeds(Command::new("sh").args(["-c", in_llvm]))
}

/// `libclang.so.1` or `libclang-14.so.14`, and not the C++ library beside it, `libclang-cpp.so.14`.
fn is_libclang(library: &str) -> bool {
    let numbered = library.strip_prefix("libclang-").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    library.starts_with("libclang.so") || numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpp_library_is_not_taken_for_libclang() {
        assert!(is_libclang("libclang.so.1") && is_libclang("libclang-14.so.14"));
        assert!(!is_libclang("libclang-cpp.so.14"));
    }
}
