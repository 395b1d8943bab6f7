//! What this process remembers so that a request costs no read: keys, agents, projects.
//!
//! Nothing here outlives a change made by this process: whoever commits a change forgets
//! the entry before answering, and a load that was under way meanwhile is not kept.

use std::fmt::Debug;
use std::future::Future;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::agent::Agent;
use domain::approval::ApprovalRule;
use domain::deployment::Deployment;
use domain::key::KeyHash;
use domain::org::{Org, Project};
use domain::{AgentId, OrgId, ProjectId};
use lru::LruCache;
use tokio::sync::broadcast;

use crate::keys::{KnownKey, Stopped};
use crate::people::KnownLogin;
use crate::providers::ModelList;

/// Entries of one kind. An entry is small or shared; the bound is for strangers' sake.
const ENTRIES_MAX: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// Revocations a stream may miss before it looks its key up again.
const REVOCATIONS_MAX: usize = 64;

#[derive(Default)]
pub(crate) struct Known {
    pub(crate) keys: Recent<KeyHash, Arc<KnownKey>>,
    pub(crate) logins: Recent<KeyHash, Arc<KnownLogin>>,
    pub(crate) agents: Recent<(OrgId, AgentId), Agent>,
    pub(crate) agent_versions: Recent<(OrgId, AgentId, u32), Agent>,
    pub(crate) orgs: Recent<OrgId, Arc<Org>>,
    pub(crate) projects: Recent<(OrgId, u64), Project>,
    /// The monitors of rollouts that are not archived, oldest first.
    pub(crate) monitors: Recent<OrgId, Arc<[Deployment]>>,
    /// The rules by which rollouts wait for approval, oldest first.
    pub(crate) approval_rules: Recent<OrgId, Arc<[ApprovalRule]>>,
    pub(crate) watching_agents: Recent<(OrgId, ProjectId, String), AgentId>,
    pub(crate) provider_numbers: Recent<String, u64>,
    pub(crate) model_lists: Recent<(OrgId, String), ModelList>,
    pub(crate) stops: Stops,
}

/// Word of keys and people that were stopped, and how often there was one: whoever is about to
/// watch a caller that was recognized earlier sees by the count whether a word was missed.
pub(crate) struct Stops {
    told: broadcast::Sender<Stopped>,
    count: AtomicU64,
}

impl Default for Stops {
    fn default() -> Self {
        Self { told: broadcast::Sender::new(REVOCATIONS_MAX), count: AtomicU64::new(0) }
    }
}

impl Stops {
    /// Told once it is stored and forgotten here.
    pub(crate) fn tell(&self, stopped: Stopped) {
        self.count.fetch_add(1, Ordering::AcqRel);
        // Nobody listens when no stream is open.
        let _ = self.told.send(stopped);
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Stopped> {
        self.told.subscribe()
    }

    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }
}

/// An empty cache that grows to so many entries. `LruCache::new` would set the room for all of them
/// aside, which an idle server never needs.
pub(crate) fn at_most<K: Hash + Eq, V>(entries: NonZeroUsize) -> LruCache<K, V> {
    let mut cache = LruCache::unbounded();
    cache.resize(entries);
    cache
}

/// A bounded memory of what was loaded lately.
pub(crate) struct Recent<K, V>(Mutex<Entries<K, V>>);

struct Entries<K, V> {
    entries: LruCache<K, V>,
    /// Grows with each change; a load that began before the last one is not kept.
    changes: u64,
}

impl<K: Hash + Eq, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Entries { entries: at_most(ENTRIES_MAX), changes: 0 }))
    }
}

impl<K: Hash + Eq + Clone + Debug, V: Clone> Recent<K, V> {
    /// The entry, from memory or by `load`.
    pub(crate) async fn find<E>(
        &self,
        key: &K,
        load: impl Future<Output = Result<Option<V>, E>>,
    ) -> Result<Option<V>, E> {
        self.find_fresh(key, |_| true, load).await
    }

    /// The entry, from memory if it is still fit for use, or by `load`.
    pub(crate) async fn find_fresh<E>(
        &self,
        key: &K,
        is_fresh: impl Fn(&V) -> bool,
        load: impl Future<Output = Result<Option<V>, E>>,
    ) -> Result<Option<V>, E> {
        let changes = {
            let mut inner = self.lock();
            if let Some(value) = inner.entries.get(key).filter(|value| is_fresh(value)) {
                return Ok(Some(value.clone()));
            }
            inner.changes
        };
        let loaded = load.await?;
        if let Some(value) = &loaded {
            let mut inner = self.lock();
            if inner.changes == changes {
                inner.entries.put(key.clone(), value.clone());
            }
        }
        Ok(loaded)
    }

    /// Forgets an entry that has changed.
    pub(crate) fn forget(&self, key: &K) {
        let mut inner = self.lock();
        inner.changes += 1;
        inner.entries.pop(key);
    }

    /// Forgets everything: what has changed is not known by its key.
    pub(crate) fn forget_all(&self) {
        let mut inner = self.lock();
        inner.changes += 1;
        inner.entries.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Entries<K, V>> {
        // Every change of the entries is one step, so a panic elsewhere leaves them whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;

    #[test]
    fn a_load_that_a_change_overtook_is_not_kept() {
        let recent: Recent<u8, &str> = Recent::default();
        let overtaken = async {
            recent.forget(&1);
            Ok::<_, ()>(Some("old"))
        };
        assert_eq!(block_on(recent.find(&1, overtaken)), Ok(Some("old")));
        assert_eq!(block_on(recent.find(&1, async { Ok::<_, ()>(Some("new")) })), Ok(Some("new")));
        assert_eq!(block_on(recent.find(&1, async { Err(()) })), Ok(Some("new")));
    }

    #[test]
    fn what_is_absent_is_asked_for_again() {
        let recent: Recent<u8, &str> = Recent::default();
        assert_eq!(block_on(recent.find(&1, async { Ok::<_, ()>(None) })), Ok(None));
        assert_eq!(block_on(recent.find(&1, async { Ok::<_, ()>(Some("made")) })), Ok(Some("made")));
    }
}
