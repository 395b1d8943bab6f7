//! Addresses that are told how a run ended, whatever became of the process that began it.

use domain::agent::Agent;
use domain::run::Run;
use domain::session::Session;
use domain::{Change, ChangeSet, OrgId, RunId};
use ports::store::DueCallback;

use crate::error::Error;
use crate::{App, Ctx, Operator};

impl App {
    /// The addresses that are still to be told, over all organizations. Asked for once, when
    /// a server starts: those that are added later are in the hands of who added them.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list_callbacks(&self, _operator: &Operator) -> Result<Vec<DueCallback>, Error> {
        Ok(self.ports().store.list_callbacks().await?)
    }

    /// The address of a run was told, or given up.
    ///
    /// # Errors
    /// The store failed: it is told again after the next start.
    pub async fn callback_made(&self, org: OrgId, run: RunId) -> Result<(), Error> {
        let made = ChangeSet::of([Change::CallbackMade(run)]);
        crate::commit_in_time(&*self.store(org), made).await.map(|_| ())
    }

    /// The agent as it answers in a run: at the run's version once it has begun.
    ///
    /// # Errors
    /// It is not there, a scope is missing, or the store failed.
    pub async fn run_agent(&self, ctx: &Ctx, run: &Run, session: &Session) -> Result<Agent, Error> {
        match run.agent_version {
            Some(version) => self.agent_version(ctx, run.agent, version).await,
            None => self.session_agent(ctx, session).await,
        }
    }
}
