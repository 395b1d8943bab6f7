//! The login file: how the command line, and the curl line that `serve` prints, reach the
//! server without anyone typing a key.
//!
//! It holds header lines, so that `curl -H @FILE` reads it as it is. It is written by the
//! first start; later starts only set the address anew.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use crate::fault::StartError;
use crate::private_file;

const FILE: &str = "login";
const KEY_HEADER: &str = "x-api-key";
/// Harmless to a server, and the client's way to the address.
const ADDRESS_HEADER: &str = "x-sortie-server";

/// Where a server is, and the key it knows.
#[derive(Debug, Clone)]
pub struct Login {
    /// The base address: `http://127.0.0.1:7717`.
    pub address: String,
    /// The key.
    pub key: SecretString,
}

impl Login {
    /// The login file of a data directory.
    pub fn path_in(directory: &Path) -> PathBuf {
        directory.join(FILE)
    }

    /// Reads the login of a data directory; `None` if there is none.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn read(directory: &Path) -> Result<Option<Self>, StartError> {
        let path = Self::path_in(directory);
        let text = private_file::read(&path).map_err(|error| StartError::at(&path, error))?;
        Ok(text.and_then(|text| parse(&text)))
    }

    /// Writes the login of a data directory.
    pub(crate) fn write(&self, directory: &Path) -> Result<(), StartError> {
        let path = Self::path_in(directory);
        let text = format!("{KEY_HEADER}: {}\n{ADDRESS_HEADER}: {}\n", self.key.expose_secret(), self.address);
        private_file::write(&path, text.as_bytes()).map_err(|error| StartError::at(&path, error))
    }
}

fn parse(text: &str) -> Option<Login> {
    let value = |name: &str| {
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(found, _)| found.trim() == name).map(|(_, value)| value.trim().to_owned())
    };
    Some(Login { address: value(ADDRESS_HEADER)?, key: value(KEY_HEADER)?.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_found_again_and_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Login::read(dir.path()).unwrap().is_none());
        let login = Login { address: "http://127.0.0.1:7717".into(), key: "srt_abc".into() };
        login.write(dir.path()).unwrap();
        let found = Login::read(dir.path()).unwrap().unwrap();
        assert_eq!((found.address.as_str(), found.key.expose_secret()), ("http://127.0.0.1:7717", "srt_abc"));
        assert!(!format!("{found:?}").contains("srt_abc"));
    }

    #[test]
    fn a_login_without_a_key_is_none() {
        assert!(parse("x-sortie-server: http://127.0.0.1:1").is_none());
        assert!(parse("").is_none());
    }
}
