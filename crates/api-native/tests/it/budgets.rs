//! Budgets: what sessions, agents, keys and organizations may spend.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use app::{CreateKey, KeyFormat, Operator};
use domain::KeyId;
use domain::budget::{Account, AccountId, Budget};
use domain::key::Scope;
use serde_json::{Value, json};
use test_kit::conversation::{id_of, idle, message, of_type, one, types};
use test_kit::sources::StoppedClock;
use test_kit::{Caller, Gate, TestHouse, ToolStub, calls, says};

fn http_tool(stub: &ToolStub) -> Value {
    json!({
        "type": "http", "name": "add", "description": "adds", "method": "POST", "url": stub.url("/add"),
        "input_schema": { "type": "object", "properties": { "a": { "type": "integer" } } },
        "permission_policy": { "type": "always_allow" }
    })
}

fn limit(bounds: Value) -> Value {
    let mut budget = json!({ "type": "limit" });
    budget.as_object_mut().unwrap().extend(bounds.as_object().unwrap().clone());
    budget
}

fn cents(amount: &str) -> Value {
    limit(json!({ "max_list_cost": { "amount": amount, "currency": "USD" } }))
}

fn reached(unit: &str, budget: &str) -> Value {
    json!({ "type": "budget_reached", "unit": unit, "budget": budget })
}

fn stop_reason(events: &[Value]) -> &Value {
    &one(events, "session.status_idle")["stop_reason"]
}

async fn create(owner: &Caller, agent: &str, budget: Value) -> String {
    id_of(&owner.post("/v1/sessions", json!({ "agent": agent, "budget": budget })).await.ok())
}

/// What the organization, or a key of it, has spent of its budget.
async fn account(house: &TestHouse, key: Option<KeyId>) -> Account {
    let org = house.owner_ctx().await.org;
    let id = key.map_or(AccountId::Organization(org), AccountId::Key);
    house.app().find_account(&Operator::of_this_installation(), org, id).await.unwrap().unwrap()
}

async fn bound_org(house: &TestHouse, budget: Budget) {
    let org = house.owner_ctx().await.org;
    house.app().set_org_budget(&Operator::of_this_installation(), org, Some(budget)).await.unwrap();
}

/// Case 33.
#[tokio::test]
async fn each_budget_stops_a_looping_session_by_its_name() {
    for (bounds, unit, model_calls, tool_calls) in [
        (json!({ "max_tokens": 250 }), "tokens", 3, 3),
        (json!({ "max_steps": 2 }), "steps", 2, 2),
        (json!({ "max_tool_calls": 2 }), "tool_calls", 3, 2),
        (json!({ "max_active_seconds": 2 }), "time", 3, 2),
        (json!({ "max_list_cost": { "amount": "2", "currency": "USD" } }), "money", 2, 2),
    ] {
        let clock = Arc::new(StoppedClock::default());
        let moved = Arc::clone(&clock);
        let looping = move |_: &_| {
            moved.advance(Duration::from_millis(900));
            calls("add", json!({ "a": 1 })).usage(80, 20)
        };
        let house = TestHouse::new().clock(clock).priced(100).answering(looping).start().await;
        let stub = ToolStub::start([]).await;
        let owner = house.owner();
        let agent = owner.agent(json!({ "tools": [http_tool(&stub)] })).await;
        let session = create(&owner, &agent, limit(bounds)).await;

        let events = owner.turn(&session, "go").await;

        assert_eq!(stop_reason(&events), &reached(unit, "session"));
        assert_eq!(house.model_requests().len(), model_calls, "{unit}");
        assert_eq!(stub.calls().len(), tool_calls, "{unit}");
        let starts = of_type(&events, "span.model_request_start").len();
        assert_eq!(starts, model_calls, "a call that is refused leaves no trace");
        let shown = owner.get(&format!("/v1/sessions/{session}")).await.ok();
        assert_eq!(shown["status"], "idle");
        assert_eq!(one(&events, "session.usage")["usage"], shown["usage"]);
        assert_eq!(one(&events, "session.usage")["budget"], shown["budget"]);
        assert_eq!(shown["usage"]["active_seconds"], json!(0.9 * model_calls as f64));
    }
}

