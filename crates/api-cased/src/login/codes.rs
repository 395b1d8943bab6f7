//! The codes of a login: one for the program, which nobody can guess, and a short one for the
//! person, which is guarded by how often it may be tried.

use fast32::base32::CROCKFORD_LOWER;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Letters that cannot be taken for digits.
const LETTERS: &[u8; 23] = b"ABCDEFGHJKMNPQRSTUVWXYZ";
const DIGITS: &[u8; 10] = b"0123456789";

/// A program's code as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct DeviceHash([u8; 32]);

impl DeviceHash {
    pub(super) fn of(code: &str) -> Self {
        Self(Sha256::digest(code.as_bytes()).into())
    }
}

/// A code for a program, made of three random UUIDs: more than 32 random bytes.
pub(super) fn device_code(random: [Uuid; 3]) -> String {
    random.iter().map(|uuid| CROCKFORD_LOWER.encode(uuid.as_bytes())).collect()
}

/// A code for a person: `ABCD-1234`.
pub(super) fn user_code(random: Uuid) -> String {
    // The bits in the middle of a random UUID say its version.
    let mut bits = Sha256::digest(random.as_bytes()).iter().fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
    let mut pick = |from: &[u8]| {
        let count = from.len() as u128;
        let picked = from[(bits % count) as usize];
        bits /= count;
        char::from(picked)
    };
    let letters: String = (0..4).map(|_| pick(LETTERS)).collect();
    let digits: String = (0..4).map(|_| pick(DIGITS)).collect();
    format!("{letters}-{digits}")
}

/// A person's code as it is compared: case, spaces and hyphen do not matter.
pub(super) fn folded(code: &str) -> String {
    code.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_uppercase()).take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_persons_code_is_four_letters_and_four_digits() {
        for n in 0..1_000 {
            let code = user_code(Uuid::from_u128(n));
            let (letters, digits) = code.split_once('-').unwrap();
            assert!(letters.len() == 4 && letters.bytes().all(|byte| LETTERS.contains(&byte)), "{code}");
            assert!(digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
            assert_eq!(folded(&format!(" {} ", code.to_lowercase().replace('-', ""))), folded(&code));
        }
        assert!(!LETTERS.iter().any(|letter| b"ILO".contains(letter)));
    }

    #[test]
    fn a_programs_code_holds_all_of_its_randomness() {
        let code = device_code([Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3)]);
        assert_eq!(code.len(), 3 * 26);
        assert_ne!(DeviceHash::of(&code), DeviceHash::of(&code[1..]));
    }
}
