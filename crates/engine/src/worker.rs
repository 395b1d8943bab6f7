//! A worker: carries one run from where it is to its end, or until it waits or is handed
//! back.
//!
//! What happened → the turn decides → commit → the hands do what is next. A commit that is
//! refused because the lease is gone ends the worker without another write.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use domain::agent::AgentSpec;
use domain::retry::FailedCall;
use domain::session::InboxItem;
use domain::transcript::{Plan, Transcript};
use domain::turn::{Doing, Moment, Turn};
use domain::{Event, OrgId};
use futures::stream;
use futures::{FutureExt, StreamExt};
use ports::OrgStore;
use seldom::Seldom;
use tracing::Instrument;

use crate::Shared;
use crate::commits::{Lost, commit, patiently};
use crate::context;
use crate::dispatch::sleep_or_forever;
use crate::generate::{FailedReply, Generation};
use crate::hands::{Done, Hands};
use crate::materials::{Materials, Unready};
use crate::trail::Trail;
use crate::{rescue, transcripts};

/// Works on a claimed run. `appended` are the events of the commit that claimed it.
/// The turn is boxed: it goes from hand to hand, and each would keep room for the whole of it.
pub(crate) async fn go_on(
    shared: Arc<Shared>,
    org: OrgId,
    turn: Box<Turn>,
    spec: Arc<AgentSpec>,
    appended: Arc<[Event]>,
) {
    let span = tracing::info_span!("run", run.id = %turn.run.id, session.id = %turn.session(), org.id = %org);
    let (run, session) = (turn.run.id, turn.session());
    async {
        // Nothing of the worker is used after a panic, and what all share is whole after each step.
        let work = AssertUnwindSafe(work_on(&shared, org, turn, &spec, &appended)).catch_unwind();
        if work.await.is_err() {
            rescue::end_run(&shared, org, run, &spec).await;
        }
        // Whatever ended the work: text that no event will close must not stay on screens.
        shared.ports.feed.preview_ends(session);
    }
    .instrument(span)
    .await;
}

async fn work_on(shared: &Arc<Shared>, org: OrgId, turn: Box<Turn>, spec: &Arc<AgentSpec>, appended: &[Event]) {
    match Worker::begin(shared, org, turn, spec, appended).await {
        Ok(Some(worker)) => worker.work().await,
        Ok(None) => {}
        Err(Lost) => tracing::info!("the run is no longer this worker's"),
    }
}

struct Worker<'a> {
    shared: &'a Arc<Shared>,
    store: Arc<dyn OrgStore>,
    org: OrgId,
    turn: Box<Turn>,
    transcript: Transcript,
    materials: Materials,
    hands: Hands,
    trail: Option<Trail>,
}

/// What ended a wait.
enum Happened {
    Done(Done),
    InputCame,
    TimeIsOver,
    EngineStops,
}

impl<'a> Worker<'a> {
    /// Gathers what the run works with. A run that cannot work is ended.
    async fn begin(
        shared: &'a Arc<Shared>,
        org: OrgId,
        mut turn: Box<Turn>,
        spec: &Arc<AgentSpec>,
        appended: &[Event],
    ) -> Result<Option<Box<Self>>, Lost> {
        let store = shared.org(org);
        let trail = trail(shared, store.as_ref(), org, &turn, spec, appended).await?;
        if matches!(turn.doing(), Doing::Over | Doing::Wait) {
            end_trail(trail, &turn);
            return Ok(None);
        }
        let gather = || async {
            match Materials::gather(shared, store.as_ref(), &turn.run, spec).await {
                Ok(materials) => Ok(Ok(materials)),
                Err(Unready::Unrunnable(why)) => Ok(Err(why)),
                Err(Unready::Store(error)) => Err(error),
            }
        };
        let materials = match patiently(shared, gather).await? {
            Ok(materials) => materials,
            Err(why) => {
                shared.at(|at| turn.unrunnable(why, at));
                commit(shared, store.as_ref(), &mut turn).await?;
                end_trail(trail, &turn);
                return Ok(None);
            }
        };
        let session = turn.session();
        let open = || shared.transcripts.open(store.as_ref(), session, turn.state.context_from, appended);
        let transcript = patiently(shared, open).await?;
        let hands = Hands::new(Arc::clone(shared), org);
        Ok(Some(Box::new(Self { shared, store, org, turn, transcript, materials, hands, trail })))
    }

    async fn work(mut self: Box<Self>) {
        match self.work_to_the_end().await {
            Ok(()) => self.shared.transcripts.keep(self.turn.session(), self.transcript),
            Err(Lost) => tracing::info!("the run is no longer this worker's"),
        }
    }

