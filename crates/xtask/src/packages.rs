//! What Sortie is delivered in, tried: the archive and the unit for systemd, and the image as far
//! as it can be read ([`crate::image`] builds it).
//!
//! What this machine cannot try is named, and never passes for tried.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::builds::Builds;
use crate::image::{COMPOSE, CONTAINERFILE, Engine};
use crate::{containerfile, dist, machine, process};

const UNIT: &str = "deploy/sortie.service";
/// By systemd's own reckoning, which goes to 100.
const EXPOSURE_MAX: &str = "20";

/// Tries what can be tried without building anything more: with this binary in the archive.
pub(crate) fn check(builds: &Builds, program: &Path) -> Result<()> {
    let folder = Scratch::make(&builds.output().join("packages-tried"))?;
    let unpacked = check_archive(builds.root(), program, folder.path())?;
    check_unit(builds.root(), &unpacked, folder.path())?;
    containerfile::check(builds.root(), CONTAINERFILE)?;
    match Engine::find() {
        Some(Engine(name)) => println!("the image was not built: `cargo xtask packages --image` does, with {name}"),
        None => println!("not tried: the image and {COMPOSE}, since no container engine answers here"),
    }
    Ok(())
}

/// Packs, unpacks, compares the sums, and serves from what was unpacked. Its folder.
fn check_archive(root: &Path, program: &Path, folder: &Path) -> Result<PathBuf> {
    let archive = dist::pack(root, program, &dist::platform(), folder)?;
    let sums = |within: &Path| {
        process::run(Command::new("sha256sum").current_dir(within).args(["--quiet", "--check", dist::SUMS]))
    };
    sums(folder)?;
    process::run(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(folder))?;
    let name = archive.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".tar.gz"));
    let unpacked = folder.join(name.context("the archive has another name than expected")?);
    sums(&unpacked)?;
    process::run(Command::new("bash").arg("-n").arg(unpacked.join("completions/sortie.bash")))?;
    let sortie = unpacked.join("sortie");
    process::run(Command::new(&sortie).arg("--version"))?;
    Served::start(&sortie, &folder.join("data"))?.check(&sortie)?;
    println!("the archive was unpacked, and what was in it served");
    Ok(unpacked)
}

/// Has systemd read the unit, as if the binary stood where the unit says.
fn check_unit(root: &Path, unpacked: &Path, folder: &Path) -> Result<()> {
    if !machine::finds("systemd-analyze") {
        println!("not tried: {UNIT}, since systemd is not here");
        return Ok(());
    }
    let text = fs::read_to_string(root.join(UNIT)).with_context(|| format!("reading {UNIT}"))?;
    let installed = "/usr/local/bin/sortie";
    ensure!(text.contains(&format!("ExecStart={installed} ")), "{UNIT} starts another binary than {installed}");
    let unit = folder.join("sortie.service");
    let sortie = unpacked.join("sortie");
    fs::write(&unit, text.replace(installed, &sortie.to_string_lossy())).context("writing the unit")?;
    process::run(Command::new("systemd-analyze").arg("verify").arg("--man=no").arg(&unit))?;
    let mut security = Command::new("systemd-analyze");
    security.args(["security", "--offline=true", "--no-pager", &format!("--threshold={EXPOSURE_MAX}")]).arg(&unit);
    // Its table is long, and only of interest when it is too open.
    match process::read(&mut security) {
        Ok(table) => println!("{}", table.lines().last().unwrap_or_default()),
        Err(error) => bail!("the unit leaves more open than it needs: {error:#}"),
    }
    Ok(())
}

/// A server on a data directory of its own. Killed when dropped.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(sortie: &Path, data: &Path) -> Result<Self> {
        let mut serve = Command::new(sortie);
        serve.args(["serve", "--json", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data);
        serve.current_dir(data.parent().unwrap_or(data)).env("SORTIE_BOOTSTRAP__MODEL", "scripted/demo");
        let mut child = serve.stdout(Stdio::piped()).spawn().context("starting what was unpacked")?;
        let stdout = child.stdout.take().context("its output")?;
        let mut served = Self { child, url: String::new() };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let started: Value = serde_json::from_str(&line).context("what was unpacked did not start")?;
        served.url = started["url"].as_str().context("it says no address")?.to_owned();
        Ok(served)
    }

    /// Is well, and ends as it is told.
    fn check(mut self, sortie: &Path) -> Result<()> {
        process::run(Command::new(sortie).args(["health", "--server", &self.url]))?;
        process::run(Command::new("kill").args(["-TERM", &self.child.id().to_string()]))?;
        let ended = self.child.wait()?;
        ensure!(ended.success(), "it ended with {ended}");
        Ok(())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder that goes when its user does.
struct Scratch(PathBuf);

impl Scratch {
    fn make(path: &Path) -> Result<Self> {
        let _ = fs::remove_dir_all(path);
        fs::create_dir_all(path).with_context(|| format!("making {}", path.display()))?;
        Ok(Self(path.to_owned()))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            println!("{} stays: {error}", self.0.display());
        }
    }
}
