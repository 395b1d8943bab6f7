//! A deployment that does harm, watched by organization `one`, and the tool that takes it back.

use app::ProjectPatch;
use serde_json::{Value, json};
use test_kit::conversation::of_type;
use test_kit::{Caller, HouseBuilder, Reply, ToolAnswer, ToolStub};

use crate::monitor::{Metrics, once, session, updates};
use crate::two::Two;

/// The gaps of the usual schedule.
const GAPS: [u64; 4] = [10, 30, 60, 300];

pub(crate) struct Watched {
    pub(crate) two: Two,
    pub(crate) metrics: Metrics,
    pub(crate) stub: ToolStub,
    pub(crate) id: String,
    pub(crate) native: String,
    checks: usize,
}

impl Watched {
    /// A deployment, under this rollback policy, whose tool has these fields
    /// besides and answers so. The one signal is as before until it is said otherwise.
    pub(crate) async fn new(house: HouseBuilder, rollback: Value, tool: Value, answers: Vec<ToolAnswer>) -> Self {
        let fields = json!({ "status": "running", "github_run_id": 77, "commit_sha": "4f2c1e0",
            "event_metadata": { "environment": "production" } });
        Self::of(fields, house, rollback, tool, answers).await
    }

    /// As [`Watched::new`], of a deployment of which its pipeline has not said the commit.
    pub(crate) async fn unnamed(house: HouseBuilder, rollback: Value, tool: Value, answers: Vec<ToolAnswer>) -> Self {
        Self::of(json!({ "status": "running", "github_run_id": 77 }), house, rollback, tool, answers).await
    }

    async fn of(fields: Value, house: HouseBuilder, rollback: Value, tool: Value, answers: Vec<ToolAnswer>) -> Self {
        // Whoever waits asks often.
        let two = Two::of(house.web(|web| web.cased_per_minute = 0)).await;
        let (metrics, stub) = (Metrics::start(100.0, 60).await, ToolStub::start(answers).await);
        metrics.shows(100.0);
        two.one.post("/v1/tools", rollback_tool(&stub, tool)).await.ok();
        set(&two, json!({ "signals": [metrics.signal(json!({}))], "rollback": rollback })).await.unwrap();
        let id = two.deploy(fields).await["session_id"].as_str().unwrap().to_owned();
        let native = session(&two, &id).await["native_id"].as_str().unwrap().to_owned();
        Self { two, metrics, stub, id, native, checks: 0 }
    }

    /// The pipeline of a deployment that was begun unnamed says its commit.
    pub(crate) async fn is_named(&self) {
        let named = json!({ "status": "running", "github_run_id": 77, "commit_sha": "abc1234" });
        assert_eq!(self.two.deploy(named).await["session_id"], self.id.as_str(), "the same rollout");
    }

    /// The deployment fails, and is begun again.
    pub(crate) async fn is_begun_again(&self) {
        for status in ["failure", "running"] {
            let report = json!({ "status": status, "github_run_id": 77, "commit_sha": "4f2c1e0",
                "event_metadata": { "environment": "production" } });
            assert_eq!(self.two.deploy(report).await["session_id"], self.id.as_str(), "the same rollout");
        }
    }

    /// The next check shows this number, beside 100 before; the session then.
    pub(crate) async fn check(&mut self, value: f64) -> Value {
        self.metrics.shows(value);
        self.two.pass(*GAPS.get(self.checks).unwrap_or(&300));
        self.checks += 1;
        let checks = self.checks;
        self.once(|session| updates(session).len() == checks).await
    }

    /// The session once it is as it must be.
    pub(crate) async fn once(&self, is: impl Fn(&Value) -> bool) -> Value {
        once(&self.two, &self.id, is).await
    }

    /// The session once it has this status.
    pub(crate) async fn is(&self, status: &str) -> Value {
        self.once(|session| session["session_status"] == status).await
    }

    /// The call that waits, once one does.
    pub(crate) async fn proposed(&self) -> String {
        self.is("pending_user_input").await;
        let events = self.events().await;
        of_type(&events, "agent.tool_use").last().unwrap()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn decide(&self, caller: &Caller, call: &str, verdict: Value) -> Reply {
        let mut event = json!({ "type": "user.tool_confirmation", "tool_use_id": call });
        event.as_object_mut().unwrap().extend(verdict.as_object().unwrap().clone());
        caller.send_events(&self.native, json!([event])).await
    }

    /// The log, as the native API tells it.
    pub(crate) async fn events(&self) -> Vec<Value> {
        self.two.one.events(&self.native).await
    }

    /// What became of rollbacks, one word each.
    pub(crate) async fn steps(&self) -> Vec<String> {
        let events = self.events().await;
        let steps = of_type(&events, "monitor.rollback").into_iter();
        steps.map(|event| event["step"].as_str().unwrap().to_owned()).collect()
    }

    /// Everything crashes and starts again.
    pub(crate) async fn restart(&mut self) {
        self.two.house.restart().await;
        self.two.one = self.two.house.owner();
    }
}

/// `propose`, of the tool of these tests, with these fields besides or instead.
pub(crate) fn rollback(fields: Value) -> Value {
    let input = json!({ "to": "{commit}", "why": "run {run_id} in {environment}" });
    let mut rollback = json!({ "policy": "propose", "tool": "rollback", "input": input });
    rollback.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    rollback
}

fn rollback_tool(stub: &ToolStub, fields: Value) -> Value {
    let text = json!({ "type": ["string", "null"] });
    let schema = json!({ "type": "object", "required": ["to"], "additionalProperties": false,
        "properties": { "to": text, "why": text } });
    let mut tool = json!({ "type": "http", "name": "rollback", "description": "Takes a rollout back.",
        "method": "POST", "url": stub.url("/rollback"), "input_schema": schema });
    tool.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    tool
}

/// How the project of organization `one` is watched from now on.
pub(crate) async fn set(two: &Two, monitor: Value) -> Result<(), app::Error> {
    let (app, ctx) = (two.house.app(), two.house.owner_ctx().await);
    let project = app.list_projects(&ctx).await.unwrap()[0].id;
    let monitor = Some(serde_json::from_value(monitor).unwrap());
    app.update_project(&ctx, project, ProjectPatch { monitor, ..ProjectPatch::default() }).await.map(drop)
}

/// Whether one of these entries says this.
pub(crate) fn says_in(entries: &Value, key: &str, text: &str) -> bool {
    let entries = entries.as_array().unwrap();
    entries.iter().any(|entry| entry.get(key).unwrap_or(entry).as_str().unwrap().contains(text))
}
