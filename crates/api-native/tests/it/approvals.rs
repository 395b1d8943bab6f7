//! Rollouts, the rules by which they wait for approval, decisions about them, and the audit log.

use std::time::Duration;

use app::{CreateKey, DecideRollout, Error, MemberPatch, Refused};
use domain::approval::{DecisionRefusal, Verdict};
use domain::key::Scope;
use domain::org::Role;
use serde_json::{Value, json};
use test_kit::conversation::id_of;
use test_kit::{Caller, Reply, TestHouse};

async fn rule(owner: &Caller, fields: Value) -> Value {
    let mut body = json!({ "name": "production" });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    owner.post("/v1/approval_rules", body).await.ok()
}

/// A rollout that this caller reports pending, as the native API shows it.
async fn pending(caller: &Caller, fields: Value) -> Value {
    let mut body = json!({ "deployment_request": "Deploy 2.5.1", "status": "pending" });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let taken = caller.post("/api/v1/deployments/", body).await.expect(201);
    caller.get(&format!("/v1/rollouts/{}", taken["id"].as_str().unwrap())).await.ok()
}

async fn approve(caller: &Caller, rollout: &Value) -> Reply {
    caller.post(&format!("/v1/rollouts/{}/approve", id_of(rollout)), json!({})).await
}

async fn member_id(house: &TestHouse, name: &str) -> String {
    let members = house.app().list_members(&house.owner_ctx().await).await.unwrap();
    members.iter().find(|member| member.name == name).unwrap().id.to_string()
}

fn actions(audit: &Value) -> Vec<&str> {
    audit["data"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_rollout_is_shown_with_what_it_changes_and_who_must_approve() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let made = rule(&owner, json!({ "paths": ["infra/**"], "min_count": 2 })).await;
    let metadata = json!({ "changed_paths": ["infra/main.tf", "README.md"], "environment": "production" });
    let fields =
        json!({ "event_metadata": metadata, "commit_sha": "abc", "ref": "refs/heads/main", "github_run_id": 5 });
    let shown = pending(&owner, fields).await;
    assert!(id_of(&shown).starts_with("rollout_"), "{shown}");
    assert_eq!(
        (&shown["type"], &shown["status"], &shown["state"]),
        (&json!("rollout"), &json!("pending"), &json!("pending_approval"))
    );
    assert_eq!(shown["changed_paths"], json!(["README.md", "infra/main.tf"]));
    assert_eq!((&shown["metadata"], &shown["commit"], &shown["run_id"]), (&metadata, &json!("abc"), &json!("5")));
    let asked = &shown["approval"]["rules"][0];
    assert_eq!((&asked["rule_id"], &asked["min_count"], &asked["still_needed"]), (&made["id"], &json!(2), &json!(2)));
    assert_eq!(asked["approvers"], json!({ "members": [], "roles": ["owner", "admin"] }));
    for name in [&shown["id"], &shown["alias"]] {
        assert_eq!(owner.get(&format!("/v1/rollouts/{}", name.as_str().unwrap())).await.ok(), shown);
    }
    let session = shown["session_id"].as_str().unwrap();
    let events = owner.events(session).await;
    let asked = events.iter().find(|event| event["type"] == "rollout.approval_requested").unwrap();
    assert_eq!((&asked["rules"], &asked["rollout_id"]), (&json!(["production"]), &shown["id"]));
}

#[tokio::test]
async fn as_many_different_people_approve_as_the_rule_wants_and_nobody_their_own() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let (ada, bea, max) = (
        house.person("ada", Role::Admin).await,
        house.person("bea", Role::Member).await,
        house.person("max", Role::Member).await,
    );
    let bea_id = member_id(&house, "bea").await;
    let approvers = json!({ "members": [bea_id], "roles": ["admin", "owner"] });
    rule(&owner, json!({ "approvers": approvers, "min_count": 2 })).await;
    let rollout = pending(&owner, json!({})).await;
    for (caller, expected) in [(&owner, "reported themselves"), (&max, "approvers")] {
        let refused = approve(caller, &rollout).await.expect(403);
        assert!(refused["error"]["message"].as_str().unwrap().contains(expected), "{refused}");
    }
    let once = approve(&ada, &rollout).await.ok();
    assert_eq!(
        (&once["state"], &once["approval"]["rules"][0]["still_needed"]),
        (&json!("pending_approval"), &json!(1))
    );
    approve(&ada, &rollout).await.expect(409);
    let twice = approve(&bea, &rollout).await.ok();
    assert_eq!(twice["state"], "approved");
    let votes: Vec<&Value> = twice["approval"]["votes"].as_array().unwrap().iter().map(|vote| &vote["name"]).collect();
    assert_eq!(votes, ["ada", "bea"]);
    approve(&bea, &rollout).await.expect(409);
    let events = owner.events(rollout["session_id"].as_str().unwrap()).await;
    let decided: Vec<_> = events.iter().filter(|event| event["type"] == "rollout.approval_decided").collect();
    let needed: Vec<_> = decided.iter().map(|event| &event["still_needed"]).collect();
    assert_eq!((needed, &decided[0]["name"]), (vec![&json!(1), &json!(0)], &json!("ada")));

    // Whoever is a viewer by now decides nothing, though a rule names them.
    let rollout = pending(&owner, json!({})).await;
    let (owner_ctx, patch) =
        (house.owner_ctx().await, app::MemberPatch { role: Some(Role::Viewer), ..Default::default() });
    house.app().update_member(&owner_ctx, bea_id.parse().unwrap(), patch).await.unwrap();
    approve(&bea, &rollout).await.expect(403);
}

