//! Runs that a caller waits for.

use std::time::Duration;

use domain::model::{FaultKind, Message, text_of};
use serde_json::{Value, json};
use test_kit::{Frame, Gate, TestHouse, ToolStub, answers, calls, fails, hangs, says, thinks};
use tokio::time::Instant;
use uuid::Uuid;

use crate::team::{Team, failed, refused_for, request, roles, run_path, steps};

/// Case 15, and rule 2.8.
#[tokio::test]
async fn a_plain_run_answers_with_its_steps_and_totals() {
    let team = Team::with([thinks("Hm.").then_says("Hello there.").usage(12, 3)]).await;
    let agent = team.agent(json!({})).await;
    let result = team.run(&agent, "hi", json!({})).await.ok();

    assert_eq!(roles(&result), ["system", "user", "assistant"]);
    let [system, user, assistant] = steps(&result) else { panic!("three steps") };
    assert_eq!((&user["content"], &assistant["content"]), (&json!("hi"), &json!("Hello there.")));
    assert_eq!(result["response"], assistant["content"]);
    assert_eq!(assistant["reasoning"], "Hm.");
    let usage = json!({"promptTokens": 12, "completionTokens": 3, "totalTokens": 15});
    assert_eq!((&assistant["tokenUsage"], &result["tokenUsageSummary"]), (&usage, &usage));
    for (step, index) in steps(&result).iter().zip(1..) {
        assert_eq!(step["index"], index);
        assert_eq!(step["agentIterationId"], result["lastAgentIterationId"]);
        step["id"].as_str().unwrap().parse::<Uuid>().unwrap();
    }
    assert!(result["executionTimeMs"].is_u64() && assistant["executionTimeMs"].is_u64());
    assert!(result["threadId"].as_str().unwrap().parse::<Uuid>().is_ok());
    assert!(result.get("jsonResponse").is_none());
    // The house stands in Berlin.
    let time = system["content"].as_str().unwrap().strip_prefix("Be brief.\nCurrent time (ISO): ").unwrap();
    assert!(time.len() == 29 && (time.ends_with("+01:00") || time.ends_with("+02:00")), "{time}");
    assert_eq!(team.last_request().system.as_deref(), system["content"].as_str());
}

/// Case 16.
#[tokio::test]
async fn a_run_request_is_checked() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    let run = async |body: Value| team.t.post(&run_path(&agent), body).await;
    let messages = json!([{"role": "user", "content": "hi"}]);
    refused_for(&run(json!({"messages": messages})).await, "config");
    refused_for(&run(json!({"messages": [], "config": {}})).await, "messages");
    for role in ["system", "tool"] {
        let body = json!({"messages": [{"role": role, "content": "x"}], "config": {}});
        refused_for(&run(body).await, "messages[0].role");
    }
    refused_for(&run(json!({"messages": [{"role": "user"}], "config": {}})).await, "messages[0].content");
    refused_for(
        &run(json!({"messages": [{"role": "user", "content": ""}], "config": {}})).await,
        "messages[0].content",
    );
    let many = vec![json!({"role": "user", "content": "x"}); 101];
    refused_for(&run(json!({"messages": many, "config": {}})).await, "messages");
    refused_for(&run(request("hi", json!({"threadId": ""}))).await, "threadId");
    refused_for(&run(request("hi", json!({"threadId": "t".repeat(256)}))).await, "threadId");
    failed(&team.t.post(&run_path("00000000-0000-4000-8000-000000000000"), request("hi", json!({}))).await, 404);
}

/// Rule 2.6: turns of the agent's may be given.
#[tokio::test]
async fn earlier_turns_can_be_given_with_the_request() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    let messages = json!([
        {"role": "user", "content": "my name is Eve"},
        {"role": "assistant", "content": "noted"},
        {"role": "user", "content": "who am I?"},
    ]);
    let result = team.run_with(&agent, "", json!({"messages": messages})).await.ok();
    assert_eq!(roles(&result), ["system", "user", "assistant", "user", "assistant"]);
    assert_eq!(result["response"], "ok");
    let said: Vec<String> = team.last_request().messages.iter().map(|message| said(message)).collect();
    assert_eq!(said, ["my name is Eve", "noted", "who am I?"]);
}

