//! Secrets that things of ours carry: sealed before they are stored, opened where they are
//! used, shown nowhere.
//!
//! A sealed secret is bound to its [`Place`]. Whoever can write to the database can put it
//! elsewhere, but there it does not open.

use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305, XNonce};
use fast32::base32::CROCKFORD_LOWER;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::id::OrgId;

/// Random bytes that each sealing needs.
pub const NONCE_BYTES: usize = 24;

/// The first byte of what is sealed: the cipher and the key. A second key gets the next
/// number, and both open while the old one's secrets are sealed anew.
const VERSION: u8 = 1;

/// A secret that something of ours carries.
#[derive(Clone)]
pub enum Secret {
    /// As a caller gave it. It cannot be stored.
    Given(SecretString),
    /// A caller sent back what it was shown: the stored one stays.
    Kept,
    /// As it is stored.
    Sealed(Sealed),
}

impl Secret {
    /// What is shown instead of a secret. No header may hold these characters, so a caller
    /// that sends them back can only mean what it was shown.
    pub const MASK: &str = "••••••••";

    /// What a caller sent.
    pub fn from_caller(text: SecretString) -> Self {
        if text.expose_secret() == Self::MASK { Self::Kept } else { Self::Given(text) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::MASK)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Given(one), Self::Given(other)) => one.expose_secret() == other.expose_secret(),
            (Self::Kept, Self::Kept) => true,
            (Self::Sealed(one), Self::Sealed(other)) => one == other,
            _ => false,
        }
    }
}

/// Only what is sealed can be written down.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Sealed(sealed) => to.serialize_str(&sealed.0),
            Self::Given(_) | Self::Kept => {
                Err(serde::ser::Error::custom("a secret must be sealed before it is stored"))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self::Sealed(Sealed(String::deserialize(from)?)))
    }
}

/// A sealed secret: version, nonce, and what the cipher made of it, as text.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(String);

impl Sealed {
    /// As it travels.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What came back from a journey; whether it is sealed shows when it is opened.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// Where a sealed secret belongs.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The organization.
    pub org: OrgId,
    /// The row that carries it.
    pub row: Uuid,
    /// Whom it may be sent to.
    pub origin: &'a str,
    /// What it is called there.
    pub name: &'a str,
}

impl Place<'_> {
    /// The same bytes for no two places: the ids have one length, and neither an origin nor
    /// a name holds a zero byte.
    fn bytes(&self) -> Vec<u8> {
        let name = self.name.to_ascii_lowercase();
        let ids = [self.org.0.as_bytes().as_slice(), self.row.as_bytes()].concat();
        [[VERSION].as_slice(), &ids, self.origin.as_bytes(), &[0], name.as_bytes()].concat()
    }
}

/// A secret that does not open: the key is another one, or it was sealed for another place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it was not sealed here with this installation's key: give it again")]
pub struct NotOpened;

/// The installation's key for secrets at rest.
#[derive(Clone)]
pub struct SealingKey(XChaCha20Poly1305);

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

impl SealingKey {
    /// From 32 random bytes.
    pub fn new(key: [u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(&Key::from(key)))
    }

    /// Seals a secret for a place. The nonce must be random: the same one twice would betray
    /// both secrets.
    pub fn seal(&self, secret: &SecretString, place: Place<'_>, nonce: [u8; NONCE_BYTES]) -> Sealed {
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: &place.bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.unwrap_or_else(|_| unreachable!("the cipher takes any text that fits into memory"));
        let bytes = [[VERSION].as_slice(), &nonce, &sealed].concat();
        Sealed(CROCKFORD_LOWER.encode(&bytes))
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// [`NotOpened`], which tells nobody more than that.
    pub fn open(&self, sealed: &Sealed, place: Place<'_>) -> Result<SecretString, NotOpened> {
        let bytes = CROCKFORD_LOWER.decode(sealed.0.as_bytes()).map_err(|_| NotOpened)?;
        let (version, rest) = bytes.split_first().ok_or(NotOpened)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(NotOpened)?;
        if *version != VERSION {
            return Err(NotOpened);
        }
        let payload = Payload { msg: sealed, aad: &place.bytes() };
        let text = self.0.decrypt(&XNonce::from(*nonce), payload).map_err(|_| NotOpened)?;
        String::from_utf8(text).map(SecretString::from).map_err(|_| NotOpened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: [u8; NONCE_BYTES] = [5; NONCE_BYTES];

    fn key() -> SealingKey {
        SealingKey::new([9; 32])
    }

    fn place() -> Place<'static> {
        let (org, row) = (OrgId(Uuid::from_u128(1)), Uuid::from_u128(2));
        Place { org, row, origin: "https://a.test", name: "Authorization" }
    }

    fn sealed() -> Sealed {
        key().seal(&"Bearer hunter2".into(), place(), NONCE)
    }

    fn opened(key: &SealingKey, sealed: &Sealed, place: Place<'_>) -> Option<String> {
        key.open(sealed, place).ok().map(|secret| secret.expose_secret().to_owned())
    }

    #[test]
    fn it_opens_in_its_place_and_nowhere_else() {
        assert_eq!(opened(&key(), &sealed(), place()).as_deref(), Some("Bearer hunter2"));
        assert!(opened(&key(), &sealed(), Place { name: "authorization", ..place() }).is_some());
        for elsewhere in [
            Place { org: OrgId(Uuid::from_u128(7)), ..place() },
            Place { row: Uuid::from_u128(7), ..place() },
            Place { origin: "https://b.test", ..place() },
            Place { name: "X-Key", ..place() },
        ] {
            assert_eq!(opened(&key(), &sealed(), elsewhere), None, "{elsewhere:?}");
        }
        assert_eq!(opened(&SealingKey::new([8; 32]), &sealed(), place()), None);
    }

    #[test]
    fn a_changed_one_does_not_open() {
        let Sealed(text) = sealed();
        for at in 0..text.len() {
            let other = if &text[at..=at] == "0" { "1" } else { "0" };
            let mut changed = text.clone();
            changed.replace_range(at..=at, other);
            assert_eq!(opened(&key(), &Sealed(changed), place()), None, "character {at}");
            assert_eq!(opened(&key(), &Sealed(text[..at].to_owned()), place()), None, "cut at {at}");
        }
        assert_eq!(opened(&key(), &Sealed("Bearer hunter2".to_owned()), place()), None);
    }

    #[test]
    fn only_what_is_sealed_is_written() {
        let written = serde_json::to_string(&Secret::Sealed(sealed())).unwrap();
        assert!(!written.contains("hunter2"));
        assert_eq!(serde_json::from_str::<Secret>(&written).unwrap(), Secret::Sealed(sealed()));
        for unsealed in [Secret::from_caller("hunter2".into()), Secret::from_caller(Secret::MASK.into())] {
            let refused = serde_json::to_string(&unsealed).unwrap_err().to_string();
            assert!(refused.contains("sealed") && !refused.contains("hunter2"), "{refused}");
        }
    }

    #[test]
    fn nothing_prints_a_secret() {
        let given = Secret::from_caller("hunter2".into());
        let printed = format!("{given:?} {:?} {:?}", Secret::Sealed(sealed()), key());
        assert_eq!(printed, format!("{mask} {mask} SealingKey(…)", mask = Secret::MASK));
    }
}
