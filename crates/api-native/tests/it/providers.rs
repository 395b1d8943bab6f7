//! Providers that organizations bring: used by them alone, their keys shown to nobody.

use domain::key::Scope;
use serde_json::{Value, json};
use test_kit::conversation::{id_of, of_type, one};
use test_kit::provider_stub::{Act, ProviderStub};
use test_kit::{Caller, TestHouse};

const KEY: &str = "sk-hunter2-hunter2";
const MASK: &str = "••••••••";

async fn stub() -> ProviderStub {
    ProviderStub::start([Act::Says("Mine.".into())]).await
}

fn described(stub: &ProviderStub) -> Value {
    json!({ "name": "mine", "provider": "openai", "base_url": stub.base_url(), "api_key": KEY })
}

async fn answer_of(owner: &Caller, model: &str) -> Vec<Value> {
    let agent = owner.agent(json!({ "model": model })).await;
    let session = owner.session(&agent).await;
    owner.turn(&session, "hi").await
}

#[tokio::test]
async fn it_is_used_by_its_organization_and_its_key_is_found_nowhere() {
    for kind in ["openai", "anthropic"] {
        let stub = stub().await;
        let mut house = TestHouse::new().start().await;
        let owner = house.owner();
        let mut fields = described(&stub);
        fields["provider"] = json!(kind);
        let made = owner.post("/v1/providers", fields).await;
        assert!(!made.text.contains(KEY), "{made}");
        let made = made.ok();
        assert!(id_of(&made).starts_with("prov_"));
        assert_eq!((&made["owner"], &made["api_key"]), (&json!("organization"), &json!(MASK)));
        for path in
            ["/v1/providers".to_owned(), "/v1/providers/mine".to_owned(), format!("/v1/providers/{}", id_of(&made))]
        {
            let shown = owner.get(&path).await;
            assert!(!shown.text.contains(KEY) && shown.text.contains(MASK), "{shown}");
        }

        let events = answer_of(&owner, "mine/any").await;
        assert_eq!(one(&events, "agent.message")["content"][0]["text"], "Mine.");
        house.restart().await;
        answer_of(&house.owner(), "mine/any").await;
        assert!(stub.keys().iter().all(|key| key == KEY) && stub.keys().len() >= 2);
        assert_eq!(house.file_with(KEY), None);
    }
}

#[tokio::test]
async fn what_breaks_a_rule_is_named() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let good = json!({ "name": "mine", "provider": "anthropic" });
    owner.post("/v1/providers", good.clone()).await.ok();
    for (field, value, code) in [
        ("name", json!("My Provider"), "invalid_field"),
        ("name", json!("mine"), "name_taken"),
        ("provider", json!("scripted"), "invalid_field"),
        ("base_url", json!("ftp://a.example"), "invalid_field"),
        ("base_url", json!("https://me:secret@a.example"), "invalid_field"),
        ("base_url", json!("http://10.0.0.7/v1"), "invalid_field"),
        ("base_url", json!("http://169.254.169.254/"), "invalid_field"),
        ("base_url", json!("http://[::1]/v1"), "invalid_field"),
        ("api_key", json!("line\nbreak"), "invalid_field"),
        ("api_key", json!(MASK), "invalid_field"),
        ("models", json!([{ "name": "" }]), "invalid_field"),
    ] {
        let mut fields = good.clone();
        fields["name"] = json!("other");
        fields[field] = value;
        let refused = owner.post("/v1/providers", fields).await.expect(400);
        assert_eq!(refused["error"]["details"], json!({ "error_code": code, "param": field }));
    }
    let bare = json!({ "name": "other", "provider": "openai" });
    assert_eq!(owner.post("/v1/providers", bare).await.expect(400)["error"]["details"]["param"], "base_url");
}

#[tokio::test]
async fn only_what_the_operator_allows_is_called_in_private() {
    let house = TestHouse::new().outbound(|options| options.allow.clear()).start().await;
    let owner = house.owner();
    for address in ["http://127.0.0.1:9/v1", "http://localhost:9/v1"] {
        let hidden = json!({ "name": "mine", "provider": "openai", "base_url": address });
        let refused = owner.post("/v1/providers", hidden).await.expect(400);
        assert_eq!(refused["error"]["details"]["param"], "base_url", "{address}");
    }
}

#[tokio::test]
async fn it_wins_over_the_operators_of_the_same_name_for_its_organization_alone() {
    let (operators, own) = (ProviderStub::start([Act::Says("The operator's.".into())]).await, stub().await);
    let mut house = TestHouse::new().openai("mine", &operators.base_url()).start().await;
    let (owner, other) = (house.owner(), house.other_org().await);
    let said = |events: Vec<Value>| one(&events, "agent.message")["content"][0]["text"].clone();
    assert_eq!(said(answer_of(&owner, "mine/any").await), "The operator's.");
    owner.post("/v1/providers", described(&own)).await.ok();
    assert_eq!(said(answer_of(&owner, "mine/any").await), "Mine.");
    assert_eq!(said(answer_of(&other, "mine/any").await), "The operator's.");

    let shown = other.get("/v1/providers/mine").await.ok();
    assert_eq!((&shown["owner"], &shown["id"], &shown["base_url"]), (&json!("operator"), &Value::Null, &Value::Null));
    for change in
        [other.post("/v1/providers/mine", json!({ "name": "a" })).await, other.delete("/v1/providers/mine").await]
    {
        assert!(change.expect(400)["error"]["message"].as_str().unwrap().contains("operator"));
    }
    owner.delete("/v1/providers/mine").await.ok();
    assert_eq!(said(answer_of(&owner, "mine/any").await), "The operator's.");
}

