//! Rights: what a role is worth, and who may use an agent.
//!
//! A key carries scopes, and acts as the person who made it: of its scopes those are worth
//! anything that the person's role holds at that moment.

use serde::{Deserialize, Serialize};

use crate::id::MemberId;
use crate::key::{Scope, Scopes};

/// What a person may do in an organization. Each role holds what the ones below it hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look.
    Viewer,
    /// Make and use agents.
    Member,
    /// Everything but what concerns owners.
    Admin,
    /// Everything.
    Owner,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Member, Role::Admin, Role::Owner];

    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Member => "member",
            Role::Admin => "admin",
            Role::Owner => "owner",
        }
    }

    /// The least role that holds a right: the table of rights.
    pub fn least_with(scope: Scope) -> Role {
        match scope {
            Scope::AgentsRead
            | Scope::SessionsRead
            | Scope::RolloutsRead
            | Scope::DeploymentsRead
            | Scope::KnowledgeRead
            | Scope::ApprovalsRead
            | Scope::ProvidersRead
            | Scope::KeysRead
            | Scope::UsageRead => Role::Viewer,
            Scope::AgentsWrite
            | Scope::AgentsRun
            | Scope::SessionsWrite
            | Scope::RolloutsWrite
            | Scope::DeploymentsWrite
            | Scope::KnowledgeWrite
            | Scope::ApprovalsDecide
            | Scope::KeysWrite => Role::Member,
            Scope::ProvidersWrite | Scope::Admin => Role::Admin,
        }
    }

    /// Whether a person of this role can have this right.
    pub fn holds(self, scope: Scope) -> bool {
        self >= Role::least_with(scope)
    }

    /// Whether everything in the organization is open to them, whoever made it.
    pub fn administers(self) -> bool {
        self >= Role::Admin
    }
}

impl Scopes {
    /// What these rights are worth in the hands of a person of this role.
    #[must_use]
    pub fn within(&self, role: Role) -> Scopes {
        if role.holds(Scope::Admin) {
            return self.clone();
        }
        Scopes::of(Scope::ALL.iter().copied().filter(|scope| self.hold(*scope) && role.holds(*scope)))
    }
}

/// Who may see and use an agent. Whoever made it always may, and so may those who administer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// Who made it; `None` is the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<MemberId>,
    /// Whom it is open to; `None` is everybody in the organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<MemberId>>,
}

impl Access {
    /// Most members that an agent may be open to by name.
    pub const MEMBERS_MAX: usize = 1_000;

    /// Open to everybody.
    pub fn of_all(creator: Option<MemberId>) -> Self {
        Self { creator, members: None }
    }

    /// Whether the agent is open to a person of this role.
    pub fn lets(&self, member: MemberId, role: Role) -> bool {
        let is_named = |named: &Vec<MemberId>| named.contains(&member);
        role.administers() || self.creator == Some(member) || self.members.as_ref().is_none_or(is_named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Scope::*;
    use uuid::Uuid;

    #[test]
    fn each_role_holds_its_rights_and_no_others() {
        let reads = [
            AgentsRead,
            SessionsRead,
            RolloutsRead,
            DeploymentsRead,
            KnowledgeRead,
            ApprovalsRead,
            ProvidersRead,
            KeysRead,
            UsageRead,
        ];
        let works = [
            AgentsWrite,
            AgentsRun,
            SessionsWrite,
            RolloutsWrite,
            DeploymentsWrite,
            KnowledgeWrite,
            ApprovalsDecide,
            KeysWrite,
        ];
        for (role, held) in [
            (Role::Viewer, reads.to_vec()),
            (Role::Member, [reads.as_slice(), &works].concat()),
            (Role::Admin, Scope::ALL.to_vec()),
            (Role::Owner, Scope::ALL.to_vec()),
        ] {
            for scope in Scope::ALL {
                assert_eq!(role.holds(*scope), held.contains(scope), "{role:?} {scope}");
            }
        }
    }

    #[test]
    fn a_key_is_worth_no_more_than_its_person_and_no_more_than_itself() {
        let all = Scopes::of([Admin]);
        for role in Role::ALL {
            for scope in Scope::ALL {
                assert_eq!(all.within(role).hold(*scope), role.holds(*scope), "{role:?} {scope}");
                assert_eq!(Scopes::of([*scope]).within(role).hold(*scope), role.holds(*scope), "{role:?} {scope}");
            }
            assert!(!Scopes::of([AgentsRead]).within(role).hold(SessionsRead), "{role:?}");
        }
    }

    #[test]
    fn an_agent_is_open_to_those_who_are_named_who_made_it_and_who_administer() {
        let [maker, named, other] = [1, 2, 3].map(|n| MemberId(Uuid::from_u128(n)));
        let open = Access::of_all(Some(maker));
        let closed = Access { members: Some(vec![named]), ..open.clone() };
        for role in Role::ALL {
            assert!([maker, named, other].into_iter().all(|member| open.lets(member, role)));
            assert!(closed.lets(maker, role) && closed.lets(named, role), "{role:?}");
            assert_eq!(closed.lets(other, role), role.administers(), "{role:?}");
        }
    }
}
