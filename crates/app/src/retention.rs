//! Rules of how long things are kept: one task that lets go of what is over, and sleeps until
//! more is.
//!
//! What is over is known from what is stored, so nothing is written down for it, and a start
//! goes on where the last one stopped.

use std::time::Duration;

use domain::audit::{Act, Action, Actor, AuditEntry};
use domain::retention::{Age, Retention};
use domain::{AuditId, Change, OrgId, SessionId, Timestamp};
use futures::{StreamExt, TryStreamExt};
use ports::StoreError;
use ports::store::RestingFilter;

use crate::error::Error;
use crate::{App, Ctx, Operator};

/// Sessions that are looked at in one read.
const PAGE: usize = 250;
/// Sessions that are deleted side by side; their commits share a flush.
const AT_ONCE_MAX: usize = 32;

/// Shortest sleep: what is over within it goes together.
const SLEEP_MIN: Duration = Duration::from_secs(600);
/// Longest sleep: the machine's clock may be set while it lasts, and old sessions may come with
/// an organization that moves in.
const SLEEP_MAX: Duration = Duration::from_secs(6 * 3_600);
/// After the store failed, or was too busy.
const PAUSE: Duration = Duration::from_secs(60);

impl App {
    /// Lets go of what the rules keep no longer, soon after its time, until `stopping`. What
    /// was over while no server ran goes at once.
    pub async fn run_retention(&self, operator: &Operator, rules: Retention, stopping: impl Future<Output = ()>) {
        if rules.is_empty() {
            return;
        }
        if let Some(age) = rules.sessions {
            tracing::info!("sessions are kept for {age} after their last event");
        }
        let mut stopping = std::pin::pin!(stopping);
        loop {
            let swept = tokio::select! {
                () = &mut stopping => return,
                swept = self.let_go(operator, rules) => swept,
            };
            let sleep = match swept {
                Ok(next) => sleep_until(next, self.now()),
                // What stays was written to the log.
                Err(_) => PAUSE,
            };
            tokio::select! {
                () = &mut stopping => return,
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    /// Lets go of what the rules keep no longer; when there will be more of it.
    ///
    /// # Errors
    /// The store failed somewhere. What else was over is gone.
    pub async fn let_go(&self, operator: &Operator, rules: Retention) -> Result<Option<Timestamp>, Error> {
        let store = &self.ports().store;
        let mut sweep = Sweep::default();
        if let Some(age) = rules.sessions {
            match store.list_orgs().await {
                Ok(orgs) => {
                    for org in orgs {
                        let expired = self.expire_sessions(operator, org.id, age).await;
                        sweep.take(&format!("sessions of {}", org.id), expired);
                    }
                }
                Err(error) => sweep.take("sessions", Err(error.into())),
            }
        }
        if let Some(age) = rules.samples {
            sweep.take("samples of signals", self.forget_all(age, |before| store.forget_samples(before)).await);
        }
        if let Some(age) = rules.deliveries {
            sweep.take("deliveries to webhooks", self.forget_all(age, |before| store.forget_deliveries(before)).await);
        }
        sweep.fault.map_or(Ok(sweep.next), Err)
    }

    /// Deletes the sessions of an organization in which nothing was said for so long.
    async fn expire_sessions(&self, operator: &Operator, org: OrgId, age: Age) -> Result<Option<Timestamp>, Error> {
        let ctx = &operator.acting_for(org, self.now());
        let (store, before) = (self.store(org), age.before(ctx.now));
        let (mut after, mut next, mut gone) = (None, None, 0);
        loop {
            let page = store.list_resting(RestingFilter { before, after, limit: PAGE }).await?;
            let expired = futures::stream::iter(page.sessions).map(|session| self.expire_session(ctx, session, age));
            let expired: Vec<bool> = expired.buffer_unordered(AT_ONCE_MAX).try_collect().await?;
            gone += expired.into_iter().filter(|expired| *expired).count();
            next = earlier(next, page.next_at.map(|at| age.over(at)));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        if gone > 0 {
            tracing::info!(org.id = %org, sessions = gone, "sessions without an event for {age} were deleted");
        }
        Ok(next)
    }

    /// Deletes a session as somebody's call does, and writes down that a rule did it. One that
    /// moved on since it was found stays; whether it is gone.
    async fn expire_session(&self, ctx: &Ctx, id: SessionId, age: Age) -> Result<bool, Error> {
        let Some(session) = self.store(ctx.org).find_session(id).await? else { return Ok(false) };
        let expired = self.decide(ctx.now, |at| session.expire(age.before(at.now), at));
        let Some(changes) = expired else { return Ok(false) };
        let act = Act::new(Action::SessionExpired, id)
            .with("kept_for", age.to_string())
            .with("last_event_at", session.state.updated_at.to_string())
            .with("project_id", session.project.to_string());
        let entry = AuditEntry { id: self.fresh::<AuditId>(), at: ctx.now, actor: Actor::System, act };
        self.commit_session(ctx, changes.with(Change::Audit(entry))).await
    }

    /// Forgets all of a kind that is older, a bite at a time; when there will be more of it.
    async fn forget_all<F>(&self, age: Age, forget: impl Fn(Timestamp) -> F) -> Result<Option<Timestamp>, Error>
    where
        F: Future<Output = Result<Option<Timestamp>, StoreError>>,
    {
        let now = self.now();
        let before = age.before(now);
        loop {
            match forget(before).await? {
                Some(left) if left < before => {}
                Some(left) => return Ok(Some(age.over(left))),
                // Whatever comes from now on.
                None => return Ok(Some(age.over(now))),
            }
        }
    }
}

/// What came of letting go, kind by kind: one that fails keeps no other from it.
#[derive(Default)]
struct Sweep {
    next: Option<Timestamp>,
    /// The first.
    fault: Option<Error>,
}

impl Sweep {
    fn take(&mut self, what: &str, swept: Result<Option<Timestamp>, Error>) {
        match swept {
            Ok(next) => self.next = earlier(self.next, next),
            Err(error) => {
                tracing::error!(%error, "{what} that are kept no longer could not be let go of: it is tried again");
                self.fault.get_or_insert(error);
            }
        }
    }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

fn sleep_until(next: Option<Timestamp>, now: Timestamp) -> Duration {
    let left = next.map(|next| Duration::try_from(next.duration_since(now)).unwrap_or_default());
    left.unwrap_or(SLEEP_MAX).clamp(SLEEP_MIN, SLEEP_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_ends_when_more_is_over_and_is_within_bounds() {
        let now = Timestamp::UNIX_EPOCH;
        let sleeps = |seconds: i64| sleep_until(Some(Timestamp::from_second(seconds).unwrap()), now);
        assert_eq!(sleeps(3_600), Duration::from_secs(3_600));
        assert_eq!((sleeps(-5), sleeps(5)), (SLEEP_MIN, SLEEP_MIN));
        assert_eq!((sleeps(90 * 86_400), sleep_until(None, now)), (SLEEP_MAX, SLEEP_MAX));
    }
}
