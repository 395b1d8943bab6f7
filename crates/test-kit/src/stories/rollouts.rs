//! Rollouts: one however often it is reported, found by each of its names, and watched.

use domain::alias::AliasRange;
use domain::change::{Change, ChangeSet, Guard};
use domain::monitor::{Rollback, Schedule, Watch, Watcher};
use domain::org::Project;
use domain::rollout::{Details, NewRollout, Report, Rollout, RolloutStatus, SAME_FOR, Source};
use domain::run::RunStatus;
use domain::session::{Progress, Purpose, Session, SessionStatus};
use domain::turn::Moment;
use domain::{EventId, Timestamp};
use ports::store::{PurposefulFilter, RolloutFilter};
use ports::time::SystemSources;
use ports::{IdSource, Refusal};
use uuid::Uuid;

use super::stage::{fresh, never, new_run, now, over, project, state, waiting};
use super::{Stage, Tenant};

/// A session in which a rollout is watched.
fn watching(of: &Tenant) -> Session {
    Session { purpose: Some(Purpose::DeployMonitor), ..of.new_session() }
}

fn rollout(of: &Tenant, session: &Session, details: Details) -> Rollout {
    let new = NewRollout {
        id: fresh(),
        alias: SystemSources.uuid_v4(),
        project: of.project.id,
        session: session.id,
        session_alias: session.alias,
    };
    let report = Report { status: RolloutStatus::Running, details, gives_metadata: true, extra: Default::default() };
    Rollout::begin(new, report, now())
}

fn from_run(run: &str, commit: Option<&str>) -> Details {
    Details { run_id: Some(run.into()), commit: commit.map(Into::into), ..Details::default() }
}

fn watch(rollout: &Rollout, at: Timestamp) -> (Watch, ChangeSet) {
    let mut ids = || fresh::<EventId>();
    let mut moment = Moment { now: at, ids: &mut ids };
    Watch::begin(rollout, Some(watcher()), &mut moment)
}

fn watcher() -> Watcher {
    Watcher { deployment: fresh(), schedule: Schedule::default(), rollback: Rollback::default() }
}

pub async fn reports_at_the_same_instant_are_one_rollout(stage: Stage) {
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    let session = ours.session().await;
    let racing = (0..16).map(|_| {
        let new = rollout(ours, &session, from_run("77", None));
        ours.store.commit(ChangeSet::of([Change::InsertRollout(new)]))
    });
    let ends = futures::future::join_all(racing).await;
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1);

    let first = ours.store.list_rollouts(RolloutFilter::default()).await.unwrap().remove(0);
    let insert =
        async |rollout: Rollout| ours.store.commit(ChangeSet::of([Change::InsertRollout(rollout)])).await.is_ok();
    let new = |details| rollout(ours, &session, details);
    assert!(!insert(new(from_run("77", Some("abc")))).await, "the other says no commit");
    assert!(insert(new(from_run("78", Some("abc")))).await);
    assert!(insert(new(from_run("78", Some("def")))).await, "another commit");
    assert!(!insert(new(from_run("78", Some("DEF")))).await);
    assert!(insert(new(Details::default())).await && insert(new(Details::default())).await, "without a source");
    let day_over = Rollout { created_at: first.created_at + SAME_FOR, ..new(from_run("77", None)) };
    assert!(insert(day_over.clone()).await, "its day is over");
    let session = theirs.session().await;
    theirs.commit([Change::InsertRollout(rollout(theirs, &session, from_run("77", None)))]).await;

    let source = |details| Source::of(&details).unwrap();
    let find = async |details, since| {
        ours.store.find_same_rollout(ours.project.id, &source(details), since).await.unwrap().map(|found| found.id)
    };
    assert_eq!(find(from_run("77", Some("x")), Timestamp::MIN).await, Some(day_over.id), "the newest");
    assert_eq!(find(from_run("77", None), day_over.created_at).await, None);
    assert_eq!(find(from_run("79", None), Timestamp::MIN).await, None);
    assert_eq!(
        ours.store.find_same_rollout(never(), &source(from_run("77", None)), Timestamp::MIN).await.unwrap(),
        None
    );
}

