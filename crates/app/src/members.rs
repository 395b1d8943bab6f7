//! The people of an organization: added, changed, suspended, removed.
//!
//! A key acts as its maker with the rights of the moment, so a change of a person forgets
//! what is known of keys, and ends what their keys have open.

use std::sync::Arc;

use domain::audit::{Act, Action};
use domain::idempotency::Made;
use domain::key::Scope;
use domain::org::{Member, Role};
use domain::{Change, ChangeSet, MemberId};
use ports::{CommitError, Refusal};

use crate::error::{AuthFault, Error, Faults};
use crate::keys::{Stopped, fault_of_maker};
use crate::orgs::{is_email, is_name};
use crate::{App, Ctx};

/// A person on their way in.
#[derive(Debug, Clone)]
pub struct AddMember {
    /// Their name, 1–256 characters.
    pub name: String,
    /// Their e-mail address; no one else's in the organization.
    pub email: String,
    /// What they may do.
    pub role: Role,
}

/// What changes of a person; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct MemberPatch {
    /// Their name.
    pub name: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
}

impl App {
    /// The people of an organization, oldest first. Those who left are not among them.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn list_members(&self, ctx: &Ctx) -> Result<Vec<Member>, Error> {
        ctx.require_whole(Scope::Admin)?;
        let mut members = self.store(ctx.org).list_members().await?;
        members.retain(|member| member.removed_at.is_none());
        Ok(members)
    }

    /// A person who is here.
    ///
    /// # Errors
    /// They are not there, the scope is missing, or the store failed.
    pub async fn find_member(&self, ctx: &Ctx, id: MemberId) -> Result<Member, Error> {
        ctx.require_whole(Scope::Admin)?;
        let found = self.store(ctx.org).find_member(id).await?.filter(|member| member.removed_at.is_none());
        found.ok_or_else(|| Error::not_found(id))
    }

    /// Adds a person.
    ///
    /// # Errors
    /// A field is wrong or the address taken, only an owner may add an owner, the scope is
    /// missing, or the store failed.
    pub async fn add_member(&self, ctx: &Ctx, add: AddMember) -> Result<Member, Error> {
        ctx.require_whole(Scope::Admin)?;
        if let Some(Made::Member { member }) = ctx.made_before() {
            return self.find_member(ctx, *member).await;
        }
        let AddMember { name, email, role } = add;
        let member = Member {
            id: self.fresh(),
            number: 0,
            name,
            email,
            role,
            created_at: ctx.now,
            suspended_at: None,
            removed_at: None,
        };
        check_member(&member)?;
        may_change(ctx, role)?;
        let act = Act::new(Action::MemberAdded, member.id);
        let act = act.with("email", member.email.clone()).with("role", member.role.as_str());
        let changes = ChangeSet::of([Change::InsertMember(member.clone())]).with(self.audited(ctx, act));
        let changes = ctx.making(|| Made::Member { member: member.id }).recording(changes);
        match self.store(ctx.org).commit(changes).await {
            Ok(committed) => Ok(Member { number: committed.numbers.first().copied().unwrap_or_default(), ..member }),
            Err(error) => Err(refused(error, &member)),
        }
    }

    /// Changes a person. Their keys have the rights of the new role from the next request on.
    ///
    /// # Errors
    /// They are not there, or as [`App::add_member`]; also if no owner would be left.
    pub async fn update_member(&self, ctx: &Ctx, id: MemberId, patch: MemberPatch) -> Result<Member, Error> {
        self.change_member(ctx, id, |member| Member {
            name: patch.name.unwrap_or(member.name),
            email: patch.email.unwrap_or(member.email),
            role: patch.role.unwrap_or(member.role),
            ..member
        })
        .await
    }

    /// Keeps a person out until they are reinstated: no key of theirs opens anything.
    /// Suspending twice changes nothing.
    ///
    /// # Errors
    /// As [`App::update_member`].
    pub async fn suspend_member(&self, ctx: &Ctx, id: MemberId) -> Result<Member, Error> {
        let since = ctx.now;
        let suspend = |member: Member| Member { suspended_at: member.suspended_at.or(Some(since)), ..member };
        self.change_member(ctx, id, suspend).await
    }

    /// Lets a suspended person in again, with the keys they had.
    ///
    /// # Errors
    /// As [`App::update_member`].
    pub async fn reinstate_member(&self, ctx: &Ctx, id: MemberId) -> Result<Member, Error> {
        self.change_member(ctx, id, |member| Member { suspended_at: None, ..member }).await
    }

    /// Removes a person for good. What they made stays; no key of theirs opens anything.
    ///
    /// # Errors
    /// As [`App::update_member`].
    pub async fn remove_member(&self, ctx: &Ctx, id: MemberId) -> Result<Member, Error> {
        let at = ctx.now;
        self.change_member(ctx, id, |member| Member { removed_at: Some(at), ..member }).await
    }

    async fn change_member(
        &self,
        ctx: &Ctx,
        id: MemberId,
        change: impl FnOnce(Member) -> Member,
    ) -> Result<Member, Error> {
        ctx.require_whole(Scope::Admin)?;
        // One after the other: a change is made of the whole person as they were before it.
        let turn = Arc::clone(&self.0.member_changes).lock_owned().await;
        let store = self.store(ctx.org);
        let found = store.find_member(id).await?.filter(|member| member.removed_at.is_none());
        let before = found.ok_or_else(|| Error::not_found(id))?;
        let after = change(before.clone());
        check_member(&after)?;
        may_change(ctx, before.role.max(after.role))?;
        if after == before {
            return Ok(after);
        }
        let changes = ChangeSet::of([Change::PutMember(after.clone())]).with(self.audited(ctx, deed(&before, &after)));
        let app = self.clone();
        self.to_the_end(async move {
            store.commit(changes).await.map_err(|error| refused(error, &after))?;
            app.known().keys.forget_all();
            app.known().logins.forget_all();
            let fault = fault_of_maker(&after);
            let fault = fault.or((after.role != before.role).then_some(AuthFault::RightsChanged));
            if let Some(fault) = fault {
                app.known().stops.tell(Stopped::Member(id, fault));
            }
            // Kept to here, though the caller may have left.
            drop(turn);
            Ok(after)
        })
        .await
    }
}

