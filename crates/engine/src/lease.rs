//! The heartbeat: one row renewed for all runs of this process.

use std::sync::Arc;
use std::time::Duration;

use crate::Shared;

/// A lease is good for 15 s after its last renewal; three renewals may fail before it is lost.
const RENEWAL: Duration = Duration::from_secs(4);

/// Renews the lease until it is lost; then every run is dropped unwritten, since another
/// worker may have it.
pub(crate) async fn keep(shared: Arc<Shared>) {
    let mut beat = tokio::time::interval(RENEWAL);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        match shared.ports.store.renew_lease(shared.fence, shared.ports.clock.now()).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::error!(fence = %shared.fence, "the lease was lost: dropping all runs");
                shared.draining.cancel();
                shared.stopped.cancel();
                return;
            }
            Err(error) => tracing::warn!(%error, "could not renew the lease; trying again"),
        }
    }
}
