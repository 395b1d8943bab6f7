//! Runs: started, watched, stopped, decided about.

use std::sync::Arc;

use domain::agent::{Agent, AgentRefusal, Overrides};
use domain::event::Verdict;
use domain::idempotency::Made;
use domain::key::Scope;
use domain::model::Block;
use domain::run::{Need, Outcome, Run, RunStatus};
use domain::session::{Origin, Session, SessionAgent};
use domain::turn::{self, Input, Queued, hand_over};
use domain::{AgentId, Change, ChangeSet, EventBody, ProjectId, RunId, SessionId};

use crate::entry::{Entered, Entry};
use crate::error::{Error, Refused};
use crate::follow::Follower;
use crate::rollbacks::check_decides;
use crate::sessions::{check_open, check_thread};
use crate::watch::RunWatch;
use crate::{App, Ctx, TRIES, input_rules};

/// What a run is to be.
#[derive(Debug, Clone)]
pub struct StartRun {
    /// The project that owns the agent.
    pub project: ProjectId,
    /// Who answers.
    pub agent: AgentId,
    /// The conversation it belongs to, 1–255 characters; a fresh one if absent.
    pub thread: Option<String>,
    /// What it works on: messages of the user, and of the agent from before.
    pub inputs: Vec<EventBody>,
    /// What it changes of the agent.
    pub overrides: Overrides,
    /// What begins it.
    pub origin: Origin,
    /// An address that whoever begins it will tell how it ended; remembered until
    /// [`App::callback_made`].
    pub callback: Option<String>,
}

impl App {
    /// Starts a run of its own in a thread, which begins if it is new and follows the
    /// agent's newest version. On a busy thread the run waits its turn. The answer is a
    /// watch that misses nothing of the run.
    ///
    /// # Errors
    /// The agent is not there or archived, the input breaks a rule, the scope is missing,
    /// or the store failed.
    pub async fn start_run(&self, ctx: &Ctx, start: StartRun) -> Result<RunWatch, Error> {
        ctx.require(Scope::AgentsRun)?;
        input_rules::check_conversation(&start.inputs)?;
        start.thread.as_deref().map_or(Ok(()), check_thread)?;
        let StartRun { project, agent: agent_id, thread, inputs, overrides, origin, callback } = start;
        let mut overrides = Arc::new(overrides);
        let inputs: Vec<Input> = inputs.into_iter().map(|body| Input { id: self.fresh(), body }).collect();
        for _ in 0..TRIES {
            let agent = self.newest_agent(ctx, agent_id).await?;
            if agent.project != project {
                return Err(Error::not_found(agent_id));
            }
            self.seal_overrides(ctx.org, &agent, Arc::make_mut(&mut overrides))?;
            self.check_overrides(ctx, &agent, &overrides).await?;
            let (session, is_new) = self.thread(ctx, &agent, thread.as_deref(), origin).await?;
            check_open(&session)?;
            let run = self.new_run(ctx, &session, &agent, Arc::clone(&overrides), origin);
            let spec = overrides.apply(&agent.spec);
            let watch = self.watch(ctx, run.clone(), session.clone());
            let version = agent.version;
            let inputs = inputs.clone();
            // The address is remembered in the commit that accepts its run.
            let callback = callback.clone().map(|url| Change::AddCallback { run: run.id, url });
            let also = ChangeSet::of(callback);
            let entry = Entry { session, is_new, newest: agent, version, spec, run, inputs, also };
            match self.enter(ctx, entry).await? {
                Entered::Claimed { .. } | Entered::Queued => return Ok(watch),
                Entered::TooLate => self.known().agents.forget(&(ctx.org, agent_id)),
            }
        }
        Err(Error::contended("thread"))
    }

    /// A run.
    ///
    /// # Errors
    /// It is not there, the scope is missing, or the store failed.
    pub async fn find_run(&self, ctx: &Ctx, id: RunId) -> Result<Run, Error> {
        ctx.require(Scope::SessionsRead)?;
        self.reachable_run(ctx, id).await
    }

    /// A watch over a run from its first event, whenever that was stored.
    ///
    /// # Errors
    /// As [`App::find_run`].
    pub async fn watch_run(&self, ctx: &Ctx, id: RunId) -> Result<RunWatch, Error> {
        let run = self.find_run(ctx, id).await?;
        let session = self.reachable_session(ctx, run.session).await?;
        let (store, key) = (self.store(ctx.org), self.watch_reader(ctx, run.agent));
        // One that has not begun may be dropped at any place of the log.
        let before = run.first_seq.map_or(0, |first| first - 1);
        let follower = Follower::after(before, self.ports().feed.subscribe(session.id), Arc::clone(&store), key);
        Ok(RunWatch { run, session, store, follower, is_over: false, is_last_step: false })
    }

    /// The runs of a session, oldest first.
    ///
    /// # Errors
    /// The session is not there, the scope is missing, or the store failed.
    pub async fn list_runs(&self, ctx: &Ctx, session: SessionId) -> Result<Vec<Run>, Error> {
        ctx.require(Scope::SessionsRead)?;
        self.reachable_session(ctx, session).await?;
        Ok(self.store(ctx.org).list_runs(session).await?)
    }