/// Case 21.
#[tokio::test]
async fn prompts_of_the_run_replace_and_add() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    let config = json!({"systemPrompt": "Other.", "additionalSystemPrompt": "More."});
    let result = team.run(&agent, "hi", config).await.ok();
    let system = steps(&result)[0]["content"].as_str().unwrap();
    assert!(system.starts_with("Other.\n\nMore.\nCurrent time (ISO): "), "{system}");
    assert_eq!(system.lines().count(), 4);
    assert_eq!(team.last_request().system.as_deref(), Some(system));
    let long = json!({"systemPrompt": "p".repeat(100_000), "additionalSystemPrompt": "q".repeat(100_000)});
    team.run(&agent, "hi", long).await.ok();
}

/// Case 22.
#[tokio::test]
async fn a_run_may_use_another_model_and_fewer_tokens() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    let config = json!({"llmConfig": {"llmModel": "any-name", "settings": {"maxTokens": 5}}});
    team.run(&agent, "hi", config).await.ok();
    let asked = team.last_request();
    assert_eq!((asked.model.as_str(), asked.max_tokens), ("any-name", Some(5)));
}

/// Case 23.
#[tokio::test]
async fn a_run_may_add_scenarios() {
    let team = Team::quiet().await;
    let stub = ToolStub::start([]).await;
    let (own, added) = (team.scenario("own", &stub).await, team.scenario("added", &stub).await);
    let agent = team.agent(json!({"scenarios": [{"makeScenarioId": own}]})).await;
    team.run(&agent, "hi", json!({"scenarios": [{"makeScenarioId": added}]})).await.ok();
    let offered: Vec<String> = team.last_request().tools.iter().map(|tool| tool.name.clone()).collect();
    assert_eq!(offered, ["own", "added"]);
    let unknown = team.run(&agent, "hi", json!({"scenarios": [{"makeScenarioId": 99}]})).await;
    refused_for(&unknown, "config.scenarios");
}

/// Case 26.
#[tokio::test]
async fn limits_and_providers_end_a_run_with_424() {
    let stub = ToolStub::start([]).await;
    let team = Team::of(TestHouse::new().answering(|_| calls("add", json!({"a": 1})))).await;
    let scenario = team.scenario("add", &stub).await;
    let agent = team.agent(json!({"scenarios": [{"makeScenarioId": scenario}]})).await;
    let looping = team.run(&agent, "hi", json!({"invocationConfig": {"recursionLimit": 2}})).await;
    assert!(failed(&looping, 424).starts_with("Recursion limit"), "{looping}");
    assert_eq!(team.house.model_requests().len(), 2);

    let team = Team::with([hangs("thinking")]).await;
    let agent = team.agent(json!({})).await;
    let began = Instant::now();
    let late = team.run(&agent, "hi", json!({"invocationConfig": {"timeout": 1000}})).await;
    assert!(failed(&late, 424).starts_with("Timed out"), "{late}");
    // The contract says two seconds; a busy machine gets a little more.
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());

    let house = TestHouse::new().engine(|engine| engine.model_first_wait = Duration::from_millis(1));
    let team = Team::of(house.answering(|_| fails(FaultKind::ServerError, "the stub fails"))).await;
    let agent = team.agent(json!({})).await;
    let down = team.run(&agent, "hi", json!({})).await;
    assert_eq!(failed(&down, 424), "The stub fails.");
    assert!(team.house.model_requests().len() > 1, "it was tried again first");
}

/// Rule 2.7, last sentence.
#[tokio::test]
async fn a_stopping_server_names_the_run_that_goes_on() {
    let house = TestHouse::new().web(|web| web.drain_grace = Duration::ZERO);
    let team = Team::of(house.model([hangs("thinking")])).await;
    let agent = team.agent(json!({})).await;
    team.house.begin_drain();
    let reply = team.run(&agent, "hi", json!({})).await;
    let detail = failed(&reply, 503);
    assert!(reply.header("retry-after").is_some());
    let iteration = detail.split_whitespace().find_map(|word| word.parse::<Uuid>().ok());
    let run =
        team.house.app().find_run(&team.house.owner_ctx().await, domain::RunId(iteration.unwrap())).await.unwrap();
    assert!(!run.status.is_over());
}

