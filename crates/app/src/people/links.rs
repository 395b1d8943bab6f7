//! Links by which people come in: made by those who administer, used once.
//!
//! Whoever makes a link can use it. So it lets nobody in as a member who is more than its maker is
//! at the moment, and sets no password of a person who is in other organizations too: that is the operator's.

use std::sync::Arc;

use domain::audit::{Act, Action};
use domain::key::Scope;
use domain::org::{Member, Org, Role};
use domain::person::{Link, LinkKind, Person, PersonChange};
use domain::{Change, ChangeSet, MemberId, PersonId};
use ports::store::LinkOfMember;
use secrecy::SecretString;

use super::logins::Opening;
use super::{LinkView, LoggedIn, NewLink, UseLink, check_password};
use crate::error::{Error, Faults, Missing};
use crate::members::may_change;
use crate::orgs::{is_email, is_name};
use crate::secret::NewSecret;
use crate::{App, Ctx, Operator};

/// Who comes in by a link, and what that changes.
struct Entrance {
    person: Person,
    changes: Vec<PersonChange>,
}

impl App {
    /// A link by which a member who cannot log in yet can. A link from before is over.
    ///
    /// # Errors
    /// The caller may not, the member is not there or can log in already, or the store failed.
    pub async fn invite_member(&self, ctx: &Ctx, id: MemberId) -> Result<NewLink, Error> {
        self.make_link(ctx, id, LinkKind::Invitation).await
    }

    /// A link by which a member sets another password. A link from before is over.
    ///
    /// # Errors
    /// The caller may not, the member is not there or cannot log in, they are in other
    /// organizations too and the caller is not the operator, or the store failed.
    pub async fn offer_reset(&self, ctx: &Ctx, id: MemberId) -> Result<NewLink, Error> {
        self.make_link(ctx, id, LinkKind::Reset).await
    }

    /// A link for the first owner of the operator's organization: to come in, or to set another
    /// password.
    ///
    /// # Errors
    /// The store failed.
    pub async fn link_for_owner(&self, operator: &Operator, org: &Org) -> Result<NewLink, Error> {
        let ctx = operator.acting_for(org.id, self.now());
        let store = self.store(org.id);
        let mut owners = store.list_members().await?;
        owners.retain(|member| member.is_active() && member.role == Role::Owner);
        let first = owners.first().ok_or_else(|| Error::not_found(org.id))?;
        for owner in &owners {
            if store.find_person_of(owner.id).await?.is_some() {
                return self.make_link(&ctx, owner.id, LinkKind::Reset).await;
            }
        }
        self.make_link(&ctx, first.id, LinkKind::Owner).await
    }

    /// Whether no owner of the first organization can log in.
    ///
    /// # Errors
    /// The store failed.
    pub async fn is_owner_needed(&self) -> Result<bool, Error> {
        Ok(!self.ports().store.people().has_owner().await?)
    }

    async fn make_link(&self, ctx: &Ctx, id: MemberId, kind: LinkKind) -> Result<NewLink, Error> {
        ctx.require_whole(Scope::Admin)?;
        if !ctx.is_operator() {
            // A link lets in whom no issuer vouches for.
            self.require_passwords()?;
        }
        let store = self.store(ctx.org);
        let found = store.find_member(id).await?.filter(|member| member.removed_at.is_none());
        let member = found.ok_or_else(|| Error::not_found(id))?;
        may_change(ctx, member.role)?;
        if !member.is_active() {
            return Err(Error::Conflict("this member is suspended: reinstate them first".into()));
        }
        match (kind, store.find_person_of(id).await?) {
            (LinkKind::Reset, None) => {
                return Err(Error::Conflict("this member cannot log in yet: invite them instead".into()));
            }
            (LinkKind::Reset, Some(person)) => self.may_reset(ctx.is_operator(), person).await?,
            (_, Some(_)) => {
                let message = "this member can log in already: if the password is forgotten, make a link to reset it";
                return Err(Error::Conflict(message.into()));
            }
            (_, None) => {}
        }
        let token = NewSecret::token()?;
        let link = Link::new(id, self.0.secrets.hash(token.reveal()), kind, ctx.member, ctx.now);
        let expires_at = link.expires_at;
        let action = match kind {
            LinkKind::Reset => Action::MemberResetOffered,
            LinkKind::Invitation | LinkKind::Owner => Action::MemberInvited,
        };
        let act = Act::new(action, id).with("email", member.email).with("expires_at", expires_at.to_string());
        let changes = [Change::Person(PersonChange::PutLink(link)), self.audited(ctx, act)];
        let committed = crate::commit_in_time(&*store, ChangeSet::of(changes)).await?;
        committed.map(|_| NewLink { token, kind, expires_at }).ok_or_else(|| Error::not_found(id))
    }

