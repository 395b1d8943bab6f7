//! Sessions: found by each of their names, listed in pages, honest about their state.

use domain::change::{Change, ChangeSet};
use domain::run::{Run, RunStatus};
use domain::session::{Session, SessionAgent, SessionStatus};
use domain::{SessionId, Timestamp};
use ports::Refusal;
use ports::store::{Order, SessionFilter};

use super::stage::{agent, never, over, waiting};
use super::{Stage, Tenant};

fn in_thread(of: &Tenant, thread: &str) -> Session {
    Session { thread: Some(thread.into()), ..of.new_session() }
}

pub async fn a_thread_is_taken_once(stage: Stage) {
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    let session = in_thread(ours, "t-1");
    ours.commit([Change::InsertSession(session.clone())]).await;
    let again = ChangeSet::of([Change::InsertSession(in_thread(ours, "t-1"))]);
    assert_eq!(ours.refusal(again).await, Refusal::ThreadTaken);
    // Many at once: one of them gets it.
    let racing = (0..16).map(|_| ours.store.commit(ChangeSet::of([Change::InsertSession(in_thread(ours, "t-2"))])));
    let won = futures::future::join_all(racing).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(won, 1);

    let (other_agent, inserted) = agent(ours.project.id, "other");
    ours.store.commit(inserted).await.unwrap();
    let of_other = Session { agent: SessionAgent::Following { agent: other_agent.id }, ..in_thread(ours, "t-1") };
    ours.commit([Change::InsertSession(of_other.clone())]).await;
    theirs.commit([Change::InsertSession(in_thread(theirs, "t-1"))]).await;
    ours.session().await;
    ours.session().await;

    let find = async |agent, thread| {
        let found = ours.store.find_thread(ours.project.id, agent, thread).await.unwrap();
        found.map(|session| session.id)
    };
    assert_eq!(find(ours.agent.id, "t-1").await, Some(session.id));
    assert_eq!(find(other_agent.id, "t-1").await, Some(of_other.id));
    assert_eq!(find(ours.agent.id, "T-1").await, None);
}

pub async fn a_thread_nobody_named_is_found_by_its_own_name(stage: Stage) {
    let ours = &stage.ours;
    let mut session = in_thread(ours, "");
    session.thread = Some(session.alias.to_string());
    let unnamed = Session { thread: None, ..in_thread(ours, "") };
    ours.commit([Change::InsertSession(session.clone()), Change::InsertSession(unnamed.clone())]).await;
    let find = async |agent, thread: String| ours.store.find_thread(ours.project.id, agent, &thread).await.unwrap();
    let name = session.alias.to_string();
    assert_eq!(find(ours.agent.id, name.clone()).await, Some(session));
    assert_eq!(find(ours.agent.id, name.to_uppercase()).await, None);
    assert_eq!(find(never(), name).await, None);
    assert_eq!(find(ours.agent.id, unnamed.alias.to_string()).await, None, "it has no thread");
}

pub async fn sessions_are_found_by_every_name(stage: Stage) {
    let ours = &stage.ours;
    let agent = SessionAgent::Pinned { agent: ours.agent.id, version: 1, overrides: Default::default() };
    let session = Session { agent, ..in_thread(ours, "наша") };
    ours.commit([Change::InsertSession(session.clone())]).await;
    let found = [
        ours.store.find_session(session.id).await.unwrap(),
        ours.store.find_session_by_alias(session.alias).await.unwrap(),
        ours.store.find_thread(ours.project.id, ours.agent.id, "наша").await.unwrap(),
    ];
    for found in found {
        assert_eq!(found.as_ref(), Some(&session));
    }
    assert_eq!(ours.store.find_session_by_alias(never()).await.unwrap(), None);
}

