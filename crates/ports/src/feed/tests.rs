use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use domain::EventBody;
use domain::model::Usage;
use uuid::Uuid;

use super::channel::ITEMS_MAX;
use super::*;

/// A session of one run, and who listens to it.
struct Room {
    feed: Feed,
    seq: u64,
}

fn session() -> SessionId {
    SessionId(Uuid::from_u128(1))
}

fn run() -> RunId {
    RunId(Uuid::from_u128(2))
}

fn id(n: u128) -> EventId {
    EventId(Uuid::from_u128(n))
}

impl Room {
    fn new() -> Self {
        Self { feed: Feed::default(), seq: 0 }
    }

    fn listener(&self) -> Subscription {
        self.feed.subscribe_with_previews(session())
    }

    fn writes(&self, message: u128, text: &str) -> PreviewWriter {
        let writer = self.feed.preview_starts(session(), run(), id(message));
        writer.write(text);
        writer
    }

    fn stores(&mut self, event: EventId, body: EventBody) {
        self.seq += 1;
        let event = Event { id: event, seq: self.seq, run: Some(run()), at: Timestamp::UNIX_EPOCH, body };
        self.feed.stored(session(), [event].into());
    }

    fn stores_message(&mut self, message: u128) {
        self.stores(id(message), EventBody::said(vec![]));
    }

    fn stores_failure(&mut self) {
        let body = EventBody::ModelRequestEnd {
            model_request_start_id: id(100),
            is_error: true,
            model_usage: Usage::default(),
            cost: None,
            stop_cause: None,
        };
        self.stores(id(101), body);
    }

    fn is_empty(&self) -> bool {
        self.feed.0.shards.iter().all(|shard| lock(shard).is_empty())
    }
}

/// What there is now: `S` for the beginning of a message, `T` of a thought, the offset and text
/// of a piece, `#` and the `seq` of what is stored, `!` for having fallen behind.
fn told(listener: &mut Subscription) -> Vec<String> {
    let mut told = Vec::new();
    while let Poll::Ready(item) = listener.poll_next(&mut Context::from_waker(Waker::noop())) {
        told.push(match item {
            Ok(FeedItem::Preview(PreviewItem::Start { is_thinking: true, .. })) => "T".to_owned(),
            Ok(FeedItem::Preview(PreviewItem::Start { .. })) => "S".to_owned(),
            Ok(FeedItem::Preview(PreviewItem::Delta { offset, text, .. })) => format!("{offset}{text}"),
            Ok(FeedItem::Stored(events)) => format!("#{}", events[0].seq),
            Ok(FeedItem::Deleted { .. }) => "deleted".to_owned(),
            Err(Behind) => "!".to_owned(),
        });
    }
    told
}

#[test]
fn who_comes_late_is_told_the_text_so_far_and_then_the_rest() {
    let mut room = Room::new();
    let mut early = room.listener();
    let writer = room.writes(9, "hel");
    let mut late = room.listener();
    assert_eq!(told(&mut early), ["S", "0hel"]);
    assert_eq!(told(&mut late), ["S", "0hel"]);
    writer.write("lo");
    writer.write(", you");
    room.stores_message(9);
    for listener in [&mut early, &mut late] {
        assert_eq!(told(listener), ["3lo, you", "#1"], "what it has not looked at comes as one piece, before the end");
    }
    assert!(told(&mut room.listener()).is_empty(), "the text is over");
}

#[test]
fn text_that_began_and_ended_unread_is_told_before_what_follows() {
    let mut room = Room::new();
    let mut listener = room.listener();
    room.feed.thought_starts(session(), run(), id(8));
    room.writes(9, "one");
    room.stores_message(9);
    room.writes(10, "two");
    room.stores_message(10);
    room.writes(11, "three");
    assert_eq!(told(&mut listener), ["T", "S", "0one", "#1", "S", "0two", "#2", "S", "0three"]);
}

#[test]
fn of_text_that_comes_to_nothing_no_more_is_told() {
    let mut room = Room::new();
    let mut listener = room.listener();
    let writer = room.writes(9, "one");
    assert_eq!(told(&mut listener), ["S", "0one"]);
    writer.write(" more");
    room.stores_failure();
    writer.write(" and more");
    assert_eq!(told(&mut listener), ["#1"]);
    let writer = room.writes(10, "again");
    room.feed.preview_ends(session());
    writer.write(" and again");
    assert!(told(&mut listener).is_empty());
}

