//! What only the operator may do: organizations, people, keys, projects.
//!
//! Each request is a type in [`calls`]; its answer is made by the [`Desk`], whichever way it
//! came. [`Admin`] is the operator's end: it talks over the owner-only socket to the server
//! that holds the data directory, and where none does it opens the directory itself.
//!
//! One more thing to ask for: a type in [`calls`] with its [`Call`], and a line in
//! [`socket::router`].

pub mod calls;
mod desk;
mod reach;
pub(crate) mod socket;
pub mod views;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub(crate) use desk::Desk;
pub use reach::Admin;

/// Something that the operator can ask for.
pub trait Call: Serialize + DeserializeOwned + Send + 'static {
    /// Its name on the socket.
    const NAME: &'static str;
    /// What comes back.
    type Reply: Serialize + DeserializeOwned + Send + 'static;

    /// Does it.
    fn answer(self, desk: &Desk) -> impl Future<Output = Result<Self::Reply, AdminError>> + Send;
}

/// Why something the operator asked for was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct AdminError {
    /// What a program acts on.
    pub kind: AdminErrorKind,
    /// For people.
    pub message: String,
}

/// The kinds of [`AdminError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminErrorKind {
    /// What was asked breaks a rule.
    Invalid,
    /// The thing is not there.
    NotFound,
    /// Not allowed.
    Forbidden,
    /// It collides with what is there.
    Conflict,
    /// Something failed.
    Failed,
}

impl AdminError {
    pub(crate) fn new(kind: AdminErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl From<app::Error> for AdminError {
    fn from(error: app::Error) -> Self {
        use app::Error;
        let kind = match &error {
            Error::NotFound(_) | Error::Gone(_) => AdminErrorKind::NotFound,
            Error::Unauthenticated(_) | Error::Forbidden { .. } | Error::NotForYou(_) => AdminErrorKind::Forbidden,
            Error::Invalid(_) | Error::TooLarge { .. } => AdminErrorKind::Invalid,
            Error::Refused(_) | Error::Conflict(_) | Error::Repeated(_) | Error::UsedUp(_) => AdminErrorKind::Conflict,
            Error::RateLimited { .. } | Error::Provider(_) | Error::Busy | Error::Draining | Error::Store(_) => {
                AdminErrorKind::Failed
            }
        };
        // The store's own words are for the operator, unlike for tenants.
        let message = match &error {
            Error::Store(cause) => cause.to_string(),
            other => other.to_string(),
        };
        Self { kind, message }
    }
}
