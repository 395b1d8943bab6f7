//! Wrong passwords: after a few of them the next attempt has to wait, longer each time.
//!
//! An attempt counts as wrong from its beginning until it turns out right, so that many at the
//! same time are no more than the same number one after the other. It is answered at once and
//! never held. Kept in memory: a restart forgives, and costs whoever waits for it more.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use lru::LruCache;

use crate::error::Error;
use crate::known;

/// Wrong passwords that cost nothing.
const FREE: u32 = 5;

/// Longest wait for an address that people log in with.
const EMAIL_WAIT_MAX: Duration = Duration::from_secs(15 * 60);

/// Longest wait for an address of the network: many people may share it.
const NETWORK_WAIT_MAX: Duration = Duration::from_secs(60);

/// So long after the last one all is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// How often it is told that somebody's password was wrong.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// Remembered, whoever makes attempts.
const KEPT_MAX: NonZeroUsize = NonZeroUsize::new(20_000).expect("not zero");

/// Longest address that is looked at.
const EMAIL_BYTES_MAX: usize = 320;

/// What attempts are counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    Email(String),
    Network(IpAddr),
}

#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    wrong: u32,
    last_ms: i64,
    /// When it was last told that one was wrong.
    told_ms: Option<i64>,
}

/// The attempts to log in of late.
pub(crate) struct Attempts(Mutex<LruCache<Counted, Tally>>);

impl Default for Attempts {
    fn default() -> Self {
        Self(Mutex::new(known::at_most(KEPT_MAX)))
    }
}

/// An attempt that is being looked at. Dropped, it was wrong.
pub(crate) struct Attempt<'a> {
    attempts: &'a Attempts,
    began_ms: i64,
    email: Before,
    network: Option<Before>,
}

/// What an attempt is counted for, and when the one before it was.
struct Before {
    counted: Counted,
    last_ms: i64,
}

impl Attempts {
    /// Begins an attempt.
    ///
    /// # Errors
    /// [`Error::RateLimited`] if it comes too soon.
    pub(crate) fn begin(&self, email: &str, from: Option<IpAddr>, now: Timestamp) -> Result<Attempt<'_>, Error> {
        let (email, network) = (Counted::Email(folded(email)), from.map(|from| Counted::Network(network_of(from))));
        let now_ms = now.as_millisecond();
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = || [Some(&email), network.as_ref()].into_iter().flatten();
        let waits = counted().filter_map(|counted| tallies.peek(counted)?.wait(longest(counted), now_ms));
        if let Some(retry_after) = waits.max() {
            return Err(Error::RateLimited { retry_after });
        }
        let mut count = |counted: Counted| {
            let tally = tallies.get_or_insert_mut(counted.clone(), Tally::default);
            if tally.is_forgotten(now_ms) {
                *tally = Tally::default();
            }
            tally.wrong = tally.wrong.saturating_add(1);
            Before { counted, last_ms: std::mem::replace(&mut tally.last_ms, now_ms) }
        };
        let (email, network) = (count(email), network.map(&mut count));
        drop(tallies);
        Ok(Attempt { attempts: self, began_ms: now_ms, email, network })
    }

    fn change(&self, counted: &Counted, change: impl FnOnce(&mut Tally)) {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tally) = tallies.get_mut(counted) {
            change(tally);
        }
    }

    /// Whoever has proved otherwise to be the person of this address need not wait.
    pub(crate) fn forgive(&self, email: &str) {
        self.change(&Counted::Email(folded(email)), |tally| tally.wrong = 0);
    }
}

impl Attempt<'_> {
    /// It was right.
    pub(crate) fn was_right(self) {
        self.attempts.change(&self.email.counted, |tally| tally.wrong = 0);
        self.network.iter().for_each(|network| self.take_back(network));
    }

    /// It could not be looked at.
    pub(crate) fn was_not_made(self) {
        [Some(&self.email), self.network.as_ref()].into_iter().flatten().for_each(|counted| self.take_back(counted));
    }

    /// It was wrong. Whether that is to be told: not if it was a moment ago.
    pub(crate) fn was_wrong(self, now: Timestamp) -> bool {
        let (now_ms, mut is_to_be_told) = (now.as_millisecond(), false);
        self.attempts.change(&self.email.counted, |tally| {
            is_to_be_told = tally.told_ms.is_none_or(|told_ms| !is_within(TOLD_EVERY, now_ms - told_ms));
            if is_to_be_told {
                tally.told_ms = Some(now_ms);
            }
        });
        is_to_be_told
    }

    /// Nobody waits for it: as if it had not been, unless there was another since.
    fn take_back(&self, before: &Before) {
        self.attempts.change(&before.counted, |tally| {
            tally.wrong = tally.wrong.saturating_sub(1);
            if tally.last_ms == self.began_ms {
                tally.last_ms = before.last_ms;
            }
        });
    }
}

impl Tally {
    /// How long the next attempt has to wait. A clock that was set back makes nobody wait for
    /// longer than that.
    fn wait(&self, longest: Duration, now_ms: i64) -> Option<Duration> {
        let doublings = self.wrong.checked_sub(FREE)?.min(16);
        let whole = Duration::from_secs(1 << doublings).min(longest);
        let gone = Duration::from_millis(u64::try_from(now_ms - self.last_ms).unwrap_or_default());
        whole.checked_sub(gone).filter(|left| !left.is_zero())
    }

