//! Every route of every document, asked by those who may not: without a key, with a revoked
//! one, with one that lacks a scope, and with a key of another organization, whom everything
//! that is there must look like what never was.
//!
//! A route without a line in [`DOCUMENTS`] fails the test.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::key::Scope::{self, *};
use http::Method;
use serde_json::{Value, json};
use test_kit::conversation::{id_of, message};
use test_kit::{Caller, Reply, TestHouse, says};
use uuid::Uuid;

/// Method, path as in its document, and the scopes each of which the route needs.
pub(crate) type Probe = (&'static str, &'static str, &'static [Scope]);

pub(crate) const NATIVE: &[Probe] = &[
    ("GET", "/v1/agents", &[AgentsRead]),
    ("POST", "/v1/agents", &[AgentsWrite]),
    ("GET", "/v1/agents/{agent_id}", &[AgentsRead]),
    ("POST", "/v1/agents/{agent_id}", &[AgentsWrite]),
    ("POST", "/v1/agents/{agent_id}/archive", &[AgentsWrite]),
    ("POST", "/v1/agents/{agent_id}/access", &[AgentsWrite]),
    ("GET", "/v1/agents/{agent_id}/versions", &[AgentsRead]),
    ("GET", "/v1/sessions", &[SessionsRead]),
    ("POST", "/v1/sessions", &[SessionsWrite]),
    ("GET", "/v1/sessions/{session_id}", &[SessionsRead]),
    ("POST", "/v1/sessions/{session_id}", &[SessionsWrite]),
    ("DELETE", "/v1/sessions/{session_id}", &[SessionsWrite]),
    ("POST", "/v1/sessions/{session_id}/archive", &[SessionsWrite]),
    ("GET", "/v1/sessions/{session_id}/events", &[SessionsRead]),
    ("POST", "/v1/sessions/{session_id}/events", &[SessionsWrite, AgentsRun]),
    ("GET", "/v1/sessions/{session_id}/events/stream", &[SessionsRead]),
    ("GET", "/v1/sessions/{session_id}/events/{event_id}", &[SessionsRead]),
    ("GET", "/v1/sessions/{session_id}/overview", &[SessionsRead]),
    ("GET", "/v1/stream", &[SessionsRead]),
    ("GET", "/v1/sessions/{session_id}/runs", &[SessionsRead]),
    ("GET", "/v1/runs/{run_id}", &[SessionsRead]),
    ("POST", "/v1/runs/{run_id}/cancel", &[SessionsWrite]),
    ("POST", "/v1/runs/{run_id}/resolve", &[SessionsWrite]),
    ("GET", "/v1/deployments", &[DeploymentsRead]),
    ("POST", "/v1/deployments", &[DeploymentsWrite, AgentsRun]),
    ("GET", "/v1/deployments/{deployment}", &[DeploymentsRead]),
    ("POST", "/v1/deployments/{deployment}", &[DeploymentsWrite, AgentsRun]),
    ("POST", "/v1/deployments/{deployment}/archive", &[DeploymentsWrite]),
    ("POST", "/v1/deployments/{deployment}/pause", &[DeploymentsWrite]),
    ("POST", "/v1/deployments/{deployment}/unpause", &[DeploymentsWrite, AgentsRun]),
    ("POST", "/v1/deployments/{deployment}/run", &[DeploymentsWrite, AgentsRun]),
    ("GET", "/v1/deployment_runs", &[DeploymentsRead]),
    ("GET", "/v1/deployment_runs/{deployment_run_id}", &[DeploymentsRead]),
    ("GET", "/v1/rollouts", &[RolloutsRead]),
    ("GET", "/v1/rollouts/{rollout_id}", &[RolloutsRead]),
    ("POST", "/v1/rollouts/{rollout_id}/approve", &[ApprovalsDecide]),
    ("POST", "/v1/rollouts/{rollout_id}/reject", &[ApprovalsDecide]),
    ("GET", "/v1/approval_rules", &[ApprovalsRead]),
    ("POST", "/v1/approval_rules", &[Admin]),
    ("GET", "/v1/approval_rules/{rule_id}", &[ApprovalsRead]),
    ("POST", "/v1/approval_rules/{rule_id}", &[Admin]),
    ("DELETE", "/v1/approval_rules/{rule_id}", &[Admin]),
    ("GET", "/v1/approvals", &[ApprovalsRead]),
    ("GET", "/v1/audit", &[Admin]),
    ("GET", "/v1/login", ANY_KEY),
    ("POST", "/v1/login", ANY_KEY),
    ("POST", "/v1/login/switch", ANY_KEY),
    ("POST", "/v1/login/password", ANY_KEY),
    ("POST", "/v1/logout", ANY_KEY),
    ("GET", "/v1/setup", ANY_KEY),
    ("GET", "/v1/links/{token}", ANY_KEY),
    ("POST", "/v1/links/{token}", ANY_KEY),
    ("POST", "/v1/members/{member}/invitation", &[Admin]),
    ("POST", "/v1/members/{member}/reset", &[Admin]),
    ("GET", "/v1/usage", &[UsageRead]),
    ("GET", "/v1/keys", &[KeysRead]),
    ("POST", "/v1/keys", &[KeysWrite]),
    ("GET", "/v1/keys/{key}", &[KeysRead]),
    ("DELETE", "/v1/keys/{key}", &[KeysWrite]),
    ("GET", "/v1/members", &[Admin]),
    ("POST", "/v1/members", &[Admin]),
    ("GET", "/v1/members/{member}", &[Admin]),
    ("POST", "/v1/members/{member}", &[Admin]),
    ("DELETE", "/v1/members/{member}", &[Admin]),
    ("POST", "/v1/members/{member}/suspend", &[Admin]),
    ("POST", "/v1/members/{member}/resume", &[Admin]),
    ("GET", "/v1/projects", ANY_KEY),
    ("POST", "/v1/projects", &[Admin]),
    ("GET", "/v1/projects/{project}", ANY_KEY),
    ("POST", "/v1/projects/{project}", &[Admin]),
    ("GET", "/v1/org", ANY_KEY),
    ("POST", "/v1/org", &[Admin]),
    ("GET", "/v1/knowledge", &[KnowledgeRead]),
    ("POST", "/v1/knowledge", &[KnowledgeWrite]),
    ("DELETE", "/v1/knowledge/{document}", &[KnowledgeWrite]),
    ("GET", "/v1/tools", &[AgentsRead]),
    ("POST", "/v1/tools", &[AgentsWrite]),
    ("GET", "/v1/tools/{tool}", &[AgentsRead]),
    ("DELETE", "/v1/tools/{tool}", &[AgentsWrite]),
    ("GET", "/v1/models", &[ProvidersRead]),
    ("GET", "/v1/models/{model}", &[ProvidersRead]),
    ("GET", "/v1/model_aliases", &[ProvidersRead]),
    ("GET", "/v1/model_aliases/{name}", &[ProvidersRead]),
    ("POST", "/v1/model_aliases/{name}", &[ProvidersWrite]),
    ("DELETE", "/v1/model_aliases/{name}", &[ProvidersWrite]),
    ("GET", "/v1/providers", &[ProvidersRead]),
    ("POST", "/v1/providers", &[ProvidersWrite]),
    ("GET", "/v1/providers/{provider}", &[ProvidersRead]),
    ("POST", "/v1/providers/{provider}", &[ProvidersWrite]),
    ("DELETE", "/v1/providers/{provider}", &[ProvidersWrite]),
    ("POST", "/v1/providers/{provider}/test", &[ProvidersWrite]),
    ("GET", "/v1/webhooks", &[Admin]),
    ("POST", "/v1/webhooks", &[Admin]),
    ("GET", "/v1/webhooks/{webhook_id}", &[Admin]),
    ("POST", "/v1/webhooks/{webhook_id}", &[Admin]),
    ("DELETE", "/v1/webhooks/{webhook_id}", &[Admin]),
    ("POST", "/v1/webhooks/{webhook_id}/rotate_secret", &[Admin]),
    ("POST", "/v1/webhooks/{webhook_id}/test", &[Admin]),
    ("GET", "/v1/webhooks/{webhook_id}/deliveries", &[Admin]),
    ("POST", "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver", &[Admin]),
];

const READ: &[Scope] = &[AgentsRead];
const WRITE: &[Scope] = &[AgentsWrite, AgentsRun, KnowledgeWrite];
const ANY_KEY: &[Scope] = &[];

const MAKE: &[Probe] = &[
    ("GET", "/ai-agents/v1/agents", READ),
    ("POST", "/ai-agents/v1/agents", WRITE),
    ("GET", "/ai-agents/v1/agents/{agentId}", READ),
    ("DELETE", "/ai-agents/v1/agents/{agentId}", WRITE),
    ("PATCH", "/ai-agents/v1/agents/{agentId}", WRITE),
    ("POST", "/ai-agents/v1/agents/{agentId}/run", WRITE),
    ("POST", "/ai-agents/v1/agents/{agentId}/run/stream", WRITE),
    ("GET", "/ai-agents/v1/contexts", READ),
    ("POST", "/ai-agents/v1/contexts", WRITE),
    ("DELETE", "/ai-agents/v1/contexts/{contextId}", WRITE),
    ("GET", "/ai-agents/v1/llm-providers", READ),
    ("GET", "/ai-agents/v1/llm-providers/{providerId}", READ),
    ("GET", "/ai-agents/v1/llm-providers/{providerId}/models", READ),
    ("GET", "/users/me", ANY_KEY),
    ("GET", "/users/me/current-authorization", ANY_KEY),
    ("GET", "/organizations", ANY_KEY),
    ("GET", "/teams", ANY_KEY),
    ("GET", "/teams/{teamId}", ANY_KEY),
    ("GET", "/connections", ANY_KEY),
    ("GET", "/scenarios", ANY_KEY),
    ("GET", "/scenarios/{scenarioId}/interface", ANY_KEY),
];

const CASED: &[Probe] = &[
    ("POST", "/api/v1/deployments", &[RolloutsWrite]),
    ("GET", "/api/v1/deployments", &[RolloutsRead]),
    ("GET", "/api/v1/deployments/{deployment_id}", &[RolloutsRead]),
    ("POST", "/api/v1/agent-sessions", &[SessionsWrite]),
    ("GET", "/api/v1/agent-sessions", &[SessionsRead]),
    ("GET", "/api/v1/agent-sessions/{agent_session_id}", &[SessionsRead]),
    ("GET", "/api/v1/agent/sessions", &[SessionsRead]),
    ("GET", "/api/v1/agent/sessions/{agent_session_id}", &[SessionsRead]),
    ("POST", "/api/v1/docs", &[KnowledgeWrite]),
    ("POST", "/api/v1/cli/auth/decide", &[KeysWrite]),
    ("POST", "/api/v1/cli/auth/initiate", ANY_KEY),
    ("GET", "/api/v1/cli/auth/poll", ANY_KEY),
    ("POST", "/api/v1/cli/auth/validate", ANY_KEY),
];

const CASSIDY: &[Probe] = &[
    ("POST", "/assistants/thread/create", &[AgentsRun]),
    ("POST", "/assistants/message/create", &[AgentsRun]),
    ("GET", "/assistants/thread/get", &[SessionsRead]),
    ("GET", "/assistants/threads/get", &[SessionsRead]),
    ("POST", "/assistants/embed/token/create", &[AgentsRun]),
];

/// What a program or a person that has no key yet asks.
const NEED_NO_KEY: [(&str, &str); 8] = [
    ("POST", "/api/v1/cli/auth/initiate"),
    ("GET", "/api/v1/cli/auth/poll"),
    ("POST", "/api/v1/cli/auth/validate"),
    ("POST", "/v1/login"),
    ("POST", "/v1/logout"),
    ("GET", "/v1/setup"),
    ("GET", "/v1/links/{token}"),
    ("POST", "/v1/links/{token}"),
];

/// Each document, what its paths begin with, and its probes.
const DOCUMENTS: [(&str, &str, &[Probe]); 4] = [
    ("/openapi.json", "", NATIVE),
    ("/api/v2/openapi.json", "/api/v2", MAKE),
    ("/api/openapi.json", "/api", CASSIDY),
    ("/api/v1/openapi.json", "", CASED),
];

/// What never was: an id as good as any, and numbers that nothing has.
const NOBODY: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
const NO_NUMBER: &str = "999999";

#[tokio::test]
async fn every_route_has_a_probe() {
    let house = TestHouse::new().start().await;
    for (document, _, probes) in DOCUMENTS {
        let document = house.nobody().get(document).await.ok();
        let mut routes = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let methods = item
                .as_object()
                .unwrap()
                .keys()
                .filter(|key| ["get", "post", "put", "patch", "delete"].contains(&key.as_str()));
            routes.extend(methods.map(|method| (method.to_uppercase(), path.clone())));
        }
        let probed: BTreeSet<_> =
            probes.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
        assert_eq!(probed, routes);
    }
}

