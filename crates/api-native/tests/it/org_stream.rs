//! The organization's stream (C.9): one event for each commit that changed a session.

use std::sync::Arc;
use std::time::Duration;

use app::{CreateKey, KeyFormat};
use domain::key::Scope;
use serde_json::{Value, json};
use test_kit::conversation::one;
use test_kit::sources::StoppedClock;
use test_kit::{Caller, Frame, SseReader, TestHouse, ToolStub, calls, says};

const PATH: &str = "/v1/stream";

async fn opened(caller: &Caller, query: &str) -> SseReader {
    let stream = caller.stream(&format!("{PATH}?{query}")).await;
    assert_eq!(stream.status, 200);
    stream
}

/// The next so many changes.
async fn read(stream: &mut SseReader, count: usize) -> Vec<Frame> {
    let mut frames = Vec::new();
    while frames.len() < count {
        frames.push(stream.next_event().await.expect("one more change"));
    }
    frames
}

fn position(frame: &Frame) -> u64 {
    frame.id.as_ref().expect("an id").parse().expect("a position")
}

/// Reads until a session is shown at rest behind this `seq`.
async fn until_at_rest(stream: &mut SseReader, session: &str, seq: usize) -> Vec<Frame> {
    let at_rest = |change: &Value| change["session_id"] == session && change["status"] == "idle";
    stream.until(|frame| at_rest(&frame.json()) && frame.json()["seq"].as_u64() >= Some(seq as u64)).await
}

#[tokio::test]
async fn every_commit_is_told_in_order_and_can_be_gone_on_from() {
    let house = TestHouse::new().model([says("One."), says("Two.")]).start().await;
    let owner = house.owner();
    let mut live = opened(&owner, "").await;
    assert_eq!(live.headers["content-type"], "text/event-stream");
    let agent = owner.agent(json!({})).await;
    let created = json!({ "agent": agent, "title": "Flight 7" });
    let session = owner.post("/v1/sessions", created).await.ok()["id"].as_str().unwrap().to_owned();
    let events = owner.turn(&session, "hi").await;

    let frames = until_at_rest(&mut live, &session, events.len()).await;
    let positions: Vec<u64> = frames.iter().map(position).collect();
    assert_eq!(positions, (1..=positions.len() as u64).collect::<Vec<_>>());
    let last = frames.last().unwrap();
    let shown = owner.get(&format!("/v1/sessions/{session}")).await.ok();
    let expected = json!({ "type": "session.changed", "session_id": session, "agent_id": agent, "status": "idle",
        "state": "idle", "stop_reason": { "type": "end_turn" }, "seq": events.len(), "title": "Flight 7",
        "waiting_for": [], "usage": shown["usage"], "steps": 1, "updated_at": shown["updated_at"] });
    assert_eq!(last.raw, format!("id: {}\nevent: session.changed\ndata: {expected}\n\n", positions.len()));

    let other = owner.session(&agent).await;
    owner.turn(&other, "hi").await;
    let mut whole = opened(&owner, "after=start").await;
    let all: Vec<u64> = until_at_rest(&mut whole, &other, events.len()).await.iter().map(position).collect();
    assert_eq!(all, (1..=all.len() as u64).collect::<Vec<_>>());
    for after in [1, 2, all.len() - 1] {
        let rest: Vec<u64> = (after as u64 + 1..=all.len() as u64).collect();
        let by_query = opened(&owner, &format!("after={after}")).await;
        let by_header = owner.with_header("last-event-id", &after.to_string()).stream(PATH).await;
        let both = owner.with_header("last-event-id", "junk").stream(&format!("{PATH}?after={after}")).await;
        for mut stream in [by_query, by_header, both] {
            assert_eq!(read(&mut stream, rest.len()).await.iter().map(position).collect::<Vec<_>>(), rest);
        }
    }
    for junk in ["0", "junk", "-1", "+1", "1.0", "", "999", "99999999999999999999", &session] {
        owner.get(&format!("{PATH}?after={junk}")).await.expect(400);
    }
}

#[tokio::test]
async fn it_says_what_a_session_waits_for() {
    let stub = ToolStub::start([]).await;
    let house = TestHouse::new().model([calls("ask", json!({}))]).start().await;
    let owner = house.owner();
    let tool = json!({ "type": "http", "name": "ask", "description": "asks", "method": "POST", "url": stub.url("/"),
        "input_schema": { "type": "object" }, "permission_policy": { "type": "always_ask" } });
    let session = owner.session(&owner.agent(json!({ "tools": [tool] })).await).await;
    let events = owner.turn(&session, "go").await;
    let mut stream = opened(&owner, "after=start").await;
    let last = until_at_rest(&mut stream, &session, events.len()).await.pop().unwrap();
    assert_eq!(last.json()["waiting_for"], json!([one(&events, "agent.tool_use")["id"]]));
}

