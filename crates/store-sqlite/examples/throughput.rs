//! How many change sets a second the store takes, and what a read costs:
//! `cargo run --release -p store-sqlite --example throughput`.
//!
//! Each committer does what a short run does to the store: one change set that opens a
//! session with its run and seven events, one that ends the run.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::agent::{Agent, AgentSpec, Overrides};
use domain::change::{Change, ChangeSet, Guard};
use domain::limits::Spent;
use domain::model::{Block, Usage};
use domain::org::{Org, Project};
use domain::run::{Fence, Outcome, Run, RunStatus};
use domain::session::{Origin, Session, SessionAgent, SessionState, SessionStatus};
use domain::{AgentId, EventBody, EventId, NewEvent, OrgId, ProjectId, RunId, SessionId, Timestamp};
use ports::time::SystemSources;
use ports::{Clock, IdSource, Store};
use store_sqlite::{SqliteStore, StoreOptions};
use uuid::Uuid;

const SECONDS: u64 = 8;
const PROJECT: ProjectId = ProjectId(Uuid::from_u128(1));
const AGENT: AgentId = AgentId(Uuid::from_u128(2));

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let place = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let dir = tempfile::tempdir_in(place)?;
    println!("one flush of this disk: {:?} (median of 300)", single_flush(dir.path())?);
    let started = Instant::now();
    let store = SqliteStore::open(dir.path(), &StoreOptions::default(), ports::Feed::default())?;
    println!("opening an empty directory: {:?}", started.elapsed());
    let org = OrgId(SystemSources.uuid_v7());
    let moved_in =
        [Change::InsertOrg(an_org(org)), Change::InsertProject(a_project()), Change::InsertAgent(an_agent())];
    store.of(org).commit(ChangeSet::of(moved_in)).await?;
    let fence = store.take_lease(SystemSources.now()).await?;
    for committers in [1, 8, 64, 256] {
        commits(&store, org, fence, committers).await?;
    }
    reads(&store, org, fence).await?;
    store.close().await;
    Ok(())
}

async fn commits(
    store: &Arc<SqliteStore>,
    org: OrgId,
    fence: Fence,
    committers: usize,
) -> Result<(), Box<dyn std::error::Error>> {
    let cpu = cpu_time()?;
    let started = Instant::now();
    let until = started + Duration::from_secs(SECONDS);
    let tasks: Vec<_> = (0..committers)
        .map(|_| {
            let store = store.of(org);
            tokio::spawn(async move {
                let mut waits = Vec::new();
                while Instant::now() < until {
                    let (first, second) = a_short_run(fence);
                    for set in [first, second] {
                        let began = Instant::now();
                        store.commit(set).await.map_err(|error| error.to_string())?;
                        waits.push(began.elapsed());
                    }
                }
                Ok::<_, String>(waits)
            })
        })
        .collect();
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await??);
    }
    let took = started.elapsed();
    let count = waits.len();
    waits.sort();
    println!(
        "{committers:>4} committers: {:>6.0} change sets/s, {:>5.1} µs CPU each, p50 {:?}, p99 {:?}, max {:?}",
        count as f64 / took.as_secs_f64(),
        (cpu_time()? - cpu).as_secs_f64() * 1e6 / count as f64,
        waits[count / 2],
        waits[count * 99 / 100],
        waits[count - 1],
    );
    Ok(())
}

async fn reads(store: &Arc<SqliteStore>, org: OrgId, fence: Fence) -> Result<(), Box<dyn std::error::Error>> {
    let view = store.of(org);
    let (first, second) = a_short_run(fence);
    let Some(Change::InsertSession(session)) = first.changes.first().cloned() else { return Err("no session".into()) };
    view.commit(first).await?;
    view.commit(second).await?;
    timed("find a session", || async { Ok(view.find_session(session.id).await?.is_some()) }).await?;
    timed("list a run's 12 events", || async {
        Ok(view.list_events(session.id, ports::store::EventFilter::default()).await?.len() == 12)
    })
    .await?;
    timed("next ready run", || async { Ok(store.next_ready(None, 1).await?.is_empty()) }).await
}

async fn timed<F>(what: &str, mut read: impl FnMut() -> F) -> Result<(), Box<dyn std::error::Error>>
where
    F: Future<Output = Result<bool, Box<dyn std::error::Error>>>,
{
    const TIMES: u32 = 20_000;
    let cpu = cpu_time()?;
    let started = Instant::now();
    for _ in 0..TIMES {
        if !read().await? {
            return Err(format!("{what}: not found").into());
        }
    }
    println!("{what}: {:?}, {:?} CPU", started.elapsed() / TIMES, (cpu_time()? - cpu) / TIMES);
    Ok(())
}

