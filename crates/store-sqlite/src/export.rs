//! An organization, record by record, as it stood at one moment.

use domain::budget::{Account, AccountId};
use domain::knowledge::Document;
use domain::session::Session;
use domain::{AgentId, OrgId, ProjectId, Timestamp};
use ports::store::{DeploymentFilter, EventFilter, SessionFilter};
use ports::transfer::{ExportError, LeftOut, LeftOutKey, Record};
use rusqlite::{Connection, Row};

use crate::columns::{id, maybe_time, time};
use crate::fault::{Fault, store_error};
use crate::sql::{many, one, statements};
use crate::store::SqliteStore;
use crate::{
    agents, aliases, approval_rules, audit, budgets, deployments, documents, events, keys, members, orgs, persons,
    projects, providers, rollouts, runs, sessions, tools, watches, webhooks,
};

/// Sessions and events in memory at once.
const PAGE: usize = 100;

statements! {
    AT_WORK = "select count(*) from runs where status in ('queued', 'running', 'waiting')
        and status in ('queued', 'running') and org = ?1";
    TOOLS_NUMBERED = "select tools_numbered from orgs where id = ?1";
    LIST_AGENTS = "select id, project, version, created_at, archived_at, deleted_at, creator, members from agents
        where org = ?1 order by number";
}

/// Takes records. An error ends the export.
pub trait Sink: FnMut(&Record) -> Result<(), String> + Send + 'static {}
impl<F: FnMut(&Record) -> Result<(), String> + Send + 'static> Sink for F {}

impl SqliteStore {
    /// Gives an organization away, without secrets. Everything is as it was at one moment;
    /// what goes on meanwhile waits for nothing. A few records are in memory at once.
    ///
    /// # Errors
    /// See [`ExportError`].
    pub async fn export(&self, org: OrgId, sink: impl Sink) -> Result<LeftOut, ExportError> {
        let connector = self.connector().clone();
        let exporting = tokio::task::spawn_blocking(move || {
            let db = connector.reader().map_err(|error| store_error(&error))?;
            db.execute_batch("begin").map_err(|error| store_error(&error))?;
            Export { db, org, sink, left: LeftOut::default() }.run()
        });
        exporting.await.unwrap_or(Err(ExportError::Store(ports::StoreError::Closed)))
    }
}

struct Export<S> {
    db: Connection,
    org: OrgId,
    sink: S,
    left: LeftOut,
}

impl From<Fault> for ExportError {
    fn from(fault: Fault) -> Self {
        ExportError::Store(fault.into())
    }
}

impl<S: Sink> Export<S> {
    fn run(mut self) -> Result<LeftOut, ExportError> {
        let org = self.org;
        let found = orgs::find(&self.db, org)?.ok_or(ExportError::Missing)?;
        match self.count(AT_WORK)? {
            0 => {}
            at_work => return Err(ExportError::Busy(at_work)),
        }
        let tools_numbered = self.count(TOOLS_NUMBERED)?;
        self.give(Record::Org { org: found, tools_numbered })?;
        for member in members::list(&self.db, org)? {
            self.give(Record::Member { member })?;
        }
        for project in projects::list(&self.db, org)? {
            self.give(Record::Project { project })?;
        }
        for provider in providers::list(&self.db, org)? {
            self.give(Record::Provider { provider })?;
        }
        for alias in aliases::list(&self.db, org)? {
            self.give(Record::Alias { alias })?;
        }
        for webhook in webhooks::list(&self.db, org)? {
            self.give(Record::Webhook { webhook: Box::new(webhook) })?;
        }
        for tool in tools::list(&self.db, org, None)? {
            self.give(Record::Tool { tool })?;
        }
        for document in documents::list_of_all(&self.db, org)? {
            self.document(document)?;
        }
        self.agents()?;
        let all = DeploymentFilter { include_archived: true, ..DeploymentFilter::default() };
        for deployment in deployments::list(&self.db, org, &all)? {
            self.give(Record::Deployment { deployment: Box::new(deployment) })?;
        }
        self.sessions()?;
        self.rollouts()?;
        self.deployment_runs()?;
        for rule in approval_rules::list(&self.db, org)? {
            self.give(Record::ApprovalRule { rule })?;
        }
        self.audit()?;
        for (of, Account { budget, spent, .. }) in budgets::list_portable(&self.db, org)? {
            self.give(Record::Account { of, budget, spent })?;
        }
        self.left.people = persons::list_who_log_in(&self.db, org)?;
        let working = keys::list(&self.db, org)?.into_iter().filter(|key| key.revoked_at.is_none());
        for key in working {
            let budget = budgets::find(&self.db, org, AccountId::Key(key.id))?.map(|account| account.budget);
            self.left.keys.push(LeftOutKey { name: key.name, scopes: key.scopes, project: key.project, budget });
        }
        Ok(self.left)
    }

