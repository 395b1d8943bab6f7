//! One thing for the writer to do, and whom to tell.

use ports::StoreError;
use tokio::sync::oneshot;

use super::desk::Desk;
use crate::fault::Fault;

/// Work inside the writer's transaction. A job that fails is rolled back alone.
pub(crate) trait Job: Send {
    /// Does the work.
    fn work(&mut self, desk: &mut Desk) -> Result<(), Fault>;

    /// Tells the caller how it ended: what `work` gave, or why it is not on disk.
    fn answer(self: Box<Self>, end: Result<(), Fault>);
}

/// A job made of a closure, and the caller's place to receive what it gives.
pub(crate) fn job<T, W>(work: W) -> (Box<dyn Job>, Receipt<T>)
where
    T: Send + 'static,
    W: FnOnce(&mut Desk) -> Result<T, Fault> + Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    (Box::new(Errand { work: Some(work), value: None, sender }), Receipt(receiver))
}

struct Errand<T, W> {
    work: Option<W>,
    value: Option<T>,
    sender: oneshot::Sender<Result<T, Fault>>,
}

impl<T, W> Job for Errand<T, W>
where
    T: Send,
    W: FnOnce(&mut Desk) -> Result<T, Fault> + Send,
{
    fn work(&mut self, desk: &mut Desk) -> Result<(), Fault> {
        if let Some(work) = self.work.take() {
            self.value = Some(work(desk)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, end: Result<(), Fault>) {
        let answer = match (end, self.value) {
            (Ok(()), Some(value)) => Ok(value),
            (Ok(()), None) => Err(Fault::Store(StoreError::Closed)),
            (Err(fault), _) => Err(fault),
        };
        // A caller that has gone away does not undo what was written.
        let _ = self.sender.send(answer);
    }
}

/// Where the answer to a job arrives.
pub(crate) struct Receipt<T>(oneshot::Receiver<Result<T, Fault>>);

impl<T> Receipt<T> {
    /// The answer, once what was done is on disk.
    pub(crate) async fn answer(self) -> Result<T, Fault> {
        // Without an answer the writer is gone, and with it the store.
        self.0.await.unwrap_or(Err(Fault::Store(StoreError::Closed)))
    }
}
