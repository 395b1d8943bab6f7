//! Tools: what an agent can call, what a call may do to the world, and whether it may.

pub mod definition;
mod signals;
mod url_template;

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::id::{OrgId, ProjectId, ToolId};
use crate::model::ToolOffer;
use crate::output::{BadSchema, Schema};
use crate::secret::{Place, Secret};

pub use signals::{ReadSignal, SignalTool};
pub use url_template::{UrlTemplate, argument_text};

/// What calling a tool does to the world; decides what happens to a call whose outcome
/// was lost in a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Changes nothing: called again.
    Read,
    /// May be repeated under the same `Idempotency-Key`: called again with it.
    Idempotent,
    /// Must not be repeated: a person decides.
    Unsafe,
}

/// Whether the agent may call a tool: the rule, as its owner set it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Yes.
    #[default]
    Allow,
    /// A person is asked each time.
    Ask,
    /// A judging model decides each time. There is none yet, so a person is asked.
    Auto,
    /// No: the model is told so.
    Deny,
}

impl Permission {
    /// What the rule comes to for a call that can be made.
    pub fn ruling(self) -> Ruling {
        match self {
            Permission::Allow => Ruling::Allow,
            Permission::Ask | Permission::Auto => Ruling::Ask,
            Permission::Deny => Ruling::Deny,
        }
    }
}

/// What a permission came to for one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// It is made.
    Allow,
    /// A person is asked.
    Ask,
    /// It is not made, by rule.
    Deny,
}

/// An HTTP call that the server makes for the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpTool {
    /// Name the model calls it by: 1–128 letters, digits, `_`, `-`.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// JSON Schema of the arguments, `type: object`.
    pub input_schema: Value,
    /// `GET`, `POST`, `PUT`, `PATCH`, `DELETE` or `HEAD`.
    pub method: String,
    /// Address; `{name}` stands for the argument of that name, percent-encoded. Arguments
    /// that no placeholder took go into the query (GET, HEAD, DELETE) or the JSON body.
    pub url: String,
    /// Headers sent with each call. Any may be a credential, so all are kept as secrets.
    #[serde(default)]
    pub headers: IndexMap<String, Secret>,
    /// How long one call may take, in milliseconds.
    pub timeout_ms: u64,
    /// What a call does to the world.
    pub effect: Effect,
}

impl HttpTool {
    /// The longest a call may take unless the tool says otherwise, in milliseconds.
    pub const DEFAULT_TIMEOUT_MS: u64 = 30_000;

    /// The effect of a method that says nothing more: GET and HEAD read, PUT and DELETE
    /// may be repeated, the rest may not. Source: RFC 9110, section 9.2.
    pub fn effect_of(method: &str) -> Effect {
        match method.to_ascii_uppercase().as_str() {
            "GET" | "HEAD" => Effect::Read,
            "PUT" | "DELETE" => Effect::Idempotent,
            _ => Effect::Unsafe,
        }
    }

    /// Whom it calls: scheme, host and port. Its secrets are sent to no other; empty if its
    /// address cannot be used.
    pub fn origin(&self) -> String {
        UrlTemplate::parse(&self.url).map(|template| template.origin()).unwrap_or_default()
    }

    /// How long one call may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

/// A tool kept by a project, to be named by its agents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// Its id.
    pub id: ToolId,
    /// Its number: from 1 in its organization, never reused. Given by the store on insert.
    pub number: u64,
    /// The project that owns it.
    pub project: ProjectId,
    /// What it calls.
    pub http: HttpTool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A tool that the server calls, and the row that carries it.
#[derive(Debug, Clone, PartialEq)]
pub struct CarriedTool {
    /// The row its secrets are sealed for.
    pub row: Uuid,
    /// What is called.
    pub http: HttpTool,
}

impl CarriedTool {
    /// The place of one of its headers' values.
    pub fn place<'a>(&self, org: OrgId, origin: &'a str, header: &'a str) -> Place<'a> {
        Place { org, row: self.row, origin, name: header }
    }
}

/// What came of a tool call.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolOutcome {
    /// The tool answered.
    Answered {
        /// The answer as the model reads it.
        content: String,
        /// Whether the tool itself reported failure (an HTTP status of 400 or more).
        is_error: bool,
    },
    /// It is certain that the tool was not reached (refused address, no connection):
    /// nothing happened.
    NotReached(String),
    /// The call was sent and no answer came: what happened is unknown.
    Unknown(String),
}

/// The tools of one run, resolved and ready to be judged and called.
#[derive(Debug, Default)]
pub struct Toolset {
    tools: Vec<ResolvedTool>,
}

/// A tool of a run.
#[derive(Debug)]
pub struct ResolvedTool {
    /// How the model is told of it.
    pub offer: Arc<ToolOffer>,
    /// Who runs it.
    pub runner: Runner,
    /// Whether it may be called.
    pub permission: Permission,
    schema: Schema,
}

/// Who runs a tool.
#[derive(Debug, Clone, PartialEq)]
pub enum Runner {
    /// The server, over HTTP.
    Http(Box<CarriedTool>),
    /// The server, which reads the signals of the project.
    Signals(SignalTool),
    /// The client.
    Client,
}

