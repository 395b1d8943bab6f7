//! Scenarios that a person is asked about. (The inbox itself is another API's.)

use domain::EventBody;
use domain::event::Verdict;
use domain::run::RunStatus;
use serde_json::json;
use test_kit::{ToolStub, answers, calls, says};

use crate::team::{Team, failed};

/// The halves of case 32 that need no inbox: the run waits, and a decision lets it go on.
#[tokio::test]
async fn a_run_waits_for_the_decision_and_goes_on() {
    for (verdict, status) in [(Verdict::Allow, "ok"), (Verdict::Deny, "fail")] {
        let stub = ToolStub::start([answers(json!(5))]).await;
        let team = Team::with([calls("add", json!({"a": 2})), says("done")]).await;
        let scenario = team.scenario("add", &stub).await;
        let chosen = json!([{"makeScenarioId": scenario, "approvalMode": "approval-required"}]);
        let agent = team.agent(json!({ "scenarios": chosen })).await;
        let mut stream = team.stream(&agent, "hi", json!({})).await;
        let asking = stream.until(|frame| frame.json()["toolCalls"].is_array()).await.pop().unwrap().json();
        let use_id = asking["toolCalls"][0]["id"].as_str().unwrap().parse().unwrap();

        let owner = team.house.owner_ctx().await;
        let session = team.house.app().list_sessions(&owner, Default::default()).await.unwrap()[0].id;
        let run = team.house.app().list_runs(&owner, session).await.unwrap().remove(0);
        assert_eq!(run.status, RunStatus::Waiting);
        let decision =
            EventBody::UserToolConfirmation { tool_use_id: use_id, result: verdict, deny_message: None, content: None };
        team.house.app().send_events(&owner, session, vec![decision]).await.unwrap();

        let frames = stream.collect().await;
        let tool = frames[0].json()["toolResponse"].clone();
        assert_eq!(tool["status"], status);
        if verdict == Verdict::Deny {
            assert!(tool["result"]["error"].as_str().unwrap().contains("rejected"), "{tool}");
        }
        assert_eq!(frames.last().unwrap().json()["response"], "done");
    }
}

/// The last part of case 32.
#[tokio::test]
async fn nobody_decides_in_time_and_the_run_times_out() {
    let stub = ToolStub::start([]).await;
    let team = Team::with([calls("add", json!({"a": 2}))]).await;
    let scenario = team.scenario("add", &stub).await;
    let chosen = json!([{"makeScenarioId": scenario, "approvalMode": "approval-required"}]);
    let agent = team.agent(json!({ "scenarios": chosen })).await;
    let late = team.run(&agent, "hi", json!({"invocationConfig": {"timeout": 1000}})).await;
    assert!(failed(&late, 424).starts_with("Timed out"), "{late}");
    assert!(stub.calls().is_empty());
    let list = team.t.get(&crate::team::agents()).await.ok();
    assert_eq!(list[0]["scenarios"][0]["approvalMode"], "approval-required");
}