#[tokio::test]
async fn a_decision_is_about_the_question_that_was_seen() {
    let house = TestHouse::new().start().await;
    let (owner, ada) = (house.owner(), house.person("ada", Role::Admin).await);
    rule(&owner, json!({})).await;
    let report = json!({ "github_run_id": 9, "commit_sha": "abc" });
    let first = pending(&owner, report.clone()).await;
    let path = |verdict: &str| format!("/v1/rollouts/{}/{verdict}", id_of(&first));
    let said = |seen: &Value| json!({ "requested_at": seen["approval"]["requested_at"] });
    let earlier = house.app().authenticate(ada.key()).await.unwrap();
    ada.post(&path("reject"), said(&first)).await.ok();
    let second = pending(&owner, report).await;
    assert_eq!((&second["id"], &second["state"]), (&first["id"], &json!("pending_approval")));
    let refused = ada.post(&path("approve"), said(&first)).await.expect(409);
    assert!(refused["error"]["message"].as_str().unwrap().contains("anew"), "{refused}");
    // A request that was on its way when it was asked anew has not seen that either.
    let blind = DecideRollout { verdict: Verdict::Approve, reason: None, asked_at: None };
    let refused = house.app().decide_rollout(&earlier, &id_of(&first), blind).await;
    assert!(matches!(refused, Err(Error::Refused(Refused::Decision(DecisionRefusal::AskedAnew)))), "{refused:?}");
    ada.post(&path("approve"), json!({ "requested_at": "yesterday" })).await.expect(400);
    assert_eq!(ada.post(&path("approve"), said(&second)).await.ok()["state"], "approved");
}

#[tokio::test]
async fn who_was_kept_out_since_the_request_began_decides_nothing() {
    let house = TestHouse::new().start().await;
    let (owner, app, owner_ctx) = (house.owner(), house.app(), house.owner_ctx().await);
    rule(&owner, json!({})).await;
    let rollout = pending(&owner, json!({})).await;
    let becomes = |role| MemberPatch { role: Some(role), ..Default::default() };
    for change in ["suspended", "removed", "viewer", "member"] {
        let person = house.person(change, Role::Admin).await;
        let recognized = app.authenticate(person.key()).await.unwrap();
        let id = member_id(&house, change).await.parse().unwrap();
        match change {
            "suspended" => app.suspend_member(&owner_ctx, id).await,
            "removed" => app.remove_member(&owner_ctx, id).await,
            "viewer" => app.update_member(&owner_ctx, id, becomes(Role::Viewer)).await,
            _ => app.update_member(&owner_ctx, id, becomes(Role::Member)).await,
        }
        .unwrap();
        let said = DecideRollout { verdict: Verdict::Approve, reason: None, asked_at: None };
        match app.decide_rollout(&recognized, &id_of(&rollout), said).await {
            Err(Error::Forbidden { missing: None }) => assert_ne!(change, "member"),
            Err(Error::Refused(Refused::Decision(DecisionRefusal::NotAnApprover))) => assert_eq!(change, "member"),
            other => panic!("{change}: {other:?}"),
        }
    }
    approve(&house.person("ada", Role::Admin).await, &rollout).await.ok();
}

