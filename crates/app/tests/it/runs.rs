//! Runs that are started and watched, as the Make-compatible API does.

use std::sync::Arc;

use app::{Error, Refused};
use domain::EventBody;
use domain::agent::{ModelChoice, Overrides};
use domain::limits::{Limits, Unit};
use domain::model::ModelRequest;
use domain::run::{Outcome, RunStatus};
use serde_json::json;
use test_kit::sources::FailingIds;
use test_kit::{Gate, TestHouse, calls, hangs, says};

use crate::desk::{Desk, adder, assert_gapless, finished, message, paths, within};

#[tokio::test]
async fn a_run_is_watched_from_its_first_event_to_its_last() {
    let desk = Desk::at(TestHouse::new().model([says("Hello there.")])).await;
    let agent = desk.agent().await;

    let watch = desk.run(agent.id, None, "hi").await;
    let (id, session) = (watch.run.id, watch.session.clone());
    let done = finished(watch).await;

    let names: Vec<_> = done.events.iter().map(|event| event.body.name()).collect();
    assert_eq!(
        names,
        [
            "user.message",
            "session.status_running",
            "span.model_request_start",
            "agent.message",
            "span.model_request_end",
            "session.usage",
            "session.status_idle",
        ]
    );
    assert_eq!((done.run.id, done.run.status, done.run.agent_version), (id, RunStatus::Completed, Some(1)));
    assert_eq!(session.thread, Some(session.alias.to_string()));
    assert_gapless(&desk.log(session.id).await);
}

#[tokio::test]
async fn a_thread_is_remembered_and_threads_without_a_name_are_not() {
    let desk = Desk::at(TestHouse::new().model([says("One."), says("Two."), says("Three.")])).await;
    let agent = desk.agent().await;

    for (thread, shown) in [(Some("user 42"), 1), (Some("user 42"), 3), (None, 1)] {
        finished(desk.run(agent.id, thread, "hi").await).await;
        let asked = desk.house.model_requests();
        assert_eq!(asked.last().map(|request| request.messages.len()), Some(shown), "{thread:?}");
    }
}

/// The first thing that a restarted engine asks an id for is to take up the run.
#[tokio::test]
async fn a_run_whose_claim_panics_is_ended_and_its_thread_goes_on() {
    let ids = Arc::new(FailingIds::default());
    let rule = |request: &ModelRequest| match request.messages.len() {
        1 => hangs("Wait. "),
        _ => says("Still here."),
    };
    let mut desk = Desk::at(TestHouse::new().ids(ids.clone()).answering(rule)).await;
    let agent = desk.agent().await;
    let lost = desk.run(agent.id, Some("t"), "one").await.run;

    ids.fail_next(1);
    desk.house.restart().await;

    let ended = desk.run_is(lost.id, RunStatus::Failed).await;
    assert!(matches!(&ended.outcome, Some(Outcome::Unrunnable { message }) if message.contains("internal error")));
    let done = finished(desk.run(agent.id, Some("t"), "two").await).await;
    assert_eq!(done.run.status, RunStatus::Completed);
    assert_gapless(&desk.log(lost.session).await);
}

