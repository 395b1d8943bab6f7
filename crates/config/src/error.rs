//! What can be wrong with a configuration.

use std::path::PathBuf;

/// Why there is no configuration. Each says where the mistake stands and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read: {error}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The file is not TOML.
    #[error("the configuration file {}, line {line}, is not TOML: {message}", .path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// A key that does not exist.
    #[error("{origin}: there is no key `{key}`{}", hint(.nearest))]
    UnknownKey {
        /// The file, or the variable.
        origin: String,
        /// The key's path.
        key: String,
        /// The key, or variable, that was perhaps meant.
        nearest: Option<String>,
    },
    /// A variable whose parts are joined by one underscore.
    #[error("environment variable {written}: the parts are joined by two underscores: {meant}")]
    SingleUnderscore {
        /// As written.
        written: String,
        /// As meant.
        meant: String,
    },
    /// A value that is not what its key takes.
    #[error("{origin}: `{key}`: {message}")]
    WrongValue {
        /// The file, the variable or the flag.
        origin: String,
        /// The key's path.
        key: String,
        /// What is wrong with it.
        message: String,
    },
    /// Values that do not fit together.
    #[error("{0}")]
    Unfit(String),
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
}