#[tokio::test]
async fn a_rule_that_was_changed_judges_the_next_report() {
    let house = TestHouse::new().start().await;
    let (owner, ada) = (house.owner(), house.person("ada", Role::Admin).await);
    let made = rule(&owner, json!({})).await;
    let report = json!({ "github_run_id": 9 });
    let rollout = pending(&owner, report.clone()).await;
    assert_eq!(approve(&ada, &rollout).await.ok()["state"], "approved");
    owner.post(&format!("/v1/approval_rules/{}", id_of(&made)), json!({ "min_count": 2 })).await.ok();
    let again = pending(&owner, report).await;
    assert_eq!(again["id"], rollout["id"]);
    let needed = &again["approval"]["rules"][0]["still_needed"];
    assert_eq!((&again["state"], needed), (&json!("pending_approval"), &json!(2)));
}

#[tokio::test]
async fn of_decisions_at_the_same_instant_one_is_heard() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let mut people = Vec::new();
    for n in 0..6 {
        people.push(house.person(&format!("admin{n}"), Role::Admin).await);
    }
    rule(&owner, json!({})).await;
    for n in 0..8 {
        let rollout = pending(&owner, json!({})).await;
        let decide = |at: usize, person: &Caller| {
            let verdict = if (at + n).is_multiple_of(2) { "approve" } else { "reject" };
            let (person, path) = (person.clone(), format!("/v1/rollouts/{}/{verdict}", id_of(&rollout)));
            async move { person.post(&path, json!({ "reason": verdict })).await.status.as_u16() }
        };
        let answers = futures::future::join_all(people.iter().enumerate().map(|(at, person)| decide(at, person))).await;
        let mut sorted = answers.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [200, 409, 409, 409, 409, 409], "{answers:?}");
        let audit = owner.get("/v1/audit?actions[]=rollout.approved&actions[]=rollout.rejected&limit=100").await.ok();
        assert_eq!(actions(&audit).len(), n + 1, "each decision once");
        assert_eq!(audit["data"][0]["subject"], rollout["id"]);
        let state = owner.get(&format!("/v1/rollouts/{}", id_of(&rollout))).await.ok()["state"].clone();
        let recorded = if actions(&audit)[0] == "rollout.approved" { "approved" } else { "rejected" };
        assert_eq!(state, recorded);
    }
}

#[tokio::test]
async fn a_pipeline_waits_for_the_decision() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let ada = house.person("ada", Role::Admin).await;
    rule(&owner, json!({})).await;
    let rollout = pending(&owner, json!({})).await;
    let path = format!("/v1/rollouts/{}", id_of(&rollout));
    let still = owner.get(&format!("{path}?wait=1")).await.ok();
    assert_eq!(still["state"], "pending_approval", "as it stands when the time is over");
    let (waiting, path_held) = (owner.clone(), format!("{path}?wait=60"));
    let waits = tokio::spawn(async move { waiting.get(&path_held).await.ok() });
    // It listens before it looks; a decision that came first would be seen as well.
    tokio::task::yield_now().await;
    approve(&ada, &rollout).await.ok();
    let decided = tokio::time::timeout(Duration::from_secs(30), waits).await.expect("woken").unwrap();
    assert_eq!(decided["state"], "approved");
    assert_eq!(owner.get(&format!("{path}?wait=60")).await.ok()["state"], "approved", "at once");
    for wrong in ["0", "291", "x"] {
        owner.get(&format!("{path}?wait={wrong}")).await.expect(400);
    }
    // A key that is revoked meanwhile is let go of.
    let rollout = pending(&owner, json!({})).await;
    let keyed = house.key([Scope::RolloutsRead]).await;
    let key = house.app().list_keys(&house.owner_ctx().await).await.unwrap().pop().unwrap();
    let path = format!("/v1/rollouts/{}?wait=60", id_of(&rollout));
    let waits = tokio::spawn(async move { keyed.get(&path).await });
    tokio::task::yield_now().await;
    house.app().revoke_key(&house.owner_ctx().await, key.id).await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(30), waits).await.expect("let go of").unwrap();
    ended.expect(401);
}

