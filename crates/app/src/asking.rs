//! The inbox of what waits for people, over all sessions: tool calls that ask, and rollouts
//! that wait for approval. Found by indexes that hold nothing else, oldest first.
//!
//! What is decided goes where it always went: [`App::send_events`] and [`App::decide_rollout`].

use std::fmt;
use std::str::FromStr;

use domain::key::Scope;
use domain::rollout::Rollout;
use domain::run::{Need, Run};
use domain::session::Origin;
use domain::tool::{Effect, Permission};
use domain::{AgentId, EventBody, EventId, RolloutId, RunId, Timestamp};
use ports::store::{AskingFilter, AskingRollout, AskingRun};
use serde_json::Value;
use uuid::Uuid;

use crate::agents::only_reachable;
use crate::error::Error;
use crate::{App, Ctx};

/// Something that waits for a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Asking {
    /// Since when.
    pub since: Timestamp,
    /// The agent.
    pub agent: AgentId,
    /// The agent's name.
    pub agent_name: Option<String>,
    /// What it is.
    pub what: Asked,
}

/// What waits.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// A tool call.
    Call(Box<AskingCall>),
    /// A rollout.
    Rollout(Box<Rollout>),
}

/// A tool call that waits for a person's word.
#[derive(Debug, Clone, PartialEq)]
pub struct AskingCall {
    /// The run that would make it.
    pub run: Run,
    /// What began the session.
    pub origin: Origin,
    /// The session's title.
    pub title: Option<String>,
    /// The tool-use event.
    pub call: EventId,
    /// What is asked: whether it may be made, or whether it happened.
    pub need: Need,
    /// The tool.
    pub tool: String,
    /// The arguments.
    pub input: Value,
    /// What it does to the world.
    pub effect: Effect,
    /// The rule by which it asks.
    pub permission: Permission,
}

/// What kind of thing waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskingKind {
    /// A tool call.
    Call,
    /// A rollout.
    Rollout,
}

/// What is listed of what waits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListAsking {
    /// Of this kind only.
    pub kind: Option<AskingKind>,
    /// Of this agent only.
    pub agent: Option<AgentId>,
    /// Only what stands behind this.
    pub after: Option<AskingPlace>,
    /// At most this many.
    pub limit: usize,
}

/// A place in the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskingPlace {
    since: Timestamp,
    of: PlaceOf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PlaceOf {
    Call { run: RunId, call: EventId },
    Rollout(RolloutId),
}

/// What was found, before the log is asked what a call is.
enum Found {
    Call { asking: Box<AskingRun>, index: usize },
    Rollout(Box<AskingRollout>),
}

impl App {
    /// What waits for people, as far as the caller may see it, what has waited longest first.
    ///
    /// # Errors
    /// A scope is missing: that for approvals, or, if one kind is asked for, that for sessions
    /// or rollouts. Or the store failed.
    pub async fn list_asking(&self, ctx: &Ctx, list: ListAsking) -> Result<Vec<Asking>, Error> {
        ctx.require(Scope::ApprovalsRead)?;
        let wants_calls = list.wants(ctx, AskingKind::Call, Scope::SessionsRead)?;
        let wants_rollouts = list.wants(ctx, AskingKind::Rollout, Scope::RolloutsRead)?;
        let Some(project) = only_reachable(ctx, None) else { return Ok(Vec::new()) };
        // One more than wanted: the first may have been given before.
        let filter = AskingFilter {
            project,
            agent: list.agent,
            open_to: ctx.restricted(),
            from: None,
            limit: list.limit.saturating_add(1),
        };
        let store = self.store(ctx.org);
        let mut found = Vec::new();
        if wants_calls {
            let from = list.after.map(AskingPlace::first_run);
            let runs = store.list_asking_runs(AskingFilter { from, ..filter.clone() }).await?;
            found.extend(runs.into_iter().flat_map(|run| calls_of(run, list.after)));
        }
        if wants_rollouts {
            let from = list.after.map(AskingPlace::first_rollout);
            let rollouts = store.list_asking_rollouts(AskingFilter { from, ..filter }).await?;
            let is_given = |asking: &AskingRollout| {
                list.after.is_some_and(|place| place.of == PlaceOf::Rollout(asking.rollout.id))
            };
            let rest = rollouts.into_iter().filter(|asking| !is_given(asking));
            found.extend(rest.map(|asking| Found::Rollout(Box::new(asking))));
        }
        found.sort_by_key(Found::order);
        // What is gone by now leaves its place to the next, so that a full page means more.
        let mut asking = Vec::with_capacity(list.limit.min(found.len()));
        for found in found {
            if asking.len() == list.limit {
                break;
            }
            asking.extend(self.described(ctx, found).await?);
        }
        Ok(asking)
    }

    /// `None` for a call that is not asked about any more.
    async fn described(&self, ctx: &Ctx, found: Found) -> Result<Option<Asking>, Error> {
        let (since, agent, what) = match found {
            Found::Rollout(asking) => (asking.since, asking.agent, Asked::Rollout(Box::new(asking.rollout))),
            Found::Call { asking, index } => {
                let (since, agent) = (asking.since, asking.run.agent);
                let Some(call) = self.asking_call(ctx, *asking, index).await? else { return Ok(None) };
                (since, agent, Asked::Call(Box::new(call)))
            }
        };
        Ok(Some(Asking { since, agent, agent_name: self.agent_name(ctx, agent).await?, what }))
    }

