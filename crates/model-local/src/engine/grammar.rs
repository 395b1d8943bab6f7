//! Forcing what the model writes into a shape: a JSON schema, or one of some words.

use domain::model::{FaultKind, ModelFault};
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llguidance::api::TopLevelGrammar;
use llguidance::toktrie::SimpleVob;
use llguidance::{JsonCompileOptions, Matcher, ParserFactory};
use serde_json::{Value, json};

/// Compiles grammars for one model's vocabulary.
pub(super) struct Grammars {
    factory: ParserFactory,
}

impl Grammars {
    /// Takes a moment: it reads the whole vocabulary.
    pub(super) fn new(model: &LlamaModel) -> Result<Self, ModelFault> {
        let tokens = LlamaSampler::llguidance_tok_env(model);

        let mut factory = ParserFactory::new_simple(&tokens)
            .map_err(|error| ModelFault::new(FaultKind::ServerError, format!("the vocabulary is unusable: {error}")))?;
        factory.quiet();
        // The defaults allow seconds and gigabytes; schemas come from strangers.
        let limits = factory.limits_mut();
        limits.max_grammar_size = 100_000;
        limits.max_lexer_states = 50_000;
        limits.verbose_errors = false;
        Ok(Self { factory })
    }

    /// JSON of this schema. Keywords that no grammar can express are left out of it; the
    /// caller checks the result.
    pub(super) fn json(&self, schema: &Value) -> Result<Grammar, String> {
        let mut schema = match schema {
            Value::Object(fields) => Value::Object(fields.clone()),
            Value::Bool(true) | Value::Null => json!({}),
            _ => return Err("it is not a JSON schema".to_owned()),
        };
        let options = JsonCompileOptions {
            // A model that may write spaces without end sometimes does.
            whitespace_flexible: false,
            key_separator: ": ".to_owned(),
            item_separator: ", ".to_owned(),
            lenient: true,
            ..JsonCompileOptions::default()
        };
        options.apply_to(&mut schema);
        self.compile(TopLevelGrammar::from_json_schema(schema))
    }

    /// Exactly one of these texts.
    pub(super) fn one_of(&self, texts: &[String]) -> Result<Grammar, String> {
        let quoted: Vec<_> = texts.iter().map(|text| Value::from(text.as_str()).to_string()).collect();
        self.compile(TopLevelGrammar::from_lark(format!("start: {}", quoted.join(" | "))))
    }

    fn compile(&self, grammar: TopLevelGrammar) -> Result<Grammar, String> {
        let parser = self.factory.create_parser(grammar).map_err(|error| error.to_string())?;
        Ok(Grammar { matcher: Matcher::new(Ok(parser)) })
    }
}

/// A text being written under a grammar.
pub(super) struct Grammar {
    matcher: Matcher,
}

impl Grammar {
    /// The tokens that may come next. An end-of-text token is among them when the text may
    /// end here.
    pub(super) fn allowed(&mut self) -> Result<SimpleVob, ModelFault> {
        self.matcher.compute_mask_or_eos().map_err(grammar_fault)
    }

    pub(super) fn take(&mut self, token: LlamaToken) -> Result<(), ModelFault> {
        self.matcher.consume_token(token.0.cast_unsigned()).map_err(grammar_fault)
    }

    /// Whether the text is whole and nothing can follow.
    pub(super) fn is_over(&self) -> bool {
        self.matcher.is_stopped()
    }
}

fn grammar_fault(error: impl std::fmt::Display) -> ModelFault {
    let short: String = error.to_string().chars().take(200).collect();
    ModelFault::new(FaultKind::Rejected, format!("the schema is too much for the local model: {short}"))
}
