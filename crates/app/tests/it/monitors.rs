//! Monitors of rollouts: which one watches, and by which agent.

use app::{CreateDeployment, DeploymentFilter, DeploymentRunFilter, Error, ProjectPatch, Refused};
use domain::deployment::{Begun, Cause, Deployment, DeploymentRefusal, DeploymentRun, RolloutMonitor, Trigger};
use domain::monitor::{MonitorSpec, Schedule, WatchEnd};
use domain::rollout::{Rollout, RolloutStatus};
use domain::{ProjectId, SessionId};

use crate::desk::{paths, spec};
use crate::rollouts::{Pipeline, from_run};

async fn monitors(pipeline: &Pipeline) -> Vec<Deployment> {
    let filter = DeploymentFilter { kind: Some(Trigger::ROLLOUT_MONITOR), ..DeploymentFilter::default() };
    pipeline.desk.app().list_deployments(&pipeline.desk.ctx, filter).await.expect("deployments")
}

async fn history(pipeline: &Pipeline, of: &Deployment) -> Vec<DeploymentRun> {
    let filter = DeploymentRunFilter { deployment: Some(of.id), ..DeploymentRunFilter::default() };
    pipeline.desk.app().list_deployment_runs(&pipeline.desk.ctx, filter).await.expect("a history")
}

async fn reported(pipeline: &Pipeline, run: &str, repository: Option<&str>) -> Rollout {
    pipeline.try_report(RolloutStatus::Running, from_run(run), repository).await.expect("taken").rollout
}

async fn watched_by(pipeline: &Pipeline, session: SessionId) -> Option<Deployment> {
    let (app, ctx) = (pipeline.desk.app(), &pipeline.desk.ctx);
    let watch = app.find_watch(ctx, session).await.expect("found").expect("a watch");
    let session = app.find_session(ctx, session).await.expect("a session");
    assert_eq!(watch.deployment, session.deployment);
    match watch.deployment {
        Some(id) => Some(app.find_deployment(ctx, id).await.expect("a deployment")),
        None => None,
    }
}

fn every(seconds: u32) -> MonitorSpec {
    let schedule = Schedule { gaps: Vec::new(), every: seconds, ..Schedule::default() };
    MonitorSpec { schedule, ..MonitorSpec::default() }
}

async fn set(pipeline: &Pipeline, project: ProjectId, monitor: MonitorSpec) {
    let patch = ProjectPatch { monitor: Some(monitor), ..ProjectPatch::default() };
    pipeline.desk.app().update_project(&pipeline.desk.ctx, project, patch).await.expect("set");
}

#[tokio::test]
async fn an_organization_begins_with_a_monitor_that_keeps_what_it_watched() {
    let pipeline = Pipeline::new().await;
    let rollout = reported(&pipeline, "1", None).await;
    let [monitor] = &monitors(&pipeline).await[..] else { panic!("one monitor") };
    assert_eq!(monitor.monitor(), Some(&RolloutMonitor::default()));
    assert_eq!(watched_by(&pipeline, rollout.session).await.map(|one| one.id), Some(monitor.id));
    let [began] = &history(&pipeline, monitor).await[..] else { panic!("one rollout") };
    assert_eq!(began.cause, Cause::Rollout { rollout: rollout.id });
    assert_eq!(began.outcome, Begun::Watch { session: rollout.session });

    // A report that goes on is no beginning, and one that begins again is.
    pipeline.report(RolloutStatus::Success, "1").await;
    assert_eq!(history(&pipeline, monitor).await.len(), 1);
    pipeline.report(RolloutStatus::Running, "1").await;
    assert_eq!(history(&pipeline, monitor).await.len(), 2);
    assert_eq!(monitors(&pipeline).await.len(), 1);
}

