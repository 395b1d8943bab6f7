//! What can go wrong, in our words.

use std::fmt;
use std::time::Duration;

use domain::agent::AgentRefusal;
use domain::approval::DecisionRefusal;
use domain::budget::UsedUp;
use domain::deployment::DeploymentRefusal;
use domain::key::Scope;
use domain::session::SessionRefusal;
use domain::webhook::{NoSecret, WhyDisabled};
use domain::{
    AgentId, ApprovalRuleId, DeploymentId, DeploymentRunId, DocumentId, EventId, KeyId, MemberId, OrgId, ProjectId,
    ProviderId, RolloutId, RunId, SessionId, ToolId, WebhookId,
};
use ports::StoreError;

/// Why an operation did not do what it was asked to. Façades match it without a wildcard.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The thing does not exist, or not for this caller: the two look the same.
    #[error("{0} not found")]
    NotFound(Missing),
    /// The caller is not known.
    #[error("{0}")]
    Unauthenticated(AuthFault),
    /// The caller is known and may not do this.
    #[error("not allowed{}", .missing.map(|scope| format!(": the key lacks the scope {scope}")).unwrap_or_default())]
    Forbidden {
        /// The right that is missing; `None` if it is not a matter of scopes.
        missing: Option<Scope>,
    },
    /// The caller has the right for this kind of thing, and this one is others' to decide.
    #[error("{0}")]
    NotForYou(&'static str),
    /// The request contradicts a rule.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<FieldError>),
    /// The thing is in a state that does not allow it.
    #[error("{0}")]
    Refused(Refused),
    /// A budget is used up: nothing new begins before it is raised. A session's own stops the
    /// session instead.
    #[error("the {}'s budget is used up ({}): nothing new begins before it is raised", .0.holder.as_str(), .0.unit.as_str())]
    UsedUp(UsedUp),
    /// Somebody else changed the thing at the same time, or since the caller last looked.
    #[error("{0}")]
    Conflict(String),
    /// It was there, and is not kept any more.
    #[error("{0}")]
    Gone(String),
    /// A request cannot be sent again like this.
    #[error("{0}")]
    Repeated(Repeated),
    /// More than may be sent.
    #[error("{what} is larger than {max_bytes} bytes")]
    TooLarge {
        /// What was sent.
        what: &'static str,
        /// How much may be.
        max_bytes: u64,
    },
    /// Too many requests.
    #[error("too many requests: try again in {} s", .retry_after.as_secs())]
    RateLimited {
        /// When the next one is welcome.
        retry_after: Duration,
    },
    /// A provider of models did not answer as it should.
    #[error("the model provider failed: {0}")]
    Provider(String),
    /// Too much is waiting to be done: try again soon.
    #[error("the server is too busy: try again soon")]
    Busy,
    /// The server is stopping.
    #[error("the server is stopping")]
    Draining,
    /// Our own fault.
    #[error("storage failed")]
    Store(#[source] StoreError),
}

impl Error {
    /// The thing with this id is not there for this caller.
    pub fn not_found(thing: impl Into<Missing>) -> Self {
        Error::NotFound(thing.into())
    }

    /// One field is wrong.
    pub fn invalid(path: impl Into<String>, message: impl Into<String>) -> Self {
        Error::Invalid(vec![FieldError::new(path, message)])
    }

    /// Others kept changing the thing.
    pub(crate) fn contended(what: &str) -> Self {
        Error::Conflict(format!("the {what} is being changed by others at this moment: try again"))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Error::Busy,
            StoreError::Closed => Error::Draining,
            StoreError::Unwritable(_) | StoreError::Failed(_) => {
                tracing::error!(%error, "storage failed");
                Error::Store(error)
            }
        }
    }
}

impl From<AgentRefusal> for Error {
    fn from(refusal: AgentRefusal) -> Self {
        match refusal {
            AgentRefusal::Archived => Error::Refused(Refused::Agent(refusal)),
            AgentRefusal::VersionMoved { .. } => Error::Conflict(refusal.to_string()),
        }
    }
}

impl From<SessionRefusal> for Error {
    fn from(refusal: SessionRefusal) -> Self {
        match refusal {
            SessionRefusal::Archived | SessionRefusal::Terminated | SessionRefusal::FollowsAgent => {
                Error::Refused(Refused::Session(refusal))
            }
            SessionRefusal::Busy => Error::Conflict(refusal.to_string()),
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Error::Refused(refused)
    }
}

/// Why a request with an idempotency key is neither served nor answered as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Repeated {
    /// Its key was used for another request.
    #[error("this idempotency key was used with another body: use a new key for a new request")]
    OtherBody,
    /// The same request is being served at this moment.
    #[error("the same request is being served at this moment: try again soon for its answer")]
    StillServed,
}

impl From<Repeated> for Error {
    fn from(repeated: Repeated) -> Self {
        Error::Repeated(repeated)
    }
}

