//! What the console sets up: keys, people, projects, the organization.

use domain::org::Role;
use serde_json::{Value, json};
use test_kit::conversation::id_of;
use test_kit::{Caller, TestHouse};

fn data(page: &Value) -> &Vec<Value> {
    page["data"].as_array().unwrap()
}

/// A caller that shows this key.
fn with_key(house: &TestHouse, key: &Value) -> Caller {
    house.nobody().with_header("x-api-key", key.as_str().unwrap())
}

#[tokio::test]
async fn a_key_is_shown_once_used_listed_and_revoked() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let budget = json!({ "type": "limit", "max_tokens": 1000 });
    let new = json!({ "name": "CI", "scopes": ["agents:read", "sessions:read"], "budget": budget });
    let reply = owner.post("/v1/keys", new).await;
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let made = reply.ok();
    let secret = made["key"].as_str().unwrap();
    assert!(secret.starts_with("srt_") && secret.starts_with(made["hint"].as_str().unwrap()), "{made}");
    assert_eq!(
        (&made["type"], &made["last_used_at"], &made["revoked_at"]),
        (&json!("key"), &Value::Null, &Value::Null)
    );
    assert_eq!((&made["maker"]["name"], &made["maker"]["role"]), (&json!("Otto Owner"), &json!("owner")));
    assert_eq!((&made["budget"]["limit"]["max_tokens"], &made["budget"]["spent"]["tokens"]), (&json!(1000), &json!(0)));

    let program = with_key(&house, &made["key"]);
    program.get("/v1/agents").await.ok();
    program.get("/v1/keys").await.expect(403);
    let listed = owner.get("/v1/keys").await.ok();
    let shown = &data(&listed)[0];
    assert_eq!((&shown["id"], &shown["scopes"]), (&made["id"], &json!(["agents:read", "sessions:read"])));
    assert!(!listed.to_string().contains(secret) && shown.get("key").is_none(), "never again");
    let path = format!("/v1/keys/{}", id_of(&made));
    assert_eq!(owner.get(&path).await.ok()["name"], "CI");

    let gone = owner.delete(&path).await.ok();
    assert_eq!((&gone["type"], &gone["id"]), (&json!("key_revoked"), &made["id"]));
    program.get("/v1/agents").await.expect(401);
    assert_eq!(owner.delete(&path).await.ok()["revoked_at"], gone["revoked_at"], "twice changes nothing");
    assert_eq!(data(&owner.get("/v1/keys").await.ok()).len(), 1, "the owner's own is left");
    let all = owner.get("/v1/keys?include_revoked=true").await.ok();
    assert_eq!(data(&all)[0]["revoked_at"], gone["revoked_at"]);
    assert_eq!(owner.get(&path).await.ok()["revoked_at"], gone["revoked_at"]);
}

#[tokio::test]
async fn a_key_may_be_a_uuid_end_by_itself_and_reach_one_project() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let project = id_of(&data(&owner.get("/v1/projects").await.ok())[0]);
    let new = json!({ "name": "old client", "scopes": ["admin"], "format": "uuid", "project_id": project,
        "expires_at": "2999-01-01T00:00:00Z" });
    let made = owner.post("/v1/keys", new).await.ok();
    assert_eq!(made["key"].as_str().unwrap().len(), 36, "{made}");
    assert_eq!((&made["project_id"], &made["expires_at"]), (&json!(project), &json!("2999-01-01T00:00:00Z")));
    let kept = with_key(&house, &made["key"]);
    let others = owner.post("/v1/projects", json!({ "name": "Other" })).await.ok();
    assert_eq!(data(&kept.get("/v1/projects").await.ok()).len(), 1);
    kept.get(&format!("/v1/projects/{}", id_of(&others))).await.expect(404);
    // People are the organization's: one more owner would be worth all of it.
    kept.get("/v1/members").await.expect(403);
    kept.post("/v1/members", json!({ "name": "x", "email": "x@a.example", "role": "owner" })).await.expect(403);
    for (fields, param) in [
        (json!({ "name": "" }), "name"),
        (json!({ "scopes": [] }), "scopes"),
        (json!({ "scopes": ["agents:read", "everything"] }), "scopes[1]"),
        (json!({ "expires_at": "2001-01-01T00:00:00Z" }), "expires_at"),
    ] {
        let mut new = json!({ "name": "n", "scopes": ["agents:read"] });
        new.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        assert_eq!(owner.post("/v1/keys", new).await.expect(400)["error"]["details"]["param"], param, "{fields}");
    }
    owner
        .post("/v1/keys", json!({ "name": "n", "scopes": ["agents:read"], "project_id": id_of(&made) }))
        .await
        .expect(400);
}

