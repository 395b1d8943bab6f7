//! A rollout that is being watched: what its checks come to, and how it ends.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::level::Level;
use super::rollback::Rollback;
use super::schedule::{Course, Next, Schedule};
use crate::change::{Change, ChangeSet, Guard};
use crate::event::{EventBody, NewEvent};
use crate::id::{DeploymentId, ProjectId, RolloutId, SessionId};
use crate::rollout::{Rollout, RolloutStatus, SAME_FOR};
use crate::turn::Moment;

/// Said of a rollout that nobody watches.
const NOBODY_WATCHES: &str = "Nobody watches this rollout: no rollout monitor for its project is in force. \
                              `sortie deployments list` shows the monitors there are; resume one, or make one.";

/// Who watches a round, and what the round takes over from them as it is when it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Watcher {
    /// The monitor.
    pub deployment: DeploymentId,
    /// When it looks.
    pub schedule: Schedule,
    /// When it takes back what does harm.
    pub rollback: Rollback,
}

/// A rollout that is watched in a session, or was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// Where it is told of.
    pub session: SessionId,
    /// What is watched.
    pub rollout: RolloutId,
    /// The project that is rolled out.
    pub project: ProjectId,
    /// The monitor that watches this round; `None` if nobody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<DeploymentId>,
    /// Where the rollout stands.
    pub status: RolloutStatus,
    /// When it is looked at.
    pub schedule: Schedule,
    /// When this round began: what was before is what its numbers are compared with.
    pub began_at: Timestamp,
    /// How far its checks have come.
    pub course: Course,
    /// Whether it goes on.
    pub state: WatchState,
    /// Checks made, of all rounds.
    pub checks: u32,
    /// The level of the last one.
    pub level: Level,
    /// Whether it is taken back.
    pub rollback: Rollback,
    /// Grows with each write.
    #[serde(default)]
    pub version: u64,
}

/// Whether a watch goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum WatchState {
    /// It does.
    Watching,
    /// It does not, unless the rollout begins again.
    Ended {
        /// How it ended.
        end: WatchEnd,
        /// When.
        at: Timestamp,
    },
}

/// How a watch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum WatchEnd {
    /// It ran its course.
    Completed {
        /// What was found.
        finding: Finding,
    },
    /// Somebody stopped it.
    Cancelled,
    /// It could not go on.
    Failed,
}

/// What a watch that ran its course found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// At the end nothing was worse than before.
    Healthy,
    /// At the end something was.
    AnomaliesRemain,
    /// At the end nobody could tell.
    NotVerified,
    /// The rollout itself failed, and was not taken back.
    DeploymentFailed,
}

impl Finding {
    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Finding::Healthy => "healthy",
            Finding::AnomaliesRemain => "anomalies_remain",
            Finding::NotVerified => "not_verified",
            Finding::DeploymentFailed => "deployment_failed",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Finding::Healthy => "Nothing that was measured is worse than before the rollout.",
            Finding::AnomaliesRemain => "Something is still worse than before the rollout.",
            Finding::NotVerified => "There was too little to tell whether the rollout did harm.",
            Finding::DeploymentFailed => "The rollout itself failed.",
        }
    }
}

/// What one look showed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// One entry for each signal.
    pub evidence: Vec<Evidence>,
    /// What to say besides, for people.
    pub note: Option<String>,
}

/// What a signal showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The signal's name.
    pub signal: String,
    /// How bad it is.
    pub level: Level,
    /// The number now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<f64>,
    /// The number before the rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
    /// What else was seen, for people; from outside, so not to be trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Seen {
    /// The worst of all signals; without a signal there is nothing to go by.
    pub fn level(&self) -> Level {
        self.evidence.iter().map(|evidence| evidence.level).max().unwrap_or(Level::NoData)
    }
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// What to commit.
    pub changes: ChangeSet,
    /// Whether something is worse than at the check before, and known to be.
    pub rises: bool,
    /// Whether this check calls for taking the rollout back.
    pub calls_for_rollback: bool,
}

impl Watch {
    /// Begins with a rollout's first report. One that nobody watches is over at once.
    pub fn begin(rollout: &Rollout, by: Option<Watcher>, at: &mut Moment<'_>) -> (Self, ChangeSet) {
        let (status, schedule) = (rollout.status, Schedule::default());
        let new = Self {
            session: rollout.session,
            rollout: rollout.id,
            project: rollout.project,
            deployment: None,
            status,
            course: Course::begin(&schedule, status.is_finished(), at.now),
            schedule,
            began_at: at.now,
            state: WatchState::Watching,
            checks: 0,
            level: Level::None,
            rollback: Rollback::default(),
            version: 0,
        };
        let watch = new.round(by, at.now);
        let told = watch.tell([reported(rollout)].into_iter().chain(watch.nobody_watches()), at);
        let changes = ChangeSet::of([Change::InsertWatch(watch.clone()), told]);
        (watch, changes)
    }

