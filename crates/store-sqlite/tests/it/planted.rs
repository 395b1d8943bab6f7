//! The stories notice a broken promise. (Lost flushes and early answers show only in a
//! power cut: the test kit's battery plants those.)

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use store_sqlite::{Planted, PlantedBug};
use test_kit::stories::{Stage, leases, tenancy};

use super::Sqlite;

/// Whether a story comes to a bad end on a store with this bug.
async fn is_caught<S: Future<Output = ()>>(bug: PlantedBug, story: impl FnOnce(Stage) -> S) -> bool {
    let stage = Stage::set(Box::new(Sqlite::with(Planted::with(bug)))).await;
    AssertUnwindSafe(story(stage)).catch_unwind().await.is_err()
}

#[tokio::test]
async fn an_ignored_fence_is_caught() {
    assert!(is_caught(PlantedBug::IgnoreFence, leases::a_run_is_written_under_its_lease_alone).await);
    assert!(is_caught(PlantedBug::IgnoreFence, leases::nothing_runs_under_a_lease_that_is_not_good).await);
}

#[tokio::test]
async fn a_forgotten_organization_is_caught() {
    assert!(is_caught(PlantedBug::ForgetOrg, tenancy::a_foreign_thing_is_as_one_that_never_was).await);
}