pub async fn sessions_are_listed_in_pages(stage: Stage) {
    let ours = &stage.ours;
    let mut all = Vec::new();
    for n in 0..5 {
        let mut session = ours.new_session();
        if n >= 3 {
            // Made at one moment: the order they came in decides.
            session.created_at = Timestamp::from_second(1_900_000_000).unwrap();
        }
        ours.commit([Change::InsertSession(session.clone())]).await;
        all.push(session);
    }
    let archived = Session { archived_at: Some(all[0].created_at), ..ours.new_session() };
    ours.commit([Change::InsertSession(archived.clone())]).await;
    let pinned = SessionAgent::Pinned { agent: ours.agent.id, version: 3, overrides: Default::default() };
    let pinned = Session { agent: pinned, ..ours.new_session() };
    ours.commit([Change::InsertSession(pinned.clone())]).await;
    let list = async |filter| {
        let listed: Vec<Session> = ours.store.list_sessions(filter).await.unwrap();
        listed.iter().map(|session| session.id).collect::<Vec<SessionId>>()
    };
    let base = SessionFilter::default;
    let id = |n: usize| all[n].id;

    let oldest = list(base()).await;
    assert_eq!(oldest, [id(0), id(1), id(2), pinned.id, id(3), id(4)]);
    let newest = list(SessionFilter { order: Order::NewestFirst, ..base() }).await;
    assert_eq!(newest, oldest.iter().rev().copied().collect::<Vec<_>>());
    for (order, expected) in [(Order::OldestFirst, &oldest), (Order::NewestFirst, &newest)] {
        let mut paged = Vec::new();
        while paged.len() < expected.len() {
            let page = list(SessionFilter { order, after: paged.last().copied(), limit: Some(2), ..base() }).await;
            assert_eq!(page.len(), 2);
            paged.extend(page);
        }
        assert_eq!(&paged, expected);
        assert_eq!(list(SessionFilter { order, after: paged.last().copied(), ..base() }).await, []);
    }
    assert_eq!(list(SessionFilter { after: Some(never()), ..base() }).await, []);
    assert_eq!(list(SessionFilter { include_archived: true, ..base() }).await.len(), 7);
    assert_eq!(list(SessionFilter { agent_version: Some(3), ..base() }).await, [pinned.id]);
    assert_eq!(list(SessionFilter { agent: Some(never()), ..base() }).await, []);
    assert_eq!(
        list(SessionFilter { project: Some(ours.project.id), agent: Some(ours.agent.id), ..base() }).await,
        oldest
    );
    assert_eq!(list(SessionFilter { project: Some(never()), ..base() }).await, []);
    let (from, until) = (Some(all[1].created_at), Some(all[2].created_at));
    assert_eq!(list(SessionFilter { created_from: from, created_until: until, ..base() }).await, [id(1), id(2)]);
}

pub async fn a_session_shows_that_a_run_is_due(stage: Stage) {
    let ours = &stage.ours;
    let session = ours.session().await;
    let shown = async || {
        let found = ours.session_now(session.id).await.state.status;
        let filter = SessionFilter { statuses: vec![found, SessionStatus::Terminated], ..SessionFilter::default() };
        let listed = ours.store.list_sessions(filter).await.unwrap();
        assert_eq!(listed.iter().find(|listed| listed.id == session.id).map(|listed| listed.state.status), Some(found));
        let all = [SessionStatus::Idle, SessionStatus::Running, SessionStatus::Rescheduling];
        let others = all.into_iter().filter(|status| *status != found).collect();
        let others = SessionFilter { statuses: others, ..SessionFilter::default() };
        assert!(ours.store.list_sessions(others).await.unwrap().iter().all(|other| other.id != session.id));
        found
    };
    assert_eq!(shown().await, SessionStatus::Idle);
    let run = ours.queued_run(&session).await;
    assert_eq!(shown().await, SessionStatus::Rescheduling, "a run is due and no worker holds it");
    ours.claim(run.id, stage.fence).await;
    assert_eq!(shown().await, SessionStatus::Running);
    let behind: Run = ours.queued_run(&session).await;
    assert_eq!(shown().await, SessionStatus::Running);
    let rests = Change::Append {
        session: session.id,
        events: vec![],
        state: Some(super::stage::state(SessionStatus::Idle, Some(run.id))),
    };
    ours.commit([rests, Change::PutRun(waiting(ours.run(run.id).await))]).await;
    assert_eq!(shown().await, SessionStatus::Idle, "it waits for someone; the next run is not due");
    let called = Run { status: RunStatus::Queued, ..ours.run(run.id).await };
    ours.commit([Change::PutRun(called)]).await;
    assert_eq!(shown().await, SessionStatus::Rescheduling, "it no longer waits");
    ours.claim(run.id, stage.fence).await;
    ours.finish(run.id).await;
    assert_eq!(shown().await, SessionStatus::Rescheduling, "the next run is");
    ours.commit([Change::PutRun(over(behind)), Change::Release(session.id)]).await;
    assert_eq!(shown().await, SessionStatus::Idle);
}
