//! Keys: who a request comes from, and making and revoking what proves it.

mod listed;

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use domain::audit::{Act, Action};
use domain::budget::{AccountId, Budget};
use domain::idempotency::Made;
use domain::key::{Key, Scope, Scopes};
use domain::org::{Member, Role};
use domain::{AgentId, Change, ChangeSet, KeyId, LoginId, MemberId, OrgId, PersonId, ProjectId, Timestamp};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use ports::CommitError;
use ports::store::KeyOfMember;
use secrecy::SecretString;
use seldom::Seldom;
use subtle::ConstantTimeEq;
use sync_wrapper::SyncWrapper;
use tokio::sync::broadcast;

use crate::error::{AuthFault, Error, Faults, FieldError};
use crate::secret::{NewSecret, is_mangled};
use crate::{App, Ctx};

pub use listed::{KeyFilter, MadeKey};

/// The last use of a key is noted at most this often.
const TOUCH_EVERY_MS: i64 = 60_000;

/// Longest name of a key.
const NAME_CHARS_MAX: usize = 256;

/// What a new key is to be.
#[derive(Debug, Clone)]
pub struct CreateKey {
    /// For people, 1–256 characters.
    pub name: String,
    /// What it may do; nothing that its creator may not.
    pub scopes: Vec<Scope>,
    /// The only project it reaches; `None` is all that its creator reaches.
    pub project: Option<ProjectId>,
    /// When it stops working by itself.
    pub expires_at: Option<Timestamp>,
    /// How it is spelled.
    pub format: KeyFormat,
    /// What all runs that are begun with it may spend together.
    pub budget: Option<Budget>,
    /// Whom it acts as; whoever makes it, if absent. Only who administers the organization
    /// makes keys for others.
    pub member: Option<MemberId>,
}

/// How a key is spelled. All forms work everywhere.
#[derive(Debug, Clone)]
pub enum KeyFormat {
    /// `srt_`, 256 random bits, checksum.
    Sortie,
    /// A random UUIDv4, for clients that recognise nothing else as a key.
    Uuid,
    /// Chosen by the operator, for scripts: 32 to 256 printable characters.
    Given(SecretString),
}

/// A key as this process remembers it.
pub(crate) struct KnownKey {
    org: OrgId,
    key: Key,
    maker: Member,
    /// What its scopes are worth in the hands of its maker.
    scopes: Scopes,
    /// When its last use was last noted, in milliseconds.
    touched_ms: AtomicI64,
}

impl App {
    /// Who a presented key belongs to.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for a key that is unknown, mistyped, revoked or expired.
    pub async fn authenticate(&self, presented: &str) -> Result<Ctx, Error> {
        let (now, stops) = (self.now(), self.known().stops.count());
        let hash = self.0.secrets.hash(presented);
        let store = &self.ports().store;
        let load = async {
            let found = store.find_key(hash).await?;
            Ok::<_, Error>(found.map(|found| Arc::new(KnownKey::new(found))))
        };
        let known = self.known().keys.find(&hash, load).await?;
        let same = |known: &Arc<KnownKey>| bool::from(known.key.hash.0.ct_eq(&hash.0));
        let Some(known) = known.filter(same) else {
            let fault = if is_mangled(presented) { AuthFault::BadChecksum } else { AuthFault::Unknown };
            return Err(Error::Unauthenticated(fault));
        };
        if let Some(fault) = fault_of(&known.key, now).or_else(|| fault_of_maker(&known.maker)) {
            return Err(Error::Unauthenticated(fault));
        }
        self.note_use(&known, now);
        Ok(Ctx {
            org: known.org,
            key: Some(known.key.id),
            login: None,
            member: Some(known.maker.id),
            role: known.maker.role,
            scopes: known.scopes.clone(),
            project: known.key.project,
            key_expires_at: known.key.expires_at,
            stops,
            now,
            request: None,
            trace: None,
        })
    }

