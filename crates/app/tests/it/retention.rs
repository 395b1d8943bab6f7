//! Rules of how long things are kept, by a clock that the test moves.

use std::sync::Arc;
use std::time::Duration;

use app::{AuditFilter, Error, Operator, ReportRollout};
use domain::audit::{Action, Actor, AuditEntry};
use domain::monitor::{Samples, SourceDigest};
use domain::retention::Retention;
use domain::rollout::{Details, Report, RolloutStatus};
use domain::{Change, ChangeSet, SessionId, Timestamp};
use ports::feed::FeedItem;
use test_kit::TestHouse;
use test_kit::sources::StoppedClock;

use crate::desk::{Desk, adder, message, native, result, within};

const DAY: Duration = Duration::from_secs(86_400);

async fn at_a_stopped_clock() -> (Desk, Arc<StoppedClock>) {
    let clock = Arc::new(StoppedClock::default());
    let desk = Desk::at(TestHouse::new().clock(Arc::clone(&clock) as Arc<dyn ports::Clock>)).await;
    (desk, clock)
}

fn sessions_for(age: &str) -> Retention {
    Retention { sessions: Some(age.parse().expect("an age")), ..Retention::default() }
}

async fn let_go(desk: &Desk, rules: Retention) -> Option<Timestamp> {
    desk.app().let_go(&Operator::of_this_installation(), rules).await.expect("the store answers")
}

