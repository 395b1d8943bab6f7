//! Agents.

use serde_json::{Value, json};
use test_kit::conversation::id_of;
use test_kit::{Reply, TestHouse};

/// Cases 1 and 1.12: the exact set of fields, absent ones as null.
#[tokio::test]
async fn a_new_agent_is_shown_whole() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.post("/v1/agents", json!({ "name": "a", "model": "scripted/demo", "what": 1 })).await.ok();
    assert!(id_of(&agent).starts_with("agent_") && id_of(&agent).len() == "agent_".len() + 26);
    let keys: Vec<&str> = agent.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "id",
            "type",
            "version",
            "name",
            "description",
            "model",
            "system",
            "tools",
            "mcp_servers",
            "skills",
            "multiagent",
            "execution_identity",
            "output_schema",
            "metadata",
            "budget",
            "members",
            "project_id",
            "created_at",
            "updated_at",
            "archived_at"
        ]
    );
    assert_eq!(agent["type"], "agent");
    assert_eq!(agent["version"], 1);
    assert_eq!(
        agent["model"],
        json!({ "id": "scripted/demo", "fallbacks": [], "effort": null, "speed": null, "inference_geo": null })
    );
    assert_eq!((&agent["tools"], &agent["skills"], &agent["metadata"]), (&json!([]), &json!([]), &json!({})));
    assert_eq!(agent["execution_identity"], json!({ "type": "service_account" }));
    let projects = owner.get("/v1/projects").await.ok();
    assert_eq!(agent["project_id"], projects["data"][0]["id"]);
    assert!(agent["created_at"].as_str().unwrap().ends_with('Z'));
}

/// Cases 4, 5 and 6: what breaks a rule is refused, and said where.
#[tokio::test]
async fn what_breaks_a_rule_is_named() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let pairs: Value = (0..17).map(|n| (format!("k{n}"), json!("v"))).collect::<serde_json::Map<_, _>>().into();
    let server = |name: &str| json!({ "type": "url", "name": name, "url": "https://mcp.example" });
    let toolset = |name: &str| json!({ "type": "mcp_toolset", "mcp_server_name": name });
    let names: Vec<String> = (0..21).map(|n| format!("s{n}")).collect();
    let many = json!({
        "mcp_servers": names.iter().map(|name| server(name)).collect::<Vec<_>>(),
        "tools": names.iter().map(|name| toolset(name)).collect::<Vec<_>>(),
    });
    let tool = |name: &str, kind: &str| json!({ "type": "custom", "name": name, "description": "d", "input_schema": { "type": kind } });
    let http = |url: &str, header: &str| json!({ "type": "http", "name": "a", "description": "d", "method": "GET", "url": url, "headers": { "X-Mine": header } });
    let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "not": inner }));
    for (fields, param, part) in [
        (json!({ "name": Value::Null }), "name", "name"),
        (json!({ "name": "" }), "name", "1 to 256"),
        (json!({ "model": Value::Null }), "model", "model"),
        (json!({ "model": "nobody/x" }), "model", "no provider"),
        (json!({ "model": { "id": "scripted/demo", "effort": "huge" } }), "model", "huge"),
        (json!({ "metadata": pairs }), "metadata", "16"),
        (json!({ "metadata": { "k": "v".repeat(513) } }), "metadata.k", "512"),
        (json!({ "metadata": { "k": 1 } }), "metadata.k", "string"),
        (json!({ "mcp_servers": [server("a")] }), "mcp_servers[0].name", "used by no mcp_toolset"),
        (
            json!({ "mcp_servers": [server("a"), server("a")], "tools": [toolset("a")] }),
            "mcp_servers[1].name",
            "another",
        ),
        (json!({ "tools": [toolset("a")] }), "tools[0].mcp_server_name", "none of"),
        (many, "mcp_servers", "20"),
        (json!({ "tools": [tool("a b", "object")] }), "tools[0].name", "letters"),
        (json!({ "tools": [tool("a", "array")] }), "tools[0].input_schema.type", "must be object"),
        (json!({ "tools": [tool("a", "object"), tool("a", "object")] }), "tools[1].name", "two tools"),
        (json!({ "tools": [{ "type": "custom", "name": "a", "input_schema": {} }] }), "tools[0]", "description"),
        (json!({ "tools": [http("http://127.0.0.1/{id}", "x")] }), "tools[0].url", "among the properties"),
        (json!({ "tools": [http("http://10.0.0.1/", "x")] }), "tools[0].url", "private"),
        (json!({ "tools": [http("http://127.0.0.1/", "a\nb")] }), "tools[0].headers.X-Mine", "printable"),
        (json!({ "tools": [{ "type": "magic" }] }), "tools[0]", "magic"),
        (json!({ "output_schema": "object" }), "output_schema", "expected a map"),
        (json!({ "output_schema": { "type": "thing" } }), "output_schema", "not a usable JSON schema"),
        (json!({ "output_schema": { "$ref": "http://127.0.0.1:9/schema" } }), "output_schema", "not a usable"),
        (json!({ "output_schema": { "title": "t".repeat(256 << 10) } }), "output_schema", "256 KiB"),
        (json!({ "output_schema": nested(65) }), "output_schema", "64 levels"),
        (json!({ "tools": [{ "type": "project_tool", "number": 7 }] }), "tools[0].number", "not a tool"),
    ] {
        let mut body = json!({ "name": "a", "model": "scripted/demo" });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let reply = owner.post("/v1/agents", body).await;
        let error = &reply.expect(400)["error"];
        let said_at = error["details"]["param"].as_str().unwrap_or_default();
        assert!(said_at.starts_with(param), "{fields} is at {said_at}: {reply}");
        assert!(error["message"].as_str().unwrap().contains(part), "{fields}: {reply}");
    }
    let unknown = owner.post("/v1/agents", json!({ "name": "a", "model": "nobody/x" })).await;
    assert_eq!(unknown.expect(400)["error"]["details"]["error_code"], "unknown_model");
    let missing = owner.post("/v1/agents", json!({ "model": "scripted/demo" })).await;
    assert_eq!(missing.expect(400)["error"]["message"], "name: is required");
}

