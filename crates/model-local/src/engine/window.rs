//! The tokens the engine holds in its memory, and what it makes of them.

use std::num::NonZeroU32;
use std::time::Duration;

use domain::model::{FaultKind, ModelFault};
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use super::cores::Watch;

/// Tokens read at a time. Between batches a reply can be cancelled, so a batch is short
/// enough for that to take about a second on a slow core.
pub(super) const BATCH_TOKENS: usize = 128;

/// How often it is looked whether others need the cores.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Reading more than this again is too much for another core.
const REREAD_TOKENS_MAX: usize = 512;

/// A window over one conversation.
pub(super) struct Window<'m> {
    backend: &'m LlamaBackend,
    model: &'m LlamaModel,
    context: LlamaContext<'m>,
    batch: LlamaBatch<'static>,
    held: Vec<LlamaToken>,
    threads: usize,
    /// Absent if the operator has said how many threads there are to be.
    watch: Option<Watch>,
}

/// Reading stopped because nobody wants the reply any more.
#[derive(Debug)]
pub(super) struct Unwanted;

impl<'m> Window<'m> {
    pub(super) fn open(
        backend: &'m LlamaBackend,
        model: &'m LlamaModel,
        tokens: u32,
        threads: Option<usize>,
    ) -> Result<Self, ModelFault> {
        let tokens = tokens.min(model.n_ctx_train());
        let watch = threads.is_none().then(Watch::start);
        let threads = threads.or_else(|| watch.as_ref().map(Watch::free_cores)).unwrap_or(1);
        Ok(Window {
            backend,
            model,
            context: context(backend, model, tokens, threads)?,
            batch: LlamaBatch::new(BATCH_TOKENS, 1),
            held: Vec::new(),
            threads,
            watch,
        })
    }

    /// An empty window of the same size over the same model.
    pub(super) fn another(&self) -> Result<Self, ModelFault> {
        let threads = self.watch.is_none().then_some(self.threads);
        Self::open(self.backend, self.model, self.context.n_ctx(), threads)
    }

    /// How many tokens fit.
    pub(super) fn size(&self) -> usize {
        self.context.n_ctx() as usize
    }

    /// How many more tokens fit.
    pub(super) fn room(&self) -> usize {
        self.size().saturating_sub(self.held.len())
    }

    /// Makes the window hold exactly these tokens and returns how many it did not have to
    /// read, because it held them.
    pub(super) fn hold(
        &mut self,
        tokens: &[LlamaToken],
        mut go_on: impl FnMut() -> bool,
    ) -> Result<Result<usize, Unwanted>, ModelFault> {
        let same = self.held.iter().zip(tokens).take_while(|(held, token)| held == token);
        // The last token is always read: what follows it is only known from reading.
        let mut kept = same.count().min(tokens.len().saturating_sub(1));
        let free = self.watch.as_ref().map_or(self.threads, Watch::free_cores);
        if free < self.threads || (free > self.threads && kept <= REREAD_TOKENS_MAX) {
            self.reopen(free)?;
            kept = 0;
        }
        let kept = self.cut_to(kept);
        for part in tokens[kept..].chunks(BATCH_TOKENS) {
            if !go_on() {
                return Ok(Err(Unwanted));
            }
            self.read(part)?;
        }
        Ok(Ok(kept))
    }

    /// Adds tokens, at most [`BATCH_TOKENS`]. Gives cores back that others have come to need.
    pub(super) fn read(&mut self, tokens: &[LlamaToken]) -> Result<(), ModelFault> {
        self.decode(tokens)?;
        let Some(watch) = self.watch.as_ref().filter(|watch| watch.age() >= LOOK_EVERY) else {
            return Ok(());
        };
        let free = watch.free_cores();
        self.watch = Some(Watch::start());
        if free >= self.threads {
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        self.reopen(free)?;
        held.chunks(BATCH_TOKENS).try_for_each(|part| self.decode(part))
    }

    /// Computes with another number of threads from here on, which the engine can only do
    /// with an empty window.
    fn reopen(&mut self, threads: usize) -> Result<(), ModelFault> {
        self.held.clear();
        self.context = context(self.backend, self.model, self.context.n_ctx(), threads)?;
        self.threads = threads;
        self.watch = Some(Watch::start());
        Ok(())
    }

    fn decode(&mut self, tokens: &[LlamaToken]) -> Result<(), ModelFault> {
        self.batch.clear();
        let last = tokens.len().saturating_sub(1);
        for (offset, token) in tokens.iter().enumerate() {
            let position = i32::try_from(self.held.len() + offset).unwrap_or(i32::MAX);
            self.batch.add(*token, position, &[0], offset == last).map_err(|error| engine_fault(&error))?;
        }
        if let Err(error) = self.context.decode(&mut self.batch) {
            // What it holds now is anybody's guess.
            self.cut_to(0);
            return Err(engine_fault(&error));
        }
        self.held.extend_from_slice(tokens);
        Ok(())
    }

    /// How likely each token of the vocabulary is to come next, as the model's raw scores.
    pub(super) fn scores(&self) -> &[f32] {
        self.context.get_logits_ith(-1)
    }

    /// The newest tokens, at most so many.
    pub(super) fn newest(&self, count: usize) -> &[LlamaToken] {
        &self.held[self.held.len().saturating_sub(count)..]
    }

    /// Forgets all but the first `count` tokens; returns how many are left, which is none
    /// for the kinds of model whose memory cannot be cut.
    fn cut_to(&mut self, count: usize) -> usize {
        let from = u32::try_from(count).ok();
        let cut = count > 0 && matches!(self.context.clear_kv_cache_seq(Some(0), from, None), Ok(true));
        if cut {
            self.held.truncate(count);
        } else {
            self.context.clear_kv_cache();
            self.held.clear();
        }
        self.held.len()
    }
}

fn context<'m>(
    backend: &LlamaBackend,
    model: &'m LlamaModel,
    tokens: u32,
    threads: usize,
) -> Result<LlamaContext<'m>, ModelFault> {
    let threads = i32::try_from(threads).unwrap_or(1);
    let params = LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(tokens))
        .with_n_batch(BATCH_TOKENS as u32)
        .with_n_ubatch(BATCH_TOKENS as u32)
        .with_n_threads(threads)
        .with_n_threads_batch(threads)
        .with_no_perf(true);
    model.new_context(backend, params).map_err(|_| {
        let text = format!("there is not enough memory for a window of {tokens} tokens");
        ModelFault::new(FaultKind::Unavailable, text)
    })
}

fn engine_fault(error: &dyn std::error::Error) -> ModelFault {
    ModelFault::new(FaultKind::ServerError, format!("the local model's engine failed: {error}"))
}
