//! A rollout that waits for approval: what was asked, who said what, and what it came to.

use jiff::{SignedDuration, Timestamp, Zoned};
use serde::{Deserialize, Serialize};

use super::look::Look;
use super::rule::{ApprovalRule, Approvers, RuleSpec};
use crate::audit::{Act, Action, Actor, AuditEntry};
use crate::change::{Change, ChangeSet, Guard};
use crate::event::{EventBody, NewEvent};
use crate::id::{ApprovalRuleId, AuditId, MemberId, SessionId};
use crate::rights::Role;
use crate::rollout::{Rollout, RolloutStatus, same_commit};
use crate::turn::Moment;

/// What was asked about a rollout, and what came of it. It is worth nothing for another commit,
/// nor when the rollout has once moved on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// What came of it.
    #[serde(flatten)]
    pub state: ApprovalState,
    /// The commit that was asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When it is rejected if nobody has decided.
    pub expires_at: Timestamp,
    /// The rules that asked, as they were then. Each must be met.
    pub asks: Vec<Ask>,
    /// Who approved, the first one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
}

/// What came of an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ApprovalState {
    /// Nothing yet.
    Pending,
    /// Enough people approved.
    Approved {
        /// When the last of them did.
        at: Timestamp,
    },
    /// Somebody rejected it.
    Rejected {
        /// Who.
        by: MemberId,
        /// What they are called.
        name: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// Nobody decided in time, which is as if it had been rejected.
    Expired {
        /// When.
        at: Timestamp,
    },
    /// It is about something that is not so any more.
    Void {
        /// Why.
        cause: VoidCause,
        /// When.
        at: Timestamp,
    },
}

/// Why an approval is worth nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoidCause {
    /// The rollout is of another commit.
    Commit,
    /// The rollout moved on before anybody had decided.
    Status,
    /// What was reported since is for other rules to ask about.
    Report,
    /// Its pipeline reported another commit, which is a rollout of its own.
    Superseded,
    /// The organization was exported: nobody decides in two places.
    Exported,
}

impl VoidCause {
    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            VoidCause::Commit => "commit",
            VoidCause::Status => "status",
            VoidCause::Report => "report",
            VoidCause::Superseded => "superseded",
            VoidCause::Exported => "exported",
        }
    }
}

/// A rule that asked, as it was then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The rule.
    pub rule: ApprovalRuleId,
    /// Its name.
    pub name: String,
    /// Who decides.
    pub approvers: Approvers,
    /// How many of them must approve.
    pub min_count: u32,
    /// Whether they may decide about what they reported themselves.
    pub allow_own: bool,
    /// Seconds that they had.
    pub expires_after: u32,
}

/// Somebody approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Who.
    pub member: MemberId,
    /// What they are called.
    pub name: String,
    /// What they might do then.
    pub role: Role,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// What somebody says about a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Who.
    pub member: MemberId,
    /// What they are called.
    pub name: String,
    /// What they may do at the moment.
    pub role: Role,
    /// What they say.
    pub verdict: Verdict,
    /// Why.
    pub reason: Option<String>,
    /// When that was asked which they decide about, if they say so.
    pub asked_at: Option<Timestamp>,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may go on.
    Approve,
    /// It may not.
    Reject,
}

/// What became of an approval, as it is told in the rollout's session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Somebody approved.
    Approved {
        /// Who.
        by: MemberId,
        /// What they are called.
        name: String,
        /// What they said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// How many more must, at least.
        still_needed: u32,
    },
    /// Somebody rejected it.
    Rejected {
        /// Who.
        by: MemberId,
        /// What they are called.
        name: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Nobody decided in time.
    Expired,
    /// It is worth nothing any more.
    Void {
        /// Why.
        cause: VoidCause,
    },
}

/// Why a decision is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecisionRefusal {
    /// Nothing was asked.
    #[error("the rollout waits for no approval")]
    NothingAsked,
    /// It is too late.
    #[error("the rollout waits for no approval any more: it is {0}")]
    Decided(&'static str),
    /// What they decide about is not what is asked now.
    #[error("it was asked about anew since you looked: read the rollout again, and decide about that")]
    AskedAnew,
    /// They reported it themselves.
    #[error(
        "nobody decides about a rollout that they reported themselves, unless its rule allows it: ask another approver"
    )]
    Own,
    /// No rule names them.
    #[error("none of the rules that ask has you among its approvers")]
    NotAnApprover,
    /// One person counts once.
    #[error("you have approved it already: somebody else must too")]
    Twice,
}

/// A rollout after something was reported, said or missed, and what is to be told of that.
#[derive(Debug, Clone, PartialEq)]
pub struct Considered {
    /// The rollout.
    pub rollout: Rollout,
    told: Vec<EventBody>,
    acts: Vec<Act>,
}

