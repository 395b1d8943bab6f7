//! One reply: read the prompt, decide whether to call a tool or to answer, write.

use std::cell::OnceCell;

use domain::model::{FaultKind, ModelFault, StopCause, Usage};
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use super::calls;
use super::choice;
use super::grammar::Grammars;
use super::window::{Unwanted, Window};
use crate::child::{Inbox, Outbox};
use crate::conversation::{Call, Turn};
use crate::rounds::{already_made, may_call};
use crate::template::{ChatTemplate, Talk};
use crate::utf8::Utf8Joiner;
use crate::wire::{Ask, Said};

/// How long a reply is when nobody says how long it may be.
const REPLY_TOKENS_DEFAULT: usize = 2048;
/// A prompt must leave room for this much of a reply.
const REPLY_TOKENS_MIN: usize = 16;
/// No text with more bytes for each token of the window is even looked at.
const BYTES_PER_TOKEN_MAX: usize = 64;

/// Where replies for one model are written.
pub(super) struct Desk<'m> {
    pub(super) model: &'m LlamaModel,
    pub(super) window: Window<'m>,
    /// The one in which calls are made, while nobody works at it.
    other_window: Option<Window<'m>>,
    template: ChatTemplate,
    grammars: OnceCell<Grammars>,
    /// Texts that steer the model. In what users and tools say they are only text.
    control_texts: Vec<String>,
    /// Tokens that no answer may hold.
    banned: Vec<LlamaToken>,
    /// Tokens with which the model likes to begin a call.
    pub(super) call_begins: Vec<LlamaToken>,
    /// Those and all others with which an answer would be a call.
    call_like: Vec<LlamaToken>,
}

/// How a reply ended without one.
pub(super) enum Ended {
    Fault(ModelFault),
    Unwanted,
}

impl From<ModelFault> for Ended {
    fn from(fault: ModelFault) -> Self {
        Ended::Fault(fault)
    }
}

/// The ask at hand and whom to tell.
pub(super) struct Order<'a> {
    pub(super) ask: &'a Ask,
    inbox: &'a Inbox,
    outbox: &'a Outbox,
}

impl Order<'_> {
    pub(super) fn say(&self, said: Said) {
        self.outbox.say(self.ask.id, said);
    }

    pub(super) fn wanted(&self) -> Result<(), Ended> {
        if self.inbox.wants(self.ask.id) { Ok(()) } else { Err(Ended::Unwanted) }
    }
}

impl<'m> Desk<'m> {
    pub(super) fn new(model: &'m LlamaModel, window: Window<'m>) -> Result<Self, ModelFault> {
        let vocab = model.vocab();
        let text_of = |token| String::from_utf8_lossy(&vocab.token_to_piece(token, true, None)).into_owned();
        let source = model.chat_template(None).ok().and_then(|template| template.to_string().ok());
        let template = ChatTemplate::new(source, text_of(vocab.bos()), text_of(vocab.eos())).map_err(|error| {
            ModelFault::new(FaultKind::Unavailable, format!("the model's chat template cannot be read: {error}"))
        })?;
        let control: Vec<_> = vocab.tokens().filter(|token| vocab.is_control(*token)).collect();
        let control_texts = control.iter().map(|token| text_of(*token)).filter(|text| text.len() > 2);
        let begins_call = |token: &LlamaToken| calls::begins_call(&text_of(*token));
        let banned = control.iter().copied().filter(|token| !vocab.is_eog(*token)).collect();
        Ok(Self {
            model,
            window,
            other_window: None,
            control_texts: control_texts.collect(),
            template,
            grammars: OnceCell::new(),
            banned,
            call_begins: calls::call_begins(model),
            call_like: vocab.tokens().filter(begins_call).collect(),
        })
    }

    /// Writes the reply to `outbox`, however it ends.
    pub(super) fn answer(&mut self, ask: &Ask, inbox: &Inbox, outbox: &Outbox) {
        let order = Order { ask, inbox, outbox };
        match self.reply(&order) {
            Ok(cause) => order.say(Said::Stop { cause }),
            Err(Ended::Fault(fault)) => outbox.fault(ask.id, &fault),
            Err(Ended::Unwanted) => order.say(Said::Dropped),
        }
    }