#[tokio::test]
async fn a_key_is_told_of_what_it_reaches_and_nothing_else() {
    let mut house = TestHouse::new().start().await;
    let owner = house.owner();
    let ctx = house.owner_ctx().await;
    let second = house.app().create_project(&ctx, "Second".to_owned(), None).await.unwrap().id;
    let key = CreateKey {
        name: "second".to_owned(),
        scopes: vec![Scope::AgentsRead, Scope::AgentsWrite, Scope::SessionsRead, Scope::SessionsWrite],
        project: Some(second),
        expires_at: None,
        budget: None,
        member: None,
        format: KeyFormat::Sortie,
    };
    let narrow = house.keyed(key).await;
    let stranger = house.other_org().await;
    let mut streams = [opened(&narrow, "").await, opened(&stranger, "").await, opened(&owner, "").await];

    let agents = (owner.agent(json!({})).await, narrow.agent(json!({})).await, stranger.agent(json!({})).await);
    let of_owner = owner.session(&agents.0).await;
    let of_narrow = narrow.session(&agents.1).await;
    let of_stranger = stranger.session(&agents.2).await;

    for (stream, expected) in
        streams.iter_mut().zip([vec![&of_narrow], vec![&of_stranger], vec![&of_owner, &of_narrow]])
    {
        let told = read(stream, expected.len()).await;
        let told: Vec<Value> = told.iter().map(|frame| frame.json()["session_id"].clone()).collect();
        assert_eq!(json!(told), json!(expected));
    }
    let mut past = opened(&narrow, "after=start").await;
    assert_eq!(read(&mut past, 1).await[0].json()["session_id"], *of_narrow);
    house.key([Scope::AgentsRead]).await.get(PATH).await.expect(403);
    house.nobody().get(PATH).await.expect(401);
}

#[tokio::test]
async fn what_is_older_than_seven_days_is_gone() {
    let clock = Arc::new(StoppedClock::default());
    let house = TestHouse::new().clock(clock.clone()).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let (old, young) = (owner.session(&agent).await, owner.session(&agent).await);
    clock.advance(Duration::from_hours(7 * 24) - Duration::from_secs(60));
    owner.session(&agent).await;
    let mut whole = opened(&owner, "after=start").await;
    assert_eq!(read(&mut whole, 3).await[0].json()["session_id"], *old);

    clock.advance(Duration::from_secs(61));
    let gone = owner.get(&format!("{PATH}?after=2")).await;
    assert_eq!(gone.expect(410)["error"]["type"], "invalid_request_error");
    owner.with_header("last-event-id", "1").get(PATH).await.expect(410);
    owner.say(&young, "hi").await;
    let mut kept = opened(&owner, "after=start").await;
    let first = read(&mut kept, 1).await.remove(0);
    assert_eq!(position(&first), 3, "the oldest that is kept");
}

/// A reader that takes nothing for a while finds everything in the log, whatever came.
#[tokio::test]
async fn a_reader_that_was_far_too_slow_misses_nothing() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let session = owner.session(&agent).await;
    let mut slow = opened(&owner, "").await;
    let mut quick = opened(&owner, "after=1").await;
    for _ in 0..300 {
        owner.send_events(&session, json!([{ "type": "user.interrupt" }])).await.ok();
        read(&mut quick, 1).await;
    }
    for _ in 0..150 {
        owner.send_events(&session, json!([{ "type": "user.interrupt" }])).await.ok();
    }
    let positions: Vec<u64> = read(&mut slow, 450).await.iter().map(position).collect();
    assert_eq!(positions, (2..=451).collect::<Vec<_>>());
}

#[tokio::test]
async fn streams_beyond_the_organizations_number_are_refused_until_one_ends() {
    let mut house = TestHouse::new().web(|web| web.streams_per_org_max = 2).start().await;
    let (owner, other) = (house.owner(), house.other_org().await);
    let first = opened(&owner, "").await;
    let session = owner.session(&owner.agent(json!({})).await).await;
    let _second = owner.follow(&session, "").await;
    let refused = owner.get(PATH).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (529, Some("1")));
    opened(&other, "").await;
    drop(first);
    opened(&owner, "").await;
}

/// Many at once, of a session and of the organization: all are told the same.
#[tokio::test]
async fn a_thousand_readers_are_told_the_same() {
    let house = TestHouse::new().model([says("Hello, all of you.")]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let (mut of_session, mut of_org) = (Vec::new(), Vec::new());
    for _ in 0..500 {
        of_session.push(owner.follow(&session, "event_deltas[]=agent.message").await);
        of_org.push(opened(&owner, "").await);
    }
    let events = owner.turn(&session, "hi").await;
    for mut stream in of_session {
        let told = stream.until_named("session.status_idle").await;
        let told: Vec<Value> = told.iter().filter(|frame| frame.id.is_some()).map(Frame::json).collect();
        assert_eq!(told, events);
    }
    for stream in &mut of_org {
        // One who comes late may see the end of the turn under an earlier position.
        let told: Vec<u64> = until_at_rest(stream, &session, events.len()).await.iter().map(position).collect();
        assert_eq!(told, (2..2 + told.len() as u64).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn it_ends_with_a_word_when_the_server_stops() {
    let house = TestHouse::new().start().await;
    let mut stream = opened(&house.owner(), "").await;
    house.begin_drain();
    assert_eq!(stream.next().await.unwrap().raw, ": draining\n\n");
    assert!(stream.next().await.is_none());
}
