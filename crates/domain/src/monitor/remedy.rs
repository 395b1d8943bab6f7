//! Taking a rollout back: the one call that does it, fixed when it is called for.
//!
//! No model has a part in it. What is called, with what, for which rollout and commit is
//! written into a run ([`crate::run::Run::remedy`]), which makes that call or asks for it,
//! and nothing else. It survives a crash as any run does.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::placeholders;
use super::rollback::Policy;
use super::rollback_spec::RollbackSpec;
use crate::change::{Change, ChangeSet, Guard};
use crate::event::{EventBody, NewEvent};
use crate::id::{MemberId, RolloutId, SessionId, ToolId};
use crate::output::Schema;
use crate::rights::Role;
use crate::rollout::Rollout;
use crate::run::Run;
use crate::session::InboxItem;
use crate::tool::{Effect, JudgedCall, Judgement, Permission, Tool};
use crate::turn::Moment;

/// How long a decision is waited for.
pub const DECIDED_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// How long a rollback that asks nobody waits for its turn in the session: later it might
/// undo what has been mended meanwhile.
pub const BEGUN_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// Bytes of an input with everything filled in.
const INPUT_BYTES_MAX: usize = 64 << 10;

/// How a rollout is taken back: exactly this call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remedy {
    /// What is taken back,
    pub rollout: RolloutId,
    /// which was of this commit, as far as it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// What is called. A tool never changes.
    pub tool: ToolId,
    /// Its name.
    pub name: String,
    /// The arguments.
    pub input: Value,
    /// What it does to the world.
    pub effect: Effect,
    /// Whether somebody is asked.
    pub permission: Permission,
    /// Who may decide, besides owners; anybody who may decide about calls, if nobody is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<MemberId>,
}

/// What becomes of a rollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollbackStep {
    /// Somebody is asked.
    Proposed,
    /// It is made without a question.
    Begun,
    /// It cannot be made.
    Impossible,
    /// What was called for is not in question any more.
    Void,
}

impl RollbackStep {
    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            RollbackStep::Proposed => "proposed",
            RollbackStep::Begun => "begun",
            RollbackStep::Impossible => "impossible",
            RollbackStep::Void => "void",
        }
    }
}

impl Remedy {
    /// What takes this rollout back.
    ///
    /// # Errors
    /// Why nothing does, for people.
    pub fn of(spec: &RollbackSpec, tool: &Tool, rollout: &Rollout) -> Result<Self, String> {
        let input = placeholders::fill(&spec.input, rollout)?;
        if input.to_string().len() > INPUT_BYTES_MAX {
            return Err(format!("what it would be called with has more than {INPUT_BYTES_MAX} bytes"));
        }
        let schema = Schema::new(&tool.http.input_schema).map_err(|error| error.to_string())?;
        schema.check(&input).map_err(|why| format!("what it would be called with does not fit the tool: {why}"))?;
        Ok(Self {
            rollout: rollout.id,
            commit: rollout.details.commit.clone(),
            tool: tool.id,
            name: tool.http.name.clone(),
            input,
            effect: tool.http.effect,
            permission: if spec.policy == Policy::Automatic { Permission::Allow } else { Permission::Ask },
            approvers: spec.approvers.clone(),
        })
    }

    /// Whether it is made without a question.
    pub fn is_automatic(&self) -> bool {
        self.permission == Permission::Allow
    }

    /// The call, as a turn takes it.
    pub fn call(&self) -> JudgedCall {
        JudgedCall {
            name: self.name.clone(),
            input: self.input.clone(),
            judgement: Judgement::Valid(self.permission.ruling()),
            permission: self.permission,
            effect: self.effect,
            by_client: false,
        }
    }

    /// Whether somebody's word about it counts; the operator is nobody, with an owner's role.
    pub fn is_decided_by(&self, member: Option<MemberId>, role: Role) -> bool {
        let is_named = member.is_some_and(|member| self.approvers.contains(&member));
        self.approvers.is_empty() || role == Role::Owner || is_named
    }

    /// When it is over, whatever became of it, if it is called for now.
    pub fn deadline(&self, now: Timestamp) -> Timestamp {
        let within = if self.is_automatic() { BEGUN_WITHIN } else { DECIDED_WITHIN };
        now.saturating_add(within).unwrap_or(Timestamp::MAX)
    }

    /// What is told of it.
    pub fn told(&self, step: RollbackStep, summary: String) -> EventBody {
        EventBody::MonitorRollback { rollout: self.rollout, commit: self.commit.clone(), step, summary }
    }

    /// What is told first.
    pub fn called_for(&self, criticals: u32) -> EventBody {
        let Self { name, input, .. } = self;
        let (step, asks) = match self.is_automatic() {
            true => (RollbackStep::Begun, "The rollout is taken back"),
            false => (RollbackStep::Proposed, "Taking the rollout back waits for somebody's word"),
        };
        let checks = if criticals == 1 { "check" } else { "checks in a row" };
        self.told(step, format!("{asks}: {criticals} critical {checks}, so {name} is called with {input}."))
    }
}

