//! Models: their names, the ones that stand in, and what providers do wrong.

use domain::model::{FaultKind, StopCause};
use serde_json::{Value, json};
use test_kit::conversation::{id_of, of_type, one, types};
use test_kit::provider_stub::{Act, ProviderStub};
use test_kit::{Caller, ProviderKind, TestHouse, fails, says};

/// One attempt at each model.
fn once(options: &mut engine::EngineOptions) {
    options.model_attempts_max = 1;
}

fn called(events: &[Value]) -> Vec<&str> {
    of_type(events, "span.model_request_start").iter().filter_map(|start| start["model"].as_str()).collect()
}

async fn turn_of(owner: &Caller, model: Value) -> Vec<Value> {
    let agent = owner.agent(json!({ "model": model })).await;
    let session = owner.session(&agent).await;
    owner.turn(&session, "hi").await
}

/// C.4.
#[tokio::test]
async fn a_name_is_echoed_as_sent_and_resolved_when_a_run_begins() {
    let stub = ProviderStub::start([Act::Says("I am Claude.".into())]).await;
    let house = TestHouse::new().openai("anthropic", &stub.base_url()).alias("house", "scripted/of-the-operator");
    let house = house.model((0..4).map(|_| says("Hello."))).start().await;
    let owner = house.owner();
    owner.post("/v1/model_aliases/fast", json!({ "model": "scripted/small" })).await.ok();

    for (written, meant) in [
        ("fast", "scripted/small"),
        ("house", "scripted/of-the-operator"),
        ("claude-opus", "anthropic/claude-opus"),
        ("scripted/a/b", "scripted/a/b"),
    ] {
        let agent = owner.agent(json!({ "model": written })).await;
        assert_eq!(owner.get(&format!("/v1/agents/{agent}")).await.ok()["model"]["id"], written);
        let session = owner.session(&agent).await;
        assert_eq!(called(&owner.turn(&session, "hi").await), [meant]);
    }
    assert_eq!(stub.requests()[0]["model"], "claude-opus");

    let agent = owner.agent(json!({ "model": "fast" })).await;
    let session = owner.session(&agent).await;
    owner.post("/v1/model_aliases/fast", json!({ "model": "scripted/large" })).await.ok();
    assert_eq!(called(&owner.turn(&session, "hi").await), ["scripted/large"], "what it means now");
}

/// C.4, case 4.
#[tokio::test]
async fn a_name_that_means_nothing_is_refused() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    for (model, param) in [
        (json!("nobody/x"), "model"),
        (json!("fast"), "model"),
        (json!("claude-opus"), "model"),
        (json!("scripted/"), "model"),
        (json!({ "id": "scripted/demo", "fallbacks": ["scripted/b", "nobody/x"] }), "model.fallbacks[1]"),
    ] {
        let refused = owner.post("/v1/agents", json!({ "name": "a", "model": model })).await.expect(400);
        assert_eq!(refused["error"]["details"], json!({ "error_code": "unknown_model", "param": param }));
    }
    let many = json!({ "id": "scripted/demo", "fallbacks": ["scripted/a", "scripted/b", "scripted/c", "scripted/d"] });
    let refused = owner.post("/v1/agents", json!({ "name": "a", "model": many })).await.expect(400);
    assert_eq!(refused["error"]["details"]["param"], "model.fallbacks");
}

#[tokio::test]
async fn an_alias_that_is_gone_ends_a_run_with_its_name() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    owner.post("/v1/model_aliases/fast", json!({ "model": "scripted/demo" })).await.ok();
    let agent = owner.agent(json!({ "model": "fast" })).await;
    let session = owner.session(&agent).await;
    owner.delete("/v1/model_aliases/fast").await.ok();
    let events = owner.turn(&session, "hi").await;
    let error = &one(&events, "session.error")["error"];
    assert!(error["message"].as_str().unwrap().contains("\"fast\""), "{error}");
    assert_eq!(error["type"], "model_request_failed_error");
}