pub async fn a_rollout_is_found_by_each_of_its_names(stage: Stage) {
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    let session = ours.session().await;
    let stored = rollout(ours, &session, from_run("1", None));
    ours.commit([Change::InsertRollout(stored.clone())]).await;
    let range = |text: &str| AliasRange::beginning_with(text).unwrap();
    let text = stored.alias.to_string();
    assert_eq!(ours.store.find_rollout(stored.id).await.unwrap().as_ref(), Some(&stored));
    for chars in [8, 12, 36] {
        assert_eq!(ours.store.list_rollouts_named(range(&text[..chars])).await.unwrap(), std::slice::from_ref(&stored));
    }
    assert_eq!(theirs.store.list_rollouts_named(range(&text)).await.unwrap(), []);
    assert_eq!(theirs.store.find_rollout(stored.id).await.unwrap(), None);
    assert_eq!(theirs.store.list_rollouts(RolloutFilter::default()).await.unwrap(), []);

    // Twins, as far as the first eight characters tell.
    let twin_alias = Uuid::from_u128(stored.alias.as_u128() ^ 1);
    let twin = Rollout { alias: twin_alias, ..rollout(ours, &session, Details::default()) };
    ours.commit([Change::InsertRollout(twin.clone())]).await;
    assert_eq!(ours.store.list_rollouts_named(range(&text[..8])).await.unwrap().len(), 2);
    assert_eq!(ours.store.list_rollouts_named(range(&text)).await.unwrap(), std::slice::from_ref(&stored));

    let moved = Rollout { status: RolloutStatus::Success, ..stored.clone() };
    let guard = Guard::RolloutAt { rollout: stored.id, version: 0 };
    let put = || ChangeSet::of([Change::PutRollout(moved.clone())]).guarded(guard);
    ours.store.commit(put()).await.unwrap();
    assert_eq!(ours.refusal(put()).await, Refusal::Guard(guard));
    assert_eq!(theirs.refusal(ChangeSet::of([Change::PutRollout(moved.clone())])).await, Refusal::Missing);
    let list = async |filter: RolloutFilter| {
        let listed = ours.store.list_rollouts(filter.clone()).await.unwrap();
        let count = ours.store.count_rollouts(filter).await.unwrap();
        (count, listed.iter().map(|rollout| rollout.id).collect::<Vec<_>>())
    };
    let base = RolloutFilter::default;
    assert_eq!(list(RolloutFilter { limit: Some(1), ..base() }).await, (2, vec![twin.id]));
    let succeeded = RolloutFilter { status: Some(RolloutStatus::Success), ..base() };
    assert_eq!(list(succeeded).await, (1, vec![stored.id]));
    assert_eq!(list(RolloutFilter { created_from: Some(twin.created_at), ..base() }).await, (1, vec![twin.id]));
    assert_eq!(list(RolloutFilter { project: Some(never()), ..base() }).await, (0, vec![]));
    let foreign = Rollout { id: fresh(), alias: never(), project: theirs.project.id, ..stored };
    assert_eq!(ours.refusal(ChangeSet::of([Change::InsertRollout(foreign)])).await, Refusal::Missing);
}

pub async fn a_repository_is_of_one_project(stage: Stage) {
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    let named = |repository: &str| Project { repository: Some(repository.parse().unwrap()), ..project("p") };
    let first = named("acme/shop");
    let number = ours.commit([Change::InsertProject(first.clone())]).await.numbers[0];
    theirs.commit([Change::InsertProject(named("acme/shop"))]).await;
    let again = ChangeSet::of([Change::InsertProject(named("ACME/Shop"))]);
    assert_eq!(ours.refusal(again).await, Refusal::Exists, "case makes no difference");
    let find = async |repository: &str| {
        ours.store.find_project_of(&repository.parse().unwrap()).await.unwrap().map(|project| project.id)
    };
    assert_eq!((find("Acme/SHOP").await, find("acme/api").await), (Some(first.id), None));
    let other = named("acme/api");
    ours.commit([Change::InsertProject(other.clone())]).await;
    let taking = Project { repository: first.repository.clone(), ..other.clone() };
    assert_eq!(ours.refusal(ChangeSet::of([Change::PutProject(taking.clone())])).await, Refusal::Exists);
    let bare = Project { repository: None, number, name: "renamed".into(), ..first.clone() };
    ours.commit([Change::PutProject(bare.clone()), Change::PutProject(taking)]).await;
    assert_eq!(find("acme/shop").await, Some(other.id));
    assert_eq!(ours.store.find_project(first.id).await.unwrap(), Some(bare.clone()));
    assert_eq!(theirs.refusal(ChangeSet::of([Change::PutProject(bare)])).await, Refusal::Missing);
}

