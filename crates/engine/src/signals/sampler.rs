//! The sampler: asks sources that keep no past for their numbers, again and again, so that
//! there is a past to compare with.
//!
//! It sleeps until the first organization's next moment and is woken when what is watched by
//! changes; where nothing is sampled it does nothing at all. What an organization's sources
//! gave at one moment is one commit.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use domain::monitor::{SampledSource, Samples, SourceDigest, moment, next_moment};
use domain::{Change, ChangeSet, OrgId, Timestamp};
use futures::stream::{self, StreamExt};
use ports::OrgStore;
use ports::store::StoreError;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, timeout_at};

use super::Reader;
use crate::Shared;
use crate::dispatch::sleep_or_forever;

/// After the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// How long the sources of an organization may take. What has not answered by then gives no
/// sample.
const ROUND_MAX: Duration = Duration::from_secs(30);

/// Sources of one round that are asked or wait for a place. It is far more than the places for
/// questions, so that those which wait for a slow server stand in nobody's way.
const ASKED_MAX: usize = 1_024;

/// Organizations whose sources are read before it is looked again at what is due.
const READ_MAX: usize = 256;

/// Samples what is due until the engine drains.
pub(crate) async fn run(shared: Arc<Shared>) {
    let (mut monitors, mut timers) = (shared.ports.feed.watch_monitors(), shared.ports.feed.watch_timers());
    let mut sampler = Sampler::default();
    let mut stale = Stale { is_all: true, orgs: BTreeSet::new() };
    loop {
        timers.mark_unchanged();
        let read = stale.refresh(&shared, &mut sampler).await;
        let wait = sampler.begin_due(&shared);
        let wait = match read {
            Ok(()) if stale.orgs.is_empty() => wait,
            Ok(()) => Some(Duration::ZERO),
            Err(StoreError::Closed) => return,
            Err(error) => {
                tracing::error!(%error, "could not look for signals that are sampled");
                Some(STORE_PAUSE)
            }
        };
        tokio::select! {
            () = shared.draining.cancelled() => return,
            changed = monitors.recv() => stale.note(changed),
            // Whoever moves the clock says so in this way.
            _ = timers.changed(), if !sampler.sources.is_empty() => {}
            () = sampler.ended() => {}
            () = sleep_or_forever(wait) => {}
        }
    }
}

/// Whose sources are to be read: what one organization changes costs no other anything.
struct Stale {
    is_all: bool,
    orgs: BTreeSet<OrgId>,
}

impl Stale {
    fn note(&mut self, changed: Result<OrgId, RecvError>) {
        match changed {
            Ok(org) => drop(self.orgs.insert(org)),
            Err(RecvError::Lagged(_)) => self.is_all = true,
            // The feed lives as long as the engine.
            Err(RecvError::Closed) => {}
        }
    }

    /// Has the sampler take up some of what may have changed.
    async fn refresh(&mut self, shared: &Shared, sampler: &mut Sampler) -> Result<(), StoreError> {
        if self.is_all {
            self.orgs.extend(sampler.sources.keys());
            self.extend_by_all(shared).await?;
            self.is_all = false;
        }
        for _ in 0..READ_MAX {
            let Some(org) = self.orgs.first().copied() else { break };
            let sources = shared.org(org).sampled_sources().await?;
            sampler.take_up(org, sources, shared.ports.clock.now());
            self.orgs.remove(&org);
        }
        Ok(())
    }

    async fn extend_by_all(&mut self, shared: &Shared) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = shared.ports.store.sampled_orgs(after, READ_MAX).await?;
            self.orgs.extend(&page);
            after = page.last().copied();
            if page.len() < READ_MAX {
                return Ok(());
            }
        }
    }
}

/// What is sampled, and the rounds under way, which end with whoever holds this.
#[derive(Default)]
struct Sampler {
    sources: HashMap<OrgId, Vec<Timed>>,
    /// When each organization's next moment is.
    queue: BTreeSet<(Timestamp, OrgId)>,
    rounds: JoinSet<()>,
    /// Whose each round is,
    tasks: HashMap<Id, OrgId>,
    /// and those who have one. What becomes due meanwhile waits for its end.
    under_way: HashSet<OrgId>,
}

/// A source, and its next moment.
struct Timed {
    source: Arc<SampledSource>,
    digest: SourceDigest,
    due: Timestamp,
}

/// The sources that are asked in one round.
type Asked = Vec<(SourceDigest, Arc<SampledSource>)>;

