//! Why a server does not start, as one line for people and one exit code for programs.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use store_sqlite::OpenError;

/// Why there is no server, or no access to a data directory.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else listens there.
    #[error("{0} is taken by another program: stop it, or listen elsewhere with --listen")]
    PortTaken(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Unlistenable {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// The data directory, or a file in it, cannot be read or written.
    #[error("{}: {error}{}", .path.display(), hint(.error))]
    Directory {
        /// What was touched.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// There is no room.
    #[error("{}: the disk is full: make room and start again; nothing was damaged", .0.display())]
    DiskFull(PathBuf),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// There is nothing of Sortie's there.
    #[error("{}: no data of Sortie is here; `sortie serve` makes a data directory on its first start", .0.display())]
    NoData(PathBuf),
    /// A demo was to be made where something is already.
    #[error("{}: is not empty, and a demo is not mixed with other data: name an empty directory with --data-dir, or \
             leave --data-dir out", .0.display())]
    NoPlaceForDemo(PathBuf),
    /// A server was to go on with the data of a demo, or a backup to be put there.
    #[error("{}: belongs to `sortie serve --demo`, and nobody goes on with what is made up: name another directory \
             with --data-dir", .0.display())]
    MadeUp(PathBuf),
    /// The secrets file is missing or unreadable.
    #[error("{}: {why}", .path.display())]
    Secrets {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The certificate or its key cannot be used.
    #[error("TLS: {}: {why}", .path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// An option that only the component could judge.
    #[error("configuration: {0}")]
    Options(String),
    /// Something else.
    #[error("{0}")]
    Other(String),
}

impl StartError {
    /// The process's exit code. `docs/cli.md` lists them.
    pub fn exit_code(&self) -> u8 {
        match self {
            StartError::Other(_) => 1,
            StartError::Options(_) | StartError::NoPlaceForDemo(_) | StartError::MadeUp(_) => 2,
            StartError::NoData(_) => 3,
            StartError::PortTaken(_) | StartError::Unlistenable { .. } => 10,
            StartError::Directory { .. } => 11,
            StartError::DiskFull(_) => 12,
            StartError::Store(OpenError::ReadOnly(_) | OpenError::Io { .. }) => 11,
            StartError::Store(OpenError::Full(_)) => 12,
            StartError::Store(OpenError::InUse(_)) => 13,
            StartError::Store(OpenError::Foreign(_) | OpenError::Corrupt { .. }) => 14,
            StartError::Store(OpenError::Newer { .. }) => 15,
            StartError::Secrets { .. } => 16,
            StartError::Tls { .. } => 17,
        }
    }

    /// What the system says about a path of the data directory.
    pub(crate) fn at(path: impl Into<PathBuf>, error: io::Error) -> Self {
        let path = path.into();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StartError::DiskFull(path),
            _ => StartError::Directory { path, error },
        }
    }
}

/// What to do about the faults that a person can do something about.
fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ": the data directory must be writable; choose another with --data-dir"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => ": --data-dir must name a directory",
        _ => "",
    }
}
