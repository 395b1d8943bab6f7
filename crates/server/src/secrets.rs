//! The secrets file: what keys are hashed with and what secrets are encrypted with.
//!
//! It is made and flushed before the first key is shown, so that no key exists that the
//! next start could not check. It belongs to the data and stays out of backups of it: with
//! both, everything can be read; without it, no key works any more.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use config::Config;
use domain::secret::SealingKey;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::fault::StartError;
use crate::private_file;

/// What the file is called.
pub(crate) const FILE: &str = "secrets.toml";
const KEY_BYTES: usize = 32;

/// The installation's secrets.
#[derive(Debug)]
pub(crate) struct Secrets {
    hashing_key: SecretString,
    encryption_key: SecretString,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    hashing_key: String,
    encryption_key: String,
}

impl Secrets {
    /// Where they are.
    pub(crate) fn path_in(directory: &Path) -> PathBuf {
        directory.join(FILE)
    }

    /// Reads the secrets of a data directory; `None` if there are none yet.
    pub(crate) fn read(directory: &Path) -> Result<Option<Self>, StartError> {
        let path = Self::path_in(directory);
        let Some(text) = private_file::read(&path).map_err(|error| StartError::at(&path, error))? else {
            return Ok(None);
        };
        Self::parse(&text, &path).map(Some)
    }

    /// The secrets in a text, which stands in this file.
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self, StartError> {
        let unusable = || StartError::Secrets {
            path: path.to_owned(),
            why: "the secrets in this file cannot be used: restore it from where you keep it".to_owned(),
        };
        let written: Written = toml::from_str(text).map_err(|_| unusable())?;
        let secrets = Self { hashing_key: written.hashing_key.into(), encryption_key: written.encryption_key.into() };
        let whole = bytes_of(&secrets.hashing_key).is_some() && bytes_of(&secrets.encryption_key).is_some();
        if whole { Ok(secrets) } else { Err(unusable()) }
    }

    /// Makes the secrets of a new data directory. They are on disk when this returns.
    pub(crate) fn create(directory: &Path) -> Result<Self, StartError> {
        let path = Self::path_in(directory);
        let no_randomness = |error| StartError::Other(format!("the system gives no randomness: {error}"));
        let written = Written {
            hashing_key: fresh_key().map_err(no_randomness)?,
            encryption_key: fresh_key().map_err(no_randomness)?,
        };
        let text = format!(
            "# Made by Sortie on its first start. Whoever has this file and the data can read everything;\n\
             # without it no API key works any more. Keep a copy of it, but not beside backups of the data.\n{}",
            toml::to_string(&written).map_err(|error| StartError::Other(error.to_string()))?
        );
        private_file::write(&path, text.as_bytes()).map_err(|error| StartError::at(&path, error))?;
        Ok(Self { hashing_key: written.hashing_key.into(), encryption_key: written.encryption_key.into() })
    }

    /// The key of the environment, which wins over the file's.
    pub(crate) fn sealing_key_of(config: &Config) -> Result<Option<SealingKey>, StartError> {
        let Some(hex) = &config.encryption_key else { return Ok(None) };
        let wrong = "SORTIE_ENCRYPTION_KEY must be 64 hexadecimal digits; `openssl rand -hex 32` makes such a key";
        let key = bytes_of(hex).ok_or_else(|| StartError::Options(wrong.to_owned()))?;
        Ok(Some(SealingKey::new(key)))
    }

    /// The fault of a data directory whose secrets are gone.
    pub(crate) fn missing(directory: &Path) -> StartError {
        let why = "this file is missing, and without it no key of this data directory can be checked: \
                   restore it from where you keep it, or run `sortie restore` again, with --replace, if that was stopped half way"
            .to_owned();
        StartError::Secrets { path: Self::path_in(directory), why }
    }

    /// What API keys are hashed with.
    pub(crate) fn hashing_key(&self) -> [u8; KEY_BYTES] {
        bytes_of(&self.hashing_key).unwrap_or_else(|| unreachable!("checked when it was read"))
    }

    /// What stored secrets are encrypted with.
    pub(crate) fn sealing_key(&self) -> SealingKey {
        SealingKey::new(bytes_of(&self.encryption_key).unwrap_or_else(|| unreachable!("checked when it was read")))
    }
}

fn fresh_key() -> Result<String, getrandom::Error> {
    let mut bytes = [0u8; KEY_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

fn bytes_of(hex: &SecretString) -> Option<[u8; KEY_BYTES]> {
    let hex = hex.expose_secret();
    if hex.len() != 2 * KEY_BYTES || !hex.is_ascii() {
        return None;
    }
    let mut bytes = [0u8; KEY_BYTES];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secrets_are_found_again() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Secrets::read(dir.path()).unwrap().is_none());
        let made = Secrets::create(dir.path()).unwrap();
        let found = Secrets::read(dir.path()).unwrap().unwrap();
        assert_eq!(made.hashing_key(), found.hashing_key());
        assert_ne!(made.hashing_key(), bytes_of(&found.encryption_key).unwrap());
    }

    #[test]
    fn damaged_secrets_are_refused_and_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        // Longer than what the folder of a test is called by chance.
        let secret = "ab".repeat(20);
        let short = format!("hashing_key = \"{secret}\"\nencryption_key = \"cd\"");
        for text in ["", short.as_str(), "hashing_key = 5", "\u{0}"] {
            std::fs::write(Secrets::path_in(dir.path()), text).unwrap();
            let error = Secrets::read(dir.path()).unwrap_err();
            assert_eq!(error.exit_code(), 16);
            assert!(!error.to_string().contains(&secret), "{error}");
        }
    }
}