pub async fn what_is_due_is_known_of_all_and_survives(stage: Stage) {
    let (mut sessions, mut due) = (Vec::new(), Vec::new());
    let mut timers = stage.feed.watch_timers();
    timers.mark_unchanged();
    for (tenant, second) in [(&stage.ours, 300), (&stage.theirs, 100), (&stage.ours, 200)] {
        let session = watching(tenant);
        let rollout = rollout(tenant, &session, Details::default());
        let (watch, begins) = watch(&rollout, Timestamp::from_second(1_900_000_000 + second).unwrap());
        let made = ChangeSet::of([Change::InsertSession(session.clone()), Change::InsertRollout(rollout)]);
        tenant.store.commit(made.and(begins)).await.unwrap();
        due.push(watch.next().unwrap().at());
        sessions.push((tenant.org, session.id, watch));
    }
    assert!(timers.has_changed().unwrap(), "whoever sleeps is told");
    let next = stage.store.next_watches(Timestamp::MAX, &[], 10).await.unwrap();
    let listed: Vec<_> = next.iter().map(|watch| (watch.org, watch.session, watch.due)).collect();
    let expected = [1, 2, 0].map(|n: usize| (sessions[n].0, sessions[n].1, due[n]));
    assert_eq!(listed, expected);
    assert_eq!(stage.store.next_watches(Timestamp::MAX, &[], 1).await.unwrap().len(), 1);

    let stage = stage.reopen().await;
    let (_, id, watch) = &sessions[0];
    assert_eq!(stage.ours.store.find_watch(*id).await.unwrap().as_ref(), Some(watch));
    assert_eq!(stage.theirs.store.find_watch(*id).await.unwrap(), None);
    let of = || vec![*id, fresh::<domain::SessionId>()];
    assert_eq!(stage.ours.store.list_watches(of()).await.unwrap(), std::slice::from_ref(watch));
    assert_eq!(stage.theirs.store.list_watches(of()).await.unwrap(), []);
    assert_eq!(stage.ours.store.list_watches(Vec::new()).await.unwrap(), []);
    let stop = || {
        let mut ids = || fresh::<EventId>();
        watch.clone().cancelled("stopped", &mut Moment { now: now(), ids: &mut ids })
    };
    assert!(matches!(stage.theirs.refusal(stop()).await, Refusal::Guard(Guard::WatchAt { .. })));
    stage.ours.store.commit(stop()).await.unwrap();
    assert!(matches!(stage.ours.refusal(stop()).await, Refusal::Guard(Guard::WatchAt { .. })), "it has moved on");
    assert_eq!(stage.store.next_watches(Timestamp::MAX, &[], 10).await.unwrap().len(), 2);
    stage.ours.commit([Change::DeleteSession { session: sessions[2].1, at: now() }]).await;
    assert_eq!(stage.store.next_watches(Timestamp::MAX, &[], 10).await.unwrap().len(), 1, "gone with its session");
}

pub async fn those_of_an_organization_can_be_passed_over(stage: Stage) {
    for (tenant, seconds) in [(&stage.ours, [0, 1, 2].as_slice()), (&stage.theirs, &[3])] {
        for second in seconds {
            let session = watching(tenant);
            let rollout = rollout(tenant, &session, Details::default());
            let (_, begins) = watch(&rollout, Timestamp::from_second(1_900_000_000 + second).unwrap());
            let made = ChangeSet::of([Change::InsertSession(session), Change::InsertRollout(rollout)]);
            tenant.store.commit(made.and(begins)).await.unwrap();
        }
    }
    let (ours, theirs) = (stage.ours.org, stage.theirs.org);
    let next = async |limit, passed_over: &[_]| {
        let next = stage.store.next_watches(Timestamp::MAX, passed_over, limit).await.unwrap();
        next.iter().map(|watch| watch.org).collect::<Vec<_>>()
    };
    assert_eq!(next(3, &[]).await, [ours; 3]);
    assert_eq!(next(3, &[ours]).await, [theirs]);
    assert_eq!(next(10, &[theirs]).await, [ours; 3]);
    assert_eq!(next(10, &[ours, theirs]).await, []);

    let all = stage.store.next_watches(Timestamp::MAX, &[], 10).await.unwrap();
    let by = async |now, passed_over: &[_]| stage.store.next_watches(now, passed_over, 10).await.unwrap();
    assert_eq!(by(now(), &[]).await, all[..1], "the next that is due later");
    assert_eq!(by(all[1].due, &[]).await, all[..3]);
    assert_eq!(by(all[1].due, &[ours]).await, all[2..3], "whosever is due later");
    assert_eq!(by(all[3].due, &[ours]).await, all[3..]);
}

pub async fn nothing_is_watched_in_an_archived_session(stage: Stage) {
    let ours = &stage.ours;
    let session = watching(ours);
    let mut rollout = rollout(ours, &session, Details::default());
    let (watch, begins) = watch(&rollout, now());
    let made = ChangeSet::of([Change::InsertSession(session.clone()), Change::InsertRollout(rollout.clone())]);
    ours.store.commit(made.and(begins)).await.unwrap();
    let archive = || ChangeSet::of([Change::ArchiveSession { session: session.id, at: now() }]);
    assert_eq!(ours.refusal(archive()).await, Refusal::SessionBusy);

    let mut ids = || fresh::<EventId>();
    rollout.status = RolloutStatus::Success;
    ours.store.commit(watch.reported(&rollout, None, &mut Moment { now: now(), ids: &mut ids })).await.unwrap();
    let watch = ours.store.find_watch(session.id).await.unwrap().unwrap();
    ours.store.commit(watch.completed(&mut Moment { now: now(), ids: &mut ids })).await.unwrap();
    ours.store.commit(archive()).await.unwrap();
    rollout.status = RolloutStatus::Running;
    let watch = ours.store.find_watch(session.id).await.unwrap().unwrap();
    let again = watch.reported(&rollout, Some(watcher()), &mut Moment { now: now(), ids: &mut ids });
    assert_eq!(ours.refusal(again).await, Refusal::Missing);
    assert_eq!(stage.store.next_watches(Timestamp::MAX, &[], 10).await.unwrap(), []);
}

