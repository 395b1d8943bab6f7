//! Where the stories are told: a store with two organizations, and short words for what
//! callers do.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use domain::agent::{Agent, AgentSpec, ModelChoice, Overrides};
use domain::change::{Change, ChangeSet, Guard};
use domain::key::{Key, KeyHash, Scope};
use domain::knowledge::{Document, Reader};
use domain::limits::Spent;
use domain::model::Block;
use domain::org::{Member, Org, Project, Role, RolloutSettings};
use domain::run::{Fence, Outcome, Run, RunStatus};
use domain::session::{InboxItem, Origin, Session, SessionAgent, SessionState, SessionStatus};
use domain::tool::{Effect, HttpTool, Tool};
use domain::{
    AgentId, DocumentId, Event, EventBody, EventId, KeyId, MemberId, NewEvent, OrgId, ProjectId, RunId, SessionId,
    Timestamp, ToolId,
};
use ports::time::SystemSources;
use ports::{CommitError, Committed, Feed, IdSource, OrgStore, Refusal, Store};
use uuid::Uuid;

use super::Backend;

/// A store in use.
pub struct Stage {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Where it publishes.
    pub feed: Feed,
    /// The organization of the story.
    pub ours: Tenant,
    /// Another one, whose things are all over the store.
    pub theirs: Tenant,
    /// The lease of this process's worker.
    pub fence: Fence,
    backend: Box<dyn Backend>,
}

/// An organization with the things it has from the first.
pub struct Tenant {
    /// It.
    pub org: OrgId,
    /// Its part of the store.
    pub store: Arc<dyn OrgStore>,
    /// Its first project.
    pub project: Project,
    /// Its first agent, at version 1.
    pub agent: Agent,
    /// Its only owner.
    pub owner: Member,
}

/// A moment later with each call, the same in every test run.
pub(super) fn now() -> Timestamp {
    static SECONDS: AtomicI64 = AtomicI64::new(1_790_000_000);
    Timestamp::from_second(SECONDS.fetch_add(1, Ordering::Relaxed)).unwrap()
}

/// A fresh id.
pub(super) fn fresh<T: From<Uuid>>() -> T {
    T::from(SystemSources.uuid_v7())
}

impl Stage {
    /// Opens a store and moves both organizations in.
    pub async fn set(backend: Box<dyn Backend>) -> Stage {
        let feed = Feed::default();
        let store = backend.open(&feed);
        let fence = store.take_lease(now()).await.unwrap();
        let ours = Tenant::move_in(store.as_ref(), "ours").await;
        let theirs = Tenant::move_in(store.as_ref(), "theirs").await;
        let stage = Stage { store, feed, ours, theirs, fence, backend };
        stage.theirs.live(stage.fence).await;
        stage
    }

    /// Closes the store and opens it again, as a new process does.
    pub async fn reopen(self) -> Stage {
        let Stage { store, feed, ours, theirs, fence, backend } = self;
        drop(store);
        let (ours, theirs) = (ours.pack(), theirs.pack());
        let store = backend.open(&feed);
        let (ours, theirs) = (ours.unpack(store.as_ref()), theirs.unpack(store.as_ref()));
        Stage { store, feed, ours, theirs, fence, backend }
    }
}

/// A tenant while the store is closed.
struct Packed(OrgId, Project, Agent, Member);

impl Packed {
    fn unpack(self, store: &dyn Store) -> Tenant {
        Tenant { org: self.0, store: store.of(self.0), project: self.1, agent: self.2, owner: self.3 }
    }
}

impl Tenant {
    async fn move_in(store: &dyn Store, name: &str) -> Tenant {
        let rollouts = RolloutSettings::default();
        let org =
            Org { id: fresh(), number: 0, name: name.into(), time_zone: "UTC".into(), rollouts, created_at: now() };
        let project = project("first");
        let (agent, inserted) = Agent::create(fresh(), project.id, spec("assistant"), now());
        let view = store.of(org.id);
        let id = org.id;
        let owner = Member { role: Role::Owner, ..member("owner") };
        let set = ChangeSet::of([
            Change::InsertOrg(org),
            Change::InsertProject(project.clone()),
            Change::InsertMember(owner.clone()),
        ]);
        let given = view.commit(set.and(inserted)).await.unwrap().numbers;
        let (project, owner) = (Project { number: given[1], ..project }, Member { number: given[2], ..owner });
        Tenant { org: id, store: view, project, agent, owner }
    }

    fn pack(self) -> Packed {
        Packed(self.org, self.project, self.agent, self.owner)
    }