#[tokio::test]
async fn runs_on_one_thread_take_turns() {
    let gate = Gate::new();
    let held = says("First. ").then_waits(&gate).then_says("Done.");
    let desk = Desk::at(TestHouse::new().model([held, says("Second."), says("Third.")])).await;
    let agent = desk.agent().await;

    let first = desk.run(agent.id, Some("t"), "one").await;
    let second = desk.run(agent.id, Some("t"), "two").await;
    let third = desk.run(agent.id, Some("t"), "three").await;
    assert_eq!(first.session.id, second.session.id);
    gate.open();

    for (watch, text) in [(third, "three"), (first, "one"), (second, "two")] {
        let done = finished(watch).await;
        assert_eq!(done.events[0].body, message(text));
        assert_eq!(done.run.status, RunStatus::Completed);
        assert!(done.events.iter().all(|event| event.run == Some(done.run.id)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_who_begin_one_thread_make_one_session() {
    let desk = Desk::at(TestHouse::new()).await;
    let agent = desk.agent().await;

    let starts = (0..24).map(|n| desk.app().start_run(&desk.ctx, desk.start(agent.id, Some("t"), &format!("n{n}"))));
    let watches = futures::future::join_all(starts).await;
    let mut sessions = Vec::new();
    for watch in watches {
        let watch = watch.expect("accepted");
        sessions.push(watch.session.id);
        assert_eq!(finished(watch).await.run.status, RunStatus::Completed);
    }

    sessions.dedup();
    assert_eq!(sessions.len(), 1);
    let log = desk.log(sessions[0]).await;
    assert_gapless(&log);
    assert_eq!(log.iter().filter(|event| event.body.name() == "user.message").count(), 24);
}

#[tokio::test]
async fn a_run_that_nobody_watches_goes_on() {
    let gate = Gate::new();
    let desk = Desk::at(TestHouse::new().model([says("Hel").then_waits(&gate).then_says("lo.")])).await;
    let agent = desk.agent().await;

    let watch = desk.run(agent.id, None, "hi").await;
    let id = watch.run.id;
    drop(watch);
    gate.open();

    desk.run_is(id, RunStatus::Completed).await;
}

#[tokio::test]
async fn a_run_is_cancelled_wherever_it_stands() {
    let desk = Desk::at(TestHouse::new().model([hangs("Thinking")])).await;
    let agent = desk.agent().await;
    let running = desk.run(agent.id, Some("t"), "one").await;
    let queued = desk.run(agent.id, Some("t"), "two").await;

    let cancelled = desk.app().cancel_run(&desk.ctx, queued.run.id).await.expect("cancelled");
    assert_eq!(cancelled.status, RunStatus::Cancelled);
    let done = finished(queued).await;
    let names: Vec<_> = done.events.iter().map(|event| event.body.name()).collect();
    assert_eq!(names, ["user.message", "session.run_dropped"]);
    assert!(matches!(done.events[0].body, EventBody::UserMessage { dropped: true, .. }));

    desk.app().cancel_run(&desk.ctx, running.run.id).await.expect("cancelled");
    let id = running.run.id;
    let done = finished(running).await;
    assert_eq!((done.run.status, done.run.outcome), (RunStatus::Cancelled, Some(Outcome::Interrupted)));

    let again = desk.app().cancel_run(&desk.ctx, id).await;
    assert!(matches!(again, Err(Error::Refused(Refused::RunOver))));
}

#[tokio::test]
async fn the_time_limit_counts_from_acceptance() {
    let desk = Desk::at(TestHouse::new().model([hangs("Thinking")])).await;
    let agent = desk.agent().await;
    let limits = Limits { wall_ms: Some(300), ..Limits::default() };
    let overrides = Overrides { limits, ..Overrides::default() };

    let mut ended = Vec::new();
    for text in ["one", "two"] {
        let start = app::StartRun { overrides: overrides.clone(), ..desk.start(agent.id, Some("t"), text) };
        ended.push(desk.app().start_run(&desk.ctx, start).await.expect("a run"));
    }

    for watch in ended {
        assert_eq!(finished(watch).await.run.outcome, Some(Outcome::LimitReached { unit: Unit::Time, budget: None }));
    }
}

#[tokio::test]
async fn a_run_answers_by_the_version_that_is_newest_when_it_starts() {
    let desk = Desk::at(TestHouse::new()).await;
    let agent = desk.agent().await;
    finished(desk.run(agent.id, Some("t"), "hi").await).await;

    let renamed = |spec: &domain::agent::AgentSpec| {
        Ok(domain::agent::AgentSpec { instructions: Some("Be brief.".into()), ..spec.clone() })
    };
    let updated = desk.app().update_agent(&desk.ctx, agent.id, Some(1), renamed).await.expect("updated");
    assert_eq!(updated.version, 2);
    let stale = desk.app().update_agent(&desk.ctx, agent.id, Some(1), renamed).await;
    assert!(matches!(stale, Err(Error::Conflict(_))));

    let done = finished(desk.run(agent.id, Some("t"), "hi").await).await;
    assert_eq!(done.run.agent_version, Some(2));
}

#[tokio::test]
async fn what_cannot_run_is_refused_at_the_door() {
    let desk = Desk::at(TestHouse::new()).await;
    let agent = desk.agent().await;
    let start = |change: &dyn Fn(&mut app::StartRun)| {
        let mut start = desk.start(agent.id, None, "hi");
        change(&mut start);
        let (app, ctx) = (desk.app().clone(), desk.ctx.clone());
        async move { app.start_run(&ctx, start).await }
    };
    let model = ModelChoice { id: "nobody/x".into(), ..ModelChoice::default() };
    let overrides = Overrides { model: Some(model), ..Overrides::default() };

    assert_eq!(paths(start(&|start| start.overrides = overrides.clone()).await), ["model.id"]);
    assert_eq!(paths(start(&|start| start.inputs.clear()).await), ["inputs"]);
    assert_eq!(paths(start(&|start| start.thread = Some(String::new())).await), ["thread"]);

    desk.app().archive_agent(&desk.ctx, agent.id).await.expect("archived");
    assert!(matches!(start(&|_| {}).await, Err(Error::Refused(Refused::Agent(_)))));
    desk.app().delete_agent(&desk.ctx, agent.id).await.expect("deleted");
    assert!(matches!(start(&|_| {}).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn deleting_an_agent_stops_its_runs() {
    let desk = Desk::at(TestHouse::new().model([hangs("Thinking")])).await;
    let agent = desk.agent().await;
    let running = desk.run(agent.id, Some("t"), "one").await;
    let queued = desk.run(agent.id, Some("t"), "two").await;

    within(desk.app().delete_agent(&desk.ctx, agent.id)).await.expect("deleted");

    assert_eq!(finished(queued).await.run.status, RunStatus::Cancelled);
    assert_eq!(finished(running).await.run.status, RunStatus::Cancelled);
    assert!(matches!(desk.app().find_agent(&desk.ctx, agent.id).await, Err(Error::NotFound(_))));
}

/// A crash right after the deletion leaves nothing to finish: whoever takes the runs up
/// finds their agent gone.
#[tokio::test]
async fn no_run_outlives_its_agent_through_a_crash() {
    let script = [calls("add", json!({})), hangs("Thinking")];
    let mut desk = Desk::at(TestHouse::new().model(script)).await;
    let agent = desk.agent_with(adder()).await;
    let session = desk.session(agent.id).await.id;
    desk.send(session, vec![message("add")]).await;
    let (waiting, _) = desk.waiting(session).await;
    let running = desk.run(agent.id, Some("t"), "one").await.run.id;
    desk.run_is(running, RunStatus::Running).await;
    let queued = desk.run(agent.id, Some("t"), "two").await.run.id;

    desk.house.engine().stop_now();
    within(desk.app().delete_agent(&desk.ctx, agent.id)).await.expect("deleted");
    desk.house.restart().await;

    for run in [waiting.id, running, queued] {
        let ended = desk.run_is(run, RunStatus::Cancelled).await;
        assert_eq!(ended.outcome, Some(Outcome::Interrupted));
    }
    desk.at_rest(session).await;
    assert_gapless(&desk.log(session).await);
    assert!(desk.house.model_requests().len() <= 2, "the model was not asked again");
}

#[tokio::test]
async fn deleting_an_agent_ends_what_waits_for_a_person() {
    let desk = Desk::at(TestHouse::new().model([calls("add", json!({}))])).await;
    let agent = desk.agent_with(adder()).await;
    let session = desk.session(agent.id).await.id;
    desk.send(session, vec![message("add")]).await;
    let (waiting, _) = desk.waiting(session).await;
    desk.app().archive_agent(&desk.ctx, agent.id).await.expect("archived");
    within(desk.app().delete_agent(&desk.ctx, agent.id)).await.expect("deleted");
    desk.run_is(waiting.id, RunStatus::Cancelled).await;
    let names = desk.names(session).await;
    assert!(names.ends_with(&["agent.tool_result", "session.usage", "session.status_idle"]), "{names:?}");
}