/// Case 43, money included: each amount to the millionth.
#[tokio::test]
async fn the_usage_of_a_session_is_the_sum_of_its_model_calls() {
    let script = [calls("gone", json!({})).usage(1_000, 7), says("One.").usage(333, 1), says("Two.").usage(12, 4_000)];
    let house = TestHouse::new().priced(3).model(script).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let session = owner.session(&agent).await;
    owner.turn(&session, "one").await;
    owner.turn(&session, "two").await;

    let usage = owner.get(&format!("/v1/sessions/{session}")).await.ok()["usage"].clone();
    let events = owner.events(&session).await;
    let ends = of_type(&events, "span.model_request_end");
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap();
    let sum = |pointer: &str| ends.iter().map(|end| number(end.pointer(pointer).unwrap())).sum::<u64>();
    assert_eq!(ends.len(), 3);
    assert_eq!((sum("/model_usage/input_tokens"), sum("/model_usage/output_tokens")), (1_345, 4_008));
    assert_eq!((&usage["input_tokens"], &usage["output_tokens"]), (&json!(1_345), &json!(4_008)));
    assert_eq!(sum("/list_cost/amount_micros"), 3 * 5_353);
    let list_cost = json!({ "amount": "1", "currency": "USD", "amount_micros": "16059" });
    assert_eq!(usage["list_cost"], list_cost);
    let told = of_type(&events, "session.usage");
    assert_eq!(told.last().unwrap()["usage"]["list_cost"], list_cost);
}

#[tokio::test]
async fn a_budget_is_checked_and_shown_as_it_was_given() {
    let house = TestHouse::new().priced(1).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({ "budget": limit(json!({ "max_steps": 5 })) })).await;
    let post = async |budget: Value| owner.post("/v1/sessions", json!({ "agent": agent, "budget": budget })).await;
    let whole = limit(json!({
        "max_list_cost": { "amount": "150", "currency": "USD" }, "max_tokens": 1, "max_steps": 2,
        "max_tool_calls": 3, "max_active_seconds": 4
    }));
    let session = post(whole.clone()).await.ok();
    let mut shown = session["budget"].clone();
    shown["max_list_cost"].as_object_mut().unwrap().remove("amount_micros");
    assert_eq!(shown, whole);
    assert_eq!(post(Value::Null).await.ok()["budget"], Value::Null);
    for wrong in [
        limit(json!({})),
        limit(json!({ "max_tokens": 0 })),
        limit(json!({ "max_tokens": -1 })),
        limit(json!({ "max_steps": 1.5 })),
        json!({ "max_steps": 1 }),
        json!({ "type": "other", "max_steps": 1 }),
        cents("0"),
        cents("1.5"),
        limit(json!({ "max_list_cost": { "amount": "1", "currency": "EUR" } })),
    ] {
        post(wrong).await.expect(400);
    }

    let unpriced = owner.agent(json!({ "model": "scripted/other" })).await;
    let refused = owner.post("/v1/sessions", json!({ "agent": unpriced, "budget": cents("1") })).await;
    assert_eq!(refused.expect(400)["error"]["details"]["error_code"], "model_not_budgetable");
    let budget = limit(json!({ "max_tokens": 1 }));
    owner.post("/v1/sessions", json!({ "agent": unpriced, "budget": budget })).await.ok();
    let refused = owner.post(&format!("/v1/agents/{unpriced}"), json!({ "budget": cents("1") })).await;
    assert_eq!(refused.expect(400)["error"]["details"]["error_code"], "model_not_budgetable");
}

/// An agent's budget is part of its description, and holds for its sessions of all versions.
#[tokio::test]
async fn an_agents_budget_is_shared_by_its_sessions_and_versioned_with_it() {
    let house = TestHouse::new().answering(|_| says("Yes.").usage(1, 1)).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let sessions = [owner.session(&agent).await, owner.session(&agent).await];
    let path = format!("/v1/agents/{agent}");
    let bounded = owner.post(&path, json!({ "budget": limit(json!({ "max_steps": 2 })) })).await.ok();
    assert_eq!((&bounded["version"], &bounded["budget"]["max_steps"]), (&json!(2), &json!(2)));
    owner.post(&path, json!({ "budget": limit(json!({ "max_steps": 2 })) })).await.ok();

    for session in &sessions {
        assert_eq!(stop_reason(&owner.turn(session, "hi").await)["type"], "end_turn");
    }
    let refused = owner.send_events(&sessions[0], json!([message("more")])).await;
    let error = &refused.expect(402)["error"];
    assert_eq!(error["type"], "billing_error");
    assert!(error["message"].as_str().unwrap().contains("agent's budget is used up (steps)"), "{error}");
    let begin = json!({ "agent": agent, "initial_events": [message("hi")] });
    owner.post("/v1/sessions", begin).await.expect(402);
    owner.post("/v1/sessions", json!({ "agent": agent })).await.ok();

    let raised = owner.post(&path, json!({ "budget": limit(json!({ "max_steps": 3 })) })).await.ok();
    assert_eq!(raised["version"], 3);
    assert_eq!(stop_reason(&owner.turn(&sessions[0], "more").await)["type"], "end_turn");
    owner.send_events(&sessions[0], json!([message("more")])).await.expect(402);
    assert_eq!(owner.post(&path, json!({ "budget": null })).await.ok()["budget"], Value::Null);
    assert_eq!(stop_reason(&owner.turn(&sessions[1], "more").await)["type"], "end_turn");
}

