//! Ids: one distinct type for each kind of thing.
//!
//! An id is a UUID. It is written as a prefix, an underscore and the UUID as 26
//! characters of Crockford base 32 in lower case (the TypeID spelling). Two more spellings
//! are accepted as well: the plain UUID, and [a compact one](AgentId::compact) of 25
//! characters. Ids carry no order: order is the store's (`seq`, `position`).

use std::fmt;
use std::str::FromStr;

use fast32::base32::CROCKFORD_LOWER;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_…")]
pub struct NotAnId {
    /// The prefix the id should have had, without the underscore.
    pub prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// What the written id begins with, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// The spelling without a prefix: `c` and 24 digits of base 36. It holds what is
            /// free in an id of ours, which is always a UUID of version 7.
            pub fn compact(self) -> String {
                compact(self.0)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write(f, Self::PREFIX, self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write(f, Self::PREFIX, self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                read(Self::PREFIX, text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl From<$name> for AnyId {
            fn from(id: $name) -> Self {
                AnyId { prefix: $prefix, uuid: id.0 }
            }
        }
    )*};
}

ids! {
    /// An agent.
    AgentId = "agent";
    /// A session: one conversation with one agent.
    SessionId = "sesn";
    /// A run: one activation of the agent in a session.
    RunId = "run";
    /// An entry of a session's log.
    EventId = "sevt";
    /// An API key.
    KeyId = "key";
    /// An organization: the tenant.
    OrgId = "org";
    /// A person in an organization.
    MemberId = "user";
    /// Somebody who logs in, whichever organizations they are in.
    PersonId = "person";
    /// What a browser has after somebody has logged in.
    LoginId = "login";
    /// A project: part of an organization, owner of agents.
    ProjectId = "proj";
    /// A tool of a project.
    ToolId = "tool";
    /// A provider of models that an organization brought.
    ProviderId = "prov";
    /// A document an agent knows.
    DocumentId = "doc";
    /// A deployment: one way an agent is put to use.
    DeploymentId = "depl";
    /// A time that a deployment began something.
    DeploymentRunId = "drun";
    /// A rollout: a software deployment that a pipeline reported.
    RolloutId = "rollout";
    /// A rule that says which rollouts wait for approval.
    ApprovalRuleId = "rule";
    /// An entry of the audit log.
    AuditId = "audit";
    /// An address that is told what happens.
    WebhookId = "hook";
    /// Something on its way to a webhook; what `webhook-id` says of it there.
    DeliveryId = "msg";
}

/// An id of any kind, as an error message names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnyId {
    prefix: &'static str,
    uuid: Uuid,
}

impl fmt::Display for AnyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.prefix, self.uuid)
    }
}

/// The digits, each worth five bits.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Every event, stored or streamed, has several ids: they are written without an allocation.
fn write(f: &mut fmt::Formatter<'_>, prefix: &str, uuid: Uuid) -> fmt::Result {
    let mut bits = uuid.as_u128();
    let mut written = [b'0'; 26];
    for digit in written.iter_mut().rev() {
        *digit = DIGITS[(bits % 32) as usize];
        bits /= 32;
    }
    f.write_str(prefix)?;
    f.write_str("_")?;
    f.write_str(str::from_utf8(&written).map_err(|_| fmt::Error)?)
}

fn read(prefix: &'static str, text: &str) -> Result<Uuid, NotAnId> {
    let wrong = NotAnId { prefix };
    let Some(digits) = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')) else {
        return match text.len() {
            36 => Uuid::try_parse(text).map_err(|_| wrong),
            COMPACT_LENGTH => read_compact(text).ok_or(wrong),
            _ => Err(wrong),
        };
    };
    // One spelling for one id: no upper case, no look-alike digits, no overflow.
    let canonical = digits.len() == 26 && digits.as_bytes()[0] <= b'7' && digits.bytes().all(|b| DIGITS.contains(&b));
    if !canonical {
        return Err(wrong);
    }
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(Uuid::nil());
    }
    CROCKFORD_LOWER.decode_u128(significant.as_bytes()).map(Uuid::from_u128).map_err(|_| wrong)
}