impl Considered {
    fn nothing(rollout: Rollout) -> Self {
        Self { rollout, told: Vec::new(), acts: Vec::new() }
    }

    /// Whether anything is to be told.
    pub fn is_nothing(&self) -> bool {
        self.told.is_empty() && self.acts.is_empty()
    }

    /// What is told in `session`, if that is still open, and recorded as this actor's doing.
    pub fn telling(&self, session: Option<SessionId>, actor: Actor, at: &mut Moment<'_>) -> ChangeSet {
        let now = at.now;
        let mut fresh = || (at.ids)();
        let told = self.told.iter().cloned();
        let events: Vec<_> = told.map(|body| NewEvent { id: fresh(), run: None, at: now, body }).collect();
        let told = session.filter(|_| !events.is_empty());
        let told = told.map(|session| Change::Append { session, events, state: None });
        let entry = |act: &Act| AuditEntry { id: AuditId(fresh().0), at: now, actor, act: act.clone() };
        ChangeSet::of(told.into_iter().chain(self.acts.iter().map(entry).map(Change::Audit)))
    }

    /// The whole write, if the rollout is still what it was, and [`Considered::telling`].
    pub fn changes(&self, session: Option<SessionId>, actor: Actor, at: &mut Moment<'_>) -> ChangeSet {
        let guard = Guard::RolloutAt { rollout: self.rollout.id, version: self.rollout.version };
        let put = ChangeSet::of([Change::PutRollout(self.rollout.clone())]).guarded(guard);
        put.and(self.telling(session, actor, at))
    }

    fn tell(&mut self, outcome: Outcome, act: Act) {
        self.told.push(EventBody::ApprovalDecided { rollout: self.rollout.id, outcome });
        self.acts.push(act);
    }

    fn void(&mut self, cause: VoidCause, now: Timestamp) {
        if let Some(approval) = &mut self.rollout.approval {
            approval.state = ApprovalState::Void { cause, at: now };
        }
        let act = act(Action::RolloutApprovalVoid, &self.rollout).with("cause", cause.as_str());
        self.tell(Outcome::Void { cause }, act);
    }
}

impl Ask {
    fn of(rule: &ApprovalRule) -> Self {
        let spec = rule.spec.clone();
        Self {
            rule: rule.id,
            name: spec.name,
            approvers: spec.approvers,
            min_count: spec.min_count,
            allow_own: spec.allow_own,
            expires_after: spec.expires_after,
        }
    }

    /// Whether what this person says counts here.
    fn hears(&self, member: MemberId, role: Role, is_own: bool) -> bool {
        self.approvers.include(member, role) && (self.allow_own || !is_own)
    }
}

impl Rollout {
    /// Notes whose key reported it. They do not decide about it, as a rule.
    pub fn reported_by(&mut self, member: Option<MemberId>) {
        let new = member.filter(|member| !self.reporters.contains(member));
        self.reporters.extend(new);
    }

    /// Whether people are asked about it and have not decided.
    pub fn is_asking(&self) -> bool {
        self.approval.as_ref().is_some_and(Approval::is_open)
    }

    /// When it is rejected if nobody decides.
    pub fn approval_due(&self) -> Option<Timestamp> {
        self.approval.as_ref().filter(|_| self.is_asking()).map(|approval| approval.expires_at)
    }