impl ResolvedTool {
    /// A tool made ready.
    ///
    /// # Errors
    /// [`BadSchema`] if the arguments' schema cannot be used.
    pub fn new(offer: ToolOffer, runner: Runner, permission: Permission) -> Result<Self, BadSchema> {
        let schema = Schema::new(&offer.input_schema)?;
        Ok(Self { offer: Arc::new(offer), runner, permission, schema })
    }

    /// The effect of calling it. What the client does is the client's affair: a result
    /// that never came is simply awaited again.
    pub fn effect(&self) -> Effect {
        match &self.runner {
            Runner::Http(tool) => tool.http.effect,
            Runner::Signals(_) => Effect::Read,
            Runner::Client => Effect::Idempotent,
        }
    }
}

/// A call that the model asked for, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedCall {
    /// The tool's name, as the model wrote it.
    pub name: String,
    /// The arguments; the model's own text if it was not JSON.
    pub input: Value,
    /// What is to become of the call.
    pub judgement: Judgement,
    /// The rule by which that was judged.
    pub permission: Permission,
    /// What the call does to the world.
    pub effect: Effect,
    /// Whether the client runs it.
    pub by_client: bool,
}

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It can be made, and this is whether it is.
    Valid(Ruling),
    /// It cannot be made; the model is told why.
    Invalid(String),
}

impl Toolset {
    /// These tools. Of two with one name the later wins.
    pub fn of(tools: impl IntoIterator<Item = ResolvedTool>) -> Self {
        let mut by_name: IndexMap<String, ResolvedTool> = IndexMap::new();
        for tool in tools {
            by_name.insert(tool.offer.name.clone(), tool);
        }
        Self { tools: by_name.into_values().collect() }
    }

    /// What the model is told.
    pub fn offers(&self) -> Vec<Arc<ToolOffer>> {
        self.tools
            .iter()
            .filter(|tool| tool.permission != Permission::Deny)
            .map(|tool| Arc::clone(&tool.offer))
            .collect()
    }

    /// The tool of this name.
    pub fn find(&self, name: &str) -> Option<&ResolvedTool> {
        self.tools.iter().find(|tool| tool.offer.name == name)
    }

    /// Judges a call as the model wrote it. The model is hostile input: name, arguments and
    /// permission are checked here, whatever it was told.
    pub fn judge(&self, name: &str, arguments: &str) -> JudgedCall {
        let parsed = match arguments.trim() {
            "" => Ok(Value::Object(serde_json::Map::new())),
            text => serde_json::from_str(text),
        };
        let Some(tool) = self.find(name) else {
            let known: Vec<&str> = self.tools.iter().map(|tool| tool.offer.name.as_str()).collect();
            let why = format!("there is no tool named {name:?}; the tools are: {}", known.join(", "));
            let input = parsed.unwrap_or_else(|_| Value::String(arguments.to_owned()));
            return JudgedCall::invalid(name, input, Effect::Read, why);
        };
        let input = match parsed {
            Ok(input) => input,
            Err(error) => {
                let why = format!("the arguments are not JSON: {error}");
                return JudgedCall::invalid(name, Value::String(arguments.to_owned()), tool.effect(), why);
            }
        };
        if let Err(why) = tool.schema.check(&input) {
            let why = format!("the arguments do not fit the tool's schema: {why}");
            return JudgedCall::invalid(name, input, tool.effect(), why);
        }
        let (permission, by_client) = (tool.permission, tool.runner == Runner::Client);
        let judgement = Judgement::Valid(permission.ruling());
        JudgedCall { name: name.to_owned(), input, judgement, permission, effect: tool.effect(), by_client }
    }
}

impl JudgedCall {
    fn invalid(name: &str, input: Value, effect: Effect, why: String) -> Self {
        let (judgement, permission) = (Judgement::Invalid(why), Permission::Allow);
        Self { name: name.to_owned(), input, judgement, permission, effect, by_client: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn toolset(permission: Permission) -> Toolset {
        let offer = ToolOffer {
            name: "add".into(),
            description: "adds".into(),
            input_schema: json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}),
        };
        Toolset::of([ResolvedTool::new(offer, Runner::Client, permission).unwrap()])
    }

    #[test]
    fn a_call_is_judged_by_name_arguments_and_permission() {
        let judge = |permission, name, arguments| toolset(permission).judge(name, arguments).judgement;
        for (permission, ruling) in [
            (Permission::Allow, Ruling::Allow),
            (Permission::Ask, Ruling::Ask),
            (Permission::Auto, Ruling::Ask),
            (Permission::Deny, Ruling::Deny),
        ] {
            assert_eq!(judge(permission, "add", r#"{"a": 1}"#), Judgement::Valid(ruling));
        }
        for (name, arguments, why) in [
            ("sub", "{}", "no tool named"),
            ("add", "{\"a\":", "not JSON"),
            ("add", "", "schema"),
            ("add", r#"{"a": "1"}"#, "/a"),
        ] {
            let Judgement::Invalid(text) = judge(Permission::Allow, name, arguments) else {
                panic!("{name} {arguments}")
            };
            assert!(text.contains(why), "{text}");
        }
    }

    #[test]
    fn a_denied_tool_is_not_offered() {
        assert!(toolset(Permission::Deny).offers().is_empty());
    }
}
