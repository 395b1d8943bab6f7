//! One model call: from the request to the whole reply, its text going live on the way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::model::{FaultKind, ModelChunk, ModelFault, ModelName, ModelRequest, StopCause};
use domain::run::Run;
use domain::transcript::Transcript;
use domain::turn::Reply;
use domain::{EventId, OrgId, RunId, SessionId};
use futures::StreamExt;
use ports::Model;
use ports::metrics::ModelCall;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Shared;
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
}

impl Generation {
    /// The next model call of a run; fails if the agent names no model.
    pub(crate) fn of(
        org: OrgId,
        run: &Run,
        materials: &Materials,
        transcript: &Transcript,
    ) -> Result<Self, ModelFault> {
        let spec = &materials.spec;
        let Some(name) = ModelName::parse(&spec.model.id) else {
            let message = format!("{:?} is not a model name: write provider/model", spec.model.id);
            return Err(ModelFault::new(FaultKind::Unavailable, message));
        };
        let tokens_left = run.overrides.limits.or(spec.limits).tokens_left(&run.spent);
        let tokens_left = tokens_left.map(|left| u32::try_from(left).unwrap_or(u32::MAX));
        let request = ModelRequest {
            model: name.model.to_owned(),
            system: materials.system.clone(),
            messages: transcript.messages(spec.history_runs),
            tools: materials.offers.clone(),
            output_schema: spec.output_schema.clone(),
            max_tokens: [spec.model.max_tokens, tokens_left].into_iter().flatten().min(),
            effort: spec.model.effort.clone(),
            speed: spec.model.speed.clone(),
            inference_geo: spec.model.inference_geo.clone(),
        };
        Ok(Self { org, session: run.session, run: run.id, provider: name.provider.to_owned(), request })
    }

    /// Whose model is called.
    pub(crate) fn provider(&self) -> &str {
        &self.provider
    }

    /// Makes the call. The calls of the reply are not judged yet.
    pub(crate) async fn run(self, shared: &Shared, measured: &mut ModelCall) -> Result<RawReply, ModelFault> {
        let Some(model) = shared.ports.models.find(self.org, &self.provider) else {
            let message = format!("there is no provider named {:?}", self.provider);
            return Err(ModelFault::new(FaultKind::Unavailable, message));
        };
        let _place = shared.model_places.take(&self.provider, model.as_ref()).await;
        measured.is_sent();
        let mut stream = model.stream(self.request).await?;
        let mut reply = RawReply::default();
        let mut live = Live::new(shared, self.session, self.run);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk?;
            if !matches!(chunk, ModelChunk::Usage(_)) {
                measured.says_something();
            }
            match chunk {
                ModelChunk::Text(text) => {
                    reply.add_text(&text)?;
                    live.says(&text);
                }
                ModelChunk::Thinking(text) => {
                    reply.add_thinking(&text)?;
                    live.thinks(&text);
                }
                ModelChunk::ToolCall { index, name, arguments } => reply.add_call(index, name, &arguments)?,
                ModelChunk::Usage(usage) => reply.usage = usage,
                ModelChunk::Stop(cause) => {
                    reply.stop = Some(cause);
                    (reply.message_id, reply.thinking_id) = (live.message, live.thought);
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
    message: Option<EventId>,
}

impl<'a> Live<'a> {
    fn new(shared: &'a Shared, session: SessionId, run: RunId) -> Self {
        Self { shared, session, run, thought: None, message: None }
    }

    fn thinks(&mut self, text: &str) {
        if !text.is_empty() && self.thought.is_none() {
            let thought = self.fresh();
            self.thought = Some(thought);
            self.shared.ports.feed.thought_starts(self.session, thought);
        }
    }

    fn says(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let feed = &self.shared.ports.feed;
        let message = match self.message {
            Some(message) => message,
            None => {
                let message = self.fresh();
                feed.preview_starts(self.session, self.run, message);
                message
            }
        };
        self.message = Some(message);
        feed.preview_grows(self.session, message, text);
    }

    fn fresh(&self) -> EventId {
        EventId(self.shared.ports.ids.uuid_v7())
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
        Reply {
            message_id: self.message_id,
            text: self.text,
            thinking_id: self.thinking_id,
            thinking: (!self.thinking.is_empty()).then_some(self.thinking),
            calls,
            usage: self.usage,
            stop: self.stop,
            output_fault,
        }
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
