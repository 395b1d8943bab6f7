//! Looks at what seldom happens beside what often does.
//!
//! A task that passes tokens on is woken for each of them, and each time it also asks whether it
//! is to stop. Whoever may stop it (a drain, a deadline, a revoked key) has memory of their own,
//! which has left the processor's caches since the last token when a thousand streams are open.
//! [`Seldom`] gives them a waker of their own: until they have used it, one flag is all that is
//! read.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures::Stream;
use futures::task::AtomicWaker;

/// A stream that is polled only when it has woken its task, however often it is asked.
#[derive(Debug)]
pub struct Seldom<S> {
    stream: S,
    bell: Arc<Bell>,
}

#[derive(Debug)]
struct Bell {
    /// Whether the stream has stirred since it was polled last.
    has_rung: AtomicBool,
    task: AtomicWaker,
}

impl<S> Seldom<S> {
    /// Of this stream.
    pub fn new(stream: S) -> Self {
        Self { stream, bell: Arc::new(Bell { has_rung: AtomicBool::new(true), task: AtomicWaker::new() }) }
    }

    /// The stream, to be changed. It is polled when it is asked next.
    pub fn change(&mut self) -> &mut S {
        self.bell.has_rung.store(true, Ordering::Release);
        &mut self.stream
    }
}

impl<S: Stream + Unpin> Stream for Seldom<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let Self { stream, bell } = &mut *self;
        // First, so that a bell that rings from here on wakes this task.
        bell.task.register(cx.waker());
        if !bell.has_rung.load(Ordering::Acquire) {
            return Poll::Pending;
        }
        bell.has_rung.swap(false, Ordering::AcqRel);
        let waker = Waker::from(Arc::clone(bell));
        let next = Pin::new(stream).poll_next(&mut Context::from_waker(&waker));
        if next.is_ready() {
            // There may be more, of which it does not tell.
            bell.has_rung.store(true, Ordering::Release);
        }
        next
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.has_rung.store(true, Ordering::Release);
        self.task.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::future::{poll_fn, ready};
    use futures::stream::{self, FuturesUnordered, StreamExt};
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    async fn is_silent<S: Stream + Unpin>(stream: &mut S) -> bool {
        poll_fn(|cx| Poll::Ready(stream.poll_next_unpin(cx).is_pending())).await
    }

    #[tokio::test]
    async fn what_does_not_stir_is_polled_once() {
        let (tell, told) = oneshot::channel::<()>();
        let (polls, mut told) = (Cell::new(0), Box::pin(told));
        let counted = stream::poll_fn(|cx| {
            polls.set(polls.get() + 1);
            told.as_mut().poll(cx).map(Some)
        });
        let mut seldom = Seldom::new(counted);
        for _ in 0..10 {
            assert!(is_silent(&mut seldom).await);
        }
        assert_eq!(polls.get(), 1);
        tell.send(()).unwrap();
        assert_eq!((seldom.next().await, polls.get()), (Some(Ok(())), 2));
    }

    #[tokio::test]
    async fn whatever_it_says_is_heard_from_wherever_it_is_told() {
        let (tell, mut told) = mpsc::unbounded_channel();
        let mut seldom = Seldom::new(stream::poll_fn(move |cx| told.poll_recv(cx)));
        let telling = tokio::task::spawn_blocking(move || {
            for number in 0..10_000 {
                tell.send(number).unwrap();
                if number % 7 == 0 {
                    std::thread::yield_now();
                }
            }
        });
        for number in 0..10_000 {
            assert_eq!(seldom.next().await, Some(number));
        }
        assert_eq!(seldom.next().await, None);
        telling.await.unwrap();
    }

    #[tokio::test]
    async fn several_that_are_ready_are_all_heard_and_so_is_one_that_comes_later() {
        let mut seldom = Seldom::new(FuturesUnordered::from_iter([ready(1), ready(2)]));
        let heard: Vec<_> = seldom.by_ref().take(2).collect().await;
        assert_eq!((heard, seldom.next().await), (vec![1, 2], None));
        seldom.change().push(ready(3));
        assert_eq!(seldom.next().await, Some(3));
    }
}