    /// Whether a report begins another round: the rollout had finished and runs again.
    pub fn begins_anew(&self, rollout: &Rollout) -> bool {
        self.status.is_finished() && !rollout.status.is_finished()
    }

    /// The rollout was reported again. A round that begins with it is watched by whoever is
    /// given; one that goes on, by whom it was.
    pub fn reported(self, rollout: &Rollout, by: Option<Watcher>, at: &mut Moment<'_>) -> ChangeSet {
        let mut next = Self { status: rollout.status, ..self.clone() };
        let mut told = vec![reported(rollout)];
        if self.begins_anew(rollout) {
            next = next.round(by, at.now);
            told.extend(next.nobody_watches());
        } else if self.is_going_on() && !self.status.is_finished() && rollout.status.is_finished() {
            next.course = next.course.finished(&next.schedule, at.now);
        }
        let told = next.tell(told, at);
        self.becomes(next).and(ChangeSet::of([told]))
    }

    /// Somebody wants a look now; empty if it is over.
    pub fn asked(self, at: &Moment<'_>) -> ChangeSet {
        match self.is_going_on() {
            true => self.becomes(Self { course: self.course.clone().asked(at.now), ..self.clone() }),
            false => ChangeSet::default(),
        }
    }

    /// When something is to be done next, and what; `None` if it is over.
    pub fn next(&self) -> Option<Next> {
        if !self.is_going_on() {
            return None;
        }
        // After a day a report would be of another rollout: nobody says any more how it ended.
        let given_up = self.began_at.saturating_add(SAME_FOR).unwrap_or(Timestamp::MAX);
        Some(match self.course.next(&self.schedule) {
            Next::Check(at) if !self.status.is_finished() && at > given_up => Next::End(given_up),
            next => next,
        })
    }

    /// Whether it goes on.
    pub fn is_going_on(&self) -> bool {
        self.state == WatchState::Watching
    }

    /// A check that was due at `due` was made, and showed this.
    pub fn checked(self, due: Timestamp, seen: Seen, at: &mut Moment<'_>) -> Checked {
        let level = seen.level();
        let (rollback, calls_for_rollback) = self.rollback.checked(level);
        let next = Self {
            course: self.course.clone().checked(due, at.now),
            checks: self.checks.saturating_add(1),
            level,
            rollback,
            ..self.clone()
        };
        let rises = level.is_anomaly() && level > self.level;
        let told = next.tell([update(next.checks, level, seen)], at);
        Checked { changes: self.becomes(next).and(ChangeSet::of([told])), rises, calls_for_rollback }
    }

    /// Its time is over.
    pub fn completed(self, at: &mut Moment<'_>) -> ChangeSet {
        let finding = match self.level {
            _ if self.status == RolloutStatus::Failure && !self.rollback.is_called_for => Finding::DeploymentFailed,
            Level::None if self.checks > 0 && self.status.is_finished() => Finding::Healthy,
            Level::None | Level::NoData | Level::Unknown => Finding::NotVerified,
            Level::Medium | Level::High | Level::Critical => Finding::AnomaliesRemain,
        };
        self.ended(WatchEnd::Completed { finding }, finding.sentence().to_owned(), at)
    }

    /// Somebody stopped it. One that is over stays as it ended.
    pub fn cancelled(self, why: &str, at: &mut Moment<'_>) -> ChangeSet {
        if self.is_going_on() { self.ended(WatchEnd::Cancelled, why.to_owned(), at) } else { ChangeSet::default() }
    }

    /// It could not go on.
    pub fn failed(self, why: String, at: &mut Moment<'_>) -> ChangeSet {
        self.ended(WatchEnd::Failed, why, at)
    }

    fn ended(self, end: WatchEnd, summary: String, at: &mut Moment<'_>) -> ChangeSet {
        let next = Self { state: WatchState::Ended { end, at: at.now }, ..self.clone() };
        let told = next.tell([EventBody::MonitorEnded { end, checks: next.checks, level: next.level, summary }], at);
        self.becomes(next).and(ChangeSet::of([told]))
    }

    /// At the beginning of a round, watched by these.
    fn round(self, by: Option<Watcher>, now: Timestamp) -> Self {
        let Some(Watcher { deployment, schedule, rollback }) = by else {
            let state = WatchState::Ended { end: WatchEnd::Cancelled, at: now };
            return Self { deployment: None, began_at: now, state, level: Level::None, ..self };
        };
        Self {
            deployment: Some(deployment),
            course: Course::begin(&schedule, self.status.is_finished(), now),
            schedule,
            began_at: now,
            state: WatchState::Watching,
            level: Level::None,
            rollback: rollback.again(),
            ..self
        }
    }