    /// Makes a key. The secret is in the answer and nowhere else, ever.
    ///
    /// # Errors
    /// Rights that the creator lacks, an unknown project, an expiry that has passed. A request
    /// that was sent before and has made one: nobody knows its secret any more.
    pub async fn create_key(&self, ctx: &Ctx, create: CreateKey) -> Result<(Key, NewSecret), Error> {
        ctx.require(Scope::KeysWrite)?;
        if let Some(Made::Key { key }) = ctx.made_before() {
            let message = "was made by this request before, and its secret shown once: revoke it and make another";
            return Err(Error::Conflict(format!("{key} {message}")));
        }
        check_new_key(ctx, &create)?;
        let budget = create.budget;
        let mut faults = Faults::default();
        self.check_budget(budget.as_ref(), &mut faults);
        faults.into_result()?;
        let project = create.project.or(ctx.project);
        let store = self.store(ctx.org);
        if let Some(id) = project {
            ctx.reach(store.find_project(id).await?, |project| project.id, id)?;
        }
        let maker = self.maker(ctx, create.member).await?;
        let secret = self.new_secret(ctx.is_operator(), &create.format)?;
        let key = self.describe_key(&secret, maker, CreateKey { project, ..create }, ctx.now);
        let account = AccountId::Key(key.id);
        let bounded = budget.map(|budget| Change::SetBudget { account, budget: Some(budget) });
        let recorded = self.audited(ctx, described(Action::KeyCreated, &key));
        let changes = ChangeSet::of([Change::InsertKey(key.clone())].into_iter().chain(bounded)).with(recorded);
        let changes = ctx.making(|| Made::Key { key: key.id }).recording(changes);
        match store.commit(changes).await {
            Ok(_) => Ok((key, secret)),
            Err(CommitError::Refused(_)) => Err(Error::Conflict("a key of this text exists already".into())),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// All keys, revoked ones included, oldest first; those that the caller made, unless they
    /// administer the organization.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn list_keys(&self, ctx: &Ctx) -> Result<Vec<Key>, Error> {
        ctx.require(Scope::KeysRead)?;
        let mut keys = self.store(ctx.org).list_keys().await?;
        keys.retain(|key| is_seen_by(ctx, key));
        Ok(keys)
    }

    /// Revokes a key: no request with it succeeds any more, and its open streams end.
    /// Revoking twice changes nothing.
    ///
    /// # Errors
    /// The scope is missing, the key is not there, or the store failed.
    pub async fn revoke_key(&self, ctx: &Ctx, id: KeyId) -> Result<Key, Error> {
        ctx.require(Scope::KeysWrite)?;
        let store = self.store(ctx.org);
        let found = store.find_key(id).await?;
        let key = found.filter(|key| is_seen_by(ctx, key)).ok_or_else(|| Error::not_found(id))?;
        let (revoked, changes) = key.revoke(ctx.now);
        if changes.is_empty() {
            return Ok(revoked);
        }
        let changes = changes.with(self.audited(ctx, described(Action::KeyRevoked, &revoked)));
        let app = self.clone();
        self.to_the_end(async move {
            if crate::commit_in_time(&*store, changes).await?.is_none() {
                return Err(Error::not_found(id));
            }
            app.known().keys.forget(&revoked.hash);
            app.known().stops.tell(Stopped::Key(id));
            Ok(revoked)
        })
        .await
    }

    /// The key as it will be stored.
    pub(crate) fn describe_key(&self, secret: &NewSecret, creator: MemberId, create: CreateKey, now: Timestamp) -> Key {
        Key {
            id: self.fresh(),
            name: create.name,
            hint: secret.hint(),
            hash: self.0.secrets.hash(secret.reveal()),
            creator,
            scopes: create.scopes,
            project: create.project,
            created_at: now,
            expires_at: create.expires_at,
            revoked_at: None,
            last_used_at: None,
        }
    }

    /// Only the operator chooses the text of a key: a tenant's choice could tell whether
    /// another tenant has the same.
    pub(crate) fn new_secret(&self, by_operator: bool, format: &KeyFormat) -> Result<NewSecret, Error> {
        match format {
            KeyFormat::Sortie => NewSecret::sortie(),
            KeyFormat::Uuid => NewSecret::uuid(),
            KeyFormat::Given(key) if by_operator => NewSecret::given(key),
            KeyFormat::Given(_) => Err(Error::invalid("format", "only the operator chooses the text of a key")),
        }
    }

    /// Watches the key of a caller who is about to have something open.
    pub(crate) fn watch_key(&self, ctx: &Ctx) -> KeyWatch {
        self.guard(ctx, None)
    }

    /// The same for one who reads what happens with an agent: also whether it stays open to them.
    pub(crate) fn watch_reader(&self, ctx: &Ctx, agent: AgentId) -> KeyWatch {
        self.guard(ctx, ctx.restricted().map(|_| agent))
    }

    fn guard(&self, ctx: &Ctx, agent: Option<AgentId>) -> KeyWatch {
        let stopped = self.known().stops.listen();
        let is_shown = ctx.key.is_some() || ctx.login.is_some();
        let guard = is_shown.then(|| KeyGuard { app: self.clone(), ctx: ctx.clone(), agent, stopped });
        let stops = stream::iter(guard).then(KeyGuard::stopped).chain(stream::pending()).boxed();
        KeyWatch(SyncWrapper::new(Seldom::new(stops)))
    }

    /// Whether the caller's key or login still opens what it opened when they were recognized,
    /// for what they asked for some time ago.
    ///
    /// # Errors
    /// It does not, or the store failed.
    pub async fn check_caller(&self, ctx: &Ctx) -> Result<(), Error> {
        let is_over = ctx.key_expires_at.is_some_and(|end| end <= self.now());
        let fault = match is_over {
            true => Some(ctx.fault_at_end()),
            false if self.known().stops.count() == ctx.stops => None,
            false => self.fault_since(ctx).await?,
        };
        fault.map_or(Ok(()), |fault| Err(Error::Unauthenticated(fault)))
    }

    /// Why a key or login works no more, or not as it did when its caller was recognized.
    async fn fault_since(&self, ctx: &Ctx) -> Result<Option<AuthFault>, Error> {
        let store = self.store(ctx.org);
        let acting = match (ctx.key, ctx.login) {
            (Some(key), _) => {
                let Some(key) = store.find_key(key).await? else { return Ok(Some(AuthFault::Unknown)) };
                if let Some(fault) = fault_of(&key, self.now()) {
                    return Ok(Some(fault));
                }
                store.find_member(key.creator).await?
            }
            (None, Some(login)) => {
                let Some((_, member)) = store.find_login(login.id).await? else {
                    return Ok(Some(AuthFault::LoggedOut));
                };
                Some(member)
            }
            (None, None) => return Ok(None),
        };
        let Some(acting) = acting else { return Ok(Some(AuthFault::Left)) };
        Ok(fault_of_maker(&acting).or_else(|| (acting.role != ctx.role).then_some(AuthFault::RightsChanged)))
    }

    /// The person a key is made for: whom the caller names, the caller, or the organization's
    /// first owner when the operator makes it.
    async fn maker(&self, ctx: &Ctx, named: Option<MemberId>) -> Result<MemberId, Error> {
        if named.is_some() && named != ctx.member && !ctx.role.administers() {
            return Err(Error::Forbidden { missing: Some(Scope::Admin) });
        }
        let members = self.store(ctx.org).list_members().await?;
        let wanted = named.or(ctx.member);
        let is_meant = |member: &&Member| match wanted {
            Some(wanted) => member.id == wanted,
            None => member.role == Role::Owner,
        };
        let maker = members.iter().filter(|member| member.is_active()).find(is_meant);
        let maker = maker.ok_or_else(|| wanted.map_or_else(|| Error::not_found(ctx.org), Error::not_found))?;
        if maker.role > ctx.role {
            return Err(Error::Forbidden { missing: None });
        }
        Ok(maker.id)
    }

    fn note_use(&self, known: &Arc<KnownKey>, now: Timestamp) {
        let (last, now_ms) = (known.touched_ms.load(Ordering::Relaxed), now.as_millisecond());
        let due = now_ms - last >= TOUCH_EVERY_MS;
        // Of several requests at once, the one that moves the mark notes the use.
        let mark = || known.touched_ms.compare_exchange(last, now_ms, Ordering::Relaxed, Ordering::Relaxed);
        if !due || mark().is_err() {
            return;
        }
        let (store, key) = (self.store(known.org), known.key.id);
        self.0.tasks.spawn(async move {
            if let Err(error) = store.commit(ChangeSet::of([Change::TouchKey { key, at: now }])).await {
                tracing::warn!(%error, key.id = %key, "the last use of a key was not noted");
            }
        });
    }
}

/// What the audit log tells of a key: never the key, its hash or a part of it.
fn described(action: Action, key: &Key) -> Act {
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    let act = Act::new(action, key.id).with("name", key.name.clone()).with("member", key.creator.to_string());
    let act = act.with("scopes", scopes).with_some("project", key.project.map(|project| project.to_string()));
    act.with_some("expires_at", key.expires_at.map(|at| at.to_string()))
}

impl KnownKey {
    fn new(KeyOfMember { org, key, maker }: KeyOfMember) -> Self {
        let touched = key.last_used_at.map_or(i64::MIN / 2, |at| at.as_millisecond());
        let scopes = Scopes::of(key.scopes.iter().copied()).within(maker.role);
        Self { org, key, maker, scopes, touched_ms: AtomicI64::new(touched) }
    }
}

/// What no longer opens what it opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// A key was revoked.
    Key(KeyId),
    /// A login is over.
    Login(LoginId),
    /// All logins of a person are over.
    Person(PersonId),
    /// A person may do other things than before, or nothing.
    Member(MemberId, AuthFault),
    /// An agent is open to others than before.
    Agent(AgentId),
}