async fn is_there(desk: &Desk, session: SessionId) -> bool {
    match desk.app().find_session(&desk.ctx, session).await {
        Ok(_) => true,
        Err(Error::NotFound(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

async fn expired(desk: &Desk) -> Vec<AuditEntry> {
    let filter = AuditFilter { actions: vec![Action::SessionExpired], ..AuditFilter::default() };
    desk.app().list_audit(&desk.ctx, filter).await.expect("the audit log")
}

#[tokio::test]
async fn a_session_is_deleted_when_nothing_was_said_in_it_for_so_long() {
    let (desk, clock) = at_a_stopped_clock().await;
    let agent = desk.agent().await.id;
    let session = desk.session(agent).await.id;
    clock.advance(DAY);
    desk.send(session, vec![message("hello")]).await;
    let said_at = desk.at_rest(session).await.state.updated_at;
    let mut stream = desk.house.feed().subscribe(session);
    let over_at = said_at + 90 * DAY;

    clock.advance(90 * DAY);
    assert_eq!(let_go(&desk, Retention::default()).await, None, "no rule, no end");
    assert_eq!(let_go(&desk, sessions_for("90d")).await, Some(over_at));
    assert!(is_there(&desk, session).await);

    clock.advance(Duration::from_secs(1));
    let_go(&desk, sessions_for("90d")).await;
    assert!(!is_there(&desk, session).await);
    assert!(matches!(within(stream.next()).await, Ok(FeedItem::Deleted { .. })), "whoever follows it is told");
    let log = desk.app().list_events(&desk.ctx, session, Default::default()).await;
    assert!(matches!(log, Err(Error::NotFound(_))), "{log:?}");
    let [entry] = &expired(&desk).await[..] else { panic!("one entry") };
    assert_eq!((entry.actor, entry.act.subject.clone()), (Actor::System, session.to_string()));
    assert_eq!(entry.act.details["kept_for"], "90d");
    assert_eq!(entry.act.details["last_event_at"], said_at.to_string());
}

#[tokio::test]
async fn what_goes_on_or_waits_for_somebody_is_kept() {
    let (desk, clock) = at_a_stopped_clock().await;
    let agent = desk.agent_with(adder()).await.id;
    let (rests, waits) = (desk.session(agent).await.id, desk.session(agent).await.id);
    desk.send(waits, vec![message("call add {\"a\": 1}")]).await;
    let (_, calls) = desk.waiting(waits).await;
    let details = Details { request: "Deploy 2.5.1".into(), ..Details::default() };
    let report = Report { status: RolloutStatus::Running, details, gives_metadata: false, extra: Default::default() };
    let report = ReportRollout { repository: None, report };
    let watched = desk.app().report_rollout(&desk.ctx, report).await.expect("taken").rollout.session;

    clock.advance(100 * DAY);
    let_go(&desk, sessions_for("90d")).await;
    assert!(!is_there(&desk, rests).await);
    assert!(is_there(&desk, waits).await && is_there(&desk, watched).await);

    desk.send(waits, vec![result(calls[0], "1")]).await;
    let answered_at = desk.at_rest(waits).await.state.updated_at;
    assert_eq!(let_go(&desk, sessions_for("90d")).await, Some(answered_at + 90 * DAY), "it counts from now");
    assert!(is_there(&desk, waits).await);
}

#[tokio::test]
async fn however_many_there_are_they_go_and_each_is_written_down() {
    let (mut desk, clock) = at_a_stopped_clock().await;
    let agent = desk.agent().await.id;
    let theirs = desk.house.other_org().await;
    let theirs = desk.house.app().authenticate(theirs.key()).await.expect("the other owner");
    let project = desk.app().list_projects(&theirs).await.expect("projects")[0].id;
    let their_agent = desk.app().create_agent(&theirs, project, crate::desk::spec(), vec![]).await.expect("an agent");
    let their_session = desk.app().create_session(&theirs, native(their_agent.id)).await.expect("a session").id;
    for _ in 0..300 {
        desk.session(agent).await;
    }
    clock.advance(2 * DAY);
    // A caller keeps the time at which they came.
    desk.ctx = desk.house.owner_ctx().await;
    let young = desk.session(agent).await;
    let next = let_go(&desk, sessions_for("1d")).await;

    assert_eq!(next, Some(young.created_at + DAY));
    let left = desk.app().list_sessions(&desk.ctx, Default::default()).await.expect("sessions");
    assert_eq!(left.iter().map(|session| session.id).collect::<Vec<_>>(), [young.id]);
    assert_eq!(expired(&desk).await.len(), 300);
    let found = desk.app().find_session(&theirs, their_session).await;
    assert!(matches!(found, Err(Error::NotFound(_))), "the rule is the installation's: {found:?}");
}

/// The task that the server runs, at a start after a long time.
#[tokio::test]
async fn what_was_over_while_no_server_ran_goes_at_the_start() {
    let (mut desk, clock) = at_a_stopped_clock().await;
    let agent = desk.agent().await.id;
    let session = desk.session(agent).await.id;
    clock.advance(91 * DAY);
    desk.house.restart().await;
    let app = desk.app().clone();
    let task = tokio::spawn(async move {
        app.run_retention(&Operator::of_this_installation(), sessions_for("90d"), std::future::pending()).await;
    });
    within(async {
        while is_there(&desk, session).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    task.abort();

    let operator = Operator::of_this_installation();
    within(desk.app().run_retention(&operator, sessions_for("90d"), async {})).await;
}

#[tokio::test]
async fn samples_go_when_their_rule_says_so_though_nobody_samples_any_more() {
    let (desk, clock) = at_a_stopped_clock().await;
    let (store, source) = (desk.house.store().of(desk.ctx.org), SourceDigest([1; 32]));
    let keep = async || {
        let values = [(source, 0.5)].into_iter().collect();
        let samples = Samples { at: desk.app().now(), values };
        store.commit(ChangeSet::of([Change::KeepSamples(samples)])).await.expect("kept");
    };
    let rules = Retention { samples: Some("2d".parse().expect("an age")), ..Retention::default() };
    let count = async || {
        let all = Timestamp::MIN..Timestamp::MAX;
        store.list_samples(source, all).await.expect("samples").len()
    };
    let first = desk.app().now();
    keep().await;
    clock.advance(DAY);
    keep().await;
    assert_eq!((let_go(&desk, rules).await, count().await), (Some(first + 2 * DAY), 2));
    clock.advance(DAY + Duration::from_secs(1));
    assert_eq!((let_go(&desk, rules).await, count().await), (Some(first + 3 * DAY), 1));
    clock.advance(DAY);
    let now = desk.app().now();
    assert_eq!((let_go(&desk, rules).await, count().await), (Some(now + 2 * DAY), 0));
}
