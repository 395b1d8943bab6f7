//! The audit log: who did what to an organization that others may ask about later.
//!
//! An entry is written in the commit that does what it tells of, and never changed. What it
//! tells are names, ids and choices; a secret is never among them.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{AuditId, KeyId, MemberId};

/// An entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditId,
    /// When it was done.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    #[serde(flatten)]
    pub act: Act,
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Actor {
    /// A person.
    Member {
        /// They.
        member: MemberId,
        /// The key they showed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<KeyId>,
    },
    /// Whoever runs the installation.
    Operator,
    /// Nobody: a time had come.
    System,
}

impl Actor {
    /// The text by which a list is asked for one actor's doings.
    pub fn name(self) -> String {
        match self {
            Actor::Member { member, .. } => member.to_string(),
            Actor::Operator => "operator".to_owned(),
            Actor::System => "system".to_owned(),
        }
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// What.
    pub action: Action,
    /// To what: its id, or its name where it has none.
    pub subject: String,
    /// More about it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub details: Map<String, Value>,
}

impl Act {
    /// A deed without details.
    pub fn new(action: Action, subject: impl fmt::Display) -> Self {
        Self { action, subject: subject.to_string(), details: Map::new() }
    }

    /// With one more detail. Never a secret.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// With one more detail, if there is one.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// Something that is written down.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Action { $($(#[$doc])* #[serde(rename = $text)] $name,)* }

        impl Action {
            /// All of them.
            pub const ALL: &'static [Action] = &[$(Action::$name,)*];

            /// As written.
            pub fn as_str(self) -> &'static str {
                match self { $(Action::$name => $text,)* }
            }
        }
    };
}

actions! {
    /// Somebody approved a rollout.
    RolloutApproved = "rollout.approved";
    /// Somebody rejected a rollout, or nobody decided in time.
    RolloutRejected = "rollout.rejected";
    /// What was asked or said about a rollout is worth nothing any more.
    RolloutApprovalVoid = "rollout.approval_void";
    /// A rollout that was to be approved went on without.
    RolloutUnapproved = "rollout.unapproved";
    /// A rule of approvals was made.
    ApprovalRuleCreated = "approval_rule.created";
    /// A rule of approvals was changed.
    ApprovalRuleUpdated = "approval_rule.updated";
    /// A rule of approvals was removed.
    ApprovalRuleDeleted = "approval_rule.deleted";
    /// A session was deleted because of a rule of how long sessions are kept.
    SessionExpired = "session.expired";
    /// The organization was made.
    OrgCreated = "org.created";
    /// Its name or its time zone was changed.
    OrgUpdated = "org.updated";
    /// What may be spent was set.
    BudgetSet = "budget.set";
    /// What becomes of rollouts was set.
    RolloutSettingsUpdated = "rollout_settings.updated";
    /// A person was added.
    MemberAdded = "member.added";
    /// A person's name, address or role was changed.
    MemberUpdated = "member.updated";
    /// A person was kept out.
    MemberSuspended = "member.suspended";
    /// A person was let in again.
    MemberReinstated = "member.reinstated";
    /// A person was removed.
    MemberRemoved = "member.removed";
    /// A link was made by which a person comes in.
    MemberInvited = "member.invited";
    /// A link was made by which a person sets another password.
    MemberResetOffered = "member.reset_offered";
    /// A person came in, by a link or because an issuer vouches for their address.
    MemberJoined = "member.joined";
    /// A person set another password by a link.
    PasswordReset = "password.reset";
    /// A person set another password.
    PasswordChanged = "password.changed";
    /// Somebody logged in.
    LoginCreated = "login.created";
    /// An issuer vouches for a person who had a password until then.
    LoginLinked = "login.linked";
    /// Somebody gave a wrong password.
    LoginFailed = "login.failed";
    /// Somebody logged out.
    LoginEnded = "login.ended";
    /// A key was made.
    KeyCreated = "key.created";
    /// A key was revoked.
    KeyRevoked = "key.revoked";
    /// A project was made.
    ProjectCreated = "project.created";
    /// A project was changed.
    ProjectUpdated = "project.updated";
    /// An agent was opened to some people, or to everybody.
    AgentOpened = "agent.opened";
    /// A deployment was made.
    DeploymentCreated = "deployment.created";
    /// A deployment was changed.
    DeploymentUpdated = "deployment.updated";
    /// A deployment was paused.
    DeploymentPaused = "deployment.paused";
    /// A deployment was resumed.
    DeploymentResumed = "deployment.resumed";
    /// A deployment was archived.
    DeploymentArchived = "deployment.archived";
    /// A webhook was made.
    WebhookCreated = "webhook.created";
    /// A webhook was changed, switched off or on.
    WebhookUpdated = "webhook.updated";
    /// A webhook got another secret.
    WebhookSecretRotated = "webhook.secret_rotated";
    /// A webhook was removed.
    WebhookDeleted = "webhook.deleted";
    /// A provider of models was set up.
    ProviderCreated = "provider.created";
    /// A provider of models was changed.
    ProviderUpdated = "provider.updated";
    /// A provider of models was removed.
    ProviderDeleted = "provider.deleted";
    /// A name was given to a model.
    ModelAliasSet = "model_alias.set";
    /// A name was taken from a model.
    ModelAliasDeleted = "model_alias.deleted";
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names nothing that is written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such action: {0:?}")]
pub struct UnknownAction(pub String);

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        Action::ALL.iter().copied().find(|action| action.as_str() == text).ok_or_else(|| UnknownAction(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    #[test]
    fn an_entry_is_stored_as_it_is_shown() {
        let member = MemberId(Uuid::nil());
        let act = Act::new(Action::RolloutRejected, "rollout_1")
            .with("reason", "too late")
            .with_some("commit", None::<String>);
        let actor = Actor::Member { member, key: None };
        let entry = AuditEntry { id: AuditId(Uuid::nil()), at: Timestamp::UNIX_EPOCH, actor, act };
        let stored = serde_json::to_value(&entry).unwrap();
        assert_eq!(stored["action"], "rollout.rejected");
        assert_eq!(stored["details"], json!({ "reason": "too late" }));
        assert_eq!(stored["actor"], json!({ "type": "member", "member": member }));
        assert_eq!(serde_json::from_value::<AuditEntry>(stored).unwrap(), entry);
    }

    #[test]
    fn every_action_reads_back() {
        for action in Action::ALL {
            assert_eq!(action.as_str().parse(), Ok(*action));
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
        }
    }
}