    fn agents(&mut self) -> Result<(), ExportError> {
        for (agent, record) in many(&self.db, LIST_AGENTS, [self.org.0], read_agent)? {
            self.give(record)?;
            for agent in agents::list_all_versions(&self.db, self.org, agent)? {
                self.give(Record::AgentVersion { agent })?;
            }
            // Expired ones too: whoever lists them decides.
            for document in documents::list(&self.db, self.org, agent, Timestamp::MIN)? {
                self.document(document)?;
            }
        }
        Ok(())
    }

    fn document(&mut self, document: Document) -> Result<(), ExportError> {
        let text = documents::text(&self.db, self.org, document.id)?.unwrap_or_default();
        self.give(Record::Document { document, text })
    }

    fn sessions(&mut self) -> Result<(), ExportError> {
        let mut filter = SessionFilter { include_archived: true, limit: Some(PAGE), ..SessionFilter::default() };
        loop {
            let page = sessions::list(&self.db, self.org, &filter)?;
            let Some(last) = page.last() else { return Ok(()) };
            filter.after = Some(last.id);
            for session in page {
                self.session(session)?;
            }
        }
    }

    fn session(&mut self, session: Session) -> Result<(), ExportError> {
        let id = session.id;
        self.give(Record::Session { session: Box::new(session) })?;
        for run in runs::list(&self.db, self.org, id)? {
            self.give(Record::Run { run: Box::new(run) })?;
        }
        let mut filter = EventFilter { limit: Some(PAGE), ..EventFilter::default() };
        loop {
            let page = events::list(&self.db, self.org, id, &filter)?;
            let Some(last) = page.last() else { return Ok(()) };
            filter.after = Some(last.seq);
            for event in page {
                self.give(Record::Event { id: event.id, run: event.run, at: event.at, body: event.body })?;
            }
        }
    }

    fn rollouts(&mut self) -> Result<(), ExportError> {
        let mut after = (i64::MIN, 0);
        loop {
            let page = rollouts::list_page(&self.db, self.org, after, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = *last;
            for (_, rollout) in page {
                let watch = watches::find(&self.db, self.org, rollout.session)?;
                self.give(Record::Rollout { rollout: Box::new(rollout) })?;
                if let Some(watch) = watch {
                    self.give(Record::Watch { watch: Box::new(watch) })?;
                }
            }
        }
    }

    fn deployment_runs(&mut self) -> Result<(), ExportError> {
        let mut after = (i64::MIN, 0);
        loop {
            let page = deployments::list_runs_page(&self.db, self.org, after, PAGE)?;
            let Some((last, ..)) = page.last() else { return Ok(()) };
            after = *last;
            for (_, begun, name) in page {
                self.give(Record::DeploymentRun { begun: Box::new(begun), name })?;
            }
        }
    }

    fn audit(&mut self) -> Result<(), ExportError> {
        let mut after = 0;
        loop {
            let page = audit::list_page(&self.db, self.org, after, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = *last;
            for (_, entry) in page {
                self.give(Record::Audit { entry })?;
            }
        }
    }

    fn give(&mut self, mut record: Record) -> Result<(), ExportError> {
        record.make_portable(&mut self.left);
        (self.sink)(&record).map_err(ExportError::Sink)
    }

    fn count(&self, sql: &str) -> Result<u64, ExportError> {
        let counted = one(&self.db, sql, [self.org.0], |row| Ok(row.get::<_, i64>(0)?))?;
        Ok(counted.unwrap_or_default().unsigned_abs())
    }
}

fn read_agent(row: &Row<'_>) -> Result<(AgentId, Record), Fault> {
    let agent: AgentId = id(row, 0)?;
    let project: ProjectId = id(row, 1)?;
    let record = Record::Agent {
        id: agent,
        project,
        version: row.get(2)?,
        created_at: time(row.get(3)?)?,
        archived_at: maybe_time(row, 4)?,
        deleted_at: maybe_time(row, 5)?,
        access: agents::access(row, 6)?,
    };
    Ok((agent, record))
}
