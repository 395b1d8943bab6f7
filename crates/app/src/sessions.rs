//! Sessions: begun, read, listed; changed and closed in the modules below.

mod close;
mod told;
mod update;

pub(crate) use close::unfinished;
pub use told::{LastLine, SessionTelling, Speaker};

use std::sync::Arc;

use domain::agent::{Agent, AgentRefusal, Overrides};
use domain::budget::Budget;
use domain::idempotency::Made;
use domain::key::Scope;
use domain::session::{Origin, Purpose, Session, SessionAgent, SessionRefusal, SessionState, SessionStatus, Standing};
use domain::turn::Input;
use domain::{AgentId, Change, ChangeSet, EventBody, Guard, ProjectId, SessionId};
use indexmap::IndexMap;
use ports::store::SessionFilter;
use uuid::Uuid;

use crate::agent_rules::{check_metadata, check_served};
use crate::agents::only_reachable;
use crate::entry::{Entered, Entry};
use crate::error::{Error, Faults, Missing};
use crate::input_rules;
use crate::{App, Ctx, TRIES};

const TITLE_CHARS_MAX: usize = 512;
const THREAD_CHARS_MAX: usize = 255;

/// Which agent answers in a session.
#[derive(Debug, Clone)]
pub struct AgentChoice {
    /// The agent.
    pub id: AgentId,
    /// One of its versions; the newest if absent.
    pub version: Option<u32>,
    /// What the session changes of it.
    pub overrides: Overrides,
}

/// What a new session is to be.
#[derive(Debug, Clone)]
pub struct CreateSession {
    /// The project; the agent's own if absent, and no other is possible.
    pub project: Option<ProjectId>,
    /// Who answers. Sessions of the native and Cased APIs keep to the version they began
    /// with, others follow the newest.
    pub agent: AgentChoice,
    /// For people.
    pub title: Option<String>,
    /// Free pairs.
    pub metadata: IndexMap<String, String>,
    /// What begins it.
    pub origin: Origin,
    /// What it is for, if it is begun for a purpose of its own.
    pub purpose: Option<Purpose>,
    /// The caller's name of the conversation; unique for a project and agent.
    pub thread: Option<String>,
    /// What it may spend over all its runs.
    pub budget: Option<Budget>,
    /// What the session begins with; needs the right to start runs.
    pub initial_events: Vec<EventBody>,
}

impl App {
    /// Begins a session, with its first input if there is any, in one commit.
    ///
    /// # Errors
    /// The agent is not there, archived, or needs what is not served; a field breaks a
    /// rule; the thread is taken; a scope is missing; or the store failed.
    pub async fn create_session(&self, ctx: &Ctx, create: CreateSession) -> Result<Session, Error> {
        ctx.require(Scope::SessionsWrite)?;
        if !create.initial_events.is_empty() {
            ctx.require(Scope::AgentsRun)?;
            input_rules::check_initial(&create.initial_events)?;
        }
        check_new_session(&create)?;
        if let Some(Made::Session { session }) = ctx.made_before() {
            return self.reachable_session(ctx, *session).await;
        }
        for _ in 0..TRIES {
            let newest = self.newest_agent(ctx, create.agent.id).await?;
            let (session, agent) = self.describe_session(ctx, &newest, &create).await?;
            let events: Vec<&EventBody> = create.initial_events.iter().collect();
            self.check_model_inputs(ctx.org, &agent.spec.model, "initial_events", &events).await?;
            let ctx = &ctx.making(|| Made::Session { session: session.id });
            let begun = match create.initial_events.is_empty() {
                true => self.begin_empty(ctx, &newest, session).await?,
                false => self.begin_with_input(ctx, &newest, agent, session, &create).await?,
            };
            match begun {
                Some(session) => return Ok(session),
                None => self.look_again(ctx, &create).await?,
            }
        }
        Err(Error::contended("agent"))
    }

    /// A session as it is now. One whose run is due and held by no worker is rescheduling.
    ///
    /// # Errors
    /// It is not there, the scope is missing, or the store failed.
    pub async fn find_session(&self, ctx: &Ctx, id: SessionId) -> Result<Session, Error> {
        ctx.require(Scope::SessionsRead)?;
        self.reachable_session(ctx, id).await
    }

