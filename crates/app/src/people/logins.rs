//! Logging in, going to another organization, logging out.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::audit::{Act, Action};
use domain::key::Scopes;
use domain::org::Member;
use domain::person::{Login, Person, PersonChange};
use domain::{Change, ChangeSet, LoginId, OrgId, PersonId, Timestamp};
use ports::store::{LoginOfMember, Membership};
use ports::{CommitError, Refusal};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OwnedMutexGuard;

use super::{Browser, LogIn, LogOut, LoggedIn, LoginView, check_password};
use crate::ctx::ShownLogin;
use crate::error::{AuthFault, Error};
use crate::keys::{Stopped, fault_of_maker};
use crate::secret::NewSecret;
use crate::{App, Ctx};

/// The last use of a login is noted at most this often.
const TOUCH_EVERY_MS: i64 = 60_000;

/// Logins that a person has at once; the oldest is over when another begins.
const LOGINS_MAX: usize = 100;

/// A login as this process remembers it.
pub(crate) struct KnownLogin {
    org: OrgId,
    login: Login,
    member: Member,
    scopes: Scopes,
    /// When it was last used.
    used_ms: AtomicI64,
    /// When that was last noted.
    noted_ms: AtomicI64,
}

impl KnownLogin {
    fn new(LoginOfMember { org, login, member }: LoginOfMember) -> Self {
        let used_ms = login.last_used_at.as_millisecond();
        let scopes = Scopes::all().within(member.role);
        Self { org, login, member, scopes, used_ms: AtomicI64::new(used_ms), noted_ms: AtomicI64::new(used_ms) }
    }

    fn works_at(&self, now: Timestamp) -> bool {
        let used_ms = self.used_ms.load(Ordering::Relaxed);
        self.login.works_at(now, Timestamp::from_millisecond(used_ms).unwrap_or(self.login.last_used_at))
    }

    fn ctx(&self, now: Timestamp, stops: u64) -> Ctx {
        Ctx {
            org: self.org,
            key: None,
            login: Some(ShownLogin { id: self.login.id, person: self.login.person }),
            member: Some(self.member.id),
            role: self.member.role,
            scopes: self.scopes.clone(),
            project: None,
            key_expires_at: Some(self.login.expires_at),
            stops,
            now,
            request: None,
            trace: None,
        }
    }
}

/// A login that begins, and what is over with it.
pub(super) struct Opening {
    pub(super) login: Login,
    /// Of the person, when they proved to be who they are.
    pub(super) version: u64,
    pub(super) token: NewSecret,
    /// Logins that are over when it begins.
    pub(super) ended: Vec<(PersonId, LoginId)>,
    /// Kept until it has begun, though the caller may have left.
    pub(super) turn: Option<OwnedMutexGuard<()>>,
}

impl Opening {
    pub(super) fn changes(&self) -> impl Iterator<Item = Change> {
        let ended = self.ended.iter().map(|(person, login)| PersonChange::EndLogin { person: *person, login: *login });
        let begun = PersonChange::InsertLogin { login: self.login.clone(), version: self.version };
        ended.chain([begun]).map(Change::Person)
    }
}

impl App {
    /// Whose a login is, by what the browser shows.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for one that is unknown or over, or whose member may do
    /// nothing.
    pub async fn authenticate_login(&self, shown: &str) -> Result<Ctx, Error> {
        let (now, stops) = (self.now(), self.known().stops.count());
        let hash = self.0.secrets.hash(shown);
        let people = self.ports().store.people();
        let load = async {
            let found = people.find_login(hash).await?;
            Ok::<_, Error>(found.map(|found| Arc::new(KnownLogin::new(found))))
        };
        let known = self.known().logins.find(&hash, load).await?.filter(|known| known.works_at(now));
        let known = known.ok_or(Error::Unauthenticated(AuthFault::LoggedOut))?;
        if let Some(fault) = fault_of_maker(&known.member) {
            return Err(Error::Unauthenticated(fault));
        }
        self.note_use_of_login(&known, now);
        Ok(known.ctx(now, stops))
    }

