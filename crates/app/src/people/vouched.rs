//! Who somebody is here whom an issuer vouches for.
//!
//! By what the issuer calls them, for ever; the first time, by an address that it has seen to be
//! theirs. An address that somebody only wrote down proves nothing, so an account of before that
//! has it loses its password: whoever made it may be somebody else. And an address that a person
//! is known by already proves nothing more, at no issuer: it may be somebody else's by now.

use std::sync::Arc;

use domain::audit::{Act, Action, Actor, AuditEntry};
use domain::org::{Member, Org};
use domain::person::{Claim, Claimed, Identity, Person, PersonChange, domain_of};
use domain::{Change, ChangeSet, MemberId, OrgId, PersonId};
use ports::issuer::Vouched;
use ports::store::Membership;

use super::elsewhere::NotLetIn;
use super::logins::chosen;
use super::{Browser, Joining, LoggedIn, TrustedIssuer};
use crate::App;
use crate::error::Error;
use crate::keys::Stopped;
use crate::orgs::{is_email, is_name};

impl App {
    /// Lets in whom an issuer vouches for. Done to its end: a person who is half known would be
    /// known by the next login alone. `began_as` is who was logged in when they went to the issuer.
    pub(super) async fn enter_vouched(
        &self,
        trusted: &TrustedIssuer,
        vouched: Vouched,
        browser: Browser,
        began_as: Option<PersonId>,
    ) -> Result<LoggedIn, NotLetIn> {
        let (app, trusted) = (self.clone(), trusted.clone());
        self.to_the_end(async move { Ok(app.recognise(&trusted, &vouched, &browser, began_as).await) }).await?
    }

    async fn recognise(
        &self,
        trusted: &TrustedIssuer,
        vouched: &Vouched,
        browser: &Browser,
        began_as: Option<PersonId>,
    ) -> Result<LoggedIn, NotLetIn> {
        let email = proved_email(trusted, vouched);
        // No member changes, and nobody else becomes known, until this is done.
        let turn = Arc::clone(&self.0.member_changes).lock_owned().await;
        let people = self.ports().store.people();
        let logged_in = self.person_shown(browser.login.as_ref()).await?.filter(|person| began_as == Some(*person));
        let known = people.find_person_by_identity(trusted.issuer.url(), &vouched.subject).await?;
        let person = match (known, &email) {
            // Whom the domains let in is asked each time: they may have been narrowed.
            (Some(_), Err(why)) if !trusted.domains.is_empty() => return Err(why.clone()),
            (Some(person), _) => person,
            (None, Ok(email)) => self.make_known(trusted, vouched, email, logged_in).await?,
            (None, Err(why)) => return Err(why.clone()),
        };
        let person = match email {
            Ok(email) => self.join_where_awaited(trusted, person, &email).await?,
            Err(_) => person,
        };
        let membership = chosen(people.list_memberships(person.id).await?, None)?;
        drop(turn);
        Ok(self.enter_as(&person, membership, browser, None, Some(&trusted.name)).await?)
    }

    /// Whoever has the address, here or as a member whom nobody logs in as; or who may join.
    async fn make_known(
        &self,
        trusted: &TrustedIssuer,
        vouched: &Vouched,
        email: &str,
        logged_in: Option<PersonId>,
    ) -> Result<Person, NotLetIn> {
        let people = self.ports().store.people();
        let Some(person) = people.find_person_by_email(email).await? else {
            return self.make_person(trusted, vouched, email).await;
        };
        let memberships = people.list_memberships(person.id).await?;
        let claim = Claim::on(Claimed {
            issuer: trusted.issuer.url(),
            identities: &self.trusted_identities(person.id).await?,
            is_member: !memberships.is_empty(),
            is_logged_in: logged_in == Some(person.id),
        });
        match claim {
            Claim::Whole => {
                let place = memberships.into_iter().next();
                self.hand_over(trusted, vouched, person, place, email).await
            }
            Claim::Further => self.link_further(trusted, vouched, person, memberships).await,
            Claim::Refused => Err(NotLetIn::AddressTaken),
        }
    }

    /// What issuers call a person whose word is still taken. What others call them lets nobody in.
    async fn trusted_identities(&self, person: PersonId) -> Result<Vec<Identity>, NotLetIn> {
        let mut identities = self.ports().store.people().list_identities(person).await?;
        let issuers = &self.ways_in().issuers;
        identities.retain(|identity| issuers.iter().any(|trusted| trusted.issuer.url() == identity.issuer));
        Ok(identities)
    }