#[tokio::test]
async fn rollouts_are_listed_in_pages() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let mut ids = Vec::new();
    for n in 0..5 {
        if n == 3 {
            rule(&owner, json!({})).await;
        }
        ids.push(id_of(&pending(&owner, json!({})).await));
    }
    ids.reverse();
    let listed = |page: &Value| page["data"].as_array().unwrap().iter().map(id_of).collect::<Vec<_>>();
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = owner.get(&format!("/v1/rollouts?limit=2{next}")).await.ok();
        seen.extend(listed(&page));
        match page["next_page"].as_str() {
            Some(text) => next = format!("&page={text}"),
            None => break,
        }
    }
    assert_eq!(seen, ids);
    assert_eq!(listed(&owner.get("/v1/rollouts?waits_for_approval=true").await.ok()), ids[..2]);
    assert_eq!(listed(&owner.get("/v1/rollouts?status=running").await.ok()), [""; 0]);
    let project = owner.get("/v1/rollouts?limit=1").await.ok()["data"][0]["project_id"].clone();
    assert_eq!(listed(&owner.get(&format!("/v1/rollouts?project_id={}", project.as_str().unwrap())).await.ok()), ids);
    for wrong in ["status=done", "limit=0", "page=x", "project_id=x"] {
        owner.get(&format!("/v1/rollouts?{wrong}")).await.expect(400);
    }
}

#[tokio::test]
async fn a_rollout_tells_who_reported_it_and_how_its_watch_stands() {
    let house = TestHouse::new().start().await;
    let (owner, ci) = (house.owner(), house.person("ci", Role::Member).await);
    let rollout = pending(&ci, json!({ "github_run_id": 1 })).await;
    pending(&owner, json!({ "github_run_id": 1 })).await;
    let shown = owner.get(&format!("/v1/rollouts/{}", id_of(&rollout))).await.ok();
    let names: Vec<_> = shown["reported_by"].as_array().unwrap().iter().map(|person| &person["name"]).collect();
    assert_eq!(names, ["ci", "Otto Owner"]);
    assert_eq!((&shown["level"], &shown["finding"]), (&json!(null), &json!(null)), "nobody has looked yet");
    assert_eq!(owner.get("/v1/rollouts").await.ok()["data"][0], shown);

    // Who was removed is nobody here any more.
    let gone = shown["reported_by"][0]["member_id"].clone();
    owner.delete(&format!("/v1/members/{}", gone.as_str().unwrap())).await.ok();
    let told = json!([{ "member_id": gone, "name": null }, shown["reported_by"][1]]);
    for shown in [
        &owner.get("/v1/rollouts").await.ok()["data"][0],
        &owner.get(&format!("/v1/rollouts/{}", id_of(&rollout))).await.ok(),
    ] {
        assert_eq!(shown["reported_by"], told);
    }
}

