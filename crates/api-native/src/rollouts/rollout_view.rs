//! A rollout as it is shown, with what people were asked about it.

use app::{ReportedRollout, Reporter, WatchedRollout};
use domain::approval::{Approval, ApprovalState, Ask, Vote, changed_paths};
use domain::monitor::{Watch, WatchEnd, WatchState};
use domain::rollout::{Move, Rollout};
use domain::{ApprovalRuleId, MemberId, ProjectId, RolloutId, SessionId, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::approval_rules::ApproversView;

/// A software deployment that a pipeline reported.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RolloutView {
    #[schema(value_type = String)]
    id: RolloutId,
    #[serde(rename = "type")]
    kind: RolloutType,
    /// Its id in the Cased-compatible API.
    alias: String,
    #[schema(value_type = String)]
    project_id: ProjectId,
    /// `owner/name`.
    repository: Option<String>,
    /// Where it is watched and told of.
    #[schema(value_type = String)]
    session_id: SessionId,
    /// What its pipeline last said: `pending`, `running`, `success`, `failure` or `cancelled`.
    status: &'static str,
    /// While it is pending and rules ask about it, `pending_approval`, `approved`, `rejected` or
    /// `void`; otherwise its status.
    state: &'static str,
    /// What is rolled out, in the pipeline's words.
    request: String,
    commit: Option<String>,
    commit_message: Option<String>,
    #[serde(rename = "ref")]
    git_ref: Option<String>,
    external_url: Option<String>,
    run_id: Option<String>,
    run_url: Option<String>,
    workflow_id: Option<String>,
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
    /// What it changes, by `changed_paths` or `files` of its metadata; null if those do not say.
    changed_paths: Option<Vec<String>>,
    /// What people were asked about it.
    approval: Option<ApprovalView>,
    /// How bad the last look at it was: `none`, `no_data`, `unknown`, `medium`, `high` or
    /// `critical`; null before the first.
    level: Option<&'static str>,
    /// What its watch found when it had run its course: `healthy`, `anomalies_remain`,
    /// `not_verified` or `deployment_failed`; null until then, and of one that was stopped.
    finding: Option<&'static str>,
    /// Whose keys reported it.
    reported_by: Vec<ReporterView>,
    /// Each status it moved to, oldest first.
    history: Vec<MoveView>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RolloutType {
    Rollout,
}

/// A status, and when the rollout moved to it.
#[derive(Debug, Serialize, ToSchema)]
struct MoveView {
    status: &'static str,
    at: Timestamp,
}

/// Somebody whose key reported a rollout.
#[derive(Debug, Serialize, ToSchema)]
struct ReporterView {
    #[schema(value_type = String)]
    member_id: MemberId,
    /// Null of somebody who was removed.
    name: Option<String>,
}

/// What people were asked about a rollout, and what came of it.
#[derive(Debug, Serialize, ToSchema)]
struct ApprovalView {
    /// `pending_approval`, `approved`, `rejected` or `void`.
    state: &'static str,
    /// Why it was rejected (`expired` if nobody decided in time), or is void: `commit`, `status`,
    /// `report`, `superseded` or `exported`.
    reason: Option<String>,
    /// Who rejected it.
    #[schema(value_type = Option<String>)]
    rejected_by: Option<MemberId>,
    /// The commit that was asked about, and that alone.
    commit: Option<String>,
    requested_at: Timestamp,
    /// When it is rejected if nobody decides.
    expires_at: Timestamp,
    decided_at: Option<Timestamp>,
    /// The rules that asked, as they were then. Each must be met.
    rules: Vec<AskView>,
    /// Who approved.
    votes: Vec<VoteView>,
}

/// A rule that asked.
#[derive(Debug, Serialize, ToSchema)]
struct AskView {
    #[schema(value_type = String)]
    rule_id: ApprovalRuleId,
    name: String,
    /// Who decides.
    approvers: ApproversView,
    /// How many of them must approve.
    min_count: u32,
    /// How many more must.
    still_needed: u32,
    /// Whether they may decide about what they reported themselves.
    allow_own: bool,
}

/// Somebody approved.
#[derive(Debug, Serialize, ToSchema)]
struct VoteView {
    #[schema(value_type = String)]
    member_id: MemberId,
    name: String,
    reason: Option<String>,
    at: Timestamp,
}

impl From<WatchedRollout> for RolloutView {
    fn from(WatchedRollout { reported, watch, reporters }: WatchedRollout) -> Self {
        let ReportedRollout { rollout, project } = reported;
        let approval = rollout.approval.as_ref().map(|approval| ApprovalView::of(&rollout, approval));
        let (state, changed_paths) = (rollout.state(), changed_paths(&rollout.details.metadata));
        let moved = |entry: &Move| MoveView { status: entry.status.as_str(), at: entry.at };
        let history = rollout.history.iter().map(moved).collect();
        let details = rollout.details;
        Self {
            id: rollout.id,
            kind: RolloutType::Rollout,
            alias: rollout.alias.to_string(),
            project_id: rollout.project,
            repository: project.repository.map(|repository| repository.to_string()),
            session_id: rollout.session,
            status: rollout.status.as_str(),
            state,
            request: details.request,
            commit: details.commit,
            commit_message: details.commit_message,
            git_ref: details.git_ref,
            external_url: details.external_url,
            run_id: details.run_id,
            run_url: details.run_url,
            workflow_id: details.workflow_id,
            metadata: details.metadata,
            changed_paths,
            approval,
            level: watch.as_ref().filter(|watch| watch.checks > 0).map(|watch| watch.level.as_str()),
            finding: watch.as_ref().and_then(finding_of),
            reported_by: reporters.into_iter().map(ReporterView::from).collect(),
            history,
            created_at: rollout.created_at,
            updated_at: rollout.updated_at,
        }
    }
}

fn finding_of(watch: &Watch) -> Option<&'static str> {
    match watch.state {
        WatchState::Ended { end: WatchEnd::Completed { finding }, .. } => Some(finding.as_str()),
        WatchState::Watching | WatchState::Ended { .. } => None,
    }
}

impl From<Reporter> for ReporterView {
    fn from(Reporter { member, name }: Reporter) -> Self {
        Self { member_id: member, name }
    }
}

impl ApprovalView {
    fn of(rollout: &Rollout, approval: &Approval) -> Self {
        let rejected_by = match &approval.state {
            ApprovalState::Rejected { by, .. } => Some(*by),
            _ => None,
        };
        let asked = |ask: &Ask| AskView {
            rule_id: ask.rule,
            name: ask.name.clone(),
            approvers: ask.approvers.clone().into(),
            min_count: ask.min_count,
            still_needed: rollout.votes_missing(approval, ask),
            allow_own: ask.allow_own,
        };
        Self {
            state: approval.state.as_str(),
            reason: approval.state.reason().map(str::to_owned),
            rejected_by,
            commit: approval.commit.clone(),
            requested_at: approval.asked_at,
            expires_at: approval.expires_at,
            decided_at: approval.state.since(),
            rules: approval.asks.iter().map(asked).collect(),
            votes: approval.votes.iter().cloned().map(VoteView::from).collect(),
        }
    }
}

impl From<Vote> for VoteView {
    fn from(vote: Vote) -> Self {
        Self { member_id: vote.member, name: vote.name, reason: vote.reason, at: vote.at }
    }
}