    /// Where it stands, approval included: while it is pending, what came of that; from then
    /// on its status.
    pub fn state(&self) -> &'static str {
        match &self.approval {
            Some(approval) if self.status == RolloutStatus::Pending => approval.state.as_str(),
            _ => self.status.as_str(),
        }
    }

    /// What a report does to its approval. `self` is the rollout after the report, `before` as
    /// it was before that, if it was known; `rules` are the organization's, and `at` is now by
    /// its clock.
    pub fn considered(self, before: Option<&Rollout>, rules: &[ApprovalRule], at: &Zoned) -> Considered {
        let old = before.and_then(|before| before.approval.as_ref().map(|approval| (before.status, approval)));
        match self.status {
            RolloutStatus::Pending => self.asked(old, rules, at),
            _ => self.went_on(old, at.timestamp()),
        }
    }

    fn asked(self, old: Option<(RolloutStatus, &Approval)>, rules: &[ApprovalRule], at: &Zoned) -> Considered {
        let commit = self.details.commit.as_deref();
        let old = old.map(|(status, old)| (status, old, same_commit(old.commit.as_deref(), commit)));
        // What once had to be asked about a commit is not talked away by a report that says
        // less, as long as its rule is there.
        let asked_before =
            |rule: &ApprovalRule| old.is_some_and(|(_, old, same_commit)| same_commit && old.asked(rule));
        let look = Look::at(&self, at);
        let asks_now = |rule: &&ApprovalRule| asked_before(rule) || rule.spec.asks(&look);
        let asking: Vec<&ApprovalRule> = rules.iter().filter(asks_now).collect();
        let asks: Vec<Ask> = asking.iter().copied().map(Ask::of).collect();
        let mut considered = Considered::nothing(self);
        if let Some((RolloutStatus::Pending, old, same_commit)) = old
            && old.state.is_worth_something()
        {
            if same_commit && asking.iter().all(|rule| old.asked_so(rule)) {
                return considered;
            }
            let cause = if same_commit { VoidCause::Report } else { VoidCause::Commit };
            considered.void(cause, at.timestamp());
        }
        considered.rollout.approval = None;
        if !asks.is_empty() {
            considered.ask(asks, at.timestamp());
        }
        considered
    }

    /// It is under way or over, whatever people have said.
    fn went_on(self, old: Option<(RolloutStatus, &Approval)>, now: Timestamp) -> Considered {
        let mut considered = Considered::nothing(self);
        let Some((status, old)) = old else { return considered };
        let rollout = &considered.rollout;
        let other_commit = !same_commit(old.commit.as_deref(), rollout.details.commit.as_deref());
        let is_on = |status| matches!(status, RolloutStatus::Running | RolloutStatus::Success);
        let is_approved = matches!(old.state, ApprovalState::Approved { .. }) && !other_commit;
        // Once each time it goes on, be it after it was called off for want of an approval.
        let unapproved = (is_on(rollout.status) && !is_on(status) && !is_approved)
            .then(|| act(Action::RolloutUnapproved, rollout).with("status", rollout.status.as_str()));
        match old.state {
            ApprovalState::Pending => considered.void(VoidCause::Status, now),
            ApprovalState::Approved { .. } if other_commit => considered.void(VoidCause::Commit, now),
            _ => {}
        }
        considered.acts.extend(unapproved);
        considered
    }

    /// Its pipeline reported another commit, as a rollout of its own.
    pub fn superseded(self, now: Timestamp) -> Considered {
        let is_worth = self.approval.as_ref().is_some_and(|approval| approval.state.is_worth_something())
            && self.status == RolloutStatus::Pending;
        let mut considered = Considered::nothing(self);
        if is_worth {
            considered.void(VoidCause::Superseded, now);
        }
        considered
    }

    /// Somebody decides.
    ///
    /// # Errors
    /// It is not theirs to decide, or not any more.
    pub fn decided(self, decision: Decision, now: Timestamp) -> Result<Considered, DecisionRefusal> {
        let is_own = self.reporters.contains(&decision.member);
        let Some(approval) = &self.approval else { return Err(DecisionRefusal::NothingAsked) };
        if !approval.is_open() || approval.expires_at <= now {
            let word = if approval.is_open() { "expired" } else { approval.state.as_str() };
            return Err(DecisionRefusal::Decided(word));
        }
        let is_about_this = match decision.asked_at {
            Some(asked_at) => asked_at == approval.asked_at,
            // Whoever does not say what they saw cannot have seen what was asked after their word.
            None => approval.asked_at <= now,
        };
        if !is_about_this {
            return Err(DecisionRefusal::AskedAnew);
        }
        let (member, role) = (decision.member, decision.role);
        if !approval.asks.iter().any(|ask| ask.hears(member, role, is_own)) {
            let would = approval.asks.iter().any(|ask| ask.hears(member, role, false));
            return Err(if would { DecisionRefusal::Own } else { DecisionRefusal::NotAnApprover });
        }
        match decision.verdict {
            Verdict::Approve if approval.votes.iter().any(|vote| vote.member == member) => Err(DecisionRefusal::Twice),
            Verdict::Approve => Ok(self.approved(decision, now)),
            Verdict::Reject => Ok(self.rejected(decision, now)),
        }
    }

    /// Nobody decided in time; `None` if that is not so.
    pub fn expired(self, now: Timestamp) -> Option<Considered> {
        self.approval_due().filter(|due| *due <= now)?;
        let mut considered = Considered::nothing(self);
        considered.put(ApprovalState::Expired { at: now });
        let act = act(Action::RolloutRejected, &considered.rollout).with("reason", "expired");
        considered.tell(Outcome::Expired, act);
        Some(considered)
    }

    fn approved(self, decision: Decision, now: Timestamp) -> Considered {
        let Decision { member, name, role, reason, .. } = decision;
        let mut considered = Considered::nothing(self);
        let vote = Vote { member, name: name.clone(), role, reason: reason.clone(), at: now };
        if let Some(approval) = &mut considered.rollout.approval {
            approval.votes.push(vote);
        }
        let still_needed = considered.rollout.votes_needed();
        if still_needed == 0 {
            considered.put(ApprovalState::Approved { at: now });
        }
        let act = act(Action::RolloutApproved, &considered.rollout).with_some("reason", reason.clone());
        considered
            .tell(Outcome::Approved { by: member, name, reason, still_needed }, act.with("still_needed", still_needed));
        considered
    }

    fn rejected(self, decision: Decision, now: Timestamp) -> Considered {
        let Decision { member: by, name, reason, .. } = decision;
        let mut considered = Considered::nothing(self);
        considered.put(ApprovalState::Rejected { by, name: name.clone(), reason: reason.clone(), at: now });
        let act = act(Action::RolloutRejected, &considered.rollout).with_some("reason", reason.clone());
        considered.tell(Outcome::Rejected { by, name, reason }, act);
        considered
    }

    /// How many more people must approve, at least.
    pub fn votes_needed(&self) -> u32 {
        let Some(approval) = &self.approval else { return 0 };
        approval.asks.iter().map(|ask| self.votes_missing(approval, ask)).max().unwrap_or_default()
    }

    /// How many more of a rule's approvers must approve.
    pub fn votes_missing(&self, approval: &Approval, ask: &Ask) -> u32 {
        let counts = |vote: &&Vote| ask.hears(vote.member, vote.role, self.reporters.contains(&vote.member));
        let given = approval.votes.iter().filter(counts).count();
        ask.min_count.saturating_sub(u32::try_from(given).unwrap_or(u32::MAX))
    }
}

