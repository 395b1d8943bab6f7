//! An organization put in place, record by record, whole or not at all.

use std::sync::{Arc, Mutex, PoisonError};

use domain::agent::Agent;
use domain::budget::{Budget, Totals};
use domain::knowledge::Document;
use domain::rights::Access;
use domain::run::{Run, RunStatus};
use domain::session::{Session, SessionState, SessionStatus};
use domain::{AgentId, NewEvent, OrgId, ProjectId, RunId, SessionId, Timestamp};
use ports::transfer::{AccountOf, ImportError, Record};
use ports::{Refusal, StoreError};
use rusqlite::Connection;

use crate::columns::{maybe_micros, micros, to_json};
use crate::fault::{Fault, found};
use crate::sql::{run, statements};
use crate::store::SqliteStore;
use crate::writer::desk::Desk;
use crate::{
    agents, aliases, approval_rules, audit, deployments, documents, events, members, orgs, projects, providers,
    rollouts, runs, sessions, watches, webhooks,
};

statements! {
    NUMBER_TOOLS = "update orgs set tools_numbered = ?2 where id = ?1";
    INSERT_TOOL = "insert into tools (id, org, number, project, body) select ?1, ?2, ?3, ?4, ?5
        where exists (select 1 from projects where id = ?4 and org = ?2)";
    INSERT_AGENT = "insert into agents (id, org, project, version, created_at, archived_at, deleted_at, creator,
          members) select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 where exists (select 1 from projects where id = ?3 and org = ?2)";
}

/// Gives records. An error ends the import.
pub trait Source: Iterator<Item = Result<Record, String>> + Send + 'static {}
impl<I: Iterator<Item = Result<Record, String>> + Send + 'static> Source for I {}

impl SqliteStore {
    /// Takes an organization in under this id at this time, in one transaction: other writers
    /// wait meanwhile, readers do not. The number of records.
    ///
    /// # Errors
    /// See [`ImportError`]; nothing was imported.
    pub async fn import(&self, org: OrgId, now: Timestamp, source: impl Source) -> Result<u64, ImportError> {
        let why: Arc<Mutex<Option<ImportError>>> = Arc::default();
        let told = Arc::clone(&why);
        let imported = self.write(move |desk| {
            take_in(desk, org, now, source).map_err(|error| {
                let stopped = Fault::Store(StoreError::Failed(error.to_string()));
                *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                stopped
            })
        });
        imported.await.map_err(|fault| {
            let why = why.lock().unwrap_or_else(PoisonError::into_inner).take();
            why.unwrap_or_else(|| ImportError::Store(fault.into()))
        })
    }
}

fn take_in(desk: &mut Desk, org: OrgId, now: Timestamp, source: impl Source) -> Result<u64, ImportError> {
    let mut import = Import { org, now, open: None, records: 0, broken: None };
    for record in source {
        let record = record.map_err(ImportError::Source)?;
        let name = record.name();
        import.put(desk, record).map_err(|fault| import.said_of(fault, name))?;
    }
    import.close(desk).map_err(|fault| import.said_of(fault, String::new()))?;
    Ok(import.records)
}

struct Import {
    org: OrgId,
    now: Timestamp,
    /// The session that is being put in place.
    open: Option<OpenSession>,
    records: u64,
    /// The session whose log turned out to be another than it says.
    broken: Option<SessionId>,
}

struct OpenSession {
    id: SessionId,
    number: i64,
    seq: u64,
    project: ProjectId,
    agent: AgentId,
    archived_at: Option<Timestamp>,
    /// What its log must amount to.
    state: SessionState,
    /// The run that waits for somebody.
    waiting: Option<RunId>,
}

impl Import {
    fn put(&mut self, desk: &mut Desk, record: Record) -> Result<(), Fault> {
        // The organization comes first, once.
        if (self.records == 0) != matches!(record, Record::Org { .. }) {
            return Err(Refusal::Missing.into());
        }
        self.records += 1;
        let org = self.org;
        match record {
            Record::Org { mut org, tools_numbered } => {
                org.id = self.org;
                orgs::insert(desk.db(), &org)?;
                found(run(desk.db(), NUMBER_TOOLS, (org.id.0, tools_numbered.cast_signed()))?)
            }
            Record::Member { member } => members::insert(desk.db(), org, &member).map(drop),
            Record::Project { project } => projects::insert(desk.db(), org, &project).map(drop),
            Record::Provider { provider } => providers::insert(desk.db(), org, &provider),
            Record::Alias { alias } => aliases::put(desk.db(), org, &alias),
            // Both installations would tell that address, and its secret stayed there.
            Record::Webhook { webhook } if webhook.disabled.is_none() || webhook.secret.is_some() => {
                Err(Refusal::Missing.into())
            }
            Record::Webhook { webhook } => {
                desk.webhooks_changed(org);
                webhooks::insert(desk.db(), org, &webhook)
            }
            Record::Tool { tool } => {
                let number = tool.number.cast_signed();
                let columns = (tool.id.0, org.0, number, tool.project.0, to_json(&tool)?);
                found(run(desk.db(), INSERT_TOOL, columns)?)
            }
            Record::Agent { id, project, version, created_at, archived_at, deleted_at, access } => {
                let times = [Some(created_at), archived_at, deleted_at];
                insert_agent(desk.db(), org, (id, project, version), times, &access)
            }
            Record::AgentVersion { agent } => insert_version(desk.db(), org, &agent),
            Record::Document { document, text } => put_document(desk, org, &document, &text),
            Record::Deployment { deployment } => {
                desk.monitors_changed(org);
                deployments::insert(desk.db(), org, &deployment)
            }
            Record::Session { session } => {
                self.close(desk)?;
                self.open(desk.db(), *session)
            }
            Record::Run { run } => self.insert_run(desk.db(), &run),
            Record::Event { id, run, at, body } => self.append(desk.db(), NewEvent { id, run, at, body }),
            Record::Rollout { rollout } if rollout.is_asking() => Err(Refusal::Missing.into()),
            Record::Rollout { rollout } => {
                self.close(desk)?;
                rollouts::import(desk.db(), org, &rollout)
            }
            Record::Watch { watch } if watch.is_going_on() => Err(Refusal::Missing.into()),
            Record::Watch { watch } => watches::insert(desk.db(), org, &watch),
            Record::DeploymentRun { begun, name } => {
                self.close(desk)?;
                deployments::import_run(desk.db(), org, &begun, name.as_deref())
            }
            Record::ApprovalRule { rule } => {
                self.close(desk)?;
                approval_rules::insert(desk.db(), org, &rule)
            }
            Record::Audit { entry } => {
                self.close(desk)?;
                audit::insert(desk.db(), org, &entry)
            }
            Record::Account { of, budget, spent } => {
                self.close(desk)?;
                self.put_account(desk, of, &budget, spent)
            }
        }
    }