#[test]
fn what_was_read_in_the_log_is_not_told_again() {
    let mut room = Room::new();
    let mut listener = room.listener();
    room.writes(9, "one");
    room.stores_message(9);
    room.stores(id(50), EventBody::StatusRunning {});
    room.stores(id(51), EventBody::StatusRunning {});
    listener.has_read(2);
    assert_eq!(told(&mut listener), ["#3"]);
}

#[test]
fn a_listener_that_is_too_slow_is_told_so_once_and_not_for_the_sake_of_text() {
    let mut room = Room::new();
    let (mut slow, mut quick) = (room.listener(), room.listener());
    let writer = room.writes(9, "");
    for _ in 0..2 * ITEMS_MAX {
        writer.write("x");
    }
    let text = format!("0{}", "x".repeat(2 * ITEMS_MAX));
    assert_eq!(told(&mut quick), ["S", &text]);
    for _ in 0..=ITEMS_MAX {
        room.stores(id(50), EventBody::StatusRunning {});
        assert_eq!(told(&mut quick), [format!("#{}", room.seq)]);
    }
    assert_eq!(told(&mut slow), ["!", "S", &text]);
    room.stores_message(9);
    for listener in [&mut slow, &mut quick] {
        assert_eq!(told(listener), [format!("#{}", room.seq)], "both are at the same place again");
    }
}

#[test]
fn who_sees_no_previews_is_told_what_is_stored_only() {
    let mut room = Room::new();
    let mut listener = room.feed.subscribe(session());
    room.writes(9, "one");
    room.stores_message(9);
    room.feed.deleted(session(), Timestamp::UNIX_EPOCH);
    assert_eq!(told(&mut listener), ["#1", "deleted"]);
}

#[test]
fn what_is_stored_is_kept_until_those_who_still_listen_have_read_it() {
    let mut room = Room::new();
    let event = Event { id: id(50), seq: 1, run: None, at: Timestamp::UNIX_EPOCH, body: EventBody::StatusRunning {} };
    let events: Arc<[Event]> = [event].into();
    let kept = Arc::downgrade(&events);
    let (mut reads, mut knows, leaves) = (room.listener(), room.listener(), room.listener());
    room.seq = 1;
    room.feed.stored(session(), events);
    assert_eq!(told(&mut reads), ["#1"]);
    knows.has_read(1);
    assert!(told(&mut knows).is_empty());
    assert!(kept.upgrade().is_some(), "one has not read it");
    drop(leaves);
    assert!(kept.upgrade().is_none());
    room.stores(id(51), EventBody::StatusRunning {});
    assert_eq!([told(&mut reads), told(&mut knows)], [["#2"], ["#2"]]);
}

#[test]
fn nothing_is_kept_of_a_session_that_nobody_listens_to() {
    let mut room = Room::new();
    let listeners = [room.listener(), room.listener(), room.feed.subscribe(session())];
    let writer = room.writes(9, "one");
    room.stores_message(9);
    drop(listeners);
    assert!(room.is_empty());
    writer.write(" more");
    let writer = room.writes(10, "two");
    assert!(!room.is_empty());
    drop(writer);
    room.feed.preview_ends(session());
    assert!(room.is_empty());
}

#[test]
fn who_waits_is_woken_for_what_it_sees() {
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let mut room = Room::new();
    let waits = |listener: &mut Subscription, count: &Arc<Count>| {
        while listener.poll_next(&mut Context::from_waker(&Waker::from(Arc::clone(count)))).is_ready() {}
    };
    let [shown, unshown] = [(); 2].map(|()| Arc::new(Count(AtomicUsize::new(0))));
    let (mut with, mut without) = (room.listener(), room.feed.subscribe(session()));
    let mut woken = |room: &mut Room, what: &dyn Fn(&mut Room)| {
        waits(&mut with, &shown);
        waits(&mut without, &unshown);
        what(room);
        [&shown, &unshown].map(|count| count.0.swap(0, Ordering::Relaxed))
    };
    assert_eq!(woken(&mut room, &|room| drop(room.writes(9, "text"))), [1, 0], "once, until it looks");
    assert_eq!(woken(&mut room, &|room| room.stores_message(9)), [1, 1]);
    assert_eq!(woken(&mut room, &|room| room.feed.thought_starts(session(), run(), id(8))), [1, 1]);
    assert_eq!(woken(&mut room, &|room| room.feed.deleted(session(), Timestamp::UNIX_EPOCH)), [1, 1]);
    assert_eq!(woken(&mut room, &|_| {}), [0, 0]);
}
