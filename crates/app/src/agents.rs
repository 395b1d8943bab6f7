//! Agents: made, read, changed, archived, deleted.

use std::sync::Arc;

use domain::agent::{Agent, AgentSpec};
use domain::audit::{Act, Action};
use domain::idempotency::Made;
use domain::key::Scope;
use domain::rights::Access;
use domain::{AgentId, Change, ChangeSet, DocumentId, MemberId, ProjectId};
use ports::store::AgentFilter;

use crate::error::{Error, Missing};
use crate::keys::Stopped;
use crate::{App, Ctx, TRIES};

impl App {
    /// Makes an agent. `documents` of the same project are copied to it in the same commit.
    ///
    /// # Errors
    /// The description breaks a rule, a document is unknown (at `contexts[i].id`), the
    /// project is not there, a scope is missing, or the store failed.
    pub async fn create_agent(
        &self,
        ctx: &Ctx,
        project: ProjectId,
        spec: AgentSpec,
        documents: Vec<DocumentId>,
    ) -> Result<Agent, Error> {
        ctx.require(Scope::AgentsWrite)?;
        if let Some(Made::AgentVersion { agent, version }) = ctx.made_before() {
            return self.agent_version(ctx, *agent, *version).await;
        }
        let id = self.fresh();
        let spec = AgentSpec { tools: self.seal_tools(ctx.org, id, spec.tools, &[])?, ..spec };
        self.check_agent(ctx, project, &spec, &[]).await?;
        let store = self.store(ctx.org);
        ctx.reach(store.find_project(project).await?, |project| project.id, project)?;
        let (agent, changes) = Agent::create_by(ctx.member, id, project, spec, ctx.now);
        let copies = self.copies(ctx, &documents, &agent).await?;
        let ctx = ctx.making(|| Made::AgentVersion { agent: id, version: agent.version });
        let changes = ctx.recording(changes.and(ChangeSet::of(copies)));
        crate::commit_in_time(&*store, changes).await?.ok_or_else(|| Error::contended("project"))?;
        Ok(agent)
    }

    /// An agent at its newest version.
    ///
    /// # Errors
    /// It is not there, the scope is missing, or the store failed.
    pub async fn find_agent(&self, ctx: &Ctx, id: AgentId) -> Result<Agent, Error> {
        ctx.require(Scope::AgentsRead)?;
        self.newest_agent(ctx, id).await
    }

    /// An agent at one of its versions.
    ///
    /// # Errors
    /// As [`App::find_agent`]; also if it never had this version.
    pub async fn find_agent_version(&self, ctx: &Ctx, id: AgentId, version: u32) -> Result<Agent, Error> {
        ctx.require(Scope::AgentsRead)?;
        let newest = self.newest_agent(ctx, id).await?;
        let agent = self.agent_version(ctx, id, version).await?;
        // Archiving and access are of the agent, not of a version.
        Ok(Agent { archived_at: newest.archived_at, access: newest.access, ..agent })
    }

