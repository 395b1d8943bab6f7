//! Power cuts: whatever a caller was told of is there afterwards, and so is the intent of
//! whatever was done outside.

mod load;
mod promise;

use std::collections::BTreeMap;
use std::path::Path;

use domain::{OrgId, SessionId};
use ports::time::SystemSources;
use ports::{Clock, Feed, Store};
use store_sqlite::{PlantedBug, SqliteStore, StoreOptions};
use test_kit::power::Cut;

use load::{Recorded, record};
use promise::{Promise, check_session};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_in_a_power_cut() {
    let recorded = record("power-cut", None).await;
    assert_eq!(recorded.complaints, Vec::<String>::new());
    let Outcome { lost, checked } = cut_power(&recorded, super::count(200)).await;
    assert_eq!(lost, Vec::<String>::new());
    println!("{} promises were made; at all cuts together {checked} had been", recorded.promises.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn planted_bugs_of_durability_are_caught() {
    for (name, bug) in
        [("skip-flush", PlantedBug::SkipFlush), ("acknowledge-early", PlantedBug::AcknowledgeBeforeCommit)]
    {
        // Who is answered early finds that it was not true, and complains. Whether the answer comes
        // early enough to be told before the commit hangs on the machine: it has three sittings.
        let mut is_noticed = false;
        for _ in 0..3 {
            let recorded = record(name, Some(bug)).await;
            is_noticed = !cut_power(&recorded, 40).await.lost.is_empty();
            if is_noticed {
                break;
            }
        }
        assert!(is_noticed, "{bug:?} went unnoticed");
    }
}

/// What the power cuts did.
struct Outcome {
    lost: Vec<String>,
    /// How many promises were looked at.
    checked: usize,
}

/// Cuts the power at `cuts` points: half of them spread over the recording, half right behind
/// a promise, spread over those.
async fn cut_power(recorded: &Recorded, cuts: usize) -> Outcome {
    let Recorded { recording, promises, org, .. } = recorded;
    let told = recording.acknowledgements();
    let mut outcome = Outcome { lost: Vec::new(), checked: 0 };
    for number in 0..cuts {
        // A stride that is prime to the length visits every region, and no two cuts of a kind alike.
        let stride = number / 2 * 7_919 + 1;
        let after = if number % 2 == 0 { stride % recording.len() } else { told[stride % told.len()] };
        let seed = number as u64 + 0x5EED;
        let cut = Cut::at(recording, after, seed);
        outcome.checked += cut.acknowledged.len();
        let dir = tempfile::tempdir().unwrap();
        cut.write_to(dir.path()).unwrap();
        if let Err(what) = check(dir.path(), &cut, promises, *org).await {
            outcome.lost.push(format!("cut after {after} of {}, seed {seed}: {what}", recording.len()));
        }
    }
    outcome
}

async fn check(dir: &Path, cut: &Cut, promises: &[(SessionId, Promise)], org: OrgId) -> Result<(), String> {
    let store = SqliteStore::open(dir, &StoreOptions::default(), Feed::default())
        .map_err(|error| format!("not opened: {error}"))?;
    let result = check_promises(store.as_ref(), cut, promises, org).await;
    store.close().await;
    result
}

async fn check_promises(
    store: &SqliteStore,
    cut: &Cut,
    promises: &[(SessionId, Promise)],
    org: OrgId,
) -> Result<(), String> {
    store.take_lease(SystemSources.now()).await.map_err(|error| error.to_string())?;
    let mut by_session: BTreeMap<SessionId, Vec<Promise>> = BTreeMap::new();
    for number in &cut.acknowledged {
        let (session, promise) = promises[*number as usize];
        by_session.entry(session).or_default().push(promise);
    }
    let view = store.of(org);
    for (session, promises) in by_session {
        check_session(view.as_ref(), session, &promises).await?;
    }
    Ok(())
}
