//! Time and ids, handed in so that tests can set them.

use domain::Timestamp;
use uuid::Uuid;

/// What time it is.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Where new ids and random numbers come from.
pub trait IdSource: Send + Sync + 'static {
    /// A fresh UUIDv7, for ids of our own things.
    fn uuid_v7(&self) -> Uuid;

    /// A fresh UUIDv4, for ids that must not be guessed and carry no time.
    fn uuid_v4(&self) -> Uuid;

    /// A number in `0.0..1.0`, for jitter.
    fn fraction(&self) -> f64;
}

/// The machine's own clock and randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemSources;

#[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is handed")]
impl Clock for SystemSources {
    fn now(&self) -> Timestamp {
        // To the microsecond, as times are stored and shown: a time that a client was shown
        // and sends back is then equal to the stored one.
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the source that everybody else is handed")]
impl IdSource for SystemSources {
    fn uuid_v7(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn uuid_v4(&self) -> Uuid {
        Uuid::new_v4()
    }

    fn fraction(&self) -> f64 {
        // 53 bits fill a double's mantissa. The first 48 bits of a v4 id are random, and so
        // are the 62 low ones; the low ones are taken.
        (Uuid::new_v4().as_u128() as u64 & ((1 << 53) - 1)) as f64 / (1u64 << 53) as f64
    }
}