/// What one key may spend says nothing of another's.
#[tokio::test]
async fn a_keys_budget_stops_what_is_begun_with_it() {
    let house = TestHouse::new().answering(|_| says("Yes.")).start().await;
    let budget = Some(Budget { steps: Some(1), ..Budget::default() });
    let (name, scopes) = ("bounded".to_owned(), vec![Scope::Admin]);
    let create =
        CreateKey { name, scopes, project: None, expires_at: None, format: KeyFormat::Sortie, budget, member: None };
    let bounded = house.keyed(create).await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let session = owner.session(&agent).await;

    bounded.turn(&session, "one").await;
    let refused = bounded.send_events(&session, json!([message("two")])).await;
    assert!(refused.expect(402)["error"]["message"].as_str().unwrap().contains("key's budget"), "{refused}");
    assert_eq!(stop_reason(&owner.turn(&session, "two").await)["type"], "end_turn");
    // What is no new work is let through.
    bounded.send_events(&session, json!([{ "type": "user.interrupt" }])).await.ok();
}

/// Many runs at once on one budget: model calls are exact, and of what nobody knows before,
/// each run is over by at most the call that it had under way.
#[tokio::test]
async fn many_runs_at_once_never_overdraw_an_organizations_steps() {
    const RUNS: usize = 12;
    const STEPS: u64 = 30;
    let house = TestHouse::new().answering(|_| calls("gone", json!({})).usage(5, 5)).start().await;
    bound_org(&house, Budget { steps: Some(STEPS), ..Budget::default() }).await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let turns = (0..RUNS).map(async |_| {
        let session = owner.session(&agent).await;
        let mut stream = owner.follow(&session, "").await;
        match owner.send_events(&session, json!([message("go")])).await.status.as_u16() {
            200 => Some(idle(&mut stream).await),
            status => {
                assert_eq!(status, 402);
                None
            }
        }
    });
    let turns = futures::future::join_all(turns).await;

    let mut made = 0;
    for events in turns.iter().flatten() {
        assert_eq!(stop_reason(events), &reached("steps", "organization"));
        made += of_type(events, "span.model_request_start").len();
    }
    assert_eq!((made as u64, house.model_requests().len() as u64), (STEPS, STEPS));
    let spent = account(&house, None).await.spent;
    assert_eq!((spent.steps, spent.tokens), (STEPS, 10 * STEPS));
}

/// All runs have a call under way when the tokens are used up: none begins another.
#[tokio::test]
async fn many_runs_at_once_overdraw_tokens_by_one_call_each_at_most() {
    const RUNS: usize = 8;
    let (gate, asked) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let (held, counted) = (gate.clone(), Arc::clone(&asked));
    let rule = move |_: &_| {
        if counted.fetch_add(1, Ordering::SeqCst) + 1 == RUNS {
            held.open();
        }
        calls("gone", json!({})).usage(5, 5).then_waits(&held)
    };
    let house = TestHouse::new().answering(rule).start().await;
    bound_org(&house, Budget { tokens: Some(1), ..Budget::default() }).await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let mut streams = Vec::new();
    for _ in 0..RUNS {
        let session = owner.session(&agent).await;
        let stream = owner.follow(&session, "").await;
        owner.say(&session, "go").await;
        streams.push(stream);
    }
    for stream in &mut streams {
        assert_eq!(stop_reason(&idle(stream).await), &reached("tokens", "organization"));
    }
    assert_eq!(asked.load(Ordering::SeqCst), RUNS);
    assert_eq!(account(&house, None).await.spent.tokens, 10 * RUNS as u64);
}

/// Nothing of what was spent is lost or counted twice when the server is lost.
#[tokio::test]
async fn totals_survive_a_crash() {
    let gate = Gate::new();
    let script = [says("One.").usage(5, 5), says("Lost.").then_waits(&gate), says("Two.").usage(1, 1)];
    let mut house = TestHouse::new().model(script).start().await;
    bound_org(&house, Budget { tokens: Some(1_000), ..Budget::default() }).await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let session = create(&owner, &agent, limit(json!({ "max_steps": 3 }))).await;
    owner.turn(&session, "one").await;
    let mut stream = owner.follow(&session, "event_deltas[]=agent.message").await;
    owner.say(&session, "two").await;
    stream.until_named("event_delta").await;

    house.restart().await;
    let owner = house.owner();
    let mut stream = owner.follow(&session, "after=start").await;
    idle(&mut stream).await;
    let events = idle(&mut stream).await;
    assert_eq!(stop_reason(&events)["type"], "end_turn");
    let spent = account(&house, None).await.spent;
    assert_eq!((spent.steps, spent.tokens), (3, 12), "the call that was lost had begun");
    let events = owner.turn(&session, "three").await;
    assert_eq!(stop_reason(&events), &reached("steps", "session"));
    assert_eq!(types(&events).first(), Some(&"user.message"), "what was said is in the log");
}

