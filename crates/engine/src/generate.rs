//! One model call: from the request to the whole reply, its text going live on the way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::citation;
use domain::model::{FaultKind, ModelChunk, ModelFault, ModelName, ModelRequest, StopCause, Usage};
use domain::money::Money;
use domain::transcript::{Cut, Plan, Transcript};
use domain::turn::{Reply, Summary, Turn};
use domain::{EventId, OrgId, RunId, SessionId};
use futures::StreamExt;
use ports::feed::PreviewWriter;
use ports::metrics::ModelCall;
use ports::{Model, Provider};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Shared;
use crate::context;
use crate::materials::Materials;

/// Bytes of text in one reply.
const TEXT_MAX: usize = 8 * 1024 * 1024;

/// Tool calls in one reply.
const CALLS_MAX: usize = 64;

/// Bytes of arguments of one tool call.
const ARGUMENTS_MAX: usize = 1024 * 1024;

/// What a model call is made of, owned, so that it can run beside everything else.
pub(crate) struct Generation {
    pub(crate) org: OrgId,
    pub(crate) session: SessionId,
    pub(crate) run: RunId,
    provider: String,
    request: ModelRequest,
    /// What is to be summarized, if that is what the call is for.
    summary: Option<ToBeSummarized>,
    /// Whether readers see the text as it comes.
    is_shown: bool,
}

/// A model call that came to nothing, and what it used nevertheless.
pub(crate) struct FailedReply {
    pub(crate) fault: ModelFault,
    pub(crate) usage: Usage,
    pub(crate) cost: Option<Money>,
}

impl From<ModelFault> for FailedReply {
    fn from(fault: ModelFault) -> Self {
        Self { fault, usage: Usage::default(), cost: None }
    }
}

/// What a summary is made of.
pub(crate) struct ToBeSummarized {
    cut: Cut,
    context_from: Option<u64>,
}

impl Generation {
    /// The next model call of a run; fails if the name of its model means nothing here.
    pub(crate) fn of(
        org: OrgId,
        turn: &Turn,
        materials: &Materials,
        transcript: &Transcript,
        plan: Plan,
    ) -> Result<Self, ModelFault> {
        let (run, spec) = (&turn.run, &materials.spec);
        let Some(name) = ModelName::parse(turn.model()) else {
            let message =
                format!("no model is called {:?} here: write provider/model, or make it an alias", turn.model());
            return Err(ModelFault::new(FaultKind::Unavailable, message));
        };
        let tokens_left = run.overrides.limits.or(spec.limits).tokens_left(&run.spent);
        let tokens_left = tokens_left.map(|left| u32::try_from(left).unwrap_or(u32::MAX));
        let bounded = |bound: Option<u32>| [bound, tokens_left].into_iter().flatten().min();
        let base = ModelRequest {
            model: name.model.to_owned(),
            speed: spec.model.speed.clone(),
            inference_geo: spec.model.inference_geo.clone(),
            ..ModelRequest::default()
        };
        let history = spec.history_runs;
        let (request, summary) = match plan {
            Plan::Summarize(cut) => {
                let record = context::record(&transcript.telling(history, &cut), cut.summary_tokens);
                let request = ModelRequest {
                    system: Some(context::SUMMARY_INSTRUCTIONS.to_owned()),
                    messages: vec![Arc::new(record)],
                    max_tokens: bounded(Some(cut.answer_tokens)),
                    ..base
                };
                let context_from = transcript.begins_at(history, &cut);
                (request, Some(ToBeSummarized { cut, context_from }))
            }
            Plan::Stuck if run.refused_tokens.is_some() => return Err(context::too_long(turn)),
            // What is too long by an estimate may fit all the same: the model has the word.
            Plan::Fits | Plan::Shorten { .. } | Plan::Stuck => {
                let request = ModelRequest {
                    system: materials.system.clone(),
                    messages: transcript.messages(history),
                    tools: materials.offers.clone(),
                    output_schema: spec.output_schema.clone(),
                    max_tokens: bounded(spec.model.max_tokens),
                    effort: spec.model.effort.clone(),
                    ..base
                };
                (request, None)
            }
        };
        let provider = name.provider.to_owned();
        Ok(Self { org, session: run.session, run: run.id, provider, request, summary, is_shown: true })
    }