    async fn work_to_the_end(&mut self) -> Result<(), Lost> {
        let registration = self.shared.mailbox.register(self.turn.run.id);
        loop {
            let doing = self.turn.doing();
            if matches!(doing, Doing::Over | Doing::Wait) {
                return Ok(());
            }
            if self.shared.draining.is_cancelled() && !self.has_begun(&doing) {
                return self.hand_back().await;
            }
            let time_left = self.turn.run.time_left(self.shared.ports.clock.now());
            let begins_call = matches!(doing, Doing::CallModel { .. }) && !self.hands.is_calling(&doing);
            let plan = match begins_call {
                true => {
                    let (turn, materials, transcript) = (&self.turn, &self.materials, &self.transcript);
                    context::plan(self.shared, self.org, turn, materials, transcript).await
                }
                false => Plan::Fits,
            };
            if let Plan::Shorten { until } = plan {
                self.decide(|turn, at| turn.shorten_context(until, at));
                self.commit().await?;
                continue;
            }
            let (org, turn, materials, transcript) = (self.org, &self.turn, &self.materials, &self.transcript);
            self.hands.pick_up(&doing, materials, time_left, || Generation::of(org, turn, materials, transcript, plan));
            let (shared, has_begun) = (self.shared, self.has_begun(&doing));
            let interrupted = async {
                tokio::select! {
                    () = registration.rung() => Happened::InputCame,
                    () = sleep_or_forever(time_left) => Happened::TimeIsOver,
                    () = shared.stopped.cancelled() => Happened::EngineStops,
                    () = shared.draining.cancelled(), if !has_begun => Happened::EngineStops,
                }
            };
            // Looked at only when it has stirred, and not with each token that the hands get.
            let mut interrupted = Seldom::new(stream::once(interrupted).boxed());
            let happened = tokio::select! {
                done = self.hands.next() => Happened::Done(done),
                Some(happened) = interrupted.next() => happened,
            };
            drop(interrupted);
            match happened {
                Happened::Done(done) => self.decide_on(done),
                Happened::InputCame => {
                    let items = self.list_inbox().await?;
                    if !items.is_empty() {
                        self.decide(|turn, at| turn.take_input(items, at));
                    } else if self.agent_is_deleted().await? {
                        self.decide(Turn::agent_deleted);
                    } else {
                        continue;
                    }
                }
                Happened::TimeIsOver => self.decide(Turn::timed_out),
                Happened::EngineStops => return self.hand_back().await,
            }
            self.commit().await?;
        }
    }

    /// Whether a step is under way that is better finished than repeated.
    fn has_begun(&self, doing: &Doing) -> bool {
        matches!(doing, Doing::RunTools(_)) || self.hands.is_calling(doing)
    }

    fn decide_on(&mut self, done: Done) {
        match done {
            Done::Summarized(summary) => self.decide(|turn, at| turn.summarized(summary, at)),
            Done::Replied(reply) => {
                let reply = reply.judged(&self.materials);
                self.decide(|turn, at| turn.replied(reply, at));
            }
            Done::Failed(FailedReply { fault, usage, cost }) => {
                let policy = self.shared.options.retry();
                let jitter = self.shared.ports.ids.fraction();
                let attempt = self.turn.run.failed_attempts + 1;
                let tokens = context::tokens_of(&self.materials, &self.transcript);
                let shortenable_tokens = self.turn.run.refused_tokens.is_none().then_some(tokens);
                self.decide(|turn, at| {
                    let (time_left, models_left) = (turn.run.time_left(at.now), turn.models_left());
                    let failed = FailedCall { fault: &fault, attempt, time_left, models_left, shortenable_tokens };
                    let verdict = policy.decide(failed, jitter);
                    tracing::warn!(kind = ?fault.kind, %fault, attempt, ?verdict, "a model call failed");
                    turn.model_failed_at_a_price(&fault, usage, cost, verdict, at);
                });
            }
            Done::Answered(id, outcome) => self.decide(|turn, at| turn.answered(id, outcome, at)),
            Done::Rested => self.decide(Turn::try_again),
        }
    }

    fn decide(&mut self, decide: impl FnOnce(&mut Turn, &mut Moment<'_>)) {
        let turn = &mut self.turn;
        self.shared.at(|at| decide(turn, at));
    }

    async fn list_inbox(&mut self) -> Result<Vec<InboxItem>, Lost> {
        let (store, run) = (self.store.as_ref(), self.turn.run.id);
        patiently(self.shared, || store.list_inbox(run)).await
    }

    async fn agent_is_deleted(&mut self) -> Result<bool, Lost> {
        let (store, agent) = (self.store.as_ref(), self.turn.run.agent);
        Ok(patiently(self.shared, || store.find_agent(agent)).await?.is_none())
    }

    async fn hand_back(&mut self) -> Result<(), Lost> {
        self.decide(Turn::hand_back);
        self.commit().await
    }

    async fn commit(&mut self) -> Result<(), Lost> {
        let committed = commit(self.shared, self.store.as_ref(), &mut self.turn).await?;
        committed.events.iter().flat_map(|events| events.iter()).for_each(|event| self.transcript.apply(event));
        if let Some(trail) = &mut self.trail {
            committed.events.iter().for_each(|events| trail.follow(events));
            if self.turn.run.status.is_over() {
                end_trail(self.trail.take(), &self.turn);
            }
        }
        Ok(())
    }
}

/// The trail of the run, with what it needs to know of what was done before.
async fn trail(
    shared: &Shared,
    store: &dyn OrgStore,
    org: OrgId,
    turn: &Turn,
    spec: &AgentSpec,
    appended: &[Event],
) -> Result<Option<Trail>, Lost> {
    let Some(mut trail) = Trail::of(shared.ports.spans.as_ref(), org, &turn.run, spec) else { return Ok(None) };
    let now = appended.first().map_or(u64::MAX, |first| first.seq);
    if turn.run.first_seq.is_some_and(|first| first < now) {
        let all = patiently(shared, || transcripts::events_of(store, &turn.run)).await?;
        let before = all.partition_point(|event| event.seq < now);
        trail.recall(&all[..before]);
    }
    trail.follow(appended);
    Ok(Some(trail))
}

fn end_trail(trail: Option<Trail>, turn: &Turn) {
    if let Some(trail) = trail.filter(|_| turn.run.status.is_over()) {
        trail.end(&turn.run);
    }
}
