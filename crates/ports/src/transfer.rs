//! An organization on its way from one installation to another: what it is made of, one
//! record after the other, in the order in which each can be put in place.
//!
//! Nothing in it is secret. API keys are known by their hashes only, which mean nothing to
//! another installation, and what is sealed opens nowhere else; both are left out and named
//! ([`LeftOut`]). Numbers that an installation gives (of organizations, people and projects)
//! are given anew. One more noun: a variant of [`Record`].

use std::sync::Arc;

use domain::agent::{Agent, AgentTool};
use domain::approval::{ApprovalRule, ApprovalState, VoidCause};
use domain::audit::AuditEntry;
use domain::budget::{AccountId, Budget, Totals};
use domain::deployment::{Deployment, DeploymentRun};
use domain::key::Scope;
use domain::knowledge::Document;
use domain::monitor::{Watch, WatchEnd, WatchState};
use domain::org::{Member, Org, Project};
use domain::provider::{ModelAlias, OwnProvider};
use domain::rights::Access;
use domain::rollout::Rollout;
use domain::run::Run;
use domain::session::{Session, SessionAgent};
use domain::tool::{HttpTool, Tool};
use domain::webhook::{Disabled, Webhook, WhyDisabled};
use domain::{AgentId, EventBody, EventId, OrgId, ProjectId, RunId, SessionId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// A part of an organization.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case", deny_unknown_fields)]
pub enum Record {
    /// The organization; the first record.
    Org {
        /// Itself.
        org: Org,
        /// The last number that a tool got.
        tools_numbered: u64,
    },
    /// A person.
    Member {
        /// Themselves.
        member: Member,
    },
    /// A project.
    Project {
        /// Itself.
        project: Project,
    },
    /// A provider of models that the organization brought.
    Provider {
        /// Itself, without its key.
        provider: OwnProvider,
    },
    /// Another name for a model.
    Alias {
        /// Itself.
        alias: ModelAlias,
    },
    /// An address that is told what happens. It travels disabled, without its secrets.
    Webhook {
        /// Itself.
        webhook: Box<Webhook>,
    },
    /// A tool of a project.
    Tool {
        /// Itself, with its number.
        tool: Tool,
    },
    /// An agent; its versions follow.
    Agent {
        /// Its id.
        id: AgentId,
        /// Its project.
        project: ProjectId,
        /// Its newest version.
        version: u32,
        /// When it was made.
        created_at: Timestamp,
        /// Since when it takes no new session.
        archived_at: Option<Timestamp>,
        /// Since when it is gone; its sessions stay.
        deleted_at: Option<Timestamp>,
        /// Who may see and use it.
        #[serde(default)]
        access: Access,
    },
    /// A version of an agent.
    AgentVersion {
        /// The agent as it was then.
        agent: Agent,
    },
    /// A document with its text.
    Document {
        /// Itself.
        document: Document,
        /// Its text.
        text: String,
    },
    /// A deployment, without the secret of its signature; paused where it would go on in both
    /// places.
    Deployment {
        /// Itself.
        deployment: Box<Deployment>,
    },
    /// A session and what its log amounts to; its runs and events follow.
    Session {
        /// Itself.
        session: Box<Session>,
    },
    /// A run of the session before it.
    Run {
        /// Itself.
        run: Box<Run>,
    },
    /// An event of the session before it, in the log's order.
    Event {
        /// Its id.
        id: EventId,
        /// The run it belongs to.
        run: Option<RunId>,
        /// When it was taken into the log.
        at: Timestamp,
        /// What happened.
        body: EventBody,
    },
    /// A rollout that was reported; behind the sessions, in one of which it was watched. One
    /// that waited for approval waits no more: it would be decided about in both places.
    Rollout {
        /// Itself.
        rollout: Box<Rollout>,
    },
    /// How the rollout before it was watched. One that was still watched is watched no more:
    /// it would be taken back in both places.
    Watch {
        /// Itself.
        watch: Box<Watch>,
    },
    /// What a deployment began; behind the sessions and rollouts.
    DeploymentRun {
        /// Itself.
        begun: Box<DeploymentRun>,
        /// What the message was called that began it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// A rule of approvals.
    ApprovalRule {
        /// Itself.
        rule: ApprovalRule,
    },
    /// An entry of the audit log, in the order in which they were written.
    Audit {
        /// Itself.
        entry: AuditEntry,
    },
    /// A budget and what was spent of it; behind everything else.
    Account {
        /// Whose.
        of: AccountOf,
        /// What may be spent.
        budget: Budget,
        /// What was.
        spent: Totals,
    },
}

/// Whose a budget is. Those of keys are left out with the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "holder", rename_all = "snake_case")]
pub enum AccountOf {
    /// The organization's.
    Organization,
    /// An agent's.
    Agent {
        /// The agent.
        agent: AgentId,
    },
    /// A session's.
    Session {
        /// The session.
        session: SessionId,
    },
}

impl AccountOf {
    /// The account in this organization.
    pub fn account(self, org: OrgId) -> AccountId {
        match self {
            AccountOf::Organization => AccountId::Organization(org),
            AccountOf::Agent { agent } => AccountId::Agent(agent),
            AccountOf::Session { session } => AccountId::Session(session),
        }
    }
}

/// What does not travel, and is to be made again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// API keys.
    pub keys: Vec<LeftOutKey>,
    /// Addresses of members who could log in: people and their passwords stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
    /// Headers of tools.
    pub headers: Vec<LeftOutHeaders>,
    /// Names of providers whose keys are to be given again.
    pub providers: Vec<String>,
    /// Names of deployments whose signatures are to be described again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<String>,
    /// Addresses of webhooks whose secrets are to be made anew.
    #[serde(default)]
    pub webhooks: Vec<String>,
}

/// A key that worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOutKey {
    /// For people.
    pub name: String,
    /// What it might do.
    pub scopes: Vec<Scope>,
    /// The only project it reached.
    pub project: Option<ProjectId>,
    /// What might be spent with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
}

