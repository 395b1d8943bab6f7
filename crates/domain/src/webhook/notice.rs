//! Notices: what of a commit there is to tell webhooks.
//!
//! A notice names what happened by its ids and says the little that people act on. What was
//! said in a session, what tools were called with and what came of it stays where it is: whoever
//! is told asks for it with a key of their own.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::EventType;
use crate::approval;
use crate::change::Change;
use crate::event::{EventBody, NewEvent, StopReason};
use crate::id::{EventId, ProjectId, RolloutId, SessionId};
use crate::monitor::{Evidence, WatchEnd};
use crate::rollout::Rollout;
use crate::run::{Outcome, Run, RunStatus, Waiting};
use crate::session::{Session, SessionAgent};
use crate::text::cut;

/// The most that is sent of anything, as Standard Webhooks advises.
pub const BODY_BYTES_MAX: usize = 20 << 10;

/// Characters of a text for people.
const TEXT_CHARS_MAX: usize = 1_024;
/// Characters of a name, a title, a commit.
const NAME_CHARS_MAX: usize = 128;
/// Things of one kind that are named; the number of all is told.
const NAMED_MAX: usize = 10;

/// Something that webhooks may be told of.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// What it is.
    pub kind: EventType,
    /// What it is of: with the type, the same for nothing else.
    pub source: Uuid,
    /// When it happened.
    pub at: Timestamp,
    /// The session it happened in.
    pub session: Option<SessionId>,
    /// The project, if that is known without looking.
    pub project: Option<ProjectId>,
    data: Map<String, Value>,
}

impl Notice {
    /// Somebody tries a webhook out.
    pub fn test(source: Uuid, at: Timestamp) -> Self {
        let data = fields(json!({ "message": "This is a test: nothing has happened." }));
        Self { kind: EventType::WebhookTest, source, at, session: None, project: None, data }
    }

    fn of_session(kind: EventType, source: Uuid, at: Timestamp, session: SessionId, data: Value) -> Self {
        Self { kind, source, at, session: Some(session), project: None, data: fields(data) }
    }

    /// What is sent, to the byte.
    pub fn body(&self, project: Option<ProjectId>) -> String {
        let mut data = Map::new();
        data.extend(self.session.map(|id| ("session_id".to_owned(), id.to_string().into())));
        data.extend(project.map(|id| ("project_id".to_owned(), id.to_string().into())));
        data.extend(self.data.clone());
        json!({ "type": self.kind.as_str(), "timestamp": self.at.to_string(), "data": data }).to_string()
    }
}

/// What of these changes, all of one commit, there is to tell.
pub fn notices(changes: &[Change]) -> Vec<Notice> {
    let mut notices = Vec::new();
    for change in changes {
        match change {
            Change::InsertSession(session) => notices.push(of_new_session(session)),
            Change::InsertRun(run) | Change::PutRun(run) => notices.extend(of_run(run)),
            Change::InsertRollout(rollout) => notices.push(of_report(rollout, rollout.id.0, changes)),
            Change::ReportRollout(rollout) => notices.push(of_report(rollout, of_version(rollout), changes)),
            Change::Append { session, events, .. } => {
                notices.extend(events.iter().filter_map(|event| of_event(*session, event, events, changes)));
            }
            _ => {}
        }
    }
    notices
}

fn of_new_session(session: &Session) -> Notice {
    let version = match &session.agent {
        SessionAgent::Pinned { version, .. } => Some(*version),
        SessionAgent::Following { .. } => None,
    };
    let data = json!({
        "agent_id": session.agent.id(),
        "agent_version": version,
        "deployment_id": session.deployment,
        "origin": session.origin,
        "purpose": session.purpose,
        "title": session.title.as_deref().map(name),
    });
    let notice = Notice::of_session(EventType::SessionCreated, session.id.0, session.created_at, session.id, data);
    Notice { project: Some(session.project), ..notice }
}