    /// An account of before: from now on its person is whoever the issuer says. Its password, its
    /// logins and what issuers called its person are over.
    async fn hand_over(
        &self,
        trusted: &TrustedIssuer,
        vouched: &Vouched,
        person: Person,
        place: Option<Membership>,
        email: &str,
    ) -> Result<Person, NotLetIn> {
        let Membership { org, member } = match place {
            Some(place) => place,
            None => self.first_waiting(email).await?.ok_or(NotLetIn::Left)?,
        };
        let identity = self.identity(trusted, vouched, person.id);
        let (person, put) = person.without_password();
        let forget = PersonChange::ForgetIdentities(person.id);
        let changes = [put, forget, PersonChange::Identify(identity), PersonChange::EndLogins(person.id)];
        let changes = ChangeSet::of(changes.map(Change::Person)).with(self.linked(trusted, member.id));
        self.commit_person(org.id, changes).await?;
        self.known().logins.forget_all();
        self.known().stops.tell(Stopped::Person(person.id));
        Ok(person)
    }

    /// One more issuer that knows a person, who is logged in.
    async fn link_further(
        &self,
        trusted: &TrustedIssuer,
        vouched: &Vouched,
        person: Person,
        memberships: Vec<Membership>,
    ) -> Result<Person, NotLetIn> {
        let Membership { org, member } = chosen(memberships, None)?;
        let identify = Change::Person(PersonChange::Identify(self.identity(trusted, vouched, person.id)));
        let changes = ChangeSet::of([identify]).with(self.linked(trusted, member.id));
        self.commit_person(org.id, changes).await?;
        Ok(person)
    }

    /// The first member with this address whom nobody logs in as; `None` if there is none.
    ///
    /// # Errors
    /// All of them are suspended.
    async fn first_waiting(&self, email: &str) -> Result<Option<Membership>, NotLetIn> {
        let waiting = self.ports().store.people().list_waiting(email).await?;
        let is_kept_out = !waiting.is_empty();
        match waiting.into_iter().find(|place| place.member.is_active()) {
            None if is_kept_out => Err(NotLetIn::Suspended),
            place => Ok(place),
        }
    }

    /// Somebody new, as the first member who waits for them, or as one more.
    async fn make_person(&self, trusted: &TrustedIssuer, vouched: &Vouched, email: &str) -> Result<Person, NotLetIn> {
        let (place, added) = match self.first_waiting(email).await? {
            Some(place) => (place, Vec::new()),
            None => self.place_by_rule(trusted, vouched, email).await?,
        };
        let Membership { org, member } = place;
        let now = self.now();
        let person = Person { id: self.fresh(), email: email.to_owned(), password: None, version: 1, created_at: now };
        let known = [
            PersonChange::Insert(person.clone()),
            PersonChange::Identify(self.identity(trusted, vouched, person.id)),
            PersonChange::Join { member: member.id, person: person.id },
        ];
        let changes = added.into_iter().chain(known.map(Change::Person));
        let changes = ChangeSet::of(changes).with(self.joined(trusted, member.id));
        self.commit_person(org.id, changes).await?;
        Ok(person)
    }

    /// A member whom the operator's rule adds, and what that changes.
    async fn place_by_rule(
        &self,
        trusted: &TrustedIssuer,
        vouched: &Vouched,
        email: &str,
    ) -> Result<(Membership, Vec<Change>), NotLetIn> {
        let joining = trusted.joining.as_ref().ok_or(NotLetIn::Nobody)?;
        let org = named_org(self.ports().store.list_orgs().await?, joining).ok_or_else(|| {
            tracing::warn!(issuer = trusted.name, org = joining.org, "no organization of this name can be joined");
            NotLetIn::Nobody
        })?;
        let mut members = self.store(org.id).list_members().await?;
        members.retain(|member| member.email.to_lowercase() == email.to_lowercase());
        match members.iter().find(|member| member.removed_at.is_none()) {
            Some(_) => return Err(NotLetIn::AddressTaken),
            // Whoever was removed before they ever came does not come back by a rule.
            None if !members.is_empty() => return Err(NotLetIn::Left),
            None => {}
        }
        let own_name = vouched.name.clone().filter(|name| is_name(name));
        let name = own_name.unwrap_or_else(|| email.split('@').next().unwrap_or(email).to_owned());
        let member = Member {
            id: self.fresh(),
            number: 0,
            name,
            email: email.to_owned(),
            role: joining.role,
            created_at: self.now(),
            suspended_at: None,
            removed_at: None,
        };
        let act = Act::new(Action::MemberAdded, member.id).with("email", email).with("role", member.role.as_str());
        let act = act.with("issuer", trusted.name.as_str());
        let entry = AuditEntry { id: self.fresh(), at: self.now(), actor: Actor::System, act };
        let added = vec![Change::InsertMember(member.clone()), Change::Audit(entry)];
        Ok((Membership { org, member }, added))
    }

