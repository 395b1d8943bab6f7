//! A time limit that is put off with each piece of an answer.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::task::coop;
use tokio::time::{Instant, Sleep};

/// A timer that is moved only when it has ended, so that an answer with much to say moves
/// none, and asks none.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    timer: Option<Pin<Box<Sleep>>>,
    /// When the timer ends, and whom it wakes then.
    set: Option<(Instant, Waker)>,
}

impl Alarm {
    /// Ready once it is `until`, however often it is asked in between and for what times. It is
    /// `now`.
    pub(crate) fn poll_until(&mut self, cx: &mut Context<'_>, now: Instant, until: Instant) -> Poll<()> {
        if let Some((end, waker)) = &self.set
            && *end <= until
            && waker.will_wake(cx.waker())
            && now < *end
        {
            return Poll::Pending;
        }
        // Without a budget left, the timer is not asked, and is to be asked again.
        let is_asked = coop::has_budget_remaining();
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if until < timer.deadline() {
            timer.as_mut().reset(until);
        }
        while timer.as_mut().poll(cx).is_ready() {
            if timer.deadline() >= until {
                return Poll::Ready(());
            }
            timer.as_mut().reset(until);
        }
        self.set = is_asked.then(|| (timer.deadline(), cx.waker().clone()));
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_ends_at_the_time_it_was_asked_for_last() {
        for [first, then] in [[5, 30], [30, 5], [5, 5]] {
            let began = Instant::now();
            let at = |seconds| began + Duration::from_secs(seconds);
            let mut alarm = Alarm::default();
            poll_fn(|cx| {
                assert!(alarm.poll_until(cx, Instant::now(), at(first)).is_pending());
                Poll::Ready(())
            })
            .await;
            poll_fn(|cx| alarm.poll_until(cx, Instant::now(), at(then))).await;
            assert_eq!(began.elapsed(), Duration::from_secs(then));
        }
    }
}
