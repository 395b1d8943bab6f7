//! Threads: sessions that belong to a person, who asks one thing at a time in them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use domain::key::Scope;
use domain::model::Block;
use domain::session::{Origin, Session};
use domain::turn::Input;
use domain::{ChangeSet, EventBody, Guard, SessionId};
use tokio::time::Instant;

use crate::entry::{Entered, Entry};
use crate::error::{Error, Refused};
use crate::follow::{Followed, Follower};
use crate::sessions::check_open;
use crate::watch::ends_run;
use crate::{App, Ctx, RunWatch, TRIES, input_rules};

impl App {
    /// The caller's threads, the one that changed last first, at most `limit`.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn list_threads(&self, ctx: &Ctx, limit: usize) -> Result<Vec<SessionId>, Error> {
        ctx.require(Scope::SessionsRead)?;
        let Some(owner) = ctx.member else { return Ok(Vec::new()) };
        Ok(self.store(ctx.org).list_threads(owner, ctx.project, limit).await?)
    }

    /// One of the caller's threads. Another's, and a session that is nobody's, is not there.
    ///
    /// # Errors
    /// It is not there, its agent is not open to the caller, the scope is missing, or the
    /// store failed.
    pub async fn find_thread(&self, ctx: &Ctx, id: SessionId) -> Result<Session, Error> {
        ctx.require(Scope::SessionsRead)?;
        self.own_thread(ctx, id).await
    }

    /// Says something in a thread and begins the run that answers it. If the thread is still
    /// answering, it waits its turn for as long as `patience`, and nothing is stored before.
    /// The answer is a watch that misses nothing of the run.
    ///
    /// # Errors
    /// Its turn did not come ([`Error::Conflict`]), the text breaks a rule, or as
    /// [`App::find_thread`].
    pub async fn ask(&self, ctx: &Ctx, id: SessionId, text: String, patience: Duration) -> Result<RunWatch, Error> {
        ctx.require(Scope::AgentsRun)?;
        let until = Instant::now() + patience;
        let body = EventBody::UserMessage { content: vec![Block::text(text)], dropped: false };
        input_rules::check_conversation(std::slice::from_ref(&body))?;
        let input = Input { id: self.fresh(), body };
        // On the heap: what waits here may wait long, and holds much.
        Box::pin(self.ask_in_turn(ctx, id, input, until)).await
    }

    async fn ask_in_turn(&self, ctx: &Ctx, id: SessionId, input: Input, until: Instant) -> Result<RunWatch, Error> {
        let agent = self.own_thread(ctx, id).await?.agent.id();
        let (turns, mut key) = (self.0.thread_turns.of(id), self.watch_reader(ctx, agent));
        let turn = tokio::select! {
            biased;
            fault = key.stopped() => return Err(Error::Unauthenticated(fault)),
            turn = tokio::time::timeout_at(until, turns.lock()) => turn,
        };
        let Ok(_turn) = turn else { return Err(still_answering()) };
        for _ in 0..TRIES {
            let thread = self.free_thread(ctx, id, until).await?;
            self.check_caller(ctx).await?;
            if let Some(watch) = self.begin_answer(ctx, thread, input.clone()).await? {
                return Ok(watch);
            }
        }
        Err(Error::contended("thread"))
    }

    async fn own_thread(&self, ctx: &Ctx, id: SessionId) -> Result<Session, Error> {
        let found = self.store(ctx.org).find_session(id).await?;
        let theirs = found.filter(|session| session.owner.is_some() && session.owner == ctx.member);
        let thread = ctx.reach(theirs, |session| session.project, id)?;
        self.may_read_along(ctx, thread.agent.id()).await?;
        Ok(thread)
    }

    /// The thread, once nothing is under way in it.
    async fn free_thread(&self, ctx: &Ctx, id: SessionId, until: Instant) -> Result<Session, Error> {
        let store = self.store(ctx.org);
        let mut follower: Option<Follower> = None;
        loop {
            let thread = self.own_thread(ctx, id).await?;
            check_open(&thread)?;
            if thread.state.active_run.is_none() && store.find_queued_run(id).await?.is_none() {
                return Ok(thread);
            }
            // It reads the log from here on, so that nothing is missed that was stored since.
            let follower = follower.get_or_insert_with(|| {
                let (live, key) = (self.ports().feed.subscribe(id), self.watch_reader(ctx, thread.agent.id()));
                Follower::after(thread.state.seq, live, Arc::clone(&store), key)
            });
            let freed = tokio::time::timeout_at(until, run_ended(follower, id)).await;
            freed.map_err(|_| still_answering())??;
        }
    }

    /// Begins the run, unless something else has begun in the thread meanwhile.
    async fn begin_answer(&self, ctx: &Ctx, thread: Session, input: Input) -> Result<Option<RunWatch>, Error> {
        let agent = match self.newest_agent(ctx, thread.agent.id()).await {
            Err(Error::NotFound(_)) => return Err(Refused::AgentDeleted.into()),
            found => found?,
        };
        let run = self.new_run(ctx, &thread, &agent, Arc::default(), Origin::Cassidy);
        let watch = self.watch(ctx, run.clone(), thread.clone());
        let free = Guard::SessionFree { session: thread.id, seq: thread.state.seq };
        let (version, spec) = (agent.version, Arc::clone(&agent.spec));
        let (newest, agent) = (agent.clone(), agent.id);
        let inputs = vec![input];
        let entry =
            Entry { session: thread, is_new: false, newest, version, spec, run, inputs, also: ChangeSet::default() };
        match self.enter_while(ctx, entry, free).await? {
            Entered::Claimed { .. } | Entered::Queued => Ok(Some(watch)),
            Entered::TooLate => {
                self.known().agents.forget(&(ctx.org, agent));
                Ok(None)
            }
        }
    }
}

fn still_answering() -> Error {
    Error::Conflict("the thread is still answering: try again when it has".to_owned())
}

/// Waits until a run of the session has ended.
async fn run_ended(follower: &mut Follower, id: SessionId) -> Result<(), Error> {
    loop {
        match follower.next().await? {
            Followed::Stored(event) if ends_run(&event) => return Ok(()),
            Followed::Deleted { .. } => return Err(Error::not_found(id)),
            Followed::Stored(_) | Followed::Preview(_) => {}
        }
    }
}

/// Who asks in a thread waits behind those who asked before, in their order.
#[derive(Default)]
pub(crate) struct ThreadTurns(Mutex<HashMap<SessionId, Weak<tokio::sync::Mutex<()>>>>);

impl ThreadTurns {
    fn of(&self, thread: SessionId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(&thread).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(thread, Arc::downgrade(&turn));
        turn
    }
}
