//! Scenarios that a run calls.

use serde_json::json;
use test_kit::{ToolStub, answers, calls, refuses, says};

use crate::team::{Team, roles, steps};

/// Case 19.
#[tokio::test]
async fn a_scenario_is_called_and_its_answer_is_a_step() {
    let stub = ToolStub::start([answers(json!(5))]).await;
    let team = Team::with([calls("add", json!({"a": 2, "b": 3})).usage(10, 4), says("It is 5.").usage(20, 6)]).await;
    let scenario = team.scenario("add", &stub).await;
    let agent = team.agent(json!({"scenarios": [{"makeScenarioId": scenario}]})).await;
    let result = team.run(&agent, "2 + 3?", json!({})).await.ok();

    assert_eq!(roles(&result), ["system", "user", "assistant", "tool", "assistant"]);
    let [_, _, asking, tool, answer] = steps(&result) else { panic!("five steps") };
    let call = &asking["toolCalls"][0];
    assert_eq!(
        (&call["name"], &call["toolType"], &call["arguments"]),
        (&json!("add"), &json!("scenario"), &json!({"a": 2, "b": 3}))
    );
    assert_eq!(tool["toolResponse"], json!({"name": "add", "result": 5, "status": "ok", "toolType": "scenario"}));
    assert_eq!((&answer["content"], answer.get("toolCalls")), (&json!("It is 5."), None));
    assert_eq!(result["tokenUsageSummary"], json!({"promptTokens": 30, "completionTokens": 10, "totalTokens": 40}));
    assert_eq!(stub.calls()[0].body, json!({"a": 2, "b": 3}));
    assert!(stub.calls()[0].idempotency_key().is_some());
}

/// Case 20.
#[tokio::test]
async fn a_failing_scenario_does_not_fail_the_run() {
    let stub = ToolStub::start([refuses(500)]).await;
    let team = Team::with([calls("add", json!({"a": 2})), says("It did not work.")]).await;
    let scenario = team.scenario("add", &stub).await;
    let agent = team.agent(json!({"scenarios": [{"makeScenarioId": scenario}]})).await;
    let result = team.run(&agent, "2 + 3?", json!({})).await.ok();
    let response = &steps(&result)[3]["toolResponse"];
    assert_eq!(response["status"], "fail");
    assert!(response["result"]["error"].is_string(), "{response}");
    assert_eq!(result["response"], "It did not work.");
}