    /// Lets somebody in by their address and password.
    ///
    /// # Errors
    /// No password lets anybody in here, they are wrong, tried too often, or nobody lets them in; the organization is none of
    /// theirs; or the store failed.
    pub async fn log_in(&self, log_in: LogIn) -> Result<LoggedIn, Error> {
        self.require_passwords()?;
        let LogIn { email, password, org, browser } = log_in;
        let found = self.ports().store.people().find_person_by_email(&email).await?;
        let person = self.prove(&email, found, &password, browser.address).await?;
        let memberships = self.ports().store.people().list_memberships(person.id).await?;
        let membership = chosen(memberships, org)?;
        self.enter_as(&person, membership, &browser, None, None).await.map_err(|refused| match refused {
            // The password was changed at the same moment.
            Error::NotFound(_) => Error::contended("password"),
            other => other,
        })
    }

    /// The person, if this is their password. An address that is nobody's takes as long, and is
    /// told the same.
    pub(super) async fn prove(
        &self,
        email: &str,
        found: Option<Person>,
        password: &SecretString,
        from: Option<IpAddr>,
    ) -> Result<Person, Error> {
        let attempt = self.0.attempts.begin(email, from, self.now())?;
        let stored = found.as_ref().and_then(|person| person.password.as_ref());
        let is_right = match self.0.passwords.is_right(&self.0.secrets, password, stored).await {
            Ok(is_right) => is_right,
            Err(error) => {
                attempt.was_not_made();
                return Err(error);
            }
        };
        match (found, is_right) {
            (Some(person), true) => {
                attempt.was_right();
                Ok(person)
            }
            (found, _) => {
                let now = self.now();
                if attempt.was_wrong(now)
                    && let Some(person) = found
                {
                    self.tell_of_wrong_password(person.id, from, now);
                }
                Err(Error::Unauthenticated(AuthFault::WrongPassword))
            }
        }
    }

    /// Goes to another organization of the same person. The login from before is over.
    ///
    /// # Errors
    /// Nobody is logged in, the organization is none of theirs, or the store failed.
    pub async fn switch_org(&self, ctx: &Ctx, org: OrgId, browser: &Browser) -> Result<LoggedIn, Error> {
        let login = logged_in(ctx)?;
        let people = self.ports().store.people();
        let gone = || Error::Unauthenticated(AuthFault::LoggedOut);
        let person = people.find_person(login.person).await?.ok_or_else(gone)?;
        let membership = chosen(people.list_memberships(person.id).await?, Some(org))?;
        self.enter_as(&person, membership, browser, Some(login.id), None).await.map_err(|refused| match refused {
            // It was ended at the same moment.
            Error::NotFound(_) => gone(),
            other => other,
        })
    }

    /// Ends the login that a browser shows. One that is over already is.
    ///
    /// # Errors
    /// The store failed.
    pub async fn log_out(&self, shown: &str, log_out: LogOut) -> Result<(), Error> {
        let hash = self.0.secrets.hash(shown);
        let Some(found) = self.ports().store.people().find_login(hash).await? else { return Ok(()) };
        let LoginOfMember { org, login, member } = found;
        let (person, id) = (login.person, login.id);
        let (ended, stopped) = match log_out {
            LogOut::Here => (PersonChange::EndLogin { person, login: id }, Stopped::Login(id)),
            LogOut::Everywhere => (PersonChange::EndLogins(person), Stopped::Person(person)),
        };
        let recorded = self.done_by(member.id, Act::new(Action::LoginEnded, member.id), self.now());
        let (app, store) = (self.clone(), self.store(org));
        self.to_the_end(async move {
            crate::commit_in_time(&*store, ChangeSet::of([Change::Person(ended), recorded])).await?;
            match stopped {
                Stopped::Login(_) => app.known().logins.forget(&hash),
                _ => app.known().logins.forget_all(),
            }
            app.known().stops.tell(stopped);
            Ok(())
        })
        .await
    }

