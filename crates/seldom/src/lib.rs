//! Looks at what seldom happens beside what often does.
//!
//! A task that passes tokens on is woken for each of them, and each time it also asks whether it
//! is to stop. Whoever may stop it (a drain, a deadline, a revoked key) has memory of their own,
//! which has left the processor's caches since the last token when a thousand streams are open.
//! [`Seldom`] gives them a waker of their own, a *bell*. Bells are counted in a few quarters of
//! the process, in memory that all tasks share and so keep in the caches: until a bell has rung in
//! its quarter, that count is all that is read.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures::Stream;

/// So many that most of a thousand tasks are not asked to look when one of them has a reason,
/// and so few that all of the counts stay in the nearest cache.
const QUARTERS: usize = 64;

/// Counts how often the bells of a quarter have rung. On a cache line of its own.
#[derive(Debug)]
#[repr(align(64))]
struct Quarter(AtomicU64);

static QUARTER: [Quarter; QUARTERS] = [const { Quarter(AtomicU64::new(0)) }; QUARTERS];

/// A stream that is polled only when it has woken its task, however often it is asked.
#[derive(Debug)]
pub struct Seldom<S> {
    stream: S,
    bell: Arc<Bell>,
    /// The bell's, known here too so that the bell is left alone.
    quarter: &'static Quarter,
    /// What the quarter had counted when the bell was last looked at, and whom the bell wakes.
    /// `None` if it is to be looked at whatever the count.
    looked: Option<(u64, Waker)>,
}

#[derive(Debug)]
struct Bell {
    quarter: &'static Quarter,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Whether the stream has stirred since it was polled last.
    has_rung: bool,
    /// The task that is to be woken.
    task: Option<Waker>,
}

impl<S> Seldom<S> {
    /// Of this stream.
    pub fn new(stream: S) -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let quarter = &QUARTER[MADE.fetch_add(1, Ordering::Relaxed) % QUARTERS];
        let state = Mutex::new(State { has_rung: true, task: None });
        Self { stream, bell: Arc::new(Bell { quarter, state }), quarter, looked: None }
    }

    /// The stream, to be changed. It is polled when it is asked next.
    pub fn change(&mut self) -> &mut S {
        self.must_be_polled();
        &mut self.stream
    }

    fn must_be_polled(&mut self) {
        self.bell.state().has_rung = true;
        self.looked = None;
    }

    /// Whether the bell has rung; it wakes this task from here on.
    fn has_rung(&mut self, task: &Waker) -> bool {
        // Before the bell is looked at, so that one that rings behind this is counted.
        let count = self.quarter.0.load(Ordering::Acquire);
        if let Some((looked_at, woken)) = &self.looked
            && *looked_at == count
            && woken.will_wake(task)
        {
            return false;
        }
        self.looked = Some((count, task.clone()));
        let mut state = self.bell.state();
        state.task = Some(task.clone());
        std::mem::take(&mut state.has_rung)
    }
}

impl<S: Stream + Unpin> Stream for Seldom<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        if !self.has_rung(cx.waker()) {
            return Poll::Pending;
        }
        let waker = Waker::from(Arc::clone(&self.bell));
        let next = Pin::new(&mut self.stream).poll_next(&mut Context::from_waker(&waker));
        if next.is_ready() {
            // There may be more, of which it does not tell.
            self.must_be_polled();
        }
        next
    }
}

impl Bell {
    /// A panic while it was held leaves it whole: every change is one step.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    /// In this order: a task that looks before the count sees nothing, and is woken behind it.
    fn wake_by_ref(self: &Arc<Self>) {
        let task = {
            let mut state = self.state();
            state.has_rung = true;
            state.task.take()
        };
        self.quarter.0.fetch_add(1, Ordering::Release);
        if let Some(task) = task {
            task.wake();
        }
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

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_many_that_are_woken_by_others_all_the_time_each_is_heard() {
        let (pairs, listening): (Vec<_>, Vec<_>) = (0..3 * QUARTERS)
            .map(|_| {
                let (tell, mut told) = mpsc::unbounded_channel::<usize>();
                let (poke, mut poked) = mpsc::unbounded_channel::<()>();
                let mut seldom = Seldom::new(stream::poll_fn(move |cx| told.poll_recv(cx)));
                let listens = tokio::spawn(async move {
                    let mut next = 0;
                    loop {
                        tokio::select! {
                            biased;
                            Some(()) = poked.recv() => {}
                            heard = seldom.next() => match heard {
                                Some(heard) => {
                                    assert_eq!(heard, next);
                                    next += 1;
                                }
                                None => return next,
                            },
                        }
                    }
                });
                ((tell, poke), listens)
            })
            .unzip();
        let telling = [0, 1].map(|part| {
            let pairs: Vec<_> = pairs.iter().map(|(tell, poke)| (tell.clone(), poke.clone())).collect();
            std::thread::spawn(move || {
                for number in 0..200 {
                    for (tell, poke) in &pairs {
                        match part {
                            0 => tell.send(number).unwrap(),
                            _ => poke.send(()).unwrap(),
                        }
                    }
                }
            })
        });
        drop(pairs);
        for listens in listening {
            assert_eq!(listens.await.unwrap(), 200);
        }
        for telling in telling {
            telling.join().unwrap();
        }
    }

    #[tokio::test]
    async fn it_wakes_the_task_that_it_was_given_to() {
        let (tell, told) = oneshot::channel::<u8>();
        let mut seldom = Seldom::new(stream::once(told));
        assert!(is_silent(&mut seldom).await);
        let other = tokio::spawn(async move { seldom.next().await });
        tokio::task::yield_now().await;
        tell.send(7).unwrap();
        assert_eq!(other.await.unwrap(), Some(Ok(7)));
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
