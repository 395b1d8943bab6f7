//! Rollouts: reported by pipelines, and watched from the commit on that takes the first report.

use std::hash::{DefaultHasher, Hash, Hasher};

use domain::agent::Agent;
use domain::alias::AliasRange;
use domain::audit::{Act, Action};
use domain::deployment::Deployment;
use domain::idempotency::Made;
use domain::key::Scope;
use domain::monitor::Watch;
use domain::org::Project;
use domain::repository::Repository;
use domain::rollout::{METADATA_BYTES_MAX, NewRollout, Report, Rollout, SAME_FOR, Source, same_commit};
use domain::session::{Origin, Purpose, Session, SessionAgent};
use domain::{Change, ChangeSet, Guard, RolloutId};
use ports::store::RolloutFilter;
use tokio::sync::Mutex;

use crate::agents::only_reachable;
use crate::error::{Error, Missing};
use crate::{App, Ctx, TRIES};

/// Characters of a session's title that are taken from what is rolled out.
const TITLE_CHARS: usize = 200;

/// Reports of one source take turns, so that those which come at once wait for each other
/// instead of deciding again and again. Whatever comes from elsewhere meets the store's guards.
#[derive(Default)]
pub(crate) struct ReportTurns([Mutex<()>; 32]);

impl ReportTurns {
    fn of(&self, source: &Source) -> &Mutex<()> {
        let mut hasher = DefaultHasher::new();
        source.name.hash(&mut hasher);
        &self.0[hasher.finish() as usize % self.0.len()]
    }
}

/// A report as it comes.
#[derive(Debug, Clone)]
pub struct ReportRollout {
    /// The repository that is rolled out; may be absent where there is one project only.
    pub repository: Option<Repository>,
    /// What is said of it.
    pub report: Report,
}

/// A rollout and its project.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportedRollout {
    /// The rollout.
    pub rollout: Rollout,
    /// What is rolled out.
    pub project: Project,
}

impl App {
    /// Takes a report: of a rollout that is known, which moves on, or of a new one, which is
    /// watched from now on. Everything is one commit.
    ///
    /// # Errors
    /// The repository (at `repository`) leads to no project, the metadata is too large, the
    /// scope is missing, or the store failed.
    pub async fn report_rollout(&self, ctx: &Ctx, report: ReportRollout) -> Result<ReportedRollout, Error> {
        ctx.require(Scope::RolloutsWrite)?;
        if let Some(Made::Rollout { rollout }) = ctx.made_before() {
            return self.known_rollout(ctx, *rollout).await;
        }
        check_metadata(&report.report)?;
        let (app, ctx) = (self.clone(), ctx.clone());
        self.to_the_end(async move { app.take_report(&ctx, report).await }).await
    }

    /// A rollout, by its id or by the beginning of its random name.
    ///
    /// # Errors
    /// None, or more than one, is called so; the scope is missing; or the store failed.
    pub async fn find_rollout(&self, ctx: &Ctx, name: &str) -> Result<ReportedRollout, Error> {
        ctx.require(Scope::RolloutsRead)?;
        let rollout = self.named_rollout(ctx, name).await?;
        self.with_project(ctx, rollout).await
    }

    /// As [`App::find_rollout`], whatever the caller wants with it.
    pub(crate) async fn named_rollout(&self, ctx: &Ctx, name: &str) -> Result<Rollout, Error> {
        let store = self.store(ctx.org);
        let mut named = match AliasRange::beginning_with(name) {
            Some(range) => store.list_rollouts_named(range).await?,
            None => Vec::new(),
        };
        named.retain(|rollout| ctx.reaches(rollout.project));
        let rollout = match (named.pop(), named.is_empty(), name.parse::<RolloutId>()) {
            (Some(only), true, _) => Some(only),
            (None, _, Ok(id)) => store.find_rollout(id).await?,
            _ => None,
        };
        ctx.reach(rollout, |rollout| rollout.project, Missing::new("rollout", name))
    }

