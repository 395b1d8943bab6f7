//! A conversation that outgrows its model, in the middle of a run.

use super::{CallEnd, Moment, Phase, Turn};
use crate::event::{Compaction, EventBody};
use crate::model::{StopCause, Usage};
use crate::money::Money;
use crate::transcript::Cut;

/// A summary that the model has made instead of an answer.
#[derive(Debug, Clone)]
pub struct Summary {
    /// What it stands for.
    pub cut: Cut,
    /// Where the log begins that is enough to know the conversation; `None` if that is where it
    /// began before.
    pub context_from: Option<u64>,
    /// The text.
    pub text: String,
    /// Tokens used.
    pub usage: Usage,
    /// What they cost, if the model has a price.
    pub cost: Option<Money>,
    /// Why the model stopped.
    pub stop: Option<StopCause>,
}

impl Turn {
    /// Results of tools that were logged before `until` are shown shorter from now on. The
    /// model call goes on.
    pub fn shorten_context(&mut self, until: u64, at: &mut Moment<'_>) {
        if matches!(self.phase, Phase::CallingModel { .. }) {
            self.log(at, EventBody::ContextCompacted { compaction: Compaction::Shortened { until } });
        }
    }

    /// The model call that was to bring an answer has brought a summary, and the call for the
    /// answer is yet to be made.
    pub fn summarized(&mut self, summary: Summary, at: &mut Moment<'_>) {
        let Phase::CallingModel { start } = self.phase else { return };
        let Summary { cut, context_from, text, usage, cost, stop } = summary;
        self.run.failed_attempts = 0;
        self.state.context_from = context_from.or(self.state.context_from);
        let summary = cut.bounded(&text);
        let compaction = Compaction::Summarized { from: cut.from, kept_from: cut.kept_from, kept: cut.kept, summary };
        self.log(at, EventBody::ContextCompacted { compaction });
        self.end_model_call(start, CallEnd { is_error: false, usage, cost, stop }, at);
        self.begin_model_call(at);
    }
}
