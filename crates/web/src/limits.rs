//! How many requests in a minute, and how many open streams, an organization may have.
//!
//! Requests are counted in windows of a minute that begin with an organization's first
//! request, because that is what the contracts promise: so many in a minute, then none
//! until the minute is over. (A leaky bucket, as `governor` has, would let some through
//! earlier and refuse others later.)

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use app::{Ctx, Error, Metrics, OpenStream};
use domain::{OrgId, Timestamp};
use uuid::Uuid;

use crate::WebOptions;

const WINDOW_MS: i64 = 60_000;

/// Organizations counted before the windows that are over are swept out.
const SWEEP_AT: usize = 10_000;

/// The public APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Facade {
    /// The native API.
    Native,
    /// The Make-compatible API.
    Make,
    /// The Cassidy-compatible API.
    Cassidy,
    /// The Cased-compatible API.
    Cased,
    /// The chat on other sites' pages.
    Embed,
}

impl Facade {
    /// What it is called in what is counted.
    pub fn name(self) -> &'static str {
        match self {
            Facade::Native => "native",
            Facade::Make => "make",
            Facade::Cassidy => "cassidy",
            Facade::Cased => "cased",
            Facade::Embed => "embed",
        }
    }
}

/// The limits of all façades, and what has been used of them.
#[derive(Debug)]
pub struct Limits {
    options: WebOptions,
    windows: Mutex<HashMap<(Facade, Uuid), Window>>,
    streams: Arc<Mutex<HashMap<OrgId, usize>>>,
    metrics: Metrics,
}

/// For whom a message of a visitor counts.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    /// The visitor.
    pub visitor: Uuid,
    /// Where they come from.
    pub address: Uuid,
    /// The embed.
    pub embed: Uuid,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began_ms: i64,
    requests: u32,
}

/// The right to one open stream; given back when dropped.
#[derive(Debug)]
pub struct StreamPlace {
    org: OrgId,
    streams: Arc<Mutex<HashMap<OrgId, usize>>>,
    #[expect(dead_code, reason = "it counts as long as it lives")]
    counted: OpenStream,
}

impl Limits {
    pub(crate) fn new(options: &WebOptions, metrics: Metrics) -> Self {
        Self { options: options.clone(), windows: Mutex::default(), streams: Arc::default(), metrics }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// [`Error::RateLimited`] if there have been too many in this minute.
    pub fn check(&self, facade: Facade, ctx: &Ctx) -> Result<(), Error> {
        self.check_of(facade, counted(facade, ctx), ctx.now)
    }

    /// Counts a request that nobody's key came with, for what it was sent to.
    ///
    /// # Errors
    /// As [`Limits::check`].
    pub fn check_of(&self, facade: Facade, of: Uuid, now: Timestamp) -> Result<(), Error> {
        self.check_up_to(self.per_minute(facade), facade, of, now)
    }

    /// Counts a message of a visitor: for them, for where they come from, and for the embed.
    /// Who is stopped by a narrow limit uses up nothing of a wide one.
    ///
    /// # Errors
    /// As [`Limits::check`].
    pub fn check_visit(&self, visit: Visit, now: Timestamp) -> Result<(), Error> {
        let options = &self.options;
        let counted = [
            (options.embed_visitor_per_minute, visit.visitor),
            (options.embed_address_per_minute, visit.address),
            (options.embed_per_minute, visit.embed),
        ];
        // Looked at before anything is kept: a visitor is whoever they say, and one who is
        // refused leaves no window behind.
        counted.iter().try_for_each(|(max, of)| self.look_up_to(*max, Facade::Embed, *of, now))?;
        counted.into_iter().try_for_each(|(max, of)| self.check_up_to(max, Facade::Embed, of, now))
    }

    /// Whether one more would be let through.
    fn look_up_to(&self, max: u32, facade: Facade, of: Uuid, now: Timestamp) -> Result<(), Error> {
        let found = lock(&self.windows).get(&(facade, of)).copied();
        found.filter(|_| max > 0).map_or(Ok(()), |mut window| window.take(max, now))
    }

    fn check_up_to(&self, max: u32, facade: Facade, of: Uuid, now: Timestamp) -> Result<(), Error> {
        if max == 0 {
            return Ok(());
        }
        let mut windows = lock(&self.windows);
        let now_ms = now.as_millisecond();
        if windows.len() >= SWEEP_AT {
            windows.retain(|_, window| !window.is_over(now_ms));
        }
        let window = windows.entry((facade, of)).or_insert(Window { began_ms: now_ms, requests: 0 });
        window.take(max, now)
    }

    /// Takes one of the organization's streams.
    ///
    /// # Errors
    /// [`Error::Busy`] if all are taken.
    pub fn take_stream(&self, org: OrgId) -> Result<StreamPlace, Error> {
        let mut streams = lock(&self.streams);
        let open = streams.entry(org).or_default();
        if *open >= self.options.streams_per_org_max {
            return Err(Error::Busy);
        }
        *open += 1;
        Ok(StreamPlace { org, streams: Arc::clone(&self.streams), counted: self.metrics.stream_opens() })
    }

    fn per_minute(&self, facade: Facade) -> u32 {
        match facade {
            Facade::Native => self.options.native_per_minute,
            Facade::Make => self.options.make_per_minute,
            Facade::Cassidy => self.options.cassidy_per_minute,
            Facade::Cased => self.options.cased_per_minute,
            Facade::Embed => self.options.embed_per_minute,
        }
    }
}

/// Whose requests are counted together: an organization's, or those with one key, as each
/// API's contract has it.
fn counted(facade: Facade, ctx: &Ctx) -> Uuid {
    match (facade, ctx.key) {
        (Facade::Cassidy | Facade::Cased, Some(key)) => key.0,
        (Facade::Native | Facade::Make | Facade::Cassidy | Facade::Cased | Facade::Embed, _) => ctx.org.0,
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut streams = lock(&self.streams);
        if let Some(open) = streams.get_mut(&self.org) {
            *open -= 1;
            if *open == 0 {
                streams.remove(&self.org);
            }
        }
    }
}

impl Window {
    /// A clock that was set back begins a new window too: nobody is locked out for longer
    /// than a minute.
    fn is_over(&self, now_ms: i64) -> bool {
        !(0..WINDOW_MS).contains(&(now_ms - self.began_ms))
    }

