//! A rollout that is being watched: what its checks come to, and how it ends.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::level::Level;
use super::rollback::Rollback;
use super::rollback_spec::RollbackSpec;
use super::schedule::{Course, Next, Schedule};
use crate::change::{Change, ChangeSet, Guard};
use crate::event::{EventBody, NewEvent};
use crate::id::{DeploymentId, ProjectId, RolloutId, RunId, SessionId};
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
    /// Whether anything was rolled out in this round: what has not begun cannot be taken back.
    #[serde(default)]
    pub has_begun: bool,
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
    /// Whether something got worse at a time when no model could be asked to explain it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owes_explanation: bool,
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

/// What a check calls for, besides being told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calls {
    /// Something is worse than at the check before, and known to be: it is to be explained.
    pub explanation: bool,
    /// The rollout is to be taken back.
    pub rollback: bool,
}

/// What is begun with a check.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FollowUp {
    /// What is committed with it.
    pub changes: ChangeSet,
    /// The run that takes the rollout back, if one does from now on.
    pub rollback: Option<RunId>,
    /// Whether what is worse is still to be explained.
    pub owes_explanation: bool,
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
            has_begun: has_begun(status),
            course: Course::begin(&schedule, status.is_finished(), at.now),
            schedule,
            began_at: at.now,
            state: WatchState::Watching,
            checks: 0,
            level: Level::None,
            rollback: Rollback::default(),
            owes_explanation: false,
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
        let has_begun = self.has_begun || has_begun(rollout.status);
        let mut next = Self { status: rollout.status, has_begun, ..self.clone() };
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

    /// With the policy that is set now; what was counted stays.
    #[must_use]
    pub fn under(self, spec: &RollbackSpec) -> Self {
        let RollbackSpec { policy, after, .. } = *spec;
        Self { rollback: Rollback { policy, after, ..self.rollback }, ..self }
    }

    /// The rollout was taken back.
    #[must_use]
    pub fn taken_back(self) -> Self {
        Self { rollback: Rollback { is_done: true, ..self.rollback }, ..self }
    }

    /// The rollout was reported with another commit: what was called for concerned another.
    #[must_use]
    pub fn of_another_commit(self) -> Self {
        Self { rollback: self.rollback.again(), ..self }
    }

    /// What a check that shows this calls for.
    pub fn calls(&self, seen: &Seen) -> Calls {
        let level = seen.level();
        let explanation = level.is_anomaly() && (level > self.level || self.owes_explanation);
        Calls { explanation, rollback: self.rollback_after(level).1 }
    }

    /// The rollback after one more check; whether this is the one that calls for it. A rollout
    /// that is yet to begin may still wait for people, and counts nothing.
    fn rollback_after(&self, level: Level) -> (Rollback, bool) {
        if self.has_begun { self.rollback.checked(level) } else { (self.rollback, false) }
    }

    /// A check that was due at `due` was made, showed this, and had this begun.
    pub fn checked(self, due: Timestamp, seen: Seen, follow_up: FollowUp, at: &mut Moment<'_>) -> ChangeSet {
        let FollowUp { changes, rollback: run, owes_explanation } = follow_up;
        let level = seen.level();
        let (rollback, _) = self.rollback_after(level);
        let next = Self {
            course: self.course.clone().checked(due, at.now),
            checks: self.checks.saturating_add(1),
            level,
            rollback: Rollback { run: run.or(rollback.run), ..rollback },
            owes_explanation,
            ..self.clone()
        };
        let rose_from = (level.is_anomaly() && level > self.level).then_some(self.level);
        let told = next.tell([update(next.checks, level, rose_from, seen)], at);
        self.becomes(next).and(ChangeSet::of([told])).and(changes)
    }

    /// What it found, if this is the end.
    pub fn finding(&self) -> Finding {
        match self.level {
            _ if self.status == RolloutStatus::Failure && !self.rollback.is_done => Finding::DeploymentFailed,
            Level::None if self.checks > 0 && self.status.is_finished() => Finding::Healthy,
            Level::None | Level::NoData | Level::Unknown => Finding::NotVerified,
            Level::Medium | Level::High | Level::Critical => Finding::AnomaliesRemain,
        }
    }

    /// Its time is over.
    pub fn completed(self, at: &mut Moment<'_>) -> ChangeSet {
        let finding = self.finding();
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
            has_begun: has_begun(self.status),
            course: Course::begin(&schedule, self.status.is_finished(), now),
            schedule,
            began_at: now,
            state: WatchState::Watching,
            level: Level::None,
            rollback: rollback.again(),
            owes_explanation: false,
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

/// Whether a rollout of this status was rolled out, in part at least.
fn has_begun(status: RolloutStatus) -> bool {
    match status {
        RolloutStatus::Running | RolloutStatus::Success | RolloutStatus::Failure => true,
        RolloutStatus::Pending | RolloutStatus::Cancelled => false,
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

fn update(check: u32, level: Level, rose_from: Option<Level>, seen: Seen) -> EventBody {
    let summary = summary(check, level, &seen);
    EventBody::MonitorUpdate { check, level, rose_from, summary, evidence: seen.evidence }
}

/// What people read of a check.
fn summary(check: u32, level: Level, seen: &Seen) -> String {
    let worst =
        seen.evidence.iter().filter(|evidence| evidence.level == level).map(|evidence| evidence.signal.as_str());
    let named: Vec<&str> = worst.take(3).collect();
    let what = match level {
        Level::None if seen.evidence.len() == 1 => "its signal is as before".to_owned(),
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
pub(crate) mod tests;