#[tokio::test]
async fn nobody_and_a_revoked_key_are_let_in_nowhere() {
    let house = TestHouse::new().start().await;
    let things = Things::of(&house).await;
    let revoked = house.key(Scope::ALL.iter().copied()).await;
    let owner = house.owner_ctx().await;
    let key = house.app().list_keys(&owner).await.unwrap().pop().unwrap();
    house.app().revoke_key(&owner, key.id).await.unwrap();
    each_probe(async |method, path, _, prefix| {
        if NEED_NO_KEY.contains(&(method, path)) {
            return;
        }
        for caller in [&house.nobody(), &revoked] {
            let reply = ask(caller, method, path, prefix, &things.ids).await;
            assert_eq!(reply.status, 401, "{method} {path}: {reply}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_without_a_scope_is_refused_by_every_route_that_needs_it() {
    let house = TestHouse::new().start().await;
    let things = Things::of(&house).await;
    for missing in [
        AgentsRead,
        AgentsWrite,
        AgentsRun,
        SessionsRead,
        SessionsWrite,
        KnowledgeRead,
        KnowledgeWrite,
        ProvidersRead,
        ProvidersWrite,
        RolloutsRead,
        RolloutsWrite,
        ApprovalsRead,
        ApprovalsDecide,
        Admin,
        KeysRead,
        KeysWrite,
        UsageRead,
        DeploymentsRead,
        DeploymentsWrite,
    ] {
        let others = Scope::ALL.iter().copied().filter(|scope| ![missing, Admin].contains(scope));
        let caller = house.key(others).await;
        each_probe(async |method, path, needs, prefix| {
            if needs.contains(&missing) {
                let reply = ask(&caller, method, path, prefix, &things.ids).await;
                assert_eq!(reply.status, 403, "{method} {path} without {missing}: {reply}");
            }
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_anothers_looks_like_what_never_was() {
    let mut house = TestHouse::new().model([says("Done."), says("Done.")]).start().await;
    let things = Things::of(&house).await;
    let stranger = house.other_org().await;
    let org = stranger.get("/api/v2/organizations").await.ok()["organizations"][0]["id"].to_string();
    let teams = stranger.get(&format!("/api/v2/teams?organizationId={org}")).await.ok();
    let team = teams["teams"][0]["id"].to_string();
    each_probe(async |method, path, _, prefix| {
        for (name, id) in &things.ids {
            let takes = path.contains(&format!("{{{name}}}"))
                || body(method, path, &things.ids).to_string().contains(&format!("\"{id}\""));
            // A name is each organization's own to give.
            if (method, path) == ("POST", "/v1/model_aliases/{name}") {
                continue;
            }
            let asks_of = match *name {
                "agentId" => (method, path) == ("GET", "/ai-agents/v1/contexts"),
                "teamId" => path.starts_with("/ai-agents/") || ["/connections", "/scenarios"].contains(&path),
                "organizationId" => path == "/teams",
                "thread" => path == "/assistants/thread/get",
                _ => false,
            };
            if !takes && !asks_of {
                continue;
            }
            // In the stranger's own team: a foreign one would be refused before anything else.
            let theirs = |(other, id): &(&'static str, String)| {
                (*other, if *other == "teamId" && *name != "teamId" { team.clone() } else { id.clone() })
            };
            let asked: Vec<_> = things.ids.iter().map(theirs).collect();
            let there = ask(&stranger, method, path, prefix, &asked).await;
            let but_this = |(other, id): &(&'static str, String)| {
                (*other, if other == name { never(other, id) } else { id.clone() })
            };
            let never: Vec<_> = asked.iter().map(but_this).collect();
            let not_there = ask(&stranger, method, path, prefix, &never).await;
            assert!(there.status.is_client_error(), "{method} {path}: {there}");
            assert_eq!(seen(&there, &asked), seen(&not_there, &never), "{method} {path} by {name}");
        }
    })
    .await;
    // Nothing of it was done, and the lists of a stranger are their own.
    let owner = house.owner();
    assert_eq!(owner.get(&format!("/v1/sessions/{}", things.id("session_id"))).await.ok()["status"], "idle");
    owner.get(&format!("/v1/tools/{}", things.id("tool"))).await.ok();
    let waiting = owner.get(&format!("/v1/rollouts/{}", things.id("rollout_id"))).await.ok();
    assert_eq!(waiting["state"], "pending_approval");
    assert_eq!(owner.get(&format!("/v1/approval_rules/{}", things.id("rule_id"))).await.ok()["name"], "ours");
    assert_eq!(stranger.get("/api/assistants/threads/get").await.ok(), json!({ "threads": [] }));
    let lists = ["/v1/sessions", "/v1/rollouts", "/v1/approval_rules", "/v1/tools", "/v1/webhooks", "/v1/approvals"];
    assert_eq!(stranger.get("/v1/usage").await.ok()["total"]["runs"], 0);
    assert_eq!(stranger.get("/v1/members").await.ok()["data"].as_array().unwrap().len(), 1);
    assert_eq!(owner.get(&format!("/v1/keys/{}", things.id("key"))).await.ok()["revoked_at"], Value::Null);
    assert_eq!(owner.get(&format!("/v1/members/{}", things.id("member"))).await.ok()["name"], "Mia");
    for list in lists {
        assert_eq!(stranger.get(list).await.ok()["data"], json!([]), "{list}");
    }
}

async fn each_probe(mut ask: impl AsyncFnMut(&str, &str, &[Scope], &str)) {
    for (_, prefix, probes) in DOCUMENTS {
        for (method, path, scopes) in probes {
            ask(method, path, scopes, prefix).await;
        }
    }
}

/// Things of the first organization, by the name of the parameter that takes their id.
pub(crate) struct Things {
    pub(crate) ids: Vec<(&'static str, String)>,
}

impl Things {
    pub(crate) async fn of(house: &TestHouse) -> Self {
        let owner = house.owner();
        let agent = owner.agent(json!({})).await;
        let session = owner.session(&agent).await;
        owner.turn(&session, "hi").await;
        let run = owner.get(&format!("/v1/sessions/{session}/runs")).await.ok()["data"][0].clone();
        let event = id_of(&owner.events(&session).await[0]);
        let tool = owner.post("/v1/tools", body("POST", "/v1/tools", &[])).await.ok();
        let provider = owner.post("/v1/providers", body("POST", "/v1/providers", &[])).await.ok();
        let webhook = owner.post("/v1/webhooks", body("POST", "/v1/webhooks", &[])).await.ok();
        let delivery = owner.post(&format!("/v1/webhooks/{}/test", id_of(&webhook)), json!({})).await.ok();
        owner.post("/v1/model_aliases/favourite", json!({ "model": "scripted/demo" })).await.ok();
        let plain: domain::AgentId = agent.parse().unwrap();
        let (agent_uuid, number) = (plain.0.to_string(), tool["number"].to_string());
        let context = json!({ "agentId": agent_uuid, "content": "text" });
        let context = owner.post("/api/v2/ai-agents/v1/contexts?teamId=1", context).await;
        let context = context.json()["id"].as_str().map_or_else(|| panic!("{context}"), str::to_owned);
        let assistant = plain.compact();
        let key = owner.post("/v1/keys", body("POST", "/v1/keys", &[])).await.ok();
        let member = owner.post("/v1/members", body("POST", "/v1/members", &[])).await.ok();
        let project = owner.get("/v1/projects").await.ok()["data"][0].clone();
        let document = json!({ "agent_id": agent, "name": "a.txt", "content": "a" });
        let document = owner.post("/v1/knowledge", document).await.ok();
        let new = json!({ "name": "d", "agent": agent, "schedule": { "type": "cron", "expression": "0 0 1 1 *" },
            "initial_events": [message("hi")] });
        let deployment = id_of(&owner.post("/v1/deployments", new).await.ok());
        let begun = owner.post(&format!("/v1/deployments/{deployment}/run"), json!({})).await.ok();
        let embed = json!({ "name": "e", "agent": agent, "trigger": { "type": "embed", "secure": true } });
        let embed = id_of(&owner.post("/v1/deployments", embed).await.ok());
        let thread = owner.post("/api/assistants/thread/create", json!({ "assistant_id": assistant })).await.ok();
        let thread = thread["thread_id"].as_str().unwrap().to_owned();
        let rollout = body("POST", "/api/v1/deployments", &[]);
        let rollout = owner.post("/api/v1/deployments", rollout).await.expect(201);
        let text = |name: &str| rollout[name].as_str().map(str::to_owned).unwrap();
        let rule = owner.post("/v1/approval_rules", body("POST", "/v1/approval_rules", &[])).await.ok();
        let waiting = json!({ "deployment_request": "Deploy 2.5.2", "status": "pending" });
        let waiting = owner.post("/api/v1/deployments", waiting).await.expect(201);
        let waiting = owner.get(&format!("/v1/rollouts/{}", waiting["id"].as_str().unwrap())).await.ok();
        Self {
            ids: vec![
                ("assistant", assistant),
                ("thread", thread),
                ("deployment_id", text("id")),
                ("agent_session_id", text("session_id")),
                ("rollout_id", id_of(&waiting)),
                ("rule_id", id_of(&rule)),
                ("embed", embed),
                ("deployment", deployment),
                ("deployment_run_id", id_of(&begun)),
                ("agent_id", agent),
                ("session_id", session),
                ("event_id", event),
                ("run_id", id_of(&run)),
                ("tool", id_of(&tool)),
                ("provider", id_of(&provider)),
                ("webhook_id", id_of(&webhook)),
                ("delivery_id", id_of(&delivery)),
                ("key", id_of(&key)),
                ("member", id_of(&member)),
                ("project", id_of(&project)),
                ("document", id_of(&document)),
                ("name", "favourite".to_owned()),
                ("agentId", agent_uuid),
                ("contextId", context),
                ("scenarioId", number),
                ("teamId", "1".to_owned()),
                ("organizationId", "1".to_owned()),
            ],
        }
    }

    fn id(&self, name: &str) -> &str {
        of(&self.ids, name)
    }
}

fn of<'a>(ids: &'a [(&'static str, String)], name: &str) -> &'a str {
    ids.iter().find(|(known, _)| *known == name).map_or("", |(_, id)| id)
}

/// An id of the same form, of nothing.
pub(crate) fn never(name: &str, id: &str) -> String {
    match id.rsplit_once('_') {
        Some((prefix, _)) => format!("{prefix}_{}", domain::AgentId(NOBODY).to_string().trim_start_matches("agent_")),
        None if name.ends_with("Id") && id.len() < 12 => NO_NUMBER.to_owned(),
        None if name == "name" => "nobodys".to_owned(),
        None if ["assistant", "thread"].contains(&name) => domain::AgentId(NOBODY).compact(),
        None => NOBODY.to_string(),
    }
}

pub(crate) async fn ask(
    caller: &Caller,
    method: &str,
    path: &str,
    prefix: &str,
    ids: &[(&'static str, String)],
) -> Reply {
    let mut target = format!("{prefix}{path}");
    for (name, id) in ids {
        target = target.replace(&format!("{{{name}}}"), id);
    }
    // Whoever has a link may use it, from wherever they are; this one is nobody's.
    target = target.replace("{token}", &"0".repeat(52));
    target = target.replace("{providerId}", "1").replace("{model}", "scripted%2Fdemo");
    if prefix == "/api/v2" && !path.contains("{teamId}") {
        let query = [
            ("teamId", of(ids, "teamId")),
            ("agentId", of(ids, "agentId")),
            ("organizationId", of(ids, "organizationId")),
        ];
        let query: Vec<_> = query.map(|(name, id)| format!("{name}={id}")).into();
        target = format!("{target}?{}", query.join("&"));
    }
    if path == "/assistants/thread/get" {
        target = format!("{target}?thread_id={}", of(ids, "thread"));
    }
    let body = Some(body(method, path, ids)).filter(|body| !body.is_null());
    let method: Method = method.parse().unwrap();
    let sent = caller.send(method, &target, body);
    tokio::time::timeout(Duration::from_secs(20), sent).await.unwrap_or_else(|_| panic!("{target} answers without end"))
}

/// A good body for a route that takes one.
fn body(method: &str, path: &str, ids: &[(&'static str, String)]) -> Value {
    match (method, path) {
        ("POST", "/v1/agents") => json!({ "name": "n", "model": "scripted/demo" }),
        ("POST", "/v1/agents/{agent_id}") => json!({ "name": "stolen" }),
        ("POST", "/v1/agents/{agent_id}/access") => json!({ "members": [] }),
        ("POST", "/v1/sessions") => json!({ "agent": of(ids, "agent_id") }),
        ("POST", "/v1/sessions/{session_id}") => json!({ "title": "stolen" }),
        ("POST", "/v1/sessions/{session_id}/events") => json!({ "events": [message("hi")] }),
        ("POST", "/v1/runs/{run_id}/resolve") => json!({ "happened": true }),
        ("POST", "/v1/approval_rules") => json!({ "name": "ours" }),
        ("POST", "/v1/approval_rules/{rule_id}") => json!({ "name": "stolen" }),
        ("POST", "/v1/login") => json!({ "email": "nobody@house.example", "password": "guessed it" }),
        ("POST", "/v1/login/switch") => json!({ "org": domain::OrgId(NOBODY) }),
        ("POST", "/v1/login/password") => json!({ "old": "guessed it", "new": "guessed it" }),
        ("POST", "/v1/links/{token}") => json!({ "password": "guessed it" }),
        ("POST", "/v1/tools") => json!({ "name": "t", "description": "d", "input_schema": { "type": "object" },
            "method": "GET", "url": "https://example.com/" }),
        ("POST", "/v1/model_aliases/{name}") => json!({ "model": "scripted/demo" }),
        ("POST", "/v1/providers") => {
            json!({ "name": "ours", "provider": "openai", "base_url": "https://models.example.com/v1" })
        }
        ("POST", "/v1/providers/{provider}") => json!({ "name": "stolen" }),
        ("POST", "/v1/webhooks") => json!({ "url": "https://hooks.example.com/in" }),
        ("POST", "/v1/webhooks/{webhook_id}") => json!({ "description": "stolen" }),
        ("POST", "/v1/keys") => json!({ "name": "k", "scopes": ["agents:read"] }),
        ("POST", "/v1/members") => json!({ "name": "Mia", "email": "mia@house.example", "role": "viewer" }),
        ("POST", "/v1/members/{member}") => json!({ "name": "stolen" }),
        ("POST", "/v1/projects") => json!({ "name": "p" }),
        ("POST", "/v1/projects/{project}" | "/v1/org") => json!({ "name": "stolen" }),
        ("POST", "/v1/knowledge") => json!({ "agent_id": of(ids, "agent_id"), "name": "b.txt", "content": "b" }),
        ("POST", "/api/v1/deployments") => json!({ "deployment_request": "Deploy 2.5.1", "status": "running" }),
        ("POST", "/api/v1/agent-sessions") => json!({ "prompt": "Why?" }),
        ("POST", "/api/v1/docs") => json!({ "title": "t", "content": "c" }),
        ("POST", "/api/v1/cli/auth/decide") => json!({ "user_code": "AAAA-0000", "decision": "allow" }),
        ("POST", "/api/v1/cli/auth/validate") => json!({ "token": "t" }),
        ("POST", "/ai-agents/v1/agents") => json!({ "teamId": team(ids), "name": "m", "systemPrompt": "s",
            "makeConnectionId": 1, "defaultModel": "demo", "scenarios": [], "mcpConfigs": [], "contexts": [] }),
        ("PATCH", "/ai-agents/v1/agents/{agentId}") => json!({ "name": "stolen" }),
        ("POST", "/ai-agents/v1/agents/{agentId}/run" | "/ai-agents/v1/agents/{agentId}/run/stream") => {
            json!({ "messages": [{ "role": "user", "content": "hi" }] })
        }
        ("POST", "/assistants/embed/token/create") => json!({ "deployment_key": of(ids, "embed") }),
        ("POST", "/v1/deployments") => {
            json!({ "name": "d", "agent": of(ids, "agent_id"), "trigger": { "type": "webhook" } })
        }
        ("POST", "/v1/deployments/{deployment}") => json!({ "name": "stolen" }),
        ("POST", "/assistants/thread/create") => json!({ "assistant_id": of(ids, "assistant") }),
        ("POST", "/assistants/message/create") => json!({ "thread_id": of(ids, "thread"), "message": "hi" }),
        ("POST", "/ai-agents/v1/contexts") => json!({ "agentId": of(ids, "agentId"), "content": "text" }),
        _ => Value::Null,
    }
}

fn team(ids: &[(&'static str, String)]) -> u64 {
    of(ids, "teamId").parse().unwrap()
}

/// What a client sees, without the ids it asked by and the request's own name.
fn seen(reply: &Reply, ids: &[(&'static str, String)]) -> (u16, String) {
    let mut text = reply.text.clone();
    // Both of its headers have the request's name.
    if let Some(request) = reply.headers.get("request-id").and_then(|value| value.to_str().ok()) {
        text = text.replace(request, "<request>");
    }
    let ends_word = |c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c);
    let named = |word: &str| {
        let bare = word.trim_end_matches(ends_word);
        let is_id = ids.iter().any(|(_, id)| id == bare);
        if is_id { word.replacen(bare, "<id>", 1) } else { word.to_owned() }
    };
    let text = text.split_inclusive(ends_word).map(named).collect();
    (reply.status.as_u16(), text)
}