/// What was said meanwhile is taken, and its turn stopped likewise.
#[tokio::test]
async fn a_message_that_waits_behind_a_stopped_turn_is_stopped_too() {
    let gate = Gate::new();
    let house = TestHouse::new().model([calls("gone", json!({})).then_waits(&gate)]).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let session = create(&owner, &agent, limit(json!({ "max_steps": 1 }))).await;
    let mut stream = owner.follow(&session, "").await;
    owner.say(&session, "one").await;
    stream.until_named("span.model_request_start").await;
    let waits = owner.say(&session, "two").await;
    assert_eq!(waits["processed_at"], Value::Null);
    gate.open();
    for _ in 0..2 {
        assert_eq!(stop_reason(&idle(&mut stream).await), &reached("steps", "session"));
    }
    assert_eq!(house.model_requests().len(), 1);
}

/// Case 32.
#[tokio::test]
async fn a_session_stopped_by_its_budget_goes_on_when_it_is_raised() {
    let script = [
        calls("gone", json!({})).usage(1, 0),
        calls("gone", json!({})).usage(1, 0),
        says("Done.").usage(1, 0),
        says("More.").usage(1, 0),
    ];
    // A token costs a cent.
    let house = TestHouse::new().priced(10_000).model(script).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let session = create(&owner, &agent, cents("1")).await;
    assert_eq!(stop_reason(&owner.turn(&session, "go").await), &reached("money", "session"));

    let path = format!("/v1/sessions/{session}");
    let change = async |budget: Value| owner.post(&path, json!({ "budget": budget })).await;
    let code = |reply: test_kit::Reply| reply.expect(400)["error"]["details"]["error_code"].clone();
    assert_eq!(code(change(cents("1")).await), "budget_not_raised");
    assert_eq!(code(change(limit(json!({ "max_steps": 1 }))).await), "budget_not_raised");

    let mut stream = owner.follow(&session, "").await;
    let raised = change(cents("2")).await.ok();
    assert_eq!(raised["budget"]["max_list_cost"]["amount"], "2");
    assert_ne!(raised["status"], "idle", "it goes on, or is about to");
    let events = idle(&mut stream).await;
    assert_eq!(types(&events)[..3], ["session.updated", "session.status_running", "span.model_request_start"]);
    assert_eq!(events[0]["budget"], raised["budget"]);
    assert!(events[0].get("title").is_none(), "only what changed is told");
    assert_eq!(stop_reason(&events), &reached("money", "session"));

    let removed = change(Value::Null).await.ok();
    assert_eq!(removed["budget"], Value::Null);
    let events = idle(&mut stream).await;
    assert_eq!(one(&events, "agent.message")["content"][0]["text"], "Done.");
    assert_eq!(stop_reason(&events)["type"], "end_turn");
    assert_eq!(code(change(cents("99")).await), "budget_create_only");
    assert_eq!(stop_reason(&owner.turn(&session, "more").await)["type"], "end_turn");

    let without = owner.session(&agent).await;
    let added = owner.post(&format!("/v1/sessions/{without}"), json!({ "budget": cents("1") })).await;
    assert_eq!(code(added), "budget_create_only");
}

/// A budget that is raised in time, or of a session that rests, starts nothing by itself.
#[tokio::test]
async fn a_raise_begins_nothing_where_nothing_was_stopped() {
    let house = TestHouse::new().model([says("One."), says("Two."), says("Three.")]).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let session = create(&owner, &agent, limit(json!({ "max_steps": 1 }))).await;
    owner.turn(&session, "one").await;
    let steps = |max: u64| json!({ "budget": limit(json!({ "max_steps": max })) });
    let path = format!("/v1/sessions/{session}");
    let raised = owner.post(&path, steps(2)).await.ok();
    assert_eq!(raised["status"], "idle");
    owner.post(&path, steps(2)).await.ok();
    assert_eq!(stop_reason(&owner.turn(&session, "two").await)["type"], "end_turn");
    let events = owner.events(&session).await;
    assert_eq!(of_type(&events, "session.updated").len(), 1, "what changes nothing is not told");
    assert_eq!(house.model_requests().len(), 2);

    assert_eq!(stop_reason(&owner.turn(&session, "three").await), &reached("steps", "session"));
    let writer = house.key([Scope::SessionsWrite, Scope::SessionsRead]).await;
    writer.post(&path, steps(3)).await.expect(403);
    assert_eq!(owner.get(&path).await.ok()["budget"]["max_steps"], 2);
}