/// `c` and the digits.
const COMPACT_LENGTH: usize = 1 + COMPACT_DIGITS;
const COMPACT_DIGITS: usize = 24;
const BASE_36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// The two bits of the variant and what is below them, and what is between them and the four
/// bits of the version: all that is not the same in every UUID of version 7.
const BELOW_VARIANT: u32 = 62;
const BELOW_VERSION: u32 = BELOW_VARIANT + 2 + 12;
const VERSION_7: u128 = (0x7 << BELOW_VERSION) | (0b10 << BELOW_VARIANT);

fn compact(uuid: Uuid) -> String {
    let bits = uuid.as_u128();
    let low = bits & ((1 << BELOW_VARIANT) - 1);
    let middle = (bits >> (BELOW_VARIANT + 2)) & ((1 << 12) - 1);
    let high = bits >> (BELOW_VERSION + 4);
    let mut free = (((high << 12) | middle) << BELOW_VARIANT) | low;
    let mut digits = [b'0'; COMPACT_LENGTH];
    digits[0] = b'c';
    for digit in digits[1..].iter_mut().rev() {
        *digit = BASE_36[(free % 36) as usize];
        free /= 36;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

fn read_compact(text: &str) -> Option<Uuid> {
    let digits = text.strip_prefix('c')?;
    let mut free: u128 = 0;
    for byte in digits.bytes() {
        let digit = BASE_36.iter().position(|known| *known == byte)?;
        // 24 digits hold less than a `u128` does.
        free = free * 36 + digit as u128;
    }
    let high = free >> (BELOW_VARIANT + 12);
    if high >> 48 != 0 {
        return None;
    }
    let middle = (free >> BELOW_VARIANT) & ((1 << 12) - 1);
    let low = free & ((1 << BELOW_VARIANT) - 1);
    let bits = (high << (BELOW_VERSION + 4)) | (middle << (BELOW_VARIANT + 2)) | low | VERSION_7;
    Some(Uuid::from_u128(bits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_reads_back_in_both_spellings(bits: u128) {
            let id = RunId(Uuid::from_u128(bits));
            let written = id.to_string();
            prop_assert_eq!(written.len(), "run_".len() + 26);
            prop_assert_eq!(written.parse::<RunId>(), Ok(id));
            prop_assert_eq!(id.0.to_string().parse::<RunId>(), Ok(id));
        }

        #[test]
        fn an_id_of_ours_reads_back_in_its_compact_spelling(bits: u128) {
            let ours = SessionId(uuid::Builder::from_u128(bits)
                .with_version(uuid::Version::SortRand)
                .with_variant(uuid::Variant::RFC4122)
                .into_uuid());
            let written = ours.compact();
            prop_assert!(written.len() == 25 && written.starts_with('c'), "{}", written);
            prop_assert_eq!(written.parse::<SessionId>(), Ok(ours));
        }

        #[test]
        fn any_text_is_refused_or_read(text in ".{0,40}|c[0-9a-zA-Z]{24}") {
            if let Ok(id) = text.parse::<AgentId>() {
                let spellings = [id.to_string(), id.0.to_string(), id.compact()];
                prop_assert!(spellings.contains(&text) || spellings[1] == text.to_lowercase());
            }
        }
    }

    #[test]
    fn another_kind_of_id_is_refused() {
        let run = RunId(Uuid::from_u128(7)).to_string();
        assert!(run.parse::<AgentId>().is_err());
        assert!("run_zzzzzzzzzzzzzzzzzzzzzzzzzz".parse::<RunId>().is_err());
        assert!(format!("c{}", "z".repeat(24)).parse::<RunId>().is_err(), "more than an id has bits");
    }
}
