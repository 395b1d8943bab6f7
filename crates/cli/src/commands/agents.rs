//! `sortie agents`.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::{AgentId, MemberId};
use serde_json::{Map, Value, json};

use super::shown_time;
use crate::failure::{Code, Failure};
use crate::native::{Native, part};
use crate::output::{Output, cell};

#[derive(Debug, Subcommand)]
pub(crate) enum Agents {
    /// List agents.
    List {
        /// Archived ones too.
        #[arg(long)]
        archived: bool,
    },
    /// Show an agent, with its id in every spelling.
    Show {
        /// Its id or name.
        agent: String,
        /// At this version; the newest if absent.
        #[arg(long)]
        at: Option<u32>,
    },
    /// Make an agent.
    Create {
        /// Its name.
        name: String,
        #[command(flatten)]
        description: Description,
    },
    /// Change an agent: what is given replaces what was, and makes the next version.
    Update {
        /// Its id or name.
        agent: String,
        /// Another name.
        #[arg(long)]
        name: Option<String>,
        /// Refuse if the agent is not at this version any more.
        #[arg(long, value_name = "VERSION")]
        expect: Option<u32>,
        #[command(flatten)]
        description: Description,
    },
    /// Open an agent to some people alone, or to everybody again. Whoever made it, owners and
    /// admins can always use it.
    Share {
        /// Its id or name.
        agent: String,
        /// The people, by their ids, separated by commas: see `sortie members list`.
        #[arg(long, value_name = "MEMBERS", value_delimiter = ',', required_unless_present = "everybody")]
        with: Vec<MemberId>,
        /// Everybody in the organization.
        #[arg(long, conflicts_with = "with")]
        everybody: bool,
    },
    /// Archive an agent: sessions that are there go on, new ones are refused.
    Archive {
        /// Its id or name.
        agent: String,
    },
}

