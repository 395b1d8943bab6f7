use super::*;
use crate::id::EventId;
use crate::monitor::Policy;
use crate::rollout::{Details, NewRollout, Report};
use proptest::prelude::*;
use uuid::Uuid;

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn at<T>(second: i64, decide: impl FnOnce(&mut Moment<'_>) -> T) -> T {
    decide(&mut Moment { now: time(second), ids: &mut || EventId(Uuid::nil()) })
}

/// A rollout of which little is said.
pub(crate) fn rollout(status: RolloutStatus) -> Rollout {
    let new = NewRollout {
        id: RolloutId(Uuid::nil()),
        alias: Uuid::nil(),
        project: ProjectId(Uuid::nil()),
        session: SessionId(Uuid::nil()),
        session_alias: Uuid::nil(),
    };
    let details = Details { request: "Deploy".into(), ..Details::default() };
    Rollout::begin(new, Report { status, details, gives_metadata: false, extra: Default::default() }, time(0))
}

fn begun(status: RolloutStatus) -> Watch {
    at(0, |at| Watch::begin(&rollout(status), by(Schedule::default()), at).0)
}

fn by(schedule: Schedule) -> Option<Watcher> {
    Some(Watcher { deployment: DeploymentId(Uuid::nil()), schedule, rollback: Rollback::default() })
}

fn seen(level: Level) -> Seen {
    let evidence = Evidence { signal: "latency".into(), level, current: None, baseline: None, detail: None };
    Seen { evidence: vec![evidence], note: None }
}

/// What a change set makes of a watch, and the events it tells.
fn after(changes: ChangeSet) -> (Option<Watch>, Vec<EventBody>) {
    let (mut watch, mut told) = (None, Vec::new());
    for change in changes.changes {
        match change {
            Change::PutWatch(next) => watch = Some(next),
            Change::Append { events, .. } => told.extend(events.into_iter().map(|event| event.body)),
            other => panic!("{other:?}"),
        }
    }
    (watch, told)
}

fn check(watch: Watch, level: Level) -> (Watch, Calls) {
    let Some(Next::Check(due)) = watch.next() else { panic!("no check is due") };
    let second = due.as_second() - 1_800_000_000;
    let calls = watch.calls(&seen(level));
    let checked = at(second, |at| watch.checked(due, seen(level), FollowUp::default(), at));
    (after(checked).0.unwrap(), calls)
}

fn finding(watch: Watch) -> Finding {
    match after(at(2_000, |at| watch.completed(at))).0.unwrap().state {
        WatchState::Ended { end: WatchEnd::Completed { finding }, .. } => finding,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_ends_as_its_last_check_was() {
    for (level, expected) in [
        (Level::None, Finding::Healthy),
        (Level::NoData, Finding::NotVerified),
        (Level::Unknown, Finding::NotVerified),
        (Level::Medium, Finding::AnomaliesRemain),
        (Level::Critical, Finding::AnomaliesRemain),
    ] {
        let (watch, _) = check(begun(RolloutStatus::Success), level);
        assert_eq!(finding(watch), expected, "{level:?}");
    }
    let (failed, _) = check(begun(RolloutStatus::Failure), Level::None);
    assert_eq!(finding(failed.clone()), Finding::DeploymentFailed);
    let called_for = Watch { rollback: Rollback { is_called_for: true, ..failed.rollback }, ..failed.clone() };
    assert_eq!(finding(called_for), Finding::DeploymentFailed, "called for is not done");
    assert_eq!(finding(failed.taken_back()), Finding::Healthy);
    assert_eq!(finding(begun(RolloutStatus::Success)), Finding::NotVerified, "nobody looked");
}

#[test]
fn a_rise_is_told_once() {
    let mut watch = begun(RolloutStatus::Running);
    let mut rises = Vec::new();
    use Level::{Critical, High, Medium, NoData, None, Unknown};
    for level in [None, Unknown, Medium, Medium, Critical, High, High, NoData, High] {
        let (next, calls) = check(watch, level);
        watch = next;
        rises.push(calls.explanation);
    }
    assert_eq!(rises, [false, false, true, false, true, false, false, false, true]);
}

#[test]
fn a_rise_that_nobody_could_explain_is_owed_while_it_lasts() {
    let mut watch = begun(RolloutStatus::Running);
    let mut asked = Vec::new();
    for (level, is_busy) in [
        (Level::Critical, true),
        (Level::High, true),
        (Level::High, false),
        (Level::High, false),
        (Level::Critical, true),
        (Level::None, false),
        (Level::None, false),
    ] {
        let Some(Next::Check(due)) = watch.next() else { panic!("no check is due") };
        let calls = watch.calls(&seen(level));
        asked.push(calls.explanation);
        let follow_up = FollowUp { owes_explanation: calls.explanation && is_busy, ..FollowUp::default() };
        let second = due.as_second() - 1_800_000_000;
        watch = after(at(second, |at| watch.checked(due, seen(level), follow_up, at))).0.unwrap();
    }
    assert_eq!(asked, [true, true, true, false, true, false, false]);
}

#[test]
fn a_rollback_is_called_for_as_the_policy_says() {
    let rollback = Rollback { policy: Policy::Propose, ..Rollback::default() };
    let mut watch = Watch { rollback, ..begun(RolloutStatus::Running) };
    let mut called = Vec::new();
    for _ in 0..4 {
        let (next, calls) = check(watch, Level::Critical);
        watch = next;
        called.push(calls.rollback);
    }
    assert_eq!(called, [false, true, false, false]);
    let (_, calls) = check(check(watch.of_another_commit(), Level::Critical).0, Level::Critical);
    assert!(calls.rollback, "another commit is another matter");
}

#[test]
fn the_policy_that_counts_is_the_one_set_now() {
    let (watch, _) = check(begun(RolloutStatus::Running), Level::Critical);
    let spec = |policy| RollbackSpec { policy, ..RollbackSpec::default() };
    let calls = |policy| watch.clone().under(&spec(policy)).calls(&seen(Level::Critical)).rollback;
    assert!(calls(Policy::Automatic) && !calls(Policy::Off));
}

#[test]
fn one_that_runs_again_is_watched_anew() {
    let (watch, _) = check(begun(RolloutStatus::Success), Level::Critical);
    let ended = after(at(900, |at| watch.completed(at))).0.unwrap();
    assert_eq!(ended.next(), None);
    let again = rollout(RolloutStatus::Running);
    let other = by(Schedule { gaps: vec![20], ..Schedule::default() });
    assert!(ended.begins_anew(&again));
    let (watch, told) = after(at(2_000, |at| ended.clone().reported(&again, other, at)));
    let watch = watch.unwrap();
    assert_eq!(watch.next(), Some(Next::Check(time(2_020))), "as the monitor is set by then");
    assert_eq!((watch.level, watch.checks, watch.began_at), (Level::None, 1, time(2_000)));
    assert_eq!(told[0].name(), "rollout.reported");
    let (unwatched, told) = after(at(2_000, |at| ended.reported(&again, None, at)));
    assert_eq!((unwatched.unwrap().next(), told.len()), (None, 2));
}

#[test]
fn one_that_nobody_watches_says_so_and_is_over() {
    let (watch, changes) = at(0, |at| Watch::begin(&rollout(RolloutStatus::Running), None, at));
    let ended = WatchState::Ended { end: WatchEnd::Cancelled, at: time(0) };
    assert_eq!((watch.next(), watch.state), (None, ended));
    let told = changes.changes.iter().find_map(|change| match change {
        Change::Append { events, .. } => Some(events.iter().map(|event| event.body.name()).collect::<Vec<_>>()),
        _ => None,
    });
    assert_eq!(told.unwrap(), ["rollout.reported", "monitor.ended"]);
    let (still, _) = after(at(9, |at| watch.clone().reported(&rollout(RolloutStatus::Success), None, at)));
    assert_eq!(still.unwrap().state, ended);
    assert!(at(9, |at| watch.asked(at)).is_empty());
}

#[test]
fn a_look_that_is_asked_for_comes_at_once_and_uses_up_no_gap() {
    let watch = begun(RolloutStatus::Running);
    let asked = after(at(3, |at| watch.asked(at))).0.unwrap();
    assert_eq!(asked.next(), Some(Next::Check(time(3))));
    let (looked, _) = check(asked, Level::None);
    assert_eq!(looked.next(), Some(Next::Check(time(13))));
    let (again, _) = check(after(at(12, |at| looked.asked(at))).0.unwrap(), Level::None);
    assert_eq!(again.next(), Some(Next::Check(time(22))), "measured from the look before");
}

#[test]
fn a_status_that_comes_when_all_is_over_changes_nothing_but_the_status() {
    let ended = after(at(900, |at| begun(RolloutStatus::Success).completed(at))).0.unwrap();
    let late = rollout(RolloutStatus::Failure);
    let (watch, _) = after(at(2_000, |at| ended.clone().reported(&late, None, at)));
    let watch = watch.unwrap();
    assert_eq!((watch.state, watch.status), (ended.state, RolloutStatus::Failure));
}

#[test]
fn one_that_is_over_cannot_be_stopped() {
    let ended = after(at(900, |at| begun(RolloutStatus::Success).completed(at))).0.unwrap();
    assert!(at(901, |at| ended.cancelled("stopped", at)).is_empty());
    let (stopped, told) = after(at(5, |at| begun(RolloutStatus::Running).cancelled("stopped", at)));
    assert_eq!(stopped.unwrap().next(), None);
    assert_eq!(told.iter().map(EventBody::name).collect::<Vec<_>>(), ["monitor.ended"]);
}

#[test]
fn every_check_is_told_in_words() {
    let says = |seen: Seen| summary(3, seen.level(), &seen);
    assert_eq!(says(seen(Level::High)), "Check 3: high, latency is worse than before.");
    assert_eq!(
        says(Seen { note: Some("Add one.".into()), ..Seen::default() }),
        "Check 3: no_data, nothing was measured. Add one."
    );
    assert_eq!(says(seen(Level::None)), "Check 3: none, its signal is as before.");
}

/// A rollout that waits for people, or that they rejected, has changed nothing that could be
/// taken back.
#[test]
fn what_has_not_begun_is_not_taken_back() {
    let critical = |watch: Watch| {
        let due = watch.next().unwrap().at();
        let calls = watch.calls(&seen(Level::Critical)).rollback;
        let second = due.as_second() - 1_800_000_000;
        let checked = at(second, |at| watch.checked(due, seen(Level::Critical), FollowUp::default(), at));
        (after(checked).0.unwrap(), calls)
    };
    let spec = RollbackSpec { policy: Policy::Automatic, after: 1, ..RollbackSpec::default() };
    let (pending, calls) = critical(begun(RolloutStatus::Pending).under(&spec));
    assert!(!calls && pending.rollback.criticals == 0);
    let reported = |watch: Watch, status| {
        after(at(20, |at| watch.reported(&rollout(status), by(Schedule::default()), at))).0.unwrap()
    };
    assert!(!critical(reported(pending.clone(), RolloutStatus::Cancelled).under(&spec)).1, "it never ran");
    let running = reported(pending, RolloutStatus::Running).under(&spec);
    assert!(critical(running.clone()).1);
    assert!(critical(reported(running, RolloutStatus::Cancelled).under(&spec)).1, "it ran in part");
}

proptest! {
    /// Whatever is reported when: each step is decided on the version before it, checks are
    /// told one by one, and what has finished comes to an end.
    #[test]
    fn a_watch_comes_to_its_end(steps in prop::collection::vec((0usize..5, 0usize..6), 1..60)) {
        let mut watch = begun(RolloutStatus::Pending);
        let mut now = 0;
        for (status, level) in steps {
            let status = RolloutStatus::ALL[status];
            let by = by(Schedule::default());
            let (next, _) = after(at(now, |at| watch.clone().reported(&rollout(status), by, at)));
            let next = next.unwrap();
            prop_assert_eq!(next.version, watch.version + 1);
            watch = next;
            let levels = [Level::None, Level::NoData, Level::Unknown, Level::Medium, Level::High, Level::Critical];
            match watch.next() {
                Some(Next::Check(due)) => {
                    prop_assert!(due >= time(now) || watch.status.is_finished());
                    now = now.max(due.as_second() - 1_800_000_000);
                    let checks = watch.checks;
                    let seen = seen(levels[level]);
                    let checked = at(now, |at| watch.clone().checked(due, seen, FollowUp::default(), at));
                    watch = after(checked).0.unwrap();
                    prop_assert_eq!(watch.checks, checks + 1);
                }
                Some(Next::End(_)) => watch = after(at(now, |at| watch.clone().completed(at))).0.unwrap(),
                None => prop_assert!(watch.status.is_finished() || time(now) >= watch.began_at + SAME_FOR),
            }
            now += 1;
        }
        // Left alone it ends, whether or not somebody said that the rollout did.
        for _ in 0..1_000 {
            match watch.next() {
                None => return Ok(()),
                Some(Next::End(_)) => watch = after(at(now, |at| watch.clone().completed(at))).0.unwrap(),
                Some(Next::Check(_)) => watch = check(watch, Level::None).0,
            }
        }
        prop_assert!(false, "it goes on without end");
    }
}
