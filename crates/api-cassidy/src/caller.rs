//! What a caller may do here: Cassidy's keys carry no scopes, ours may.

use app::Ctx;
use domain::key::{Scope, Scopes};
use web::Caller;

use crate::error::ApiError;

/// What this façade's POSTs take.
const ASKING: [Scope; 4] = [Scope::AgentsRead, Scope::AgentsRun, Scope::SessionsRead, Scope::SessionsWrite];

/// What managing an embed takes besides.
const MANAGING: [Scope; 3] = [Scope::AgentsRead, Scope::DeploymentsRead, Scope::DeploymentsWrite];

/// What its GETs take.
const LOOKING: [Scope; 1] = [Scope::SessionsRead];

/// The caller of a POST, with what serving it takes.
///
/// # Errors
/// Their key may not start runs.
pub(crate) fn asking(caller: &Caller) -> Result<Ctx, ApiError> {
    serving(caller, Scope::AgentsRun, &ASKING)
}

/// The caller of a GET, with what serving it takes.
///
/// # Errors
/// Their key may not read sessions.
pub(crate) fn looking(caller: &Caller) -> Result<Ctx, ApiError> {
    serving(caller, Scope::SessionsRead, &LOOKING)
}

/// The caller of the POST that manages an embed, with what serving it takes. Whether the
/// person behind the key may manage embeds is the operation's own question.
///
/// # Errors
/// Their key may not start runs, or they may not change deployments.
pub(crate) fn managing(caller: &Caller) -> Result<Ctx, ApiError> {
    if !caller.ctx().role.holds(Scope::DeploymentsWrite) {
        return Err(ApiError::forbidden());
    }
    serving(caller, Scope::AgentsRun, &MANAGING)
}

fn serving(caller: &Caller, needs: Scope, takes: &[Scope]) -> Result<Ctx, ApiError> {
    caller.ctx().require(needs)?;
    Ok(Ctx { scopes: Scopes::of(takes.iter().copied()), ..caller.ctx().clone() })
}
