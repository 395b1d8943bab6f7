//! The tokens the engine holds in its memory, and what it makes of them.

use domain::model::{FaultKind, ModelFault};
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

/// Tokens read at a time. Between batches a reply can be cancelled, so a batch is short
/// enough for that to take about a second on a slow core.
pub(super) const BATCH_TOKENS: usize = 128;

/// A window over one conversation.
pub(super) struct Window<'m> {
    context: LlamaContext<'m>,
    batch: LlamaBatch<'static>,
    held: Vec<LlamaToken>,
}

/// Reading stopped because nobody wants the reply any more.
#[derive(Debug)]
pub(super) struct Unwanted;

impl<'m> Window<'m> {
    pub(super) fn open(
        backend: &LlamaBackend,
        model: &'m LlamaModel,
        tokens: u32,
        threads: usize,
    ) -> Result<Self, ModelFault> {
        let tokens = tokens.min(model.n_ctx_train());
        let context = model.new_context(backend, super::context_params(tokens, threads)).map_err(|_| {
            let text = format!("there is not enough memory for a window of {tokens} tokens");
            ModelFault::new(FaultKind::Unavailable, text)
        })?;
        Ok(Window { context, batch: LlamaBatch::new(BATCH_TOKENS, 1), held: Vec::new() })
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
        let kept = same.count().min(tokens.len().saturating_sub(1));
        let kept = self.cut_to(kept);
        for part in tokens[kept..].chunks(BATCH_TOKENS) {
            if !go_on() {
                return Ok(Err(Unwanted));
            }
            self.read(part)?;
        }
        Ok(Ok(kept))
    }

    /// Adds tokens, at most [`BATCH_TOKENS`].
    pub(super) fn read(&mut self, tokens: &[LlamaToken]) -> Result<(), ModelFault> {
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

fn engine_fault(error: &dyn std::error::Error) -> ModelFault {
    ModelFault::new(FaultKind::ServerError, format!("the local model's engine failed: {error}"))
}
