//! Events that clients send into a session: where each of them goes.
//!
//! A request is taken whole or not at all. In a session at rest a message begins a run. In
//! a busy one it waits for the run that comes next, while interrupts, decisions and results
//! go to the run that has the session.

use std::collections::HashSet;
use std::sync::Arc;

use domain::event::NewEvent;
use domain::idempotency::Made;
use domain::key::Scope;
use domain::run::{Run, RunStatus};
use domain::session::{InboxItem, Origin, Session};
use domain::tool::Ruling;
use domain::turn::{self, Input, NotWaiting, Resolution, hand_over};
use domain::{Change, ChangeSet, Event, EventBody, EventId, Guard, RunId, SessionId, Timestamp};
use ports::store::EventFilter;
use ports::{Committed, OrgStore};

use crate::entry::{Entered, Entry};
use crate::error::{Error, FieldError, Refused};
use crate::model_inputs::has_more_than_text;
use crate::rollbacks::check_decides;
use crate::sessions::check_open;
use crate::{App, Ctx, TRIES, input_rules};

/// An event as it was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct SentEvent {
    /// Its id, in the inbox and in the log.
    pub event: EventId,
    /// What was sent.
    pub body: EventBody,
    /// When it was taken into the log; `None` while it waits.
    pub processed_at: Option<Timestamp>,
    /// Its place in the log; `None` while it waits.
    pub seq: Option<u64>,
}

impl App {
    /// Sends events into a session, all or none.
    ///
    /// # Errors
    /// An event breaks a rule or decides what is not in question, the session takes no
    /// input, a scope is missing, or the store failed.
    pub async fn send_events(
        &self,
        ctx: &Ctx,
        session: SessionId,
        events: Vec<EventBody>,
    ) -> Result<Vec<SentEvent>, Error> {
        ctx.require(Scope::SessionsWrite)?;
        input_rules::check_sent(&events)?;
        if events.iter().any(|body| matches!(body, EventBody::UserMessage { .. })) {
            ctx.require(Scope::AgentsRun)?;
        }
        if let Some(Made::Events { events: ids, .. }) = ctx.made_before() {
            let inputs = ids.iter().zip(events).map(|(id, body)| Input { id: *id, body }).collect();
            return self.sent_before(ctx, session, inputs).await;
        }
        let inputs: Vec<Input> = events.into_iter().map(|body| Input { id: self.fresh(), body }).collect();
        let made = || Made::Events { session, events: inputs.iter().map(|input| input.id).collect() };
        let (app, ctx) = (self.clone(), ctx.making(made).into_owned());
        self.to_the_end(async move { app.deliver(&ctx, session, inputs).await }).await
    }

    /// Events that were taken when the same request came the first time, as they stand now.
    async fn sent_before(&self, ctx: &Ctx, id: SessionId, inputs: Vec<Input>) -> Result<Vec<SentEvent>, Error> {
        let session = self.reachable_session(ctx, id).await?;
        let store = self.store(ctx.org);
        let mut stored = Vec::with_capacity(inputs.len());
        for input in &inputs {
            stored.extend(store.find_event(session.id, input.id).await?);
        }
        Ok(sent(inputs, &[stored.into()]))
    }

    async fn deliver(&self, ctx: &Ctx, id: SessionId, inputs: Vec<Input>) -> Result<Vec<SentEvent>, Error> {
        let store = self.store(ctx.org);
        let bodies: Vec<&EventBody> = inputs.iter().map(|input| &input.body).collect();
        let is_more_than_text = has_more_than_text(&bodies);
        for _ in 0..TRIES {
            let session = self.reachable_session(ctx, id).await?;
            check_open(&session)?;
            if is_more_than_text {
                let agent = self.answering_agent(ctx, &session).await?;
                self.check_model_inputs(ctx.org, &agent.spec.model, "events", &bodies).await?;
            }
            let stops = inputs.iter().any(is_interrupt);
            if stops && self.stop_watching(ctx, &session, "somebody stopped it").await? {
                // Its log has grown.
                continue;
            }
            let busy = match session.state.active_run {
                Some(run) => store.find_run(run).await?,
                None => store.find_queued_run(id).await?,
            };
            let delivered = match busy {
                None => self.deliver_at_rest(ctx, &session, inputs.clone()).await,
                Some(run) => self.deliver_busy(ctx, &*store, &session, run, inputs.clone()).await,
            };
            match delivered {
                Ok(Some(stored)) => return Ok(sent(inputs, &stored)),
                Ok(None) => {}
                Err(Undelivered::NotOpen { event, why }) => return Err(not_open(&inputs, event, why)),
                Err(Undelivered::Failed(error)) => return Err(error),
            }
        }
        Err(Error::contended("session"))
    }

