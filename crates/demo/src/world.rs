//! What is measured in a world that is made up: numbers that go up and down with the hours of
//! the day, shake a little, and suffer from what goes wrong.

use std::f64::consts::TAU;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::monitor::{Answered, HttpProbe, NotAnswered, Reading, Sample, windows};
use domain::{OrgId, Timestamp};
use jiff::SignedDuration;
use ports::{RangeQuery, SignalPlace, SignalReader};

use crate::chance::Chance;

/// A number a minute, as the monitors of servers ask for.
const STEP: SignedDuration = SignedDuration::from_mins(1);

/// How much a number shakes.
const SHAKES: f64 = 0.05;

/// How much it goes up and down with the day.
const SWINGS: f64 = 0.3;

/// Numbers of one answer at most, whatever is asked.
const SAMPLES_MAX: usize = 2_000;

/// What a signal asks for, and what it is on an ordinary day.
#[derive(Debug)]
pub(crate) struct Gauge {
    pub(crate) query: &'static str,
    usual: f64,
    /// Whether it is larger by day.
    swings: bool,
}

/// The queries that this world knows.
pub(crate) const GAUGES: [Gauge; 6] = [
    Gauge { query: CHECKOUT_LATENCY, usual: 182.0, swings: true },
    Gauge { query: CHECKOUT_ERRORS, usual: 0.42, swings: false },
    Gauge { query: ORDERS, usual: 61.0, swings: true },
    Gauge { query: DECLINED, usual: 2.1, swings: false },
    Gauge { query: PAYMENT_LATENCY, usual: 96.0, swings: true },
    Gauge { query: SEARCH_LATENCY, usual: 48.0, swings: true },
];

pub(crate) const CHECKOUT_LATENCY: &str =
    "histogram_quantile(0.99, sum by (le) (rate(http_request_ms_bucket{service=\"checkout\"}[5m])))";
pub(crate) const CHECKOUT_ERRORS: &str = "100 * sum(rate(http_errors_total{service=\"checkout\"}[5m]))";
pub(crate) const ORDERS: &str = "60 * sum(rate(orders_placed_total[5m]))";
pub(crate) const DECLINED: &str = "100 * sum(rate(payments_declined_total[5m])) / sum(rate(payments_total[5m]))";
pub(crate) const PAYMENT_LATENCY: &str =
    "histogram_quantile(0.95, sum by (le) (rate(http_request_ms_bucket{service=\"payments\"}[5m])))";
pub(crate) const SEARCH_LATENCY: &str =
    "histogram_quantile(0.99, sum by (le) (rate(http_request_ms_bucket{service=\"search\"}[5m])))";

/// Something that goes wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trouble {
    /// With this number,
    pub(crate) query: &'static str,
    /// which is so many times what it should be,
    pub(crate) times: f64,
    /// from here on
    pub(crate) from: Timestamp,
    /// for so long.
    pub(crate) lasts: SignedDuration,
}

/// What goes wrong and when.
#[derive(Debug)]
pub(crate) struct World(Mutex<Vec<Trouble>>);

impl World {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// This goes wrong too.
    pub(crate) fn suffers(&self, trouble: Trouble) {
        self.lock().push(trouble);
    }

    /// What goes wrong now ends: what had to be done was done.
    pub(crate) fn is_mended(&self, at: Timestamp) {
        for trouble in self.lock().iter_mut().filter(|trouble| trouble.from <= at) {
            trouble.lasts = trouble.lasts.min(at.duration_since(trouble.from));
        }
    }

    /// What this query shows at that time; `None` if the world does not know it.
    pub(crate) fn value(&self, query: &str, at: Timestamp) -> Option<f64> {
        let (index, gauge) = GAUGES.iter().enumerate().find(|(_, gauge)| gauge.query == query)?;
        let minute = at.as_second().div_euclid(60);
        let hour = (minute.rem_euclid(24 * 60) as f64) / 60.0;
        let swing = if gauge.swings { 1.0 + SWINGS * ((hour - 8.0) / 24.0 * TAU).sin() } else { 1.0 };
        let seed = (minute as u64).wrapping_mul(31).wrapping_add(index as u64);
        let shake = 1.0 + SHAKES * (2.0 * Chance::new(seed).fraction() - 1.0);
        let troubled =
            self.lock().iter().filter(|trouble| trouble.holds(query, at)).map(|trouble| trouble.times).product::<f64>();
        Some(gauge.usual * swing * shake * troubled)
    }