/// Tells a stream when its caller's key or login has stopped working. Asked with every token, so what
/// it waits for is looked at only when it has stirred.
pub(crate) struct KeyWatch(SyncWrapper<Seldom<BoxStream<'static, AuthFault>>>);

impl KeyWatch {
    /// Waits until the key has been revoked or has expired, or the rights of its maker have
    /// changed, and tells it once; forever for the operator. May be dropped and called again.
    pub(crate) async fn stopped(&mut self) -> AuthFault {
        poll_fn(|cx| self.poll_stopped(cx)).await
    }

    /// The same, for what is itself polled.
    pub(crate) fn poll_stopped(&mut self, cx: &mut Context<'_>) -> Poll<AuthFault> {
        match ready!(self.0.get_mut().poll_next_unpin(cx)) {
            Some(fault) => Poll::Ready(fault),
            None => Poll::Pending,
        }
    }
}

struct KeyGuard {
    app: App,
    ctx: Ctx,
    /// What is read along with, if not everything is open to the caller.
    agent: Option<AgentId>,
    stopped: broadcast::Receiver<Stopped>,
}

impl KeyGuard {
    async fn stopped(mut self) -> AuthFault {
        let Some(expires_at) = self.ctx.key_expires_at else { return self.told().await };
        let left = Duration::try_from(expires_at.duration_since(self.app.now())).unwrap_or_default();
        let at_end = self.ctx.fault_at_end();
        tokio::select! {
            fault = self.told() => fault,
            () = tokio::time::sleep(left) => at_end,
        }
    }

    async fn told(&mut self) -> AuthFault {
        // Between the caller's recognition and this watch there may have been word already.
        let mut may_have_missed = self.app.known().stops.count() != self.ctx.stops;
        loop {
            if may_have_missed && let Some(fault) = self.missed().await {
                return fault;
            }
            may_have_missed = match self.stopped.recv().await {
                Ok(Stopped::Key(revoked)) if Some(revoked) == self.ctx.key => return AuthFault::Revoked,
                Ok(Stopped::Login(ended)) if self.ctx.login.is_some_and(|login| login.id == ended) => {
                    return AuthFault::LoggedOut;
                }
                Ok(Stopped::Person(person)) if self.ctx.login.is_some_and(|login| login.person == person) => {
                    return AuthFault::LoggedOut;
                }
                Ok(Stopped::Member(member, fault)) if Some(member) == self.ctx.member => return fault,
                Ok(Stopped::Agent(agent)) => Some(agent) == self.agent,
                Ok(_) => false,
                Err(broadcast::error::RecvError::Lagged(_)) => true,
                Err(broadcast::error::RecvError::Closed) => return std::future::pending().await,
            };
        }
    }

    /// What the store says. The stream meets the store's own failure by itself.
    async fn missed(&self) -> Option<AuthFault> {
        if let Ok(Some(fault)) = self.app.fault_since(&self.ctx).await {
            return Some(fault);
        }
        let may_read = self.app.may_read_along(&self.ctx, self.agent?).await;
        matches!(may_read, Err(Error::Forbidden { .. })).then_some(AuthFault::RightsChanged)
    }
}

fn fault_of(key: &Key, now: Timestamp) -> Option<AuthFault> {
    match key {
        _ if key.works_at(now) => None,
        Key { revoked_at: Some(_), .. } => Some(AuthFault::Revoked),
        _ => Some(AuthFault::Expired),
    }
}

/// Why nobody may act as this person.
pub(crate) fn fault_of_maker(maker: &Member) -> Option<AuthFault> {
    match maker {
        _ if maker.is_active() => None,
        Member { removed_at: Some(_), .. } => Some(AuthFault::Left),
        _ => Some(AuthFault::Suspended),
    }
}

fn is_seen_by(ctx: &Ctx, key: &Key) -> bool {
    let is_theirs = ctx.restricted().is_none_or(|member| member == key.creator);
    is_theirs && (ctx.project.is_none() || key.project == ctx.project)
}

fn check_new_key(ctx: &Ctx, create: &CreateKey) -> Result<(), Error> {
    if let Some(missing) = create.scopes.iter().find(|scope| !ctx.scopes.hold(**scope)) {
        return Err(Error::Forbidden { missing: Some(*missing) });
    }
    let mut faults = Vec::new();
    if create.name.trim().is_empty() || create.name.chars().count() > NAME_CHARS_MAX {
        faults.push(FieldError::new("name", "must have 1 to 256 characters"));
    }
    if create.scopes.is_empty() {
        faults.push(FieldError::new("scopes", "must name at least one scope"));
    }
    if create.expires_at.is_some_and(|end| end <= ctx.now) {
        faults.push(FieldError::new("expires_at", "must be in the future"));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}