impl Sampler {
    /// From now on these are an organization's sources that are sampled. Of one that several
    /// monitors have, the one that wants it most often counts.
    fn take_up(&mut self, org: OrgId, sources: Vec<SampledSource>, now: Timestamp) {
        self.dequeue(org);
        let known = self.sources.remove(&org).unwrap_or_default();
        let before: HashMap<_, _> =
            known.into_iter().map(|timed| ((timed.digest, timed.source.every), timed.due)).collect();
        let mut wanted: HashMap<SourceDigest, SampledSource> = HashMap::new();
        for source in sources {
            let (digest, every) = (source.source.digest(source.project), source.every);
            let known = wanted.entry(digest).or_insert(source);
            known.every = known.every.min(every);
        }
        let timed = wanted.into_iter().map(|(digest, source)| {
            let due = before.get(&(digest, source.every)).copied();
            let due = due.unwrap_or_else(|| next_moment(org, source.every, now));
            Timed { source: Arc::new(source), digest, due }
        });
        let timed: Vec<Timed> = timed.collect();
        if !timed.is_empty() {
            self.sources.insert(org, timed);
            self.enqueue(org);
        }
    }

    /// Begins the rounds that are due; how long it is until the next one.
    fn begin_due(&mut self, shared: &Arc<Shared>) -> Option<Duration> {
        let now = shared.ports.clock.now();
        while let Some((org, at, sources)) = self.next_round(now) {
            let round = self.rounds.spawn(round(Arc::clone(shared), org, at, sources));
            self.tasks.insert(round.id(), org);
        }
        let (due, _) = self.queue.first()?;
        Some(Duration::try_from(due.duration_since(now)).unwrap_or_default())
    }

    /// A round that is due and that its organization is free for, which it is no longer then.
    fn next_round(&mut self, now: Timestamp) -> Option<(OrgId, Timestamp, Asked)> {
        loop {
            let (_, org) = *self.queue.first().filter(|(due, _)| *due <= now)?;
            self.queue.pop_first();
            // What is due stays so until the round under way is over: a slow source must not
            // cost the others their moments.
            if self.under_way.contains(&org) {
                continue;
            }
            if let Some((at, sources)) = self.due_of(org, now) {
                self.under_way.insert(org);
                return Some((org, at, sources));
            }
        }
    }

    /// A round of this organization has come to its end.
    fn round_over(&mut self, org: OrgId) {
        self.under_way.remove(&org);
        self.enqueue(org);
    }

    /// Notes when the organization's next moment is.
    fn enqueue(&mut self, org: OrgId) {
        self.queue.extend(self.next_of(org));
    }

    /// Forgets it.
    fn dequeue(&mut self, org: OrgId) {
        if let Some(next) = self.next_of(org) {
            self.queue.remove(&next);
        }
    }

    fn next_of(&self, org: OrgId) -> Option<(Timestamp, OrgId)> {
        Some((self.sources.get(&org)?.iter().map(|timed| timed.due).min()?, org))
    }

    /// What of an organization is due, and the moment it is due at; its next moment is noted.
    fn due_of(&mut self, org: OrgId, now: Timestamp) -> Option<(Timestamp, Asked)> {
        self.dequeue(org);
        let timed = self.sources.get_mut(&org)?;
        let mut due = Vec::new();
        let mut at = Timestamp::MIN;
        for timed in timed.iter_mut().filter(|timed| timed.due <= now) {
            at = at.max(moment(org, timed.source.every, now));
            timed.due = next_moment(org, timed.source.every, now);
            due.push((timed.digest, Arc::clone(&timed.source)));
        }
        self.enqueue(org);
        (!due.is_empty()).then_some((at, due))
    }

    /// Waits until a round is over; for ever if there is none.
    async fn ended(&mut self) {
        let (task, end) = match self.rounds.join_next_with_id().await {
            Some(Ok((task, ()))) => (task, Ok(())),
            Some(Err(error)) => (error.id(), Err(error)),
            None => return std::future::pending().await,
        };
        if let Some(org) = self.tasks.remove(&task) {
            self.round_over(org);
        }
        if let Err(error) = end {
            tracing::error!(%error, "samples of signals were lost");
        }
    }
}

/// Asks the sources of an organization, and keeps what they gave.
async fn round(shared: Arc<Shared>, org: OrgId, at: Timestamp, sources: Asked) {
    let store = shared.org(org);
    let asked =
        stream::iter(sources.into_iter().map(|(digest, source)| sampled(&shared, store.as_ref(), digest, source)));
    let mut asked = std::pin::pin!(asked.buffer_unordered(ASKED_MAX));
    let until = Instant::now() + ROUND_MAX;
    let mut values = Vec::new();
    while let Ok(Some(answer)) = timeout_at(until, asked.next()).await {
        values.extend(answer);
    }
    if values.is_empty() {
        return;
    }
    if let Err(error) = store.commit(ChangeSet::of([Change::KeepSamples(Samples { at, values })])).await {
        tracing::error!(%error, org.id = %org, "samples of signals could not be kept");
    }
}

