//! People who log in: their passwords, what their browsers have of it, and the links by which
//! they come in; and the issuers elsewhere who vouch for them.
//!
//! A member is somebody in one organization, and administrators write down about members what
//! they like. Whoever logs in is a person of the installation. They become a member of an
//! organization by that member's link ([`domain::person`]), or because an issuer that the operator
//! trusts has seen that the member's address is theirs ([`vouched`]).

mod attempts;
mod elsewhere;
mod links;
mod logins;
mod passwords;
mod vouched;
mod ways_in;

use std::net::IpAddr;

use domain::audit::{Act, Action, Actor, AuditEntry};
use domain::org::{Member, Org, Role};
use domain::person::{LinkKind, PASSWORD_CHARS};
use domain::{AuditId, Change, ChangeSet, MemberId, OrgId, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, FieldError};
use crate::secret::NewSecret;
use crate::{App, CallerView, Ctx};

pub(crate) use attempts::Attempts;
pub use attempts::network_of;
pub(crate) use elsewhere::Elsewhere;
pub use elsewhere::{BegunElsewhere, CameBack, CameIn, NotLetIn, TurnedAway};
pub(crate) use logins::KnownLogin;
pub(crate) use passwords::Passwords;
pub use ways_in::{Joining, TrustedIssuer, WaysIn};

/// Somebody who wants to log in.
#[derive(Debug, Clone)]
pub struct LogIn {
    /// Their address.
    pub email: String,
    /// Their password.
    pub password: SecretString,
    /// To which organization; the one they joined first, if absent.
    pub org: Option<OrgId>,
    /// Where they are and what their browser shows so far.
    pub browser: Browser,
}

/// Where a request to log in comes from.
#[derive(Debug, Clone, Default)]
pub struct Browser {
    /// Its address, as far as that is known.
    pub address: Option<IpAddr>,
    /// What it shows of a login from before, which is over when another takes its place.
    pub login: Option<SecretString>,
}

/// Somebody who has logged in.
#[derive(Debug, Clone)]
pub struct LoggedIn {
    /// They.
    pub ctx: Ctx,
    /// What their browser shows from now on.
    pub token: NewSecret,
}

/// Of whose logins one is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogOut {
    /// This browser's.
    Here,
    /// Every browser's of the same person.
    Everywhere,
}

/// Who a caller is, and where else they may go.
#[derive(Debug, Clone)]
pub struct LoginView {
    /// They.
    pub caller: CallerView,
    /// The organizations they can log in to, oldest first; a key's is its own.
    pub orgs: Vec<(Org, Role)>,
    /// When what they showed stops working by itself.
    pub expires_at: Option<Timestamp>,
}

/// A link that has just been made: the only time it can be shown.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// What stands in its address.
    pub token: NewSecret,
    /// What it is for.
    pub kind: LinkKind,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// What a link is for, for whoever has it.
#[derive(Debug, Clone)]
pub struct LinkView {
    /// What.
    pub kind: LinkKind,
    /// The organization.
    pub org: Org,
    /// As whom it lets in.
    pub member: Member,
    /// The address that they will log in with.
    pub email: String,
    /// Whether somebody logs in with it already.
    pub has_account: bool,
}

/// How a link is used.
#[derive(Debug, Clone)]
pub struct UseLink {
    /// Another name than the one they were invited by.
    pub name: Option<String>,
    /// Another address than the one that was written down; for the first owner alone.
    pub email: Option<String>,
    /// The password they will have, or that of the person who they are already. Whoever is
    /// logged in may leave it out, and joins as who they are.
    pub password: Option<SecretString>,
    /// They, if they are logged in.
    pub as_person: Option<Ctx>,
    /// Where they are.
    pub browser: Browser,
}

/// A password as it may be.
fn check_password(password: &SecretString, path: &str) -> Result<(), Error> {
    // Bytes first: characters are counted only of what is short.
    let text = password.expose_secret();
    let is_long = text.len() > 4 * PASSWORD_CHARS.end();
    if !is_long && PASSWORD_CHARS.contains(&text.chars().count()) {
        return Ok(());
    }
    let (least, most) = (PASSWORD_CHARS.start(), PASSWORD_CHARS.end());
    let message = format!("must have {least} to {most} characters");
    Err(Error::Invalid(vec![FieldError::new(path, message).code("bad_password")]))
}

impl App {
    /// The entry of something that a member does who is not, or not yet, a caller.
    fn done_by(&self, member: MemberId, act: Act, now: Timestamp) -> Change {
        let actor = Actor::Member { member, key: None };
        Change::Audit(AuditEntry { id: self.fresh::<AuditId>(), at: now, actor, act })
    }

    /// Writes down, once a minute for an address, that somebody gave a wrong password. Nobody
    /// waits for it, so that it takes no time by which a person could be told from nobody.
    fn tell_of_wrong_password(&self, person: domain::PersonId, from: Option<IpAddr>, now: Timestamp) {
        let app = self.clone();
        self.spawn(async move {
            if let Err(error) = app.write_down_wrong_password(person, from, now).await {
                tracing::warn!(%error, "a wrong password was not written down");
            }
        });
    }

    async fn write_down_wrong_password(
        &self,
        person: domain::PersonId,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), Error> {
        for membership in self.ports().store.people().list_memberships(person).await? {
            let act = Act::new(Action::LoginFailed, membership.member.id);
            let act = act.with_some("address", from.map(|from| from.to_string()));
            let entry = AuditEntry { id: self.fresh::<AuditId>(), at: now, actor: Actor::System, act };
            let changes = ChangeSet::of([Change::Audit(entry)]);
            crate::commit_in_time(&*self.store(membership.org.id), changes).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_a_length_and_no_other_rule() {
        for (text, is_good) in [
            ("123456789".to_owned(), false),
            ("1234567890".to_owned(), true),
            ("          ".to_owned(), true),
            ("ä".repeat(256), true),
            ("a".repeat(257), false),
            ("𝄞".repeat(256), true),
            ("a".repeat(1 << 20), false),
        ] {
            assert_eq!(
                check_password(&SecretString::from(text.clone()), "password").is_ok(),
                is_good,
                "{}",
                text.len()
            );
        }
    }
}
