//! The HTTP tools that a project keeps for its agents.

use domain::idempotency::Made;
use domain::key::Scope;
use domain::tool::{CarriedTool, HttpTool, Tool};
use domain::{Change, ChangeSet, ProjectId, ToolId};

use crate::agents::only_reachable;
use crate::error::{Error, Faults, FieldError, Missing};
use crate::{App, Ctx};

impl App {
    /// Makes a tool. Its number is new.
    ///
    /// # Errors
    /// The description breaks a rule or its name is taken in the project, the project is
    /// not there, the scope is missing, or the store failed.
    pub async fn create_tool(&self, ctx: &Ctx, project: ProjectId, http: HttpTool) -> Result<Tool, Error> {
        ctx.require(Scope::AgentsWrite)?;
        if let Some(Made::Tool { tool }) = ctx.made_before() {
            return ctx.reach(self.store(ctx.org).find_tool(*tool).await?, |tool| tool.project, *tool);
        }
        let store = self.store(ctx.org);
        ctx.reach(store.find_project(project).await?, |project| project.id, project)?;
        let mut faults = Faults::default();
        let id: ToolId = self.fresh();
        let http = self.seal_headers(ctx.org, CarriedTool { row: id.0, http }, None, "", &mut faults)?;
        self.check_http_tool(&http, "", &mut faults);
        if store.list_tools(Some(project)).await?.iter().any(|tool| tool.http.name == http.name) {
            faults.push(FieldError::new("name", "is taken in this project").code("name_taken"));
        }
        faults.into_result()?;
        let tool = Tool { id, number: 0, project, http, created_at: ctx.now };
        let changes =
            ctx.making(|| Made::Tool { tool: id }).recording(ChangeSet::of([Change::InsertTool(tool.clone())]));
        let committed = crate::commit_in_time(&*store, changes).await?.ok_or_else(|| Error::contended("project"))?;
        Ok(Tool { number: committed.numbers.first().copied().unwrap_or_default(), ..tool })
    }

    /// A tool.
    ///
    /// # Errors
    /// It is not there, the scope is missing, or the store failed.
    pub async fn find_tool(&self, ctx: &Ctx, id: ToolId) -> Result<Tool, Error> {
        ctx.require(Scope::AgentsRead)?;
        ctx.reach(self.store(ctx.org).find_tool(id).await?, |tool| tool.project, id)
    }

    /// A tool by its number.
    ///
    /// # Errors
    /// As [`App::find_tool`].
    pub async fn find_tool_numbered(&self, ctx: &Ctx, number: u64) -> Result<Tool, Error> {
        ctx.require(Scope::AgentsRead)?;
        let found = self.store(ctx.org).find_tool_numbered(number).await?;
        ctx.reach(found, |tool| tool.project, Missing::new("tool", number))
    }

    /// The tools of a project, or of all that the caller reaches, oldest first.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn list_tools(&self, ctx: &Ctx, project: Option<ProjectId>) -> Result<Vec<Tool>, Error> {
        ctx.require(Scope::AgentsRead)?;
        let Some(project) = only_reachable(ctx, project) else { return Ok(Vec::new()) };
        Ok(self.store(ctx.org).list_tools(project).await?)
    }

    /// Removes a tool. Agents that name it go on without it.
    ///
    /// # Errors
    /// As [`App::find_tool`].
    pub async fn delete_tool(&self, ctx: &Ctx, id: ToolId) -> Result<(), Error> {
        ctx.require(Scope::AgentsWrite)?;
        let store = self.store(ctx.org);
        ctx.reach(store.find_tool(id).await?, |tool| tool.project, id)?;
        let changes = ChangeSet::of([Change::DeleteTool(id)]);
        crate::commit_in_time(&*store, changes).await?.map(|_| ()).ok_or_else(|| Error::not_found(id))
    }
}