#[tokio::test]
async fn a_paused_monitor_goes_on_with_what_it_watches_and_begins_nothing() {
    let pipeline = Pipeline::new().await;
    let (app, ctx) = (pipeline.desk.app(), &pipeline.desk.ctx);
    let before = reported(&pipeline, "1", None).await.session;
    let monitor = monitors(&pipeline).await.remove(0).id;
    app.pause_deployment(ctx, monitor).await.unwrap();
    let unwatched = reported(&pipeline, "2", None).await;
    assert_eq!(pipeline.ended(unwatched.session).await, (WatchEnd::Cancelled, 0));
    assert!(watched_by(&pipeline, unwatched.session).await.is_none());
    let told = pipeline.desk.log(unwatched.session).await;
    let told = format!("{:?}", told.last().unwrap().body);
    assert!(told.contains("Nobody watches"), "{told}");
    pipeline.at(10);
    assert_eq!(pipeline.checked(before, 1).await, [10]);

    // The same rollout is reported on, and watched when it begins again.
    pipeline.report(RolloutStatus::Success, "2").await;
    app.resume_deployment(ctx, monitor).await.unwrap();
    let again = pipeline.report(RolloutStatus::Running, "2").await.rollout;
    assert_eq!((again.id, again.session), (unwatched.id, unwatched.session));
    pipeline.at(20);
    assert_eq!(pipeline.checked(unwatched.session, 1).await, [20]);

    app.archive_deployment(ctx, monitor).await.unwrap();
    let unwatched = reported(&pipeline, "3", None).await.session;
    assert_eq!(pipeline.ended(unwatched).await.0, WatchEnd::Cancelled);
    assert!(monitors(&pipeline).await.is_empty(), "another is made by nobody");
}

#[tokio::test]
async fn a_project_with_a_monitor_of_its_own_is_watched_by_it() {
    let pipeline = Pipeline::new().await;
    let (app, ctx) = (pipeline.desk.app(), &pipeline.desk.ctx);
    let name = |name: &str| Some(name.parse().unwrap());
    let shop = app.create_project(ctx, "Shop".into(), name("acme/shop")).await.unwrap();
    app.create_project(ctx, "Api".into(), name("acme/api")).await.unwrap();
    let first = reported(&pipeline, "1", Some("acme/shop")).await.session;
    set(&pipeline, shop.id, every(20)).await;
    set(&pipeline, shop.id, every(30)).await;
    let own = reported(&pipeline, "2", Some("acme/shop")).await.session;
    let other = reported(&pipeline, "3", Some("acme/api")).await.session;
    assert_eq!(monitors(&pipeline).await.len(), 2, "set twice, made once");
    let whose = async |session| watched_by(&pipeline, session).await.unwrap().monitor().unwrap().project;
    assert_eq!((whose(first).await, whose(own).await, whose(other).await), (None, Some(shop.id), None));
    assert_eq!(app.monitor_spec(ctx, shop.id).await.unwrap(), every(30));
    assert_eq!(app.monitor_spec(ctx, pipeline.desk.project).await.unwrap(), MonitorSpec::default());
    pipeline.at(10);
    pipeline.checked(first, 1).await;
    pipeline.at(30);
    assert_eq!(pipeline.checked(own, 1).await, [30], "as it was set when the watch began");
}