    /// Sets another password. All logins of the person are over, and this browser has a new one.
    ///
    /// # Errors
    /// Nobody is logged in, the old password is wrong or was tried too often, the new one is too
    /// short or too long, or the store failed.
    pub async fn change_password(
        &self,
        ctx: &Ctx,
        old: &SecretString,
        new: &SecretString,
        browser: &Browser,
    ) -> Result<LoggedIn, Error> {
        let shown = logged_in(ctx)?;
        self.require_passwords()?;
        check_password(new, "new")?;
        let people = self.ports().store.people();
        let found = people.find_person(shown.person).await?;
        if found.as_ref().is_some_and(|person| person.password.is_none()) {
            let why = "you have none, and log in elsewhere: an admin makes a link by which you set one";
            return Err(Error::invalid("old", why));
        }
        let email = found.as_ref().map(|person| person.email.clone()).unwrap_or_default();
        let proved = self.prove(&email, found, old, browser.address).await;
        let person = proved.map_err(|error| match error {
            Error::Unauthenticated(AuthFault::WrongPassword) => Error::invalid("old", "is not your password"),
            other => other,
        })?;
        let memberships = people.list_memberships(person.id).await?;
        let Membership { org, member } = chosen(memberships, Some(ctx.org))?;
        let hash = self.0.passwords.hash(&self.0.secrets, new).await?;
        let (person, put) = person.with_password(hash);
        let opening =
            Opening { ended: Vec::new(), ..self.describe_login(&person, &member, &Browser::default()).await? };
        let changes =
            [put, PersonChange::EndLogins(person.id)].map(Change::Person).into_iter().chain(opening.changes());
        let changes =
            ChangeSet::of(changes).with(self.done_by(member.id, Act::new(Action::PasswordChanged, member.id), ctx.now));
        self.open_login(org.id, member, opening, changes, Some(person.id)).await.map_err(|refused| match refused {
            // Somebody else set another one at the same moment.
            Error::NotFound(_) => Error::contended("password"),
            other => other,
        })
    }

    /// Who the caller is, and where else they can log in.
    ///
    /// # Errors
    /// The store failed.
    pub async fn view_login(&self, ctx: &Ctx) -> Result<LoginView, Error> {
        let caller = self.describe_caller(ctx).await?;
        let orgs = match ctx.login {
            Some(login) => {
                let memberships = self.ports().store.people().list_memberships(login.person).await?;
                let active = memberships.into_iter().filter(|membership| membership.member.is_active());
                active.map(|membership| (membership.org, membership.member.role)).collect()
            }
            None => vec![((*caller.org).clone(), ctx.role)],
        };
        Ok(LoginView { caller, orgs, expires_at: ctx.key_expires_at })
    }

    /// Begins a login, in the place of the one that is taken, if one is; vouched for by this
    /// issuer, if by one.
    pub(super) async fn enter_as(
        &self,
        person: &Person,
        membership: Membership,
        browser: &Browser,
        taken: Option<LoginId>,
        issuer: Option<&str>,
    ) -> Result<LoggedIn, Error> {
        let Membership { org, member } = membership;
        let opening = self.describe_login(person, &member, browser).await?;
        let act = Act::new(Action::LoginCreated, member.id).with_some("issuer", issuer);
        let recorded = self.done_by(member.id, act, self.now());
        let taken = taken.map(|login| Change::Person(PersonChange::TakeLogin { person: person.id, login }));
        let changes = ChangeSet::of(taken.into_iter().chain(opening.changes())).with(recorded);
        self.open_login(org.id, member, opening, changes, None).await
    }