pub async fn a_session_with_a_purpose_shows_where_it_stands(stage: Stage) {
    let (ours, fence) = (&stage.ours, stage.fence);
    let general = || Session { purpose: Some(Purpose::General), ..ours.new_session() };
    let progress = async |session: &Session| {
        let range = AliasRange { first: session.alias, last: session.alias };
        ours.store.list_sessions_named(range).await.unwrap().first().map(|found| found.progress)
    };
    let session = general();
    ours.commit([Change::InsertSession(session.clone())]).await;
    assert_eq!(progress(&session).await, Some(Progress::Created));
    let queued = new_run(&session);
    ours.commit([Change::InsertRun(queued.clone())]).await;
    assert_eq!(progress(&session).await, Some(Progress::Created));
    let running = super::stage::claimed(queued, fence);
    let with_state =
        |status, run| Change::Append { session: session.id, events: vec![], state: Some(state(status, run)) };
    let at_work = with_state(SessionStatus::Running, Some(running.id));
    ours.commit([Change::PutRun(running.clone()), at_work.clone()]).await;
    assert_eq!(progress(&session).await, Some(Progress::AgentRunning));
    let in_tool = domain::run::Run { in_flight: vec![fresh()], ..running.clone() };
    ours.commit([Change::PutRun(in_tool)]).await;
    assert_eq!(progress(&session).await, Some(Progress::ToolExecuting));
    ours.commit([with_state(SessionStatus::Idle, Some(running.id)), Change::PutRun(waiting(running.clone()))]).await;
    assert_eq!(progress(&session).await, Some(Progress::WaitsForSomeone));
    for (status, expected) in [
        (RunStatus::Completed, Progress::Completed),
        (RunStatus::Failed, Progress::Failed),
        (RunStatus::Cancelled, Progress::Cancelled),
    ] {
        let ended = domain::run::Run { status, ..over(running.clone()) };
        ours.commit([with_state(SessionStatus::Idle, None), Change::PutRun(ended)]).await;
        assert_eq!(progress(&session).await, Some(expected));
    }

    let watched = watching(ours);
    let rollout = rollout(ours, &watched, Details::default());
    let (watch, begins) = watch(&rollout, now());
    let made = ChangeSet::of([Change::InsertSession(watched.clone()), Change::InsertRollout(rollout)]);
    ours.store.commit(made.and(begins)).await.unwrap();
    assert_eq!(progress(&watched).await, Some(Progress::AgentRunning), "it waits for the time of its next look");
    let ended = watch.completed(&mut Moment { now: now(), ids: &mut || fresh::<EventId>() });
    ours.store.commit(ended).await.unwrap();
    assert_eq!(progress(&watched).await, Some(Progress::Completed));

    ours.session().await;
    let list = async |filter: PurposefulFilter| {
        let listed = ours.store.list_purposeful(filter.clone()).await.unwrap();
        let count = ours.store.count_purposeful(filter).await.unwrap();
        (count, listed.iter().map(|found| found.session.id).collect::<Vec<_>>())
    };
    let base = PurposefulFilter::default;
    assert_eq!(list(PurposefulFilter { limit: Some(1), ..base() }).await, (2, vec![watched.id]), "newest first");
    let monitors = PurposefulFilter { purpose: Some(Purpose::DeployMonitor), ..base() };
    assert_eq!(list(monitors).await, (1, vec![watched.id]));
    let cancelled = PurposefulFilter { progress: vec![Progress::Cancelled], ..base() };
    assert_eq!(list(cancelled).await, (1, vec![session.id]));
    let active = PurposefulFilter { progress: Progress::ACTIVE.to_vec(), ..base() };
    assert_eq!(list(active).await, (0, vec![]));
    let later = PurposefulFilter { created_from: Some(watched.created_at), ..base() };
    assert_eq!(list(later).await, (1, vec![watched.id]));
    assert_eq!(list(PurposefulFilter { project: Some(never()), ..base() }).await, (0, vec![]));
    assert_eq!(stage.theirs.store.list_purposeful(base()).await.unwrap(), []);
}
