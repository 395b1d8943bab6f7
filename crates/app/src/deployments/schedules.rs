//! The clock of deployments: one task that sleeps until the next one is due.

use std::time::Duration;

use domain::deployment::{Begun, Cause, Deployment};
use domain::{Change, ChangeSet, OrgId, Timestamp};
use ports::store::DueDeployment;

use super::begin::Occasion;
use crate::error::Error;
use crate::{App, Operator};

/// Longest sleep: the machine's clock may be set while it lasts.
const SLEEP_MAX: Duration = Duration::from_secs(60);

/// After the store failed, or was too busy.
const PAUSE: Duration = Duration::from_secs(1);

impl App {
    /// Begins what deployments begin by the clock, each within a moment of its time, until
    /// `stopping`. What was due while no server ran is begun once, however often it was due.
    pub async fn run_schedules(&self, operator: &Operator, stopping: impl Future<Output = ()>) {
        let mut stopping = std::pin::pin!(stopping);
        loop {
            let sleep = match self.fire_due_deployments(operator).await {
                Ok(Some(next)) => {
                    let left = Duration::try_from(next.duration_since(self.now())).unwrap_or_default();
                    left.min(SLEEP_MAX)
                }
                Ok(None) => Duration::MAX,
                Err(error) => {
                    tracing::error!(%error, "deployments that are due could not be begun");
                    PAUSE
                }
            };
            tokio::select! {
                () = &mut stopping => return,
                // What is made or changed meanwhile may be due sooner.
                () = self.0.schedules.notified() => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    /// Begins what is due now; when the next one is.
    ///
    /// # Errors
    /// The store failed.
    pub async fn fire_due_deployments(&self, _operator: &Operator) -> Result<Option<Timestamp>, Error> {
        loop {
            let Some(next) = self.ports().store.next_due_deployment().await? else { return Ok(None) };
            if next.due > self.now() {
                return Ok(Some(next.due));
            }
            self.fire(next).await?;
        }
    }

    async fn fire(&self, DueDeployment { org, deployment, due }: DueDeployment) -> Result<(), Error> {
        let store = self.store(org);
        let Some(deployment) = store.find_deployment(deployment).await? else { return Ok(()) };
        if deployment.next_run_at != Some(due) {
            // Paused or changed since it was looked for.
            return Ok(());
        }
        if deployment.check_open().is_err() {
            return self.move_due(org, &deployment).await;
        }
        let cause = Cause::Schedule { scheduled_at: due };
        let occasion = Occasion { cause, message: None, name: None, asked_by: None };
        let begun = match self.begin_and_record(org, &deployment, &occasion, self.now()).await {
            Ok((begun, _)) => begun,
            // It has begun something for this time already.
            Err(Error::Conflict(_)) => return self.move_due(org, &deployment).await,
            Err(error) => return Err(error),
        };
        if let Begun::Failed { message, .. } = &begun.outcome {
            tracing::warn!(deployment.id = %deployment.id, message, "a deployment could not begin");
            // Its place in the history, which would have moved it, may have been taken.
            return self.move_due(org, &deployment).await;
        }
        Ok(())
    }

    /// What is due and begins nothing, for a clock that was set back or another's doing, must not
    /// keep itself and those behind it waiting for ever.
    async fn move_due(&self, org: OrgId, deployment: &Deployment) -> Result<(), Error> {
        let on = Change::SetDue { deployment: deployment.id, due: deployment.due_after(self.now()) };
        crate::commit_in_time(&*self.store(org), ChangeSet::of([on])).await?;
        Ok(())
    }
}