    /// Stops a run. One that a worker holds is stopped by the worker, a moment later.
    ///
    /// # Errors
    /// It is over already, not there, the scope is missing, or the store failed.
    pub async fn cancel_run(&self, ctx: &Ctx, id: RunId) -> Result<Run, Error> {
        ctx.require(Scope::SessionsWrite)?;
        if let Some(Made::Run { run }) = ctx.made_before() {
            return self.reachable_run(ctx, *run).await;
        }
        let ctx = &ctx.making(|| Made::Run { run: id });
        if self.reachable_run(ctx, id).await?.status.is_over() {
            return Err(Refused::RunOver.into());
        }
        self.stop_run(ctx, id).await?;
        self.reachable_run(ctx, id).await
    }

    /// Stops a run whose time is over, for whoever began it, whatever rights they have lost
    /// since. One that is over stays as it ended, and one that waits for somebody costs nothing
    /// and goes on waiting; whether there was one to be stopped.
    ///
    /// # Errors
    /// The store failed.
    pub async fn give_up(&self, ctx: &Ctx, id: RunId) -> Result<bool, Error> {
        let found = self.store(ctx.org).find_run(id).await?;
        if found.is_none_or(|run| run.status.is_over() || run.status == RunStatus::Waiting) {
            return Ok(false);
        }
        self.stop_run(ctx, id).await.map(|()| true)
    }

    /// Says what became of the tool calls whose outcome a crash left unknown: they happened
    /// (with the answer, as far as it is known), or they did not and are made now.
    ///
    /// # Errors
    /// No call of the run waits for this, the run is not there, the scope is missing, or
    /// the store failed.
    pub async fn resolve_run(
        &self,
        ctx: &Ctx,
        id: RunId,
        happened: bool,
        content: Option<Vec<Block>>,
    ) -> Result<Run, Error> {
        ctx.require(Scope::SessionsWrite)?;
        let result = if happened { Verdict::Happened } else { Verdict::DidNotHappen };
        let content = content.filter(|_| happened);
        if let Some(Made::Run { run }) = ctx.made_before() {
            return self.reachable_run(ctx, *run).await;
        }
        let ctx = &ctx.making(|| Made::Run { run: id });
        let store = self.store(ctx.org);
        for _ in 0..TRIES {
            let run = self.reachable_run(ctx, id).await?;
            let session = self.reachable_session(ctx, run.session).await?;
            let in_doubt = run.waiting.iter().filter(|waiting| waiting.need == Need::Resolution);
            let decisions: Vec<_> = in_doubt
                .map(|waiting| EventBody::UserToolConfirmation {
                    tool_use_id: waiting.tool_use,
                    result,
                    deny_message: None,
                    content: content.clone(),
                })
                .map(|body| (self.fresh(), body))
                .collect();
            if run.status != RunStatus::Waiting || decisions.is_empty() {
                return Err(Refused::NothingInDoubt.into());
            }
            check_decides(ctx, &run)?;
            let decided = self.decide(ctx.now, |at| turn::resolve_waiting(run, session.state, decisions, at));
            let changes = decided.map_err(|_| Refused::NothingInDoubt)?;
            if crate::commit_in_time(&*store, ctx.recording(changes)).await?.is_some() {
                return self.reachable_run(ctx, id).await;
            }
        }
        Err(Error::contended("run"))
    }

    /// Has a run stopped, whatever it is doing. One that is over stays as it ended.
    async fn stop_run(&self, ctx: &Ctx, id: RunId) -> Result<(), Error> {
        let store = self.store(ctx.org);
        for _ in 0..TRIES {
            let Some(run) = store.find_run(id).await?.filter(|run| !run.status.is_over()) else { return Ok(()) };
            let has_begun = run.first_seq.is_some();
            let changes = if has_begun {
                hand_over(&run, vec![(self.fresh(), EventBody::UserInterrupt {})], ctx.now)
            } else {
                let queued = Queued { inbox: store.list_inbox(id).await?, run };
                self.decide(ctx.now, |at| turn::drop_queued(queued, Outcome::Interrupted, at))
            };
            if crate::commit_in_time(&*store, ctx.recording(changes)).await?.is_some() {
                return Ok(());
            }
        }
        Err(Error::contended("run"))
    }

    /// The session of a thread, and whether it is yet to be made. A thread nobody named has
    /// no session to look for.
    async fn thread(
        &self,
        ctx: &Ctx,
        agent: &Agent,
        thread: Option<&str>,
        origin: Origin,
    ) -> Result<(Session, bool), Error> {
        if let Some(thread) = thread
            && let Some(session) = self.store(ctx.org).find_thread(agent.project, agent.id, thread).await?
        {
            return Ok((session, false));
        }
        if agent.archived_at.is_some() {
            return Err(AgentRefusal::Archived.into());
        }
        let following = SessionAgent::Following { agent: agent.id };
        let mut session = self.new_session(ctx, following, agent.project, origin);
        session.thread = Some(thread.map_or_else(|| session.alias.to_string(), ToOwned::to_owned));
        Ok((session, true))
    }

    /// A watch over a run that is about to be accepted.
    pub(crate) fn watch(&self, ctx: &Ctx, run: Run, session: Session) -> RunWatch {
        let (store, live) = (self.store(ctx.org), self.ports().feed.subscribe(session.id));
        let key = self.watch_reader(ctx, run.agent);
        let follower = Follower::live(session.state.seq, live, Arc::clone(&store), key);
        RunWatch { run, session, store, follower, is_over: false, is_last_step: false }
    }

    async fn reachable_run(&self, ctx: &Ctx, id: RunId) -> Result<Run, Error> {
        let run = ctx.reach(self.store(ctx.org).find_run(id).await?, |run| run.project, id)?;
        self.may_read_along(ctx, run.agent).await?;
        Ok(run)
    }
}
