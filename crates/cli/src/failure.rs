//! How a command fails: a line for people and a code for programs.

use std::io::Write;
use std::process::ExitCode;

use config::ConfigError;
use serde_json::json;
use server::admin::{AdminError, AdminErrorKind};
use server::{RestoreError, StartError};

/// The exit codes of every command. `docs/cli.md` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// It was tried and did not work.
    Failed = 1,
    /// The command line, the configuration or the request is wrong.
    Usage = 2,
    /// The thing is not there.
    NotFound = 3,
    /// No key, a wrong key, or a right is missing.
    NotAllowed = 4,
    /// Somebody else changed it, or its state does not allow it.
    Conflict = 5,
    /// No server answered.
    Unreachable = 6,
    /// The agent waits for somebody.
    Waiting = 7,
    /// Somebody pressed Ctrl-C.
    Interrupted = 130,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code: code as u8, message: message.into() }
    }

    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self::new(Code::Failed, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    /// Whether it failed in this way.
    pub(crate) fn is(&self, code: Code) -> bool {
        self.code == code as u8
    }

    /// What went wrong, for people.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Prints it, and gives the process's exit code.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        let mut stderr = std::io::stderr().lock();
        // Nobody may be there to read it; the code is told all the same.
        let _ = match json {
            true => writeln!(stderr, "{}", json!({ "error": { "code": self.code, "message": self.message } })),
            false => writeln!(stderr, "sortie: {}", crate::output::printable(&self.message)),
        };
        ExitCode::from(self.code)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self { code: error.exit_code(), message: error.to_string() }
    }
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        Self { code: error.exit_code(), message: error.to_string() }
    }
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        let code = match error.kind {
            AdminErrorKind::Invalid => Code::Usage,
            AdminErrorKind::NotFound => Code::NotFound,
            AdminErrorKind::Forbidden => Code::NotAllowed,
            AdminErrorKind::Conflict => Code::Conflict,
            AdminErrorKind::Failed => Code::Failed,
        };
        Self::new(code, error.message)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::other(error.to_string())
    }
}