    /// As [`App::find_session`], by the random id it also has, which is in the address of its
    /// page.
    ///
    /// # Errors
    /// As [`App::find_session`].
    pub async fn find_session_by_alias(&self, ctx: &Ctx, alias: Uuid) -> Result<Session, Error> {
        ctx.require(Scope::SessionsRead)?;
        let found = self.store(ctx.org).find_session_by_alias(alias).await?;
        let session = ctx.reach(found, |session| session.project, Missing::new("session", alias))?;
        self.may_read_along(ctx, session.agent.id()).await?;
        Ok(session)
    }

    /// Sessions, as [`App::find_session`] shows them; a filter by status goes by that.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn list_sessions(&self, ctx: &Ctx, filter: SessionFilter) -> Result<Vec<Session>, Error> {
        ctx.require(Scope::SessionsRead)?;
        let Some(project) = only_reachable(ctx, filter.project) else { return Ok(Vec::new()) };
        let open_to = ctx.restricted();
        // What has ended may be archived.
        let include_archived = filter.include_archived || filter.standings.contains(&Standing::Ended);
        let filter = SessionFilter { project, open_to, include_archived, ..filter };
        Ok(self.store(ctx.org).list_sessions(filter).await?)
    }

    /// The agent as it answers in a session: the pinned version with the session's changes,
    /// or the newest one. The right to see the session is enough.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn session_agent(&self, ctx: &Ctx, session: &Session) -> Result<Agent, Error> {
        ctx.require(Scope::SessionsRead)?;
        self.answering_agent(ctx, session).await
    }

    pub(crate) async fn answering_agent(&self, ctx: &Ctx, session: &Session) -> Result<Agent, Error> {
        match &session.agent {
            SessionAgent::Pinned { agent, version, overrides } => {
                let agent = self.agent_version(ctx, *agent, *version).await?;
                Ok(Agent { spec: overrides.apply(&agent.spec), ..agent })
            }
            SessionAgent::Following { agent } => match self.newest_agent(ctx, *agent).await {
                Err(Error::NotFound(missing)) => {
                    // Deleted; its versions stay for the sake of its sessions.
                    let versions = self.store(ctx.org).list_agent_versions(*agent, None, 1).await?;
                    ctx.reach(versions.into_iter().next(), |agent| agent.project, missing)
                }
                found => found,
            },
        }
    }

    /// A session as stored, if the caller reaches it and may use its agent.
    pub(crate) async fn reachable_session(&self, ctx: &Ctx, id: SessionId) -> Result<Session, Error> {
        let found = self.store(ctx.org).find_session(id).await?;
        let session = ctx.reach(found, |session| session.project, id)?;
        self.may_read_along(ctx, session.agent.id()).await?;
        Ok(session)
    }

    /// A session that does not exist yet.
    pub(crate) fn new_session(&self, ctx: &Ctx, agent: SessionAgent, project: ProjectId, origin: Origin) -> Session {
        Session {
            id: self.fresh(),
            alias: self.ports().ids.uuid_v4(),
            project,
            agent,
            origin,
            purpose: None,
            thread: None,
            owner: None,
            deployment: None,
            title: None,
            metadata: IndexMap::new(),
            version: 0,
            created_at: ctx.now,
            archived_at: None,
            budget: None,
            state: SessionState::new(ctx.now),
        }
    }

    /// The session as asked for, and the agent as it will answer in it.
    async fn describe_session(
        &self,
        ctx: &Ctx,
        newest: &Agent,
        create: &CreateSession,
    ) -> Result<(Session, Agent), Error> {
        let AgentChoice { id, version, overrides } = &create.agent;
        if create.project.is_some_and(|project| project != newest.project) {
            return Err(Error::not_found(*id));
        }
        if newest.archived_at.is_some() {
            return Err(AgentRefusal::Archived.into());
        }
        let agent = match version {
            Some(version) => self.agent_version(ctx, *id, *version).await?,
            None => newest.clone(),
        };
        let mut overrides = overrides.clone();
        self.seal_overrides(ctx.org, &agent, &mut overrides)?;
        self.check_overrides(ctx, &agent, &overrides).await?;
        let spec = overrides.apply(&agent.spec);
        check_served(&spec)?;
        let mut faults = Faults::default();
        self.check_budget(create.budget.as_ref(), &mut faults);
        self.check_budgetable(ctx, create.budget.as_ref(), &spec.model, &mut faults).await?;
        faults.into_result()?;
        let who = match create.origin {
            Origin::Native | Origin::Cased | Origin::Monitor => {
                SessionAgent::Pinned { agent: *id, version: agent.version, overrides: Box::new(overrides) }
            }
            Origin::Make | Origin::Cassidy => SessionAgent::Following { agent: *id },
        };
        let session = Session {
            purpose: create.purpose,
            owner: ctx.member.filter(|_| create.origin == Origin::Cassidy),
            thread: create.thread.clone(),
            title: create.title.clone(),
            metadata: create.metadata.clone(),
            budget: create.budget,
            ..self.new_session(ctx, who, newest.project, create.origin)
        };
        Ok((session, Agent { spec, ..agent }))
    }

    async fn begin_empty(&self, ctx: &Ctx, newest: &Agent, session: Session) -> Result<Option<Session>, Error> {
        let guard = Guard::AgentAt { agent: newest.id, version: newest.version };
        let changes = ChangeSet::of([Change::InsertSession(session.clone())]).guarded(guard);
        Ok(crate::commit_in_time(&*self.store(ctx.org), ctx.recording(changes)).await?.map(|_| session))
    }

    async fn begin_with_input(
        &self,
        ctx: &Ctx,
        newest: &Agent,
        agent: Agent,
        session: Session,
        create: &CreateSession,
    ) -> Result<Option<Session>, Error> {
        let inputs = create.initial_events.iter().cloned().map(|body| Input { id: self.fresh(), body }).collect();
        let overrides = Arc::default();
        let run = self.new_run(ctx, &session, &agent, overrides, create.origin);
        let id = session.id;
        let entry = Entry {
            session,
            is_new: true,
            newest: newest.clone(),
            version: agent.version,
            spec: agent.spec,
            run,
            inputs,
            also: ChangeSet::default(),
        };
        match self.enter(ctx, entry).await? {
            Entered::TooLate => Ok(None),
            Entered::Claimed { .. } | Entered::Queued => Ok(Some(self.reachable_session(ctx, id).await?)),
        }
    }

    /// The commit came too late: the agent has moved on, or the thread is taken for good.
    async fn look_again(&self, ctx: &Ctx, create: &CreateSession) -> Result<(), Error> {
        let agent = create.agent.id;
        self.known().agents.forget(&(ctx.org, agent));
        let Some(thread) = &create.thread else { return Ok(()) };
        let project = self.newest_agent(ctx, agent).await?.project;
        match self.store(ctx.org).find_thread(project, agent, thread).await? {
            Some(_) => Err(Error::Conflict(format!("the agent has a session of the thread {thread:?} already"))),
            None => Ok(()),
        }
    }
}

/// Whether a session takes input.
pub(crate) fn check_open(session: &Session) -> Result<(), Error> {
    if session.archived_at.is_some() {
        return Err(SessionRefusal::Archived.into());
    }
    if session.state.status == SessionStatus::Terminated {
        return Err(SessionRefusal::Terminated.into());
    }
    Ok(())
}

/// The rules of what people say about a session.
fn check_described(title: Option<&str>, metadata: &IndexMap<String, String>) -> Result<(), Error> {
    let mut faults = Faults::default();
    let chars = title.map_or(0, |title| title.chars().count());
    faults.check(chars <= TITLE_CHARS_MAX, "title", "must have at most 512 characters");
    check_metadata(metadata, &mut faults);
    faults.into_result()
}

/// The rule of thread names.
pub(crate) fn check_thread(thread: &str) -> Result<(), Error> {
    if (1..=THREAD_CHARS_MAX).contains(&thread.chars().count()) {
        return Ok(());
    }
    Err(Error::invalid("thread", "must have 1 to 255 characters"))
}

fn check_new_session(create: &CreateSession) -> Result<(), Error> {
    check_described(create.title.as_deref(), &create.metadata)?;
    create.thread.as_deref().map_or(Ok(()), check_thread)
}