    fn reply(&mut self, order: &Order<'_>) -> Result<StopCause, Ended> {
        order.wanted()?;
        let ask = order.ask;
        let system = ask.system.as_deref().map(|text| self.as_plain_text(text));
        let turns: Vec<_> = ask.turns.iter().map(|turn| self.plain_turn(turn)).collect();
        let offered = calls::with_answering(&ask.tools);
        let talk = |tools| Talk { system: system.as_deref(), turns: &turns, tools };
        let with_tools = self.prompt(talk(&offered))?;
        // Told of tools, a small model writes calls into its answers. Told of none, it answers.
        let without = self.prompt(talk(&[]))?;
        order.say(Said::Accepted);

        let mut usage = Usage::default();
        let mut left = ask.max_tokens.map_or(REPLY_TOKENS_DEFAULT, |tokens| tokens as usize);
        if !ask.tools.is_empty() && may_call(&ask.turns) {
            let call = self.at_calling_window(|desk| desk.call(order, &with_tools, &mut usage, &mut left))?;
            // The same call again would get the same result: it has to answer now.
            if let Some(call) = call.filter(|call| !already_made(&ask.turns, call)) {
                order.say(Said::Call { name: call.name, arguments: call.arguments.to_string() });
                order.say(Said::Usage { usage });
                return Ok(StopCause::ToolUse);
            }
        }

        self.hold_counted(order, &without, &mut usage)?;
        left = left.min(self.window.room());
        let before = left;
        let cause = self.write_answer(order, &mut left)?;
        usage.output_tokens += (before - left) as u64;
        order.say(Said::Usage { usage });
        Ok(cause)
    }

    /// The call the model would make, if it would rather call than answer.
    fn call(
        &mut self,
        order: &Order<'_>,
        prompt: &[LlamaToken],
        usage: &mut Usage,
        left: &mut usize,
    ) -> Result<Option<Call>, Ended> {
        self.hold_counted(order, prompt, usage)?;
        if !self.wants_to_call(&order.ask.tools, prompt)? {
            return Ok(None);
        }
        let before = *left;
        let call = self.write_call(order, left)?;
        usage.output_tokens += (before - *left) as u64;
        Ok(call)
    }

