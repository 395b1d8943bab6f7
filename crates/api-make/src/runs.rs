//! Runs: an agent answers messages, and the caller waits for the result or streams the steps.

mod callback;
mod request;
mod result;
mod stream;

use std::sync::Arc;

use app::{Ctx, Error, RunWatch, StartRun};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::session::Origin;
use domain::{AgentId, RunId};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Drain;

use self::callback::Callback;
pub use callback::{Callbacks, resume_callbacks};

use self::request::{RunRequest, effective_prompt, in_make_words};
use self::result::{Progress, RunResult};
use crate::Make;
use crate::agents::find_agent;
use crate::body::Body;
use crate::caller::{Id, Team, TeamQuery, Writing};
use crate::error::ApiError;
use crate::steps::Step;

/// The operations.
pub(crate) fn routes() -> OpenApiRouter<Make> {
    OpenApiRouter::new().routes(routes!(run_agent)).routes(routes!(stream_agent))
}

/// Run an agent
///
/// Answers when the run is over. With a thread, its earlier runs are shown to the model;
/// two runs on one thread wait for each other. A client that leaves does not stop the run.
#[utoipa::path(post, path = "/ai-agents/v1/agents/{agentId}/run", tag = "Agents",
    params(("agentId" = uuid::Uuid, Path, description = "The agent."), TeamQuery), request_body = RunRequest,
    responses((status = 200, description = "The result.", body = RunResult), crate::openapi::Failures)
)]
async fn run_agent(
    State(make): State<Make>,
    Id(id): Id<AgentId>,
    Writing(team): Writing,
    Body(request): Body<RunRequest>,
) -> Result<Json<RunResult>, ApiError> {
    let callback = request.callback_url(&make.app)?;
    let started = start(&make, &team, id, request, callback.clone()).await?;
    let iteration = started.watch.run.id;
    let result = match callback {
        // Nobody may be listening any more when the result is due at the other address.
        Some(url) => callback::deliver(&make, Callback { org: team.ctx.org, run: iteration, url }, started).await,
        None => started.finish(&make.shared.drain).await,
    };
    result.unwrap_or_else(|| Err(ApiError::stopping(iteration.0))).map(Json)
}

/// Stream an agent's run
///
/// Server-sent events: one `step` for each finished step, the system step first, then one
/// `result` without steps, then the end; or one `error`, then the end. A client that leaves
/// does not stop the run.
#[utoipa::path(post, path = "/ai-agents/v1/agents/{agentId}/run/stream", tag = "Agents",
    params(("agentId" = uuid::Uuid, Path, description = "The agent."), TeamQuery), request_body = RunRequest,
    responses(
        (status = 200, description = "The run's steps.", content_type = "text/event-stream", body = String),
        crate::openapi::Failures
    )
)]
async fn stream_agent(
    State(make): State<Make>,
    Id(id): Id<AgentId>,
    Writing(team): Writing,
    Body(request): Body<RunRequest>,
) -> Result<Response, ApiError> {
    let callback = request.callback_url(&make.app)?;
    let place = make.shared.limits.take_stream(team.ctx.org)?;
    let started = start(&make, &team, id, request, callback.clone()).await?;
    let run = started.watch.run.id;
    let callback = callback.map(|url| Callback { org: team.ctx.org, run, url });
    Ok(stream::respond(&make, started, callback, place))
}

/// A run that was accepted.
struct Started {
    watch: RunWatch,
    /// The system step, and what the next ones build on.
    system: Step,
    progress: Progress,
}

/// Starts a run as the request says.
async fn start(
    make: &Make,
    team: &Team,
    id: AgentId,
    request: RunRequest,
    callback: Option<String>,
) -> Result<Started, ApiError> {
    let agent = find_agent(make, team, id).await?;
    let prompt = effective_prompt(&agent.spec, &request, &local_time(make, &team.ctx).await?);
    let overrides = request.overrides(&agent.spec, prompt.clone());
    let output_schema = overrides.output_schema.clone().unwrap_or_else(|| agent.spec.output_schema.clone());
    let start = StartRun {
        project: team.project.id,
        agent: agent.id,
        thread: request.thread_id.clone(),
        inputs: request.inputs(),
        overrides,
        origin: Origin::Make,
        callback,
    };
    let watch = make.app.start_run(&team.ctx, start).await.map_err(|error| ApiError::of(error, in_make_words))?;
    Ok(Started::new(watch, prompt, output_schema))
}

async fn local_time(make: &Make, ctx: &Ctx) -> Result<String, ApiError> {
    make.app.local_time(ctx).await.map_err(ApiError::from)
}

impl Started {
    fn new(watch: RunWatch, prompt: String, output_schema: Option<Arc<Value>>) -> Self {
        let mut progress = Progress::of(&watch, output_schema);
        let system = progress.system(prompt);
        Self { watch, system, progress }
    }

    /// A run that an earlier process accepted, from its first event.
    async fn again(make: &Make, ctx: &Ctx, run: RunId) -> Result<Self, ApiError> {
        let watch = make.app.watch_run(ctx, run).await?;
        let agent = make.app.run_agent(ctx, &watch.run, &watch.session).await?;
        let overrides = &watch.run.overrides;
        let prompt = overrides.instructions.clone().flatten().unwrap_or_default();
        let output_schema = overrides.output_schema.clone().unwrap_or_else(|| agent.spec.output_schema.clone());
        Ok(Self::new(watch, prompt, output_schema))
    }

    /// Waits for the end and gives the result with all steps. `None` if the server stops and
    /// the run goes on after its restart: known as soon as no worker has the run any more,
    /// and assumed when the grace is over.
    async fn finish(self, drain: &Drain) -> Option<Result<RunResult, ApiError>> {
        drain.within_grace(self.unfold(drain)).await.flatten()
    }

    async fn unfold(self, drain: &Drain) -> Option<Result<RunResult, ApiError>> {
        let Started { mut watch, system, mut progress } = self;
        let mut steps = vec![system];
        while let Some(event) = watch.next_unless_left(drain.draining()).await {
            match event {
                Ok(event) => steps.extend(progress.take(&event)),
                Err(Error::Draining) => return None,
                Err(error) => return Some(Err(error.into())),
            }
        }
        steps.extend(progress.release());
        Some(progress.result(steps))
    }
}
