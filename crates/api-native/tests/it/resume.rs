//! Resuming: from any event, over cuts at any byte, after a restart.

use serde_json::{Value, json};
use test_kit::conversation::{id_of, message, types};
use test_kit::{Caller, Frame, Frames, Gate, SseReader, TestHouse, says};

/// Case 34.
#[tokio::test]
async fn a_stream_goes_on_behind_any_event() {
    let house = TestHouse::new().model([says("One."), says("Two.")]).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let session = owner.session(&agent).await;
    owner.turn(&session, "one").await;
    let whole = owner.events(&session).await;
    let path = format!("/v1/sessions/{session}/events/stream");

    for (index, event) in whole.iter().enumerate().take(whole.len() - 1) {
        let id = id_of(event);
        let by_query = owner.follow(&session, &format!("after={id}")).await;
        let by_header = owner.with_header("last-event-id", &id).stream(&path).await;
        let both = owner.with_header("last-event-id", "junk").stream(&format!("{path}?after={id}")).await;
        for mut stream in [by_query, by_header, both] {
            assert_eq!(read(&mut stream, whole.len() - index - 1).await, whole[index + 1..]);
        }
    }
    let mut all = owner.follow(&session, "after=start").await;
    assert_eq!(read(&mut all, whole.len()).await, whole);
    owner.say(&session, "two").await;
    let live = read(&mut all, whole.len()).await;
    assert_eq!(live[0]["seq"], whole.len() + 1, "and then live");

    let other = owner.session(&agent).await;
    for junk in ["junk", "sevt_00000000000000000000000001", &id_of(&whole[0])] {
        owner.get(&format!("/v1/sessions/{other}/events/stream?after={junk}")).await.expect(400);
        owner.with_header("last-event-id", junk).get(&format!("/v1/sessions/{other}/events/stream")).await.expect(400);
    }
}

async fn read(stream: &mut SseReader, count: usize) -> Vec<Value> {
    let mut events = Vec::new();
    while events.len() < count {
        events.push(stream.next_event().await.expect("more events").json());
    }
    events
}

/// Case 34: connections cut at many byte offsets. What is reassembled is the stored log,
/// and the text that was shown never repeats or misses a byte.
#[tokio::test]
async fn cuts_at_any_byte_lose_and_repeat_nothing() {
    let words = "Wörter und noch mehr wörter, eins nach dem anderen. ";
    let gates: Vec<Gate> = (0..6).map(|_| Gate::new()).collect();
    let reply = gates.iter().fold(says(words), |reply, gate| reply.then_waits(gate).then_says(words));
    let house = TestHouse::new().model([reply]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    owner.send_events(&session, json!([message("go")])).await.ok();

    let mut reader = Reader::default();
    for cut in 0..200 {
        // Every thirtieth connection finds the model a part further.
        if cut % 30 == 29 {
            gates[cut / 30].open();
        }
        // Bytes of one connection: from none to more than the whole.
        reader.read(&owner, &session, cut * 37 % 1_900).await;
    }
    gates.iter().for_each(Gate::open);
    while !reader.is_over() {
        reader.read(&owner, &session, usize::MAX).await;
    }
    assert_eq!(reader.events, owner.events(&session).await);
    assert_eq!(reader.text, words.repeat(7));
}

/// A client that reassembles the log and the text, as the contract says it can.
#[derive(Default)]
struct Reader {
    events: Vec<Value>,
    text: String,
    /// The message whose text is shown.
    shown: Option<String>,
}

impl Reader {
    fn is_over(&self) -> bool {
        types(&self.events).last() == Some(&"session.status_idle")
    }

    /// Connects where it left off and takes in this many bytes, or what there is.
    async fn read(&mut self, caller: &Caller, session: &str, bytes: usize) {
        let after = self.events.last().map_or("start".to_owned(), id_of);
        let delta_after = match &self.shown {
            Some(event) => format!("&delta_after={event}:0:{}", self.text.len()),
            None => String::new(),
        };
        let query = format!("after={after}&event_deltas[]=agent.message{delta_after}");
        let mut stream = caller.follow(session, &query).await;
        let (mut frames, mut left) = (Frames::default(), bytes);
        while left > 0 && !self.is_over() {
            // When everything there is has come, a moment of quiet is as good as a cut.
            let more = tokio::time::timeout(std::time::Duration::from_millis(20), stream.bytes()).await;
            let Ok(Some(more)) = more else { return };
            let taken = more.len().min(left);
            left -= taken;
            for frame in frames.push(&more[..taken]) {
                self.take(&frame);
            }
        }
    }

    fn take(&mut self, frame: &Frame) {
        match (frame.name(), &frame.id) {
            ("agent.message", Some(_)) => self.settle(frame.json()),
            (_, Some(_)) => self.events.push(frame.json()),
            ("event_start", _) => self.begin(frame.json()["event"]["id"].as_str().unwrap()),
            ("event_delta", _) => {
                let delta = frame.json();
                assert_eq!(delta["offset"], self.text.len(), "no byte is missed or shown twice");
                self.text.push_str(delta["delta"]["content"]["text"].as_str().unwrap());
            }
            _ => {}
        }
    }

    /// The whole message takes the place of what was shown of it.
    fn settle(&mut self, message: Value) {
        let whole = message["content"][0]["text"].as_str().unwrap().to_owned();
        assert!(whole.starts_with(&self.text), "what was shown is the message's beginning");
        self.text = whole;
        self.events.push(message);
    }

    fn begin(&mut self, event: &str) {
        if self.shown.as_deref() != Some(event) {
            self.shown = Some(event.to_owned());
            self.text.clear();
        }
    }
}

/// Promise 1: what was acknowledged is there after a crash, and a turn that was cut goes on.
#[tokio::test]
async fn a_turn_that_a_crash_cut_goes_on() {
    let script = [test_kit::hangs("half of"), says("Whole.")];
    let mut house = TestHouse::new().model(script).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let mut stream = owner.follow(&session, "event_deltas[]=agent.message").await;
    owner.say(&session, "hi").await;
    stream.until_named("event_delta").await;
    let before = owner.events(&session).await;

    house.restart().await;
    let owner = house.owner();
    let mut stream = owner.follow(&session, "after=start").await;
    let events: Vec<Value> = stream.until_named("session.status_idle").await.iter().map(Frame::json).collect();
    assert_eq!(events[..before.len()], before);
    let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=events.len() as u64).collect::<Vec<_>>());
    let ends: Vec<&Value> = events.iter().filter(|event| event["type"] == "span.model_request_end").collect();
    assert_eq!((&ends[0]["is_error"], &ends[1]["is_error"]), (&json!(true), &json!(false)));
    assert_eq!(events.iter().filter(|event| event["type"] == "agent.message").count(), 1);
}
