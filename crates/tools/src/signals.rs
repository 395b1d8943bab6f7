//! Signals of rollouts, asked of servers that speak as Prometheus and Loki do: both answer a
//! query over a range of time with a matrix of numbers.

mod matrix;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::Timestamp;
use domain::monitor::{Reading, Sample, Source, WEEK_SAMPLES_MIN, windows};
use http::Method;
use jiff::SignedDuration;
use outbound::{Outbound, Request};
use ports::SignalReader;
use tokio::sync::Semaphore;
use url::Url;

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How large it may be.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Questions that are out at once, so that answers take a bounded part of memory.
const AT_ONCE_MAX: usize = 64;
/// A number a minute.
const STEP_SECONDS: i64 = 60;
/// How far back the newest number may lie to be the one of now.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(5);
/// Lines of logs that are shown.
const LINES_MAX: usize = 3;

/// Asks for signals.
#[derive(Debug, Clone)]
pub struct Signals {
    outbound: Outbound,
    places: Arc<Semaphore>,
}

impl Signals {
    /// Questions go out through this client.
    pub fn new(outbound: Outbound) -> Self {
        Self { outbound, places: Arc::new(Semaphore::new(AT_ONCE_MAX)) }
    }
}

#[async_trait]
impl SignalReader for Signals {
    async fn read(&self, source: &Source, event: Timestamp, now: Timestamp) -> Reading {
        let asked = match source {
            Source::Prometheus { url, query } => Asked { url, path: "api/v1/query_range", query: query.clone() },
            Source::Logs { url, query } => Asked { url, path: "loki/api/v1/query_range", query: counting(query) },
        };
        let from = now.saturating_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
        let current = match self.samples(&asked, from, now).await {
            Ok(samples) => samples.last().map(|sample| sample.value),
            Err(why) => return Reading { detail: Some(why), ..Reading::default() },
        };
        let before = match self.before(&asked, event).await {
            Ok(before) => before,
            Err(why) => return Reading { current, before: Vec::new(), detail: Some(why) },
        };
        let detail = match source {
            Source::Logs { url, query } if is_selection(query) => self.lines(url, query, from, now).await,
            _ => None,
        };
        Reading { current, before, detail }
    }
}

/// A question over a range of time.
struct Asked<'a> {
    url: &'a str,
    path: &'static str,
    query: String,
}

impl Signals {
    /// What was before: the same time of the week, and the last day only where that is too little.
    async fn before(&self, asked: &Asked<'_>, event: Timestamp) -> Result<Vec<Sample>, String> {
        let [week, day] = windows(event);
        let of_week = self.samples(asked, week.start, week.end).await?;
        if of_week.len() >= WEEK_SAMPLES_MIN {
            return Ok(of_week);
        }
        self.samples(asked, day.start, day.end).await
    }

    async fn samples(&self, asked: &Asked<'_>, from: Timestamp, until: Timestamp) -> Result<Vec<Sample>, String> {
        let Asked { url, path, query } = asked;
        let step = STEP_SECONDS.to_string();
        let body = self
            .get(url, path, &[("query", query), ("start", &seconds(from)), ("end", &seconds(until)), ("step", &step)])
            .await?;
        matrix::samples(&body)
    }

    /// Some of the lines that a query of logs selects, for people.
    async fn lines(&self, url: &str, query: &str, from: Timestamp, until: Timestamp) -> Option<String> {
        let limit = LINES_MAX.to_string();
        let pairs = [("query", query), ("start", &seconds(from)), ("end", &seconds(until)), ("limit", &limit)];
        let body = self.get(url, "loki/api/v1/query_range", &pairs).await.ok()?;
        matrix::lines(&body, LINES_MAX)
    }

    async fn get(&self, base: &str, path: &str, pairs: &[(&str, &str)]) -> Result<Vec<u8>, String> {
        let mut url = Url::parse(base).map_err(|error| error.to_string())?;
        let joined = format!("{}/{path}", url.path().trim_end_matches('/'));
        url.set_path(&joined);
        url.query_pairs_mut().extend_pairs(pairs);
        let url = self.outbound.check_url(url.as_str()).map_err(|error| error.to_string())?;
        // The places are never closed.
        let _place = self.places.acquire().await.map_err(|error| error.to_string())?;
        let request = Request::new(Method::GET, url).timeout(TIMEOUT).bytes_max(ANSWER_BYTES_MAX);
        let response = self.outbound.send(request).await.map_err(|error| error.to_string())?;
        let status = response.status();
        let body = response.bytes().await.map_err(|error| error.to_string())?;
        if status.is_success() { Ok(body.to_vec()) } else { Err(format!("the server answered {status}")) }
    }
}

/// A query that selects lines begins with a selector; one that counts, with a function.
fn is_selection(query: &str) -> bool {
    query.trim_start().starts_with('{')
}

/// The query as one that gives numbers: lines are counted by the minute.
fn counting(query: &str) -> String {
    match is_selection(query) {
        true => format!("sum(count_over_time({query} [1m]))"),
        false => query.to_owned(),
    }
}

fn seconds(at: Timestamp) -> String {
    at.as_second().to_string()
}