/// One field and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where, in the words of the domain's types: `tools[0].input_schema.type`.
    pub path: String,
    /// What: `must be object`.
    pub message: String,
    /// A word that programs can act on, where there is one: `unknown_model`.
    pub code: Option<&'static str>,
}

impl FieldError {
    /// A fault without a code.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), code: None }
    }

    /// With a word that programs can act on.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "{path}: {}", self.message),
        }
    }
}

/// Collects the faults of one request, so that the caller is told all of them at once.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<FieldError>);

impl Faults {
    pub(crate) fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError::new(path, message));
    }

    pub(crate) fn push(&mut self, fault: FieldError) {
        self.0.push(fault);
    }

    /// Faults `path` unless `holds`.
    pub(crate) fn check(&mut self, holds: bool, path: &str, message: &str) {
        if !holds {
            self.add(path, message);
        }
    }

    pub(crate) fn into_result(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}

/// Why the caller is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthFault {
    /// No key was sent.
    #[error("no API key was sent")]
    Missing,
    /// No such key here.
    #[error("the API key is not known here")]
    Unknown,
    /// It looks like one of our keys but was mistyped or cut.
    #[error("the API key is not whole: its checksum does not fit, so a part may be missing or mistyped")]
    BadChecksum,
    /// It was revoked.
    #[error("the API key was revoked")]
    Revoked,
    /// Its time is over.
    #[error("the API key has expired")]
    Expired,
    /// The login is over, or never was.
    #[error("you are logged out: log in again")]
    LoggedOut,
    /// No person has this address and password.
    #[error("the e-mail address or the password is wrong")]
    WrongPassword,
    /// It was not signed with the secret that both sides know, or too long ago.
    #[error("the signature is missing, wrong or too old")]
    BadSignature,
    /// The person it acts as may do nothing for now.
    #[error("the person behind the API key or login is suspended")]
    Suspended,
    /// The person it acts as has left.
    #[error("the person behind the API key or login has left the organization")]
    Left,
    /// The person it acts as may do other things than when this was opened.
    #[error("the rights of the person behind the API key or login have changed: open it again")]
    RightsChanged,
}

/// A thing that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The noun: `agent`.
    pub what: &'static str,
    /// Which one: its id, number or name.
    pub which: String,
}

impl Missing {
    /// The thing of this kind and name.
    pub fn new(what: &'static str, which: impl fmt::Display) -> Self {
        Self { what, which: which.to_string() }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, self.which)
    }
}

macro_rules! nouns {
    ($($id:ty => $noun:literal),* $(,)?) => {$(
        impl From<$id> for Missing {
            fn from(id: $id) -> Self {
                Missing::new($noun, id)
            }
        }
    )*};
}

nouns! {
    AgentId => "agent",
    SessionId => "session",
    RunId => "run",
    EventId => "event",
    KeyId => "key",
    OrgId => "organization",
    MemberId => "member",
    ProjectId => "project",
    ProviderId => "provider",
    ToolId => "tool",
    DocumentId => "document",
    DeploymentId => "deployment",
    DeploymentRunId => "deployment run",
    RolloutId => "rollout",
    ApprovalRuleId => "approval rule",
    WebhookId => "webhook",
}

/// A state that does not allow what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The agent takes no change and no new session.
    #[error(transparent)]
    Agent(AgentRefusal),
    /// The agent is gone; its sessions can only be read.
    #[error("the agent of this session was deleted")]
    AgentDeleted,
    /// The session takes no input or change, or not this one.
    #[error(transparent)]
    Session(SessionRefusal),
    /// The deployment does not do this, or not now.
    #[error(transparent)]
    Deployment(DeploymentRefusal),
    /// The embed needs no tokens.
    #[error("secure token mode is off")]
    NotSecure,
    /// The run is over: nothing can be done to it.
    #[error("the run is over")]
    RunOver,
    /// No call of the run waits for word on whether it happened.
    #[error("no tool call of this run waits for word on whether it happened")]
    NothingInDoubt,
    /// The provider stands in the operator's configuration.
    #[error("provider {0} is the operator's: it is changed in the server's configuration")]
    OperatorsProvider(String),
    /// The alias stands in the operator's configuration.
    #[error("the alias {0} is the operator's: it is changed in the server's configuration, or made your own")]
    OperatorsAlias(String),
    /// A rollout cannot be decided about, not now or not by this caller.
    #[error(transparent)]
    Decision(DecisionRefusal),
    /// The webhook is told nothing.
    #[error("the webhook is disabled: {}", .0.sentence())]
    WebhookDisabled(WhyDisabled),
    /// Nothing more can be sent to the webhook.
    #[error("too many deliveries wait for the webhook already: see what its receiver says to them")]
    WebhookFull,
    /// The webhook cannot be switched on.
    #[error(transparent)]
    NoSecret(#[from] NoSecret),
    /// There are as many as there may be.
    #[error("there are {max} {things} already, and no more may be made: delete some first")]
    Enough {
        /// What there is so much of.
        things: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// The agent needs something that this release does not serve.
    #[error("{0} is not served in this release")]
    NotServed(String),
}