    async fn asking_call(&self, ctx: &Ctx, asking: AskingRun, index: usize) -> Result<Option<AskingCall>, Error> {
        let AskingRun { run, origin, title, .. } = asking;
        let waiting = run.waiting[index];
        let event = self.store(ctx.org).find_event(run.session, waiting.tool_use).await?;
        let Some(EventBody::AgentToolUse { name, input, permission, effect, .. }) = event.map(|event| event.body)
        else {
            return Ok(None);
        };
        let (call, need) = (waiting.tool_use, waiting.need);
        Ok(Some(AskingCall { run, origin, title, call, need, tool: name, input, effect, permission }))
    }

    /// What an agent is called, deleted or not.
    pub(crate) async fn agent_name(&self, ctx: &Ctx, id: AgentId) -> Result<Option<String>, Error> {
        let found = match self.agent_here(ctx, id).await {
            Err(Error::NotFound(_)) => self.store(ctx.org).list_agent_versions(id, None, 1).await?.pop(),
            found => Some(found?),
        };
        Ok(found.map(|agent| agent.spec.name.clone()))
    }
}

/// The calls of a run that wait for a person, behind a place.
fn calls_of(asking: AskingRun, after: Option<AskingPlace>) -> Vec<Found> {
    let given = match after.map(|place| place.of) {
        Some(PlaceOf::Call { run, call }) if run == asking.run.id => {
            asking.run.waiting.iter().position(|waiting| waiting.tool_use == call).map_or(0, |at| at + 1)
        }
        _ => 0,
    };
    let asks = |index: &usize| asking.run.waiting[*index].need != Need::ClientResult;
    let indexes: Vec<usize> = (given..asking.run.waiting.len()).filter(asks).collect();
    let asking = Box::new(asking);
    indexes.into_iter().map(|index| Found::Call { asking: asking.clone(), index }).collect()
}

impl Found {
    fn order(&self) -> (Timestamp, u8, Uuid, usize) {
        match self {
            Found::Call { asking, index } => (asking.since, 0, asking.run.id.0, *index),
            Found::Rollout(asking) => (asking.since, 1, asking.rollout.id.0, 0),
        }
    }
}

impl ListAsking {
    /// Whether this kind is listed: one that is not asked for by name is left out where the
    /// scope for it is missing.
    fn wants(&self, ctx: &Ctx, kind: AskingKind, scope: Scope) -> Result<bool, Error> {
        match self.kind {
            None => Ok(ctx.scopes.hold(scope)),
            Some(only) if only == kind => ctx.require(scope).map(|()| true),
            Some(_) => Ok(false),
        }
    }
}

impl Asking {
    /// Its place in the inbox.
    pub fn place(&self) -> AskingPlace {
        let of = match &self.what {
            Asked::Call(call) => PlaceOf::Call { run: call.run.id, call: call.call },
            Asked::Rollout(rollout) => PlaceOf::Rollout(rollout.id),
        };
        AskingPlace { since: self.since, of }
    }
}

impl AskingPlace {
    fn first_run(self) -> (Timestamp, Uuid) {
        match self.of {
            PlaceOf::Call { run, .. } => (self.since, run.0),
            // Of those that wait as long, runs come before rollouts.
            PlaceOf::Rollout(_) => (self.since, Uuid::max()),
        }
    }

    fn first_rollout(self) -> (Timestamp, Uuid) {
        match self.of {
            PlaceOf::Call { .. } => (self.since, Uuid::nil()),
            PlaceOf::Rollout(rollout) => (self.since, rollout.0),
        }
    }
}

impl fmt::Display for AskingPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.", self.since.as_microsecond())?;
        match self.of {
            PlaceOf::Call { run, call } => write!(f, "{run}.{call}"),
            PlaceOf::Rollout(rollout) => write!(f, "{rollout}"),
        }
    }
}

/// A text that is no place of the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no place of the inbox")]
pub struct NotAPlace;

impl FromStr for AskingPlace {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let (since, of) = text.split_once('.').ok_or(NotAPlace)?;
        let since = since.parse().ok().and_then(|micros| Timestamp::from_microsecond(micros).ok());
        let of = match of.split_once('.') {
            Some((run, call)) => run.parse().ok().zip(call.parse().ok()).map(|(run, call)| PlaceOf::Call { run, call }),
            None => of.parse().ok().map(PlaceOf::Rollout),
        };
        Ok(AskingPlace { since: since.ok_or(NotAPlace)?, of: of.ok_or(NotAPlace)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let since = Timestamp::from_microsecond(1_700_000_000_000_001).unwrap();
        let id = Uuid::from_u128(7);
        for of in [PlaceOf::Call { run: RunId(id), call: EventId(id) }, PlaceOf::Rollout(RolloutId(id))] {
            let place = AskingPlace { since, of };
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        for wrong in ["", ".", "1", "x.run_", "99999999999999999999.rollout_"] {
            assert_eq!(wrong.parse::<AskingPlace>(), Err(NotAPlace), "{wrong}");
        }
    }
}
