//! The stream: its grammar to the byte, and its previews.

use serde_json::{Value, json};
use test_kit::conversation::idle;
use test_kit::{Frame, Gate, TestHouse, says, thinks};

/// Cases 16 and 17.
#[tokio::test]
async fn the_stream_and_the_list_are_the_same_events() {
    let house = TestHouse::new().model([thinks("Hm.").then_says("Hello.")]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let mut stream = owner.follow(&session, "").await;
    for (header, value) in
        [("content-type", "text/event-stream"), ("cache-control", "no-cache"), ("x-accel-buffering", "no")]
    {
        assert_eq!(stream.headers[header], value);
    }
    assert!(stream.headers["request-id"].to_str().unwrap().starts_with("req_"));
    owner.say(&session, "hi").await;
    let frames = stream.until_named("session.status_idle").await;
    let listed = owner.events(&session).await;
    assert_eq!(frames.iter().map(Frame::json).collect::<Vec<_>>(), listed);
    for (frame, event) in frames.iter().zip(&listed) {
        let (id, name) = (event["id"].as_str().unwrap(), event["type"].as_str().unwrap());
        assert_eq!(frame.raw, format!("id: {id}\nevent: {name}\ndata: {event}\n\n"));
    }
    assert!(listed.iter().any(|event| event["type"] == "agent.thinking" && event.get("summary").is_none()));
}

/// Case 17: pings in silence. The clock of the runtime is set going while nothing else can
/// happen, so that half a minute passes at once.
#[tokio::test]
async fn silence_is_broken_by_pings() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let mut stream = owner.follow(&session, "").await;
    tokio::time::pause();
    for _ in 0..2 {
        let ping = stream.next().await.expect("a ping");
        assert_eq!(ping.raw, "event: ping\ndata: {\"type\":\"ping\"}\n\n");
    }
}

/// Case 18.
#[tokio::test]
async fn text_in_the_making_is_told_to_those_who_ask() {
    let [first, rest] = ["Grüße, ", "quickly and in pieces."];
    let text = [first, rest].concat();
    // Text in the making is best effort: the model waits until this reader has seen it. Whoever
    // does not look in between is told all of it at once.
    let gates = [Gate::new(), Gate::new()];
    let says = thinks("Hm.").then_says(first).then_waits(&gates[0]).then_says(rest).then_waits(&gates[1]);
    let house = TestHouse::new().model([says]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let mut with = owner.follow(&session, "event_deltas[]=agent.message&event_deltas[]=agent.thinking").await;
    let mut only_text = owner.follow(&session, "event_deltas[]=agent.message").await;
    let mut without = owner.follow(&session, "").await;
    owner.say(&session, "hi").await;

    let is_told_to = |end: usize| move |frame: &Frame| frame.name() == "event_delta" && frame.json()["end"] == end;
    let mut frames = with.until(is_told_to(first.len())).await;
    gates[0].open();
    frames.extend(with.until(is_told_to(text.len())).await);
    let starts = only_text.until(is_told_to(text.len())).await;
    gates[1].open();
    frames.extend(with.until_named("session.status_idle").await);
    let message = frames.iter().find(|frame| frame.name() == "agent.message").unwrap().json();
    let previews: Vec<&Frame> = frames.iter().filter(|frame| frame.id.is_none()).collect();
    assert!(previews.iter().all(|frame| ["event_start", "event_delta"].contains(&frame.name())));
    let thought = frames.iter().find(|frame| frame.name() == "agent.thinking").unwrap().json();
    let start =
        |kind: &str, event: &Value| json!({ "type": "event_start", "event": { "type": kind, "id": event["id"] } });
    assert_eq!(previews[0].json(), start("agent.thinking", &thought), "a thought has a start and nothing more");
    assert_eq!(previews[1].json(), start("agent.message", &message));

    let mut told = String::new();
    for delta in previews[2..].iter().map(|frame| frame.json()) {
        assert_eq!((&delta["event_id"], &delta["delta"]["index"]), (&message["id"], &json!(0)));
        assert_eq!(delta["offset"], told.len());
        told.push_str(delta["delta"]["content"]["text"].as_str().unwrap());
        assert_eq!(delta["end"], told.len());
    }
    assert_eq!(told, text);
    assert!(previews.len() > 3, "it came in pieces");

    let starts: Vec<&Frame> = starts.iter().filter(|frame| frame.name() == "event_start").collect();
    assert_eq!((starts.len(), &starts[0].json()["event"]["type"]), (1, &json!("agent.message")));
    let quiet = without.until_named("session.status_idle").await;
    assert!(quiet.iter().all(|frame| frame.id.is_some()), "only stored events");
    assert!(owner.events(&session).await.iter().all(|event| event["type"] != "event_delta"));
}

/// C.1: a reader who returns is told the text so far, or from where it says.
#[tokio::test]
async fn a_returning_reader_is_told_the_text_so_far() {
    let gate = Gate::new();
    let house = TestHouse::new().model([says("one two ").then_waits(&gate).then_says("three")]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let mut first = owner.follow(&session, "event_deltas[]=agent.message").await;
    owner.say(&session, "hi").await;
    let seen = first.until(|frame| frame.name() == "event_delta" && frame.json()["end"] == 8).await;
    let event = seen.last().unwrap().json()["event_id"].as_str().unwrap().to_owned();

    let mut second = owner.follow(&session, "event_deltas[]=agent.message&after=start").await;
    let told = second.until_named("event_delta").await;
    let delta = told.last().unwrap().json();
    assert_eq!((&delta["delta"]["content"]["text"], &delta["offset"]), (&json!("one two "), &json!(0)));
    let query = format!("event_deltas[]=agent.message&delta_after={event}:0:4");
    let mut third = owner.follow(&session, &query).await;
    let delta = third.until_named("event_delta").await.last().unwrap().json();
    assert_eq!((&delta["delta"]["content"]["text"], &delta["offset"]), (&json!("two "), &json!(4)));

    gate.open();
    for mut stream in [first, second, third] {
        let rest = idle(&mut stream).await;
        let deltas: Vec<&str> = rest.iter().filter_map(|event| event["delta"]["content"]["text"].as_str()).collect();
        assert_eq!(deltas.concat(), "three");
    }
    let path = format!("/v1/sessions/{session}/events/stream?delta_after=junk");
    owner.get(&path).await.expect(400);
    owner.get(&format!("/v1/sessions/{session}/events/stream?event_deltas[]=x")).await.expect(400);
}

/// C.11.
#[tokio::test]
async fn a_stopping_server_says_so_and_ends_its_streams() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let mut stream = owner.follow(&session, "").await;
    house.begin_drain();
    assert_eq!(stream.next().await.unwrap().raw, ": draining\n\n");
    assert_eq!(stream.next().await, None);
}

/// Revocation is immediate, streams included.
#[tokio::test]
async fn a_revoked_key_ends_its_streams() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let reader = house.key([domain::key::Scope::SessionsRead]).await;
    let mut stream = reader.follow(&session, "").await;
    let ctx = house.app().authenticate(reader.key()).await.unwrap();
    house.app().revoke_key(&house.owner_ctx().await, ctx.key.unwrap()).await.unwrap();
    let last = stream.next_event().await.unwrap();
    assert_eq!((last.name(), &last.json()["error"]["type"]), ("error", &json!("authentication_error")));
    assert_eq!(stream.next_event().await, None);
    reader.get("/v1/sessions").await.expect(401);
}