    /// The call, and what it is to summarize, if that is what it is for.
    pub(crate) fn parted(mut self) -> (Self, Option<ToBeSummarized>) {
        let summary = self.summary.take();
        // Readers are not shown a summary as if it were an answer.
        self.is_shown = summary.is_none();
        (self, summary)
    }

    /// Whose model is called.
    pub(crate) fn provider(&self) -> &str {
        &self.provider
    }

    /// Makes the call. The calls of the reply are not judged yet.
    pub(crate) async fn run(self, shared: &Shared, measured: &mut ModelCall) -> Result<RawReply, ModelFault> {
        let offering = shared.ports.models.of(self.org).await.map_err(|error| {
            ModelFault::new(FaultKind::Unreachable, format!("the providers of models could not be read: {error}"))
        })?;
        let Some(Provider { model, .. }) = offering.find(&self.provider) else {
            let message = format!("there is no provider named {:?}", self.provider);
            return Err(ModelFault::new(FaultKind::Unavailable, message));
        };
        let name = ModelName { provider: &self.provider, model: &self.request.model };
        let price = offering.price(&name);
        let _place = shared.model_places.take(&self.provider, model.as_ref()).await;
        measured.is_sent();
        let mut stream = model.stream(self.request).await?;
        let mut reply = RawReply::default();
        let mut live = Live::new(shared, self.session, self.run);
        let mut is_silent = true;
        while let Some(chunk) = stream.next().await {
            let chunk = chunk?;
            if is_silent && !matches!(chunk, ModelChunk::Usage(_)) {
                is_silent = false;
                measured.begins_to_answer();
            }
            match chunk {
                ModelChunk::Text(text) => {
                    reply.add_text(&text)?;
                    if self.is_shown {
                        live.says(&text);
                    }
                }
                ModelChunk::Thinking(text) => {
                    reply.add_thinking(&text)?;
                    if self.is_shown {
                        live.thinks(&text);
                    }
                }
                ModelChunk::ToolCall { index, name, arguments } => reply.add_call(index, name, &arguments)?,
                ModelChunk::Usage(usage) => reply.usage = usage,
                ModelChunk::Stop(cause) => {
                    reply.stop = Some(cause);
                    reply.cost = price.map(|price| price.cost_of(&reply.usage));
                    reply.message_id = live.message.as_ref().map(PreviewWriter::event);
                    reply.thinking_id = live.thought;
                    return Ok(reply);
                }
            }
        }
        Err(ModelFault::new(FaultKind::Cut, "the model's reply ended in the middle"))
    }
}

/// Publishes one reply while it is made: that the model reasons, and the text of its message.
/// Each is announced under the id that its event will have.
struct Live<'a> {
    shared: &'a Shared,
    session: SessionId,
    run: RunId,
    thought: Option<EventId>,
    message: Option<PreviewWriter>,
}

impl<'a> Live<'a> {
    fn new(shared: &'a Shared, session: SessionId, run: RunId) -> Self {
        Self { shared, session, run, thought: None, message: None }
    }

    fn thinks(&mut self, text: &str) {
        if !text.is_empty() && self.thought.is_none() {
            let thought = EventId(self.shared.ports.ids.uuid_v7());
            self.thought = Some(thought);
            self.shared.ports.feed.thought_starts(self.session, self.run, thought);
        }
    }

    fn says(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let (ports, session, run) = (&self.shared.ports, self.session, self.run);
        let begin = || ports.feed.preview_starts(session, run, EventId(ports.ids.uuid_v7()));
        self.message.get_or_insert_with(begin).write(text);
    }
}

