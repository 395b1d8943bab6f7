//! Streams of a session: no gap, no repeat, whatever the reader does.

use app::{AuthFault, CreateKey, Ctx, Error, From, KeyFormat, PreviewItem, SessionStream, StreamItem};
use domain::key::Scope;
use domain::{EventBody, EventId, SessionId};
use futures::{FutureExt, StreamExt};
use test_kit::{Gate, TestHouse, says};

use crate::desk::{Desk, interrupt, message, paths, within};

async fn follow(desk: &Desk, ctx: &Ctx, session: SessionId, from: From, previews: bool) -> SessionStream {
    desk.app().stream_session(ctx, session, from, previews).await.expect("a stream")
}

/// The `seq` of the next stored events, this many.
async fn seqs(stream: &mut SessionStream, count: usize) -> Vec<u64> {
    let stored = stream.filter_map(async |item| match item.expect("an item") {
        StreamItem::Stored(event) => Some(event.seq),
        StreamItem::Preview(_) | StreamItem::Deleted { .. } => None,
    });
    within(stored.take(count).collect()).await
}

#[tokio::test]
async fn a_stream_begins_where_it_is_told_to() {
    let desk = Desk::at(TestHouse::new().model([says("Hello."), says("Again.")])).await;
    let session = desk.session(desk.agent().await.id).await;
    desk.send(session.id, vec![message("hi")]).await;
    desk.at_rest(session.id).await;
    let third = desk.log(session.id).await[2].id;

    let mut from_start = follow(&desk, &desk.ctx, session.id, From::Start, false).await;
    let mut from_third = follow(&desk, &desk.ctx, session.id, From::After(third), false).await;
    let mut from_now = follow(&desk, &desk.ctx, session.id, From::Now, false).await;
    desk.send(session.id, vec![message("hi again")]).await;

    assert_eq!(seqs(&mut from_start, 14).await, (1..=14).collect::<Vec<_>>());
    assert_eq!(seqs(&mut from_third, 11).await, (4..=14).collect::<Vec<_>>());
    assert_eq!(seqs(&mut from_now, 7).await, (8..=14).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_does_not_begin_behind_an_event_of_another_session() {
    let desk = Desk::at(TestHouse::new()).await;
    let agent = desk.agent().await;
    let (session, other) = (desk.session(agent.id).await, desk.session(agent.id).await);
    let foreign = desk.send(other.id, vec![interrupt()]).await[0].event;

    for unknown in [foreign, EventId(uuid::Uuid::from_u128(7))] {
        let refused = desk.app().stream_session(&desk.ctx, session.id, From::After(unknown), false).await;
        assert_eq!(paths(refused), ["after"]);
    }
}

#[tokio::test]
async fn a_reader_that_was_far_too_slow_misses_nothing() {
    let desk = Desk::at(TestHouse::new()).await;
    let session = desk.session(desk.agent().await.id).await;
    let mut slow = follow(&desk, &desk.ctx, session.id, From::Now, true).await;
    let mut late = Vec::new();

    // More commits than the feed keeps, and more events than a page of the log holds.
    for _ in 0..100 {
        desk.send(session.id, vec![interrupt(); 13]).await;
        late.push(follow(&desk, &desk.ctx, session.id, From::Start, true).await);
    }

    let all: Vec<u64> = (1..=1_300).collect();
    assert_eq!(seqs(&mut slow, 1_300).await, all);
    assert_eq!(seqs(&mut late[50], 1_300).await, all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_come_while_events_are_stored_miss_none_and_see_none_twice() {
    let desk = Desk::at(TestHouse::new()).await;
    let session = desk.session(desk.agent().await.id).await;
    let (app, ctx, id) = (desk.app().clone(), desk.ctx.clone(), session.id);
    let writer = tokio::spawn(async move {
        for _ in 0..200 {
            app.send_events(&ctx, id, vec![interrupt(); 3]).await.expect("sent");
        }
    });

    for _ in 0..20 {
        let mut stream = follow(&desk, &desk.ctx, session.id, From::Start, false).await;
        assert_eq!(seqs(&mut stream, 30).await, (1..=30).collect::<Vec<_>>());
        let mut live = follow(&desk, &desk.ctx, session.id, From::Now, false).await;
        let seen = seqs(&mut live, 3).await;
        assert_eq!(seen, (seen[0]..seen[0] + 3).collect::<Vec<_>>());
    }
    writer.await.expect("the writer");
}

#[tokio::test]
async fn a_reader_who_comes_late_is_told_the_text_so_far_and_then_the_rest() {
    let gate = Gate::new();
    let desk = Desk::at(TestHouse::new().model([says("Hello dear ").then_waits(&gate).then_says("reader.")])).await;
    let session = desk.session(desk.agent().await.id).await;
    let mut early = follow(&desk, &desk.ctx, session.id, From::Now, true).await;
    desk.send(session.id, vec![message("hi")]).await;
    // The early reader has seen both words, so they are there for the late one.
    let mut shown = String::new();
    while shown != "Hello dear " {
        if let StreamItem::Preview(PreviewItem::Delta { offset, text, .. }) = next(&mut early).await {
            assert_eq!(offset, shown.len());
            shown.push_str(&text);
        }
    }

    let mut late = follow(&desk, &desk.ctx, session.id, From::Now, true).await;
    assert!(matches!(next(&mut late).await, StreamItem::Preview(PreviewItem::Start { is_thinking: false, .. })));
    let StreamItem::Preview(PreviewItem::Delta { offset: 0, text, .. }) = next(&mut late).await else {
        panic!("not the text so far")
    };
    gate.open();
    let mut told = text.to_string();
    let stored = loop {
        match next(&mut late).await {
            StreamItem::Preview(PreviewItem::Delta { offset, text, .. }) => {
                assert_eq!(offset, told.len());
                told.push_str(&text);
            }
            other @ (StreamItem::Preview(_) | StreamItem::Deleted { .. }) => panic!("{other:?}"),
            StreamItem::Stored(event) => break event,
        }
    };
    let EventBody::AgentMessage { content, .. } = &stored.body else { panic!("{stored:?}") };
    assert_eq!(told, domain::model::text_of(content));
}

async fn next(stream: &mut SessionStream) -> StreamItem {
    within(stream.next()).await.expect("one more").expect("an item")
}

#[tokio::test]
async fn a_revoked_key_reads_no_further_in_the_past() {
    let desk = Desk::at(TestHouse::new()).await;
    let session = desk.session(desk.agent().await.id).await;
    for _ in 0..30 {
        desk.send(session.id, (0..50).map(|_| interrupt()).collect()).await;
    }
    let create = CreateKey {
        name: "reader".into(),
        scopes: vec![Scope::SessionsRead],
        project: None,
        expires_at: None,
        budget: None,
        member: None,
        format: KeyFormat::Sortie,
    };
    let (key, secret) = desk.app().create_key(&desk.ctx, create).await.expect("a key");
    let reader = desk.app().authenticate(secret.reveal()).await.expect("known");
    let mut stream = follow(&desk, &reader, session.id, From::Start, false).await;
    next(&mut stream).await;
    desk.app().revoke_key(&desk.ctx, key.id).await.expect("revoked");

    let rest: Vec<_> = within(stream.collect::<Vec<_>>()).await;
    assert!(matches!(rest.last(), Some(Err(Error::Unauthenticated(AuthFault::Revoked)))));
    assert!(rest.len() < 1_000, "{} more were read", rest.len());
}

#[tokio::test]
async fn a_revoked_or_expired_key_has_nothing_open() {
    let desk = Desk::at(TestHouse::new()).await;
    let session = desk.session(desk.agent().await.id).await;
    let now = desk.app().now();
    for (expires_at, fault) in [
        (None, AuthFault::Revoked),
        (Some(now.saturating_add(jiff::SignedDuration::from_secs(2)).expect("a time")), AuthFault::Expired),
    ] {
        let create = CreateKey {
            name: "reader".into(),
            scopes: vec![Scope::SessionsRead],
            project: None,
            expires_at,
            budget: None,
            member: None,
            format: KeyFormat::Sortie,
        };
        let (key, secret) = desk.app().create_key(&desk.ctx, create).await.expect("a key");
        let reader = desk.app().authenticate(secret.reveal()).await.expect("known");
        let mut stream = follow(&desk, &reader, session.id, From::Now, false).await;
        assert!(stream.next().now_or_never().is_none(), "it is open");

        if fault == AuthFault::Revoked {
            desk.app().revoke_key(&desk.ctx, key.id).await.expect("revoked");
        }

        let ended = within(stream.next()).await;
        assert!(matches!(ended, Some(Err(Error::Unauthenticated(given))) if given == fault), "{fault:?}");
        assert!(stream.next().await.is_none());
    }
}
