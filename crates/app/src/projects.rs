//! Projects, and the repositories whose rollouts are theirs.

use domain::audit::{Act, Action};
use domain::idempotency::Made;
use domain::key::Scope;
use domain::monitor::MonitorSpec;
use domain::org::{Project, RolloutSettings};
use domain::repository::Repository;
use domain::{Change, ChangeSet, ProjectId};
use ports::{CommitError, Refusal};

use crate::error::{Error, Faults, Missing};
use crate::orgs::{OrgPatch, is_name};
use crate::{App, Ctx, TRIES};

/// What of a project is to be another; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct ProjectPatch {
    /// Its name.
    pub name: Option<String>,
    /// Its repository; `Some(None)` is none.
    pub repository: Option<Option<Repository>>,
    /// How its rollouts are watched: its own monitor, which is made if it has none.
    pub monitor: Option<MonitorSpec>,
}

impl App {
    /// Makes a project.
    ///
    /// # Errors
    /// The scope is missing, the name is wrong, the repository is another project's, or the
    /// store failed.
    pub async fn create_project(
        &self,
        ctx: &Ctx,
        name: String,
        repository: Option<Repository>,
    ) -> Result<Project, Error> {
        ctx.require_whole(Scope::Admin)?;
        if let Some(Made::Project { project }) = ctx.made_before() {
            return self.find_project(ctx, *project).await;
        }
        check_name(&name)?;
        let project = Project { id: self.fresh(), number: 0, name, repository, version: 0, created_at: ctx.now };
        let act = described(Action::ProjectCreated, &project);
        let changes = ChangeSet::of([Change::InsertProject(project.clone())]).with(self.audited(ctx, act));
        let changes = ctx.making(|| Made::Project { project: project.id }).recording(changes);
        let committed = crate::commit_in_time(&*self.store(ctx.org), changes).await?;
        let committed = committed.ok_or_else(|| repository_taken(&project))?;
        Ok(Project { number: committed.numbers.first().copied().unwrap_or_default(), ..project })
    }

    /// Changes a project, and then how its rollouts are watched: two changes, of which the
    /// first stays if the second cannot be made.
    ///
    /// # Errors
    /// It is not there, the monitor breaks a rule (at `monitor`), or as
    /// [`App::create_project`].
    pub async fn update_project(&self, ctx: &Ctx, id: ProjectId, patch: ProjectPatch) -> Result<Project, Error> {
        ctx.require_whole(Scope::Admin)?;
        if let Some(monitor) = &patch.monitor
            && let Some((field, rule)) = self.monitor_fault(ctx, id, Some(id), monitor).await?
        {
            return Err(Error::invalid(format!("monitor.{field}"), rule));
        }
        let project = self.describe_project(ctx, id, &patch).await?;
        if let Some(monitor) = patch.monitor {
            self.watch_project(ctx, &project, monitor).await?;
        }
        Ok(project)
    }

    async fn describe_project(&self, ctx: &Ctx, id: ProjectId, patch: &ProjectPatch) -> Result<Project, Error> {
        for _ in 0..TRIES {
            let before = self.find_project(ctx, id).await?;
            let name = patch.name.clone().unwrap_or_else(|| before.name.clone());
            let repository = patch.repository.clone().unwrap_or_else(|| before.repository.clone());
            check_name(&name)?;
            let (next, changes) = before.update(name, repository);
            if changes.is_empty() {
                return Ok(next);
            }
            let recorded = self.audited(ctx, described(Action::ProjectUpdated, &next));
            if self.commit_project(ctx, &next, changes.with(recorded)).await? {
                return Ok(next);
            }
        }
        Err(Error::contended("project"))
    }

    /// Commits a change of a project and forgets what was known of it; `false` if somebody else
    /// was faster.
    async fn commit_project(&self, ctx: &Ctx, next: &Project, changes: ChangeSet) -> Result<bool, Error> {
        let (app, org, next) = (self.clone(), ctx.org, next.clone());
        self.to_the_end(async move {
            let committed = app.store(org).commit(changes).await;
            app.known().projects.forget(&(org, next.number));
            match committed {
                Ok(_) => Ok(true),
                Err(CommitError::Refused(Refusal::Exists)) => Err(repository_taken(&next)),
                Err(CommitError::Refused(_)) => Ok(false),
                Err(CommitError::Store(error)) => Err(error.into()),
            }
        })
        .await
    }

    /// Says what becomes of rollouts that are reported to the organization.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn set_rollout_settings(&self, ctx: &Ctx, settings: RolloutSettings) -> Result<(), Error> {
        self.update_org(ctx, OrgPatch { rollouts: Some(settings), ..OrgPatch::default() }).await.map(drop)
    }

    /// The projects that the caller reaches, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list_projects(&self, ctx: &Ctx) -> Result<Vec<Project>, Error> {
        let mut projects = self.store(ctx.org).list_projects().await?;
        projects.retain(|project| ctx.reaches(project.id));
        Ok(projects)
    }

    /// A project.
    ///
    /// # Errors
    /// It is not there, or the store failed.
    pub async fn find_project(&self, ctx: &Ctx, id: ProjectId) -> Result<Project, Error> {
        let found = self.store(ctx.org).find_project(id).await?;
        ctx.reach(found, |project| project.id, id)
    }

    /// A project by its number.
    ///
    /// # Errors
    /// It is not there; or it is the organization's but not the caller's, which is
    /// [`Error::Forbidden`]: numbers of one's own organization are no secret.
    pub async fn find_project_numbered(&self, ctx: &Ctx, number: u64) -> Result<Project, Error> {
        let load = async { self.store(ctx.org).find_project_numbered(number).await };
        let found = self.known().projects.find(&(ctx.org, number), load).await?;
        let project = found.ok_or_else(|| Error::NotFound(Missing::new("project", number)))?;
        if ctx.reaches(project.id) { Ok(project) } else { Err(Error::Forbidden { missing: None }) }
    }
}

/// What the audit log tells of a project. How it is watched may hold addresses that only those
/// who watch are to know.
fn described(action: Action, project: &Project) -> Act {
    let act = Act::new(action, project.id).with("name", project.name.clone());
    act.with_some("repository", project.repository.as_ref().map(ToString::to_string))
}

fn check_name(name: &str) -> Result<(), Error> {
    let mut faults = Faults::default();
    faults.check(is_name(name), "name", "must have 1 to 256 characters");
    faults.into_result()
}

fn repository_taken(project: &Project) -> Error {
    match &project.repository {
        Some(repository) => Error::Conflict(format!("another project has the repository {repository} already")),
        None => Error::contended("project"),
    }
}
