//! Other people's clients that the tests drive Sortie with, as they are published: the Python
//! and the JavaScript one, pinned in `crates/test-kit/clients`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::builds::Builds;
use crate::{machine, process};

/// Installs both and returns what tells the tests where they are: `SORTIE_TEST_PYTHON`, an
/// interpreter that knows the Python client, and `SORTIE_TEST_NODE`, a folder whose
/// `node_modules` has the JavaScript one.
pub(crate) fn ensure(builds: &Builds) -> Result<Vec<(&'static str, OsString)>> {
    let clients = builds.root().join("crates/test-kit/clients");
    let python = ensure_python(&clients)?;
    ensure_node(&clients)?;
    Ok(vec![("SORTIE_TEST_PYTHON", python.into()), ("SORTIE_TEST_NODE", clients.into())])
}

fn ensure_python(clients: &Path) -> Result<PathBuf> {
    let environment = machine::cache_dir()?.join("clients-python");
    let python = environment.join("bin/python");
    if !process::succeeds(Command::new(&python).args(["-m", "pip", "--version"])) {
        create_environment(&environment)?;
    }
    let requirements = clients.join("requirements.txt");
    unless_done(&environment.join("installed.txt"), &requirements, || {
        let mut install = Command::new(&python);
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
        process::run(install.arg(&requirements))
    })?;
    Ok(python)
}

fn create_environment(environment: &Path) -> Result<()> {
    let create = || {
        let mut command = Command::new("python3");
        command.args(["-m", "venv", "--clear"]).arg(environment);
        command
    };
    // Debian's Python comes without what fills an environment.
    if process::run(&mut create()).is_err() && machine::may_install() {
        machine::install(&["python3-venv"])?;
        return process::run(&mut create());
    }
    process::run(&mut create()).context("on Debian, `sudo apt-get install python3-venv` brings what is missing")
}

/// Installs what a folder's lock file has, unless it is there already.
pub(crate) fn ensure_node(folder: &Path) -> Result<()> {
    let done = folder.join("node_modules/.installed.json");
    unless_done(&done, &folder.join("package-lock.json"), || {
        let mut install = Command::new("npm");
        process::run(install.current_dir(folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))
            .context("Node 20.19 or newer is needed, with npm")
    })
}

/// Does the work unless `done` is a copy of `list` as it is now.
fn unless_done(done: &Path, list: &Path, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let wanted = std::fs::read(list).with_context(|| format!("reading {}", list.display()))?;
    if std::fs::read(done).is_ok_and(|installed| installed == wanted) {
        println!("present: what {} names", list.display());
        return Ok(());
    }
    work()?;
    std::fs::write(done, wanted).with_context(|| format!("writing {}", done.display()))
}