    /// Has one of everything: a session that runs, one with a queue and input, a key, a
    /// tool, a document.
    async fn live(&self, fence: Fence) {
        let running = self.session().await;
        self.running_run(&running, fence).await;
        let busy = self.session().await;
        let first = self.queued_run(&busy).await;
        self.queued_run(&busy).await;
        self.commit([Change::Enqueue(input(&first, "waiting"))]).await;
        let someone = member("someone");
        let changes = [
            Change::InsertMember(someone.clone()),
            Change::InsertKey(key(fresh(), someone.id)),
            Change::InsertTool(tool(self.project.id, "search")),
            Change::PutDocument { document: document(self, "notes.txt"), text: "theirs".into() },
        ];
        self.commit(changes).await;
    }

    /// Applies these changes.
    pub(super) async fn commit(&self, changes: impl IntoIterator<Item = Change>) -> Committed {
        self.store.commit(ChangeSet::of(changes)).await.unwrap()
    }

    /// Why a change set is refused.
    pub(super) async fn refusal(&self, set: ChangeSet) -> Refusal {
        match self.store.commit(set).await {
            Err(CommitError::Refused(refusal)) => refusal,
            other => panic!("not refused: {other:?}"),
        }
    }

    /// A new session in the store.
    pub(super) async fn session(&self) -> Session {
        let session = self.new_session();
        self.commit([Change::InsertSession(session.clone())]).await;
        session
    }

    /// A session on its way to the store.
    pub(super) fn new_session(&self) -> Session {
        let at = now();
        Session {
            id: fresh(),
            alias: SystemSources.uuid_v4(),
            project: self.project.id,
            agent: SessionAgent::Following { agent: self.agent.id },
            origin: Origin::Native,
            purpose: None,
            thread: None,
            owner: None,
            deployment: None,
            title: Some("a talk".into()),
            metadata: [("k".to_owned(), "v".to_owned())].into_iter().collect(),
            version: 0,
            created_at: at,
            archived_at: None,
            budget: None,
            state: SessionState::new(at),
        }
    }

    /// A run in the queue.
    pub(super) async fn queued_run(&self, session: &Session) -> Run {
        let run = new_run(session);
        self.commit([Change::InsertRun(run.clone())]).await;
        run
    }

    /// A run that was accepted and claimed in one change set, with one event.
    pub(super) async fn running_run(&self, session: &Session, fence: Fence) -> Run {
        let run = claimed(new_run(session), fence);
        self.commit([Change::InsertRun(run.clone()), begins(&run)]).await;
        run
    }

    /// The run as it is now.
    pub(super) async fn run(&self, id: RunId) -> Run {
        self.store.find_run(id).await.unwrap().unwrap()
    }

    /// The session as it is now.
    pub(super) async fn session_now(&self, id: SessionId) -> Session {
        self.store.find_session(id).await.unwrap().unwrap()
    }

    /// The session's whole log.
    pub(super) async fn log(&self, session: SessionId) -> Vec<Event> {
        self.store.list_events(session, Default::default()).await.unwrap()
    }

    /// Claims a queued run, as a worker does.
    pub(super) async fn claim(&self, id: RunId, fence: Fence) -> Run {
        let run = self.run(id).await;
        let set = ChangeSet::of([begins(&run), Change::PutRun(claimed(run.clone(), fence))])
            .guarded(Guard::RunAt { run: id, version: run.version });
        self.store.commit(set).await.unwrap();
        self.run(id).await
    }

    /// Ends a run that has its session.
    pub(super) async fn finish(&self, id: RunId) -> Run {
        let run = self.run(id).await;
        self.commit(ends(&run)).await;
        self.run(id).await
    }
}

/// The first event of a run, with the state of the session it then has.
pub(super) fn begins(run: &Run) -> Change {
    let state = state(SessionStatus::Running, Some(run.id));
    Change::Append { session: run.session, events: vec![event(run, EventBody::StatusRunning {})], state: Some(state) }
}

/// All that ends a run.
pub(super) fn ends(run: &Run) -> [Change; 3] {
    let state = state(SessionStatus::Idle, None);
    let events =
        vec![event(run, EventBody::Usage { usage: Default::default(), cost: None, active_ms: 0, budget: None })];
    [
        Change::Append { session: run.session, events, state: Some(state) },
        Change::PutRun(over(run.clone())),
        Change::Release(run.session),
    ]
}

pub(super) fn state(status: SessionStatus, active_run: Option<RunId>) -> SessionState {
    SessionState { status, active_run, ..SessionState::new(now()) }
}

pub(super) fn event(run: &Run, body: EventBody) -> NewEvent {
    NewEvent { id: fresh(), run: Some(run.id), at: now(), body }
}

