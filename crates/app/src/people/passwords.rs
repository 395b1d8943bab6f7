//! Passwords: hashed slowly on purpose, a few at a time.
//!
//! What is hashed is the keyed hash of the password under the installation's hashing key, so
//! that a copy of the database alone lets nobody try passwords.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use domain::key::KeyHash;
use domain::person::PasswordHash;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use crate::error::Error;
use crate::secret::{KeySecrets, random};

/// What OWASP advises for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashed side by side: each takes its memory, and a core.
const AT_ONCE: usize = 2;

/// Hashed or waiting to be. Whoever comes beyond is to come again.
const WAITING_MAX: usize = 64;

/// Sets a password apart from a key of the same text.
const LABEL: &str = "password:";

/// Where passwords are hashed.
pub(crate) struct Passwords {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(WAITING_MAX)), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Passwords {
    /// What is stored of a new password.
    pub(crate) async fn hash(&self, secrets: &KeySecrets, password: &SecretString) -> Result<PasswordHash, Error> {
        let salt = random::<16>()?;
        let hash = self.work(keyed(secrets, password), MEMORY_KIB, PASSES, salt).await?;
        Ok(PasswordHash { memory_kib: MEMORY_KIB, passes: PASSES, salt, hash })
    }

    /// Whether it is this person's password. For nobody's it takes as long to say no.
    pub(crate) async fn is_right(
        &self,
        secrets: &KeySecrets,
        password: &SecretString,
        stored: Option<&PasswordHash>,
    ) -> Result<bool, Error> {
        let nobodys = PasswordHash { memory_kib: MEMORY_KIB, passes: PASSES, salt: [0; 16], hash: [0; 32] };
        let PasswordHash { memory_kib, passes, salt, hash } = stored.unwrap_or(&nobodys).clone();
        let found = self.work(keyed(secrets, password), memory_kib, passes, salt).await?;
        Ok(bool::from(found.ct_eq(&hash)) && stored.is_some())
    }

    async fn work(&self, keyed: KeyHash, memory_kib: u32, passes: u32, salt: [u8; 16]) -> Result<[u8; 32], Error> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Error::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Error::Draining)?;
        let hashed = tokio::task::spawn_blocking(move || {
            // Held to the end of the work, though its caller may have left.
            let _held = (place, turn);
            argon2id(&keyed, memory_kib, passes, &salt)
        });
        hashed.await.unwrap_or_else(|error| Err(failed(&error)))
    }
}

fn keyed(secrets: &KeySecrets, password: &SecretString) -> KeyHash {
    secrets.hash(&format!("{LABEL}{}", password.expose_secret()))
}

fn argon2id(keyed: &KeyHash, memory_kib: u32, passes: u32, salt: &[u8]) -> Result<[u8; 32], Error> {
    let mut hash = [0; 32];
    let params = Params::new(memory_kib, passes, LANES, Some(hash.len())).map_err(|error| failed(&error))?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon.hash_password_into(&keyed.0, salt, &mut hash).map_err(|error| failed(&error))?;
    Ok(hash)
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::Store(ports::StoreError::Failed(format!("a password could not be hashed: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_recognised_under_this_installations_key_alone() {
        let (passwords, here) = (Passwords::default(), KeySecrets::new([1; 32]));
        let password = SecretString::from("correct horse battery");
        let stored = passwords.hash(&here, &password).await.unwrap();
        assert_ne!(stored, passwords.hash(&here, &password).await.unwrap(), "salted");
        let is_right = async |secrets: &KeySecrets, text: &str, stored: Option<&PasswordHash>| {
            passwords.is_right(secrets, &SecretString::from(text), stored).await.unwrap()
        };
        assert!(is_right(&here, "correct horse battery", Some(&stored)).await);
        assert!(!is_right(&here, "correct horse batterz", Some(&stored)).await);
        assert!(!is_right(&here, "correct horse battery", None).await);
        assert!(!is_right(&KeySecrets::new([2; 32]), "correct horse battery", Some(&stored)).await);
    }

    #[tokio::test]
    async fn what_is_beyond_the_queue_is_turned_away() {
        let (passwords, here) = (Passwords::default(), KeySecrets::new([1; 32]));
        let all = Arc::clone(&passwords.places).acquire_many_owned(WAITING_MAX as u32).await.unwrap();
        let asked = passwords.is_right(&here, &SecretString::from("a"), None).await;
        assert!(matches!(asked, Err(Error::Busy)));
        drop(all);
        assert!(!passwords.is_right(&here, &SecretString::from("a"), None).await.unwrap());
    }
}