/// A run that the monitor begins, with what it is to work on. No budget forbids it to be
/// queued: one that is used up ends it when its turn comes, and is told of then.
pub fn begin(run: Run, body: EventBody, at: &mut Moment<'_>) -> ChangeSet {
    let guard = Guard::AgentLives { agent: run.agent };
    let (session, id) = (run.session, run.id);
    let item = InboxItem { id: (at.ids)(), session, run: id, accepted_at: at.now, body };
    ChangeSet::of([Change::InsertRun(run), Change::Enqueue(item)]).guarded(guard)
}

/// Why a run that takes a rollout back came to nothing before it began: it waited too long.
pub const TOO_LATE: &str = "its turn did not come in time";

/// Why a run that takes a rollout back came to nothing before it began: somebody ended it.
pub const CALLED_OFF: &str = "it was called off before its turn came";

/// What a run is told first, as it is told of one that never begins: that a rollout is taken
/// back, or might be, would not be true.
pub fn never_begun(body: EventBody, why: &str) -> EventBody {
    match body {
        EventBody::MonitorRollback { rollout, commit, .. } => {
            EventBody::MonitorRollback { rollout, commit, step: RollbackStep::Void, summary: not_taken_back(why) }
        }
        other => other,
    }
}

/// Told of a run that was to take a rollout back, and does not any more.
pub fn tell_void(run: &Run, why: &str, at: &mut Moment<'_>) -> ChangeSet {
    let Some(remedy) = &run.remedy else { return ChangeSet::default() };
    let body = remedy.told(RollbackStep::Void, not_taken_back(why));
    let event = NewEvent { id: (at.ids)(), run: Some(run.id), at: at.now, body };
    ChangeSet::of([Change::Append { session: run.session, events: vec![event], state: None }])
}

fn not_taken_back(why: &str) -> String {
    format!("The rollout is not taken back: {why}.")
}

/// Something told in a session, whatever runs there.
pub fn tell(session: SessionId, body: EventBody, at: &mut Moment<'_>) -> ChangeSet {
    let event = NewEvent { id: (at.ids)(), run: None, at: at.now, body };
    ChangeSet::of([Change::Append { session, events: vec![event], state: None }])
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::id::{MemberId, ProjectId};
    use crate::monitor::watch::tests::rollout;
    use crate::rollout::RolloutStatus;
    use crate::tool::{HttpTool, Ruling};
    use serde_json::json;
    use uuid::Uuid;

    fn tool() -> Tool {
        let http = HttpTool {
            name: "rollback".into(),
            description: "Takes it back.".into(),
            input_schema: json!({ "type": "object", "required": ["to"], "properties": { "to": { "type": "string" } } }),
            method: "POST".into(),
            url: "https://deploy.example/rollback".into(),
            headers: Default::default(),
            timeout_ms: 1_000,
            effect: Effect::Unsafe,
        };
        let (id, project) = (ToolId(Uuid::from_u128(7)), ProjectId(Uuid::nil()));
        Tool { id, number: 1, project, http, created_at: Timestamp::UNIX_EPOCH }
    }

    /// A rollback of a rollout of this commit, as this policy has it.
    pub(crate) fn remedy(policy: Policy, commit: Option<&str>) -> Result<Remedy, String> {
        let spec = RollbackSpec { policy, input: json!({ "to": "{commit}" }), ..RollbackSpec::default() };
        let mut rollout = rollout(RolloutStatus::Running);
        rollout.details.commit = commit.map(Into::into);
        Remedy::of(&spec, &tool(), &rollout)
    }

    #[test]
    fn it_is_one_call_with_everything_filled_in() {
        for (policy, ruling) in [(Policy::Propose, Ruling::Ask), (Policy::Automatic, Ruling::Allow)] {
            let call = remedy(policy, Some("4f2c1e0")).unwrap().call();
            assert_eq!((call.name.as_str(), call.input), ("rollback", json!({ "to": "4f2c1e0" })));
            assert_eq!((call.judgement, call.effect), (Judgement::Valid(ruling), Effect::Unsafe));
        }
        let why = remedy(Policy::Automatic, None).unwrap_err();
        assert!(why.contains("does not fit"), "{why}");
    }

    #[test]
    fn those_who_are_named_decide_and_owners() {
        let [named, other] = [1, 2].map(|n| Some(MemberId(Uuid::from_u128(n))));
        let open = remedy(Policy::Propose, Some("4f2c1e0")).unwrap();
        let closed = Remedy { approvers: named.into_iter().collect(), ..open.clone() };
        for role in Role::ALL {
            assert!(open.is_decided_by(other, role) && open.is_decided_by(None, role));
            assert!(closed.is_decided_by(named, role));
            assert_eq!(closed.is_decided_by(other, role), role == Role::Owner, "{role:?}");
            assert_eq!(closed.is_decided_by(None, role), role == Role::Owner, "the operator, and nobody else");
        }
    }
}
