//! One reply: read the prompt, decide whether to call a tool or to answer, write.

use std::cell::OnceCell;

use domain::model::{FaultKind, ModelFault, StopCause, Usage};
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;
use serde_json::Value;

use super::choice;
use super::grammar::{Grammar, Grammars};
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
/// A tool call that is longer is a model that has lost its way.
const CALL_TOKENS_MAX: usize = 1024;
/// No text with more bytes for each token of the window is even looked at.
const BYTES_PER_TOKEN_MAX: usize = 64;

/// Where replies for one model are written.
pub(super) struct Desk<'m> {
    model: &'m LlamaModel,
    window: Window<'m>,
    template: ChatTemplate,
    grammars: OnceCell<Grammars>,
    /// Texts that steer the model. In what users and tools say they are only text.
    control_texts: Vec<String>,
    /// Tokens that no answer may hold.
    banned: Vec<LlamaToken>,
}

/// How a reply ended without one.
enum Ended {
    Fault(ModelFault),
    Unwanted,
}

impl From<ModelFault> for Ended {
    fn from(fault: ModelFault) -> Self {
        Ended::Fault(fault)
    }
}

/// The ask at hand and whom to tell.
struct Order<'a> {
    ask: &'a Ask,
    inbox: &'a Inbox,
    outbox: &'a Outbox,
}

