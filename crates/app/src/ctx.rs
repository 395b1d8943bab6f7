//! Who asks, for which organization, and when.

use std::sync::Arc;

use domain::agent::Agent;
use domain::key::{Scope, Scopes};
use domain::rights::Role;
use domain::trace::TraceParent;
use domain::{AgentId, KeyId, LoginId, MemberId, OrgId, PersonId, ProjectId, Timestamp};

use crate::error::{AuthFault, Error, Missing};
use crate::idempotency::NamedRequest;

/// Who asks, for which organization, and when. The first argument of every operation.
#[derive(Debug, Clone)]
pub struct Ctx {
    /// Whose things are meant.
    pub org: OrgId,
    /// The key that was shown; `None` for the operator and for whoever has logged in.
    pub key: Option<KeyId>,
    /// The login that was shown, of whoever has logged in.
    pub login: Option<ShownLogin>,
    /// On whose behalf; `None` for the operator.
    pub member: Option<MemberId>,
    /// That person's role; the operator's is an owner's.
    pub role: Role,
    /// What the caller may do: the key's scopes, as far as they are worth anything in the
    /// hands of its maker.
    pub scopes: Scopes,
    /// The only project this caller reaches; `None` is all.
    pub project: Option<ProjectId>,
    /// When the key or login stops working by itself, and with it what it has open.
    pub key_expires_at: Option<Timestamp>,
    /// How many keys and people had been stopped when the caller was recognized: whoever was
    /// stopped since is looked up again before something of theirs goes on for long.
    pub stops: u64,
    /// When the request came.
    pub now: Timestamp,
    /// The request, if it has a name under which it may be sent again.
    pub request: Option<Arc<NamedRequest>>,
    /// The trace that the request belongs to, if it says so.
    pub trace: Option<Box<TraceParent>>,
}

/// A login, and whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownLogin {
    /// The login.
    pub id: LoginId,
    /// Who logged in.
    pub person: PersonId,
}

impl Ctx {
    /// Whether it is the operator who asks.
    pub(crate) fn is_operator(&self) -> bool {
        self.member.is_none()
    }

    /// Why the caller is not known any more when what they showed has come to its end.
    pub(crate) fn fault_at_end(&self) -> AuthFault {
        if self.login.is_some() { AuthFault::LoggedOut } else { AuthFault::Expired }
    }

    /// Whether the caller may do this.
    ///
    /// # Errors
    /// [`Error::Forbidden`], naming the scope.
    pub fn require(&self, scope: Scope) -> Result<(), Error> {
        if self.scopes.hold(scope) { Ok(()) } else { Err(Error::Forbidden { missing: Some(scope) }) }
    }

    /// Whether the caller may do this to the whole organization: not with a key for one
    /// project.
    pub(crate) fn require_whole(&self, scope: Scope) -> Result<(), Error> {
        self.require(scope)?;
        if self.project.is_none() { Ok(()) } else { Err(Error::Forbidden { missing: None }) }
    }

    /// The person whose rights end at what is open to them by name or as to everybody;
    /// `None` if the caller administers the organization.
    pub(crate) fn restricted(&self) -> Option<MemberId> {
        self.member.filter(|_| !self.role.administers())
    }

    /// Whether an agent is open to the caller.
    ///
    /// # Errors
    /// [`Error::Forbidden`]: that an agent of one's own organization exists is no secret.
    pub(crate) fn may_use(&self, agent: &Agent) -> Result<(), Error> {
        match self.restricted() {
            Some(member) if !agent.access.lets(member, self.role) => Err(Error::Forbidden { missing: None }),
            _ => Ok(()),
        }
    }

    /// An agent that the caller may use.
    pub(crate) fn reach_agent(&self, found: Option<Agent>, id: AgentId) -> Result<Agent, Error> {
        let agent = self.reach(found, |agent| agent.project, id)?;
        self.may_use(&agent).map(|()| agent)
    }

    /// Whether things of this project exist for the caller.
    pub fn reaches(&self, project: ProjectId) -> bool {
        self.project.is_none_or(|only| only == project)
    }

    /// `thing` as `missing` unless it belongs to a project that the caller reaches.
    pub(crate) fn reach<T>(
        &self,
        thing: Option<T>,
        project: impl FnOnce(&T) -> ProjectId,
        missing: impl Into<Missing>,
    ) -> Result<T, Error> {
        thing.filter(|thing| self.reaches(project(thing))).ok_or_else(|| Error::NotFound(missing.into()))
    }
}

/// Whoever runs this installation: proved by reaching the owner-only socket, or by holding
/// the data directory's lock. Only the code that has seen the proof makes one.
#[derive(Debug)]
pub struct Operator(());

impl Operator {
    /// The operator, seen.
    pub fn of_this_installation() -> Self {
        Operator(())
    }

    /// The operator acting for an organization, with every right in it.
    pub fn acting_for(&self, org: OrgId, now: Timestamp) -> Ctx {
        Ctx {
            org,
            key: None,
            login: None,
            member: None,
            role: Role::Owner,
            scopes: Scopes::all(),
            project: None,
            key_expires_at: None,
            stops: 0,
            now,
            request: None,
            trace: None,
        }
    }
}