/// Headers of a tool, without their values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOutHeaders {
    /// What carries the tool: an id of an agent, a tool, a session or a run.
    pub of: String,
    /// The tool's name.
    pub tool: String,
    /// The headers' names.
    pub headers: Vec<String>,
}

impl Record {
    /// What it is, for people.
    pub fn name(&self) -> String {
        match self {
            Record::Org { org, .. } => format!("the organization {}", org.id),
            Record::Member { member } => format!("the member {}", member.id),
            Record::Project { project } => format!("the project {}", project.id),
            Record::Provider { provider } => format!("the provider {}", provider.id),
            Record::Alias { alias } => format!("the model's name {:?}", alias.name),
            Record::Webhook { webhook } => format!("the webhook {}", webhook.id),
            Record::Tool { tool } => format!("the tool {}", tool.id),
            Record::Agent { id, .. } => format!("the agent {id}"),
            Record::AgentVersion { agent } => format!("version {} of the agent {}", agent.version, agent.id),
            Record::Document { document, .. } => format!("the document {}", document.id),
            Record::Deployment { deployment } => format!("the deployment {}", deployment.id),
            Record::Session { session } => format!("the session {}", session.id),
            Record::Run { run } => format!("the run {}", run.id),
            Record::Event { id, .. } => format!("the event {id}"),
            Record::Rollout { rollout } => format!("the rollout {}", rollout.id),
            Record::Watch { watch } => format!("the watch over the rollout {}", watch.rollout),
            Record::DeploymentRun { begun, .. } => format!("the deployment run {}", begun.id),
            Record::ApprovalRule { rule } => format!("the approval rule {}", rule.id),
            Record::Audit { entry } => format!("the audit entry {}", entry.id),
            Record::Account { of, .. } => match of {
                AccountOf::Organization => "the organization's budget".to_owned(),
                AccountOf::Agent { agent } => format!("the budget of the agent {agent}"),
                AccountOf::Session { session } => format!("the budget of the session {session}"),
            },
        }
    }

