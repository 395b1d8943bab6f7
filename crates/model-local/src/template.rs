//! The model's own chat template: a Jinja program inside the GGUF file that turns a
//! conversation into the text the model was trained on.
//!
//! The file may come from anyone, so the program runs without access to anything and with
//! bounded fuel.

use domain::model::ToolOffer;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde};
use minijinja::{Environment, Error, ErrorKind, Value, context};
use serde::Serialize;
use serde_json::json;
use serde_json::ser::Formatter;
use std::sync::Arc;

use crate::conversation::Turn;

/// Enough for a long conversation, and reached within a second by a loop without end.
const FUEL: u64 = 20_000_000;

/// What most small models speak, for a file without a template of its own.
const CHATML: &str = "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n\
                      {% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/// A chat template, ready to render.
#[derive(Debug)]
pub(crate) struct ChatTemplate {
    environment: Environment<'static>,
    bos: String,
    eos: String,
    /// Whether it has a place for tools. If not, they are described in the instructions.
    knows_tools: bool,
}

/// What a template is to render.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Talk<'a> {
    pub(crate) system: Option<&'a str>,
    pub(crate) turns: &'a [Turn],
    pub(crate) tools: &'a [Arc<ToolOffer>],
}

const NAME: &str = "chat";

impl ChatTemplate {
    /// Compiles the template; `None` stands for a file without one.
    pub(crate) fn new(source: Option<String>, bos: String, eos: String) -> Result<Self, Error> {
        let source = source.unwrap_or_else(|| CHATML.to_owned());
        let knows_tools = source.contains("tools");
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL));
        // What Hugging Face's own renderer sets, and templates are written for.
        environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", raise_exception);
        environment.add_filter("tojson", tojson);
        environment.add_template_owned(NAME, source)?;
        Ok(Self { environment, bos, eos, knows_tools })
    }

    /// The prompt: everything up to where the model's reply begins.
    pub(crate) fn render(&self, talk: Talk<'_>) -> Result<String, Error> {
        let system = self.system_text(talk);
        let messages = self.messages(talk.turns);
        let with_system = system.iter().map(|text| message("system", text)).chain(messages.clone());
        match self.render_messages(with_system.collect(), talk.tools) {
            Err(error) if error.kind() == ErrorKind::InvalidOperation && system.is_some() => {
                // Some templates know no system role and say so by an exception.
                let asked_first = system.iter().map(|text| message("user", text)).chain(messages);
                self.render_messages(merge_users(asked_first), talk.tools)
            }
            rendered => rendered,
        }
    }

    fn render_messages(&self, messages: Vec<serde_json::Value>, tools: &[Arc<ToolOffer>]) -> Result<String, Error> {
        let tools: Vec<_> = tools.iter().map(|tool| described(tool)).collect();
        let offered = (self.knows_tools && !tools.is_empty()).then_some(Serde(tools));
        self.environment.get_template(NAME)?.render(context! {
            messages => Value::from(Serde(messages)),
            tools => offered.map_or_else(|| Value::from(()), Value::from),
            bos_token => self.bos.as_str(),
            eos_token => self.eos.as_str(),
            add_generation_prompt => true,
        })
    }

    fn system_text(&self, talk: Talk<'_>) -> Option<String> {
        let own = talk.system.unwrap_or_default();
        if self.knows_tools || talk.tools.is_empty() {
            return (!own.is_empty()).then(|| own.to_owned());
        }
        let tools: Vec<_> = talk.tools.iter().map(|tool| described(tool).to_string()).collect();
        Some(format!(
            "{own}\n\nYou may call one of these functions:\n<tools>\n{}\n</tools>\n\nTo call one, reply only with\n\
             <tool_call>\n{{\"name\": <function-name>, \"arguments\": <args-json-object>}}\n</tool_call>",
            tools.join("\n")
        ))
    }

    fn messages(&self, turns: &[Turn]) -> Vec<serde_json::Value> {
        turns.iter().map(|turn| self.message(turn)).collect()
    }

    fn message(&self, turn: &Turn) -> serde_json::Value {
        match turn {
            Turn::User { text } => message("user", text),
            Turn::Assistant { text, calls } if calls.is_empty() => message("assistant", text),
            Turn::Assistant { text, calls } if self.knows_tools => {
                let calls: Vec<_> = calls
                    .iter()
                    .map(|call| json!({"type": "function", "function": {"name": call.name, "arguments": call.arguments}}))
                    .collect();
                json!({"role": "assistant", "content": text, "tool_calls": calls})
            }
            Turn::Assistant { text, calls } => {
                let calls = calls.iter().map(|call| {
                    let call = json!({"name": call.name, "arguments": call.arguments});
                    format!("<tool_call>\n{}\n</tool_call>", spaced(&call))
                });
                let parts: Vec<_> = [text.clone()].into_iter().filter(|text| !text.is_empty()).chain(calls).collect();
                message("assistant", &parts.join("\n"))
            }
            Turn::Tool { name, text } if self.knows_tools => json!({"role": "tool", "name": name, "content": text}),
            Turn::Tool { text, .. } => message("user", &format!("<tool_response>\n{text}\n</tool_response>")),
        }
    }
}

fn message(role: &str, content: &str) -> serde_json::Value {
    json!({"role": role, "content": content})
}

fn merge_users(messages: impl Iterator<Item = serde_json::Value>) -> Vec<serde_json::Value> {
    let mut merged: Vec<serde_json::Value> = Vec::new();
    for message in messages {
        match merged.last_mut() {
            Some(last) if last["role"] == "user" && message["role"] == "user" => {
                let both = [&last["content"], &message["content"]].map(|text| text.as_str().unwrap_or_default());
                last["content"] = both.join("\n\n").into();
            }
            _ => merged.push(message),
        }
    }
    merged
}

