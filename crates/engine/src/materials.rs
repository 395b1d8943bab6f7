//! What a run works with: its tools, its instructions, its output schema, made ready once.

use std::sync::Arc;

use domain::agent::{AgentSpec, AgentTool};
use domain::citation::Source;
use domain::knowledge;
use domain::model::ToolOffer;
use domain::monitor::Remedy;
use domain::output::{BadSchema, Schema};
use domain::run::Run;
use domain::session::Origin;
use domain::tool::{CarriedTool, HttpTool, Permission, ResolvedTool, Runner, SignalTool, Toolset};
use domain::transcript::estimate;
use ports::OrgStore;
use ports::store::StoreError;
use uuid::Uuid;

use crate::Shared;
use crate::monitor::seen_from;
use crate::signals::answers::Asker;

/// The materials of one run.
pub(crate) struct Materials {
    pub(crate) spec: Arc<AgentSpec>,
    pub(crate) tools: Toolset,
    pub(crate) offers: Vec<Arc<ToolOffer>>,
    pub(crate) system: Option<String>,
    /// What an answer may cite.
    pub(crate) sources: Vec<Source>,
    pub(crate) output: Option<Schema>,
    /// Whose signals are read.
    pub(crate) asker: Asker,
    /// About how many tokens of the model's window the instructions and tools take.
    pub(crate) tokens: u64,
}

/// Why a run has no materials.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unready {
    /// The agent cannot be run as described.
    #[error("{0}")]
    Unrunnable(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Materials {
    pub(crate) async fn gather(
        shared: &Shared,
        store: &dyn OrgStore,
        run: &Run,
        spec: &Arc<AgentSpec>,
    ) -> Result<Self, Unready> {
        if let Some(remedy) = &run.remedy {
            return Self::of_remedy(store, run, remedy, spec).await;
        }
        let tools = toolset(store, run, spec).await?;
        let output = match &spec.output_schema {
            Some(schema) => Some(Schema::new(schema).map_err(|error| Unready::Unrunnable(error.to_string()))?),
            None => None,
        };
        let (offers, (system, sources)) = (tools.offers(), system(shared, store, run, spec).await?);
        let tokens = estimate::of_text(system.as_deref().unwrap_or_default())
            + offers.iter().map(|offer| estimate::of_offer(offer)).sum::<u64>()
            + spec.output_schema.as_deref().map_or(0, estimate::of_value);
        let asker = Asker { project: run.project, session: run.session };
        Ok(Self { offers, asker, tools, system, sources, output, tokens, spec: Arc::clone(spec) })
    }

    /// Of a run that makes one call and asks no model: its tool alone, if it is still there.
    async fn of_remedy(
        store: &dyn OrgStore,
        run: &Run,
        remedy: &Remedy,
        spec: &Arc<AgentSpec>,
    ) -> Result<Self, Unready> {
        let tool = store.find_tool(remedy.tool).await?.map(|tool| http(tool.id.0, tool.http, remedy.permission));
        let tool = tool.transpose().map_err(|error| Unready::Unrunnable(error.to_string()))?;
        Ok(Self {
            spec: Arc::clone(spec),
            tools: Toolset::of(tool),
            offers: Vec::new(),
            system: None,
            sources: Vec::new(),
            output: None,
            asker: Asker { project: run.project, session: run.session },
            tokens: 0,
        })
    }

    /// Who runs the tool of this name.
    pub(crate) fn runner(&self, name: &str) -> Option<&Runner> {
        self.tools.find(name).map(|tool| &tool.runner)
    }
}

/// The agent's tools. One that is gone from its project is left out: the model does not
/// hear of it. MCP connections and sandboxes are not served yet and offer nothing.
async fn toolset(store: &dyn OrgStore, run: &Run, spec: &AgentSpec) -> Result<Toolset, Unready> {
    let mut tools = Vec::with_capacity(spec.tools.len());
    for tool in &spec.tools {
        let resolved = match tool {
            AgentTool::Http { tool, permission } => http(run.agent.0, tool.clone(), *permission),
            AgentTool::Project { number, permission } => match store.find_tool_numbered(*number).await? {
                Some(tool) => http(tool.id.0, tool.http, *permission),
                None => continue,
            },
            AgentTool::Custom { name, description, input_schema } => {
                let offer = ToolOffer {
                    name: name.clone(),
                    description: description.clone(),
                    input_schema: input_schema.clone(),
                };
                ResolvedTool::new(offer, Runner::Client, Permission::Allow)
            }
            AgentTool::Signals { permission } => {
                if !seen_from(store, run.session, run.project).await?.1.spec.signals.is_empty() {
                    tools.extend(signals(*permission)?);
                }
                continue;
            }
            AgentTool::Mcp { .. } | AgentTool::Toolset { .. } => continue,
        };
        tools.push(resolved.map_err(unusable)?);
    }
    Ok(Toolset::of(tools))
}

fn unusable(error: BadSchema) -> Unready {
    Unready::Unrunnable(format!("a tool of the agent: {error}"))
}

fn signals(permission: Permission) -> Result<Vec<ResolvedTool>, Unready> {
    let resolved = |tool: SignalTool| ResolvedTool::new(tool.offer(), Runner::Signals(tool), permission);
    SignalTool::ALL.into_iter().map(resolved).collect::<Result<_, _>>().map_err(unusable)
}

/// A tool that the server calls; `row` is the agent or the project's tool that carries it.
fn http(row: Uuid, http: HttpTool, permission: Permission) -> Result<ResolvedTool, BadSchema> {
    let offer = ToolOffer {
        name: http.name.clone(),
        description: http.description.clone(),
        input_schema: http.input_schema.clone(),
    };
    ResolvedTool::new(offer, Runner::Http(Box::new(CarriedTool { row, http })), permission)
}

/// The instructions, and the documents that the agent reads behind them, which the answer may cite where
/// whoever asks is told of sources.
async fn system(
    shared: &Shared,
    store: &dyn OrgStore,
    run: &Run,
    spec: &AgentSpec,
) -> Result<(Option<String>, Vec<Source>), StoreError> {
    let mut sources = Vec::new();
    let mut documents = Vec::new();
    let mut bytes = 0;
    for document in store.list_documents_read_by(run.agent, shared.ports.clock.now()).await? {
        // What would be cut anyway is not read; the model still hears that it exists.
        let text = if bytes < knowledge::GIVEN_IN_FULL_BYTES {
            store.read_document(document.id).await?.unwrap_or_default()
        } else {
            " ".to_owned()
        };
        bytes += text.len();
        sources.push(Source { document: document.id, name: document.name.clone() });
        documents.push((document.name, text));
    }
    let texts = documents.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let reading = if run.origin == Origin::Cassidy {
        knowledge::citable(texts)
    } else {
        sources.clear();
        knowledge::reading(texts)
    };
    let system = match (&spec.instructions, reading) {
        (Some(instructions), Some(reading)) => Some(format!("{instructions}\n\n{reading}")),
        (Some(instructions), None) => Some(instructions.clone()),
        (None, reading) => reading,
    };
    Ok((system, sources))
}
