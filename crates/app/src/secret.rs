//! Secrets of API keys: how they are made, recognised and hashed. Pure but for randomness.

use std::fmt;

use domain::key::KeyHash;
use fast32::base32::CROCKFORD_LOWER;
use fast32::base64::RFC4648;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::error::{Error, FieldError};

/// What our own keys begin with.
pub const PREFIX: &str = "srt_";

/// What the secrets of webhooks begin with, here and elsewhere.
const WEBHOOK_PREFIX: &str = "whsec_";

/// Base-32 digits of 256 random bits.
const BODY_DIGITS: usize = 52;

/// Base-32 digits of the checksum: enough that a typing slip passes once in a billion.
const CHECK_DIGITS: usize = 6;

/// How long a key that somebody chose themselves may be.
const GIVEN_CHARS: std::ops::RangeInclusive<usize> = 32..=256;

/// The installation's hashing key. API keys are stored only as their hash under it.
#[derive(Clone)]
pub struct KeySecrets(Hmac<Sha256>);

impl fmt::Debug for KeySecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecrets(…)")
    }
}

impl KeySecrets {
    /// From the 32 random bytes that the installation keeps in its owner-only file.
    pub fn new(hashing_key: [u8; 32]) -> Self {
        let hmac = <Hmac<Sha256> as KeyInit>::new_from_slice(&hashing_key);
        Self(hmac.unwrap_or_else(|_| unreachable!("HMAC takes a key of any length")))
    }

    /// What is stored of a key.
    pub(crate) fn hash(&self, key: &str) -> KeyHash {
        let mut hmac = self.0.clone();
        hmac.update(key.as_bytes());
        KeyHash(hmac.finalize().into_bytes().into())
    }
}

/// A key that has just been made: the only time it can be shown.
#[derive(Debug, Clone)]
pub struct NewSecret(SecretString);

impl NewSecret {
    /// The key itself. To be shown once, never logged or stored.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// Its first characters, for people to recognise it by.
    pub(crate) fn hint(&self) -> String {
        let shown = if self.reveal().starts_with(PREFIX) { PREFIX.len() + 4 } else { 4 };
        self.reveal().chars().take(shown).collect()
    }

    /// A key of our own form: prefix, 256 random bits, checksum.
    ///
    /// # Errors
    /// The operating system gave no randomness.
    pub fn sortie() -> Result<Self, Error> {
        let body = CROCKFORD_LOWER.encode(&random::<32>()?);
        let key = format!("{PREFIX}{body}{}", checksum(&body));
        Ok(Self(key.into()))
    }

    /// What stands for a login, or in the address of a link: 256 random bits.
    ///
    /// # Errors
    /// The operating system gave no randomness.
    pub(crate) fn token() -> Result<Self, Error> {
        Ok(Self(CROCKFORD_LOWER.encode(&random::<32>()?).into()))
    }

    /// A key that is a UUIDv4, for clients that recognise nothing else as a key.
    ///
    /// # Errors
    /// The operating system gave no randomness.
    pub fn uuid() -> Result<Self, Error> {
        let key = uuid::Builder::from_random_bytes(random::<16>()?).into_uuid().to_string();
        Ok(Self(key.into()))
    }

    /// A key that somebody chose: 32 to 256 printable characters.
    ///
    /// # Errors
    /// It is shorter, longer, or not printable.
    pub fn given(key: &SecretString) -> Result<Self, Error> {
        let text = key.expose_secret();
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        if !printable || !GIVEN_CHARS.contains(&text.len()) {
            let message = "must be 32 to 256 printable ASCII characters without spaces";
            return Err(Error::Invalid(vec![FieldError::new("key", message).code("bad_key")]));
        }
        Ok(Self(key.clone()))
    }
}

/// What a webhook signs with: the only time it can be shown is when it has been made.
#[derive(Debug, Clone)]
pub struct WebhookSecret(SecretString);