    /// Nothing has the session and nothing is queued: a message begins a run at once. An
    /// interrupt before it finds nothing to interrupt and is only recorded.
    async fn deliver_at_rest(&self, ctx: &Ctx, session: &Session, mut inputs: Vec<Input>) -> Delivered {
        if let Some(Input { id, body }) = inputs.iter().find(|input| decided_call(&input.body).is_some()) {
            let why = decided_call(body).map(NotWaiting::NoSuchCall).map(|why| why.to_string()).unwrap_or_default();
            return Err(Undelivered::NotOpen { event: *id, why });
        }
        let is_message = |input: &Input| matches!(input.body, EventBody::UserMessage { .. });
        let first_message = inputs.iter().position(is_message).unwrap_or(inputs.len());
        let messages = inputs.split_off(first_message);
        let recorded = (!inputs.is_empty()).then(|| record(session, inputs, ctx.now));
        let store = self.store(ctx.org);
        if messages.is_empty() {
            return commit(ctx, &*store, recorded.unwrap_or_default()).await;
        }
        let entry = self.native_entry(ctx, session, messages).await?;
        if let Some(recorded) = recorded {
            let Entry { run, inputs, .. } = entry;
            let accepted = self.decide(ctx.now, |at| turn::accept(session, false, run, inputs, None, at));
            return commit(ctx, &*store, recorded.and(accepted.changes)).await;
        }
        Ok(match self.enter_now(ctx, entry).await? {
            Entered::Claimed { events } => Some(vec![events]),
            Entered::Queued => Some(Vec::new()),
            Entered::TooLate => {
                self.known().agents.forget(&(ctx.org, session.agent.id()));
                None
            }
        })
    }

    /// `run` has the session, or is queued to have it.
    async fn deliver_busy(
        &self,
        ctx: &Ctx,
        store: &dyn OrgStore,
        session: &Session,
        run: Run,
        inputs: Vec<Input>,
    ) -> Delivered {
        let Addressed { to_run, to_next } = Addressed::of(inputs);
        let interrupted = to_run.iter().any(is_interrupt).then_some(run.id);
        let mut changes = ChangeSet::default();
        if !to_run.is_empty() {
            if run.status.is_over() {
                return Ok(None);
            }
            changes = self.steer(ctx, store, session, &run, to_run).await?;
        }
        if !to_next.is_empty() {
            changes = changes.and(self.queue(ctx, store, session, interrupted, to_next).await?);
        }
        commit(ctx, store, changes).await
    }

    /// Interrupts, decisions and results for the run that has the session.
    async fn steer(
        &self,
        ctx: &Ctx,
        store: &dyn OrgStore,
        session: &Session,
        run: &Run,
        inputs: Vec<Input>,
    ) -> Result<ChangeSet, Undelivered> {
        if inputs.iter().any(|input| decided_call(&input.body).is_some()) {
            check_decides(ctx, run)?;
        }
        if run.status != RunStatus::Waiting {
            check_open_calls(store, run, &inputs).await?;
        } else if inputs.iter().any(is_interrupt) {
            for Input { id, body } in &inputs {
                if let Some(Err(why)) = Resolution::of(body, run) {
                    return Err(Undelivered::NotOpen { event: *id, why: why.to_string() });
                }
            }
        } else {
            return self.resolve(ctx, session, run, inputs);
        }
        let pairs = inputs.into_iter().map(|input| (input.id, input.body)).collect();
        Ok(hand_over(run, pairs, ctx.now))
    }

    /// Decides calls of a run that waits for them. Instructions that came with a result wait
    /// for the worker that will go on with the run.
    fn resolve(&self, ctx: &Ctx, session: &Session, run: &Run, inputs: Vec<Input>) -> Result<ChangeSet, Undelivered> {
        let (decisions, others): (Vec<_>, Vec<_>) =
            inputs.into_iter().map(|input| (input.id, input.body)).partition(|(_, body)| decided_call(body).is_some());
        let named = |call| decisions.iter().rev().find(|(_, body)| decided_call(body) == Some(call));
        let (state, copies) = (session.state.clone(), decisions.clone());
        let decided = self.decide(ctx.now, |at| turn::resolve_waiting(run.clone(), state, copies, at));
        let changes = decided.map_err(|why| {
            let (NotWaiting::NoSuchCall(call) | NotWaiting::OtherNeed { call, .. }) = why;
            let event = named(call).map_or(call, |(id, _)| *id);
            Undelivered::NotOpen { event, why: why.to_string() }
        })?;
        let item = |(id, body)| InboxItem { id, session: session.id, run: run.id, accepted_at: ctx.now, body };
        Ok(changes.and(ChangeSet::of(others.into_iter().map(item).map(Change::Enqueue))))
    }

