//! Deployments that go by the clock.

use std::sync::Arc;
use std::time::Duration;

use app::{AddMember, CreateDeployment, DeploymentRunFilter, Error, Operator, SessionFilter};
use domain::deployment::{Begun, Cause, Deployment, Schedule, Trigger};
use domain::org::Role;
use domain::session::SessionAgent;
use test_kit::TestHouse;
use test_kit::sources::StoppedClock;

use crate::desk::{Desk, message, within};

const HOUR: Duration = Duration::from_secs(3_600);

async fn at_a_stopped_clock() -> (Desk, Arc<StoppedClock>) {
    let clock = Arc::new(StoppedClock::default());
    let desk = Desk::at(TestHouse::new().clock(Arc::clone(&clock) as Arc<dyn ports::Clock>)).await;
    (desk, clock)
}

async fn hourly(desk: &Desk) -> Deployment {
    let trigger = Trigger::Schedule(Schedule { expression: "0 * * * *".into(), timezone: "UTC".into() });
    let create = CreateDeployment {
        agent: desk.agent().await.id,
        name: "hourly".into(),
        trigger,
        initial_events: vec![message("what is new?")],
        metadata: Default::default(),
        budget: None,
    };
    desk.app().create_deployment(&desk.ctx, create).await.expect("a deployment")
}

async fn fire(desk: &Desk) {
    desk.app().fire_due_deployments(&Operator::of_this_installation()).await.expect("the store answers");
}

async fn history(desk: &Desk, of: &Deployment) -> Vec<domain::deployment::DeploymentRun> {
    let filter = DeploymentRunFilter { deployment: Some(of.id), ..DeploymentRunFilter::default() };
    desk.app().list_deployment_runs(&desk.ctx, filter).await.expect("a history")
}

#[tokio::test]
async fn what_is_due_begins_once_however_often_it_was_missed() {
    let (mut desk, clock) = at_a_stopped_clock().await;
    let deployment = hourly(&desk).await;
    fire(&desk).await;
    assert!(history(&desk, &deployment).await.is_empty(), "not yet");
    clock.advance(HOUR);
    fire(&desk).await;
    fire(&desk).await;
    assert_eq!(history(&desk, &deployment).await.len(), 1);

    // A week without a server.
    clock.advance(7 * 24 * HOUR);
    desk.house.restart().await;
    fire(&desk).await;
    let begun = history(&desk, &deployment).await;
    assert_eq!(begun.len(), 2);
    assert!(begun.iter().all(|run| matches!(run.cause, Cause::Schedule { .. })));
    let found = desk.app().find_deployment(&desk.ctx, deployment.id).await.expect("there");
    assert!(found.next_run_at > Some(desk.app().now()) && found.last_run_at == Some(desk.app().now()));

    let Begun::Run { session, .. } = begun[0].outcome else { panic!("{:?}", begun[0]) };
    let session = desk.app().find_session(&desk.ctx, session).await.expect("its session");
    assert_eq!((session.deployment, session.title.as_deref()), (Some(deployment.id), Some("hourly")));
    assert!(matches!(session.agent, SessionAgent::Pinned { version: 1, .. }));
    let filter = SessionFilter { deployment: Some(deployment.id), ..SessionFilter::default() };
    assert_eq!(desk.app().list_sessions(&desk.ctx, filter).await.expect("sessions").len(), 2);
}

