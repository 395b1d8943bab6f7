//! Ids: the same with each start while history is made, so that a page of the demo keeps its
//! address; the machine's afterwards.

use std::sync::{Arc, Mutex, PoisonError};

use ports::IdSource;
use ports::time::SystemSources;
use uuid::{Builder, Uuid};

use crate::chance::Chance;
use crate::clock::DemoClock;

/// Any seed would do.
const SEED: u64 = 0x0005_0947_1e00_de30;

/// The time in ids of history, which carries no meaning: 2026-01-01, and a millisecond more for
/// each.
const FIRST_MILLIS: u64 = 1_767_225_600_000;

#[derive(Debug)]
pub(crate) struct DemoIds {
    clock: Arc<DemoClock>,
    drawn: Mutex<(u64, Chance)>,
}

impl DemoIds {
    pub(crate) fn of(clock: Arc<DemoClock>) -> Self {
        Self { clock, drawn: Mutex::new((FIRST_MILLIS, Chance::new(SEED))) }
    }

    /// The next one's time and chance; `None` once the clock goes.
    fn draw(&self) -> Option<(u64, u128)> {
        if self.clock.is_going() {
            return None;
        }
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let (millis, chance) = &mut *drawn;
        *millis += 1;
        Some((*millis, u128::from(chance.next()) << 64 | u128::from(chance.next())))
    }
}

impl IdSource for DemoIds {
    fn uuid_v7(&self) -> Uuid {
        let Some((millis, chance)) = self.draw() else { return SystemSources.uuid_v7() };
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&chance.to_be_bytes()[..10]);
        Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }

    fn uuid_v4(&self) -> Uuid {
        let Some((_, chance)) = self.draw() else { return SystemSources.uuid_v4() };
        Builder::from_random_bytes(chance.to_be_bytes()).into_uuid()
    }

    fn fraction(&self) -> f64 {
        let drawn = self.draw().map(|(_, chance)| Chance::new(chance as u64).fraction());
        drawn.unwrap_or_else(|| SystemSources.fraction())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;

    #[test]
    fn they_are_the_same_with_each_start_until_the_clock_goes() {
        let start = || {
            let clock = Arc::new(DemoClock::standing(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH));
            (DemoIds::of(Arc::clone(&clock)), clock)
        };
        let ((one, clock), (other, _)) = (start(), start());
        for _ in 0..100 {
            let (id, again) = (one.uuid_v7(), other.uuid_v7());
            assert_eq!((id, id.get_version_num()), (again, 7));
            assert_eq!((one.uuid_v4().get_version_num(), one.fraction() < 1.0), (4, true));
            let _ = (other.uuid_v4(), other.fraction());
        }
        clock.go_on();
        assert_ne!(one.uuid_v4(), other.uuid_v4());
    }
}
