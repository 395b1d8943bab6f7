//! The feed: what is stored is heard of, once it is stored, in order.

use std::time::Duration;

use domain::change::{Change, ChangeSet, Guard};
use domain::run::Run;
use domain::session::SessionStatus;
use ports::feed::FeedItem;

use super::Stage;
use super::stage::{appends, begins, claimed, input, never, new_run, now, said, state, waiting};

/// Waits no longer than a broken store deserves.
async fn soon<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect("nothing came")
}

pub async fn events_reach_the_streams_in_commit_order(stage: Stage) {
    let session = stage.ours.session().await.id;
    let mut stream = stage.feed.subscribe(session);
    let writers = (0..8).map(|writer| {
        let store = std::sync::Arc::clone(&stage.ours.store);
        tokio::spawn(async move {
            for n in 0..4 {
                let set = ChangeSet::of([appends(session, vec![said(&format!("{writer}.{n}")), said("and")])]);
                store.commit(set).await.unwrap();
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let mut heard = Vec::new();
    while heard.len() < 64 {
        let FeedItem::Stored(events) = soon(stream.next()).await.unwrap() else { continue };
        // Whoever hears of an event finds it.
        let last = events.last().unwrap();
        assert_eq!(stage.ours.store.find_event(session, last.id).await.unwrap().as_ref(), Some(last));
        heard.extend(events.iter().cloned());
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(heard, stage.ours.log(session).await);
}

pub async fn a_refused_change_set_is_never_heard_of(stage: Stage) {
    let ours = &stage.ours;
    let session = ours.session().await.id;
    let mut stream = stage.feed.subscribe(session);
    let no = Guard::SessionAt { session, seq: 99 };
    ours.refusal(ChangeSet::of([appends(session, vec![said("no")])]).guarded(no)).await;
    let (told, missing) = (appends(session, vec![said("no")]), Change::Release(never()));
    ours.refusal(ChangeSet::of([told, missing])).await;
    let yes = said("yes");
    ours.commit([appends(session, vec![yes.clone()])]).await;

    let FeedItem::Stored(events) = soon(stream.next()).await.unwrap() else { panic!("no event") };

    assert_eq!(events.iter().map(|event| event.id).collect::<Vec<_>>(), [yes.id]);
}

pub async fn work_and_input_wake_whoever_waits(stage: Stage) {
    let ours = &stage.ours;
    let session = ours.session().await;
    let mut work = stage.feed.watch_work();
    let mut inputs = stage.feed.watch_inbox();
    work.mark_unchanged();

    let run = ours.queued_run(&session).await;
    assert!(work.has_changed().unwrap(), "a run is ready");
    work.mark_unchanged();
    ours.queued_run(&session).await;
    assert!(!work.has_changed().unwrap(), "one more waits behind it: nothing to do yet");
    let timed = Run { deadline: Some(now()), ..new_run(&session) };
    ours.commit([Change::InsertRun(timed)]).await;
    assert!(work.has_changed().unwrap(), "a deadline was set");
    work.mark_unchanged();

    let item = input(&run, "hello");
    ours.commit([Change::Enqueue(item)]).await;
    assert_eq!(soon(inputs.recv()).await.unwrap(), run.id);

    ours.commit([begins(&run), Change::PutRun(claimed(run.clone(), stage.fence))]).await;
    ours.commit([Change::PutRun(waiting(claimed(run.clone(), stage.fence)))]).await;
    assert!(!work.has_changed().unwrap(), "it waits for a person");
    let idle = Change::Append { session: session.id, events: vec![], state: Some(state(SessionStatus::Idle, None)) };
    ours.commit([idle, Change::PutRun(super::stage::over(run)), Change::Release(session.id)]).await;
    assert!(work.has_changed().unwrap(), "the next one is ready");
    work.mark_unchanged();

    let running = ours.session().await;
    ours.running_run(&running, stage.fence).await;
    assert!(!work.has_changed().unwrap(), "a run that a worker holds already");
    stage.store.take_lease(now()).await.unwrap();
    assert!(work.has_changed().unwrap(), "its lease is void: it is ready again");
}
