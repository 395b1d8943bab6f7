//! Keys and scopes: who may do what.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::change::{Change, ChangeSet};
use crate::id::{KeyId, MemberId, ProjectId};

/// An API key, without the key itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Key {
    /// Its id.
    pub id: KeyId,
    /// For people.
    pub name: String,
    /// The first characters, for people to recognise it by. Never enough to use it.
    pub hint: String,
    /// Keyed hash of the key.
    pub hash: KeyHash,
    /// Whose rights it carries.
    pub creator: MemberId,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The only project it reaches; `None` is all.
    pub project: Option<ProjectId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// HMAC-SHA-256 of a key under the installation's hashing key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyHash(pub [u8; 32]);

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

impl Key {
    /// Whether it opens anything at this time.
    pub fn works_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Stops working at once. Revoking twice changes nothing.
    pub fn revoke(self, now: Timestamp) -> (Key, ChangeSet) {
        if self.revoked_at.is_some() {
            return (self, ChangeSet::default());
        }
        let changes = ChangeSet::of([Change::RevokeKey { key: self.id, at: now }]);
        (Key { revoked_at: Some(now), ..self }, changes)
    }
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// One right of a key.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope { $($(#[$doc])* $name,)* }

        impl Scope {
            /// All of them.
            pub const ALL: &'static [Scope] = &[$(Scope::$name,)*];

            /// As written in requests and configuration.
            pub fn as_str(self) -> &'static str {
                match self { $(Scope::$name => $text,)* }
            }
        }
    };
}

scopes! {
    /// See agents.
    AgentsRead = "agents:read";
    /// Make and change agents and tools.
    AgentsWrite = "agents:write";
    /// Start runs.
    AgentsRun = "agents:run";
    /// See sessions and their logs.
    SessionsRead = "sessions:read";
    /// Make sessions and steer them.
    SessionsWrite = "sessions:write";
    /// See rollouts.
    RolloutsRead = "rollouts:read";
    /// Report rollouts.
    RolloutsWrite = "rollouts:write";
    /// See deployments.
    DeploymentsRead = "deployments:read";
    /// Make and change deployments.
    DeploymentsWrite = "deployments:write";
    /// See knowledge.
    KnowledgeRead = "knowledge:read";
    /// Add and remove knowledge.
    KnowledgeWrite = "knowledge:write";
    /// See what waits for approval.
    ApprovalsRead = "approvals:read";
    /// Decide it.
    ApprovalsDecide = "approvals:decide";
    /// See providers.
    ProvidersRead = "providers:read";
    /// Set up providers.
    ProvidersWrite = "providers:write";
    /// See keys.
    KeysRead = "keys:read";
    /// Make and revoke keys.
    KeysWrite = "keys:write";
    /// See usage and cost.
    UsageRead = "usage:read";
    /// Everything, administration included.
    Admin = "admin";
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope {0:?}")]
pub struct UnknownScope(pub String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Scope::ALL.iter().copied().find(|scope| scope.as_str() == text).ok_or_else(|| UnknownScope(text.to_owned()))
    }
}

impl Serialize for Scope {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The rights of one caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// These and no others.
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Self {
        Self(scopes.into_iter().collect())
    }

    /// Everything.
    pub fn all() -> Self {
        Self::of(Scope::ALL.iter().copied())
    }

    /// Whether this right is among them; `admin` holds every other.
    pub fn hold(&self, scope: Scope) -> bool {
        self.0.iter().any(|held| *held == scope || *held == Scope::Admin)
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }
}