/// A run that is over is written once.
fn of_run(run: &Run) -> Option<Notice> {
    let outcome = run.outcome.as_ref()?;
    let kind = match run.status {
        RunStatus::Completed => EventType::RunCompleted,
        RunStatus::Failed => EventType::RunFailed,
        RunStatus::Cancelled => EventType::RunCancelled,
        RunStatus::Queued | RunStatus::Running | RunStatus::Waiting => return None,
    };
    let at = run.ended_at?;
    let data = json!({
        "run_id": run.id,
        "agent_id": run.agent,
        "agent_version": run.agent_version,
        "outcome": outcome_of(outcome),
        "steps": run.spent.steps,
        "tool_calls": run.spent.tool_calls,
        "tokens": run.spent.usage.total(),
        "queued_at": run.queued_at,
        "started_at": run.started_at,
        "ended_at": at,
    });
    let notice = Notice::of_session(kind, run.id.0, at, run.session, data);
    Some(Notice { project: Some(run.project), ..notice })
}

/// In the words of `/v1/runs`.
fn outcome_of(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Done => json!({ "type": "done" }),
        Outcome::Refused => json!({ "type": "refused" }),
        Outcome::LimitReached { unit, budget } => {
            json!({ "type": "limit_reached", "unit": unit.as_str(), "budget": budget.map(|holder| holder.as_str()) })
        }
        Outcome::Interrupted => json!({ "type": "interrupted" }),
        Outcome::ModelFailed { message, .. } => json!({ "type": "model_failed", "message": text(message) }),
        Outcome::Unrunnable { message } => json!({ "type": "unrunnable", "message": text(message) }),
    }
}

/// A report is told of even if the session where it would stand takes no more events, or is gone.
fn of_report(rollout: &Rollout, source: Uuid, changes: &[Change]) -> Notice {
    let is_of_it =
        |event: &&NewEvent| matches!(&event.body, EventBody::RolloutReported { rollout: of, .. } if *of == rollout.id);
    let event = changes.iter().find_map(|change| match change {
        Change::Append { events, .. } => events.iter().find(is_of_it),
        _ => None,
    });
    let data = json!({
        "rollout_id": rollout.id,
        "event_id": event.map(|event| event.id),
        "status": rollout.status,
        "request": text(&rollout.details.request),
        "commit": rollout.details.commit.as_deref().map(name),
    });
    let notice = Notice::of_session(EventType::RolloutReported, source, rollout.updated_at, rollout.session, data);
    Notice { project: Some(rollout.project), ..notice }
}

