//! Waiting for something that no channel tells a test about.

use std::time::Duration;

/// Far more than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until it holds.
///
/// # Panics
/// If it does not within thirty seconds.
pub async fn until(what: &str, holds: impl FnMut() -> bool) {
    let mut holds = holds;
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    if tokio::time::timeout(PATIENCE, wait).await.is_err() {
        panic!("waited in vain for {PATIENCE:?}: {what}");
    }
}