fn described(tool: &ToolOffer) -> serde_json::Value {
    json!({
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.input_schema,
        }
    })
}

fn raise_exception(message: String) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message))
}

/// As Python's `json.dumps`: with spaces, and without the escapes of HTML that minijinja's
/// own filter makes. Models have seen the former.
fn tojson(value: &Value, options: Kwargs) -> Result<Value, Error> {
    let indent: Option<usize> = options.get("indent")?;
    let json =
        serde_json::to_value(value).map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))?;
    let text = match indent {
        Some(_) => format!("{json:#}"),
        None => spaced(&json),
    };
    Ok(Value::from_safe_string(text))
}

/// JSON on one line with a space after each comma and colon.
pub(crate) fn spaced(json: &serde_json::Value) -> String {
    struct Spaced;
    impl Formatter for Spaced {
        fn begin_array_value<W: ?Sized + std::io::Write>(&mut self, out: &mut W, first: bool) -> std::io::Result<()> {
            if first { Ok(()) } else { out.write_all(b", ") }
        }
        fn begin_object_key<W: ?Sized + std::io::Write>(&mut self, out: &mut W, first: bool) -> std::io::Result<()> {
            if first { Ok(()) } else { out.write_all(b", ") }
        }
        fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, out: &mut W) -> std::io::Result<()> {
            out.write_all(b": ")
        }
    }
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, Spaced);
    // Writing a JSON value into memory cannot fail, and serde_json writes UTF-8.
    let written = json.serialize(&mut serializer).map(|()| String::from_utf8_lossy(&text).into_owned());
    written.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Call;

    /// The default model's own template, as its file has it.
    const QWEN: &str = include_str!("template/qwen2.5.jinja");
    /// One without a place for tools, as the smallest model's file has it.
    const SMOLLM: &str = include_str!("template/smollm2.jinja");

    fn template(source: &str) -> ChatTemplate {
        ChatTemplate::new(Some(source.to_owned()), "<s>".into(), "</s>".into()).unwrap()
    }

    fn user(text: &str) -> Turn {
        Turn::User { text: text.into() }
    }

    fn weather() -> Arc<ToolOffer> {
        Arc::new(ToolOffer {
            name: "weather".into(),
            description: "Today's <weather>".into(),
            input_schema: json!({"type": "object", "properties": {"city": {"type": "string"}}}),
        })
    }

    fn called_weather() -> Vec<Turn> {
        let call = Call { name: "weather".into(), arguments: json!({"city": "Köln"}) };
        vec![
            user("Weather in Köln?"),
            Turn::Assistant { text: String::new(), calls: vec![call] },
            Turn::Tool { name: "weather".into(), text: "rain".into() },
        ]
    }

    fn talk<'a>(system: Option<&'a str>, turns: &'a [Turn], tools: &'a [Arc<ToolOffer>]) -> Talk<'a> {
        Talk { system, turns, tools }
    }

    #[test]
    fn a_plain_talk_is_rendered_as_the_model_was_trained() {
        let turns = [user("Hi")];
        let expected =
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n";
        for source in [QWEN, SMOLLM, CHATML] {
            assert_eq!(template(source).render(talk(Some("Be brief."), &turns, &[])).unwrap(), expected);
        }
    }

    #[test]
    fn tools_go_where_the_template_has_a_place_for_them() {
        let text = template(QWEN).render(talk(None, &called_weather(), &[weather()])).unwrap();
        let offered = r#"{"type": "function", "function": {"name": "weather", "description": "Today's <weather>", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}"#;
        assert!(text.contains(offered), "{text}");
        let call = "<|im_start|>assistant\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Köln\"}}\n</tool_call><|im_end|>\n";
        assert!(text.contains(call), "{text}");
        assert!(text.contains("<|im_start|>user\n<tool_response>\nrain\n</tool_response><|im_end|>\n"), "{text}");
    }

    #[test]
    fn tools_go_into_the_instructions_where_there_is_no_place() {
        let text = template(SMOLLM).render(talk(Some("Be brief."), &called_weather(), &[weather()])).unwrap();
        assert!(text.starts_with("<|im_start|>system\nBe brief.\n\nYou may call"), "{text}");
        assert!(text.contains(r#""name":"weather""#) || text.contains(r#""name": "weather""#), "{text}");
        assert!(text.contains("\"arguments\": {\"city\": \"Köln\"}"), "{text}");
        assert!(text.contains("<|im_start|>user\n<tool_response>\nrain"), "{text}");
    }

    #[test]
    fn a_template_without_a_system_role_gets_it_from_the_user() {
        let source = "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}\
                      {{ m.role }}: {{ m.content }}|{% endfor %}";
        let text = template(source).render(talk(Some("Be brief."), &[user("Hi")], &[])).unwrap();
        assert_eq!(text, "user: Be brief.\n\nHi|");
    }

    #[test]
    fn a_hostile_template_ends() {
        let source = "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}";
        let error = template(source).render(talk(None, &[user("Hi")], &[])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfFuel);
        assert!(ChatTemplate::new(Some("{% for %}".into()), String::new(), String::new()).is_err());
    }

    #[test]
    fn python_methods_and_json_with_indent_work() {
        let source = "{{ messages[0].content.strip().split(',')[1] }}{{ {'a': 1} | tojson(indent=2) }}{{ bos_token }}";
        let text = template(source).render(talk(None, &[user(" a,b ")], &[])).unwrap();
        assert_eq!(text, "b{\n  \"a\": 1\n}<s>");
    }
}