impl Considered {
    fn put(&mut self, state: ApprovalState) {
        if let Some(approval) = &mut self.rollout.approval {
            approval.state = state;
        }
    }

    fn ask(&mut self, asks: Vec<Ask>, now: Timestamp) {
        let seconds = asks.iter().map(|ask| ask.expires_after).min().unwrap_or_default();
        let expires_at = now.saturating_add(SignedDuration::from_secs(seconds.into())).unwrap_or(Timestamp::MAX);
        let rollout = &mut self.rollout;
        let commit = rollout.details.commit.clone();
        self.told.push(EventBody::ApprovalRequested {
            rollout: rollout.id,
            commit: commit.clone(),
            rules: asks.iter().map(|ask| ask.name.clone()).collect(),
            expires_at,
        });
        let state = ApprovalState::Pending;
        rollout.approval = Some(Approval { state, commit, asked_at: now, expires_at, asks, votes: Vec::new() });
    }
}

impl Approval {
    /// Whether nobody has decided.
    pub fn is_open(&self) -> bool {
        self.state == ApprovalState::Pending
    }

    /// What was asked: when, and about which commit.
    pub fn question(&self) -> (Timestamp, Option<&str>) {
        (self.asked_at, self.commit.as_deref())
    }

    /// Whether this rule asked.
    fn asked(&self, rule: &ApprovalRule) -> bool {
        self.asks.iter().any(|ask| ask.rule == rule.id)
    }

    /// Whether this rule asked as it asks now.
    fn asked_so(&self, rule: &ApprovalRule) -> bool {
        let RuleSpec { approvers, min_count, allow_own, .. } = &rule.spec;
        let is_so = |ask: &Ask| {
            ask.rule == rule.id && (&ask.approvers, ask.min_count, ask.allow_own) == (approvers, *min_count, *allow_own)
        };
        self.asks.iter().any(is_so)
    }
}

impl ApprovalState {
    /// Whether somebody may still decide, or has approved.
    fn is_worth_something(&self) -> bool {
        matches!(self, ApprovalState::Pending | ApprovalState::Approved { .. })
    }

    /// As written where a rollout's state is shown.
    pub fn as_str(&self) -> &'static str {
        match self {
            ApprovalState::Pending => "pending_approval",
            ApprovalState::Approved { .. } => "approved",
            ApprovalState::Rejected { .. } | ApprovalState::Expired { .. } => "rejected",
            ApprovalState::Void { .. } => "void",
        }
    }

    /// When it came to this; `None` while it is open.
    pub fn since(&self) -> Option<Timestamp> {
        match self {
            ApprovalState::Pending => None,
            ApprovalState::Approved { at }
            | ApprovalState::Rejected { at, .. }
            | ApprovalState::Expired { at }
            | ApprovalState::Void { at, .. } => Some(*at),
        }
    }

    /// Why, as far as somebody said or it is known.
    pub fn reason(&self) -> Option<&str> {
        match self {
            ApprovalState::Pending | ApprovalState::Approved { .. } => None,
            ApprovalState::Rejected { reason, .. } => reason.as_deref(),
            ApprovalState::Expired { .. } => Some("expired"),
            ApprovalState::Void { cause, .. } => Some(cause.as_str()),
        }
    }
}

/// A deed about a rollout, bound to what it was about.
fn act(action: Action, rollout: &Rollout) -> Act {
    let act = Act::new(action, rollout.id).with_some("commit", rollout.details.commit.clone());
    act.with("session", rollout.session.to_string())
}

#[cfg(test)]
mod tests;
