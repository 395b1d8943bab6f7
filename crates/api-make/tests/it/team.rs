//! The fixtures of the acceptance cases: two teams of one organization, tokens, a scenario.

use std::sync::Arc;

use app::{CreateKey, HttpTool, KeyFormat};
use async_trait::async_trait;
use domain::ProjectId;
use domain::key::Scope;
use domain::model::{ModelFault, ModelInfo, ModelRequest};
use domain::tool::Effect;
use ports::{Model, ModelStream};
use serde_json::{Value, json};
use test_kit::{Caller, HouseBuilder, Reply, SseReader, TestHouse, ToolStub, says};

/// Where the thirteen operations live.
pub(crate) const BASE: &str = "/api/v2/ai-agents/v1";

const READ: [Scope; 1] = [Scope::AgentsRead];
const WRITE: [Scope; 3] = [Scope::AgentsWrite, Scope::AgentsRun, Scope::KnowledgeWrite];
const BOTH: [Scope; 4] = [Scope::AgentsRead, Scope::AgentsWrite, Scope::AgentsRun, Scope::KnowledgeWrite];

/// The house as the contract furnishes it.
pub(crate) struct Team {
    pub(crate) house: TestHouse,
    /// A token in UUID form with both scopes.
    pub(crate) t: Caller,
    /// The connection to the scripted model.
    pub(crate) connection: u64,
    project: ProjectId,
    second: ProjectId,
}

impl Team {
    /// A house with this script for a model.
    pub(crate) async fn with(script: impl IntoIterator<Item = test_kit::ModelReply>) -> Self {
        Self::of(TestHouse::new().model(script)).await
    }

    /// A house whose model says `ok` as often as it is asked.
    pub(crate) async fn quiet() -> Self {
        Self::of(TestHouse::new().answering(|_| says("ok"))).await
    }

    /// A house of this make.
    pub(crate) async fn of(house: HouseBuilder) -> Self {
        let house = house.start().await;
        let owner = house.owner_ctx().await;
        let second = house.app().create_project(&owner, "Second".to_owned(), None).await.expect("a second project").id;
        let project = house.app().find_project_numbered(&owner, 1).await.expect("the first project").id;
        let t = house.keyed(key(BOTH, None, KeyFormat::Uuid)).await;
        let t = t.clone().with_header("authorization", &format!("Token {}", t.key()));
        let providers = t.get(&format!("{BASE}/llm-providers?teamId=1")).await.ok();
        let scripted =
            providers.as_array().and_then(|all| all.iter().find(|provider| provider["accountName"] == "scripted"));
        let connection = scripted.and_then(|provider| provider["id"].as_u64()).expect("a provider named scripted");
        Self { house, t, connection, project, second }
    }

    /// A token that only reads.
    pub(crate) async fn r(&self) -> Caller {
        self.house.keyed(key(READ, None, KeyFormat::Sortie)).await
    }

    /// A token that only writes.
    pub(crate) async fn w(&self) -> Caller {
        self.house.keyed(key(WRITE, None, KeyFormat::Sortie)).await
    }

    /// A token with rights in team 2 only.
    pub(crate) async fn of_team_2(&self) -> Caller {
        self.house.keyed(key(BOTH, Some(self.second), KeyFormat::Sortie)).await
    }

    /// The five required fields of a new agent.
    pub(crate) fn five(&self) -> Value {
        json!({
            "name": "Ada",
            "teamId": 1,
            "makeConnectionId": self.connection,
            "defaultModel": "script",
            "systemPrompt": "Be brief.",
        })
    }

    /// The five, with these besides or instead.
    pub(crate) fn five_and(&self, fields: Value) -> Value {
        let (Value::Object(mut all), Value::Object(more)) = (self.five(), fields) else { panic!("objects") };
        all.extend(more);
        Value::Object(all)
    }

    /// Makes an agent with these fields besides the five; its id.
    pub(crate) async fn agent(&self, fields: Value) -> String {
        let created = self.t.post(&agents(), self.five_and(fields)).await.expect(201);
        created["agentId"].as_str().expect("an id").to_owned()
    }

    /// An agent in detail.
    pub(crate) async fn detail(&self, agent: &str) -> Value {
        self.t.get(&at(agent)).await.ok()
    }

    /// Runs an agent on one message with this config.
    pub(crate) async fn run(&self, agent: &str, text: &str, config: Value) -> Reply {
        self.run_with(agent, text, json!({ "config": config })).await
    }

    /// Runs an agent on one message with these fields in the request.
    pub(crate) async fn run_with(&self, agent: &str, text: &str, fields: Value) -> Reply {
        self.t.post(&run_path(agent), request(text, fields)).await
    }