    /// A login that is about to begin. It takes the place of the one that the browser showed,
    /// whosever that was, and of the oldest if there are too many.
    pub(super) async fn describe_login(
        &self,
        person: &Person,
        member: &Member,
        browser: &Browser,
    ) -> Result<Opening, Error> {
        let token = NewSecret::token()?;
        let hash = self.0.secrets.hash(token.reveal());
        let login = Login::new(self.fresh(), person.id, member.id, hash, self.now());
        let people = self.ports().store.people();
        let replaced = match &browser.login {
            Some(shown) => people.find_login(self.0.secrets.hash(shown.expose_secret())).await?,
            None => None,
        };
        let replaced = replaced.map(|found| found.login);
        let mut others = people.list_logins(person.id).await?;
        others.retain(|other| replaced.as_ref().is_none_or(|replaced| replaced.id != other.id));
        let too_many = (others.len() + 1).saturating_sub(LOGINS_MAX);
        let ended = replaced.into_iter().chain(others.into_iter().take(too_many));
        let ended = ended.map(|login| (login.person, login.id)).collect();
        Ok(Opening { login, version: person.version, token, ended, turn: None })
    }

    /// Commits what begins a login, and lets its browser in. All logins of before of the person
    /// `over` are so.
    ///
    /// # Errors
    /// [`Error::NotFound`] of the member if something that the changes need is not there,
    /// [`Error::Conflict`] if something is that they make, or the store failed.
    pub(super) async fn open_login(
        &self,
        org: OrgId,
        member: Member,
        opening: Opening,
        changes: ChangeSet,
        over: Option<PersonId>,
    ) -> Result<LoggedIn, Error> {
        let (app, store) = (self.clone(), self.store(org));
        self.to_the_end(async move {
            let Opening { login, token, ended, turn: _turn, .. } = opening;
            store.commit(changes).await.map_err(|error| match error {
                CommitError::Refused(Refusal::Exists) => {
                    Error::Conflict("this address, or this member, has become somebody's meanwhile".into())
                }
                CommitError::Refused(_) => Error::not_found(member.id),
                CommitError::Store(error) => error.into(),
            })?;
            if over.is_some() || !ended.is_empty() {
                app.known().logins.forget_all();
            }
            ended.into_iter().for_each(|(_, login)| app.known().stops.tell(Stopped::Login(login)));
            over.into_iter().for_each(|person| app.known().stops.tell(Stopped::Person(person)));
            // Counted behind those words: they are of others.
            let (now, stops) = (app.now(), app.known().stops.count());
            let ctx = KnownLogin::new(LoginOfMember { org, login, member }).ctx(now, stops);
            Ok(LoggedIn { ctx, token })
        })
        .await
    }

    fn note_use_of_login(&self, known: &Arc<KnownLogin>, now: Timestamp) {
        let now_ms = now.as_millisecond();
        known.used_ms.fetch_max(now_ms, Ordering::Relaxed);
        let noted = known.noted_ms.load(Ordering::Relaxed);
        // Of several requests at once, the one that moves the mark notes the use.
        let mark = || known.noted_ms.compare_exchange(noted, now_ms, Ordering::Relaxed, Ordering::Relaxed);
        if now_ms - noted < TOUCH_EVERY_MS || mark().is_err() {
            return;
        }
        let (store, login) = (self.store(known.org), known.login.id);
        self.0.tasks.spawn(async move {
            let touch = Change::Person(PersonChange::TouchLogin { login, at: now });
            if let Err(error) = store.commit(ChangeSet::of([touch])).await {
                tracing::warn!(%error, login.id = %login, "the last use of a login was not noted");
            }
        });
    }
}

/// What only somebody who has logged in can do, and no key for them.
fn logged_in(ctx: &Ctx) -> Result<ShownLogin, Error> {
    ctx.login.ok_or(Error::NotForYou("only somebody who has logged in can do this: a key is not enough"))
}

/// As whom a person goes in: to the organization they named, or to the first that lets them.
pub(super) fn chosen(memberships: Vec<Membership>, org: Option<OrgId>) -> Result<Membership, Error> {
    let mut theirs = memberships.into_iter().filter(|membership| org.is_none_or(|org| org == membership.org.id));
    let Some(first) = theirs.next() else {
        return Err(org.map_or(Error::Unauthenticated(AuthFault::Left), Error::not_found));
    };
    match fault_of_maker(&first.member) {
        None => Ok(first),
        Some(fault) => theirs.find(|membership| membership.member.is_active()).ok_or(Error::Unauthenticated(fault)),
    }
}
