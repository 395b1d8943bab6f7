//! One organization's owner at work: what the tests do again and again, in one word each.

use std::time::Duration;

use app::{AgentChoice, App, CreateSession, Ctx, Error, EventFilter, FinishedRun, RunWatch, SentEvent, StartRun};
use domain::agent::{Agent, AgentSpec, AgentTool, ModelChoice, Overrides};
use domain::model::Block;
use domain::run::{Run, RunStatus};
use domain::session::{Origin, Session};
use domain::{AgentId, Event, EventBody, EventId, ProjectId, RunId, SessionId};
use indexmap::IndexMap;
use serde_json::json;
use test_kit::{HouseBuilder, TestHouse};

/// Far more than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Desk {
    pub(crate) house: TestHouse,
    pub(crate) ctx: Ctx,
    pub(crate) project: ProjectId,
}

impl Desk {
    pub(crate) async fn at(house: HouseBuilder) -> Self {
        let house = house.start().await;
        let ctx = house.owner_ctx().await;
        let project = house.app().list_projects(&ctx).await.expect("projects")[0].id;
        Self { house, ctx, project }
    }

    pub(crate) fn app(&self) -> &App {
        self.house.app()
    }

    pub(crate) async fn agent(&self) -> Agent {
        self.agent_with(spec()).await
    }

    pub(crate) async fn agent_with(&self, spec: AgentSpec) -> Agent {
        self.app().create_agent(&self.ctx, self.project, spec, vec![]).await.expect("an agent")
    }

    pub(crate) async fn session(&self, agent: AgentId) -> Session {
        self.app().create_session(&self.ctx, native(agent)).await.expect("a session")
    }

    pub(crate) fn start(&self, agent: AgentId, thread: Option<&str>, text: &str) -> StartRun {
        StartRun {
            project: self.project,
            agent,
            thread: thread.map(ToOwned::to_owned),
            inputs: vec![message(text)],
            overrides: Overrides::default(),
            origin: Origin::Make,
            callback: None,
        }
    }

    pub(crate) async fn run(&self, agent: AgentId, thread: Option<&str>, text: &str) -> RunWatch {
        self.app().start_run(&self.ctx, self.start(agent, thread, text)).await.expect("a run")
    }

    pub(crate) async fn send(&self, session: SessionId, events: Vec<EventBody>) -> Vec<SentEvent> {
        self.try_send(session, events).await.expect("sent")
    }

    pub(crate) async fn try_send(&self, session: SessionId, events: Vec<EventBody>) -> Result<Vec<SentEvent>, Error> {
        self.app().send_events(&self.ctx, session, events).await
    }

    pub(crate) async fn log(&self, session: SessionId) -> Vec<Event> {
        self.app().list_events(&self.ctx, session, EventFilter::default()).await.expect("the log")
    }

    pub(crate) async fn names(&self, session: SessionId) -> Vec<&'static str> {
        self.log(session).await.iter().map(|event| event.body.name()).collect()
    }

    /// The session once it is at rest and nothing waits in it.
    pub(crate) async fn at_rest(&self, id: SessionId) -> Session {
        let waits = async {
            loop {
                let runs = self.app().list_runs(&self.ctx, id).await.expect("its runs");
                if runs.iter().all(|run| run.status.is_over()) {
                    return self.app().find_session(&self.ctx, id).await.expect("the session");
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        within(waits).await
    }

    /// The run once it has this status.
    pub(crate) async fn run_is(&self, id: RunId, status: RunStatus) -> Run {
        let waits = async {
            loop {
                let run = self.app().find_run(&self.ctx, id).await.expect("the run");
                if run.status == status {
                    return run;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        within(waits).await
    }

    /// The first run of a session, once it waits for someone; and what for.
    pub(crate) async fn waiting(&self, session: SessionId) -> (Run, Vec<EventId>) {
        let runs = self.app().list_runs(&self.ctx, session).await.expect("runs");
        let run = self.run_is(runs[0].id, RunStatus::Waiting).await;
        let calls = run.waiting.iter().map(|waiting| waiting.tool_use).collect();
        (run, calls)
    }
}

pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("within thirty seconds")
}

pub(crate) async fn finished(watch: RunWatch) -> FinishedRun {
    within(watch.finished()).await.expect("the run's end")
}

pub(crate) fn spec() -> AgentSpec {
    let model = ModelChoice { id: "scripted/demo".into(), ..ModelChoice::default() };
    AgentSpec { name: "Ada".into(), model, ..AgentSpec::default() }
}

/// An agent whose client adds numbers for it.
pub(crate) fn adder() -> AgentSpec {
    let tool = AgentTool::Custom {
        name: "add".into(),
        description: "Adds.".into(),
        input_schema: json!({"type": "object", "properties": {"a": {"type": "integer"}}}),
    };
    AgentSpec { tools: vec![tool], ..spec() }
}

pub(crate) fn native(agent: AgentId) -> CreateSession {
    CreateSession {
        budget: None,
        project: None,
        agent: AgentChoice { id: agent, version: None, overrides: Overrides::default() },
        title: None,
        metadata: IndexMap::new(),
        origin: Origin::Native,
        purpose: None,
        thread: None,
        initial_events: vec![],
    }
}

pub(crate) fn message(text: &str) -> EventBody {
    EventBody::UserMessage { content: vec![Block::text(text)], dropped: false }
}

pub(crate) fn interrupt() -> EventBody {
    EventBody::UserInterrupt {}
}

pub(crate) fn result(call: EventId, text: &str) -> EventBody {
    EventBody::UserCustomToolResult { custom_tool_use_id: call, content: vec![Block::text(text)], is_error: false }
}

/// The `path` of each fault.
#[track_caller]
pub(crate) fn paths<T>(refused: Result<T, Error>) -> Vec<String> {
    match refused {
        Err(Error::Invalid(faults)) => faults.into_iter().map(|fault| fault.path).collect(),
        Err(other) => panic!("not invalid but {other}"),
        Ok(_) => panic!("accepted"),
    }
}

#[track_caller]
pub(crate) fn assert_gapless(events: &[Event]) {
    let seqs: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=events.len() as u64).collect::<Vec<_>>());
}
