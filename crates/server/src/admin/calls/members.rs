//! The people of an organization.

use app::MemberPatch;
use domain::rights::Role;
use serde::{Deserialize, Serialize};

use super::super::views::{LinkView, MemberView};
use super::super::{AdminError, Call, Desk};
use crate::house::operator;

/// The people of an organization, oldest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct ListMembers {
    /// Whose: id, number or name; not needed if there is one organization.
    pub org: Option<String>,
}

impl Call for ListMembers {
    const NAME: &'static str = "list-members";
    type Reply = Vec<MemberView>;

    async fn answer(self, desk: &Desk) -> Result<Vec<MemberView>, AdminError> {
        let ctx = desk.ctx(self.org.as_deref()).await?;
        Ok(desk.app.list_members(&ctx).await?.into_iter().map(Into::into).collect())
    }
}

/// Adds a person.
#[derive(Debug, Serialize, Deserialize)]
pub struct AddMember {
    /// Whose.
    pub org: Option<String>,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// What they may do.
    pub role: Role,
}

impl Call for AddMember {
    const NAME: &'static str = "add-member";
    type Reply = MemberView;

    async fn answer(self, desk: &Desk) -> Result<MemberView, AdminError> {
        let ctx = desk.ctx(self.org.as_deref()).await?;
        let add = app::AddMember { name: self.name, email: self.email, role: self.role };
        Ok(desk.app.add_member(&ctx, add).await?.into())
    }
}

/// Changes a person.
#[derive(Debug, Serialize, Deserialize)]
pub struct UpdateMember {
    /// Whose.
    pub org: Option<String>,
    /// Who: id, number or e-mail address.
    pub member: String,
    /// Another name.
    pub name: Option<String>,
    /// Another address.
    pub email: Option<String>,
    /// Another role.
    pub role: Option<Role>,
}

impl Call for UpdateMember {
    const NAME: &'static str = "update-member";
    type Reply = MemberView;

    async fn answer(self, desk: &Desk) -> Result<MemberView, AdminError> {
        let ctx = desk.ctx(self.org.as_deref()).await?;
        let member = desk.member(&ctx, &self.member).await?;
        let patch = MemberPatch { name: self.name, email: self.email, role: self.role };
        Ok(desk.app.update_member(&ctx, member.id, patch).await?.into())
    }
}

/// Makes a link by which a member comes in who cannot log in yet.
#[derive(Debug, Serialize, Deserialize)]
pub struct InviteMember {
    /// Whose.
    pub org: Option<String>,
    /// Who: id, number or e-mail address.
    pub member: String,
}

impl Call for InviteMember {
    const NAME: &'static str = "invite-member";
    type Reply = LinkView;

    async fn answer(self, desk: &Desk) -> Result<LinkView, AdminError> {
        let ctx = desk.ctx(self.org.as_deref()).await?;
        let member = desk.member(&ctx, &self.member).await?;
        Ok(desk.link_view(desk.app.invite_member(&ctx, member.id).await?))
    }
}

/// Makes a link by which a member sets another password.
#[derive(Debug, Serialize, Deserialize)]
pub struct ResetMember {
    /// Whose.
    pub org: Option<String>,
    /// Who: id, number or e-mail address; the first owner if absent, who may come in by it for
    /// the first time.
    pub member: Option<String>,
}

impl Call for ResetMember {
    const NAME: &'static str = "reset-member";
    type Reply = LinkView;

    async fn answer(self, desk: &Desk) -> Result<LinkView, AdminError> {
        let org = desk.org(self.org.as_deref()).await?;
        let Some(member) = self.member else {
            return Ok(desk.link_view(desk.app.link_for_owner(&operator(), &org).await?));
        };
        let ctx = desk.acting_for(org.id);
        let member = desk.member(&ctx, &member).await?;
        Ok(desk.link_view(desk.app.offer_reset(&ctx, member.id).await?))
    }
}

macro_rules! about_one {
    ($($(#[$doc:meta])* $call:ident = $name:literal by $operation:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize)]
        pub struct $call {
            /// Whose.
            pub org: Option<String>,
            /// Who: id, number or e-mail address.
            pub member: String,
        }

        impl Call for $call {
            const NAME: &'static str = $name;
            type Reply = MemberView;

            async fn answer(self, desk: &Desk) -> Result<MemberView, AdminError> {
                let ctx = desk.ctx(self.org.as_deref()).await?;
                let member = desk.member(&ctx, &self.member).await?;
                Ok(desk.app.$operation(&ctx, member.id).await?.into())
            }
        }
    )*};
}

about_one! {
    /// Keeps a person out for now.
    SuspendMember = "suspend-member" by suspend_member;
    /// Lets a suspended person in again.
    ReinstateMember = "reinstate-member" by reinstate_member;
    /// Removes a person for good.
    RemoveMember = "remove-member" by remove_member;
}
