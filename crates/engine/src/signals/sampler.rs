//! The sampler: asks sources that keep no past for their numbers, again and again, so that
//! there is a past to compare with.
//!
//! It sleeps until the first organization's next moment and is woken when what is watched by
//! changes; where nothing is sampled it does nothing at all. What an organization's sources
//! gave at one moment is one commit.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use domain::monitor::{SampledSource, Samples, SourceDigest, moment, next_moment};
use domain::{Change, ChangeSet, OrgId, Timestamp};
use futures::stream::{self, StreamExt};
use ports::OrgStore;
use ports::store::StoreError;
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, timeout_at};

use super::{AT_ONCE_MAX, Reader};
use crate::Shared;
use crate::dispatch::sleep_or_forever;

/// After the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// How long the sources of an organization may take. What has not answered by then gives no
/// sample.
const ROUND_MAX: Duration = Duration::from_secs(30);

/// Samples what is due until the engine drains.
pub(crate) async fn run(shared: Arc<Shared>) {
    let (mut monitors, mut timers) = (shared.ports.feed.watch_monitors(), shared.ports.feed.watch_timers());
    let mut sampler = Sampler::default();
    let mut is_stale = true;
    loop {
        timers.mark_unchanged();
        if is_stale {
            monitors.mark_unchanged();
            match shared.ports.store.sampled_sources().await {
                Ok(sources) => {
                    sampler.take_up(sources, shared.ports.clock.now());
                    is_stale = false;
                }
                Err(StoreError::Closed) => return,
                Err(error) => tracing::error!(%error, "could not look for signals that are sampled"),
            }
        }
        let wait = sampler.begin_due(&shared);
        let wait = if is_stale { Some(STORE_PAUSE) } else { wait };
        tokio::select! {
            () = shared.draining.cancelled() => return,
            // The feed lives as long as the engine: an error cannot come here.
            _ = monitors.changed() => is_stale = true,
            // Whoever moves the clock says so in this way.
            _ = timers.changed(), if !sampler.sources.is_empty() => {}
            () = sampler.ended() => {}
            () = sleep_or_forever(wait) => {}
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
    under_way: HashMap<Id, OrgId>,
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
    /// From now on these are sampled. Of a source that several monitors have, the one that
    /// wants it most often counts.
    fn take_up(&mut self, sources: Vec<SampledSource>, now: Timestamp) {
        let before: HashMap<_, _> = std::mem::take(&mut self.sources)
            .into_iter()
            .flat_map(|(org, timed)| {
                timed.into_iter().map(move |timed| ((org, timed.digest, timed.source.every), timed.due))
            })
            .collect();
        let mut wanted: HashMap<(OrgId, SourceDigest), SampledSource> = HashMap::new();
        for source in sources {
            let (key, every) = ((source.org, source.source.digest(source.project)), source.every);
            let known = wanted.entry(key).or_insert(source);
            known.every = known.every.min(every);
        }
        for ((org, digest), source) in wanted {
            let due = before.get(&(org, digest, source.every)).copied();
            let due = due.unwrap_or_else(|| next_moment(org, source.every, now));
            self.sources.entry(org).or_default().push(Timed { source: Arc::new(source), digest, due });
        }
        let first = |(org, timed): (&OrgId, &Vec<Timed>)| Some((timed.iter().map(|timed| timed.due).min()?, *org));
        self.queue = self.sources.iter().filter_map(first).collect();
    }

    /// Begins the rounds that are due; how long it is until the next one.
    fn begin_due(&mut self, shared: &Arc<Shared>) -> Option<Duration> {
        let now = shared.ports.clock.now();
        loop {
            let (due, org) = *self.queue.first()?;
            if due > now {
                return Some(Duration::try_from(due.duration_since(now)).unwrap_or_default());
            }
            self.queue.pop_first();
            let Some((at, sources)) = self.due_of(org, now) else { continue };
            // A round that takes longer than the time between two leaves the next one out.
            if self.under_way.values().all(|under_way| *under_way != org) {
                let round = self.rounds.spawn(round(Arc::clone(shared), org, at, sources));
                self.under_way.insert(round.id(), org);
            }
        }
    }

    /// What of an organization is due, and the moment it is due at; its next moment is noted.
    fn due_of(&mut self, org: OrgId, now: Timestamp) -> Option<(Timestamp, Asked)> {
        let timed = self.sources.get_mut(&org)?;
        let mut due = Vec::new();
        let mut at = Timestamp::MIN;
        for timed in timed.iter_mut().filter(|timed| timed.due <= now) {
            at = at.max(moment(org, timed.source.every, now));
            timed.due = next_moment(org, timed.source.every, now);
            due.push((timed.digest, Arc::clone(&timed.source)));
        }
        self.queue.insert((timed.iter().map(|timed| timed.due).min()?, org));
        (!due.is_empty()).then_some((at, due))
    }

    /// Waits until a round is over; for ever if there is none.
    async fn ended(&mut self) {
        let (task, end) = match self.rounds.join_next_with_id().await {
            Some(Ok((task, ()))) => (task, Ok(())),
            Some(Err(error)) => (error.id(), Err(error)),
            None => return std::future::pending().await,
        };
        self.under_way.remove(&task);
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
    let mut asked = std::pin::pin!(asked.buffer_unordered(AT_ONCE_MAX));
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
        sampler.take_up(vec![source("a", 60), source("b", 60), source("c", 120)], at(0));
        let counts = due(&mut sampler, (0..600).step_by(10));
        assert_eq!(counts.iter().filter(|count| **count == 3).count(), 5);
        assert_eq!(counts.iter().filter(|count| **count == 2).count(), 5);
        assert_eq!(counts.iter().sum::<usize>(), 25);
    }

    #[test]
    fn a_source_that_two_monitors_have_is_asked_once_as_often_as_one_of_them_wants() {
        let mut sampler = Sampler::default();
        sampler.take_up(vec![source("a", 60), source("a", 30)], at(0));
        assert_eq!(due(&mut sampler, (0..60).step_by(1)).iter().sum::<usize>(), 2);
    }

    #[test]
    fn taking_up_the_same_again_puts_nothing_off() {
        let mut sampler = Sampler::default();
        let first = next_moment(ORG, 60, at(0));
        sampler.take_up(vec![source("a", 60)], at(0));
        sampler.take_up(vec![source("a", 60), source("b", 60)], first + SignedDuration::from_secs(1));
        let (_, sources) = sampler.due_of(ORG, first + SignedDuration::from_secs(1)).unwrap();
        assert_eq!(sources.len(), 1, "what was due still is");
        sampler.take_up(Vec::new(), at(0));
        assert!(sampler.queue.is_empty() && sampler.sources.is_empty());
    }
}