    /// Streams a run of an agent on one message.
    pub(crate) async fn stream(&self, agent: &str, text: &str, fields: Value) -> SseReader {
        self.t.post_stream(&stream_path(agent), request(text, fields)).await
    }

    /// Makes a scenario of team 1 that POSTs its numbers to a stub; its number.
    pub(crate) async fn scenario(&self, name: &str, stub: &ToolStub) -> u64 {
        let tool = HttpTool {
            name: name.to_owned(),
            description: "Adds two numbers.".to_owned(),
            input_schema: json!({
                "type": "object",
                "properties": {"a": {"type": "integer", "title": "First"}, "b": {"type": "integer"}},
                "required": ["a"],
            }),
            method: "POST".to_owned(),
            url: stub.url("/add"),
            headers: Default::default(),
            timeout_ms: 5_000,
            effect: Effect::Read,
        };
        let owner = self.house.owner_ctx().await;
        self.house.app().create_tool(&owner, self.project, tool).await.expect("a tool").number
    }

    /// What the model was asked last.
    pub(crate) fn last_request(&self) -> ModelRequest {
        self.house.model_requests().pop().expect("the model was asked")
    }
}

/// The path of the agents of team 1.
pub(crate) fn agents() -> String {
    format!("{BASE}/agents?teamId=1")
}

/// The path of one agent of team 1.
pub(crate) fn at(agent: &str) -> String {
    format!("{BASE}/agents/{agent}?teamId=1")
}

/// The path that runs an agent of team 1.
pub(crate) fn run_path(agent: &str) -> String {
    format!("{BASE}/agents/{agent}/run?teamId=1")
}

/// The path that streams a run of an agent of team 1.
pub(crate) fn stream_path(agent: &str) -> String {
    format!("{BASE}/agents/{agent}/run/stream?teamId=1")
}

/// A run request with one message, an empty config, and these fields besides or instead.
pub(crate) fn request(text: &str, fields: Value) -> Value {
    let mut body = json!({ "messages": [{ "role": "user", "content": text }], "config": {} });
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    body
}

/// The roles of a result's steps.
pub(crate) fn roles(result: &Value) -> Vec<&str> {
    steps(result).iter().map(|step| step["role"].as_str().expect("a role")).collect()
}

/// A result's steps.
pub(crate) fn steps(result: &Value) -> &[Value] {
    result["executionSteps"].as_array().expect("steps")
}

/// The texts of a failure's suberrors.
pub(crate) fn suberrors(reply: &Reply) -> Vec<String> {
    let body = reply.expect(400);
    assert_eq!(body["code"], "SC400");
    let suberrors = body["suberrors"].as_array().cloned().unwrap_or_default();
    suberrors.iter().map(|suberror| suberror["message"].as_str().expect("a message").to_owned()).collect()
}

/// Checks that a request was refused for this one field.
#[track_caller]
pub(crate) fn refused_for(reply: &Reply, path: &str) {
    let named = suberrors(reply);
    assert!(named.len() == 1 && named[0].starts_with(path), "{path}: {reply}");
}

/// Checks a failure's status, code and the form of its envelope.
#[track_caller]
pub(crate) fn failed(reply: &Reply, status: u16) -> String {
    let body = reply.expect(status);
    assert_eq!(body["code"], json!(format!("SC{status}")), "{reply}");
    assert!(body["message"].is_string(), "{reply}");
    body["detail"].as_str().expect("a detail").to_owned()
}

fn key(scopes: impl IntoIterator<Item = Scope>, project: Option<ProjectId>, format: KeyFormat) -> CreateKey {
    CreateKey {
        name: "test".to_owned(),
        scopes: scopes.into_iter().collect(),
        project,
        expires_at: None,
        format,
        budget: None,
        member: None,
    }
}

/// A model that can write 4,096 tokens at once, and is never asked for any.
pub(crate) struct Terse;

impl Terse {
    /// The provider of this model.
    pub(crate) fn provider() -> Arc<dyn Model> {
        Arc::new(Terse)
    }
}

#[async_trait]
impl Model for Terse {
    async fn stream(&self, _request: ModelRequest) -> Result<ModelStream, ModelFault> {
        panic!("nobody asks this model");
    }

    async fn list(&self) -> Result<Vec<ModelInfo>, ModelFault> {
        let info = ModelInfo { model: "terse".to_owned(), context_tokens: Some(32_768), output_tokens: Some(4_096) };
        Ok(vec![info])
    }
}