    fn samples(&self, query: &str, from: Timestamp, until: Timestamp, step: SignedDuration) -> Vec<Sample> {
        let times = std::iter::successors(Some(from), |at| at.checked_add(step).ok());
        let times = times.take_while(|at| *at < until).take(SAMPLES_MAX);
        times.filter_map(|at| self.value(query, at).map(|value| Sample { at, value })).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Trouble>> {
        // A list that is only added to and whose entries are whole at any time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trouble {
    fn holds(&self, query: &str, at: Timestamp) -> bool {
        self.query == query && at >= self.from && at.duration_since(self.from) < self.lasts
    }
}

/// Reads the numbers of the world. Nobody is asked.
pub(crate) struct Gauges(Arc<World>);

impl Gauges {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self(world)
    }
}

const UNKNOWN: &str = "the demo makes up the numbers of its own signals only, and asks nobody else";

#[async_trait]
impl SignalReader for Gauges {
    async fn read(&self, _org: OrgId, query: RangeQuery<'_>, event: Timestamp, now: Timestamp) -> Reading {
        let Some(current) = self.0.value(query.query, now) else {
            return Reading { detail: Some(UNKNOWN.to_owned()), ..Reading::default() };
        };
        let [week, _] = windows(event);
        let before = self.0.samples(query.query, week.start, week.end, STEP);
        Reading { current: Some(current), before, detail: None }
    }

    async fn recent(
        &self,
        _org: OrgId,
        query: RangeQuery<'_>,
        since: Timestamp,
        now: Timestamp,
        step: Duration,
    ) -> Result<Vec<Sample>, String> {
        let step = SignedDuration::try_from(step).unwrap_or(STEP).max(SignedDuration::from_secs(1));
        match self.0.value(query.query, now) {
            Some(_) => Ok(self.0.samples(query.query, since, now, step)),
            None => Err(UNKNOWN.to_owned()),
        }
    }

    async fn probe(&self, _org: OrgId, _probe: &HttpProbe) -> Result<Answered, NotAnswered> {
        Err(NotAnswered::NotAsked(UNKNOWN.to_owned()))
    }

    async fn place(&self, _org: OrgId, _origin: &str) -> Box<dyn SignalPlace> {
        Box::new(Free)
    }
}

/// Where nobody is asked there is always a place.
struct Free;

impl SignalPlace for Free {}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::monitor::{Level, Measure, baseline};
    use proptest::prelude::*;

    fn level(world: &World, query: &str, now: Timestamp) -> Level {
        let [week, _] = windows(now);
        let before = baseline(world.samples(query, week.start, week.end, STEP), now);
        Measure::default().level(world.value(query, now), before)
    }

    proptest! {
        #[test]
        fn nothing_is_worse_on_an_ordinary_day(second in 1_700_000_000i64..1_900_000_000) {
            let now = Timestamp::from_second(second).unwrap();
            for gauge in &GAUGES {
                prop_assert_eq!(level(&World::new(), gauge.query, now), Level::None, "{}", gauge.query);
            }
        }
    }

    #[test]
    fn what_goes_wrong_is_seen_until_it_is_mended() {
        let world = World::new();
        let from = Timestamp::from_second(1_795_341_600).unwrap();
        world.suffers(Trouble { query: CHECKOUT_LATENCY, times: 2.6, from, lasts: SignedDuration::from_hours(1) });
        let later = |minutes| from.checked_add(SignedDuration::from_mins(minutes)).unwrap();
        assert_eq!(level(&world, CHECKOUT_LATENCY, later(5)), Level::Critical);
        assert_eq!(level(&world, ORDERS, later(5)), Level::None);
        world.is_mended(later(10));
        assert_eq!(level(&world, CHECKOUT_LATENCY, later(9)), Level::Critical);
        assert_eq!(level(&world, CHECKOUT_LATENCY, later(11)), Level::None);
    }
}