    /// What is wrong with the record of this name, or with the session before it.
    fn said_of(&self, fault: Fault, name: String) -> ImportError {
        match (fault, self.broken) {
            (Fault::Refused(_), Some(session)) => ImportError::Misplaced(format!("the log of the session {session}")),
            (Fault::Refused(Refusal::Exists | Refusal::ThreadTaken), None) => ImportError::Exists(name),
            (Fault::Refused(_), None) => ImportError::Misplaced(name),
            (Fault::Store(error), _) => ImportError::Store(error),
        }
    }

    fn put_account(&self, desk: &mut Desk, of: AccountOf, budget: &Budget, spent: Totals) -> Result<(), Fault> {
        let is_here = match of {
            AccountOf::Organization => true,
            AccountOf::Agent { agent } => agents::is_here(desk.db(), self.org, agent)?,
            AccountOf::Session { session } => sessions::head(desk.db(), self.org, session)?.is_some(),
        };
        if !is_here {
            return Err(Refusal::Missing.into());
        }
        let (db, budgeted) = desk.accounts();
        budgeted.put(db, self.org, of.account(self.org), budget, spent)
    }

    fn open(&mut self, db: &Connection, mut session: Session) -> Result<(), Fault> {
        // Nothing is at work without a worker.
        if matches!(session.state.status, SessionStatus::Running | SessionStatus::Rescheduling) {
            return Err(Refusal::Missing.into());
        }
        // An archived one would take no runs.
        let archived_at = session.archived_at.take();
        let number = sessions::insert(db, self.org, &session)?;
        let Session { id, project, agent, state, .. } = session;
        self.open =
            Some(OpenSession { id, number, seq: 0, project, agent: agent.id(), archived_at, state, waiting: None });
        Ok(())
    }

    fn insert_run(&mut self, db: &Connection, run: &Run) -> Result<(), Fault> {
        let open = self.open.as_mut().ok_or(Refusal::Missing)?;
        let is_of_it = (open.id, open.project, open.agent) == (run.session, run.project, run.agent);
        // A run at work would go on here and there; and only one can wait in a session.
        let is_waiting = run.status == RunStatus::Waiting && open.waiting.is_none();
        if !is_of_it || run.fence.is_some() || !(is_waiting || run.status.is_over()) {
            return Err(Refusal::Missing.into());
        }
        if is_waiting {
            open.waiting = Some(run.id);
        }
        runs::insert(db, self.org, run).map(drop)
    }

    fn append(&mut self, db: &Connection, event: NewEvent) -> Result<(), Fault> {
        let open = self.open.as_mut().ok_or(Refusal::Missing)?;
        open.seq += 1;
        events::insert(db, open.number, open.seq, event).map(drop)
    }

    /// The log of the open session is whole.
    fn close(&mut self, desk: &mut Desk) -> Result<(), Fault> {
        let Some(OpenSession { id, number, seq, archived_at, state, waiting, .. }) = self.open.take() else {
            return Ok(());
        };
        if seq != state.seq || waiting != state.active_run {
            self.broken = Some(id);
            return Err(Refusal::Missing.into());
        }
        sessions::advance(desk.db(), number, seq, state.updated_at, Some(&state))?;
        if let Some(at) = archived_at {
            sessions::archive(desk.db(), number, at)?;
        }
        desk.session_changed(self.org, number, self.now);
        Ok(())
    }
}

fn insert_agent(
    db: &Connection,
    org: OrgId,
    (id, project, version): (AgentId, ProjectId, u32),
    [created_at, archived_at, deleted_at]: [Option<Timestamp>; 3],
    access: &Access,
) -> Result<(), Fault> {
    let created_at = created_at.map(micros);
    let times = (maybe_micros(archived_at), maybe_micros(deleted_at));
    let (creator, members) = (access.creator.map(|maker| maker.0), agents::named(access.members.as_deref())?);
    let columns = (id.0, org.0, project.0, version, created_at, times.0, times.1, creator, members);
    found(run(db, INSERT_AGENT, columns)?)
}

fn put_document(desk: &Desk, org: OrgId, document: &Document, text: &str) -> Result<(), Fault> {
    if let Some(agent) = document.reader.agent()
        && !agents::is_here(desk.db(), org, agent)?
    {
        return Err(Refusal::Missing.into());
    }
    desk.documented.add(org, document);
    documents::put(desk.db(), org, document, text)
}

fn insert_version(db: &Connection, org: OrgId, agent: &Agent) -> Result<(), Fault> {
    if !agents::is_here(db, org, agent.id)? {
        return Err(Refusal::Missing.into());
    }
    agents::insert_version(db, agent)
}