impl WebhookSecret {
    /// 256 random bits in the form of Standard Webhooks.
    ///
    /// # Errors
    /// The operating system gave no randomness.
    pub(crate) fn fresh() -> Result<Self, Error> {
        let random = RFC4648.encode(&random::<32>()?);
        Ok(Self(format!("{WEBHOOK_PREFIX}{random}").into()))
    }

    /// The secret itself. To be shown once, never logged or stored.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<SecretString> for WebhookSecret {
    fn from(secret: SecretString) -> Self {
        Self(secret)
    }
}

/// Whether a text looks like one of our own keys that was mistyped or cut: it has their
/// prefix, and its checksum does not fit.
pub fn is_mangled(key: &str) -> bool {
    let Some(rest) = key.strip_prefix(PREFIX) else { return false };
    let whole = rest.is_ascii() && rest.len() == BODY_DIGITS + CHECK_DIGITS;
    !(whole && checksum(&rest[..BODY_DIGITS]) == rest[BODY_DIGITS..])
}

fn checksum(body: &str) -> String {
    let digest = Sha256::digest(body.as_bytes());
    let mut digits = CROCKFORD_LOWER.encode(&digest[..4]);
    digits.truncate(CHECK_DIGITS);
    digits
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Store(ports::StoreError::Failed(format!("no randomness: {error}"))))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn our_keys_are_long_distinct_and_whole() {
        let (first, second) = (NewSecret::sortie().unwrap(), NewSecret::sortie().unwrap());
        assert_ne!(first.reveal(), second.reveal());
        assert_eq!(first.reveal().len(), PREFIX.len() + BODY_DIGITS + CHECK_DIGITS);
        assert!(!is_mangled(first.reveal()));
        assert_eq!(first.hint(), first.reveal()[..8]);
    }

    #[test]
    fn a_uuid_key_is_a_version_4_uuid() {
        let key = NewSecret::uuid().unwrap();
        assert_eq!(uuid::Uuid::parse_str(key.reveal()).unwrap().get_version_num(), 4);
        assert!(!is_mangled(key.reveal()));
    }

    #[test]
    fn a_given_key_is_long_and_printable() {
        let given = |key: &str| NewSecret::given(&SecretString::from(key)).is_ok();
        assert!(given(&"k".repeat(32)) && given(&"~".repeat(256)));
        assert!(!given(&"k".repeat(31)) && !given(&"k".repeat(257)));
        assert!(!given(&format!("{} {}", "k".repeat(20), "k".repeat(20))));
        assert!(!given(&format!("{}\n", "k".repeat(40))));
    }

    #[test]
    fn the_hash_depends_on_the_key_and_on_the_installation() {
        let here = KeySecrets::new([1; 32]);
        assert_eq!(here.hash("a"), here.hash("a"));
        assert_ne!(here.hash("a"), here.hash("b"));
        assert_ne!(here.hash("a"), KeySecrets::new([2; 32]).hash("a"));
    }

    #[test]
    fn nothing_prints_a_secret() {
        let key = NewSecret::sortie().unwrap();
        let secret = WebhookSecret::fresh().unwrap();
        let printed = format!("{key:?} {:?} {secret:?}", KeySecrets::new([7; 32]));
        assert!(!printed.contains(&key.reveal()[8..]) && !printed.contains(&secret.reveal()[6..]));
        assert!(!printed.contains('7'));
    }

    proptest! {
        #[test]
        fn one_wrong_or_missing_character_is_noticed(at in 4usize..62, to in "[0-9a-z]") {
            let key = NewSecret::sortie().unwrap();
            let cut = &key.reveal()[..at];
            prop_assert!(is_mangled(cut));
            let mut changed = key.reveal().to_owned();
            changed.replace_range(at..=at, &to);
            prop_assert_eq!(is_mangled(&changed), changed != key.reveal());
        }

        #[test]
        fn any_text_is_judged(text in "(srt_)?.{0,80}") {
            prop_assert!(text.starts_with(PREFIX) || !is_mangled(&text));
        }
    }
}
