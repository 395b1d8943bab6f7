//! `cargo xtask dist`: the archive of a release, and its checksums.
//!
//! The same files give the same bytes, whoever packs them and when: names are sorted, owners and
//! rights are set, and the time is that of the commit (or `SOURCE_DATE_EPOCH`).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::builds::Builds;
use crate::process;
use crate::release::{self, Engine};

/// What the archive and its folder hold sums in.
pub(crate) const SUMS: &str = "SHA256SUMS";

/// Shells with their completions, and what these are called where shells look for them.
const COMPLETIONS: [(&str, &str); 3] = [("bash", "sortie.bash"), ("zsh", "_sortie"), ("fish", "sortie.fish")];

/// Files of the repository, beside the pages of `docs`. They keep their paths, by which the
/// pages name them.
const FILES: [&str; 6] = [
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "deploy/sortie.service",
    "docs/sortie.sample.toml",
    "docs/sortie.schema.json",
];

/// Builds the binary that ships and packs it.
pub(crate) fn dist(engine: Engine) -> Result<()> {
    let program = release::build(engine)?;
    let builds = Builds::local()?;
    let name = match engine {
        Engine::V3 => platform(),
        Engine::Baseline => format!("{}-baseline", platform()),
    };
    let to = builds.output().join("dist");
    let archive = pack(builds.root(), &program, &name, &to)?;
    println!("{}\n{}", archive.display(), to.join(SUMS).display());
    Ok(())
}

/// The platform as the archive's name says it.
pub(crate) fn platform() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

/// Packs a binary with what belongs to it, and writes the archive's sum beside it.
pub(crate) fn pack(root: &Path, program: &Path, platform: &str, to: &Path) -> Result<PathBuf> {
    let version = process::read(Command::new(program).arg("--version"))?;
    let version = version.split_whitespace().last().context("the binary does not say its version")?;
    let name = format!("sortie-{version}-{platform}");
    let staging = to.join("staging");
    if staging.exists() {
        fs::remove_dir_all(&staging).with_context(|| format!("removing {}", staging.display()))?;
    }
    fill(root, program, &staging.join(&name))?;
    let archive = format!("{name}.tar.gz");
    let time = format!("--mtime=@{}", time_of(root)?);
    let mut tar = Command::new("tar");
    tar.args(["--create", "--sort=name", "--format=ustar", "--owner=0", "--group=0", "--numeric-owner"]);
    // Without its own name and time in the head.
    tar.args(["--mode=u=rwX,go=rX", &time, "--use-compress-program=gzip -n"]);
    process::run(tar.arg("--file").arg(to.join(&archive)).arg("--directory").arg(&staging).arg(&name))?;
    fs::remove_dir_all(&staging).with_context(|| format!("removing {}", staging.display()))?;
    // Those of this version's other engine are there too.
    let ours = format!("sortie-{version}-");
    let mut archives = files_below(to, Path::new(""))?;
    archives.retain(|file| file.starts_with(&ours) && file.ends_with(".tar.gz"));
    archives.sort();
    write_sums(to, &archives)?;
    Ok(to.join(archive))
}

/// The folder as it is unpacked.
fn fill(root: &Path, program: &Path, folder: &Path) -> Result<()> {
    let completions = folder.join("completions");
    for made in [&completions, &folder.join("docs"), &folder.join("deploy")] {
        fs::create_dir_all(made).with_context(|| format!("making {}", made.display()))?;
    }
    copy(program, &folder.join("sortie"))?;
    for file in FILES {
        copy(&root.join(file), &folder.join(file))?;
    }
    for page in fs::read_dir(root.join("docs")).context("reading docs")? {
        let page = page?.path();
        if page.extension().is_some_and(|extension| extension == "md") {
            copy(&page, &folder.join("docs").join(page.file_name().context("a page has a name")?))?;
        }
    }
    for (shell, file) in COMPLETIONS {
        let script = process::read(Command::new(program).args(["completions", shell]))?;
        fs::write(completions.join(file), script).with_context(|| format!("writing the completions of {shell}"))?;
    }
    let mut files = files_below(folder, Path::new(""))?;
    files.sort();
    write_sums(folder, &files)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map(drop).with_context(|| format!("copying {}", from.display()))
}