    /// Messages for the run that comes next: the last queued one, or a new one. A run that
    /// was interrupted before it began takes none, and neither does one of another façade,
    /// which answers exactly what its caller sent.
    async fn queue(
        &self,
        ctx: &Ctx,
        store: &dyn OrgStore,
        session: &Session,
        interrupted: Option<RunId>,
        inputs: Vec<Input>,
    ) -> Result<ChangeSet, Undelivered> {
        let queued = store.find_queued_run(session.id).await.map_err(Error::from)?;
        let joinable = |run: &Run| run.origin == Origin::Native && Some(run.id) != interrupted;
        if let Some(next) = queued.filter(joinable) {
            let waiting = store.list_inbox(next.id).await.map_err(Error::from)?;
            if !waiting.iter().any(|item| item.body == EventBody::UserInterrupt {}) {
                let pairs = inputs.into_iter().map(|input| (input.id, input.body)).collect();
                return Ok(hand_over(&next, pairs, ctx.now));
            }
        }
        let Entry { session, run, inputs, .. } = self.native_entry(ctx, session, inputs).await?;
        Ok(self.decide(ctx.now, |at| turn::accept(&session, false, run, inputs, None, at)).changes)
    }

    /// A run of the native API in an existing session.
    async fn native_entry(&self, ctx: &Ctx, session: &Session, inputs: Vec<Input>) -> Result<Entry, Error> {
        let newest = match self.newest_agent(ctx, session.agent.id()).await {
            Err(Error::NotFound(_)) => return Err(Refused::AgentDeleted.into()),
            found => found?,
        };
        let agent = self.answering_agent(ctx, session).await?;
        let run = self.new_run(ctx, session, &agent, Arc::default(), Origin::Native);
        let (version, spec, session) = (agent.version, agent.spec, session.clone());
        Ok(Entry { session, is_new: false, newest, version, spec, run, inputs, also: ChangeSet::default() })
    }
}

/// The events that a delivery stored; `None` if it came too late and must be tried again.
type Delivered = Result<Option<Vec<Arc<[Event]>>>, Undelivered>;

/// Why events were not delivered.
enum Undelivered {
    /// This event decides a call that is not in question.
    NotOpen { event: EventId, why: String },
    /// Anything else.
    Failed(Error),
}

impl From<Error> for Undelivered {
    fn from(error: Error) -> Self {
        Undelivered::Failed(error)
    }
}

/// Which of the events of a request go to the run that has the session, and which to the
/// one that comes next.
struct Addressed {
    to_run: Vec<Input>,
    to_next: Vec<Input>,
}

impl Addressed {
    /// Instructions go where the event before them went.
    fn of(inputs: Vec<Input>) -> Self {
        let mut addressed = Addressed { to_run: Vec::new(), to_next: Vec::new() };
        let mut was_message = false;
        for input in inputs {
            was_message = match input.body {
                EventBody::UserMessage { .. } => true,
                EventBody::SystemMessage { .. } => was_message,
                _ => false,
            };
            if was_message { &mut addressed.to_next } else { &mut addressed.to_run }.push(input);
        }
        addressed
    }
}

async fn commit(ctx: &Ctx, store: &dyn OrgStore, changes: ChangeSet) -> Delivered {
    let committed = crate::commit_in_time(store, ctx.recording(changes)).await?;
    Ok(committed.map(|Committed { events, .. }| events))
}

/// Interrupts that find nothing to interrupt.
fn record(session: &Session, inputs: Vec<Input>, now: Timestamp) -> ChangeSet {
    let entry = |Input { id, body }| NewEvent { id, run: None, at: now, body };
    let events = inputs.into_iter().map(entry).collect();
    ChangeSet::of([Change::Append { session: session.id, events, state: None }])
        .guarded(Guard::SessionFree { session: session.id, seq: session.state.seq })
}

fn sent(inputs: Vec<Input>, stored: &[Arc<[Event]>]) -> Vec<SentEvent> {
    let find = |id: EventId| stored.iter().flat_map(|events| events.iter()).find(|event| event.id == id);
    let as_taken = |Input { id, body }| {
        let stored = find(id);
        SentEvent { event: id, body, processed_at: stored.map(|event| event.at), seq: stored.map(|event| event.seq) }
    };
    inputs.into_iter().map(as_taken).collect()
}

fn not_open(inputs: &[Input], event: EventId, why: String) -> Error {
    let index = inputs.iter().position(|input| input.id == event);
    let path = index.map_or_else(|| "events".to_owned(), |index| format!("events[{index}]"));
    Error::Invalid(vec![FieldError::new(path, why).code("not_waiting")])
}

