//! Who sent a message from outside: the signature under its bytes.

use domain::Timestamp;
use domain::deployment::SignatureScheme;
use domain::secret::Secret;
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use standardwebhooks::Webhook;
use subtle::ConstantTimeEq;

/// How far the time that a sender wrote may be from ours.
const WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// Signatures that are looked at; a sender that changes its secret sends two.
const SIGNATURES_MAX: usize = 10;

/// What of a message's headers proves something.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Proof<'a> {
    /// The message's name, as its sender signed it.
    pub(crate) id: Option<&'a str>,
    /// When it was sent, in seconds since 1970.
    pub(crate) timestamp: Option<&'a str>,
    /// The signature, or several.
    pub(crate) signature: Option<&'a str>,
}

/// What is wrong with a secret as a caller gave it.
pub(super) fn check_secret(scheme: SignatureScheme, secret: &Secret) -> Result<(), String> {
    let Secret::Given(text) = secret else { return Ok(()) };
    match scheme {
        SignatureScheme::StandardWebhooks => match Webhook::new(text.expose_secret()) {
            Ok(_) if !text.expose_secret().is_empty() => Ok(()),
            _ => Err("must be base 64, with or without whsec_ in front".to_owned()),
        },
        SignatureScheme::Github if text.expose_secret().is_empty() => Err("must not be empty".to_owned()),
        SignatureScheme::Github => Ok(()),
    }
}

/// Whether the bytes of a message are signed with the secret, and not too old to be taken.
pub(super) fn is_signed(
    scheme: SignatureScheme,
    secret: &SecretString,
    proof: Proof<'_>,
    bytes: &[u8],
    now: Timestamp,
) -> bool {
    let Some(given) = proof.signature else { return false };
    let expected = match scheme {
        SignatureScheme::StandardWebhooks => standard(secret, proof, bytes, now),
        SignatureScheme::Github => Some(github(secret, bytes)),
    };
    let fits = |given: &str| expected.as_ref().is_some_and(|own| bool::from(own.as_bytes().ct_eq(given.as_bytes())));
    given.split(' ').take(SIGNATURES_MAX).any(fits)
}

fn standard(secret: &SecretString, proof: Proof<'_>, bytes: &[u8], now: Timestamp) -> Option<String> {
    let seconds: i64 = proof.timestamp?.parse().ok()?;
    let sent = Timestamp::from_second(seconds).ok()?;
    if sent.duration_since(now).abs() > WINDOW {
        return None;
    }
    Webhook::new(secret.expose_secret()).ok()?.sign(proof.id?, seconds, bytes).ok()
}

fn github(secret: &SecretString, bytes: &[u8]) -> String {
    let hmac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.expose_secret().as_bytes());
    let mut hmac = hmac.unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
    hmac.update(bytes);
    let digits = hmac.finalize().into_bytes();
    let hex: String = digits.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use SignatureScheme::{Github, StandardWebhooks};

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn a_signature_of_github_is_that_of_its_documentation() {
        // The example of GitHub's documentation on validating deliveries.
        let signed = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let proof = |signature| Proof { signature: Some(signature), ..Proof::default() };
        let key = secret("It's a Secret to Everybody");
        let now = Timestamp::UNIX_EPOCH;
        assert!(is_signed(Github, &key, proof(signed), b"Hello, World!", now));
        assert!(!is_signed(Github, &key, proof(signed), b"Hello, World", now));
        assert!(!is_signed(Github, &secret("other"), proof(signed), b"Hello, World!", now));
        assert!(!is_signed(Github, &key, Proof::default(), b"Hello, World!", now));
        assert!(!is_signed(Github, &key, proof(""), b"Hello, World!", now));
    }

    #[test]
    fn a_standard_signature_holds_for_its_message_and_five_minutes() {
        let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let sent = 1_700_000_000;
        let signed = Webhook::new(text).unwrap().sign("msg_1", sent, b"{}").unwrap();
        let (both, stamp) = (format!("v1,bm9uZQ== {signed}"), sent.to_string());
        let proof = Proof { id: Some("msg_1"), timestamp: Some(&stamp), signature: Some(&both) };
        let at = |seconds: i64| Timestamp::from_second(sent + seconds).unwrap();
        let key = secret(text);
        for (seconds, holds) in [(0, true), (299, true), (-299, true), (301, false), (-301, false)] {
            assert_eq!(is_signed(StandardWebhooks, &key, proof, b"{}", at(seconds)), holds, "{seconds}");
        }
        for wrong in [
            Proof { id: Some("msg_2"), ..proof },
            Proof { id: None, ..proof },
            Proof { timestamp: Some("1700000001"), ..proof },
            Proof { timestamp: Some("soon"), ..proof },
            Proof { timestamp: Some("999999999999999999"), ..proof },
            Proof { signature: None, ..proof },
        ] {
            assert!(!is_signed(StandardWebhooks, &key, wrong, b"{}", at(0)), "{wrong:?}");
        }
        assert!(!is_signed(StandardWebhooks, &key, proof, b"{ }", at(0)));
    }

    #[test]
    fn a_secret_that_signs_nothing_is_refused() {
        let given = |text: &str| Secret::Given(secret(text));
        assert!(check_secret(StandardWebhooks, &given("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).is_ok());
        assert!(check_secret(StandardWebhooks, &given("not base 64!")).is_err());
        assert!(check_secret(StandardWebhooks, &given("")).is_err());
        assert!(check_secret(Github, &given("")).is_err());
        assert!(check_secret(Github, &Secret::Kept).is_ok());
    }
}