/// The number that a source gives now, if it gives one.
async fn sampled(
    shared: &Shared,
    store: &dyn OrgStore,
    digest: SourceDigest,
    source: Arc<SampledSource>,
) -> Option<(SourceDigest, f64)> {
    let reader = Reader { shared, org: source.org, store, project: source.project };
    match reader.sample(&source.source).await {
        Ok(measured) => measured.and_then(|measured| measured.value).map(|value| (digest, value)),
        Err(error) => {
            tracing::error!(%error, org.id = %source.org, "a signal could not be sampled");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ProjectId;
    use domain::monitor::Source;
    use jiff::SignedDuration;
    use serde_json::json;
    use uuid::Uuid;

    const ORG: OrgId = OrgId(Uuid::from_u128(7));

    fn source(path: &str, every: u32) -> SampledSource {
        let source = json!({ "kind": "http", "url": format!("https://shop.example/{path}") });
        let source: Source = serde_json::from_value(source).unwrap();
        SampledSource { org: ORG, project: ProjectId(Uuid::nil()), source, every }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    /// How many of the sources are due at each of these times.
    fn due(sampler: &mut Sampler, seconds: impl IntoIterator<Item = i64>) -> Vec<usize> {
        let due = |second| sampler.due_of(ORG, at(second)).map_or(0, |(_, sources)| sources.len());
        seconds.into_iter().map(due).collect()
    }

    #[test]
    fn sources_of_one_gap_share_their_moments() {
        let mut sampler = Sampler::default();
        sampler.take_up(ORG, vec![source("a", 60), source("b", 60), source("c", 120)], at(0));
        let counts = due(&mut sampler, (0..600).step_by(10));
        assert_eq!(counts.iter().filter(|count| **count == 3).count(), 5);
        assert_eq!(counts.iter().filter(|count| **count == 2).count(), 5);
        assert_eq!(counts.iter().sum::<usize>(), 25);
    }

    #[test]
    fn a_round_that_outlives_a_gap_costs_no_other_source_its_moment() {
        let mut sampler = Sampler::default();
        sampler.take_up(ORG, vec![source("slow", 10), source("b", 60)], at(0));
        let slow = next_moment(ORG, 10, at(0));
        let other = next_moment(ORG, 60, at(0));
        // The round under way began before the moment of the other, and ends behind it.
        let (_, _, asked) = sampler.next_round(slow).unwrap();
        assert_eq!(asked.len(), if slow == other { 2 } else { 1 });
        for second in 1..=75 {
            assert!(sampler.next_round(slow + SignedDuration::from_secs(second)).is_none(), "one round at a time");
        }
        // What is watched by may change meanwhile.
        sampler.take_up(ORG, vec![source("slow", 10), source("b", 60)], slow + SignedDuration::from_secs(75));
        assert!(sampler.next_round(slow + SignedDuration::from_secs(75)).is_none());
        sampler.round_over(ORG);
        let (_, moment, asked) = sampler.next_round(slow + SignedDuration::from_secs(75)).unwrap();
        assert_eq!(asked.len(), 2, "both have a moment that is past");
        assert!(moment > slow + SignedDuration::from_secs(60));
        sampler.round_over(ORG);
        assert!(sampler.next_round(slow + SignedDuration::from_secs(75)).is_none(), "nothing is made up for");
    }

    #[test]
    fn a_source_that_two_monitors_have_is_asked_once_as_often_as_one_of_them_wants() {
        let mut sampler = Sampler::default();
        sampler.take_up(ORG, vec![source("a", 60), source("a", 30)], at(0));
        assert_eq!(due(&mut sampler, (0..60).step_by(1)).iter().sum::<usize>(), 2);
    }

    #[test]
    fn taking_up_the_same_again_puts_nothing_off() {
        let mut sampler = Sampler::default();
        let first = next_moment(ORG, 60, at(0));
        sampler.take_up(ORG, vec![source("a", 60)], at(0));
        sampler.take_up(ORG, vec![source("a", 60), source("b", 60)], first + SignedDuration::from_secs(1));
        let (_, sources) = sampler.due_of(ORG, first + SignedDuration::from_secs(1)).unwrap();
        assert_eq!(sources.len(), 1, "what was due still is");
        sampler.take_up(OrgId(Uuid::nil()), Vec::new(), at(0));
        assert_eq!(sampler.queue.len(), 1, "what another has changes nothing");
        sampler.take_up(ORG, Vec::new(), at(0));
        assert!(sampler.queue.is_empty() && sampler.sources.is_empty());
    }
}