#[tokio::test]
async fn a_change_counts_at_once_and_a_key_goes_nowhere_else() {
    let (first, second) = (stub().await, stub().await);
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let made = owner.post("/v1/providers", described(&first)).await.ok();
    let path = format!("/v1/providers/{}", id_of(&made));
    answer_of(&owner, "mine/any").await;

    let same = owner.post(&path, json!({ "api_key": MASK })).await.ok();
    assert_eq!(same["updated_at"], made["updated_at"], "what was shown, sent back, changes nothing");
    let elsewhere = json!({ "base_url": second.base_url() });
    let refused = owner.post(&path, elsewhere).await.expect(400);
    assert_eq!(refused["error"]["details"]["param"], "api_key");
    let moved = json!({ "base_url": second.base_url(), "api_key": "sk-another-another", "name": "moved" });
    owner.post(&path, moved).await.ok();
    answer_of(&owner, "moved/any").await;
    assert_eq!((first.keys(), second.keys()), (vec![KEY.to_owned()], vec!["sk-another-another".to_owned()]));

    let refused = owner.post("/v1/agents", json!({ "name": "a", "model": "mine/any" })).await.expect(400);
    assert_eq!(refused["error"]["details"]["error_code"], "unknown_model");
    let agent = owner.agent(json!({ "model": "moved/any" })).await;
    let session = owner.session(&agent).await;
    assert_eq!(owner.delete(&path).await.ok(), json!({ "id": id_of(&made), "type": "provider_deleted" }));
    owner.get(&path).await.expect(404);
    let events = owner.turn(&session, "hi").await;
    let told = one(&events, "session.error")["error"]["message"].as_str().unwrap();
    assert!(told.contains("moved"), "{told}");
    assert!(of_type(&events, "agent.message").is_empty());
}

#[tokio::test]
async fn a_test_asks_without_generating() {
    let (good, strict) = (stub().await, ProviderStub::start([Act::Status { status: 401, retry_after: None }]).await);
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    // A list of models that was told is no proof that the provider answers.
    let mut fields = described(&good);
    fields["models"] = json!([{ "name": "small", "context_tokens": 8000 }]);
    owner.post("/v1/providers", fields).await.ok();
    let tested = owner.post("/v1/providers/mine/test", json!({})).await.ok();
    assert_eq!(tested, json!({ "type": "provider_test", "ok": true, "error": null }));
    assert_eq!((good.listed(), good.requests().len()), (1, 0));
    // One of its models is another thing: it says a word, and its own fault if it cannot.
    let said = owner.post("/v1/providers/mine/test", json!({ "model": "small" })).await.ok();
    assert_eq!((&said["ok"], good.requests().len()), (&json!(true), 1));
    assert_eq!((&good.requests()[0]["model"], &good.requests()[0]["stream"]), (&json!("small"), &json!(true)));
    let models = owner.get("/v1/models").await.ok();
    assert_eq!(
        (&models["data"][0]["id"], &models["data"][0]["max_input_tokens"]),
        (&json!("mine/small"), &json!(8000))
    );

    let mut fields = described(&strict);
    fields["name"] = json!("strict");
    owner.post("/v1/providers", fields).await.ok();
    let tested = owner.post("/v1/providers/strict/test", json!({})).await.ok();
    assert_eq!((&tested["ok"], &tested["error"]["type"]), (&json!(false), &json!("unauthorized")));
    assert!(!tested.to_string().contains(KEY));
    let said = owner.post("/v1/providers/strict/test", json!({ "model": "small" })).await.ok();
    assert_eq!((&said["ok"], &said["error"]["type"]), (&json!(false), &json!("unauthorized")));
    owner.post("/v1/providers/absent/test", json!({})).await.expect(404);
    owner.post("/v1/providers/mine/test", json!({ "model": 5 })).await.expect(400);
}

#[tokio::test]
async fn only_who_may_sees_and_changes_them() {
    let stub = stub().await;
    let mut house = TestHouse::new().start().await;
    let owner = house.owner();
    let made = owner.post("/v1/providers", described(&stub)).await.ok();
    let path = format!("/v1/providers/{}", id_of(&made));
    let (reader, stranger, other) =
        (house.key([Scope::ProvidersRead]).await, house.key([Scope::AgentsWrite]).await, house.other_org().await);
    for read in ["/v1/providers", "/v1/model_aliases", path.as_str()] {
        reader.get(read).await.ok();
        stranger.get(read).await.expect(403);
    }
    for (write, body) in [
        ("/v1/providers", described(&stub)),
        (path.as_str(), json!({ "name": "a" })),
        (&format!("{path}/test"), json!({})),
        (&format!("{path}/test"), json!({ "model": "small" })),
        ("/v1/model_aliases/a", json!({ "model": "scripted/demo" })),
    ] {
        reader.post(write, body).await.expect(403);
    }
    reader.delete(&path).await.expect(403);
    let never = "/v1/providers/prov_00000000000000000000000000";
    for (theirs, nobodys) in [
        (other.get(&path).await, other.get(never).await),
        (other.post(&path, json!({})).await, other.post(never, json!({})).await),
        (other.delete(&path).await, other.delete(never).await),
    ] {
        assert_eq!(theirs.expect(404)["error"], nobodys.expect(404)["error"]);
    }
}
