//! Signals: the numbers by which a rollout is judged, wherever they come from.

use std::time::Duration;

use async_trait::async_trait;
use domain::monitor::{Answered, HttpProbe, NotAnswered, Reading, Sample};
use domain::{OrgId, Timestamp};

/// A query over a range of time, for a server that keeps the past itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeQuery<'a> {
    /// What the server speaks.
    pub language: Language,
    /// Its address.
    pub url: &'a str,
    /// The query.
    pub query: &'a str,
}

/// What a server of numbers speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// As Prometheus does.
    Prometheus,
    /// As Loki does.
    Loki,
}

/// Asks servers and endpoints for the numbers of signals. Each question is asked once, on
/// behalf of an organization, which has its share of those that are out at the same time.
#[async_trait]
pub trait SignalReader: Send + Sync + 'static {
    /// What a query shows now, and what it was before a rollout that began at `event`. Never
    /// fails: one that gives no number says why in its detail.
    async fn read(&self, org: OrgId, query: RangeQuery<'_>, event: Timestamp, now: Timestamp) -> Reading;

    /// What a query showed from then until now, a number each `step`, oldest first.
    ///
    /// # Errors
    /// Why there are none.
    async fn recent(
        &self,
        org: OrgId,
        query: RangeQuery<'_>,
        since: Timestamp,
        now: Timestamp,
        step: Duration,
    ) -> Result<Vec<Sample>, String>;

    /// What an endpoint answers.
    ///
    /// # Errors
    /// Why there is no answer.
    async fn probe(&self, org: OrgId, probe: &HttpProbe) -> Result<Answered, NotAnswered>;

    /// Waits until the server of this origin may be asked in another way than these: one of
    /// the organization's places, which it keeps until the answer is there.
    async fn place(&self, org: OrgId, origin: &str) -> Box<dyn SignalPlace>;
}

/// A place for one question. It is free again when this is dropped.
pub trait SignalPlace: Send + Sync {}