#[tokio::test]
async fn a_monitor_for_all_sends_an_agent_of_its_agents_name_to_each_project() {
    let pipeline = Pipeline::new().await;
    let (app, ctx) = (pipeline.desk.app(), &pipeline.desk.ctx);
    let shop = app.create_project(ctx, "Shop".into(), Some("acme/shop".parse().unwrap())).await.unwrap();
    reported(&pipeline, "0", Some("acme/shop")).await;
    let first = monitors(&pipeline).await.remove(0);
    app.archive_deployment(ctx, first.id).await.unwrap();
    let sentry = domain::agent::AgentSpec { name: "sentry".into(), instructions: Some("Look.".into()), ..spec() };
    let sentry = pipeline.desk.agent_with(sentry).await;
    let create = CreateDeployment {
        agent: sentry.id,
        name: "sentry".into(),
        trigger: Trigger::RolloutMonitor(RolloutMonitor::default()),
        initial_events: Vec::new(),
        metadata: [("team".to_owned(), "web".to_owned())].into_iter().collect(),
        budget: None,
    };
    app.create_deployment(ctx, create).await.unwrap();
    let mut agents = Vec::new();
    for run in ["1", "2"] {
        let session = reported(&pipeline, run, Some("acme/shop")).await.session;
        let session = app.find_session(ctx, session).await.unwrap();
        assert_eq!((session.project, session.metadata["team"].as_str()), (shop.id, "web"));
        agents.push(app.find_agent(ctx, session.agent.id()).await.unwrap());
    }
    let copy = &agents[0];
    assert_eq!((copy.spec.name.as_str(), copy.spec.instructions.as_deref()), ("sentry", Some("Look.")));
    assert_eq!((copy.id == sentry.id, copy.id == agents[1].id), (false, true), "one copy");
}

/// Whoever deletes the agent of a monitor has rollouts watched by another.
#[tokio::test]
async fn a_monitor_whose_agent_is_gone_sends_the_investigator() {
    let pipeline = Pipeline::new().await;
    let (app, ctx) = (pipeline.desk.app(), &pipeline.desk.ctx);
    let sent = async |run| {
        let session = reported(&pipeline, run, None).await.session;
        app.find_session(ctx, session).await.unwrap().agent.id()
    };
    let first = sent("1").await;
    assert_eq!(first, monitors(&pipeline).await[0].agent);
    app.archive_agent(ctx, first).await.unwrap();
    let second = sent("2").await;
    assert_eq!((second == first, sent("3").await), (false, second));
    app.delete_agent(ctx, first).await.unwrap();
    assert_eq!(sent("4").await, second);
    let second = app.find_agent(ctx, second).await.unwrap();
    assert_eq!(second.spec.name, "investigator");
}

#[tokio::test]
async fn running_a_monitor_looks_at_what_it_began_to_watch_last() {
    let pipeline = Pipeline::new().await;
    let app = pipeline.desk.app();
    let nothing = |refused: Result<DeploymentRun, Error>| {
        let expected = Refused::Deployment(DeploymentRefusal::NothingWatched);
        assert!(matches!(&refused, Err(Error::Refused(refused)) if *refused == expected), "{refused:?}");
    };
    let session = reported(&pipeline, "1", None).await.session;
    let monitor = monitors(&pipeline).await.remove(0);
    pipeline.at(3);
    let ctx = pipeline.desk.house.owner_ctx().await;
    let looked = app.run_deployment(&ctx, monitor.id).await.unwrap();
    assert_eq!((looked.cause, looked.outcome), (Cause::Manual, Begun::Watch { session }));
    assert_eq!(pipeline.checked(session, 1).await, [3]);
    pipeline.at(13);
    assert_eq!(pipeline.checked(session, 2).await, [3, 13]);
    assert_eq!(history(&pipeline, &monitor).await.len(), 2);

    app.archive_session(&ctx, session).await.unwrap();
    nothing(app.run_deployment(&ctx, monitor.id).await);
}

#[tokio::test]
async fn a_monitor_of_one_project_leaves_no_other_unwatched() {
    let pipeline = Pipeline::new().await;
    let (app, ctx) = (pipeline.desk.app(), &pipeline.desk.ctx);
    app.create_project(ctx, "Api".into(), Some("acme/api".parse().unwrap())).await.unwrap();
    set(&pipeline, pipeline.desk.project, every(20)).await;
    let session = reported(&pipeline, "1", Some("acme/api")).await.session;
    let monitor = watched_by(&pipeline, session).await.expect("watched");
    assert_eq!(monitor.monitor(), Some(&RolloutMonitor::default()));
    app.archive_deployment(ctx, monitor.id).await.unwrap();
    let session = reported(&pipeline, "2", Some("acme/api")).await.session;
    assert_eq!(watched_by(&pipeline, session).await.map(|one| one.id), None, "another is made by nobody");
}

