//! Time and ids that a test sets.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use ports::time::SystemSources;
use ports::{Clock, IdSource};
use uuid::Uuid;

/// A clock that stands until a test moves it.
#[derive(Debug)]
pub struct StoppedClock(Mutex<Timestamp>);

impl StoppedClock {
    /// Stands at this time.
    pub fn at(time: Timestamp) -> Self {
        Self(Mutex::new(time))
    }

    /// Moves on by this much.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now += by;
    }
}

impl Default for StoppedClock {
    /// Stands at a time with a round look: 2026-11-22T10:00:00Z.
    fn default() -> Self {
        Self::at(Timestamp::from_second(1_795_341_600).expect("within range"))
    }
}

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that runs ahead of the machine's by as much as a test says.
#[derive(Debug, Default)]
pub struct ShiftedClock(AtomicU64);

impl ShiftedClock {
    /// Is this far ahead from now on.
    pub fn shift(&self, by: Duration) {
        self.0.store(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        SystemSources.now() + Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// Ids that count from 1, for tests that compare whole documents.
#[derive(Debug, Default)]
pub struct CountingIds(AtomicU64);

impl CountingIds {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl IdSource for CountingIds {
    fn uuid_v7(&self) -> Uuid {
        // The version and variant bits stand where they belong, in case someone looks.
        Uuid::from_u128(0x7000_8000_0000_0000_0000 | u128::from(self.next()))
    }

    fn uuid_v4(&self) -> Uuid {
        Uuid::from_u128(0x4000_8000_0000_0000_0000 | u128::from(self.next()))
    }

    fn fraction(&self) -> f64 {
        0.5
    }
}

/// Ids that come to an end when a test says so: whoever asks for the id of a new thing then
/// panics, in the middle of what it does.
#[derive(Debug, Default)]
pub struct FailingIds(AtomicUsize);

impl FailingIds {
    /// From now on, or no longer.
    pub fn fail(&self, fail: bool) {
        self.fail_next(if fail { usize::MAX } else { 0 });
    }

    /// The next so many times.
    pub fn fail_next(&self, times: usize) {
        self.0.store(times, Ordering::Relaxed);
    }
}

impl IdSource for FailingIds {
    fn uuid_v7(&self) -> Uuid {
        let fails = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        assert!(fails.is_err(), "the test wants this to fail");
        SystemSources.uuid_v7()
    }

    fn uuid_v4(&self) -> Uuid {
        SystemSources.uuid_v4()
    }

    fn fraction(&self) -> f64 {
        SystemSources.fraction()
    }
}
