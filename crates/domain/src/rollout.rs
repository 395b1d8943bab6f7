//! Rollouts: software deployments that pipelines reported.
//!
//! A rollout is reported again and again while it moves; what is one rollout and what is
//! another is decided here ([`Source`]), and the store sees to it that reports which arrive
//! at the same moment are one.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::approval::Approval;
use crate::id::{MemberId, ProjectId, RolloutId, SessionId};

/// How long a report may still be of the same rollout.
pub const SAME_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Moves that a rollout's history holds; of more, the first and the newest stay.
pub const HISTORY_MAX: usize = 100;

/// Bytes that the metadata of a rollout may take, as JSON.
pub const METADATA_BYTES_MAX: usize = 64 << 10;

/// Where metadata keeps what a report said besides.
const EXTRA: &str = "_extra";

/// A software deployment that a pipeline reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rollout {
    /// Its id.
    pub id: RolloutId,
    /// A random UUIDv4 that names it too.
    pub alias: Uuid,
    /// What is rolled out.
    pub project: ProjectId,
    /// Where it is watched.
    pub session: SessionId,
    /// The random UUIDv4 of that session.
    pub session_alias: Uuid,
    /// Where it stands.
    pub status: RolloutStatus,
    /// What was said of it, as it is now.
    pub details: Details,
    /// What tells its reports from those of others; its name is that of the first report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Each status it moved to, oldest first.
    pub history: Vec<Move>,
    /// Whose keys reported it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reporters: Vec<MemberId>,
    /// What people were asked about it, if any were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// Grows with each report.
    #[serde(default)]
    pub version: u64,
    /// When it was first reported.
    pub created_at: Timestamp,
    /// When it was last reported.
    pub updated_at: Timestamp,
}

/// What a pipeline says of a rollout besides its status.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Details {
    /// What is rolled out, in the pipeline's words.
    pub request: String,
    /// Where a person reads more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_url: Option<String>,
    /// The commit; as a rule, not always, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// What the commit says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_message: Option<String>,
    /// The branch or tag, as it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_ref: Option<String>,
    /// Whatever else the pipeline wants kept.
    #[serde(default)]
    pub metadata: Map<String, Value>,
    /// The pipeline's own name for this run of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// Where that run is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_url: Option<String>,
    /// The pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<String>,
}

/// One report: what is absent stays as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Where the rollout stands.
    pub status: RolloutStatus,
    /// What it says; its metadata counts only if [`Report::gives_metadata`].
    pub details: Details,
    /// Whether it gives metadata, be it empty.
    pub gives_metadata: bool,
    /// What it said besides, under names that mean nothing here.
    pub extra: Map<String, Value>,
}

/// Where a rollout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RolloutStatus {
    /// It is yet to begin.
    Pending,
    /// It is under way.
    Running,
    /// It is over: what was wanted is there.
    Success,
    /// It is over: something went wrong.
    Failure,
    /// It is over: it was called off.
    Cancelled,
}

impl RolloutStatus {
    /// All of them.
    pub const ALL: [RolloutStatus; 5] = [Self::Pending, Self::Running, Self::Success, Self::Failure, Self::Cancelled];

    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            RolloutStatus::Pending => "pending",
            RolloutStatus::Running => "running",
            RolloutStatus::Success => "success",
            RolloutStatus::Failure => "failure",
            RolloutStatus::Cancelled => "cancelled",
        }
    }

    /// Whether the pipeline has nothing more to do.
    pub fn is_finished(self) -> bool {
        match self {
            RolloutStatus::Pending | RolloutStatus::Running => false,
            RolloutStatus::Success | RolloutStatus::Failure | RolloutStatus::Cancelled => true,
        }
    }
}

/// A word that is no status of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be pending, running, success, failure or cancelled")]
pub struct NotAStatus;

impl FromStr for RolloutStatus {
    type Err = NotAStatus;

    fn from_str(text: &str) -> Result<Self, NotAStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(NotAStatus)
    }
}

/// A status, and when the rollout moved to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The status.
    pub status: RolloutStatus,
    /// When it was reported.
    pub at: Timestamp,
}

/// What tells the reports of one rollout from those of another in the same project: the
/// pipeline's run, or else the address; and, where both say it, commit and environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The run or the address, so that neither is taken for the other.
    pub name: String,
    /// The commit, in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