    fn is_forgotten(&self, now_ms: i64) -> bool {
        !is_within(FORGOTTEN_AFTER, now_ms - self.last_ms)
    }
}

fn is_within(time: Duration, gone_ms: i64) -> bool {
    gone_ms < i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn longest(counted: &Counted) -> Duration {
    match counted {
        Counted::Email(_) => EMAIL_WAIT_MAX,
        Counted::Network(_) => NETWORK_WAIT_MAX,
    }
}

/// However it is written, it is one person's. What is too long is nobody's.
fn folded(email: &str) -> String {
    let end = email.floor_char_boundary(EMAIL_BYTES_MAX);
    email[..end].to_lowercase()
}

/// What those who come from one address are counted by: the address, and of IPv6 the network of
/// 64 bits, of which a customer has at least one.
pub fn network_of(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    /// The wait in seconds before an attempt that is then wrong.
    fn wrong(attempts: &Attempts, email: &str, from: Option<&str>, ms: i64) -> Option<u64> {
        match attempts.begin(email, from.map(|from| from.parse().unwrap()), at(ms)) {
            Ok(attempt) => {
                attempt.was_wrong(at(ms));
                None
            }
            Err(Error::RateLimited { retry_after }) => Some(retry_after.as_millis().div_ceil(1_000) as u64),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_few_are_free_and_then_each_takes_twice_as_long() {
        let attempts = Attempts::default();
        let mut now = 0;
        for _ in 0..FREE {
            assert_eq!(wrong(&attempts, "ada@a", None, now), None);
        }
        for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            assert_eq!(wrong(&attempts, "ADA@a", None, now), Some(wait));
            assert_eq!(wrong(&attempts, "eva@a", None, now), None, "others are not concerned");
            attempts.forgive("eva@a");
            now += i64::try_from(wait).unwrap() * 1_000;
            assert_eq!(wrong(&attempts, "ada@a", None, now), None);
        }
        now += 24 * 3_600_000;
        assert_eq!(wrong(&attempts, "ada@a", None, now), None);
        assert_eq!(wrong(&attempts, "ada@a", None, now), None, "all is forgotten");
    }

    #[test]
    fn many_at_once_are_as_many_one_after_the_other() {
        let attempts = Attempts::default();
        let under_way: Vec<_> = (0..20).map(|_| attempts.begin("ada@a", None, at(0))).collect();
        assert_eq!(under_way.iter().filter(|begun| begun.is_ok()).count(), FREE as usize);
    }

    #[test]
    fn a_network_is_counted_whomever_it_tries() {
        let attempts = Attempts::default();
        for n in 0..FREE {
            assert_eq!(wrong(&attempts, &format!("{n}@a"), Some(&format!("2001:db8::{n}")), 0), None);
        }
        assert_eq!(wrong(&attempts, "next@a", Some("2001:db8::ffff"), 0), Some(1));
        assert_eq!(wrong(&attempts, "next@a", Some("2001:db8:0:1::1"), 0), None);
        assert_eq!(wrong(&attempts, "next@a", Some("::ffff:192.0.2.1"), 0), None);
    }

    #[test]
    fn whoever_is_right_begins_anew() {
        let attempts = Attempts::default();
        for _ in 0..10 {
            for _ in 0..FREE - 1 {
                assert_eq!(wrong(&attempts, "ada@a", None, 0), None);
            }
            attempts.begin("ada@a", None, at(0)).unwrap_or_else(|error| panic!("{error}")).was_right();
        }
    }

    #[test]
    fn whoever_is_right_makes_nobody_else_wait() {
        let attempts = Attempts::default();
        let office = Some("192.0.2.1");
        for n in 0..FREE {
            assert_eq!(wrong(&attempts, &format!("{n}@a"), office, 0), None);
        }
        assert_eq!(wrong(&attempts, "eva@a", office, 1_000), None, "the wait of a second is over");
        let from = office.map(|from| from.parse().unwrap());
        let ada = || attempts.begin("ada@a", from, at(3_000)).unwrap_or_else(|error| panic!("{error}"));
        ada().was_right();
        ada().was_not_made();
        assert_eq!(wrong(&attempts, "eva@a", office, 3_000), None, "what is right is nothing to wait for");
    }

    #[test]
    fn a_wrong_one_is_told_once_a_minute() {
        let attempts = Attempts::default();
        let told = |ms| attempts.begin("ada@a", None, at(ms)).ok().map(|attempt| attempt.was_wrong(at(ms)));
        assert_eq!([told(0), told(1), told(59_999), told(60_000)], [Some(true), Some(false), Some(false), Some(true)]);
    }

    #[test]
    fn a_clock_set_back_makes_nobody_wait_longer() {
        let attempts = Attempts::default();
        for _ in 0..FREE {
            wrong(&attempts, "ada@a", None, 3_600_000);
        }
        assert_eq!(wrong(&attempts, "ada@a", None, 0), Some(1));
    }
}
