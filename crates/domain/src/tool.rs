//! Tools: what an agent can call, what a call may do to the world, and whether it may.

use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{ProjectId, ToolId};

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

/// Whether the agent may call a tool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Yes.
    #[default]
    Allow,
    /// A person is asked each time.
    Ask,
    /// No: the model is told so.
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
    /// Headers sent with each call.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
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