/// A reply as the model gave it.
#[derive(Debug, Default)]
pub(crate) struct RawReply {
    message_id: Option<EventId>,
    text: String,
    thinking_id: Option<EventId>,
    thinking: String,
    calls: Vec<(String, String)>,
    usage: domain::model::Usage,
    cost: Option<Money>,
    stop: Option<StopCause>,
}

impl RawReply {
    /// What it cost.
    pub(crate) fn usage(&self) -> &domain::model::Usage {
        &self.usage
    }

    /// The reply with its calls judged and its answer checked.
    pub(crate) fn judged(self, materials: &Materials) -> Reply {
        // What a model asked for before it declined is not done.
        let asked = if self.stop == Some(StopCause::Refusal) { &[][..] } else { &self.calls[..] };
        let calls: Vec<_> = asked.iter().map(|(name, arguments)| materials.tools.judge(name, arguments)).collect();
        let output_fault = match &materials.output {
            Some(schema) if calls.is_empty() => schema.read(&self.text).err(),
            _ => None,
        };
        let cites = !materials.sources.is_empty() && citation::has_marker(&self.text);
        Reply {
            message_id: self.message_id,
            sources: if cites { materials.sources.clone() } else { Vec::new() },
            text: self.text,
            thinking_id: self.thinking_id,
            thinking: (!self.thinking.is_empty()).then_some(self.thinking),
            calls,
            usage: self.usage,
            cost: self.cost,
            stop: self.stop,
            output_fault,
        }
    }

    /// The summary that the model was asked for.
    pub(crate) fn summary(self, of: ToBeSummarized) -> Result<Summary, FailedReply> {
        let is_refused = self.stop == Some(StopCause::Refusal);
        if is_refused || self.text.trim().is_empty() {
            let kind = if is_refused { FaultKind::Declined } else { FaultKind::Malformed };
            let message = "the model gave no summary of the conversation, which is too long for it";
            return Err(FailedReply { fault: ModelFault::new(kind, message), usage: self.usage, cost: self.cost });
        }
        let ToBeSummarized { cut, context_from } = of;
        Ok(Summary { cut, context_from, text: self.text, usage: self.usage, cost: self.cost, stop: self.stop })
    }

    fn add_text(&mut self, text: &str) -> Result<(), ModelFault> {
        self.text.push_str(text);
        within(self.text.len(), TEXT_MAX, "text")
    }

    fn add_thinking(&mut self, text: &str) -> Result<(), ModelFault> {
        self.thinking.push_str(text);
        within(self.thinking.len(), TEXT_MAX, "reasoning")
    }

    fn add_call(&mut self, index: usize, name: Option<String>, arguments: &str) -> Result<(), ModelFault> {
        within(index.saturating_add(1), CALLS_MAX, "tool calls")?;
        if self.calls.len() <= index {
            self.calls.resize_with(index + 1, Default::default);
        }
        let call = &mut self.calls[index];
        if let Some(name) = name {
            call.0 = name;
        }
        call.1.push_str(arguments);
        within(call.1.len(), ARGUMENTS_MAX, "tool arguments")
    }
}

fn within(size: usize, max: usize, what: &str) -> Result<(), ModelFault> {
    if size <= max {
        return Ok(());
    }
    Err(ModelFault::new(FaultKind::TooLarge, format!("the model's reply has more {what} than {max}")))
}

/// Places at providers that take only so many calls at once.
#[derive(Default)]
pub(crate) struct ModelPlaces(Mutex<HashMap<String, Arc<Semaphore>>>);

impl ModelPlaces {
    async fn take(&self, provider: &str, model: &dyn Model) -> Option<OwnedSemaphorePermit> {
        let places = model.concurrent_max()?;
        let semaphore = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match all.get(provider) {
                Some(semaphore) => Arc::clone(semaphore),
                None => {
                    let semaphore = Arc::new(Semaphore::new(places.max(1)));
                    all.insert(provider.to_owned(), Arc::clone(&semaphore));
                    semaphore
                }
            }
        };
        // Never closed, so a place always comes.
        semaphore.acquire_owned().await.ok()
    }
}