    /// Whether somebody may have a person's password set anew.
    async fn may_reset(&self, is_operator: bool, person: PersonId) -> Result<(), Error> {
        let is_theirs = is_operator || self.ports().store.people().list_memberships(person).await?.len() <= 1;
        let why = "this person is in other organizations too: only who runs this server can reset their password, \
                   with `sortie members reset`";
        if is_theirs { Ok(()) } else { Err(Error::NotForYou(why)) }
    }

    /// What a link is for.
    ///
    /// # Errors
    /// It was used, is over or never was, which look the same; or the store failed.
    pub async fn find_link(&self, token: &str) -> Result<LinkView, Error> {
        let LinkOfMember { org, link, member, person } = self.good_link(token).await?;
        let people = self.ports().store.people();
        let joined = match person {
            Some(person) => people.find_person(person).await?,
            None => people.find_person_by_email(&member.email).await?,
        };
        let has_account = joined.is_some();
        // Of somebody else's account nothing is told but that there is one.
        let email = joined.filter(|_| person.is_some()).map_or_else(|| member.email.clone(), |person| person.email);
        Ok(LinkView { kind: link.kind, org, member, email, has_account })
    }

    /// Comes in by a link, which is used up.
    ///
    /// # Errors
    /// The link is not good any more; a field is wrong; the address is somebody's who has
    /// another password; they are in the organization already; or the store failed.
    pub async fn use_link(&self, token: &str, using: UseLink) -> Result<LoggedIn, Error> {
        let LinkOfMember { org, link, member, person } = self.good_link(token).await?;
        let entrance = match person {
            Some(person) => self.reset_by_link(person, using.password.as_ref()).await?,
            None => self.join_by_link(&org, &link, &member, &using).await?,
        };
        let turn = Arc::clone(&self.0.member_changes).lock_owned().await;
        // No member changes any more until this is done: not the one who comes in, nor the maker.
        let before = self.good_link(token).await?.member;
        let after = renamed(&before, &link, &using, &entrance)?;
        let opening = self.describe_login(&entrance.person, &after, &using.browser).await?;
        let opening = Opening { turn: Some(turn), ..opening };
        let email = entrance.person.email;
        let used = PersonChange::UseLink { member: link.member, hash: link.hash };
        let changes = [used].into_iter().chain(entrance.changes).map(Change::Person);
        let put = (after != before).then(|| Change::PutMember(after.clone()));
        let action = if person.is_some() { Action::PasswordReset } else { Action::MemberJoined };
        let recorded = self.done_by(member.id, Act::new(action, member.id), self.now());
        let changes = ChangeSet::of(changes.chain(put).chain(opening.changes())).with(recorded);
        let opened = self.open_login(org.id, after, opening, changes, person).await;
        let opened = opened.map_err(|error| match error {
            // It was used meanwhile, or is not good for what it was.
            Error::NotFound(_) => no_link(),
            other => other,
        })?;
        self.0.attempts.forgive(&email);
        Ok(opened)
    }

    async fn good_link(&self, token: &str) -> Result<LinkOfMember, Error> {
        let found = self.ports().store.people().find_link(self.0.secrets.hash(token)).await?.ok_or_else(no_link)?;
        if found.link.maker.is_some() && !self.ways_in().passwords {
            return Err(no_link());
        }
        let maker = match found.link.maker {
            Some(maker) => self.store(found.org.id).find_member(maker).await?,
            None => None,
        };
        if !found.link.opens(&found.member, maker.as_ref(), found.person.is_some(), self.now()) {
            return Err(no_link());
        }
        if let Some(person) = found.person {
            // They may have come into another organization since it was made.
            self.may_reset(found.link.maker.is_none(), person).await.map_err(|error| match error {
                Error::NotForYou(_) => no_link(),
                other => other,
            })?;
        }
        Ok(found)
    }