#[tokio::test]
async fn rules_are_made_changed_and_removed_by_who_administers() {
    let house = TestHouse::new().start().await;
    let (owner, max) = (house.owner(), house.person("max", Role::Member).await);
    let made = rule(
        &owner,
        json!({ "window": { "days": ["sat", "sun"], "from": "00:00", "until": "24:00" }, "branches": ["main"] }),
    )
    .await;
    assert!(id_of(&made).starts_with("rule_"), "{made}");
    assert_eq!(
        (&made["min_count"], &made["allow_own"], &made["expires_after_seconds"]),
        (&json!(1), &json!(false), &json!(86_400))
    );
    let path = format!("/v1/approval_rules/{}", id_of(&made));
    assert_eq!(max.get(&path).await.ok(), made, "whoever may look sees the rules");
    max.post("/v1/approval_rules", json!({ "name": "mine" })).await.expect(403);
    max.post(&path, json!({ "name": "mine" })).await.expect(403);
    max.delete(&path).await.expect(403);
    let changed = owner.post(&path, json!({ "window": null, "min_count": 2 })).await.ok();
    assert_eq!(
        (&changed["window"], &changed["min_count"], &changed["branches"]),
        (&Value::Null, &json!(2), &json!(["main"]))
    );
    assert_eq!(owner.get("/v1/approval_rules").await.ok()["data"], json!([changed]));

    let nobody = json!({ "members": ["user_00000000000000000000000001"] });
    for (fields, param) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "n", "paths": ["a{"] }), "paths"),
        (json!({ "name": "n", "paths": ["/infra"] }), "paths"),
        (json!({ "name": "n", "approvers": {} }), "approvers"),
        (json!({ "name": "n", "approvers": { "roles": ["viewer"] } }), "approvers.roles"),
        (json!({ "name": "n", "approvers": nobody }), "approvers.members[0]"),
        (json!({ "name": "n", "approvers": { "roles": ["chief"] } }), "approvers.roles[0]"),
        (json!({ "name": "n", "min_count": 0 }), "min_count"),
        (json!({ "name": "n", "window": { "from": "25:00", "until": "26:00" } }), "window.from"),
        (json!({ "name": "n", "expires_after_seconds": 1 }), "expires_after_seconds"),
        (json!({ "name": "n", "project_id": "proj_00000000000000000000000001" }), "project_id"),
    ] {
        let refused = owner.post("/v1/approval_rules", fields.clone()).await.expect(400);
        assert_eq!(refused["error"]["details"]["param"], param, "{fields}: {refused}");
    }

    // What was asked waits as it was asked.
    let rollout = pending(&owner, json!({ "ref": "main" })).await;
    owner.delete(&path).await.ok();
    owner.get(&path).await.expect(404);
    let still = owner.get(&format!("/v1/rollouts/{}", id_of(&rollout))).await.ok();
    assert_eq!(still["state"], "pending_approval");
    assert_eq!(pending(&owner, json!({ "ref": "main" })).await["state"], "pending");

    let named = owner.with_header("idempotency-key", "a-rule");
    let first = named.post("/v1/approval_rules", json!({ "name": "once" })).await.ok();
    assert_eq!(named.post("/v1/approval_rules", json!({ "name": "once" })).await.ok(), first);
    assert_eq!(owner.get("/v1/approval_rules").await.ok()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_for_one_project_decides_there_and_rules_nowhere() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let (app, ctx) = (house.app(), house.owner_ctx().await);
    let first = app.list_projects(&ctx).await.unwrap()[0].id;
    let named = |name: &str| Some(name.parse().unwrap());
    let other = app.create_project(&ctx, "Api".into(), named("acme/api")).await.unwrap().id;
    let patch = app::ProjectPatch { repository: Some(named("acme/shop")), ..Default::default() };
    app.update_project(&ctx, first, patch).await.unwrap();
    rule(&owner, json!({})).await;
    let mine = rule(&owner, json!({ "project_id": other })).await;
    let ada = house.person("ada", Role::Admin).await;
    let ada_ctx = app.authenticate(ada.key()).await.unwrap();
    let create = CreateKey {
        name: "shop".into(),
        scopes: vec![Scope::Admin],
        project: Some(first),
        expires_at: None,
        budget: None,
        member: None,
        format: app::KeyFormat::Sortie,
    };
    let (_, secret) = app.create_key(&ada_ctx, create).await.unwrap();
    let kept = Caller::new(house.router(), Some(secret.reveal().to_owned()));
    let (there, elsewhere) = (
        pending(&owner, json!({ "repository_full_name": "acme/shop" })).await,
        pending(&owner, json!({ "repository_full_name": "acme/api" })).await,
    );
    approve(&kept, &there).await.ok();
    approve(&kept, &elsewhere).await.expect(404);
    kept.get(&format!("/v1/approval_rules/{}", id_of(&mine))).await.expect(404);
    kept.post("/v1/approval_rules", json!({ "name": "mine" })).await.expect(403);
    kept.get("/v1/audit").await.expect(403);
}

