//! What a worker is doing at the moment: a model call, tool calls, or a pause.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use domain::model::{FaultKind, ModelFault};
use domain::tool::{CarriedTool, Effect, Runner, SignalTool, ToolOutcome};
use domain::turn::{Call, Doing, Summary};
use domain::{EventId, OrgId};
use futures::future::BoxFuture;
use futures::stream::{self, FuturesUnordered, StreamExt};
use ports::tool::ToolRun;
use seldom::Seldom;

use crate::Shared;
use crate::generate::{FailedReply, Generation, RawReply};
use crate::materials::Materials;
use crate::signals::answers::{self, Asker};

/// What came of it.
pub(crate) enum Done {
    Replied(RawReply),
    Summarized(Summary),
    Failed(FailedReply),
    Answered(EventId, ToolOutcome),
    Rested,
}

/// Work under way. Dropping it cancels it.
pub(crate) struct Hands {
    shared: Arc<Shared>,
    org: OrgId,
    call: Option<(EventId, BoxFuture<'static, Done>)>,
    tools: FuturesUnordered<BoxFuture<'static, (EventId, ToolOutcome)>>,
    tools_running: HashSet<EventId>,
    pause: Option<BoxFuture<'static, ()>>,
}

impl Hands {
    pub(crate) fn new(shared: Arc<Shared>, org: OrgId) -> Self {
        Self { shared, org, call: None, tools: FuturesUnordered::new(), tools_running: HashSet::new(), pause: None }
    }

    /// Makes what is under way agree with what is to be done: begins what is new, keeps
    /// what goes on, drops what is no longer wanted.
    pub(crate) fn pick_up(
        &mut self,
        doing: &Doing,
        materials: &Materials,
        time_left: Option<Duration>,
        generation: impl FnOnce() -> Result<Generation, ModelFault>,
    ) {
        if let Doing::CallModel { start } = doing {
            if self.call.as_ref().is_none_or(|(under_way, _)| under_way != start) {
                self.call = Some((*start, self.begin_call(generation())));
            }
        } else {
            self.call = None;
        }
        match doing {
            Doing::Pause(wait) => {
                let wait = *wait;
                self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(wait)));
            }
            _ => self.pause = None,
        }
        match doing {
            Doing::RunTools(calls) => calls.iter().for_each(|call| self.begin_tool(call, materials, time_left)),
            _ if self.tools_running.is_empty() => {}
            _ => {
                self.tools.clear();
                self.tools_running.clear();
            }
        }
    }

    /// Whether the model call that is to be made is under way.
    pub(crate) fn is_calling(&self, doing: &Doing) -> bool {
        matches!((doing, &self.call), (Doing::CallModel { start }, Some((under_way, _))) if start == under_way)
    }

    /// Waits for the next thing to be done. Never returns if nothing is under way.
    pub(crate) async fn next(&mut self) -> Done {
        let call = async {
            match &mut self.call {
                Some((_, call)) => call.await,
                None => std::future::pending().await,
            }
        };
        let pause = async {
            match &mut self.pause {
                Some(pause) => pause.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            done = call => {
                self.call = None;
                done
            }
            Some((id, outcome)) = self.tools.next(), if !self.tools.is_empty() => {
                self.tools_running.remove(&id);
                Done::Answered(id, outcome)
            }
            () = pause => {
                self.pause = None;
                Done::Rested
            }
        }
    }

    fn begin_call(&self, generation: Result<Generation, ModelFault>) -> BoxFuture<'static, Done> {
        let shared = Arc::clone(&self.shared);
        let limit = shared.options.model_reply_timeout;
        Box::pin(async move {
            let (generation, summary) = match generation {
                Ok(generation) => generation.parted(),
                Err(fault) => return Done::Failed(fault.into()),
            };
            let mut measured = shared.ports.metrics.model_call(generation.provider());
            // Looked at only when it has ended, and not with each token.
            let mut too_long = Seldom::new(stream::once(tokio::time::sleep(limit)).boxed());
            let reply = tokio::select! {
                biased;
                reply = generation.run(&shared, &mut measured) => reply,
                _ = too_long.next() => {
                    let message = format!("the model's reply took longer than {limit:?}");
                    Err(ModelFault::new(FaultKind::Silent, message))
                }
            };
            measured.ended(reply.as_ref().map(RawReply::usage));
            match (reply, summary) {
                (Err(fault), _) => Done::Failed(fault.into()),
                (Ok(reply), Some(to_be)) => reply.summary(to_be).map_or_else(Done::Failed, Done::Summarized),
                (Ok(reply), None) => Done::Replied(reply),
            }
        })
    }

    fn begin_tool(&mut self, call: &Call, materials: &Materials, time_left: Option<Duration>) {
        if !self.tools_running.insert(call.id) {
            return;
        }
        let (id, metrics) = (call.id, self.shared.ports.metrics.clone());
        let (effect, outcome) = match materials.runner(&call.name) {
            Some(Runner::Http(tool)) => (tool.http.effect, self.call_http(call, tool, time_left)),
            Some(Runner::Signals(tool)) => (Effect::Read, self.read_signals(call, *tool, materials.asker)),
            Some(Runner::Client) | None => {
                let why = format!("there is no tool named {:?} any more", call.name);
                self.tools.push(Box::pin(async move { (id, ToolOutcome::NotReached(why)) }));
                return;
            }
        };
        self.tools.push(Box::pin(async move {
            let outcome = outcome.await;
            metrics.tool_called(effect, &outcome);
            (id, outcome)
        }));
    }

    fn call_http(
        &self,
        call: &Call,
        tool: &CarriedTool,
        time_left: Option<Duration>,
    ) -> BoxFuture<'static, ToolOutcome> {
        let timeout = time_left.map_or(tool.http.timeout(), |left| left.min(tool.http.timeout()));
        let run = ToolRun { org: self.org, tool: tool.clone(), input: call.input.clone(), use_id: call.id, timeout };
        let tools = Arc::clone(&self.shared.ports.tools);
        Box::pin(async move { tools.run(run).await })
    }

    fn read_signals(&self, call: &Call, tool: SignalTool, asker: Asker) -> BoxFuture<'static, ToolOutcome> {
        let (shared, org, input) = (Arc::clone(&self.shared), self.org, call.input.clone());
        Box::pin(async move {
            let answer = answers::answer(&shared, org, asker, tool, input);
            let late =
                || ToolOutcome::Answered { content: "the signal gave no answer in time".to_owned(), is_error: true };
            tokio::time::timeout(answers::ANSWER_MAX, answer).await.unwrap_or_else(|_| late())
        })
    }
}