/// Case 7.
#[tokio::test]
async fn an_update_from_an_old_version_is_a_conflict() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let path = format!("/v1/agents/{}", owner.agent(json!({})).await);
    let update = async |name: &str| owner.post(&path, json!({ "version": 1, "name": name })).await;
    assert_eq!(update("b").await.ok()["version"], 2);
    let refused = update("c").await;
    assert_eq!(refused.expect(409)["error"]["type"], "conflict_error");
    assert_eq!(refused.header("x-should-retry"), Some("false"));
    owner.post(&path, json!({ "version": 0 })).await.expect(400);
}

/// Case 8.
#[tokio::test]
async fn absent_keeps_null_clears_and_no_change_is_no_version() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let tool = json!({ "type": "custom", "name": "t", "description": "d", "input_schema": { "type": "object" } });
    let fields = json!({ "system": "s", "description": "d", "metadata": { "k": "1", "l": "2" }, "tools": [tool] });
    let path = format!("/v1/agents/{}", owner.agent(fields).await);
    let shown = owner.get(&path).await.ok();

    assert_eq!(owner.post(&path, json!({})).await.ok(), shown);
    let back = json!({ "name": shown["name"], "model": shown["model"], "tools": shown["tools"], "metadata": {} });
    assert_eq!(owner.post(&path, back).await.ok()["version"], 1);

    let cleared = json!({ "system": null, "metadata": { "k": null, "m": "3" }, "tools": [] });
    let changed = owner.post(&path, cleared).await.ok();
    assert_eq!((&changed["system"], &changed["description"]), (&Value::Null, &json!("d")));
    assert_eq!((&changed["metadata"], &changed["tools"]), (&json!({ "l": "2", "m": "3" }), &json!([])));
    for field in ["name", "model"] {
        owner.post(&path, json!({ field: null })).await.expect(400);
    }
}