    /// What is told of a round that nobody watches.
    fn nobody_watches(&self) -> Option<EventBody> {
        let (end, checks, level) = (WatchEnd::Cancelled, self.checks, self.level);
        let told = EventBody::MonitorEnded { end, checks, level, summary: NOBODY_WATCHES.to_owned() };
        self.deployment.is_none().then_some(told)
    }

    /// The write of what it is now, if it is still what it was.
    fn becomes(&self, next: Self) -> ChangeSet {
        let guard = Guard::WatchAt { session: self.session, version: self.version };
        ChangeSet::of([Change::PutWatch(Self { version: self.version + 1, ..next })]).guarded(guard)
    }

    /// Events in its session. They leave its state alone: a run may have it meanwhile.
    fn tell(&self, bodies: impl IntoIterator<Item = EventBody>, at: &mut Moment<'_>) -> Change {
        let events = bodies.into_iter().map(|body| NewEvent { id: (at.ids)(), run: None, at: at.now, body }).collect();
        Change::Append { session: self.session, events, state: None }
    }
}

fn reported(rollout: &Rollout) -> EventBody {
    EventBody::RolloutReported {
        rollout: rollout.id,
        status: rollout.status,
        request: rollout.details.request.clone(),
        commit: rollout.details.commit.clone(),
    }
}

fn update(check: u32, level: Level, seen: Seen) -> EventBody {
    let summary = summary(check, level, &seen);
    EventBody::MonitorUpdate { check, level, summary, evidence: seen.evidence }
}

/// What people read of a check.
fn summary(check: u32, level: Level, seen: &Seen) -> String {
    let worst =
        seen.evidence.iter().filter(|evidence| evidence.level == level).map(|evidence| evidence.signal.as_str());
    let named: Vec<&str> = worst.take(3).collect();
    let what = match level {
        Level::None => format!("all {} signals are as before", seen.evidence.len()),
        Level::NoData if named.is_empty() => "nothing was measured".to_owned(),
        Level::NoData => format!("no data from {}", named.join(", ")),
        Level::Unknown => format!("too little from before to compare {} with", named.join(", ")),
        Level::Medium | Level::High | Level::Critical => format!("{} is worse than before", named.join(", ")),
    };
    let note = seen.note.as_ref().map(|note| format!(" {note}")).unwrap_or_default();
    format!("Check {check}: {}, {what}.{note}", level.as_str())
}

#[cfg(test)]
mod tests {
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

    fn rollout(status: RolloutStatus) -> Rollout {
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

    fn check(watch: Watch, level: Level) -> (Watch, Checked) {
        let Some(Next::Check(due)) = watch.next() else { panic!("no check is due") };
        let second = due.as_second() - 1_800_000_000;
        let checked = at(second, |at| watch.checked(due, seen(level), at));
        (after(checked.changes.clone()).0.unwrap(), checked)
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
        let taken_back = Watch { rollback: Rollback { is_called_for: true, ..failed.rollback }, ..failed };
        assert_eq!(finding(taken_back), Finding::Healthy);
        assert_eq!(finding(begun(RolloutStatus::Success)), Finding::NotVerified, "nobody looked");
    }

    #[test]
    fn a_rise_is_told_once() {
        let mut watch = begun(RolloutStatus::Running);
        let mut rises = Vec::new();
        use Level::{Critical, High, Medium, NoData, None, Unknown};
        for level in [None, Unknown, Medium, Medium, Critical, High, High, NoData, High] {
            let (next, checked) = check(watch, level);
            watch = next;
            rises.push(checked.rises);
        }
        assert_eq!(rises, [false, false, true, false, true, false, false, false, true]);
    }

    #[test]
    fn a_rollback_is_called_for_as_the_policy_says() {
        let rollback = Rollback { policy: Policy::Propose, ..Rollback::default() };
        let mut watch = Watch { rollback, ..begun(RolloutStatus::Running) };
        let mut called = Vec::new();
        for _ in 0..4 {
            let (next, checked) = check(watch, Level::Critical);
            watch = next;
            called.push(checked.calls_for_rollback);
        }
        assert_eq!(called, [false, true, false, false]);
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
        assert_eq!(says(seen(Level::None)), "Check 3: none, all 1 signals are as before.");
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
                        let checked = at(now, |at| watch.clone().checked(due, seen(levels[level]), at));
                        watch = after(checked.changes).0.unwrap();
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
}