/// The same for no two reports: each is of another version.
fn of_version(rollout: &Rollout) -> Uuid {
    let hash = Sha256::new().chain_update(rollout.id.0).chain_update(rollout.version.to_be_bytes()).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn of_event(session: SessionId, event: &NewEvent, beside: &[NewEvent], changes: &[Change]) -> Option<Notice> {
    let (kind, mut data) = match &event.body {
        EventBody::StatusIdle { stop_reason: StopReason::RequiresAction { event_ids } } => {
            (EventType::SessionRequiresAction, waits_for(session, event_ids, beside, changes))
        }
        EventBody::ApprovalRequested { rollout, commit, rules, expires_at } => {
            let data = json!({
                "rollout_id": rollout,
                "commit": commit.as_deref().map(name),
                "rules": rules.iter().take(NAMED_MAX).map(|rule| name(rule)).collect::<Vec<_>>(),
                "expires_at": expires_at,
            });
            (EventType::RolloutApprovalRequested, data)
        }
        EventBody::ApprovalDecided { rollout, outcome } => {
            (EventType::RolloutApprovalDecided, json!({ "rollout_id": rollout, "outcome": decided(outcome) }))
        }
        EventBody::MonitorUpdate { check, level, rose_from: Some(before), summary, evidence } => {
            let worst = evidence.iter().filter(|evidence| evidence.level == *level);
            let data = json!({
                "rollout_id": rollout_of(session, changes),
                "check": check,
                "level": level,
                "rose_from": before,
                "summary": text(summary),
                "signals": worst.take(NAMED_MAX).map(signal).collect::<Vec<_>>(),
            });
            (EventType::RolloutLevelRisen, data)
        }
        EventBody::MonitorEnded { end, checks, level, summary } => {
            let (end, finding) = ended(*end);
            let data = json!({
                "rollout_id": rollout_of(session, changes),
                "end": end,
                "finding": finding,
                "checks": checks,
                "level": level,
                "summary": text(summary),
            });
            (EventType::RolloutWatchEnded, data)
        }
        _ => return None,
    };
    data["event_id"] = event.id.to_string().into();
    if let Some(run) = event.run {
        data["run_id"] = run.to_string().into();
    }
    Some(Notice::of_session(kind, event.id.0, event.at, session, data))
}

/// The calls that wait, with what for and the tools' names as far as this commit knows them.
fn waits_for(session: SessionId, calls: &[EventId], beside: &[NewEvent], changes: &[Change]) -> Value {
    let waiting = changes.iter().find_map(|change| match change {
        Change::InsertRun(run) | Change::PutRun(run) if run.session == session => Some(run.waiting.as_slice()),
        _ => None,
    });
    let need = |call: EventId| {
        let found: Option<&Waiting> = waiting.unwrap_or_default().iter().find(|waiting| waiting.tool_use == call);
        found.map(|waiting| waiting.need)
    };
    let tool = |call: EventId| {
        beside.iter().find(|event| event.id == call).and_then(|event| match &event.body {
            EventBody::AgentToolUse { name: tool, .. } | EventBody::AgentCustomToolUse { name: tool, .. } => {
                Some(name(tool))
            }
            _ => None,
        })
    };
    let named = calls
        .iter()
        .take(NAMED_MAX)
        .map(|call| json!({ "tool_use_id": call, "need": need(*call), "tool": tool(*call) }));
    json!({ "waits_for": named.collect::<Vec<_>>(), "waits_for_count": calls.len() })
}

/// The rollout that is watched in a session: whoever tells of its watch writes it too.
fn rollout_of(session: SessionId, changes: &[Change]) -> Option<RolloutId> {
    changes.iter().find_map(|change| match change {
        Change::InsertWatch(watch) | Change::PutWatch(watch) if watch.session == session => Some(watch.rollout),
        _ => None,
    })
}

fn signal(evidence: &Evidence) -> Value {
    let Evidence { signal, level, current, baseline, .. } = evidence;
    json!({ "signal": name(signal), "level": level, "current": current, "baseline": baseline })
}

fn ended(end: WatchEnd) -> (&'static str, Option<&'static str>) {
    match end {
        WatchEnd::Completed { finding } => ("completed", Some(finding.as_str())),
        WatchEnd::Cancelled => ("cancelled", None),
        WatchEnd::Failed => ("failed", None),
    }
}

/// What became of an approval. What somebody said along with it is in the session.
fn decided(outcome: &approval::Outcome) -> Value {
    match outcome {
        approval::Outcome::Approved { by, still_needed, .. } => {
            json!({ "type": "approved", "member_id": by, "still_needed": still_needed })
        }
        approval::Outcome::Rejected { by, .. } => json!({ "type": "rejected", "member_id": by }),
        approval::Outcome::Expired => json!({ "type": "expired" }),
        approval::Outcome::Void { cause } => json!({ "type": "void", "cause": cause }),
    }
}

fn name(text: &str) -> String {
    cut(text, NAME_CHARS_MAX)
}

fn text(text: &str) -> String {
    cut(text, TEXT_CHARS_MAX)
}

fn fields(data: Value) -> Map<String, Value> {
    match data {
        Value::Object(fields) => fields,
        // Every caller gives an object.
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AgentId, RunId};
    use crate::limits::Spent;
    use crate::model::FaultKind;
    use crate::monitor::{Finding, Level};
    use crate::rollout::{Details, NewRollout, Report, RolloutStatus};
    use crate::run::Need;
    use crate::session::Origin;
    use crate::tool::{Effect, Permission, Ruling};

    const SESSION: SessionId = SessionId(Uuid::from_u128(1));
    const RUN: RunId = RunId(Uuid::from_u128(2));
    const PROJECT: ProjectId = ProjectId(Uuid::from_u128(3));

    fn run(outcome: Option<Outcome>, status: RunStatus) -> Run {
        Run {
            id: RUN,
            session: SESSION,
            project: PROJECT,
            agent: AgentId(Uuid::from_u128(4)),
            origin: Origin::Native,
            key: None,
            overrides: Default::default(),
            agent_version: Some(1),
            ended_at: outcome.as_ref().map(|_| Timestamp::UNIX_EPOCH),
            status,
            fence: None,
            version: 0,
            first_seq: None,
            trace: None,
            queued_at: Timestamp::UNIX_EPOCH,
            started_at: None,
            deadline: None,
            spent: Spent::default(),
            in_flight: Vec::new(),
            waiting: Vec::new(),
            asks_since: None,
            asked: Vec::new(),
            failed_attempts: 0,
            model_at: 0,
            refused_tokens: None,
            remedy: None,
            outcome,
        }
    }

    fn event(n: u128, body: EventBody) -> NewEvent {
        NewEvent { id: EventId(Uuid::from_u128(n)), run: Some(RUN), at: Timestamp::UNIX_EPOCH, body }
    }

    fn told(events: Vec<NewEvent>, besides: Vec<Change>) -> Vec<(EventType, Value)> {
        let append = Change::Append { session: SESSION, events, state: None };
        let changes: Vec<_> = [append].into_iter().chain(besides).collect();
        let shown = |notice: &Notice| {
            let body: Value = serde_json::from_str(&notice.body(Some(PROJECT))).unwrap();
            assert_eq!(body["type"], notice.kind.as_str());
            (notice.kind, body["data"].clone())
        };
        notices(&changes).iter().map(shown).collect()
    }

    #[test]
    fn a_run_is_told_of_when_it_is_over() {
        for status in [RunStatus::Queued, RunStatus::Running, RunStatus::Waiting] {
            assert!(told(Vec::new(), vec![Change::PutRun(run(None, status))]).is_empty(), "{status:?}");
        }
        for (outcome, kind, said) in [
            (Outcome::Done, EventType::RunCompleted, "done"),
            (Outcome::Interrupted, EventType::RunCancelled, "interrupted"),
            (Outcome::Unrunnable { message: "no model".into() }, EventType::RunFailed, "unrunnable"),
        ] {
            let status = outcome.status();
            let told = told(Vec::new(), vec![Change::PutRun(run(Some(outcome), status))]);
            assert_eq!((told.len(), told[0].0, &told[0].1["outcome"]["type"]), (1, kind, &json!(said)));
            assert_eq!(told[0].1["project_id"], PROJECT.to_string());
        }
    }

    #[test]
    fn who_must_act_is_told_what_for() {
        let call = event(
            7,
            EventBody::AgentToolUse {
                name: "deploy".into(),
                input: json!({ "password": "hunter2" }),
                evaluated_permission: Ruling::Ask,
                permission: Permission::Ask,
                effect: Effect::Unsafe,
            },
        );
        let stop_reason = StopReason::RequiresAction { event_ids: vec![call.id, EventId(Uuid::from_u128(8))] };
        let waiting = vec![Waiting { tool_use: call.id, need: Need::Approval }];
        let run = Run { waiting, ..run(None, RunStatus::Waiting) };
        let told = told(vec![call.clone(), event(9, EventBody::StatusIdle { stop_reason })], vec![Change::PutRun(run)]);
        assert_eq!(told.len(), 1);
        let (kind, data) = &told[0];
        assert_eq!((*kind, data["waits_for_count"].as_u64()), (EventType::SessionRequiresAction, Some(2)));
        assert_eq!(data["waits_for"][0], json!({ "tool_use_id": call.id, "need": "approval", "tool": "deploy" }));
        assert!(!data.to_string().contains("hunter2"), "arguments are not told");
        assert_eq!((&data["run_id"], &data["session_id"]), (&json!(RUN), &json!(SESSION)));
    }

    #[test]
    fn of_a_rollout_only_what_rises_and_its_end_is_told() {
        let update = |rose_from| EventBody::MonitorUpdate {
            check: 2,
            level: Level::High,
            rose_from,
            summary: "worse".into(),
            evidence: Vec::new(),
        };
        assert!(told(vec![event(1, update(None))], Vec::new()).is_empty());
        let risen = told(vec![event(1, update(Some(Level::None)))], Vec::new());
        assert_eq!((risen[0].0, &risen[0].1["rose_from"]), (EventType::RolloutLevelRisen, &json!("none")));
        let end = WatchEnd::Completed { finding: Finding::Healthy };
        let ended = EventBody::MonitorEnded { end, checks: 3, level: Level::None, summary: "well".into() };
        let ended = told(vec![event(1, ended)], Vec::new());
        assert_eq!((ended[0].0, &ended[0].1["finding"]), (EventType::RolloutWatchEnded, &json!("healthy")));
    }

    fn rollout(said: &str) -> Rollout {
        let details = Details { request: said.into(), commit: Some(said.into()), ..Details::default() };
        let report = Report { status: RolloutStatus::Running, details, gives_metadata: false, extra: Map::new() };
        let new = NewRollout {
            id: RolloutId(Uuid::from_u128(5)),
            alias: Uuid::nil(),
            project: PROJECT,
            session: SESSION,
            session_alias: Uuid::nil(),
        };
        Rollout::begin(new, report, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn each_report_is_told_of_and_nothing_else_that_is_written_of_a_rollout() {
        let first = rollout("deploy");
        let again = Rollout { version: 1, ..first.clone() };
        let reports =
            [Change::InsertRollout(first.clone()), Change::ReportRollout(first.clone()), Change::ReportRollout(again)];
        let all: Vec<_> = reports.into_iter().flat_map(|report| notices(&[report])).collect();
        assert!(all.iter().all(|notice| notice.kind == EventType::RolloutReported && notice.project == Some(PROJECT)));
        let sources: std::collections::HashSet<Uuid> = all.iter().map(|notice| notice.source).collect();
        assert_eq!((all.len(), sources.len()), (3, 3));
        let decided = Change::PutRollout(first.clone());
        assert!(notices(&[decided]).is_empty(), "nobody reported it");

        let body = EventBody::RolloutReported {
            rollout: first.id,
            status: first.status,
            request: "deploy".into(),
            commit: None,
        };
        let told = told(vec![event(6, body)], vec![Change::ReportRollout(first)]);
        assert_eq!((told.len(), &told[0].1["event_id"]), (1, &json!(EventId(Uuid::from_u128(6)))), "told once");
    }

    #[test]
    fn whatever_happens_little_is_sent() {
        let long = "\u{1}".repeat(100_000);
        let evidence = |_| Evidence {
            signal: long.clone(),
            level: Level::Critical,
            current: Some(f64::MAX),
            baseline: None,
            detail: Some(long.clone()),
        };
        let bodies = [
            EventBody::StatusIdle {
                stop_reason: StopReason::RequiresAction {
                    event_ids: (0..1_000).map(Uuid::from_u128).map(EventId).collect(),
                },
            },
            EventBody::MonitorUpdate {
                check: u32::MAX,
                level: Level::Critical,
                rose_from: Some(Level::None),
                summary: long.clone(),
                evidence: (0..100).map(evidence).collect(),
            },
        ];
        let tools =
            (0..1_000).map(|n| event(n, EventBody::AgentCustomToolUse { name: long.clone(), input: json!(long) }));
        let events: Vec<_> = tools.chain(bodies.into_iter().map(|body| event(5_000, body))).collect();
        let failed = Outcome::ModelFailed { fault: FaultKind::Cut, message: long.clone() };
        let over = Change::PutRun(run(Some(failed), RunStatus::Failed));
        let append = Change::Append { session: SESSION, events, state: None };
        let reported = Change::InsertRollout(rollout(&long));
        let notices = notices(&[append, over, reported]);
        assert_eq!(notices.len(), 4);
        for notice in notices {
            let bytes = notice.body(Some(PROJECT)).len();
            assert!(bytes <= BODY_BYTES_MAX, "{}: {bytes}", notice.kind);
        }
    }
}
