//! The audit log: what administrators and approvers did, written with what they did.

use domain::audit::{Act, Actor, AuditEntry};
use domain::key::Scope;
use domain::{AuditId, Change};
use ports::store::AuditFilter;

use crate::error::Error;
use crate::{App, Ctx};

impl Ctx {
    /// Who the audit log says it was.
    pub(crate) fn actor(&self) -> Actor {
        match self.member {
            Some(member) => Actor::Member { member, key: self.key },
            None => Actor::Operator,
        }
    }
}

impl App {
    /// The entry of something that the caller does, for the change set that does it. Every
    /// operation by which somebody administers the organization adds one.
    pub(crate) fn audited(&self, ctx: &Ctx, act: Act) -> Change {
        Change::Audit(AuditEntry { id: self.fresh::<AuditId>(), at: ctx.now, actor: ctx.actor(), act })
    }

    /// Entries of the audit log, newest first.
    ///
    /// # Errors
    /// The caller does not administer the whole organization, or the store failed.
    pub async fn list_audit(&self, ctx: &Ctx, filter: AuditFilter) -> Result<Vec<AuditEntry>, Error> {
        ctx.require_whole(Scope::Admin)?;
        Ok(self.store(ctx.org).list_audit(filter).await?)
    }
}
