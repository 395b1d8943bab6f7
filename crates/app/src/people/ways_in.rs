//! The ways in that the operator opened: passwords, and issuers who vouch for people.

use std::sync::Arc;

use domain::org::Role;
use ports::Issuer;

use crate::App;
use crate::error::Error;

/// How people log in to this installation.
#[derive(Clone)]
pub struct WaysIn {
    /// Whether with a password. Without, the links of the operator still let people in, so that
    /// nobody locks themselves out of their own server.
    pub passwords: bool,
    /// Who vouches for people, in the order in which they are offered.
    pub issuers: Vec<TrustedIssuer>,
}

impl Default for WaysIn {
    fn default() -> Self {
        Self { passwords: true, issuers: Vec::new() }
    }
}

/// An issuer whose word the operator takes.
#[derive(Clone)]
pub struct TrustedIssuer {
    /// What it is called in addresses.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Whose addresses alone let in, however they are written; everybody's, if none is named.
    pub domains: Vec<String>,
    /// What becomes of those whom nobody has added; `None` keeps them out.
    pub joining: Option<Joining>,
    /// It.
    pub issuer: Arc<dyn Issuer>,
}

/// As what somebody becomes a member whom nobody has added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joining {
    /// Of which organization, by its id or its name; the first, if absent.
    pub org: Option<String>,
    /// What they may do there.
    pub role: Role,
}

impl App {
    /// How people log in here.
    pub fn ways_in(&self) -> &WaysIn {
        &self.ports().ways_in
    }

    /// Whether a password lets anybody in.
    ///
    /// # Errors
    /// [`Error::NotForYou`] if none does.
    pub(super) fn require_passwords(&self) -> Result<(), Error> {
        let why = "passwords are switched off here: log in with one of the accounts that the login page names";
        if self.ways_in().passwords { Ok(()) } else { Err(Error::NotForYou(why)) }
    }
}