impl Source {
    /// The source of a report; `None` if it names neither run nor address, and so is always
    /// of a rollout of its own.
    pub fn of(details: &Details) -> Option<Self> {
        let run = details.run_id.as_ref().map(|run| format!("run {run}"));
        let name = run.or_else(|| details.external_url.as_ref().map(|url| format!("url {url}")))?;
        let environment = match details.metadata.get("environment") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(other) => Some(other.to_string()),
        };
        Some(Self { name, commit: details.commit.as_ref().map(|commit| commit.to_ascii_lowercase()), environment })
    }
}

/// Whether two reports are of one commit, however they spell it.
pub fn same_commit(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        (one, other) => one == other,
    }
}

/// A rollout's ids, and where it is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRollout {
    /// Its id.
    pub id: RolloutId,
    /// Its random name.
    pub alias: Uuid,
    /// What is rolled out.
    pub project: ProjectId,
    /// Where it is watched.
    pub session: SessionId,
    /// The random name of that session.
    pub session_alias: Uuid,
}

impl Rollout {
    /// A rollout that is reported for the first time.
    pub fn begin(new: NewRollout, report: Report, now: Timestamp) -> Self {
        let NewRollout { id, alias, project, session, session_alias } = new;
        let Report { status, mut details, extra, .. } = report;
        keep_extra(&mut details.metadata, extra);
        Self {
            id,
            alias,
            project,
            session,
            session_alias,
            status,
            source: Source::of(&details),
            details,
            history: vec![Move { status, at: now }],
            reporters: Vec::new(),
            approval: None,
            version: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// The rollout after one more report of it.
    #[must_use]
    pub fn reported(self, report: Report, now: Timestamp) -> Self {
        let mut next = Self { status: report.status, updated_at: now, ..self };
        if next.history.last().is_none_or(|last| last.status != report.status) {
            if next.history.len() >= HISTORY_MAX {
                next.history.remove(1);
            }
            next.history.push(Move { status: report.status, at: now });
        }
        let Report { details: given, gives_metadata, extra, .. } = report;
        let kept = &mut next.details;
        kept.request = given.request;
        for (kept, given) in [
            (&mut kept.external_url, given.external_url),
            (&mut kept.commit, given.commit),
            (&mut kept.commit_message, given.commit_message),
            (&mut kept.git_ref, given.git_ref),
            (&mut kept.run_id, given.run_id),
            (&mut kept.run_url, given.run_url),
            (&mut kept.workflow_id, given.workflow_id),
        ] {
            if given.is_some() {
                *kept = given;
            }
        }
        if gives_metadata {
            kept.metadata = given.metadata;
        } else if !extra.is_empty() {
            kept.metadata.shift_remove(EXTRA);
        }
        keep_extra(&mut kept.metadata, extra);
        next.know_source_better();
        next
    }

    /// What tells its reports apart from those of others is known once it is said.
    fn know_source_better(&mut self) {
        let said = Source::of(&self.details);
        if let (Some(source), Some(said)) = (&mut self.source, said) {
            source.commit = source.commit.take().or(said.commit);
            source.environment = source.environment.take().or(said.environment);
        }
    }
}

/// Keeps what has no meaning here with the metadata, unless its place is taken.
fn keep_extra(metadata: &mut Map<String, Value>, extra: Map<String, Value>) {
    if !extra.is_empty() && !metadata.contains_key(EXTRA) {
        metadata.insert(EXTRA.to_owned(), Value::Object(extra));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn metadata(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    fn report(status: RolloutStatus) -> Report {
        let details = Details { request: "Deploy".into(), ..Details::default() };
        Report { status, details, gives_metadata: false, extra: Map::new() }
    }

    fn begun(report: Report) -> Rollout {
        let new = NewRollout {
            id: RolloutId(Uuid::nil()),
            alias: Uuid::nil(),
            project: ProjectId(Uuid::nil()),
            session: SessionId(Uuid::nil()),
            session_alias: Uuid::nil(),
        };
        Rollout::begin(new, report, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_run_names_a_rollout_before_its_address_does() {
        let with = |run: Option<&str>, url: Option<&str>| Details {
            run_id: run.map(Into::into),
            external_url: url.map(Into::into),
            ..Details::default()
        };
        let name = |details: &Details| Source::of(details).map(|source| source.name);
        assert_eq!(name(&with(None, None)), None);
        assert_eq!(name(&with(Some("77"), Some("u"))), name(&with(Some("77"), Some("v"))));
        assert_ne!(name(&with(Some("u"), None)), name(&with(None, Some("u"))));
    }

    #[test]
    fn commit_and_environment_tell_rollouts_apart_where_they_are_said() {
        let of = |commit: Option<&str>, data: Value| {
            let details = Details { run_id: Some("1".into()), commit: commit.map(Into::into), ..Details::default() };
            let source = Source::of(&Details { metadata: metadata(data), ..details }).unwrap();
            (source.commit, source.environment)
        };
        assert_eq!(of(Some("ABC"), json!({ "environment": "staging" })), (Some("abc".into()), Some("staging".into())));
        assert_eq!(of(None, json!({ "environment": null })), (None, None));
        assert_eq!(of(None, json!({ "environment": 3 })), (None, Some("3".into())));
    }

    #[test]
    fn a_move_is_one_entry_and_what_is_absent_stays() {
        let first = Report {
            details: Details {
                commit: Some("abc".into()),
                git_ref: Some("main".into()),
                ..report(RolloutStatus::Running).details
            },
            ..report(RolloutStatus::Running)
        };
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(5);
        let rollout = begun(first).reported(report(RolloutStatus::Running), now);
        assert_eq!(rollout.history.len(), 1, "it did not move");
        let next = Report {
            details: Details { commit: Some("def".into()), ..report(RolloutStatus::Success).details },
            ..report(RolloutStatus::Success)
        };
        let rollout = rollout.reported(next, now);
        let moves: Vec<_> = rollout.history.iter().map(|entry| entry.status).collect();
        assert_eq!(moves, [RolloutStatus::Running, RolloutStatus::Success]);
        assert_eq!(
            (rollout.details.commit.as_deref(), rollout.details.git_ref.as_deref()),
            (Some("def"), Some("main"))
        );
        assert_eq!((rollout.status, rollout.updated_at), (RolloutStatus::Success, now));
    }

    #[test]
    fn the_history_keeps_the_first_and_the_newest() {
        let mut rollout = begun(report(RolloutStatus::Pending));
        for n in 0..500 {
            let status = if n % 2 == 0 { RolloutStatus::Running } else { RolloutStatus::Failure };
            rollout = rollout.reported(report(status), Timestamp::UNIX_EPOCH);
        }
        assert_eq!((rollout.history.len(), rollout.history[0].status), (HISTORY_MAX, RolloutStatus::Pending));
        assert_eq!(rollout.history[HISTORY_MAX - 1].status, RolloutStatus::Failure);
    }

    #[test]
    fn what_has_no_meaning_is_kept_beside_the_metadata() {
        let extra = |value: Value| Report { extra: metadata(value), ..report(RolloutStatus::Running) };
        let given = |data: Value, more: Value| {
            let details = Details { metadata: metadata(data), ..report(RolloutStatus::Running).details };
            Report { details, gives_metadata: true, ..extra(more) }
        };
        let first = begun(given(json!({ "a": 1 }), json!({ "foo": 2 })));
        assert_eq!(Value::Object(first.details.metadata.clone()), json!({ "a": 1, "_extra": { "foo": 2 } }));
        let later = first.clone().reported(extra(json!({ "foo": 3 })), Timestamp::UNIX_EPOCH);
        assert_eq!(Value::Object(later.details.metadata), json!({ "a": 1, "_extra": { "foo": 3 } }));
        let same = first.clone().reported(report(RolloutStatus::Running), Timestamp::UNIX_EPOCH);
        assert_eq!(same.details.metadata, first.details.metadata);
        let emptied = first.reported(given(json!({}), json!({})), Timestamp::UNIX_EPOCH);
        assert!(emptied.details.metadata.is_empty());
        let taken = begun(given(json!({ "_extra": "mine" }), json!({ "foo": 2 })));
        assert_eq!(taken.details.metadata["_extra"], "mine");
    }
}