    /// Works at a window of its own, so that the prompt with tools and the one without are
    /// each read but once in a conversation. It is opened for the first tools that come.
    fn at_calling_window<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Ended>) -> Result<T, Ended> {
        let calling = match self.other_window.take() {
            Some(window) => window,
            None => self.window.another()?,
        };
        let answering = std::mem::replace(&mut self.window, calling);
        let done = work(self);
        self.other_window = Some(std::mem::replace(&mut self.window, answering));
        done
    }

    /// The tokens of the prompt, or a fault if they leave no room for a reply.
    fn prompt(&self, talk: Talk<'_>) -> Result<Vec<LlamaToken>, ModelFault> {
        let size = self.window.size();
        let too_long = |length: String| {
            let text = format!(
                "the conversation is too long for this model: it has {length} tokens with instructions and tools, \
                 and the model holds {size}; begin a new session, or give it less to read"
            );
            ModelFault::new(FaultKind::TooLong, text)
        };
        let text = self.template.render(talk).map_err(|error| {
            ModelFault::new(
                FaultKind::Rejected,
                format!("the model's chat template refuses this conversation: {error}"),
            )
        })?;
        if text.len() > size * BYTES_PER_TOKEN_MAX {
            return Err(too_long(format!("more than {size}")));
        }
        let vocab = self.model.vocab();
        let tokens = vocab.tokenize(text.as_bytes(), false, true);
        let begins = vocab.should_add_bos() && tokens.first() != Some(&vocab.bos());
        let tokens: Vec<_> = begins.then(|| vocab.bos()).into_iter().chain(tokens).collect();
        if tokens.len() + REPLY_TOKENS_MIN > size {
            return Err(too_long(tokens.len().to_string()));
        }
        Ok(tokens)
    }

    /// Makes the window hold the prompt, and counts what was read for it.
    fn hold_counted(&mut self, order: &Order<'_>, prompt: &[LlamaToken], usage: &mut Usage) -> Result<(), Ended> {
        let go_on = || {
            order.say(Said::Working);
            order.inbox.wants(order.ask.id)
        };
        let cached = self.window.hold(prompt, go_on)?.map_err(|Unwanted| Ended::Unwanted)?;
        usage.cache_read_input_tokens += cached as u64;
        usage.input_tokens += (prompt.len() - cached) as u64;
        order.say(Said::Usage { usage: *usage });
        Ok(())
    }

    /// Writes the answer, free or under the schema, and tells every piece of it.
    fn write_answer(&mut self, order: &Order<'_>, left: &mut usize) -> Result<StopCause, Ended> {
        let mut grammar = match &order.ask.output_schema {
            Some(schema) => Some(self.grammars()?.json(schema).map_err(rejected)?),
            None => None,
        };
        let mut banned = self.banned.clone();
        if !order.ask.tools.is_empty() {
            banned.extend(&self.call_like);
        }
        let mut text = Utf8Joiner::default();
        let mut cause = StopCause::MaxTokens;
        while *left > 0 {
            order.wanted()?;
            let token = match &mut grammar {
                Some(grammar) => choice::among(self.window.scores(), &grammar.allowed()?),
                None => {
                    let newest = self.window.newest(choice::REPEAT_WINDOW);
                    choice::free(self.window.scores(), newest, &banned)
                }
            };
            // Only at its beginning would an answer turn into a call.
            banned.truncate(self.banned.len());
            if self.model.vocab().is_eog(token) {
                cause = StopCause::EndTurn;
                break;
            }
            *left -= 1;
            say_text(order, text.push(&self.piece(token)));
            if let Some(grammar) = &mut grammar {
                grammar.take(token)?;
                if grammar.is_over() {
                    cause = StopCause::EndTurn;
                    break;
                }
            }
            if *left > 0 {
                self.window.read(&[token])?;
            }
        }
        say_text(order, text.finish());
        Ok(cause)
    }

    pub(super) fn piece(&self, token: LlamaToken) -> Vec<u8> {
        self.model.vocab().token_to_piece(token, false, None)
    }

    pub(super) fn grammars(&self) -> Result<&Grammars, ModelFault> {
        if let Some(grammars) = self.grammars.get() {
            return Ok(grammars);
        }
        let made = Grammars::new(self.model)?;
        Ok(self.grammars.get_or_init(|| made))
    }

    fn plain_turn(&self, turn: &Turn) -> Turn {
        match turn {
            Turn::User { text } => Turn::User { text: self.as_plain_text(text) },
            Turn::Assistant { text, calls } => Turn::Assistant { text: self.as_plain_text(text), calls: calls.clone() },
            Turn::Tool { name, text } => Turn::Tool { name: name.clone(), text: self.as_plain_text(text) },
        }
    }

    /// Text in which nothing is read as an end of a turn or the beginning of another. An
    /// invisible character breaks what would be.
    fn as_plain_text(&self, text: &str) -> String {
        let mut plain = text.to_owned();
        for control in self.control_texts.iter().filter(|control| text.contains(*control)) {
            let second = control.char_indices().nth(1).map_or(0, |(index, _)| index);
            let (first, rest) = control.split_at(second);
            plain = plain.replace(control, &format!("{first}\u{200b}{rest}"));
        }
        plain
    }
}

fn say_text(order: &Order<'_>, text: String) {
    if !text.is_empty() {
        order.say(Said::Text { text });
    }
}

pub(super) fn rejected(why: String) -> Ended {
    let short: String = why.chars().take(300).collect();
    let text = format!("the local model cannot keep to this schema: {short}");
    Ended::Fault(ModelFault::new(FaultKind::Rejected, text))
}