/// Every file below a folder, by its path in it.
fn files_below(folder: &Path, inner: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder.join(inner)).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry?;
        let path = inner.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => files.extend(files_below(folder, &path)?),
            false => files.push(path.to_string_lossy().into_owned()),
        }
    }
    Ok(files)
}

/// Writes the sums of these files as `sha256sum --check` reads them.
fn write_sums(folder: &Path, files: &[String]) -> Result<()> {
    let sums = process::read(Command::new("sha256sum").current_dir(folder).arg("--").args(files))?;
    fs::write(folder.join(SUMS), sums).with_context(|| format!("writing {SUMS}"))
}

/// The time that all files get, in seconds since 1970.
fn time_of(root: &Path) -> Result<String> {
    if let Ok(given) = std::env::var("SOURCE_DATE_EPOCH") {
        return Ok(given);
    }
    let time = process::read(Command::new("git").current_dir(root).args(["log", "-1", "--format=%ct"]));
    Ok(time.context("without git, SOURCE_DATE_EPOCH says the time of the files")?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builds::workspace_root;
    use std::os::unix::fs::PermissionsExt;

    /// A folder of the test's own, empty.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("sortie-xtask-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// What stands for the binary: it says a version, whatever it is asked.
    fn program_in(folder: &Path, version: &str) -> PathBuf {
        let program = folder.join("program");
        fs::write(&program, format!("#!/bin/sh\necho sortie {version}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        program
    }

    #[test]
    fn the_sums_are_of_the_archives_of_both_engines_and_of_no_other_version() {
        let (to, root) = (folder("engines"), workspace_root().unwrap());
        for (version, platforms) in [("1.2.2", &["here"][..]), ("1.2.3", &["here", "here-baseline", "here"])] {
            let program = program_in(&to, version);
            for platform in platforms {
                pack(&root, &program, platform, &to).unwrap();
            }
        }
        let sums = fs::read_to_string(to.join(SUMS)).unwrap();
        let names: Vec<&str> = sums.lines().map(|line| line.split_once("  ").unwrap().1).collect();
        assert_eq!(names, ["sortie-1.2.3-here-baseline.tar.gz", "sortie-1.2.3-here.tar.gz"]);
        assert!(process::succeeds(Command::new("sha256sum").current_dir(&to).args(["--check", SUMS])));
        fs::remove_dir_all(to).unwrap();
    }

    #[test]
    fn the_same_files_give_the_same_bytes() {
        let (first, second) = (folder("first"), folder("second"));
        let program = program_in(&first, "1.2.3");
        let root = workspace_root().unwrap();
        let packed = [&first, &second].map(|to| {
            let archive = pack(&root, &program, "here", to).unwrap();
            assert_eq!(archive, to.join("sortie-1.2.3-here.tar.gz"));
            // Another owner's other rights, at another time.
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
            fs::read(archive).unwrap()
        });
        assert!(packed[0] == packed[1], "the archives differ");
        assert!(process::succeeds(Command::new("sha256sum").current_dir(&second).args(["--check", SUMS])));
        let listed =
            process::read(Command::new("tar").arg("-tzf").arg(second.join("sortie-1.2.3-here.tar.gz"))).unwrap();
        for file in ["sortie", "LICENSE", "SHA256SUMS", "completions/_sortie", "docs/cli.md"].iter().chain(&FILES) {
            assert!(
                listed.lines().any(|line| line == format!("sortie-1.2.3-here/{file}")),
                "{file} is not in:\n{listed}"
            );
        }
        for folder in [first, second] {
            fs::remove_dir_all(folder).unwrap();
        }
    }
}
