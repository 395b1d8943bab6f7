//! Budgets, which the contract does not know: how they end and refuse runs here.

use app::Operator;
use domain::budget::Budget;
use serde_json::json;
use test_kit::calls;

use crate::team::Team;

#[tokio::test]
async fn a_used_up_budget_ends_a_run_and_refuses_the_next() {
    let team = Team::with([calls("gone", json!({})).usage(5, 5)]).await;
    let org = team.house.owner_ctx().await.org;
    let budget = Budget { tokens: Some(10), ..Budget::default() };
    team.house.app().set_org_budget(&Operator::of_this_installation(), org, Some(budget)).await.unwrap();
    let agent = team.agent(json!({})).await;

    let ended = team.run(&agent, "hi", json!({})).await.expect(424);
    let detail = "Budget used up: the organization's budget (tokens) was reached before the agent answered.";
    assert_eq!((&ended["code"], &ended["detail"]), (&json!("SC424"), &json!(detail)));

    for options in [json!({}), json!({ "threadId": "t" })] {
        let refused = team.run_with(&agent, "hi", options).await.expect(402);
        let detail = "The organization's budget is used up (tokens): nothing new begins before it is raised.";
        assert_eq!(refused, json!({ "message": "Budget used up", "detail": detail, "code": "SC402" }));
    }
    assert_eq!(team.house.model_requests().len(), 1);
}
