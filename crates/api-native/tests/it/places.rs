//! A log read by its places: parts of it, single events, and the whole at a glance.

use serde_json::{Value, json};
use test_kit::conversation::idle;
use test_kit::{Caller, Gate, TestHouse, says};

async fn seqs(caller: &Caller, session: &str, query: &str) -> (Vec<u64>, Option<String>) {
    let page = caller.get(&format!("/v1/sessions/{session}/events?{query}")).await.ok();
    let seqs = page["data"].as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    (seqs, page["next_page"].as_str().map(str::to_owned))
}

#[tokio::test]
async fn a_part_of_a_log_is_read_by_its_places() {
    let gate = Gate::new();
    let house = TestHouse::new().model([says("One."), says("Two.").then_waits(&gate)]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    owner.turn(&session, "one").await;
    let mut stream = owner.follow(&session, "event_deltas[]=agent.message").await;
    owner.say(&session, "two").await;
    stream.until_named("event_delta").await;
    owner.say(&session, "three waits and has no place").await;

    for (query, expected) in [
        ("seq[gte]=3&seq[lte]=5", vec![3, 4, 5]),
        ("seq[gte]=3&seq[lte]=5&order=desc", vec![5, 4, 3]),
        ("seq[gte]=8", vec![8, 9, 10]),
        ("seq[lte]=2", vec![1, 2]),
        ("seq[gte]=0&seq[lte]=1", vec![1]),
        ("seq[gte]=5&seq[lte]=4", vec![]),
        ("seq[gte]=18446744073709551615", vec![]),
        ("seq[gte]=1&seq[lte]=18446744073709551615&types[]=user.message", vec![1, 8]),
    ] {
        assert_eq!(seqs(&owner, &session, query).await, (expected, None), "{query}");
    }
    let within = "seq[gte]=2&seq[lte]=6&order=desc&limit=3";
    let (first, next) = seqs(&owner, &session, within).await;
    let (second, end) = seqs(&owner, &session, &format!("{within}&page={}", next.unwrap())).await;
    assert_eq!((first, second, end), (vec![6, 5, 4], vec![3, 2], None));
    owner.get(&format!("/v1/sessions/{session}/events?seq[gte]=-1")).await.expect(400);
    gate.open();
    idle(&mut stream).await;
}

#[tokio::test]
async fn an_event_is_read_by_its_id() {
    let house = TestHouse::new().model([says("One."), says("Two.")]).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let (session, other) = (owner.session(&agent).await, owner.session(&agent).await);
    owner.turn(&session, "one").await;
    let foreign = owner.turn(&other, "two").await;
    for event in owner.events(&session).await {
        let id = event["id"].as_str().unwrap();
        assert_eq!(owner.get(&format!("/v1/sessions/{session}/events/{id}")).await.ok(), event);
    }
    for id in [foreign[0]["id"].as_str().unwrap(), "sevt_x", "x"] {
        let missing = owner.get(&format!("/v1/sessions/{session}/events/{id}")).await;
        assert!(missing.expect(404)["error"]["message"].as_str().unwrap().contains("event"), "{missing}");
    }
}

#[tokio::test]
async fn a_log_is_told_at_a_glance() {
    let house = TestHouse::new().model((0..20).map(|n| says(&n.to_string()))).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    for n in 0..20 {
        owner.turn(&session, &n.to_string()).await;
    }
    assert_eq!(owner.events(&session).await.len(), 140);
    let look = async |query: &str| {
        let found = owner.get(&format!("/v1/sessions/{session}/overview?{query}")).await.ok();
        found["data"].as_array().unwrap().clone()
    };
    let place = |stretch: &Value, name: &str| stretch[name].as_u64().unwrap();

    let whole = look("").await;
    assert_eq!(whole.len(), 140, "as fine as it can be");
    let parts = look("parts=10").await;
    assert_eq!(parts.len(), 10);
    for (n, part) in (0..).zip(&parts) {
        assert_eq!((place(part, "first_seq"), place(part, "last_seq")), (n * 14 + 1, n * 14 + 14));
        assert_eq!((&part["model_calls"], &part["tool_calls"], &part["errors"]), (&json!(2), &json!(0), &json!(0)));
        assert!(part["from"].is_string() && part["to"].is_string());
    }
    let near = look("parts=2&seq[gte]=15&seq[lte]=28").await;
    let bounds: Vec<_> = near.iter().map(|part| (place(part, "first_seq"), place(part, "last_seq"))).collect();
    assert_eq!(bounds, [(15, 21), (22, 28)]);
    assert_eq!(look("seq[gte]=141").await, Vec::<Value>::new());
    let empty = owner.session(&owner.agent(json!({})).await).await;
    assert_eq!(owner.get(&format!("/v1/sessions/{empty}/overview")).await.ok(), json!({ "data": [] }));
    for wrong in ["parts=0", "parts=501", "parts=x", "seq[gte]=-1"] {
        owner.get(&format!("/v1/sessions/{session}/overview?{wrong}")).await.expect(400);
    }
}
