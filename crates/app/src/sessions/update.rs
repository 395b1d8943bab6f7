//! Changing what a session is.

use std::sync::Arc;

use domain::agent::{Agent, AgentSpec, Overrides};
use domain::key::Scope;
use domain::session::{Session, SessionAgent, SessionPatch};
use domain::{ChangeSet, SessionId};

use super::check_described;
use crate::agent_rules::check_served;
use crate::error::Error;
use crate::{App, Ctx, TRIES};

impl App {
    /// Changes a session's title, metadata, or what its agent may call. `change` is given the
    /// agent as it answers in the session, and asked again if somebody else was faster. What
    /// changes nothing is not told.
    ///
    /// # Errors
    /// The session is not there, archived, or (if the agent is to change) has a turn under
    /// way; a field breaks a rule; a scope is missing; or the store failed.
    pub async fn update_session(
        &self,
        ctx: &Ctx,
        id: SessionId,
        change: impl Fn(&AgentSpec) -> Result<SessionPatch, Error> + Send + Sync,
    ) -> Result<Session, Error> {
        ctx.require(Scope::SessionsWrite)?;
        for _ in 0..TRIES {
            let session = self.reachable_session(ctx, id).await?;
            let agent = self.kept_agent(ctx, &session).await?;
            let answering = self.answering_agent(ctx, &session).await?;
            let mut patch = change(&answering.spec)?;
            self.settle_tools(ctx, &answering, &mut patch).await?;
            let (next, changes) = self.decide(ctx.now, |at| session.update(patch, &agent, at))?;
            check_described(next.title.as_deref(), &next.metadata)?;
            if changes.is_empty() || self.commit_session(ctx, changes).await? {
                return Ok(next);
            }
        }
        Err(Error::contended("session"))
    }

    /// The agent at the version the session keeps to, without the session's changes; the
    /// newest, if it keeps to none.
    async fn kept_agent(&self, ctx: &Ctx, session: &Session) -> Result<Agent, Error> {
        match &session.agent {
            SessionAgent::Pinned { agent, version, .. } => self.agent_version(ctx, *agent, *version).await,
            SessionAgent::Following { .. } => self.answering_agent(ctx, session).await,
        }
    }

    /// Seals the secrets of the tools that a patch brings, and checks what it makes of the
    /// agent by the rules of a new session.
    async fn settle_tools(&self, ctx: &Ctx, answering: &Agent, patch: &mut SessionPatch) -> Result<(), Error> {
        if !patch.concerns_agent() {
            return Ok(());
        }
        let mut overrides =
            Overrides { tools: patch.tools.take(), mcp_servers: patch.mcp_servers.clone(), ..Overrides::default() };
        self.seal_overrides(ctx.org, answering, &mut overrides)?;
        self.check_overrides(ctx, answering, &overrides).await?;
        check_served(&overrides.apply(&Arc::clone(&answering.spec)))?;
        patch.tools = overrides.tools;
        Ok(())
    }

    /// Commits a change of a session, to the end; `false` if it came too late.
    pub(super) async fn commit_session(&self, ctx: &Ctx, changes: ChangeSet) -> Result<bool, Error> {
        let store = self.store(ctx.org);
        self.to_the_end(async move { Ok(crate::commit_in_time(&*store, changes).await?.is_some()) }).await
    }
}