fn is_interrupt(input: &Input) -> bool {
    input.body == EventBody::UserInterrupt {}
}

/// The call that an event decides or answers.
fn decided_call(body: &EventBody) -> Option<EventId> {
    match body {
        EventBody::UserToolConfirmation { tool_use_id, .. } => Some(*tool_use_id),
        EventBody::UserCustomToolResult { custom_tool_use_id, .. } => Some(*custom_tool_use_id),
        _ => None,
    }
}

/// Whether the calls that the inputs decide are open, each decided once. For a run that is
/// at work: its row says what waits only once the run itself waits, so the log and the
/// inbox are asked.
async fn check_open_calls(store: &dyn OrgStore, run: &Run, inputs: &[Input]) -> Result<(), Undelivered> {
    let mut decided = HashSet::new();
    for Input { id, body } in inputs {
        let Some(call) = decided_call(body) else { continue };
        let is_first = decided.insert(call);
        if !is_first || !is_open_call(store, run, call, body).await? {
            let why = NotWaiting::NoSuchCall(call).to_string();
            return Err(Undelivered::NotOpen { event: *id, why });
        }
    }
    Ok(())
}

async fn is_open_call(store: &dyn OrgStore, run: &Run, call: EventId, decision: &EventBody) -> Result<bool, Error> {
    let used = store.find_event(run.session, call).await?;
    let Some(used) = used.filter(|event| event.run == Some(run.id)) else { return Ok(false) };
    let fits = match (&used.body, decision) {
        (EventBody::AgentCustomToolUse { .. }, EventBody::UserCustomToolResult { .. }) => true,
        (EventBody::AgentToolUse { evaluated_permission, .. }, EventBody::UserToolConfirmation { .. }) => {
            *evaluated_permission == Ruling::Ask
        }
        _ => false,
    };
    if !fits {
        return Ok(false);
    }
    let decides = |body: &EventBody| match body {
        EventBody::AgentToolResult { tool_use_id, .. } => *tool_use_id == call,
        other => decided_call(other) == Some(call),
    };
    let types = ["user.custom_tool_result", "user.tool_confirmation", "agent.tool_result"];
    let filter = EventFilter {
        run: Some(run.id),
        types: types.map(String::from).to_vec(),
        after: Some(used.seq),
        ..EventFilter::default()
    };
    let is_waiting = store.list_inbox(run.id).await?.iter().any(|item| decides(&item.body));
    let is_logged = store.list_events(run.session, filter).await?.iter().any(|event| decides(&event.body));
    Ok(!is_waiting && !is_logged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::model::Block;
    use uuid::Uuid;

    fn inputs(bodies: impl IntoIterator<Item = EventBody>) -> Vec<Input> {
        let id = |n| EventId(Uuid::from_u128(n));
        (1..).zip(bodies).map(|(n, body)| Input { id: id(n), body }).collect()
    }

    fn message() -> EventBody {
        EventBody::UserMessage { content: vec![Block::text("hi")], dropped: false }
    }

    fn system() -> EventBody {
        EventBody::SystemMessage { content: vec![Block::text("be brief")], dropped: false }
    }

    fn result() -> EventBody {
        let custom_tool_use_id = EventId(Uuid::nil());
        EventBody::UserCustomToolResult { custom_tool_use_id, content: vec![], is_error: false }
    }

    #[test]
    fn each_event_goes_to_the_run_it_concerns() {
        for (bodies, to_run, to_next) in [
            (vec![message(), system()], vec![], vec!["user.message", "system.message"]),
            (vec![result(), system()], vec!["user.custom_tool_result", "system.message"], vec![]),
            (vec![EventBody::UserInterrupt {}, message()], vec!["user.interrupt"], vec!["user.message"]),
            (vec![message(), EventBody::UserInterrupt {}], vec!["user.interrupt"], vec!["user.message"]),
        ] {
            let names = |inputs: Vec<Input>| inputs.iter().map(|input| input.body.name()).collect::<Vec<_>>();
            let addressed = Addressed::of(inputs(bodies));
            assert_eq!((names(addressed.to_run), names(addressed.to_next)), (to_run, to_next));
        }
    }

    #[test]
    fn a_fault_names_the_event_by_its_place_in_the_request() {
        let sent = inputs([message(), result()]);
        let Error::Invalid(faults) = not_open(&sent, sent[1].id, "no".into()) else { panic!("not invalid") };
        assert_eq!((faults[0].path.as_str(), faults[0].code), ("events[1]", Some("not_waiting")));
    }
}