/// An event of no run.
pub(super) fn said(text: &str) -> NewEvent {
    NewEvent { id: fresh(), run: None, at: now(), body: message(text) }
}

pub(super) fn message(text: &str) -> EventBody {
    EventBody::UserMessage { content: vec![Block::text(text.to_owned())], dropped: false }
}

/// More of a session's log, which changes nothing else.
pub(super) fn appends(session: SessionId, events: Vec<NewEvent>) -> Change {
    Change::Append { session, events, state: None }
}

pub(super) fn input(run: &Run, text: &str) -> InboxItem {
    InboxItem { id: fresh(), session: run.session, run: run.id, accepted_at: now(), body: message(text) }
}

pub(super) fn new_run(session: &Session) -> Run {
    Run {
        id: fresh(),
        session: session.id,
        project: session.project,
        agent: session.agent.id(),
        key: None,
        origin: session.origin,
        overrides: Arc::new(Overrides::default()),
        remedy: None,
        agent_version: None,
        status: RunStatus::Queued,
        fence: None,
        version: 0,
        first_seq: None,
        trace: None,
        queued_at: now(),
        started_at: None,
        ended_at: None,
        deadline: None,
        spent: Spent::default(),
        in_flight: Vec::new(),
        waiting: Vec::new(),
        asks_since: None,
        asked: Vec::new(),
        failed_attempts: 0,
        model_at: 0,
        refused_tokens: None,
        outcome: None,
    }
}

/// A run in a worker's hands.
pub(super) fn claimed(run: Run, fence: Fence) -> Run {
    let first_seq = run.first_seq.or(Some(1));
    Run { status: RunStatus::Running, fence: Some(fence), started_at: Some(now()), first_seq, ..run }
}

/// A run that waits for someone.
pub(super) fn waiting(run: Run) -> Run {
    Run { status: RunStatus::Waiting, fence: None, ..run }
}

pub(super) fn over(run: Run) -> Run {
    Run { status: RunStatus::Completed, fence: None, ended_at: Some(now()), outcome: Some(Outcome::Done), ..run }
}

pub(super) fn spec(name: &str) -> AgentSpec {
    let model = ModelChoice { id: "scripted/demo".into(), ..ModelChoice::default() };
    AgentSpec { name: name.into(), model, ..AgentSpec::default() }
}

pub(super) fn project(name: &str) -> Project {
    Project { id: fresh::<ProjectId>(), number: 0, name: name.into(), repository: None, version: 0, created_at: now() }
}

pub(super) fn member(name: &str) -> Member {
    let email = format!("{name}@example.com");
    Member {
        id: fresh::<MemberId>(),
        number: 0,
        name: name.into(),
        email,
        role: Role::Admin,
        created_at: now(),
        suspended_at: None,
        removed_at: None,
    }
}

pub(super) fn key(id: KeyId, creator: MemberId) -> Key {
    static HASHES: AtomicU64 = AtomicU64::new(1);
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(id.0.as_bytes());
    hash[16..24].copy_from_slice(&HASHES.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    Key {
        id,
        name: "ci".into(),
        hint: "srt_abc".into(),
        hash: KeyHash(hash),
        creator,
        scopes: vec![Scope::AgentsRead, Scope::Admin],
        project: None,
        created_at: now(),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    }
}

pub(super) fn tool(project: ProjectId, name: &str) -> Tool {
    let http = HttpTool {
        name: name.into(),
        description: "looks things up".into(),
        input_schema: serde_json::json!({ "type": "object" }),
        method: "GET".into(),
        url: "https://example.com/{q}".into(),
        headers: Default::default(),
        timeout_ms: HttpTool::DEFAULT_TIMEOUT_MS,
        effect: Effect::Read,
    };
    Tool { id: fresh::<ToolId>(), number: 0, project, http, created_at: now() }
}

pub(super) fn document(of: &Tenant, name: &str) -> Document {
    Document {
        id: fresh::<DocumentId>(),
        reader: Reader::Agent { project: of.project.id, agent: of.agent.id },
        name: name.into(),
        kind: "txt".into(),
        text_bytes: 0,
        expires_at: None,
        created_at: now(),
    }
}

/// An id that was never given.
pub(super) fn never<T: From<Uuid>>() -> T {
    T::from(SystemSources.uuid_v4())
}

/// The ids of these events.
pub(super) fn ids(events: &[Event]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

/// The id of an agent, for a fresh one.
pub(super) fn agent(project: ProjectId, name: &str) -> (Agent, ChangeSet) {
    Agent::create(fresh::<AgentId>(), project, spec(name), now())
}
