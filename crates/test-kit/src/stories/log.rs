//! Logs: what was appended is read back, in order, whole.

use std::sync::Arc;

use domain::session::SessionStatus;
use domain::{Change, Event, EventBody, NewEvent, Timestamp};
use ports::store::{EventFilter, Order};

use super::Stage;
use super::stage::{appends, event, fresh, ids, message, now, said};

pub async fn seq_has_no_gap_whoever_appends(stage: Stage) {
    let session = stage.ours.session().await.id;
    let writers = (0..16).map(|writer| {
        let store = Arc::clone(&stage.ours.store);
        tokio::spawn(async move {
            let mut given = Vec::new();
            for count in 1..=8 {
                let events = (0..count).map(|n| said(&format!("{writer}.{count}.{n}"))).collect();
                let set = domain::ChangeSet::of([appends(session, events)]);
                let committed = store.commit(set).await.unwrap();
                given.extend(committed.events[0].iter().cloned());
            }
            given
        })
    });
    let mut given: Vec<Event> = Vec::new();
    for writer in futures::future::join_all(writers).await {
        let writer = writer.unwrap();
        assert!(writer.is_sorted_by_key(|event| event.seq), "a writer's own events are in its order");
        given.extend(writer);
    }
    given.sort_by_key(|event| event.seq);

    let log = stage.ours.log(session).await;

    assert_eq!(log, given, "what callers were told is what the log holds");
    let seqs: Vec<u64> = log.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=16 * 36).collect::<Vec<u64>>());
    assert_eq!(stage.ours.session_now(session).await.state.seq, 16 * 36);
}