    /// Agents at their newest versions.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn list_agents(&self, ctx: &Ctx, filter: AgentFilter) -> Result<Vec<Agent>, Error> {
        ctx.require(Scope::AgentsRead)?;
        let Some(project) = only_reachable(ctx, filter.project) else { return Ok(Vec::new()) };
        let open_to = ctx.restricted();
        Ok(self.store(ctx.org).list_agents(AgentFilter { project, open_to, ..filter }).await?)
    }

    /// The versions of an agent, newest first, below `before`, at most `limit`.
    ///
    /// # Errors
    /// As [`App::find_agent`].
    pub async fn list_agent_versions(
        &self,
        ctx: &Ctx,
        id: AgentId,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<Agent>, Error> {
        let newest = self.find_agent(ctx, id).await?;
        let mut versions = self.store(ctx.org).list_agent_versions(id, before, limit).await?;
        for version in &mut versions {
            (version.archived_at, version.access) = (newest.archived_at, Arc::clone(&newest.access));
        }
        Ok(versions)
    }

    /// Makes the next version of an agent from the newest one. `change` is asked again if
    /// somebody else was faster; what changes nothing makes no version.
    ///
    /// # Errors
    /// `expected` is not the newest version, the agent is archived, the new description
    /// breaks a rule, or as [`App::find_agent`].
    pub async fn update_agent(
        &self,
        ctx: &Ctx,
        id: AgentId,
        expected: Option<u32>,
        change: impl Fn(&AgentSpec) -> Result<AgentSpec, Error> + Send + Sync,
    ) -> Result<Agent, Error> {
        ctx.require(Scope::AgentsWrite)?;
        if let Some(Made::AgentVersion { agent, version }) = ctx.made_before() {
            return self.agent_version(ctx, *agent, *version).await;
        }
        let store = self.store(ctx.org);
        for _ in 0..TRIES {
            let current = ctx.reach_agent(store.find_agent(id).await?, id)?;
            let (project, before) = (current.project, Arc::clone(&current.spec));
            let spec = change(&before)?;
            let spec = AgentSpec { tools: self.seal_tools(ctx.org, id, spec.tools, &before.tools)?, ..spec };
            let (next, changes) = current.update(spec, expected, ctx.now)?;
            if changes.is_empty() {
                return Ok(next);
            }
            self.check_agent(ctx, project, &next.spec, &before.tools).await?;
            let made = ctx.making(|| Made::AgentVersion { agent: id, version: next.version });
            if self.commit_agent(ctx, id, made.recording(changes)).await? {
                return Ok(next);
            }
        }
        Err(Error::contended("agent"))
    }

    /// No new session may begin; those that run go on. Archiving twice changes nothing.
    ///
    /// # Errors
    /// As [`App::find_agent`].
    pub async fn archive_agent(&self, ctx: &Ctx, id: AgentId) -> Result<Agent, Error> {
        ctx.require(Scope::AgentsWrite)?;
        let agent = ctx.reach_agent(self.store(ctx.org).find_agent(id).await?, id)?;
        let (archived, changes) = agent.archive(ctx.now);
        if changes.is_empty() || self.commit_agent(ctx, id, changes).await? {
            return Ok(archived);
        }
        Err(Error::not_found(id))
    }

    /// Opens an agent to these people alone, besides whoever made it and those who administer
    /// the organization; `None` is everybody. What others read along with it ends.
    ///
    /// # Errors
    /// Somebody named is not of the organization, there are too many, or as
    /// [`App::find_agent`].
    pub async fn open_agent(&self, ctx: &Ctx, id: AgentId, members: Option<Vec<MemberId>>) -> Result<Agent, Error> {
        ctx.require(Scope::AgentsWrite)?;
        let store = self.store(ctx.org);
        let agent = ctx.reach_agent(store.find_agent(id).await?, id)?;
        let members = match members {
            Some(named) => Some(self.known_members(ctx, named).await?),
            None => None,
        };
        let act = Act::new(Action::AgentOpened, id).with("name", agent.spec.name.clone());
        let act = act.with_some("members", members.as_ref().map(|named| serde_json::json!(named)));
        let recorded = self.audited(ctx, act);
        let opened = ChangeSet::of([Change::OpenAgent { agent: id, members: members.clone() }, recorded]);
        if !self.commit_agent(ctx, id, opened).await? {
            return Err(Error::not_found(id));
        }
        self.known().stops.tell(Stopped::Agent(id));
        let access = Access { creator: agent.access.creator, members };
        Ok(Agent { access: Arc::new(access), ..agent })
    }

    /// People of the organization, each once.
    async fn known_members(&self, ctx: &Ctx, mut named: Vec<MemberId>) -> Result<Vec<MemberId>, Error> {
        if named.len() > Access::MEMBERS_MAX {
            let message = format!("must have at most {} entries", Access::MEMBERS_MAX);
            return Err(Error::invalid("members", message));
        }
        named.sort();
        named.dedup();
        let known = self.store(ctx.org).list_members().await?;
        let is_known = |id: &MemberId| known.iter().any(|member| member.id == *id && member.removed_at.is_none());
        match named.iter().find(|id| !is_known(id)) {
            Some(stranger) => Err(Error::invalid("members", format!("{stranger} is nobody of this organization"))),
            None => Ok(named),
        }
    }

    /// Removes an agent from every API, which stops its runs: a moment later if a worker
    /// holds one, and whatever crashes in between. Its sessions stay readable.
    ///
    /// # Errors
    /// As [`App::find_agent`].
    pub async fn delete_agent(&self, ctx: &Ctx, id: AgentId) -> Result<(), Error> {
        ctx.require(Scope::AgentsWrite)?;
        ctx.reach_agent(self.store(ctx.org).find_agent(id).await?, id)?;
        let gone = ChangeSet::of([Change::DeleteAgent { agent: id, at: ctx.now }]);
        if self.commit_agent(ctx, id, gone).await? { Ok(()) } else { Err(Error::not_found(id)) }
    }

    /// The newest version of an agent that the caller reaches.
    pub(crate) async fn newest_agent(&self, ctx: &Ctx, id: AgentId) -> Result<Agent, Error> {
        let agent = self.agent_here(ctx, id).await?;
        ctx.may_use(&agent).map(|()| agent)
    }

    /// As [`App::newest_agent`], whoever may use it.
    pub(crate) async fn agent_here(&self, ctx: &Ctx, id: AgentId) -> Result<Agent, Error> {
        let load = async { self.store(ctx.org).find_agent(id).await };
        let found = self.known().agents.find(&(ctx.org, id), load).await?;
        ctx.reach(found, |agent| agent.project, id)
    }

    /// Whether what happens in sessions of this agent is open to the caller: whoever may not
    /// use an agent does not read along either, even when it was deleted.
    pub(crate) async fn may_read_along(&self, ctx: &Ctx, id: AgentId) -> Result<(), Error> {
        if ctx.restricted().is_none() {
            return Ok(());
        }
        match self.newest_agent(ctx, id).await {
            Err(Error::NotFound(missing)) => {
                let first = self.store(ctx.org).find_agent_version(id, 1).await?;
                first.ok_or(Error::NotFound(missing)).and_then(|agent| ctx.may_use(&agent))
            }
            found => found.map(drop),
        }
    }

    /// One version of an agent that the caller reaches; also of a deleted one.
    pub(crate) async fn agent_version(&self, ctx: &Ctx, id: AgentId, version: u32) -> Result<Agent, Error> {
        let load = async { self.store(ctx.org).find_agent_version(id, version).await };
        let found = self.known().agent_versions.find(&(ctx.org, id, version), load).await?;
        let missing = Missing::new("agent version", format_args!("{version} of {id}"));
        ctx.reach(found, |agent| agent.project, missing)
    }

    /// Commits a change of an agent and forgets what was known of it; `false` if it came
    /// too late.
    async fn commit_agent(&self, ctx: &Ctx, id: AgentId, changes: ChangeSet) -> Result<bool, Error> {
        let (app, org) = (self.clone(), ctx.org);
        self.to_the_end(async move {
            let committed = crate::commit_in_time(&*app.store(org), changes).await?;
            app.known().agents.forget(&(org, id));
            Ok(committed.is_some())
        })
        .await
    }
}

/// The project to list: the one asked for as far as the caller reaches it. `None` is an
/// empty list, `Some(None)` all projects.
pub(crate) fn only_reachable(ctx: &Ctx, asked: Option<ProjectId>) -> Option<Option<ProjectId>> {
    match asked {
        Some(project) => ctx.reaches(project).then_some(Some(project)),
        None => Some(ctx.project),
    }
}