/// What an agent is.
#[derive(Debug, Args)]
pub(crate) struct Description {
    /// The model, as `provider/model`: `local/default`, `openai/gpt-5`.
    #[arg(long)]
    model: Option<String>,
    /// A model that stands in when the one before does not serve; may be given up to three
    /// times.
    #[arg(long = "fallback", value_name = "MODEL", requires = "model")]
    fallbacks: Vec<String>,
    /// Its instructions; `@FILE` reads them from a file.
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// What it is for, for people.
    #[arg(long = "description", value_name = "TEXT")]
    about: Option<String>,
    /// A JSON file with the tools, as `/v1` takes them.
    #[arg(long, value_name = "FILE")]
    tools: Option<PathBuf>,
    /// A JSON file with any fields that `/v1` takes; flags win over it.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

impl Description {
    fn fields(self) -> Result<Map<String, Value>, Failure> {
        let mut fields = match self.from {
            Some(path) => match json_file(&path)? {
                Value::Object(fields) => fields,
                _ => return Err(Failure::usage(format!("{}: must be a JSON object", path.display()))),
            },
            None => Map::new(),
        };
        let texts =
            [("model", self.model), ("description", self.about), ("system", self.system.map(read).transpose()?)];
        for (name, text) in texts {
            if let Some(text) = text {
                fields.insert(name.to_owned(), text.into());
            }
        }
        if let (false, Some(model)) = (self.fallbacks.is_empty(), fields.get_mut("model")) {
            *model = json!({ "id": model.take(), "fallbacks": self.fallbacks });
        }
        if let Some(path) = self.tools {
            fields.insert("tools".to_owned(), json_file(&path)?);
        }
        Ok(fields)
    }
}

pub(super) async fn run(native: Native, agents: Agents, output: Output) -> Result<(), Failure> {
    match agents {
        Agents::List { archived } => {
            let agents = native.list(&format!("agents?include_archived={archived}"), None).await?;
            if output.is_json() {
                return output.json(&agents);
            }
            let projects = project_names(&native).await;
            let headings = ["id", "name", "project", "model", "version", "changed"];
            output.table(&headings, &agents.iter().map(|agent| row(agent, &projects)).collect::<Vec<_>>())
        }
        Agents::Show { agent, at } => {
            let found = find_agent(&native, &agent).await?;
            let agent = match at {
                Some(version) => native.get(&format!("{}?version={version}", path_of(&found))).await?,
                None => found,
            };
            match output.is_json() {
                true => output.json(&with_spellings(agent)),
                false => {
                    let project = project_name(&native, &agent).await;
                    show(&agent, project, output)
                }
            }
        }
        Agents::Create { name, description } => {
            let mut fields = description.fields()?;
            fields.insert("name".to_owned(), name.into());
            done(&native.post("agents", &Value::Object(fields)).await?, "made", output)
        }
        Agents::Update { agent, name, expect, description } => {
            let found = find_agent(&native, &agent).await?;
            let mut fields = description.fields()?;
            fields.extend(name.map(|name| ("name".to_owned(), name.into())));
            fields.extend(expect.map(|version| ("version".to_owned(), version.into())));
            if fields.is_empty() {
                return Err(Failure::usage("nothing to change was given: see `sortie agents update --help`"));
            }
            done(&native.post(&path_of(&found), &Value::Object(fields)).await?, "changed", output)
        }
        Agents::Share { agent, with, everybody } => {
            let found = find_agent(&native, &agent).await?;
            let body = json!({ "members": (!everybody).then_some(with) });
            let shared = native.post(&format!("{}/access", path_of(&found)), &body).await?;
            let open_to = if everybody { "open to everybody" } else { "open to those who were named" };
            done(&shared, open_to, output)
        }
        Agents::Archive { agent } => {
            let found = find_agent(&native, &agent).await?;
            done(&native.post(&format!("{}/archive", path_of(&found)), &json!({})).await?, "archived", output)
        }
    }
}

/// The agent of this id, in any spelling, or of this name.
pub(super) async fn find_agent(native: &Native, named: &str) -> Result<Value, Failure> {
    if named.parse::<AgentId>().is_ok() {
        return native.get(&format!("agents/{}", part(named))).await;
    }
    let mut found = native.list("agents", None).await?;
    found.retain(|agent| agent["name"] == named);
    match (found.pop(), found.is_empty()) {
        (Some(agent), true) => Ok(agent),
        (Some(_), false) => Err(Failure::usage(format!("several agents are called {named:?}: use the id"))),
        (None, _) => {
            Err(Failure::new(Code::NotFound, format!("no agent is called {named:?}: see `sortie agents list`")))
        }
    }
}

fn path_of(agent: &Value) -> String {
    format!("agents/{}", part(agent["id"].as_str().unwrap_or_default()))
}

/// What projects are called, by their ids. Whoever may not read them sees the ids.
async fn project_names(native: &Native) -> HashMap<String, String> {
    let projects = native.list("projects", None).await.unwrap_or_default();
    projects.iter().map(|project| (cell(&project["id"]), cell(&project["name"]))).collect()
}

/// What the project of an agent is called; its id for whoever may not read it.
async fn project_name(native: &Native, agent: &Value) -> String {
    let id = cell(&agent["project_id"]);
    let found = native.get(&format!("projects/{}", part(&id))).await;
    found.map_or(id, |project| cell(&project["name"]))
}

fn row(agent: &Value, projects: &HashMap<String, String>) -> Vec<String> {
    let version = match agent["archived_at"].is_null() {
        true => cell(&agent["version"]),
        false => format!("{} archived", cell(&agent["version"])),
    };
    let changed = shown_time(&agent["updated_at"]);
    let project = cell(&agent["project_id"]);
    let project = projects.get(&project).cloned().unwrap_or(project);
    vec![cell(&agent["id"]), cell(&agent["name"]), project, cell(&agent["model"]["id"]), version, changed]
}

/// The other spellings of an agent's id.
fn spellings(agent: &Value) -> (Option<String>, Option<String>) {
    let id = agent["id"].as_str().and_then(|id| id.parse::<AgentId>().ok());
    (id.map(|id| id.0.to_string()), id.map(|id| id.compact()))
}

fn with_spellings(mut agent: Value) -> Value {
    let (uuid, compact) = spellings(&agent);
    agent["uuid"] = json!(uuid);
    agent["compact"] = json!(compact);
    agent
}

fn show(agent: &Value, project: String, output: Output) -> Result<(), Failure> {
    let (uuid, compact) = spellings(agent);
    let tools = agent["tools"].as_array().map(Vec::as_slice).unwrap_or_default();
    let tools: Vec<String> =
        tools.iter().map(|tool| format!("{} {}", cell(&tool["type"]), cell(&tool["name"]))).collect();
    let fallbacks = agent["model"]["fallbacks"].as_array().map(Vec::as_slice).unwrap_or_default();
    let fallbacks: Vec<String> = fallbacks.iter().map(cell).collect();
    let pairs = [
        ("id", cell(&agent["id"])),
        ("uuid", uuid.unwrap_or_default()),
        ("compact", compact.unwrap_or_default()),
        ("name", cell(&agent["name"])),
        ("project", project),
        ("version", cell(&agent["version"])),
        ("model", cell(&agent["model"]["id"])),
        ("stands in", fallbacks.join("\n")),
        ("description", cell(&agent["description"])),
        ("instructions", cell(&agent["system"])),
        ("tools", tools.join("\n")),
        ("made", shown_time(&agent["created_at"])),
        ("changed", shown_time(&agent["updated_at"])),
        ("archived", shown_time(&agent["archived_at"])),
    ];
    let known: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    output.line(&output.pairs(&known))
}

fn done(agent: &Value, what: &str, output: Output) -> Result<(), Failure> {
    let (id, name, version) = (cell(&agent["id"]), cell(&agent["name"]), cell(&agent["version"]));
    output.either(agent, || format!("{what}: {id} {name:?}, version {version}"))
}

/// A text, or the file that `@FILE` names.
fn read(text: String) -> Result<String, Failure> {
    match text.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path).map_err(|error| Failure::usage(format!("{path}: {error}"))),
        None => Ok(text),
    }
}

/// What a JSON file holds.
pub(super) fn json_file(path: &std::path::Path) -> Result<Value, Failure> {
    let unusable = |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| unusable(&error))?;
    serde_json::from_str(&text).map_err(|error| unusable(&error))
}
