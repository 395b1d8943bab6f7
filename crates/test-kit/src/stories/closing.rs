//! Sessions changed, archived and deleted: what was decided on an older state is refused, and
//! what is gone is gone at once.

use domain::change::{Change, ChangeSet, Guard};
use domain::session::{Session, SessionStatus};
use ports::Refusal;
use ports::feed::FeedItem;
use ports::store::SessionFilter;

use super::Stage;
use super::stage::{appends, input, never, new_run, now, over, said, state, waiting};

pub async fn a_session_is_changed_only_as_it_was_described(stage: Stage) {
    let ours = &stage.ours;
    let session = ours.session().await;
    let id = session.id;
    let described_at = |version| Guard::SessionDescribedAt { session: id, version };
    let titled = |title: &str| {
        let changed = Session { title: Some(title.into()), ..session.clone() };
        ChangeSet::of([Change::PutSession(changed)])
    };
    ours.store.commit(titled("one").guarded(described_at(0))).await.unwrap();
    for wrong in [described_at(0), described_at(2), Guard::SessionDescribedAt { session: never(), version: 0 }] {
        assert_eq!(ours.refusal(titled("lost").guarded(wrong)).await, Refusal::Guard(wrong));
    }
    ours.commit([appends(id, vec![said("something")])]).await;
    let now = ours.session_now(id).await;
    assert_eq!((now.title.as_deref(), now.version, now.state.seq), (Some("one"), 1, 1), "the log has its own count");
    assert_eq!(ours.refusal(ChangeSet::of([Change::PutSession(ours.new_session())])).await, Refusal::Missing);
}

pub async fn an_archived_session_has_no_run_and_gets_none(stage: Stage) {
    let (ours, fence) = (&stage.ours, stage.fence);
    let session = ours.session().await;
    let archive = || ChangeSet::of([Change::ArchiveSession { session: session.id, at: now() }]);
    let run = ours.queued_run(&session).await;
    assert_eq!(ours.refusal(archive()).await, Refusal::SessionBusy, "a run is queued");
    ours.claim(run.id, fence).await;
    assert_eq!(ours.refusal(archive()).await, Refusal::SessionBusy, "a run is held");
    ours.commit([Change::PutRun(waiting(ours.run(run.id).await))]).await;
    assert_eq!(ours.refusal(archive()).await, Refusal::SessionBusy, "a run waits");
    let rests = Change::Append { session: session.id, events: vec![], state: Some(state(SessionStatus::Idle, None)) };
    // Its end and the archiving may be one decision.
    let end = ChangeSet::of([rests, Change::PutRun(over(ours.run(run.id).await))]);
    ours.store.commit(end.and(archive())).await.unwrap();

    assert!(ours.session_now(session.id).await.archived_at.is_some());
    let late = ChangeSet::of([Change::InsertRun(new_run(&session))]);
    assert_eq!(ours.refusal(late).await, Refusal::SessionArchived);
    assert_eq!(ours.refusal(ChangeSet::of([Change::PutSession(session.clone())])).await, Refusal::SessionArchived);
    assert_eq!(ours.log(session.id).await.len(), 1, "its log stays");
}

pub async fn a_deleted_session_is_gone_at_once(stage: Stage) {
    let ours = &stage.ours;
    let session = Session { thread: Some("t".into()), ..ours.new_session() };
    ours.commit([Change::InsertSession(session.clone())]).await;
    let id = session.id;
    let delete = || ChangeSet::of([Change::DeleteSession { session: id, at: now() }]);
    let ended = ours.queued_run(&session).await;
    assert_eq!(ours.refusal(delete()).await, Refusal::SessionBusy, "a run is due");
    ours.claim(ended.id, stage.fence).await;
    assert_eq!(ours.refusal(delete()).await, Refusal::SessionBusy, "a run is held");
    ours.finish(ended.id).await;
    // A run that waits, one behind it, and what belongs to them.
    let waits = ours.queued_run(&session).await;
    ours.claim(waits.id, stage.fence).await;
    let timed = domain::run::Run { deadline: Some(now()), ..waiting(ours.run(waits.id).await) };
    let rests = state(SessionStatus::Idle, Some(waits.id));
    ours.commit([
        Change::Append { session: id, events: vec![said(&"long".repeat(100_000))], state: Some(rests) },
        Change::PutRun(timed),
        Change::AddCallback { run: waits.id, url: "https://example.com".into() },
    ])
    .await;
    let behind = ours.queued_run(&session).await;
    ours.commit([Change::Enqueue(input(&behind, "next"))]).await;
    let event = ours.log(id).await[0].id;
    let mut stream = stage.feed.subscribe(id);

    ours.store.commit(delete()).await.unwrap();

    assert!(matches!(stream.next().await, Ok(FeedItem::Deleted { .. })));
    let stage = stage.reopen().await;
    let (ours, store) = (&stage.ours, &stage.ours.store);
    assert_eq!(store.find_session(id).await.unwrap(), None);
    assert_eq!(store.find_session_by_alias(session.alias).await.unwrap(), None);
    assert_eq!(store.find_thread(ours.project.id, ours.agent.id, "t").await.unwrap(), None);
    assert!(store.list_sessions(SessionFilter::default()).await.unwrap().iter().all(|other| other.id != id));
    for run in [ended.id, waits.id, behind.id] {
        assert_eq!(store.find_run(run).await.unwrap(), None);
        assert_eq!(store.list_inbox(run).await.unwrap(), []);
    }
    assert_eq!((store.list_runs(id).await.unwrap(), store.list_queued_runs(id).await.unwrap()), (vec![], vec![]));
    assert_eq!((ours.log(id).await, store.list_session_inbox(id).await.unwrap()), (vec![], vec![]));
    assert_eq!(store.find_event(id, event).await.unwrap(), None);
    assert!(stage.store.list_callbacks().await.unwrap().iter().all(|due| due.run != waits.id));
    assert!(stage.store.next_deadline().await.unwrap().is_none_or(|late| late.run != waits.id));
    assert_eq!(ours.refusal(delete()).await, Refusal::Missing);

    // What comes after it has nothing of it, whatever is still being cleared away.
    let next = Session { thread: Some("t".into()), ..ours.new_session() };
    ours.commit([Change::InsertSession(next.clone()), appends(next.id, vec![said("new")])]).await;
    assert_eq!((ours.log(next.id).await.len(), ours.session_now(next.id).await.state.seq), (1, 1));
    assert_eq!(store.list_runs(next.id).await.unwrap(), []);
}
