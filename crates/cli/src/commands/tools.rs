//! `sortie tools`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::ToolId;
use serde_json::{Map, Value, json};

use super::agents::json_file;
use crate::failure::{Code, Failure};
use crate::native::{Native, part};
use crate::output::{Output, cell};

#[derive(Debug, Subcommand)]
pub(crate) enum Tools {
    /// Make a tool: an HTTP call that the server makes when the model asks for it.
    Create(Create),
    /// List tools.
    List,
    /// Show a tool, with its id in every spelling.
    Show {
        /// Its id, number or name.
        tool: String,
    },
    /// Delete a tool. Agents that name it go on without it.
    Delete {
        /// Its id, number or name.
        tool: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The name that the model calls it by.
    name: String,
    /// What it does, for the model.
    #[arg(long, required_unless_present = "from")]
    description: Option<String>,
    /// The address. `{word}` stands for the argument of that name.
    #[arg(long, required_unless_present = "from")]
    url: Option<String>,
    /// GET, POST, PUT, PATCH, DELETE or HEAD.
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// A JSON file with the JSON schema of the arguments.
    #[arg(long, value_name = "FILE")]
    input_schema: Option<PathBuf>,
    /// A header sent with each call: `name: value`. May be given more than once.
    #[arg(long = "header", value_name = "HEADER", value_parser = header)]
    headers: Vec<(String, String)>,
    /// What a call does to the world: `read`, `idempotent` (may be repeated) or `unsafe`.
    /// Judged by the method if absent.
    #[arg(long, value_parser = ["read", "idempotent", "unsafe"])]
    effect: Option<String>,
    /// How long one call may take, in milliseconds.
    #[arg(long, value_name = "MS")]
    timeout_ms: Option<u64>,
    /// A JSON file with any of these fields, as `/v1` takes them; flags win over it.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

pub(super) async fn run(native: Native, tools: Tools, output: Output) -> Result<(), Failure> {
    match tools {
        Tools::Create(create) => {
            let made = native.post("tools", &Value::Object(create.fields()?)).await?;
            output.either(&made, || {
                format!("made: {} {:?}, number {}", cell(&made["id"]), cell(&made["name"]), made["number"])
            })
        }
        Tools::List => {
            let tools = native.list("tools", None).await?;
            if output.is_json() {
                return output.json(&tools);
            }
            let row = |tool: &Value| {
                ["number", "id", "name", "method", "url", "effect"].map(|name| cell(&tool[name])).to_vec()
            };
            output
                .table(&["number", "id", "name", "method", "url", "effect"], &tools.iter().map(row).collect::<Vec<_>>())
        }
        Tools::Show { tool } => show(find(&native, &tool).await?, output),
        Tools::Delete { tool } => {
            let found = find(&native, &tool).await?;
            let gone = native.delete(&format!("tools/{}", part(&cell(&found["id"])))).await?;
            output.either(&gone, || format!("deleted: {} {:?}", cell(&found["id"]), cell(&found["name"])))
        }
    }
}

impl Create {
    fn fields(self) -> Result<Map<String, Value>, Failure> {
        let mut fields = match self.from.as_deref().map(json_file).transpose()? {
            Some(Value::Object(fields)) => fields,
            Some(_) => return Err(Failure::usage("--from: must be a JSON object")),
            None => Map::new(),
        };
        fields.insert("type".to_owned(), "http".into());
        fields.insert("name".to_owned(), self.name.into());
        let texts =
            [("description", self.description), ("url", self.url), ("method", self.method), ("effect", self.effect)];
        fields.extend(texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))));
        fields.extend(self.timeout_ms.map(|timeout| ("timeout_ms".to_owned(), timeout.into())));
        if !self.headers.is_empty() {
            let headers = self.headers.into_iter().map(|(name, value)| (name, value.into()));
            fields.insert("headers".to_owned(), Value::Object(headers.collect()));
        }
        if let Some(path) = &self.input_schema {
            fields.insert("input_schema".to_owned(), json_file(path)?);
        }
        // A tool without arguments is a tool too.
        fields.entry("input_schema").or_insert_with(|| json!({ "type": "object", "properties": {} }));
        fields.entry("method").or_insert_with(|| "GET".into());
        Ok(fields)
    }
}

/// By id in any spelling, by number or by name.
async fn find(native: &Native, named: &str) -> Result<Value, Failure> {
    if named.parse::<ToolId>().is_ok() || named.parse::<u64>().is_ok() {
        return native.get(&format!("tools/{}", part(named))).await;
    }
    let mut found = native.list("tools", None).await?;
    found.retain(|tool| tool["name"] == named);
    match (found.pop(), found.is_empty()) {
        (Some(tool), true) => Ok(tool),
        (Some(_), false) => Err(Failure::usage(format!("several projects have a tool {named:?}: use its number"))),
        (None, _) => Err(Failure::new(Code::NotFound, format!("no tool is called {named:?}: see `sortie tools list`"))),
    }
}

fn show(mut tool: Value, output: Output) -> Result<(), Failure> {
    let id = tool["id"].as_str().and_then(|id| id.parse::<ToolId>().ok());
    let (uuid, compact) = (id.map(|id| id.0), id.map(|id| id.compact()));
    if output.is_json() {
        tool["uuid"] = json!(uuid);
        tool["compact"] = json!(compact);
        return output.json(&tool);
    }
    let uuid = uuid.map(|uuid| uuid.to_string()).unwrap_or_default();
    let names =
        ["id", "number", "name", "description", "method", "url", "headers", "effect", "timeout_ms", "input_schema"];
    let mut pairs: Vec<(&str, String)> = names.into_iter().map(|name| (name, cell(&tool[name]))).collect();
    pairs.splice(1..1, [("uuid", uuid), ("compact", compact.unwrap_or_default())]);
    output.line(&output.pairs(&pairs))
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("must be `name: value`")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}
