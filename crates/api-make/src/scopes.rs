//! What Make's two scopes are in ours.

use app::Ctx;
use domain::key::{Scope, Scopes};
use serde::Serialize;
use utoipa::ToSchema;

/// A scope as Make names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) enum MakeScope {
    /// Every GET.
    #[serde(rename = "ai-agents:read")]
    Read,
    /// Everything else. Does not include reading.
    #[serde(rename = "ai-agents:write")]
    Write,
}

impl MakeScope {
    /// Both.
    pub(crate) const ALL: [MakeScope; 2] = [MakeScope::Read, MakeScope::Write];

    /// As written.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            MakeScope::Read => "ai-agents:read",
            MakeScope::Write => "ai-agents:write",
        }
    }

    /// The rights of ours that a key must have, all of them, to have this scope.
    fn needs(self) -> &'static [Scope] {
        match self {
            MakeScope::Read => &[Scope::AgentsRead],
            MakeScope::Write => &[Scope::AgentsWrite, Scope::AgentsRun, Scope::KnowledgeWrite],
        }
    }

    /// The rights of ours that this façade's operations take to serve the scope. They are
    /// more than it needs, since one answer of Make's is gathered from several of our
    /// things: an agent shows its contexts and its connection, a run finds its thread.
    fn takes(self) -> &'static [Scope] {
        match self {
            MakeScope::Read => &[Scope::AgentsRead, Scope::KnowledgeRead, Scope::ProvidersRead, Scope::SessionsRead],
            MakeScope::Write => &[
                Scope::AgentsRead,
                Scope::AgentsWrite,
                Scope::AgentsRun,
                Scope::KnowledgeRead,
                Scope::KnowledgeWrite,
                Scope::ProvidersRead,
                Scope::SessionsRead,
                Scope::SessionsWrite,
            ],
        }
    }

    /// Whether a caller has this scope.
    pub(crate) fn is_held_by(self, ctx: &Ctx) -> bool {
        self.needs().iter().all(|scope| ctx.scopes.hold(*scope))
    }

    /// The caller with what serving this scope takes, and nothing else.
    pub(crate) fn serving(self, ctx: &Ctx) -> Ctx {
        Ctx { scopes: Scopes::of(self.takes().iter().copied()), ..ctx.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::Operator;
    use domain::{OrgId, Timestamp};
    use uuid::Uuid;

    fn caller(scopes: &[Scope]) -> Ctx {
        let anyone = Operator::of_this_installation().acting_for(OrgId(Uuid::nil()), Timestamp::UNIX_EPOCH);
        Ctx { scopes: Scopes::of(scopes.iter().copied()), ..anyone }
    }

    #[test]
    fn write_does_not_include_read_and_needs_all_its_parts() {
        let writer = caller(&[Scope::AgentsWrite, Scope::AgentsRun, Scope::KnowledgeWrite]);
        assert!(MakeScope::Write.is_held_by(&writer) && !MakeScope::Read.is_held_by(&writer));
        assert!(!MakeScope::Write.is_held_by(&caller(&[Scope::AgentsWrite, Scope::AgentsRun])));
        assert!(MakeScope::ALL.iter().all(|scope| scope.is_held_by(&caller(&[Scope::Admin]))));
    }

    #[test]
    fn serving_a_scope_never_gives_administration() {
        for scope in MakeScope::ALL {
            let served = scope.serving(&caller(&[Scope::Admin]));
            for never in [Scope::Admin, Scope::KeysRead, Scope::KeysWrite, Scope::ApprovalsDecide] {
                assert!(!served.scopes.hold(never), "{scope:?} {never}");
            }
        }
        assert!(!MakeScope::Read.serving(&caller(&[])).scopes.hold(Scope::AgentsWrite));
    }
}
