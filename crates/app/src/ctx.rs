//! Who asks, for which organization, and when.

use std::sync::Arc;

use domain::key::{Scope, Scopes};
use domain::trace::TraceParent;
use domain::{KeyId, MemberId, OrgId, ProjectId, Timestamp};

use crate::error::{Error, Missing};
use crate::idempotency::NamedRequest;

/// Who asks, for which organization, and when. The first argument of every operation.
#[derive(Debug, Clone)]
pub struct Ctx {
    /// Whose things are meant.
    pub org: OrgId,
    /// The key that was shown; `None` for the operator.
    pub key: Option<KeyId>,
    /// On whose behalf.
    pub member: Option<MemberId>,
    /// What the caller may do.
    pub scopes: Scopes,
    /// The only project this caller reaches; `None` is all.
    pub project: Option<ProjectId>,
    /// When the key stops working by itself, and with it what it has open.
    pub key_expires_at: Option<Timestamp>,
    /// When the request came.
    pub now: Timestamp,
    /// The request, if it has a name under which it may be sent again.
    pub request: Option<Arc<NamedRequest>>,
    /// The trace that the request belongs to, if it says so.
    pub trace: Option<Box<TraceParent>>,
}

impl Ctx {
    /// Whether the caller may do this.
    ///
    /// # Errors
    /// [`Error::Forbidden`], naming the scope.
    pub fn require(&self, scope: Scope) -> Result<(), Error> {
        if self.scopes.hold(scope) { Ok(()) } else { Err(Error::Forbidden { missing: Some(scope) }) }
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
            member: None,
            scopes: Scopes::all(),
            project: None,
            key_expires_at: None,
            now,
            request: None,
            trace: None,
        }
    }
}
