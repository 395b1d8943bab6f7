//! Places for questions that are out: each organization has its share, and each host few of
//! these, so that servers which are slow delay those who ask them, and nobody else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use domain::OrgId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Questions that are out at once, so that answers take a bounded part of memory;
const AT_ONCE_MAX: usize = 128;
/// those of one organization,
const OF_ONE_ORG_MAX: usize = 16;
/// and those of it to one host.
const TO_ONE_HOST_MAX: usize = 8;

/// Lanes that nobody waits in are forgotten when there are this many.
const LANES_KEPT_MAX: usize = 1_024;

#[derive(Debug)]
pub(super) struct Places {
    all: Arc<Semaphore>,
    lanes: Mutex<HashMap<Lane, Weak<Semaphore>>>,
}

/// Those who share places.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Lane {
    Org(OrgId),
    Host(OrgId, String),
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _permits: [OwnedSemaphorePermit; 3],
}

impl Default for Places {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(AT_ONCE_MAX)), lanes: Mutex::default() }
    }
}

impl Places {
    /// Waits for a place to ask this host on behalf of this organization: for the narrowest
    /// first, so that whoever waits for a host takes no place from others.
    pub(super) async fn take(&self, org: OrgId, host: &str) -> Place {
        let host = taken(self.lane(Lane::Host(org, host.to_owned()), TO_ONE_HOST_MAX)).await;
        let org = taken(self.lane(Lane::Org(org), OF_ONE_ORG_MAX)).await;
        let all = taken(Arc::clone(&self.all)).await;
        Place { _permits: [host, org, all] }
    }

    fn lane(&self, lane: Lane, places: usize) -> Arc<Semaphore> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lanes.get(&lane).and_then(Weak::upgrade) {
            return known;
        }
        if lanes.len() >= LANES_KEPT_MAX {
            lanes.retain(|_, places| places.strong_count() > 0);
        }
        let places = Arc::new(Semaphore::new(places));
        lanes.insert(lane, Arc::downgrade(&places));
        places
    }
}

async fn taken(places: Arc<Semaphore>) -> OwnedSemaphorePermit {
    match places.acquire_owned().await {
        Ok(permit) => permit,
        // They are never closed.
        Err(_closed) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use uuid::Uuid;

    fn org(number: u128) -> OrgId {
        OrgId(Uuid::from_u128(number))
    }

    fn now_or_never(places: &Places, of: OrgId, host: &str) -> Option<Place> {
        places.take(of, host).now_or_never()
    }

    #[test]
    fn a_slow_host_takes_no_place_from_others() {
        let places = Places::default();
        let slow: Vec<Place> = (0..TO_ONE_HOST_MAX).filter_map(|_| now_or_never(&places, org(1), "slow")).collect();
        assert_eq!(slow.len(), TO_ONE_HOST_MAX);
        assert!(now_or_never(&places, org(1), "slow").is_none());
        assert!(now_or_never(&places, org(1), "quick").is_some(), "another host of the same organization");
        assert!(now_or_never(&places, org(2), "slow").is_some(), "the same host for another organization");
        drop(slow);
        assert!(now_or_never(&places, org(1), "slow").is_some());
    }

    #[test]
    fn an_organization_has_its_share_and_no_more() {
        let places = Places::default();
        let greedy: Vec<Place> = (0..100).filter_map(|host| now_or_never(&places, org(1), &host.to_string())).collect();
        assert_eq!(greedy.len(), OF_ONE_ORG_MAX);
        assert!(now_or_never(&places, org(2), "host").is_some());
    }

    #[test]
    fn what_nobody_uses_is_forgotten() {
        let places = Places::default();
        for host in 0..3 * LANES_KEPT_MAX {
            drop(now_or_never(&places, org(1), &host.to_string()));
        }
        assert!(places.lanes.lock().unwrap().len() <= LANES_KEPT_MAX + 1);
    }
}
