//! Power cuts: whatever a caller was told of is there afterwards.

use std::path::Path;
use std::sync::{Arc, Mutex};

use domain::agent::{Agent, AgentSpec, ModelChoice};
use domain::model::Block;
use domain::org::{Org, Project};
use domain::run::{Fence, Run, RunStatus};
use domain::session::{Origin, Session, SessionAgent, SessionState};
use domain::turn::{Claim, Input, Moment, Reply, accept};
use domain::{AgentId, Change, ChangeSet, EventBody, EventId, OrgId, ProjectId, RunId, SessionId, Timestamp};
use ports::store::EventFilter;
use ports::time::SystemSources;
use ports::{Clock, Committed, Feed, IdSource, OrgStore, Store};
use store_sqlite::{Planted, PlantedBug, SqliteStore, StoreOptions};
use test_kit::power::{Cut, Recording};

const WRITERS: usize = 8;
const SESSIONS_EACH: usize = 12;

/// What a caller was told: this session's log reaches at least so far, where it has this event.
#[derive(Debug, Clone, Copy)]
struct Promise {
    session: SessionId,
    seq: u64,
    event: EventId,
}

impl Promise {
    fn of(committed: &Committed, session: SessionId) -> Self {
        let last = committed.events[0].last().unwrap();
        Self { session, seq: last.seq, event: last.id }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_in_a_power_cut() {
    let (recording, promises, org) = record("power-cut", Planted::default()).await;
    let lost = cut_power(&recording, &promises, org, super::count(100)).await;
    assert_eq!(lost, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn planted_bugs_of_durability_are_caught() {
    for (name, bug) in
        [("skip-flush", PlantedBug::SkipFlush), ("acknowledge-early", PlantedBug::AcknowledgeBeforeCommit)]
    {
        let (recording, promises, org) = record(name, Planted::with(bug)).await;
        let lost = cut_power(&recording, &promises, org, 40).await;
        assert!(!lost.is_empty(), "{bug:?} went unnoticed");
    }
}

/// A busy store, with every write, flush and acknowledgement on record.
async fn record(name: &str, planted: Planted) -> (Recording, Vec<Promise>, OrgId) {
    let dir = tempfile::tempdir().unwrap();
    let recording = Recording::start(name);
    // Checkpoints come often, so that cuts fall into them too.
    let options = StoreOptions {
        vfs: Some(recording.vfs().to_owned()),
        checkpoint_pages: 40,
        planted,
        ..StoreOptions::default()
    };
    let store = SqliteStore::open(dir.path(), &options, Feed::default()).unwrap();
    let org = OrgId(SystemSources.uuid_v7());
    let agent = furnish(&store, org).await;
    let fence = store.take_lease(SystemSources.now()).await.unwrap();
    let promises: Arc<Mutex<Vec<Promise>>> = Arc::default();
    let writers = (0..WRITERS).map(|_| {
        let (store, agent, promises, recording) = (store.of(org), agent.clone(), promises.clone(), recording.clone());
        tokio::spawn(async move {
            for _ in 0..SESSIONS_EACH {
                converse(store.as_ref(), &agent, fence, |promise| {
                    let mut promises = promises.lock().unwrap();
                    promises.push(promise);
                    recording.acknowledged(promises.len() as u64 - 1);
                })
                .await;
            }
        })
    });
    for writer in futures::future::join_all(writers).await {
        writer.unwrap();
    }
    store.close().await;
    let promises = promises.lock().unwrap().clone();
    (recording, promises, org)
}

async fn furnish(store: &Arc<SqliteStore>, id: OrgId) -> Agent {
    let now = SystemSources.now();
    let org =
        Org { id, number: 0, name: "o".into(), time_zone: "UTC".into(), rollouts: Default::default(), created_at: now };
    let first = ProjectId(SystemSources.uuid_v7());
    let project = Project { id: first, number: 0, name: "p".into(), repository: None, created_at: now };
    let model = ModelChoice { id: "scripted/demo".into(), ..ModelChoice::default() };
    let spec = AgentSpec { name: "a".into(), model, ..AgentSpec::default() };
    let (agent, inserted) = Agent::create(AgentId(SystemSources.uuid_v7()), project.id, spec, now);
    let changes = ChangeSet::of([Change::InsertOrg(org), Change::InsertProject(project)]).and(inserted);
    store.of(id).commit(changes).await.unwrap();
    agent
}

/// One session with one run, from its acceptance to its end.
async fn converse(store: &dyn OrgStore, agent: &Agent, fence: Fence, promise: impl Fn(Promise)) {
    let now = SystemSources.now();
    let session = session(agent, now);
    let hello = EventBody::UserMessage { content: vec![Block::text("hello ".repeat(200))], dropped: false };
    let input = Input { id: fresh_id(), body: hello };
    let claim = Claim { fence, spec: &agent.spec, models: vec![agent.spec.model.id.clone()] };
    let accepted =
        accept(&session, true, run(&session, now), vec![input], Some(claim), &mut Moment { now, ids: &mut fresh_id });
    let mut turn = accepted.turn.unwrap();
    let committed = store.commit(accepted.changes).await.unwrap();
    let acknowledged = Promise::of(&committed, session.id);
    promise(acknowledged);
    turn.committed(acknowledged.seq);
    turn.replied(Reply { text: "done".into(), ..Reply::default() }, &mut Moment { now, ids: &mut fresh_id });
    let committed = store.commit(turn.take_changes()).await.unwrap();
    promise(Promise::of(&committed, session.id));
}

fn fresh_id() -> EventId {
    EventId(SystemSources.uuid_v7())
}

fn session(agent: &Agent, now: Timestamp) -> Session {
    Session {
        id: SessionId(SystemSources.uuid_v7()),
        alias: SystemSources.uuid_v4(),
        project: agent.project,
        agent: SessionAgent::Following { agent: agent.id },
        origin: Origin::Make,
        purpose: None,
        thread: Some(SystemSources.uuid_v4().to_string()),
        owner: None,
        title: None,
        metadata: Default::default(),
        version: 0,
        created_at: now,
        archived_at: None,
        budget: None,
        state: SessionState::new(now),
    }
}

fn run(session: &Session, now: Timestamp) -> Run {
    Run {
        id: RunId(SystemSources.uuid_v7()),
        session: session.id,
        project: session.project,
        agent: session.agent.id(),
        agent_version: Some(1),
        key: None,
        origin: Origin::Make,
        overrides: Arc::default(),
        status: RunStatus::Queued,
        fence: None,
        version: 0,
        first_seq: None,
        trace: None,
        queued_at: now,
        started_at: None,
        ended_at: None,
        deadline: None,
        spent: Default::default(),
        in_flight: Vec::new(),
        waiting: Vec::new(),
        failed_attempts: 0,
        model_at: 0,
        refused_tokens: None,
        outcome: None,
    }
}

/// Cuts the power at `cuts` points, spread over the recording; gives back what was lost.
async fn cut_power(recording: &Recording, promises: &[Promise], org: OrgId, cuts: usize) -> Vec<String> {
    let mut lost = Vec::new();
    for number in 0..cuts {
        // A stride that is prime to the length visits every region, and no two cuts alike.
        let after = (number * 7_919 + 1) % recording.len();
        let seed = number as u64 + 0x5EED;
        let cut = Cut::at(recording, after, seed);
        let dir = tempfile::tempdir().unwrap();
        cut.write_to(dir.path()).unwrap();
        if let Err(what) = check(dir.path(), &cut, promises, org).await {
            lost.push(format!("cut after {after} of {}, seed {seed}: {what}", recording.len()));
        }
    }
    lost
}

async fn check(dir: &Path, cut: &Cut, promises: &[Promise], org: OrgId) -> Result<(), String> {
    let store = SqliteStore::open(dir, &StoreOptions::default(), Feed::default())
        .map_err(|error| format!("not opened: {error}"))?;
    let result = check_promises(store.as_ref(), cut, promises, org).await;
    store.close().await;
    result
}

async fn check_promises(store: &SqliteStore, cut: &Cut, promises: &[Promise], org: OrgId) -> Result<(), String> {
    store.take_lease(SystemSources.now()).await.map_err(|error| error.to_string())?;
    let view = store.of(org);
    for number in &cut.acknowledged {
        let Promise { session, seq, event } = promises[*number as usize];
        let events = view.list_events(session, EventFilter::default()).await.map_err(|error| error.to_string())?;
        let whole = events.iter().enumerate().all(|(index, event)| event.seq == index as u64 + 1);
        if !whole || (events.len() as u64) < seq {
            return Err(format!("{session} was acknowledged to seq {seq} and has {} events", events.len()));
        }
        if events[seq as usize - 1].id != event {
            return Err(format!("{session} has another event than {event} at seq {seq}"));
        }
        let found = view.find_session(session).await.map_err(|error| error.to_string())?;
        let state = found.ok_or(format!("{session} is gone"))?.state;
        if state.seq != events.len() as u64 {
            return Err(format!("{session} says seq {} and has {} events", state.seq, events.len()));
        }
        for run in view.list_runs(session).await.map_err(|error| error.to_string())? {
            if run.status == RunStatus::Running {
                return Err(format!("{} runs without a lease", run.id));
            }
        }
    }
    Ok(())
}