    /// Every organization that has written this address down, and that nobody logs in to as that
    /// member, is theirs too from now on.
    async fn join_where_awaited(
        &self,
        trusted: &TrustedIssuer,
        mut person: Person,
        email: &str,
    ) -> Result<Person, NotLetIn> {
        let people = self.ports().store.people();
        let waiting = people.list_waiting(email).await?;
        if waiting.is_empty() || self.is_anothers(email, person.id).await? {
            return Ok(person);
        }
        let memberships = people.list_memberships(person.id).await?;
        let is_elsewhere = |org: OrgId| memberships.iter().all(|membership| membership.org.id != org);
        let waiting = waiting.into_iter().filter(|place| place.member.is_active() && is_elsewhere(place.org.id));
        for Membership { org, member } in waiting {
            let (next, put) = person.joining();
            let join = PersonChange::Join { member: member.id, person: next.id };
            let changes = ChangeSet::of([put, join].map(Change::Person)).with(self.joined(trusted, member.id));
            self.commit_person(org.id, changes).await?;
            person = next;
        }
        Ok(person)
    }

    /// Whether somebody else has proved the address before, who is here still: whom it is waited
    /// for by that address nobody can tell any more.
    async fn is_anothers(&self, email: &str, person: PersonId) -> Result<bool, NotLetIn> {
        let people = self.ports().store.people();
        let Some(other) = people.find_person_by_email(email).await?.filter(|other| other.id != person) else {
            return Ok(false);
        };
        let is_known = !self.trusted_identities(other.id).await?.is_empty();
        Ok(is_known && !people.list_memberships(other.id).await?.is_empty())
    }

    fn linked(&self, trusted: &TrustedIssuer, member: MemberId) -> Change {
        let act = Act::new(Action::LoginLinked, member).with("issuer", trusted.name.as_str());
        self.done_by(member, act, self.now())
    }

    fn identity(&self, trusted: &TrustedIssuer, vouched: &Vouched, person: PersonId) -> Identity {
        let (issuer, subject) = (trusted.issuer.url().to_owned(), vouched.subject.clone());
        Identity { issuer, subject, person, created_at: self.now() }
    }

    fn joined(&self, trusted: &TrustedIssuer, member: MemberId) -> Change {
        let act = Act::new(Action::MemberJoined, member).with("issuer", trusted.name.as_str());
        self.done_by(member, act, self.now())
    }

    async fn commit_person(&self, org: OrgId, changes: ChangeSet) -> Result<(), Error> {
        let committed = crate::commit_in_time(&*self.store(org), changes).await?;
        committed.map(drop).ok_or_else(|| Error::contended("account"))
    }
}

/// The address that the issuer has seen to be theirs, if it lets in.
fn proved_email(trusted: &TrustedIssuer, vouched: &Vouched) -> Result<String, NotLetIn> {
    // Addresses are compared in lower case. One of which a letter becomes one of ASCII by that
    // (the sign for Kelvin does) is another mailbox than the one it would be taken for.
    let stays_itself = |letter: char| letter.is_ascii() || letter.to_lowercase().all(|lower| !lower.is_ascii());
    let is_itself = |email: &str| email.chars().all(stays_itself);
    let email = vouched.email.as_deref().filter(|email| is_email(email) && is_itself(email));
    let email = email.ok_or(NotLetIn::NoEmail)?;
    if !vouched.is_email_verified {
        return Err(NotLetIn::EmailNotVerified);
    }
    let domain = domain_of(email).ok_or(NotLetIn::NoEmail)?;
    // However the operator writes them.
    let lets_in = trusted.domains.is_empty() || trusted.domains.iter().any(|one| one.to_lowercase() == domain);
    if lets_in { Ok(email.to_owned()) } else { Err(NotLetIn::OtherDomain) }
}

fn named_org(orgs: Vec<Org>, joining: &Joining) -> Option<Org> {
    let is_named = |org: &Org| match &joining.org {
        Some(named) => org.id.to_string() == *named || org.name == *named,
        None => true,
    };
    orgs.into_iter().find(is_named)
}
