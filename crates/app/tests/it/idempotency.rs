//! The server fell after a request's work was committed and before its answer was kept.

use app::{Begun, CreateDeployment, CreateSession, Ctx, DeploymentFilter, DeploymentRunFilter, ReportRollout};
use domain::agent::AgentSpec;
use domain::budget::Budget;
use domain::deployment::{Trigger, Webhook};
use domain::key::Scope;
use domain::rollout::{Report, RolloutStatus};
use domain::run::RunStatus;
use domain::session::SessionPatch;
use serde_json::json;
use test_kit::{TestHouse, hangs, says};

use crate::desk::{Desk, message, native, spec};
use crate::rollouts::from_run;

/// The caller of a request that nobody answers: the place is given back, and no answer kept.
async fn begun(desk: &Desk, ctx: &Ctx, path: &str) -> Ctx {
    match desk.app().begin_request(ctx, path, "k", b"body").await.expect("begun") {
        Begun::Serve(ctx, _place) => *ctx,
        Begun::Replay(answer) => panic!("answered before: {answer:?}"),
    }
}

#[tokio::test]
async fn what_a_request_made_before_a_crash_is_found_and_not_made_again() {
    let mut desk = Desk::at(TestHouse::new().model([says("Hello.")])).await;
    let key = desk.house.key(Scope::ALL.iter().copied()).await;
    let ctx = desk.app().authenticate(key.key()).await.expect("a caller");
    let there = desk.agent().await;
    let tool = || {
        let tool = json!({ "name": "t", "description": "d", "input_schema": { "type": "object" }, "method": "GET",
            "url": "https://example.com/", "headers": {}, "timeout_ms": 1_000, "effect": "read" });
        serde_json::from_value(tool).expect("a tool")
    };
    let mut seen = Vec::new();
    for _ in 0..2 {
        let app = desk.app();
        let agent = app.create_agent(&begun(&desk, &ctx, "/agents").await, desk.project, spec(), vec![]).await;
        let renamed =
            |spec: &domain::agent::AgentSpec| Ok(domain::agent::AgentSpec { name: "Bea".into(), ..spec.clone() });
        let update = begun(&desk, &ctx, "/agents/1").await;
        // The version it was made from is gone by the second time.
        let updated = app.update_agent(&update, there.id, Some(1), renamed).await.expect("updated");
        let session = app.create_session(&begun(&desk, &ctx, "/sessions").await, native(there.id)).await;
        let session = session.expect("a session").id;
        let sent = app.send_events(&begun(&desk, &ctx, "/events").await, session, vec![message("hi")]).await;
        let sent = sent.expect("sent");
        assert_eq!(sent[0].body, message("hi"));
        let tool = app.create_tool(&begun(&desk, &ctx, "/tools").await, desk.project, tool()).await.expect("a tool");
        seen.push((agent.expect("an agent").id, updated.version, session, sent[0].event, tool.id));
        desk.house.restart().await;
    }
    assert_eq!(seen[0], seen[1]);
    desk.at_rest(seen[0].2).await;
    let said = desk.names(seen[0].2).await.into_iter().filter(|name| *name == "user.message").count();
    assert_eq!(said, 1);
}

/// Done a second time, the end of a run that is over would be refused.
#[tokio::test]
async fn what_a_request_changed_before_a_crash_is_not_refused_when_it_comes_again() {
    let mut desk = Desk::at(TestHouse::new().answering(|_| hangs("Wait. "))).await;
    let key = desk.house.key(Scope::ALL.iter().copied()).await;
    let ctx = desk.app().authenticate(key.key()).await.expect("a caller");
    let agent = desk.agent().await;
    let budget = |steps| Some(Budget { steps: Some(steps), ..Budget::default() });
    let bounded = CreateSession { budget: budget(1), ..native(agent.id) };
    let session = desk.app().create_session(&ctx, bounded).await.expect("a session").id;
    let held = desk.run(agent.id, None, "hi").await.run.id;
    for _ in 0..2 {
        let app = desk.app();
        let raise = |_: &AgentSpec| Ok(SessionPatch { budget: Some(budget(2)), ..SessionPatch::default() });
        let raised = app.update_session(&begun(&desk, &ctx, "/sessions/1").await, session, raise).await;
        assert_eq!(raised.expect("raised").budget, budget(2));
        let cancelled = app.cancel_run(&begun(&desk, &ctx, "/runs/1").await, held).await.expect("cancelled");
        assert_eq!(cancelled.id, held);
        desk.run_is(held, RunStatus::Cancelled).await;
        desk.house.restart().await;
    }
}

#[tokio::test]
async fn a_deployment_is_made_once_and_run_once_by_one_request() {
    let mut desk = Desk::at(TestHouse::new()).await;
    let key = desk.house.key(Scope::ALL.iter().copied()).await;
    let ctx = desk.app().authenticate(key.key()).await.expect("a caller");
    let agent = desk.agent().await.id;
    let report = Report {
        status: RolloutStatus::Running,
        details: from_run("1"),
        gives_metadata: false,
        extra: Default::default(),
    };
    desk.app().report_rollout(&ctx, ReportRollout { repository: None, report }).await.expect("taken");
    let monitor = desk.app().list_deployments(&ctx, DeploymentFilter::default()).await.expect("one")[0].id;
    let create = || CreateDeployment {
        agent,
        name: "w".into(),
        trigger: Trigger::Webhook(Webhook::default()),
        initial_events: vec![message("hi")],
        metadata: Default::default(),
        budget: None,
    };
    let mut seen = Vec::new();
    for _ in 0..2 {
        let app = desk.app();
        let made = app.create_deployment(&begun(&desk, &ctx, "/deployments").await, create()).await.expect("made").id;
        let run = app.run_deployment(&begun(&desk, &ctx, "/run").await, made).await.expect("begun");
        let look = app.run_deployment(&begun(&desk, &ctx, "/look").await, monitor).await.expect("asked for");
        seen.push((made, run, look));
        desk.house.restart().await;
    }
    assert_eq!(seen[0], seen[1]);
    let by_hand = DeploymentRunFilter { cause: Some("manual"), ..DeploymentRunFilter::default() };
    let history = desk.app().list_deployment_runs(&desk.ctx, by_hand).await.expect("a history");
    assert_eq!(history.len(), 2, "one run and one look");
}

#[tokio::test]
async fn a_request_that_did_nothing_is_done_when_it_comes_again() {
    let desk = Desk::at(TestHouse::new()).await;
    let key = desk.house.key(Scope::ALL.iter().copied()).await;
    let ctx = desk.app().authenticate(key.key()).await.expect("a caller");
    drop(begun(&desk, &ctx, "/agents").await);
    let again = begun(&desk, &ctx, "/agents").await;
    let made = desk.app().create_agent(&again, desk.project, spec(), vec![]).await.expect("an agent");
    assert_eq!(made.version, 1);
    // The same request at the same time.
    let first = desk.app().begin_request(&ctx, "/x", "k", b"body").await;
    assert!(first.is_ok() && desk.app().begin_request(&ctx, "/x", "k", b"body").await.is_err());
}
