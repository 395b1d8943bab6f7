//! A clock that stands in the past while history is made, and then is the machine's.
//!
//! While it stands, time is told and not waited for: a model that takes three seconds moves it on
//! by three seconds, at once. So what is made in a moment looks, to everybody who asks this
//! clock, as if it had taken its time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use ports::Clock;
use ports::time::SystemSources;
use tokio::sync::watch;

#[derive(Debug)]
pub(crate) struct DemoClock {
    /// Where it stands; `None` once it goes.
    stands_at: Mutex<Option<Timestamp>>,
    /// It never stands later than this: nothing happens in the future.
    until: Timestamp,
    goes: watch::Sender<bool>,
    holding: watch::Sender<u64>,
}

impl DemoClock {
    /// Stands here, and never later than `until`.
    pub(crate) fn standing(at: Timestamp, until: Timestamp) -> Self {
        let (goes, holding) = (watch::Sender::new(false), watch::Sender::new(0));
        Self { stands_at: Mutex::new(Some(at)), until, goes, holding }
    }

    /// The end of history.
    pub(crate) fn until(&self) -> Timestamp {
        self.until
    }

    /// Stands at this time from now on, unless it stands later already.
    pub(crate) fn move_to(&self, at: Timestamp) {
        if let Some(stands_at) = self.lock().as_mut() {
            *stands_at = at.min(self.until).max(*stands_at);
        }
    }

    /// Is the machine's from now on.
    pub(crate) fn go_on(&self) {
        *self.lock() = None;
        self.goes.send_replace(true);
    }

    /// Whether it is the machine's.
    pub(crate) fn is_going(&self) -> bool {
        *self.goes.borrow()
    }

    /// Lets this much time pass: told while it stands, waited for once it goes.
    pub(crate) async fn pass(&self, time: Duration) {
        {
            let mut stands_at = self.lock();
            if let Some(at) = stands_at.as_mut() {
                *at = at.checked_add(time).unwrap_or(self.until).min(self.until);
                return;
            }
        }
        tokio::time::sleep(time).await;
    }

    /// Waits until it goes. What waits here is under way when the history ends.
    pub(crate) async fn hold(&self) {
        let mut goes = self.goes.subscribe();
        self.holding.send_modify(|holding| *holding += 1);
        // The clock, and with it the sender, lives as long as whoever holds it.
        let _ended = goes.wait_for(|goes| *goes).await;
    }

    /// How many wait for it to go.
    pub(crate) fn holding(&self) -> u64 {
        *self.holding.borrow()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Timestamp>> {
        // One assignment: whole, whoever panicked meanwhile.
        self.stands_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Timestamp {
        let stands_at = *self.lock();
        stands_at.unwrap_or_else(|| SystemSources.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn it_is_moved_forward_only_and_not_beyond_its_end() {
        let clock = DemoClock::standing(second(100), second(1_000));
        clock.move_to(second(50));
        assert_eq!(clock.now(), second(100));
        clock.pass(Duration::from_secs(20)).await;
        assert_eq!(clock.now(), second(120));
        clock.move_to(second(5_000));
        clock.pass(Duration::from_secs(20)).await;
        assert_eq!(clock.now(), second(1_000));
        assert!(!clock.is_going());
    }

    #[tokio::test]
    async fn whoever_holds_goes_on_when_it_goes() {
        let clock = std::sync::Arc::new(DemoClock::standing(second(100), second(1_000)));
        let held = std::sync::Arc::clone(&clock);
        let holder = tokio::spawn(async move { held.hold().await });
        let mut holding = clock.holding.subscribe();
        holding.wait_for(|holding| *holding == 1).await.unwrap();
        assert!(!holder.is_finished());
        clock.go_on();
        holder.await.unwrap();
        assert!(clock.is_going() && clock.now() > second(1_000));
    }
}