impl Order<'_> {
    fn say(&self, said: Said) {
        self.outbox.say(self.ask.id, said);
    }

    fn wanted(&self) -> Result<(), Ended> {
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
        let mut banned: Vec<_> = control.iter().copied().filter(|token| !vocab.is_eog(*token)).collect();
        // An answer is not a call. Models with a token for the beginning of a call would
        // sometimes write one all the same.
        if let [call] = vocab.tokenize(CALL_BEGIN.as_bytes(), false, true)[..] {
            banned.push(call);
        }
        Ok(Self {
            model,
            window,
            control_texts: control_texts.collect(),
            template,
            grammars: OnceCell::new(),
            banned,
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
        let talk = Talk {
            system: system.as_deref(),
            turns: &turns,
            tools: &ask.tools,
        };
        let prompt = self.prompt(talk)?;
        order.say(Said::Accepted);

        let mut usage = Usage::default();
        let cached = self.hold(order, &prompt)?;
        usage.cache_read_input_tokens = cached as u64;
        usage.input_tokens = (prompt.len() - cached) as u64;
        order.say(Said::Usage { usage });

        let room = self.window.room();
        let asked = ask.max_tokens.map_or(REPLY_TOKENS_DEFAULT, |tokens| tokens as usize);
        let mut left = asked.min(room);
        if !ask.tools.is_empty() && may_call(&ask.turns) && self.wants_to_call(order, talk, &prompt)? {
            let before = left;
            let call = self.write_call(order, &mut left)?;
            usage.output_tokens += (before - left) as u64;
            match call {
                Some(call) if !already_made(&ask.turns, &call) => {
                    let arguments = call.arguments.to_string();
                    order.say(Said::Call { name: call.name, arguments });
                    order.say(Said::Usage { usage });
                    return Ok(StopCause::ToolUse);
                }
                // The same call again, or one without end: it has to answer now.
                _ => self.hold(order, &prompt).map(drop)?,
            }
        }

        let before = left;
        let cause = self.write_answer(order, &mut left)?;
        usage.output_tokens += (before - left) as u64;
        order.say(Said::Usage { usage });
        Ok(cause)
    }

    /// The tokens of the prompt, or a fault if they leave no room for a reply.
    fn prompt(&self, talk: Talk<'_>) -> Result<Vec<LlamaToken>, ModelFault> {
        let size = self.window.size();
        let too_long = |length: String| {
            let text = format!(
                "the conversation is too long for this model: it has {length} tokens with instructions and tools, \
                 and the model holds {size}; begin a new session, or give it less to read"
            );
            ModelFault::new(FaultKind::Rejected, text)
        };
        let text = self.template.render(talk).map_err(|error| {
            ModelFault::new(FaultKind::Rejected, format!("the model's chat template refuses this conversation: {error}"))
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

    fn hold(&mut self, order: &Order<'_>, tokens: &[LlamaToken]) -> Result<usize, Ended> {
        let go_on = || {
            order.say(Said::Working);
            order.inbox.wants(order.ask.id)
        };
        self.window.hold(tokens, go_on)?.map_err(|Unwanted| Ended::Unwanted)
    }
}

/// How a call looks in the text of most small models.
const CALL_BEGIN: &str = "<tool_call>";

impl Desk<'_> {
    fn wants_to_call(&mut self, order: &Order<'_>, talk: Talk<'_>, prompt: &[LlamaToken]) -> Result<bool, Ended> {
        let variant = std::env::var("SORTIE_DECIDE").unwrap_or_default();
        let vocab = self.model.vocab();
        let one = |text: &str| vocab.tokenize(text.as_bytes(), false, true)[0];
        if variant == "logit" {
            let scores = self.window.scores();
            let call = scores[one(CALL_BEGIN).0 as usize];
            let brace = scores[one("{").0 as usize].max(scores[one("```").0 as usize]);
            let top = scores.iter().copied().fold(f32::MIN, f32::max);
            eprintln!("DECIDE call {:.2} brace {:.2} top {:.2}", call - top, brace - top, top);
            return Ok(call >= top - 0.01 || brace >= top - 0.01);
        }
        let names: Vec<_> = order.ask.tools.iter().map(|tool| format!("{} ({})", tool.name, tool.description)).collect();
        let question = std::env::var("SORTIE_QUESTION").unwrap_or_else(|_| "Does answering this need one of the functions? Answer yes or no.".into());
        let question = question.replace("{tools}", &names.join("; "));
        let mut turns = talk.turns.to_vec();
        let bare = variant.contains("bare");
        match turns.last_mut() {
            Some(Turn::User { text }) if !variant.contains("turn") => { text.push_str("\n\n"); text.push_str(&question); }
            _ => turns.push(Turn::User { text: question }),
        }
        let tools = if bare { &[][..] } else { talk.tools };
        let tokens = self.prompt(Talk { turns: &turns, tools, ..talk })?;
        self.hold(order, &tokens)?;
        let scores = self.window.scores();
        let best = |words: &[&str]| words.iter().map(|word| scores[one(word).0 as usize]).fold(f32::MIN, f32::max);
        let (yes, no) = (best(&["yes", "Yes", "YES"]), best(&["no", "No", "NO"]));
        let top = scores.iter().copied().fold(f32::MIN, f32::max);
        eprintln!("DECIDE margin {:.2} (top {:.2} yes {:.2})", yes - no, top, yes);
        self.hold(order, prompt)?;
        Ok(yes > no)
    }

    /// One call, forced into shape: first the name of an offered tool, then arguments that
    /// fit its schema. `None` when there was no room to finish it.
    fn write_call(&mut self, order: &Order<'_>, left: &mut usize) -> Result<Option<Call>, Ended> {
        let mut budget = CALL_TOKENS_MAX.min(*left);
        let given = budget;
        let call = self.write_call_within(order, &mut budget);
        *left -= given - budget;
        call
    }

    fn write_call_within(&mut self, order: &Order<'_>, budget: &mut usize) -> Result<Option<Call>, Ended> {
        let tools = &order.ask.tools;
        self.put(&format!("{CALL_BEGIN}\n{{\"name\": \""), budget)?;
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
            .or_else(|_| grammars.json(&serde_json::json!({"type": "object"})))
            .map_err(rejected)?;
        let arguments = self.write_forced(order, grammar, budget)?;
        Ok(arguments
            .and_then(|text| serde_json::from_str(&text).ok())
            .map(|arguments| Call { name, arguments }))
    }

    /// Puts words into the model's mouth.
    fn put(&mut self, text: &str, budget: &mut usize) -> Result<(), Ended> {
        let tokens = self.model.vocab().tokenize(text.as_bytes(), false, true);
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

    /// Writes the answer, free or under the schema, and tells every piece of it.
    fn write_answer(&mut self, order: &Order<'_>, left: &mut usize) -> Result<StopCause, Ended> {
        let mut grammar = match &order.ask.output_schema {
            Some(schema) => Some(self.grammars()?.json(schema).map_err(rejected)?),
            None => None,
        };
        let mut text = Utf8Joiner::default();
        let mut cause = StopCause::MaxTokens;
        while *left > 0 {
            order.wanted()?;
            let token = match &mut grammar {
                Some(grammar) => choice::among(self.window.scores(), &grammar.allowed()?),
                None => {
                    let newest = self.window.newest(choice::REPEAT_WINDOW);
                    choice::free(self.window.scores(), newest, &self.banned)
                }
            };
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

    fn piece(&self, token: LlamaToken) -> Vec<u8> {
        self.model.vocab().token_to_piece(token, false, None)
    }

    fn grammars(&self) -> Result<&Grammars, ModelFault> {
        if let Some(grammars) = self.grammars.get() {
            return Ok(grammars);
        }
        let made = Grammars::new(self.model)?;
        Ok(self.grammars.get_or_init(|| made))
    }

    fn plain_turn(&self, turn: &Turn) -> Turn {
        match turn {
            Turn::User { text } => Turn::User {
                text: self.as_plain_text(text),
            },
            Turn::Assistant { text, calls } => Turn::Assistant {
                text: self.as_plain_text(text),
                calls: calls.clone(),
            },
            Turn::Tool { name, text } => Turn::Tool {
                name: name.clone(),
                text: self.as_plain_text(text),
            },
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

fn rejected(why: String) -> Ended {
    let short: String = why.chars().take(300).collect();
    let text = format!("the local model cannot keep to this schema: {short}");
    Ended::Fault(ModelFault::new(FaultKind::Rejected, text))
}

#[expect(dead_code)]
fn unused(_: Value) {}
