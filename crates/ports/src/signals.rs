//! Signals: the numbers by which a rollout is judged, wherever they come from.

use async_trait::async_trait;
use domain::Timestamp;
use domain::monitor::{Reading, Source};

/// Asks for the numbers of signals.
#[async_trait]
pub trait SignalReader: Send + Sync + 'static {
    /// What a signal shows now, and what it was before a rollout that began at `event`. Asks
    /// once and never fails: a signal that gives no number says why in its detail.
    async fn read(&self, source: &Source, event: Timestamp, now: Timestamp) -> Reading;
}