/// Case 9.
#[tokio::test]
async fn every_version_can_be_read() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let path = format!("/v1/agents/{}", owner.agent(json!({ "name": "old" })).await);
    owner.post(&path, json!({ "name": "new" })).await.ok();

    let read = async |version: &str| owner.get(&format!("{path}?version={version}")).await;
    assert_eq!(read("1").await.ok()["name"], "old");
    assert_eq!(read("2").await.ok()["name"], "new");
    read("99").await.expect(404);
    for wrong in ["0", "-1", "x"] {
        read(wrong).await.expect(400);
    }
    let versions = owner.get(&format!("{path}/versions")).await.ok();
    assert_eq!(numbers(&versions), [2, 1]);
    let first = owner.get(&format!("{path}/versions?limit=1")).await.ok();
    let next = first["next_page"].as_str().unwrap();
    let second = owner.get(&format!("{path}/versions?limit=1&page={next}")).await.ok();
    assert_eq!((numbers(&first), numbers(&second), &second["next_page"]), (vec![2], vec![1], &Value::Null));
}

fn numbers(page: &Value) -> Vec<u64> {
    page["data"].as_array().unwrap().iter().map(|agent| agent["version"].as_u64().unwrap()).collect()
}

/// Case 10.
#[tokio::test]
async fn an_archived_agent_is_read_and_nothing_more() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let id = owner.agent(json!({})).await;
    let path = format!("/v1/agents/{id}");
    let archived = owner.post(&format!("{path}/archive"), json!({})).await.ok();
    assert!(archived["archived_at"].is_string());
    assert_eq!(owner.post(&format!("{path}/archive"), json!({})).await.ok(), archived);

    assert_eq!(owner.get(&path).await.ok(), archived);
    assert_eq!(ids(&owner.get("/v1/agents").await.ok()), Vec::<String>::new());
    assert_eq!(ids(&owner.get("/v1/agents?include_archived=true").await.ok()), std::slice::from_ref(&id));
    let refusals =
        [owner.post(&path, json!({ "name": "b" })).await, owner.post("/v1/sessions", json!({ "agent": id })).await];
    for refused in refusals {
        assert_eq!(refused.expect(400)["error"]["message"], "agent is archived");
    }
}

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(id_of).collect()
}

/// Case 11.
#[tokio::test]
async fn a_list_is_walked_page_by_page() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let mut made = Vec::new();
    for _ in 0..25 {
        made.insert(0, owner.agent(json!({})).await);
    }
    let (mut walked, mut page, mut requests) = (Vec::new(), String::new(), 0);
    loop {
        let reply = owner.get(&format!("/v1/agents?limit=10{page}")).await.ok();
        walked.extend(ids(&reply));
        requests += 1;
        if requests == 1 {
            owner.agent(json!({})).await;
        }
        let Some(next) = reply["next_page"].as_str() else { break };
        page = format!("&page={next}");
    }
    assert_eq!((requests, walked), (3, made));
    assert_refused(&owner.get(&format!("/v1/sessions?limit=10{page}")).await, "page");
    assert_refused(&owner.get(&format!("/v1/agents?include_archived=true{page}")).await, "page");
    for query in ["limit=101", "limit=0", "limit=x", "page=junk", "created_at[gte]=junk"] {
        assert_refused(&owner.get(&format!("/v1/agents?{query}")).await, query.split('=').next().unwrap());
    }
}

#[track_caller]
fn assert_refused(reply: &Reply, param: &str) {
    assert_eq!(reply.expect(400)["error"]["details"]["param"], param, "{reply}");
}

#[tokio::test]
async fn agents_are_found_by_the_time_they_were_made() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let (first, second) = (owner.agent(json!({})).await, owner.agent(json!({})).await);
    let time = owner.get(&format!("/v1/agents/{second}")).await.ok()["created_at"].as_str().unwrap().to_owned();
    assert_eq!(
        ids(&owner.get(&format!("/v1/agents?created_at%5Bgte%5D={time}")).await.ok()),
        std::slice::from_ref(&second)
    );
    assert_eq!(ids(&owner.get(&format!("/v1/agents?created_at[lte]={time}")).await.ok()), [second, first]);
}