#[tokio::test]
async fn people_see_the_keys_they_made_and_make_none_that_may_more() {
    let house = TestHouse::new().start().await;
    let (owner, ada, vera) =
        (house.owner(), house.person("ada", Role::Member).await, house.person("vera", Role::Viewer).await);
    let of_owner = owner.post("/v1/keys", json!({ "name": "owner's", "scopes": ["admin"] })).await.ok();
    let of_ada = ada.post("/v1/keys", json!({ "name": "ada's", "scopes": ["agents:read"] })).await.ok();
    let names = |page: &Value| data(page).iter().map(|key| key["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&ada.get("/v1/keys").await.ok()), ["ada's", "ada"]);
    assert_eq!(names(&vera.get("/v1/keys").await.ok()), ["vera"]);
    assert_eq!(names(&owner.get("/v1/keys").await.ok()), ["ada's", "owner's", "vera", "ada", "First key"]);
    let path = format!("/v1/keys/{}", id_of(&of_owner));
    ada.get(&path).await.expect(404);
    ada.delete(&path).await.expect(404);
    ada.post("/v1/keys", json!({ "name": "more", "scopes": ["providers:write"] })).await.expect(403);
    let for_other = json!({ "name": "n", "scopes": ["agents:read"], "member_id": of_owner["maker"]["id"] });
    ada.post("/v1/keys", for_other).await.expect(403);
    vera.post("/v1/keys", json!({ "name": "n", "scopes": ["agents:read"] })).await.expect(403);
    let for_ada = json!({ "name": "gift", "scopes": ["agents:read"], "member_id": of_ada["maker"]["id"] });
    assert_eq!(owner.post("/v1/keys", for_ada).await.ok()["maker"]["name"], "ada");

    // Page by page the same.
    let mut seen = Vec::new();
    let mut path = "/v1/keys?limit=2".to_owned();
    loop {
        let page = owner.get(&path).await.ok();
        assert!(data(&page).len() <= 2);
        seen.extend(names(&page));
        let Some(next) = page["next_page"].as_str() else { break };
        path = format!("/v1/keys?limit=2&page={next}");
    }
    assert_eq!(seen, ["gift", "ada's", "owner's", "vera", "ada", "First key"]);
}

#[tokio::test]
async fn a_key_is_made_once_and_its_secret_kept_by_nobody() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let named = owner.with_header("idempotency-key", "make-one");
    let new = json!({ "name": "once", "scopes": ["agents:read"] });
    let secret = named.post("/v1/keys", new.clone()).await.ok()["key"].as_str().unwrap().to_owned();
    let again = named.post("/v1/keys", new).await.expect(409);
    assert!(again["error"]["message"].as_str().unwrap().contains("shown once"), "{again}");
    assert_eq!(data(&owner.get("/v1/keys").await.ok()).len(), 2);
    assert_eq!(house.file_with(&secret), None);
}

#[tokio::test]
async fn people_are_added_changed_kept_out_and_let_in_again() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let new = json!({ "name": "Ada", "email": "ada@house.example", "role": "viewer" });
    let ada = owner.post("/v1/members", new.clone()).await.ok();
    assert_eq!((&ada["type"], &ada["role"], &ada["suspended_at"]), (&json!("member"), &json!("viewer"), &Value::Null));
    owner.post("/v1/members", new).await.expect(409);
    let path = format!("/v1/members/{}", id_of(&ada));
    let key = json!({ "name": "k", "scopes": ["admin"], "member_id": ada["id"] });
    let key = owner.post("/v1/keys", key).await.ok();
    let as_ada = with_key(&house, &key["key"]);
    as_ada.post("/v1/agents", json!({ "name": "n", "model": "scripted/demo" })).await.expect(403);

    let changed = owner.post(&path, json!({ "role": "member", "name": "Ada L." })).await.ok();
    assert_eq!(
        (&changed["role"], &changed["name"], &changed["email"]),
        (&json!("member"), &json!("Ada L."), &ada["email"])
    );
    as_ada.post("/v1/agents", json!({ "name": "n", "model": "scripted/demo" })).await.ok();
    let kept_out = owner.post(&format!("{path}/suspend"), json!({})).await.ok();
    assert!(kept_out["suspended_at"].is_string());
    as_ada.get("/v1/agents").await.expect(401);
    assert_eq!(owner.get(&path).await.ok(), kept_out);
    assert_eq!(owner.post(&format!("{path}/resume"), json!({})).await.ok()["suspended_at"], Value::Null);
    as_ada.get("/v1/agents").await.ok();

    let page = owner.get("/v1/members?limit=1").await.ok();
    assert_eq!(data(&page)[0]["name"], "Otto Owner");
    let next = owner.get(&format!("/v1/members?limit=1&page={}", page["next_page"].as_str().unwrap())).await.ok();
    assert_eq!((&data(&next)[0]["name"], &next["next_page"]), (&json!("Ada L."), &Value::Null));
    assert_eq!(owner.delete(&path).await.ok()["type"], "member_removed");
    owner.get(&path).await.expect(404);
    as_ada.get("/v1/agents").await.expect(401);
    assert_eq!(data(&owner.get("/v1/members").await.ok()).len(), 1);
}