#[tokio::test]
async fn aliases_are_kept_read_and_taken_away() {
    let mut house = TestHouse::new().alias("house", "scripted/demo").start().await;
    let owner = house.owner();
    for name in ["one", "two"] {
        let made = owner.post(&format!("/v1/model_aliases/{name}"), json!({ "model": "scripted/demo" })).await.ok();
        assert_eq!(
            (&made["type"], &made["name"], &made["owner"]),
            (&json!("model_alias"), &json!(name), &json!("organization"))
        );
        assert_eq!(owner.get(&format!("/v1/model_aliases/{name}")).await.ok(), made);
    }
    let listed = owner.get("/v1/model_aliases?limit=2").await.ok();
    let names = |page: &Value| -> Vec<String> {
        page["data"].as_array().unwrap().iter().map(|alias| alias["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&listed), ["house", "one"]);
    let next = format!("/v1/model_aliases?limit=2&page={}", listed["next_page"].as_str().unwrap());
    assert_eq!(names(&owner.get(&next).await.ok()), ["two"]);

    for (name, body, param) in [
        ("a%20b", json!({ "model": "scripted/demo" }), "name"),
        ("a%2Fb", json!({ "model": "scripted/demo" }), "name"),
        ("a", json!({ "model": "one" }), "model"),
        ("a", json!({ "model": "nobody/x" }), "model"),
        ("a", json!({}), "model"),
    ] {
        let refused = owner.post(&format!("/v1/model_aliases/{name}"), body).await.expect(400);
        assert_eq!(refused["error"]["details"]["param"], param, "{name}");
    }
    owner.delete("/v1/model_aliases/house").await.expect(400);
    owner.delete("/v1/model_aliases/absent").await.expect(404);

    let own = json!({ "model": "scripted/own" });
    owner.post("/v1/model_aliases/house", own).await.ok();
    assert_eq!(owner.get("/v1/model_aliases/house").await.ok()["model"], "scripted/own");
    let other = house.other_org().await;
    assert_eq!(names(&other.get("/v1/model_aliases").await.ok()), ["house"]);
    assert_eq!(other.get("/v1/model_aliases/house").await.ok()["model"], "scripted/demo");
    owner.delete("/v1/model_aliases/house").await.ok();
    assert_eq!(owner.get("/v1/model_aliases/house").await.ok()["model"], "scripted/demo");

    house.restart().await;
    assert_eq!(names(&house.owner().get("/v1/model_aliases").await.ok()), ["house", "one", "two"]);
}

#[tokio::test]
async fn a_model_is_found_by_each_of_its_names() {
    let house = TestHouse::new().alias("house", "scripted/demo").start().await;
    let owner = house.owner();
    for path in ["scripted/demo", "scripted%2Fdemo", "house"] {
        let model = owner.get(&format!("/v1/models/{path}")).await.ok();
        assert_eq!((&model["id"], &model["type"]), (&json!("scripted/demo"), &json!("model")), "{path}");
        assert_eq!((&model["aliases"], &model["lifecycle"]), (&json!(["house"]), &json!("active")));
    }
    for path in ["scripted/other", "nobody/x", "absent", "a/b/c"] {
        owner.get(&format!("/v1/models/{path}")).await.expect(404);
    }
    for wrong in ["limit=0", "limit=1001", "after_id=nobody/x", "after_id=scripted/demo&before_id=scripted/demo"] {
        owner.get(&format!("/v1/models?{wrong}")).await.expect(400);
    }
    let behind = owner.get("/v1/models?after_id=scripted/demo").await.ok();
    assert_eq!((&behind["data"], &behind["has_more"]), (&json!([]), &json!(false)));
}

#[tokio::test]
async fn a_models_price_is_told_if_the_operator_has_set_one() {
    for (house, expected) in [
        (TestHouse::new(), Value::Null),
        (
            TestHouse::new().priced(3),
            json!({ "currency": "USD", "input": "3", "output": "3", "cache_read": "0", "cache_write": "0" }),
        ),
    ] {
        let house = house.start().await;
        let owner = house.owner();
        let listed = owner.get("/v1/models").await.ok();
        let demo = listed["data"].as_array().unwrap().iter().find(|model| model["id"] == "scripted/demo").unwrap();
        assert_eq!(demo["prices"], expected);
        assert_eq!(demo.as_object().unwrap().contains_key("prices"), expected != Value::Null);
        assert_eq!(owner.get("/v1/models/scripted/demo").await.ok()["prices"], expected);
    }
}

#[tokio::test]
async fn the_next_model_stands_in_when_one_does_not_serve() {
    let fallbacks = json!({ "id": "scripted/first", "fallbacks": ["scripted/second", "nobody/third"] });
    for (kind, error) in [
        (FaultKind::Overloaded, "model_overloaded_error"),
        (FaultKind::RateLimited, "model_rate_limited_error"),
        (FaultKind::Unreachable, "model_request_failed_error"),
        (FaultKind::Unauthorized, "model_request_failed_error"),
        (FaultKind::Unpaid, "billing_error"),
    ] {
        let script = [says("Half of").then_fails(kind, "no"), says("Here.")];
        let house = TestHouse::new().engine(once).model(script).openai("nobody", "http://127.0.0.1:9").start().await;
        let events = turn_of(&house.owner(), fallbacks.clone()).await;
        assert_eq!(
            types(&events)[1..],
            [
                "session.status_running",
                "span.model_request_start",
                "span.model_request_end",
                "session.error",
                "span.model_request_start",
                "agent.message",
                "span.model_request_end",
                "session.usage",
                "session.status_idle"
            ]
        );
        assert_eq!(called(&events), ["scripted/first", "scripted/second"]);
        let told = &one(&events, "session.error")["error"];
        assert_eq!((&told["type"], &told["retry_status"]["type"]), (&json!(error), &json!("retrying")));
        assert_eq!(one(&events, "agent.message")["content"][0]["text"], "Here.");
        assert_eq!(house.model_requests()[1].model, "second");
    }
}

#[tokio::test]
async fn a_model_that_declines_is_replaced_and_the_last_word_is_final() {
    let declines = || says("I would rather not.").stops(StopCause::Refusal).usage(3, 4);
    let house = TestHouse::new().model([declines(), declines()]).start().await;
    let events = turn_of(&house.owner(), json!({ "id": "scripted/first", "fallbacks": ["scripted/second"] })).await;
    assert_eq!(called(&events), ["scripted/first", "scripted/second"]);
    assert_eq!(of_type(&events, "agent.message").len(), 1);
    assert_eq!(one(&events, "session.status_idle")["stop_reason"]["type"], "refusal");
    assert_eq!(one(&events, "session.usage")["usage"]["input_tokens"], 6, "what was said in vain costs too");
}

#[tokio::test]
async fn faults_have_the_types_of_the_contract() {
    for (kind, error) in [
        (FaultKind::Overloaded, "model_overloaded_error"),
        (FaultKind::RateLimited, "model_rate_limited_error"),
        (FaultKind::Rejected, "model_request_failed_error"),
        (FaultKind::Unpaid, "billing_error"),
    ] {
        let house = TestHouse::new().engine(once).model([fails(kind, "no")]).start().await;
        let events = turn_of(&house.owner(), json!("scripted/demo")).await;
        let told = &one(&events, "session.error")["error"];
        assert_eq!((&told["type"], &told["retry_status"]["type"]), (&json!(error), &json!("exhausted")));
        assert_eq!(one(&events, "session.status_idle")["stop_reason"]["type"], "retries_exhausted");
    }
}

#[tokio::test]
async fn models_are_listed_by_their_full_names() {
    let refused = test_kit::provider_stub::refused_base_url().await;
    let house = TestHouse::new().openai("down", &refused).start().await;
    let models = house.owner().get("/v1/models").await.ok();
    assert_eq!(models["data"][0]["id"], "scripted/demo");
    assert_eq!((&models["has_more"], &models["last_id"]), (&json!(false), &json!("scripted/demo")));
    assert_eq!(models["unavailable"][0]["provider"], "down");
    assert_eq!(id_of(&models["data"][0]), "scripted/demo");
}

/// The Messages API: what was read from the provider's cache and written to it is counted apart.
#[tokio::test]
async fn cache_counters_reach_the_usage() {
    let stub = ProviderStub::start([Act::Says("Hello.".into())]).await;
    let house = TestHouse::new().endpoint(ProviderKind::Anthropic, "mine", &stub.base_url(), |_| {}).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({ "model": "mine/any" })).await).await;
    let events = owner.turn(&session, "hi").await;
    let call = &one(&events, "span.model_request_end")["model_usage"];
    assert_eq!((&call["cache_read_input_tokens"], &call["cache_creation_input_tokens"]), (&json!(7), &json!(2)));
    let usage = owner.get(&format!("/v1/sessions/{session}")).await.ok()["usage"].clone();
    assert_eq!(usage["cache_read_input_tokens"], 7);
    assert_eq!(usage["cache_creation"]["ephemeral_5m_input_tokens"], 2);
}