    /// Another password for a person. All that they have open is over, and nobody vouches for them.
    async fn reset_by_link(&self, person: PersonId, password: Option<&SecretString>) -> Result<Entrance, Error> {
        let hash = self.hash_new(password).await?;
        let found = self.ports().store.people().find_person(person).await?.ok_or_else(no_link)?;
        let (person, put) = found.with_password(hash);
        // Whoever came in elsewhere as them proves anew that the address is theirs.
        let changes = vec![put, PersonChange::EndLogins(person.id), PersonChange::ForgetIdentities(person.id)];
        Ok(Entrance { person, changes })
    }

    /// Whoever is to log in as a member from now on: who is logged in, who proves to have the
    /// address's account, or who gets one.
    async fn join_by_link(&self, org: &Org, link: &Link, member: &Member, using: &UseLink) -> Result<Entrance, Error> {
        let people = self.ports().store.people();
        let is_owner = link.kind == LinkKind::Owner;
        let email = using.email.clone().filter(|_| is_owner).unwrap_or_else(|| member.email.clone());
        let logged_in = using.as_person.as_ref().filter(|_| using.password.is_none()).and_then(|ctx| ctx.login);
        let there = match logged_in {
            Some(login) => people.find_person(login.person).await?,
            None => people.find_person_by_email(&email).await?,
        };
        let Some(there) = there else { return self.new_person(member.id, email, using).await };
        let person = match (logged_in, &using.password) {
            (Some(_), _) => there,
            (None, Some(password)) => {
                let known_by = there.email.clone();
                self.prove(&known_by, Some(there), password, using.browser.address).await?
            }
            (None, None) => return Err(Error::invalid("password", "is required")),
        };
        if people.list_memberships(person.id).await?.iter().any(|membership| membership.org.id == org.id) {
            return Err(Error::Conflict("you are in this organization already, as another member".into()));
        }
        let (person, put) = person.joining();
        let joined = PersonChange::Join { member: member.id, person: person.id };
        Ok(Entrance { changes: vec![put, joined], person })
    }

    async fn new_person(&self, member: MemberId, email: String, using: &UseLink) -> Result<Entrance, Error> {
        let mut faults = Faults::default();
        faults.check(is_email(&email), "email", "must be an e-mail address");
        faults.check(using.name.as_deref().is_none_or(is_name), "name", "must have 1 to 256 characters");
        faults.into_result()?;
        let password = self.hash_new(using.password.as_ref()).await?;
        let person = Person { id: self.fresh(), email, password: Some(password), version: 1, created_at: self.now() };
        let joined = PersonChange::Join { member, person: person.id };
        Ok(Entrance { changes: vec![PersonChange::Insert(person.clone()), joined], person })
    }

    async fn hash_new(&self, password: Option<&SecretString>) -> Result<domain::person::PasswordHash, Error> {
        let password = password.ok_or_else(|| Error::invalid("password", "is required"))?;
        check_password(password, "password")?;
        self.0.passwords.hash(&self.0.secrets, password).await
    }
}

/// The member as they are once they have come in.
fn renamed(member: &Member, link: &Link, using: &UseLink, entrance: &Entrance) -> Result<Member, Error> {
    let name = match (link.kind, &using.name) {
        (LinkKind::Invitation | LinkKind::Owner, Some(name)) if is_name(name) => name.clone(),
        (LinkKind::Invitation | LinkKind::Owner, Some(_)) => {
            return Err(Error::invalid("name", "must have 1 to 256 characters"));
        }
        _ => member.name.clone(),
    };
    let email = if link.kind == LinkKind::Owner { entrance.person.email.clone() } else { member.email.clone() };
    Ok(Member { name, email, ..member.clone() })
}

/// A link that was used, one that is over and one that never was.
fn no_link() -> Error {
    Error::NotFound(Missing::new("link", "in this address"))
}