#[tokio::test]
async fn what_is_paused_begins_nothing_and_by_hand_it_does() {
    let (desk, clock) = at_a_stopped_clock().await;
    let deployment = hourly(&desk).await;
    desk.app().pause_deployment(&desk.ctx, deployment.id).await.expect("paused");
    clock.advance(3 * HOUR);
    fire(&desk).await;
    assert!(history(&desk, &deployment).await.is_empty());
    let ctx = &desk.house.owner_ctx().await;
    let begun = desk.app().run_deployment(ctx, deployment.id).await.expect("by hand");
    assert_eq!(begun.cause, Cause::Manual);
    desk.app().resume_deployment(ctx, deployment.id).await.expect("resumed");
    fire(&desk).await;
    assert_eq!(history(&desk, &deployment).await.len(), 1, "nothing is made up for");
    clock.advance(HOUR);
    fire(&desk).await;
    assert_eq!(history(&desk, &deployment).await.len(), 2);
    desk.app().archive_deployment(ctx, deployment.id).await.expect("archived");
    clock.advance(HOUR);
    fire(&desk).await;
    assert_eq!(history(&desk, &deployment).await.len(), 2);
    let refused = desk.app().run_deployment(ctx, deployment.id).await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn a_run_has_the_rights_that_its_maker_has_at_the_moment() {
    let (desk, clock) = at_a_stopped_clock().await;
    let add = AddMember { name: "Ada".into(), email: "ada@house.example".into(), role: Role::Member };
    let maker = desk.app().add_member(&desk.ctx, add).await.expect("a member");
    let made_by = Desk { ctx: app::Ctx { member: Some(maker.id), role: Role::Member, ..desk.ctx.clone() }, ..desk };
    let deployment = hourly(&made_by).await;
    let desk = Desk { ctx: made_by.house.owner_ctx().await, ..made_by };

    let next = async |error: Option<&str>| {
        clock.advance(HOUR);
        fire(&desk).await;
        let newest = history(&desk, &deployment).await.remove(0);
        match (error, newest.outcome) {
            (None, Begun::Run { .. }) => {}
            (Some(expected), Begun::Failed { error, .. }) => assert_eq!(error, expected),
            other => panic!("{other:?}"),
        }
    };
    next(None).await;
    desk.app().suspend_member(&desk.ctx, maker.id).await.expect("suspended");
    next(Some("maker_not_allowed")).await;
    desk.app().reinstate_member(&desk.ctx, maker.id).await.expect("back");
    next(None).await;
    desk.app().open_agent(&desk.ctx, deployment.agent, Some(vec![])).await.expect("closed");
    next(None).await; // It is Ada's own agent.
    desk.app().archive_agent(&desk.ctx, deployment.agent).await.expect("archived");
    next(Some("agent_unavailable")).await;
}

#[tokio::test]
async fn who_changes_a_deployment_lends_it_their_own_rights() {
    let (desk, clock) = at_a_stopped_clock().await;
    let deployment = hourly(&desk).await;
    let owner = deployment.acts_as.expect("a member made it");
    let add = AddMember { name: "Ada".into(), email: "ada@house.example".into(), role: Role::Member };
    let ada = desk.app().add_member(&desk.ctx, add).await.expect("a member");
    let by_ada = app::Ctx { member: Some(ada.id), role: Role::Member, ..desk.ctx.clone() };
    let by_operator = app::Ctx { member: None, key: None, ..desk.ctx.clone() };
    let cases = [
        (&by_ada, deployment.name.as_str(), owner, "nothing is changed"),
        (&by_ada, "Ada's", ada.id, "it is hers now"),
        (&by_operator, "theirs", ada.id, "the operator lends nobody rights"),
    ];
    for (ctx, name, expected, why) in cases {
        let named = |before: &Deployment| Ok(Deployment { name: name.to_owned(), ..before.clone() });
        let changed = desk.app().update_deployment(ctx, deployment.id, named).await.expect("changed");
        assert_eq!(changed.acts_as, Some(expected), "{why}");
    }
    desk.app().pause_deployment(&desk.ctx, deployment.id).await.expect("paused");
    let resumed = desk.app().resume_deployment(&desk.ctx, deployment.id).await.expect("resumed");
    assert_eq!(resumed.acts_as, Some(ada.id));
    desk.app().suspend_member(&desk.ctx, ada.id).await.expect("suspended");
    clock.advance(HOUR);
    fire(&desk).await;
    let newest = history(&desk, &deployment).await.remove(0);
    assert!(matches!(newest.outcome, Begun::Failed { .. }), "{newest:?}");
}

/// The task that the server runs, with a clock that stands still at a time when one is due.
#[tokio::test]
async fn what_is_due_at_the_start_begins_by_itself() {
    let (mut desk, clock) = at_a_stopped_clock().await;
    let deployment = hourly(&desk).await;
    clock.advance(HOUR);
    desk.house.restart().await;
    within(async {
        while history(&desk, &deployment).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
