//! Rollouts, from their first report to the end of their watch, by a clock that the test moves.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use app::{Error, ProjectPatch, ReportRollout, ReportedRollout};
use domain::monitor::{Finding, WatchEnd, WatchState};
use domain::org::RolloutSettings;
use domain::rollout::{Details, Report, RolloutStatus};
use domain::{SessionId, Timestamp};
use test_kit::TestHouse;
use test_kit::sources::{FailingIds, StoppedClock};

use crate::desk::{Desk, assert_gapless, interrupt, paths, within};

pub(crate) struct Pipeline {
    pub(crate) desk: Desk,
    clock: Arc<StoppedClock>,
    began: Timestamp,
}

impl Pipeline {
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(StoppedClock::default());
        let desk = Desk::at(TestHouse::new().clock(clock.clone())).await;
        let began = desk.house.now();
        Self { desk, clock, began }
    }

    pub(crate) async fn try_report(
        &self,
        status: RolloutStatus,
        details: Details,
        repository: Option<&str>,
    ) -> Result<ReportedRollout, Error> {
        let repository = repository.map(|name| name.parse().expect("a repository"));
        let report = Report { status, details, gives_metadata: false, extra: Default::default() };
        let ctx = self.desk.house.owner_ctx().await;
        self.desk.app().report_rollout(&ctx, ReportRollout { repository, report }).await
    }

    pub(crate) async fn report(&self, status: RolloutStatus, run: &str) -> ReportedRollout {
        self.try_report(status, from_run(run), None).await.expect("taken")
    }

    /// Moves the clock to so many seconds after the beginning, and wakes who sleeps.
    pub(crate) fn at(&self, second: u64) {
        let now = self.desk.house.now().duration_since(self.began);
        let now = Duration::try_from(now).expect("a time after the beginning");
        let by = Duration::from_secs(second).checked_sub(now).expect("time goes forward");
        self.clock.advance(by);
        self.desk.house.feed().timer_is_set();
    }

    /// When the checks in a session were, in seconds after the beginning.
    pub(crate) async fn checks(&self, session: SessionId) -> Vec<i64> {
        let log = self.desk.log(session).await;
        let checks = log.iter().filter(|event| event.body.name() == "monitor.update");
        checks.map(|event| event.at.duration_since(self.began).as_secs()).collect()
    }

    /// Waits until there are so many checks.
    pub(crate) async fn checked(&self, session: SessionId, times: usize) -> Vec<i64> {
        let waits = async {
            loop {
                let checks = self.checks(session).await;
                if checks.len() >= times {
                    return checks;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        within(waits).await
    }

    /// How the watch of a session ended, and when, in seconds after the beginning.
    pub(crate) async fn ended(&self, session: SessionId) -> (WatchEnd, i64) {
        let waits = async {
            loop {
                let watch = self.desk.app().find_watch(&self.desk.ctx, session).await.expect("found");
                let watch = watch.expect("a watch");
                if let WatchState::Ended { end, at } = watch.state {
                    return (end, at.duration_since(self.began).as_secs());
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        within(waits).await
    }
}

pub(crate) fn from_run(run: &str) -> Details {
    Details { request: "Deploy 2.5.1".into(), run_id: Some(run.into()), ..Details::default() }
}

/// Cases 17 and 18.
#[tokio::test]
async fn a_rollout_is_watched_at_growing_gaps_and_through_its_cool_down() {
    let pipeline = Pipeline::new().await;
    let session = pipeline.report(RolloutStatus::Running, "77").await.rollout.session;
    for (n, second) in (1..).zip([10, 40, 100, 400, 700]) {
        pipeline.at(second - 1);
        pipeline.at(second);
        pipeline.checked(session, n).await;
    }
    pipeline.at(800);
    let again = pipeline.report(RolloutStatus::Success, "77").await.rollout;
    assert_eq!((again.session, again.history.len()), (session, 2));
    for (n, second) in (6..).zip([830, 890, 1190, 1490]) {
        pipeline.at(second);
        pipeline.checked(session, n).await;
    }
    pipeline.at(1700);
    assert_eq!(pipeline.ended(session).await, (WatchEnd::Completed { finding: Finding::NotVerified }, 1700));
    assert_eq!(pipeline.checks(session).await, [10, 40, 100, 400, 700, 830, 890, 1190, 1490]);
    assert_gapless(&pipeline.desk.log(session).await);

    // It runs again: another round in the same session.
    pipeline.at(2000);
    pipeline.report(RolloutStatus::Running, "77").await;
    pipeline.at(2010);
    assert_eq!(pipeline.checked(session, 10).await[9], 2010);
}

/// Case 18, second part.
#[tokio::test]
async fn one_that_is_over_when_it_is_first_heard_of_is_watched_too() {
    let pipeline = Pipeline::new().await;
    let session = pipeline.report(RolloutStatus::Failure, "77").await.rollout.session;
    for (n, second) in (1..).zip([10, 40, 100, 400, 700]) {
        pipeline.at(second);
        pipeline.checked(session, n).await;
    }
    pipeline.at(900);
    assert_eq!(pipeline.ended(session).await, (WatchEnd::Completed { finding: Finding::DeploymentFailed }, 900));
}

/// Case 23.
#[tokio::test]
async fn a_server_that_was_down_makes_up_for_what_it_missed_once() {
    let mut pipeline = Pipeline::new().await;
    let session = pipeline.report(RolloutStatus::Running, "77").await.rollout.session;
    for (n, second) in [(1, 10), (2, 40)] {
        pipeline.at(second);
        pipeline.checked(session, n).await;
    }
    pipeline.at(50);
    pipeline.clock.advance(Duration::from_secs(340));
    pipeline.desk.house.restart().await;
    assert_eq!(pipeline.checked(session, 3).await, [10, 40, 390]);
    pipeline.at(690);
    assert_eq!(pipeline.checked(session, 4).await, [10, 40, 390, 690]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_rollouts_at_once_are_a_thousand_and_one_reported_at_once_is_one() {
    let pipeline = Arc::new(Pipeline::new().await);
    let report = |run: String| {
        let pipeline = Arc::clone(&pipeline);
        tokio::spawn(async move { pipeline.report(RolloutStatus::Running, &run).await.rollout })
    };
    let many = futures::future::join_all((0..1_000).map(|n| report(n.to_string()))).await;
    let many: Vec<_> = many.into_iter().map(Result::unwrap).collect();
    let sessions: HashSet<_> = many.iter().map(|rollout| rollout.session).collect();
    let (count, _) = pipeline.desk.app().list_rollouts(&pipeline.desk.ctx, Default::default()).await.unwrap();
    assert_eq!((sessions.len(), count), (1_000, 1_000));

    let same = futures::future::join_all((0..16).map(|_| report("same".to_owned()))).await;
    let same: HashSet<_> = same.into_iter().map(|rollout| rollout.unwrap().session).collect();
    assert_eq!(same.len(), 1);
    let investigators = pipeline.desk.app().list_agents(&pipeline.desk.ctx, Default::default()).await.unwrap();
    assert_eq!(investigators.iter().filter(|agent| agent.spec.name == "investigator").count(), 1);
}

/// Neither the look nor the end of its watch can be told of, and then both can.
#[tokio::test]
async fn a_look_that_cannot_even_be_given_up_is_made_again() {
    let ids = Arc::new(FailingIds::default());
    let clock = Arc::new(StoppedClock::default());
    let desk = Desk::at(TestHouse::new().clock(clock.clone()).ids(ids.clone())).await;
    let pipeline = Pipeline { began: desk.house.now(), desk, clock };
    let session = pipeline.report(RolloutStatus::Running, "77").await.rollout.session;
    ids.fail_next(2);
    pipeline.at(10);
    assert_eq!(pipeline.checked(session, 1).await, [10]);
}

#[tokio::test]
async fn whoever_stops_a_session_stops_its_watch() {
    let pipeline = Pipeline::new().await;
    let desk = &pipeline.desk;
    let stopped = pipeline.report(RolloutStatus::Running, "1").await.rollout.session;
    desk.send(stopped, vec![interrupt()]).await;
    assert_eq!(pipeline.ended(stopped).await.0, WatchEnd::Cancelled);
    assert_eq!(desk.names(stopped).await, ["rollout.reported", "monitor.ended", "user.interrupt"]);

    let archived = pipeline.report(RolloutStatus::Running, "2").await.rollout;
    desk.app().archive_session(&desk.ctx, archived.session).await.unwrap();
    assert_eq!(pipeline.ended(archived.session).await.0, WatchEnd::Cancelled);
    let again = pipeline.report(RolloutStatus::Success, "2").await.rollout;
    assert_eq!((again.id, again.status), (archived.id, RolloutStatus::Success), "it is taken, and told nowhere");
    assert_eq!(desk.names(archived.session).await, ["rollout.reported", "monitor.ended"]);

    let deleted = pipeline.report(RolloutStatus::Running, "3").await.rollout.session;
    desk.app().delete_session(&desk.ctx, deleted).await.unwrap();
    pipeline.report(RolloutStatus::Success, "3").await;
}

#[tokio::test]
async fn a_report_leads_to_its_project() {
    let pipeline = Pipeline::new().await;
    let (app, ctx) = (pipeline.desk.app(), &pipeline.desk.ctx);
    let report = async |name| pipeline.try_report(RolloutStatus::Running, Details::default(), name).await;
    assert_eq!(report(None).await.unwrap().project.id, pipeline.desk.project, "there is one only");
    let patch = ProjectPatch { repository: Some(Some("acme/shop".parse().unwrap())), ..ProjectPatch::default() };
    app.update_project(ctx, pipeline.desk.project, patch).await.unwrap();
    let second = app.create_project(ctx, "Api".into(), Some("acme/api".parse().unwrap())).await.unwrap();
    assert_eq!(report(Some("ACME/Api")).await.unwrap().project.id, second.id);
    assert_eq!(paths(report(None).await), ["repository"]);
    assert_eq!(paths(report(Some("acme/none")).await), ["repository"]);
    let taken = app.create_project(ctx, "Again".into(), Some("Acme/Api".parse().unwrap())).await;
    assert!(matches!(taken, Err(Error::Conflict(_))), "{taken:?}");

    app.set_rollout_settings(ctx, RolloutSettings { make_projects: true }).await.unwrap();
    let made = report(Some("acme/none")).await.unwrap().project;
    assert_eq!((made.name.as_str(), report(Some("ACME/none")).await.unwrap().project.id), ("acme/none", made.id));
}