    /// Takes out what is sealed, which `left` then names, and the numbers that belong to this
    /// installation.
    pub fn make_portable(&mut self, left: &mut LeftOut) {
        let headers = &mut left.headers;
        match self {
            Record::Org { org, .. } => org.number = 0,
            Record::Member { member } => member.number = 0,
            Record::Project { project } => project.number = 0,
            Record::Provider { provider } => {
                let key = provider.settings.api_key.take();
                left.providers.extend(key.map(|_| provider.settings.name.clone()));
            }
            Record::Webhook { webhook } => {
                left.webhooks.extend(webhook.secret.take().map(|_| webhook.settings.url.clone()));
                let imported = Disabled { at: webhook.updated_at, why: WhyDisabled::Imported };
                webhook.disabled.get_or_insert(imported);
                (webhook.previous, webhook.failing_since) = (None, None);
            }
            Record::Tool { tool } => headers.extend(without_headers(&tool.id, &mut tool.http)),
            Record::AgentVersion { agent } => {
                let of = agent.id;
                headers.extend(without_secrets(&of, &mut Arc::make_mut(&mut agent.spec).tools));
            }
            Record::Deployment { deployment } => {
                let is_signed = deployment.make_portable();
                left.signatures.extend(is_signed.then(|| deployment.name.clone()));
            }
            Record::Session { session } => {
                let of = session.id;
                // It counts changes here, for those who change it at the same time.
                session.version = 0;
                if let SessionAgent::Pinned { overrides, .. } = &mut session.agent {
                    let tools = overrides.tools.as_mut();
                    headers.extend(tools.map(|tools| without_secrets(&of, tools)).unwrap_or_default());
                }
            }
            Record::Run { run } => {
                let of = run.id;
                let tools = Arc::make_mut(&mut run.overrides).tools.as_mut();
                headers.extend(tools.map(|tools| without_secrets(&of, tools)).unwrap_or_default());
            }
            Record::Watch { watch } => {
                let at = watch.began_at;
                if watch.is_going_on() {
                    watch.state = WatchState::Ended { end: WatchEnd::Cancelled, at };
                }
                watch.version = 0;
            }
            Record::Rollout { rollout } => {
                // It counts changes here, like a session's.
                rollout.version = 0;
                if let Some(approval) = rollout.approval.as_mut().filter(|approval| approval.is_open()) {
                    approval.state = ApprovalState::Void { cause: VoidCause::Exported, at: approval.asked_at };
                }
            }
            Record::ApprovalRule { rule } => rule.version = 0,
            Record::Alias { .. }
            | Record::Agent { .. }
            | Record::Document { .. }
            | Record::Event { .. }
            | Record::DeploymentRun { .. }
            | Record::Audit { .. }
            | Record::Account { .. } => {}
        }
    }
}

fn without_secrets(of: &impl ToString, tools: &mut [AgentTool]) -> Vec<LeftOutHeaders> {
    let http = tools.iter_mut().filter_map(|tool| match tool {
        AgentTool::Http { tool, .. } => Some(tool),
        _ => None,
    });
    http.filter_map(|tool| without_headers(of, tool)).collect()
}

fn without_headers(of: &impl ToString, tool: &mut HttpTool) -> Option<LeftOutHeaders> {
    let headers: Vec<String> = std::mem::take(&mut tool.headers).into_keys().collect();
    let left = LeftOutHeaders { of: of.to_string(), tool: tool.name.clone(), headers };
    (!left.headers.is_empty()).then_some(left)
}

/// An organization was not exported.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ExportError {
    /// Runs are at work: both installations would go on with them.
    #[error(
        "{0} runs are queued or running, and would go on in both places: wait until they are over, or cancel them \
         (`sortie runs cancel`)"
    )]
    Busy(u64),
    /// It is not there.
    #[error("the organization is not there")]
    Missing,
    /// The records could not be given away.
    #[error("{0}")]
    Sink(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An organization was not imported; nothing of it was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ImportError {
    /// Something of the same id is here.
    #[error("{0} is here already: nothing was imported")]
    Exists(String),
    /// A record does not fit to those before it.
    #[error("{0} does not fit to what stands before it: nothing was imported")]
    Misplaced(String),
    /// The records could not be read to their end.
    #[error("{0}")]
    Source(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[cfg(test)]
mod tests {
    use domain::approval::{Approvers, RuleSpec};
    use domain::rights::Role;
    use domain::rollout::{Details, NewRollout, Report, RolloutStatus};
    use jiff::tz::TimeZone;
    use uuid::Uuid;

    use super::*;

    /// A rollout that one admin is asked about.
    fn asked() -> Rollout {
        let new = NewRollout {
            id: domain::RolloutId(Uuid::nil()),
            alias: Uuid::nil(),
            project: ProjectId(Uuid::nil()),
            session: SessionId(Uuid::nil()),
            session_alias: Uuid::nil(),
        };
        let (status, details) = (RolloutStatus::Pending, Details::default());
        let report = Report { status, details, gives_metadata: false, extra: Default::default() };
        let spec = RuleSpec {
            name: "production".into(),
            project: None,
            paths: Vec::new(),
            branches: Vec::new(),
            window: None,
            approvers: Approvers { members: Vec::new(), roles: vec![Role::Admin] },
            min_count: 1,
            allow_own: false,
            expires_after: 60,
        };
        let at = Timestamp::UNIX_EPOCH;
        let rule = ApprovalRule::create(domain::ApprovalRuleId(Uuid::nil()), spec, at).0;
        Rollout::begin(new, report, at).considered(None, &[rule], &at.to_zoned(TimeZone::UTC)).rollout
    }

    #[test]
    fn nobody_is_asked_in_two_places() {
        let mut record = Record::Rollout { rollout: Box::new(asked()) };
        record.make_portable(&mut LeftOut::default());
        let Record::Rollout { rollout } = record else { panic!() };
        assert_eq!((rollout.is_asking(), rollout.state()), (false, "void"));
    }
}