    fn take(&mut self, max: u32, now: Timestamp) -> Result<(), Error> {
        let now_ms = now.as_millisecond();
        if self.is_over(now_ms) {
            *self = Window { began_ms: now_ms, requests: 0 };
        }
        if self.requests >= max {
            let left_ms = u64::try_from(self.began_ms + WINDOW_MS - now_ms).unwrap_or_default();
            // Whole seconds, rounded up: whoever waits this long is let in.
            return Err(Error::RateLimited { retry_after: Duration::from_secs(left_ms.div_ceil(1_000)) });
        }
        self.requests += 1;
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change under these locks is one step, so a panic elsewhere leaves them whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::Operator;

    fn ctx(org: u128, ms: i64) -> Ctx {
        let now = Timestamp::from_millisecond(ms).unwrap();
        Operator::of_this_installation().acting_for(OrgId(Uuid::from_u128(org)), now)
    }

    fn limits(make_per_minute: u32) -> Limits {
        let options = WebOptions { make_per_minute, streams_per_org_max: 2, ..WebOptions::default() };
        Limits::new(&options, Metrics::default())
    }

    fn wait(limits: &Limits, ctx: &Ctx) -> Option<u64> {
        match limits.check(Facade::Make, ctx) {
            Ok(()) => None,
            Err(Error::RateLimited { retry_after }) => Some(retry_after.as_secs()),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn so_many_in_a_minute_and_then_none_until_it_is_over() {
        let limits = limits(3);
        for ms in [0, 20_000, 40_000] {
            assert_eq!(wait(&limits, &ctx(1, ms)), None);
        }
        assert_eq!(wait(&limits, &ctx(1, 45_500)), Some(15));
        assert_eq!(wait(&limits, &ctx(1, 60_500)), None);
    }

    #[test]
    fn organizations_and_facades_are_counted_apart() {
        let limits = limits(1);
        assert_eq!(wait(&limits, &ctx(1, 0)), None);
        assert_eq!(wait(&limits, &ctx(2, 0)), None);
        assert!(limits.check(Facade::Native, &ctx(1, 0)).is_ok(), "0 is no limit");
        assert_eq!(wait(&limits, &ctx(1, 1)), Some(60));
    }

    #[test]
    fn each_key_is_counted_by_itself_where_the_contract_says_so() {
        let options = WebOptions { cassidy_per_minute: 1, ..WebOptions::default() };
        let limits = Limits::new(&options, Metrics::default());
        let with_key = |key| Ctx { key: Some(domain::KeyId(Uuid::from_u128(key))), ..ctx(1, 0) };
        assert!(limits.check(Facade::Cassidy, &with_key(1)).is_ok());
        assert!(limits.check(Facade::Cassidy, &with_key(2)).is_ok());
        assert!(limits.check(Facade::Cassidy, &with_key(1)).is_err());
    }

    #[test]
    fn a_visitor_who_is_stopped_uses_up_nothing_of_others() {
        let options = WebOptions {
            embed_visitor_per_minute: 1,
            embed_address_per_minute: 2,
            embed_per_minute: 3,
            ..WebOptions::default()
        };
        let limits = Limits::new(&options, Metrics::default());
        let says = |visitor, address| {
            let [visitor, address, embed] = [visitor, address, 9].map(Uuid::from_u128);
            limits.check_visit(Visit { visitor, address, embed }, ctx(1, 0).now).is_ok()
        };
        assert!(says(1, 11));
        for _ in 0..5 {
            assert!(!says(1, 11), "the visitor's own");
        }
        assert!(says(2, 11));
        assert!(!says(3, 11), "the address's");
        assert!(says(4, 12));
        assert!(!says(5, 13), "the embed's");
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let limits = limits(1);
        assert_eq!(wait(&limits, &ctx(1, 3_600_000)), None);
        assert_eq!(wait(&limits, &ctx(1, 0)), None);
    }

    #[test]
    fn a_dropped_stream_gives_its_place_back() {
        let limits = limits(1);
        let org = OrgId(Uuid::from_u128(1));
        let (first, _second) = (limits.take_stream(org).unwrap(), limits.take_stream(org).unwrap());
        assert!(limits.take_stream(org).is_err());
        drop(first);
        assert!(limits.take_stream(org).is_ok());
    }
}