#[tokio::test]
async fn owners_are_changed_by_owners_and_one_stays() {
    let house = TestHouse::new().start().await;
    let (owner, admin) = (house.owner(), house.person("adam", Role::Admin).await);
    let otto = format!("/v1/members/{}", id_of(&data(&owner.get("/v1/members").await.ok())[0]));
    admin.post(&otto, json!({ "role": "member" })).await.expect(403);
    admin.delete(&otto).await.expect(403);
    admin.post(&format!("{otto}/suspend"), json!({})).await.expect(403);
    let boss = json!({ "name": "B", "email": "b@house.example", "role": "owner" });
    admin.post("/v1/members", boss).await.expect(403);
    owner.delete(&otto).await.expect(409);
    owner.post(&otto, json!({ "role": "admin" })).await.expect(409);
    owner.post(&otto, json!({ "email": "nothing" })).await.expect(400);
}

#[tokio::test]
async fn projects_have_a_name_and_at_most_one_repository() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let shop = owner.post("/v1/projects", json!({ "name": "Shop", "repository": "acme/shop" })).await.ok();
    assert_eq!((&shop["type"], &shop["repository"]), (&json!("project"), &json!("acme/shop")));
    owner.post("/v1/projects", json!({ "name": "Twice", "repository": "ACME/shop" })).await.expect(409);
    let refused = owner.post("/v1/projects", json!({ "name": "Odd", "repository": "shop" })).await.expect(400);
    assert_eq!(refused["error"]["details"]["param"], "repository");
    let path = format!("/v1/projects/{}", id_of(&shop));
    let changed = owner.post(&path, json!({ "name": "Web shop" })).await.ok();
    assert_eq!((&changed["name"], &changed["repository"]), (&json!("Web shop"), &json!("acme/shop")));
    assert_eq!(owner.post(&path, json!({ "repository": null })).await.ok()["repository"], Value::Null);
    assert_eq!(owner.get(&path).await.ok()["name"], "Web shop");
    assert_eq!(data(&owner.get("/v1/projects").await.ok()).len(), 2);
    // Sent again, it is the same one.
    let named = owner.with_header("idempotency-key", "p");
    let first = named.post("/v1/projects", json!({ "name": "Once" })).await.ok();
    assert_eq!(named.post("/v1/projects", json!({ "name": "Once" })).await.ok(), first);
}

#[tokio::test]
async fn the_organization_is_read_by_all_and_changed_by_admins() {
    let house = TestHouse::new().start().await;
    let (owner, vera) = (house.owner(), house.person("vera", Role::Viewer).await);
    let org = vera.get("/v1/org").await.ok();
    assert_eq!(
        (&org["type"], &org["name"], &org["time_zone"], &org["rollouts"]["make_projects"]),
        (&json!("organization"), &json!("Test House"), &json!("Europe/Berlin"), &json!(false))
    );
    vera.post("/v1/org", json!({ "name": "Mine" })).await.expect(403);
    let changed = owner.post("/v1/org", json!({ "name": "Acme", "rollouts": { "make_projects": true } })).await.ok();
    assert_eq!((&changed["name"], &changed["time_zone"]), (&json!("Acme"), &json!("Europe/Berlin")));
    assert_eq!(vera.get("/v1/org").await.ok(), changed);
    assert_eq!(owner.post("/v1/org", json!({ "time_zone": "UTC" })).await.ok()["rollouts"]["make_projects"], true);
    for (fields, param) in [(json!({ "name": " " }), "name"), (json!({ "time_zone": "Mars/Olympus" }), "time_zone")] {
        assert_eq!(owner.post("/v1/org", fields).await.expect(400)["error"]["details"]["param"], param);
    }
    owner.post("/v1/org", json!({})).await.ok();
    let audit = owner.get("/v1/audit?actions[]=org.updated&actions[]=rollout_settings.updated").await.ok();
    let actions: Vec<_> = data(&audit).iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["org.updated", "rollout_settings.updated", "org.updated"], "what changes nothing is not told");
}