/// Rule 2.7: a caller is not kept waiting for a run that goes on only after the restart,
/// whether its worker let go of it, it waits for leave, or it never had one.
#[tokio::test]
async fn a_stopping_server_answers_as_soon_as_it_has_let_go_of_the_run() {
    let gate = Gate::new();
    let stub = ToolStub::start([answers(json!(5)).behind(&gate)]).await;
    let team = Team::with([calls("ask", json!({"a": 1})), calls("add", json!({"a": 1}))]).await;
    let (add, ask) = (team.scenario("add", &stub).await, team.scenario("ask", &stub).await);
    let chosen = json!([
        {"makeScenarioId": add}, {"makeScenarioId": ask, "approvalMode": "approval-required"},
    ]);
    let agent = team.agent(json!({ "scenarios": chosen })).await;
    let mut parked = team.stream(&agent, "hi", json!({})).await;
    parked.until(|frame| !frame.json()["toolCalls"].is_null()).await;

    let began = Instant::now();
    let worked_on = team.run_with(&agent, "hi", json!({"threadId": "t"}));
    let stops = async {
        stub.called(1).await;
        let mut behind = team.stream(&agent, "hi", json!({"threadId": "t"})).await;
        behind.next_event().await;
        team.house.begin_drain();
        let told: Vec<Frame> = [behind.collect().await, parked.collect().await].concat();
        // No new step begins before the tool answers.
        let drained = team.house.engine().drain(Duration::from_secs(25));
        tokio::join!(drained, async { gate.open() });
        told
    };
    let (reply, told) = tokio::join!(worked_on, stops);
    assert!(failed(&reply, 503).contains("goes on after the restart"), "{reply}");
    assert!(reply.header("retry-after").is_some());
    let ends: Vec<Value> = told.iter().filter(|frame| frame.name() == "error").map(Frame::json).collect();
    assert_eq!(ends.iter().map(|end| &end["code"]).collect::<Vec<_>>(), ["SC503", "SC503"]);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}: nobody waited for the grace", began.elapsed());
}

/// Rule 2.6: both keys are required in each entry; nothing is begun without them.
#[tokio::test]
async fn mcp_configs_of_a_run_on_a_thread_are_checked() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    let run = async |configs: Value| {
        team.run_with(&agent, "hi", json!({"threadId": "t", "config": {"mcpConfigs": configs}})).await
    };
    for (configs, path) in [
        (json!([{"mcpConnectionId": 3}]), "config.mcpConfigs[0].toolIds"),
        (json!([{"mcpConnectionId": 3, "toolIds": []}, {"toolIds": ["a"]}]), "config.mcpConfigs[1].mcpConnectionId"),
        (json!([{"mcpConnectionId": "3", "toolIds": []}]), "config.mcpConfigs[0].mcpConnectionId"),
        (json!({"mcpConnectionId": 3, "toolIds": []}), "config.mcpConfigs"),
    ] {
        refused_for(&run(configs).await, path);
    }
    let sessions = async || team.house.owner().get("/v1/sessions").await.ok()["data"].as_array().unwrap().len();
    assert_eq!((sessions().await, team.house.model_requests().len()), (0, 0));
    run(json!([{"mcpConnectionId": 3, "toolIds": ["a"]}])).await.ok();
    assert_eq!(sessions().await, 1);
}

/// A session of the native API with an agent of this one's: what is not served is named.
#[tokio::test]
async fn a_native_session_of_an_agent_with_mcp_configs_is_refused() {
    let team = Team::quiet().await;
    team.agent(json!({"mcpConfigs": [{"mcpConnectionId": 3, "toolIds": ["a"]}]})).await;
    let owner = team.house.owner();
    let agent = owner.get("/v1/agents").await.ok()["data"][0]["id"].clone();
    let refused = owner.post("/v1/sessions", json!({ "agent": agent })).await;
    assert!(refused.expect(400)["error"]["message"].as_str().unwrap().contains("mcp_servers"), "{refused}");
}

/// Rule 2.8: the answer of a tool that is no JSON is text.
#[tokio::test]
async fn a_text_answer_of_a_tool_is_a_text() {
    let stub = ToolStub::start([answers(json!("five, I think"))]).await;
    let team = Team::with([calls("add", json!({"a": 1})), says("Five.")]).await;
    let scenario = team.scenario("add", &stub).await;
    let agent = team.agent(json!({"scenarios": [{"makeScenarioId": scenario}]})).await;
    let result = team.run(&agent, "add", json!({})).await.ok();
    assert_eq!(steps(&result)[3]["toolResponse"]["result"], "five, I think");
}

fn said(message: &Message) -> String {
    match message {
        Message::User { content } => text_of(content),
        Message::Assistant { text, .. } => text.clone(),
        Message::Tool { content, .. } => content.clone(),
    }
}