    /// Rollouts, newest first, and how many there are in all.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn list_rollouts(&self, ctx: &Ctx, filter: RolloutFilter) -> Result<(u64, Vec<ReportedRollout>), Error> {
        ctx.require(Scope::RolloutsRead)?;
        let Some(project) = only_reachable(ctx, filter.project) else { return Ok((0, Vec::new())) };
        let filter = RolloutFilter { project, ..filter };
        let count = self.store(ctx.org).count_rollouts(filter.clone()).await?;
        Ok((count, self.page_rollouts(ctx, filter).await?))
    }

    /// Rollouts, newest first.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn page_rollouts(&self, ctx: &Ctx, filter: RolloutFilter) -> Result<Vec<ReportedRollout>, Error> {
        ctx.require(Scope::RolloutsRead)?;
        let Some(project) = only_reachable(ctx, filter.project) else { return Ok(Vec::new()) };
        let store = self.store(ctx.org);
        let rollouts = store.list_rollouts(RolloutFilter { project, ..filter }).await?;
        let projects = store.list_projects().await?;
        let known = rollouts.into_iter().filter_map(|rollout| {
            let project = projects.iter().find(|project| project.id == rollout.project)?.clone();
            Some(ReportedRollout { rollout, project })
        });
        Ok(known.collect())
    }

    /// The project of a repository, if the caller reaches it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find_project_of(&self, ctx: &Ctx, repository: &Repository) -> Result<Option<Project>, Error> {
        let found = self.store(ctx.org).find_project_of(repository).await?;
        Ok(found.filter(|project| ctx.reaches(project.id)))
    }

    async fn take_report(&self, ctx: &Ctx, report: ReportRollout) -> Result<ReportedRollout, Error> {
        let ReportRollout { repository, report } = report;
        let store = self.store(ctx.org);
        let source = Source::of(&report.details);
        let _turn = match &source {
            Some(source) => Some(self.0.reports.of(source).lock().await),
            None => None,
        };
        for _ in 0..TRIES {
            let (project, making) = self.project_reported(ctx, repository.as_ref()).await?;
            let (known, before) = match source.as_ref().filter(|_| making.is_empty()) {
                Some(source) => self.find_reported(ctx, &project, source).await?,
                None => (None, None),
            };
            let (rollout, changes) = match known {
                Some(rollout) => self.move_on(ctx, rollout, report.clone()).await?,
                None if making.is_empty() => {
                    let (rollout, changes) = self.begin_rollout(ctx, &project, report.clone()).await?;
                    match before {
                        Some(before) => (rollout, changes.and(self.superseding(ctx, before).await?)),
                        None => (rollout, changes),
                    }
                }
                // Its agent can only be made in a project that is there.
                None => {
                    crate::commit_in_time(&*store, making).await?;
                    continue;
                }
            };
            let ctx = ctx.making(|| Made::Rollout { rollout: rollout.id });
            if crate::commit_in_time(&*store, ctx.recording(changes)).await?.is_some() {
                return Ok(ReportedRollout { rollout, project });
            }
            self.known().agents.forget_all();
            self.known().monitors.forget(&ctx.org);
        }
        Err(Error::contended("rollout"))
    }

    /// The rollout that a report is of, and the last one of its pipeline that is of another
    /// commit. As a rule one look tells both.
    async fn find_reported(
        &self,
        ctx: &Ctx,
        project: &Project,
        source: &Source,
    ) -> Result<(Option<Rollout>, Option<Rollout>), Error> {
        let store = self.store(ctx.org);
        let since = ctx.now.saturating_sub(SAME_FOR).unwrap_or(domain::Timestamp::MIN);
        let of_any_commit = Source { commit: None, ..source.clone() };
        let Some(last) = store.find_same_rollout(project.id, &of_any_commit, since).await? else {
            return Ok((None, None));
        };
        let commit_of_last = last.source.as_ref().and_then(|last| last.commit.as_ref());
        if source.commit.is_none() || commit_of_last.is_none_or(|commit| source.commit.as_ref() == Some(commit)) {
            return Ok((Some(last), None));
        }
        Ok((store.find_same_rollout(project.id, source, since).await?, Some(last)))
    }

    /// The project that a report is of, and what makes it if it is yet to be made.
    async fn project_reported(
        &self,
        ctx: &Ctx,
        repository: Option<&Repository>,
    ) -> Result<(Project, ChangeSet), Error> {
        let wrong = |message: String| Err(Error::invalid("repository", message));
        let Some(repository) = repository else {
            let mut projects = self.list_projects(ctx).await?;
            return match (projects.len(), projects.pop()) {
                (1, Some(only)) => Ok((only, ChangeSet::default())),
                (0, _) => wrong("The organization has no project: add one first.".to_owned()),
                (count, _) => wrong(format!("Required because the organization has {count} projects.")),
            };
        };
        if let Some(project) = self.find_project_of(ctx, repository).await? {
            return Ok((project, ChangeSet::default()));
        }
        if ctx.project.is_some() || !self.org(ctx).await?.rollouts.make_projects {
            return wrong(format!("No project has the repository {repository}."));
        }
        let name = repository.to_string();
        let repository = Some(repository.clone());
        let project = Project { id: self.fresh(), number: 0, name, repository, version: 0, created_at: ctx.now };
        let act = Act::new(Action::ProjectCreated, project.id).with("name", project.name.clone());
        let making = ChangeSet::of([Change::InsertProject(project.clone())]).with(self.audited(ctx, act));
        Ok((project, making))
    }

    /// A rollout that is new, and the session in which it is watched.
    async fn begin_rollout(&self, ctx: &Ctx, project: &Project, report: Report) -> Result<(Rollout, ChangeSet), Error> {
        let monitor = self.monitor_of(ctx, project.id).await?;
        let agent = match &monitor {
            Some(monitor) => self.watching_agent(ctx, monitor, project.id).await?,
            None => self.investigator(ctx, project.id).await?,
        };
        let session = self.watching_session(ctx, &agent, monitor.as_ref(), &report);
        let new = NewRollout {
            id: self.fresh(),
            alias: self.ports().ids.uuid_v4(),
            project: project.id,
            session: session.id,
            session_alias: session.alias,
        };
        let considered = self.considered(ctx, Rollout::begin(new, report, ctx.now), None).await?;
        let rollout = considered.rollout.clone();
        let by = monitor.as_ref().and_then(Deployment::watcher);
        let (_, watching) = self.decide(ctx.now, |at| Watch::begin(&rollout, by, at));
        let told = self.told(ctx, &considered, Some(session.id));
        let changes = ChangeSet::of([Change::InsertSession(session), Change::InsertRollout(rollout.clone())])
            .guarded(Guard::AgentAt { agent: agent.id, version: agent.version });
        let recorded = self.began_to_watch(ctx, monitor.as_ref(), &rollout);
        Ok((rollout, changes.and(watching).and(recorded).and(told)))
    }

    /// A rollout that is known, after one more report. Where it is watched hears of it, unless
    /// that session takes nothing any more.
    async fn move_on(&self, ctx: &Ctx, rollout: Rollout, report: Report) -> Result<(Rollout, ChangeSet), Error> {
        let store = self.store(ctx.org);
        let guard = Guard::RolloutAt { rollout: rollout.id, version: rollout.version };
        let considered = self.considered(ctx, rollout.clone().reported(report, ctx.now), Some(&rollout)).await?;
        let next = considered.rollout.clone();
        let is_another_commit = !same_commit(next.details.commit.as_deref(), rollout.details.commit.as_deref());
        let changes = ChangeSet::of([Change::ReportRollout(next.clone())]).guarded(guard);
        let session = self.open_session(ctx, next.session).await?;
        let told = self.told(ctx, &considered, session.as_ref().map(|session| session.id));
        let (Some(session), Some(mut watch)) = (session, store.find_watch(next.session).await?) else {
            return Ok((next, changes.and(told)));
        };
        let begins_anew = watch.begins_anew(&next);
        let void = match (begins_anew, is_another_commit) {
            (true, _) => {
                self.void_rollback(ctx, &session, "the rollout was begun again since it was called for").await?
            }
            (_, true) => self.void_rollback(ctx, &session, "another commit was reported since it was proposed").await?,
            _ => ChangeSet::default(),
        };
        // A call that was decided, or is being made, was the one of this round.
        if is_another_commit && (watch.rollback.run.is_none() || !void.is_empty()) {
            watch = watch.of_another_commit();
        }
        let monitor = match begins_anew {
            true => self.monitor_of(ctx, next.project).await?,
            false => None,
        };
        let by = monitor.as_ref().and_then(Deployment::watcher);
        let watched = self.decide(ctx.now, |at| watch.reported(&next, by, at));
        let recorded = self.began_to_watch(ctx, monitor.as_ref(), &next);
        Ok((next, changes.and(watched).and(void).and(recorded).and(told)))
    }

    /// The monitor's history says so, if one watches.
    fn began_to_watch(&self, ctx: &Ctx, monitor: Option<&Deployment>, rollout: &Rollout) -> ChangeSet {
        let recorded =
            |monitor: &Deployment| monitor.began_to_watch(self.fresh(), rollout.id, rollout.session, ctx.now);
        monitor.map(recorded).unwrap_or_default()
    }

    fn watching_session(&self, ctx: &Ctx, agent: &Agent, monitor: Option<&Deployment>, report: &Report) -> Session {
        let pinned = SessionAgent::Pinned { agent: agent.id, version: agent.version, overrides: Box::default() };
        let title = report.details.request.chars().take(TITLE_CHARS).collect();
        Session {
            purpose: Some(Purpose::DeployMonitor),
            title: Some(title),
            deployment: monitor.map(|monitor| monitor.id),
            metadata: monitor.map(|monitor| monitor.metadata.clone()).unwrap_or_default(),
            budget: monitor.and_then(|monitor| monitor.budget),
            ..self.new_session(ctx, pinned, agent.project, Origin::Cased)
        }
    }

    pub(crate) async fn known_rollout(&self, ctx: &Ctx, id: RolloutId) -> Result<ReportedRollout, Error> {
        let found = self.store(ctx.org).find_rollout(id).await?;
        let rollout = ctx.reach(found, |rollout| rollout.project, id)?;
        self.with_project(ctx, rollout).await
    }

    pub(crate) async fn with_project(&self, ctx: &Ctx, rollout: Rollout) -> Result<ReportedRollout, Error> {
        let project = self.find_project(ctx, rollout.project).await?;
        Ok(ReportedRollout { rollout, project })
    }
}

fn check_metadata(report: &Report) -> Result<(), Error> {
    let bytes = |map| serde_json::to_string(map).map_or(0, |text| text.len());
    if bytes(&report.details.metadata) + bytes(&report.extra) <= METADATA_BYTES_MAX {
        return Ok(());
    }
    Err(Error::TooLarge { what: "the metadata", max_bytes: METADATA_BYTES_MAX as u64 })
}