/// The two change sets of a short run.
fn a_short_run(fence: Fence) -> (ChangeSet, ChangeSet) {
    let now = SystemSources.now();
    let (session, run) = (a_session(now), RunId(SystemSources.uuid_v7()));
    let state = |status, active_run, seq| SessionState { status, active_run, seq, ..SessionState::new(now) };
    let events = |bodies: Vec<EventBody>| -> Vec<NewEvent> {
        bodies
            .into_iter()
            .map(|body| NewEvent { id: EventId(SystemSources.uuid_v7()), run: Some(run), at: now, body })
            .collect()
    };
    let start = EventId(SystemSources.uuid_v7());
    let text = "a sentence of some length, as people and models write them ".repeat(3);
    let says = |n: usize| EventBody::UserMessage { content: vec![Block::text(format!("{n} {text}"))], dropped: false };
    let first = events(vec![
        says(1),
        says(2),
        says(3),
        says(4),
        says(5),
        EventBody::StatusRunning {},
        EventBody::ModelRequestStart { model: "local/default".into() },
    ]);
    let usage = Usage { input_tokens: 100, output_tokens: 20, ..Usage::default() };
    let second = events(vec![
        EventBody::said(vec![Block::text(text.clone())]),
        EventBody::ModelRequestEnd {
            model_request_start_id: start,
            is_error: false,
            model_usage: usage,
            cost: None,
            stop_cause: None,
        },
        EventBody::StatusRunning {},
        EventBody::Usage { usage, cost: None, active_ms: 0, budget: None },
        EventBody::StatusIdle { stop_reason: domain::event::StopReason::EndTurn },
    ]);
    let running = a_run(run, &session, fence, now);
    let over = Run {
        status: RunStatus::Completed,
        fence: None,
        ended_at: Some(now),
        outcome: Some(Outcome::Done),
        ..running.clone()
    };
    let id = session.id;
    let begun = Change::Append { session: id, events: first, state: Some(state(SessionStatus::Running, Some(run), 0)) };
    let ended = Change::Append { session: id, events: second, state: Some(state(SessionStatus::Idle, None, 7)) };
    (
        ChangeSet::of([Change::InsertSession(session), Change::InsertRun(running), begun]),
        ChangeSet::of([ended, Change::PutRun(over), Change::Release(id)])
            .guarded(Guard::Held { run, fence })
            .guarded(Guard::NoInput { run }),
    )
}

fn an_org(id: OrgId) -> Org {
    let created_at = SystemSources.now();
    let rollouts = Default::default();
    Org { id, number: 0, name: "acme".into(), time_zone: "UTC".into(), rollouts, created_at }
}

fn a_project() -> Project {
    let created_at = SystemSources.now();
    Project { id: PROJECT, number: 0, name: "first".into(), repository: None, version: 0, created_at }
}

fn an_agent() -> Agent {
    let spec = AgentSpec { name: "assistant".into(), ..AgentSpec::default() };
    Agent::create(AGENT, PROJECT, spec, SystemSources.now()).0
}

fn a_session(now: Timestamp) -> Session {
    Session {
        id: SessionId(SystemSources.uuid_v7()),
        alias: SystemSources.uuid_v4(),
        project: PROJECT,
        agent: SessionAgent::Following { agent: AGENT },
        origin: Origin::Make,
        purpose: None,
        thread: Some(SystemSources.uuid_v4().to_string()),
        owner: None,
        deployment: None,
        title: None,
        metadata: Default::default(),
        version: 0,
        created_at: now,
        archived_at: None,
        budget: None,
        state: SessionState::new(now),
    }
}

fn a_run(id: RunId, session: &Session, fence: Fence, now: Timestamp) -> Run {
    Run {
        id,
        session: session.id,
        project: session.project,
        agent: session.agent.id(),
        key: None,
        origin: session.origin,
        overrides: Arc::new(Overrides::default()),
        remedy: None,
        agent_version: Some(1),
        status: RunStatus::Running,
        fence: Some(fence),
        version: 0,
        first_seq: Some(1),
        trace: None,
        queued_at: now,
        started_at: Some(now),
        ended_at: None,
        deadline: Some(now),
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

fn single_flush(dir: &Path) -> std::io::Result<Duration> {
    use std::io::Write;
    let mut file = tempfile::tempfile_in(dir)?;
    let mut waits = Vec::new();
    for _ in 0..300 {
        let started = Instant::now();
        file.write_all(&[0x5a; 4096])?;
        file.sync_data()?;
        waits.push(started.elapsed());
    }
    waits.sort();
    Ok(waits[150])
}

/// CPU time of this process, user and system.
fn cpu_time() -> Result<Duration, Box<dyn std::error::Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().ok_or("no name in stat")?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(Duration::from_millis(ticks * 10))
}