#[tokio::test]
async fn what_administrators_do_is_in_the_audit_log_and_no_secret_is() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let (app, ctx) = (house.app(), house.owner_ctx().await);
    let ada = house.person("ada", Role::Admin).await;
    let ada_id: domain::MemberId = member_id(&house, "ada").await.parse().unwrap();
    let key = app.list_keys(&ctx).await.unwrap().pop().unwrap();
    let secret = "a-provider-key-that-nobody-may-see";
    let provider =
        json!({ "name": "ours", "provider": "openai", "base_url": "https://models.example.com/v1", "api_key": secret });
    let provider = owner.post("/v1/providers", provider).await.ok();
    owner.delete(&format!("/v1/providers/{}", id_of(&provider))).await.ok();
    owner.post("/v1/model_aliases/favourite", json!({ "model": "scripted/demo" })).await.ok();
    let made = rule(&owner, json!({})).await;
    owner.delete(&format!("/v1/approval_rules/{}", id_of(&made))).await.ok();
    app.update_member(&ctx, ada_id, app::MemberPatch { role: Some(Role::Member), ..Default::default() }).await.unwrap();
    app.suspend_member(&ctx, ada_id).await.unwrap();
    app.revoke_key(&ctx, key.id).await.unwrap();
    app.create_project(&ctx, "Api".into(), None).await.unwrap();
    app.set_rollout_settings(&ctx, domain::org::RolloutSettings { make_projects: true }).await.unwrap();
    let agent = owner.agent(json!({})).await;
    owner.post(&format!("/v1/agents/{agent}/access"), json!({ "members": [ctx.member] })).await.ok();
    let trigger = json!({ "type": "webhook" });
    let deployment = json!({ "name": "d", "agent": agent, "trigger": trigger });
    let deployment = format!("/v1/deployments/{}", id_of(&owner.post("/v1/deployments", deployment).await.ok()));
    owner.post(&deployment, json!({ "name": "e" })).await.ok();
    owner.post(&deployment, json!({ "name": "e" })).await.ok();
    for deed in ["pause", "unpause", "archive", "archive"] {
        owner.post(&format!("{deployment}/{deed}"), json!({})).await.ok();
    }
    let address = "https://hooks.example.com/told?token=of-the-address";
    let webhook = owner.post("/v1/webhooks", json!({ "url": address })).await.ok();
    let webhook_secret = webhook["secret"].as_str().unwrap();
    let webhook = format!("/v1/webhooks/{}", id_of(&webhook));
    owner.post(&webhook, json!({ "disabled": true })).await.ok();
    owner.post(&format!("{webhook}/rotate_secret"), json!({})).await.ok();
    owner.delete(&webhook).await.ok();

    let audit = owner.get("/v1/audit?limit=100").await.ok();
    let mut told = actions(&audit);
    told.reverse();
    let expected = [
        "org.created",
        "member.added",
        "key.created",
        "provider.created",
        "provider.deleted",
        "model_alias.set",
        "approval_rule.created",
        "approval_rule.deleted",
        "member.updated",
        "member.suspended",
        "key.revoked",
        "project.created",
        "rollout_settings.updated",
        "agent.opened",
        "deployment.created",
        "deployment.updated",
        "deployment.paused",
        "deployment.resumed",
        "deployment.archived",
        "webhook.created",
        "webhook.updated",
        "webhook.secret_rotated",
        "webhook.deleted",
    ];
    assert_eq!(told, expected);
    let text = audit.to_string();
    for hidden in [secret, ada.key(), owner.key(), "hash", webhook_secret, "of-the-address"] {
        assert!(!text.contains(hidden), "{hidden} is in the log");
    }
    let of = |action: &str| audit["data"].as_array().unwrap().iter().find(|entry| entry["action"] == action).unwrap();
    assert_eq!(of("org.created")["actor"], json!({ "type": "operator" }));
    let updated = of("member.updated");
    assert_eq!(
        (&updated["subject"], &updated["details"]["role"], &updated["details"]["role_before"]),
        (&json!(ada_id), &json!("member"), &json!("admin"))
    );
    let actor = &of("approval_rule.created")["actor"];
    assert_eq!((&actor["type"], &actor["member_id"]), (&json!("member"), &json!(ctx.member)));
    assert_eq!(actor["key_id"], json!(ctx.key));

    let listed = async |query: &str| {
        let page = owner.get(&format!("/v1/audit?{query}")).await.ok();
        actions(&page).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(listed("actor=operator").await, ["org.created"]);
    assert_eq!(listed("actions[]=key.created&actions[]=key.revoked").await, ["key.revoked", "key.created"]);
    assert_eq!(listed(&format!("actor={}&limit=1", ctx.member.unwrap())).await, ["webhook.deleted"]);
    assert_eq!(listed("created_at[lte]=2000-01-01T00:00:00Z").await, [""; 0]);
    let first = owner.get("/v1/audit?limit=22").await.ok();
    let next = first["next_page"].as_str().unwrap();
    assert_eq!(listed(&format!("limit=22&page={next}")).await, ["org.created"]);
    for wrong in ["actions[]=nothing", "actor=x", "page=x"] {
        owner.get(&format!("/v1/audit?{wrong}")).await.expect(400);
    }
    house.person("max", Role::Member).await.get("/v1/audit").await.expect(403);
}
