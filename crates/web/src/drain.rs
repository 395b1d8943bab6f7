//! The server is stopping: streams are told and end, calls that wait for a run get a while.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Whether the server is stopping. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Drain {
    begun: CancellationToken,
    ends_at: Arc<OnceLock<Instant>>,
    grace: Duration,
}

impl Drain {
    /// Not stopping. `grace` is for calls that wait for a run.
    pub fn new(grace: Duration) -> Self {
        Self { begun: CancellationToken::new(), ends_at: Arc::default(), grace }
    }

    /// Begins to stop. Twice is as once.
    pub fn begin(&self) {
        self.ends_at.get_or_init(|| Instant::now() + self.grace);
        self.begun.cancel();
    }

    /// Whether it has begun.
    pub fn is_draining(&self) -> bool {
        self.begun.is_cancelled()
    }

    /// Waits until it begins.
    pub async fn draining(&self) {
        self.begun.cancelled().await;
    }

    /// Waits until it has begun and the grace is over.
    pub async fn grace_over(&self) {
        self.draining().await;
        if let Some(ends_at) = self.ends_at.get() {
            tokio::time::sleep_until(*ends_at).await;
        }
    }

    /// Waits this long, or until it has begun and the grace is over.
    pub async fn grace_over_or(&self, patience: Duration) {
        // Nothing to do for either end: whoever waits is told that it waited enough.
        let _ = tokio::time::timeout(patience, self.grace_over()).await;
    }

    /// Does `work` as long as the grace lasts; `None` if it did not come to its end.
    pub async fn within_grace<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.grace_over() => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test(start_paused = true)]
    async fn waiting_work_has_the_grace_and_no_more() {
        let drain = Drain::new(Duration::from_secs(25));
        let endless = drain.within_grace(std::future::pending::<()>()).shared();
        assert!(endless.clone().now_or_never().is_none());
        drain.begin();
        let began = Instant::now();
        assert_eq!(drain.within_grace(async { 7 }).await, Some(7));
        assert_eq!(endless.await, None);
        assert_eq!(began.elapsed(), Duration::from_secs(25));
    }
}