/// What was done to a person.
fn deed(before: &Member, after: &Member) -> Act {
    let action = match (before.suspended_at, after.suspended_at) {
        _ if after.removed_at.is_some() => Action::MemberRemoved,
        (None, Some(_)) => Action::MemberSuspended,
        (Some(_), None) => Action::MemberReinstated,
        _ => Action::MemberUpdated,
    };
    let changed = |name: &str, before: &str, after: &str, act: Act| match before == after {
        true => act,
        false => act.with(name, after).with(&format!("{name}_before"), before),
    };
    let act = Act::new(action, after.id).with("email", after.email.clone());
    let act = changed("role", before.role.as_str(), after.role.as_str(), act);
    let act = changed("name", &before.name, &after.name, act);
    changed("email", &before.email, &after.email, act)
}

/// Owners are changed by owners.
pub(crate) fn may_change(ctx: &Ctx, role: Role) -> Result<(), Error> {
    if role <= ctx.role { Ok(()) } else { Err(Error::Forbidden { missing: None }) }
}

fn check_member(member: &Member) -> Result<(), Error> {
    let mut faults = Faults::default();
    faults.check(is_name(&member.name), "name", "must have 1 to 256 characters");
    faults.check(is_email(&member.email), "email", "must be an e-mail address");
    faults.into_result()
}

fn refused(error: CommitError, member: &Member) -> Error {
    match error {
        CommitError::Refused(Refusal::Exists) => {
            Error::Conflict(format!("the organization has somebody with the address {} already", member.email))
        }
        CommitError::Refused(Refusal::NoOwner) => Error::Conflict(Refusal::NoOwner.to_string()),
        CommitError::Refused(_) => Error::not_found(member.id),
        CommitError::Store(error) => error.into(),
    }
}