#[tokio::test]
async fn the_copy_of_an_agent_is_open_to_the_same_people() {
    let pipeline = Pipeline::new().await;
    let (app, ctx) = (pipeline.desk.app(), &pipeline.desk.ctx);
    let closed = reported(&pipeline, "1", None).await.session;
    app.create_project(ctx, "Shop".into(), Some("acme/shop".parse().unwrap())).await.unwrap();
    let closed = app.find_session(ctx, closed).await.unwrap().agent.id();
    let closed = app.open_agent(ctx, closed, Some(Vec::new())).await.unwrap();
    let copy = reported(&pipeline, "2", Some("acme/shop")).await.session;
    let copy = app.find_session(ctx, copy).await.unwrap().agent.id();
    let copy = app.find_agent(ctx, copy).await.unwrap();
    assert_ne!((copy.id, copy.project), (closed.id, closed.project));
    assert_eq!((&copy.access, &copy.access.members), (&closed.access, &Some(Vec::new())));
}

#[tokio::test]
async fn what_is_shown_of_a_project_is_what_watches_it() {
    let pipeline = Pipeline::new().await;
    let (app, ctx, project) = (pipeline.desk.app(), &pipeline.desk.ctx, pipeline.desk.project);
    reported(&pipeline, "1", None).await;
    set(&pipeline, project, every(20)).await;
    let shown = async || app.monitor_spec(ctx, project).await.unwrap();
    assert_eq!(shown().await, every(20));
    let older = monitors(&pipeline).await.remove(1);
    app.pause_deployment(ctx, older.id).await.unwrap();
    assert_eq!(shown().await, MonitorSpec::default(), "the one for all watches");

    // What is set is set where it counts.
    let trigger = Trigger::RolloutMonitor(RolloutMonitor { project: Some(project), monitor: every(30) });
    let create = CreateDeployment {
        agent: older.agent,
        name: "newer".into(),
        trigger,
        initial_events: Vec::new(),
        metadata: Default::default(),
        budget: None,
    };
    let newer = app.create_deployment(ctx, create).await.unwrap().id;
    set(&pipeline, project, every(40)).await;
    assert_eq!(shown().await, every(40));
    let session = reported(&pipeline, "2", None).await.session;
    assert_eq!(watched_by(&pipeline, session).await.map(|one| one.id), Some(newer));
    let older = app.find_deployment(ctx, older.id).await.unwrap();
    assert_eq!(older.monitor().unwrap().monitor, every(20));
}

#[tokio::test]
async fn two_who_change_a_project_lose_nothing_of_each_other() {
    let pipeline = Pipeline::new().await;
    let (app, ctx, project) = (pipeline.desk.app(), &pipeline.desk.ctx, pipeline.desk.project);
    let name = ProjectPatch { name: Some("Shop".into()), ..ProjectPatch::default() };
    let repository = ProjectPatch { repository: Some(Some("acme/shop".parse().unwrap())), ..ProjectPatch::default() };
    let (named, placed) =
        tokio::join!(app.update_project(ctx, project, name), app.update_project(ctx, project, repository));
    assert!(named.is_ok() && placed.is_ok(), "{named:?} {placed:?}");
    let now = app.find_project(ctx, project).await.unwrap();
    assert_eq!((now.name.as_str(), now.repository.is_some(), now.version), ("Shop", true, 2));

    // A monitor that cannot be leaves the rest alone, and one that can is no change of the project.
    let wrong = ProjectPatch { name: Some("Other".into()), monitor: Some(every(1)), ..ProjectPatch::default() };
    assert_eq!(paths(app.update_project(ctx, project, wrong).await), ["monitor.schedule.every"]);
    set(&pipeline, project, every(20)).await;
    assert_eq!(app.find_project(ctx, project).await.unwrap(), now);
}