pub async fn a_log_is_read_from_any_place_in_both_directions(stage: Stage) {
    let session = stage.ours.session().await.id;
    let other = stage.ours.session().await.id;
    for n in 0..6 {
        stage.ours.commit([appends(session, vec![said(&n.to_string())]), appends(other, vec![said("other")])]).await;
    }
    let read = async |after, order, limit| {
        let filter = EventFilter { after, order, limit, ..EventFilter::default() };
        let events = stage.ours.store.list_events(session, filter).await.unwrap();
        events.iter().map(|event| event.seq).collect::<Vec<u64>>()
    };

    assert_eq!(read(None, Order::OldestFirst, None).await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(read(Some(2), Order::OldestFirst, Some(3)).await, [3, 4, 5]);
    assert_eq!(read(Some(6), Order::OldestFirst, None).await, [0; 0]);
    assert_eq!(read(Some(u64::MAX), Order::OldestFirst, None).await, [0; 0]);
    assert_eq!(read(None, Order::NewestFirst, Some(2)).await, [6, 5]);
    assert_eq!(read(Some(3), Order::NewestFirst, None).await, [2, 1]);
    assert_eq!(read(Some(1), Order::NewestFirst, None).await, [0; 0]);
    assert_eq!(read(Some(0), Order::NewestFirst, None).await, [0; 0]);

    let within = async |first, last, order| {
        let filter = EventFilter { first, last, order, limit: Some(3), ..EventFilter::default() };
        let events = stage.ours.store.list_events(session, filter).await.unwrap();
        events.iter().map(|event| event.seq).collect::<Vec<u64>>()
    };
    assert_eq!(within(Some(2), Some(5), Order::OldestFirst).await, [2, 3, 4]);
    assert_eq!(within(Some(2), Some(5), Order::NewestFirst).await, [5, 4, 3]);
    assert_eq!(within(Some(u64::MAX), None, Order::NewestFirst).await, [0; 0]);
    let survey = async |seqs, parts| {
        let stretches = stage.ours.store.survey_log(session, seqs, parts).await.unwrap();
        stretches.iter().map(|stretch| (stretch.first_seq, stretch.last_seq)).collect::<Vec<_>>()
    };
    assert_eq!(survey(1..=u64::MAX, 1).await, [(1, 6)]);
    assert_eq!(survey(2..=5, 2).await, [(2, 3), (4, 5)]);
    assert!(survey(7..=9, 2).await.is_empty());

    let third = &stage.ours.log(session).await[2];
    assert_eq!(stage.ours.store.find_event(session, third.id).await.unwrap().as_ref(), Some(third));
    assert_eq!(stage.ours.store.find_event(other, third.id).await.unwrap(), None, "an event of another session");
}

pub async fn a_log_is_filtered_by_run_type_and_time(stage: Stage) {
    let session = stage.ours.session().await;
    let first = stage.ours.running_run(&session, stage.fence).await;
    stage.ours.finish(first.id).await;
    stage.ours.commit([appends(session.id, vec![said("between")])]).await;
    let second = stage.ours.queued_run(&session).await;
    let begun = domain::run::Run { first_seq: Some(4), ..second.clone() };
    stage.ours.commit([Change::PutRun(begun)]).await;
    stage.ours.claim(second.id, stage.fence).await;
    let log = stage.ours.log(session.id).await;
    assert_eq!(log.len(), 4);
    let list = async |filter| ids(&stage.ours.store.list_events(session.id, filter).await.unwrap());
    let of_run = |run| EventFilter { run: Some(run), ..EventFilter::default() };
    let of_types = |types: &[&str]| EventFilter {
        types: types.iter().map(|name| (*name).to_owned()).collect(),
        ..EventFilter::default()
    };

    assert_eq!(list(of_run(first.id)).await, ids(&log[..2]), "up to where the next run begins");
    assert_eq!(list(EventFilter { after: Some(1), ..of_run(first.id) }).await, ids(&log[1..2]));
    let newest_first = EventFilter { order: Order::NewestFirst, limit: Some(1), ..of_run(first.id) };
    assert_eq!(list(newest_first).await, ids(&log[1..2]));
    assert_eq!(list(of_run(second.id)).await, ids(&log[3..]));
    assert_eq!(list(EventFilter { order: Order::NewestFirst, ..of_run(second.id) }).await, ids(&log[3..]));
    assert_eq!(list(of_run(fresh())).await, []);
    assert_eq!(list(of_types(&["user.message"])).await, ids(&log[2..3]));
    assert_eq!(list(of_types(&["session.status_running", "session.usage"])).await, [log[0].id, log[1].id, log[3].id]);
    assert_eq!(list(of_types(&["no.such"])).await, []);
    let within = EventFilter { from: Some(log[1].at), until: Some(log[2].at), ..EventFilter::default() };
    assert_eq!(list(within).await, ids(&log[1..3]));
}

pub async fn a_large_event_comes_back_whole(stage: Stage) {
    let session = stage.ours.session().await;
    let run = stage.ours.queued_run(&session).await;
    // Either side of the size at which a store may keep a text elsewhere.
    for bytes in [255 * 1024, 257 * 1024, 3 * 1024 * 1024] {
        let text = "é\u{0}\"\n".repeat(bytes / 5);
        let item = domain::session::InboxItem { body: message(&text), ..super::stage::input(&run, "") };
        stage.ours.commit([Change::Enqueue(item.clone())]).await;
        assert_eq!(stage.ours.store.list_inbox(run.id).await.unwrap(), std::slice::from_ref(&item));
        let taken = NewEvent { id: item.id, run: Some(run.id), at: now(), body: item.body.clone() };
        let take = Change::TakeInput { session: session.id, items: vec![item.id] };
        stage.ours.commit([take, appends(session.id, vec![taken])]).await;
        assert_eq!(stage.ours.store.list_inbox(run.id).await.unwrap(), []);
        let found = stage.ours.store.find_event(session.id, item.id).await.unwrap().unwrap();
        assert!(found.body == item.body, "{bytes} bytes came back changed");
    }
}

pub async fn an_append_without_state_leaves_the_state(stage: Stage) {
    let session = stage.ours.session().await;
    let run = stage.ours.running_run(&session, stage.fence).await;
    let before = stage.ours.session_now(session.id).await.state;
    let late = event(&run, EventBody::StatusRescheduled {});
    let at = late.at;

    stage.ours.commit([appends(session.id, vec![late])]).await;

    let after = stage.ours.session_now(session.id).await.state;
    assert_eq!(after, domain::session::SessionState { seq: 2, updated_at: at, ..before });
    assert_eq!((after.status, after.active_run), (SessionStatus::Running, Some(run.id)));
}

pub async fn times_come_back_as_they_were_streamed(stage: Stage) {
    let session = stage.ours.session().await.id;
    let at = Timestamp::from_nanosecond(1_790_000_000_123_456_789).unwrap();
    let odd = NewEvent { at, ..said("odd") };

    let told = stage.ours.commit([appends(session, vec![odd])]).await.events;

    assert_eq!(stage.ours.log(session).await, told[0].to_vec());
}
