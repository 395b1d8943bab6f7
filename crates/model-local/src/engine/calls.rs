//! Whether to call a tool, and the call.
//!
//! Small models are bad at deciding this by writing on: they call tools for a greeting, and
//! they write a call as if it were an answer. They are better at choosing between names.
//! So *answering* is offered to the model as one tool more, and what it thinks of that one
//! beside the real ones, together with how much it would like to begin a call at all,
//! decides. Nothing of this is seen outside: the model never gets to call it.

use std::sync::Arc;

use domain::model::{ModelFault, ToolOffer};
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;
use serde_json::json;

use super::choice;
use super::grammar::Grammar;
use super::reply::{Desk, Ended, Order, rejected};
use crate::conversation::Call;
use crate::utf8::Utf8Joiner;
use crate::wire::Said;

/// How a call looks in the text of most small models.
const CALL_BEGIN: &str = "<tool_call>";
/// What stands between that and the name of the tool.
const NAME_BEGIN: &str = "\n{\"name\": \"";

/// A tool call that is longer is a model that has lost its way.
const CALL_TOKENS_MAX: usize = 1024;

/// By how much a call must be liked better than answering. Measured with the default model
/// on twenty requests, half of which need a tool: it is right in eighteen.
const CALL_MARGIN: f32 = 2.5;

const ANSWERING: &str = "answer_directly";
const ANSWERING_DESCRIPTION: &str = "Answer the user directly. Use this for greetings, general questions, writing \
                                     and everything the other functions do not do.";

/// Whether a reply that begins like this is a call, or tries to be.
pub(super) fn begins_call(text: &str) -> bool {
    let text = text.trim_start();
    ["{", "[{", "```", "<tool", "<func"].iter().any(|begin| text.starts_with(begin))
}

/// The tokens with which models begin a call: the one made for it, if they have one, and
/// those of bare or fenced JSON.
pub(super) fn call_begins(model: &LlamaModel) -> Vec<LlamaToken> {
    let first = |text: &str| match model.vocab().tokenize(text.as_bytes(), false, true)[..] {
        [token] => Some(token),
        _ => None,
    };
    [CALL_BEGIN, "{", "```"].into_iter().filter_map(first).collect()
}

/// The tools as the model is told of them: with answering as one more.
pub(super) fn with_answering(tools: &[Arc<ToolOffer>]) -> Vec<Arc<ToolOffer>> {
    let answering = (!tools.is_empty()).then(|| {
        Arc::new(ToolOffer {
            name: ANSWERING.to_owned(),
            description: ANSWERING_DESCRIPTION.to_owned(),
            input_schema: json!({"type": "object", "properties": {}}),
        })
    });
    tools.iter().cloned().chain(answering).collect()
}

impl Desk<'_> {
    /// Whether a call is the likelier reply to the prompt that the window holds. Afterwards
    /// the window holds more than the prompt.
    pub(super) fn wants_to_call(
        &mut self,
        tools: &[Arc<ToolOffer>],
        prompt: &[LlamaToken],
    ) -> Result<bool, ModelFault> {
        let scores = self.window.scores();
        let likeliest = scores.iter().copied().fold(f32::MIN, f32::max);
        let begin = self.best_score(&self.call_begins) - likeliest;

        let lead = self.tokens(&format!("{CALL_BEGIN}{NAME_BEGIN}"));
        if self.window.size() <= prompt.len() + lead.len() {
            return Ok(false);
        }
        self.window.read(&lead)?;
        let first = |name: &str| self.tokens(name).first().copied();
        let answering: Vec<_> = first(ANSWERING).into_iter().collect();
        let calling: Vec<_> = tools.iter().filter_map(|tool| first(&tool.name)).collect();
        if calling.iter().any(|token| answering.contains(token)) {
            // A tool is called much the same: only the wish to call at all is left to go by.
            return Ok(begin > -CALL_MARGIN);
        }
        let preference = self.best_score(&calling) - self.best_score(&answering);
        Ok(preference + begin > CALL_MARGIN)
    }

    fn best_score(&self, tokens: &[LlamaToken]) -> f32 {
        let scores = self.window.scores();
        let of = |token: &LlamaToken| usize::try_from(token.0).ok().and_then(|index| scores.get(index)).copied();
        tokens.iter().filter_map(of).fold(f32::MIN, f32::max)
    }

    fn tokens(&self, text: &str) -> Vec<LlamaToken> {
        self.model.vocab().tokenize(text.as_bytes(), false, true)
    }

    /// One call, forced into shape: first the name of an offered tool, then arguments that
    /// fit its schema. `None` when there was no room to finish it.
    pub(super) fn write_call(&mut self, order: &Order<'_>, left: &mut usize) -> Result<Option<Call>, Ended> {
        let mut budget = CALL_TOKENS_MAX.min(*left).min(self.window.room());
        let given = budget;
        let call = self.write_call_within(order, &mut budget);
        *left -= given - budget;
        call
    }

    fn write_call_within(&mut self, order: &Order<'_>, budget: &mut usize) -> Result<Option<Call>, Ended> {
        let tools = &order.ask.tools;
        // The window holds the prompt and the beginning of a call: that is where the
        // decision to make one was taken.
        let names: Vec<_> = tools.iter().map(|tool| format!("{}\"", tool.name)).collect();
        let grammar = self.grammars()?.one_of(&names).map_err(rejected)?;
        let Some(name) = self.write_forced(order, grammar, budget)? else {
            return Ok(None);
        };
        let name = name.trim_end_matches('"').to_owned();
        let Some(tool) = tools.iter().find(|tool| tool.name == name) else {
            return Ok(None);
        };
        self.put(", \"arguments\": ", budget)?;
        let grammars = self.grammars()?;
        // A schema beyond any grammar leaves an object of any kind; the engine checks
        // arguments against the schema before it calls.
        let grammar = grammars
            .json(&tool.input_schema)
            .or_else(|_| grammars.json(&json!({"type": "object"})))
            .map_err(rejected)?;
        let arguments = self.write_forced(order, grammar, budget)?;
        Ok(arguments.and_then(|text| serde_json::from_str(&text).ok()).map(|arguments| Call { name, arguments }))
    }

    /// Puts words into the model's mouth.
    fn put(&mut self, text: &str, budget: &mut usize) -> Result<(), Ended> {
        let tokens = self.tokens(text);
        *budget = budget.saturating_sub(tokens.len());
        if *budget == 0 {
            return Ok(());
        }
        Ok(self.window.read(&tokens)?)
    }

    /// Writes under a grammar to its end; `None` if the budget ends first.
    fn write_forced(
        &mut self,
        order: &Order<'_>,
        mut grammar: Grammar,
        budget: &mut usize,
    ) -> Result<Option<String>, Ended> {
        let mut text = Utf8Joiner::default();
        let mut written = String::new();
        while *budget > 0 {
            order.wanted()?;
            let token = choice::among(self.window.scores(), &grammar.allowed()?);
            if self.model.vocab().is_eog(token) {
                return Ok(Some(written + &text.finish()));
            }
            grammar.take(token)?;
            written += &text.push(&self.piece(token));
            self.window.read(&[token])?;
            *budget -= 1;
            order.say(Said::Working);
            if grammar.is_over() {
                return Ok(Some(written + &text.finish()));
            }
        }
        Ok(None)
    }
}
