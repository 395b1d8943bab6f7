//! Signals of rollouts: asked of servers that speak as Prometheus and Loki do, which answer a
//! query over a range of time with a matrix of numbers, and of endpoints, which answer as they
//! like.

mod matrix;
mod places;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::monitor::{Answered, HttpProbe, NotAnswered, ProbeMethod, Reading, Sample, WEEK_SAMPLES_MIN, windows};
use domain::{OrgId, Timestamp};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use jiff::SignedDuration;
use outbound::{Outbound, OutboundError, Request, Rest};
use ports::{Language, RangeQuery, SignalPlace, SignalReader};
use tokio::time::Instant;
use url::Url;

use self::places::{Place, Places};

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How large a server's may be,
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// and how much of an endpoint's is read.
const PROBED_BYTES_MAX: usize = 256 << 10;
/// A number a minute.
const STEP: Duration = Duration::from_secs(60);
/// How far back the newest number may lie to be the one of now.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(5);
/// Lines of logs that are shown.
const LINES_MAX: usize = 3;

/// Asks for signals.
#[derive(Debug, Clone)]
pub struct Signals {
    outbound: Outbound,
    places: Arc<Places>,
}

impl Signals {
    /// Questions go out through this client.
    pub fn new(outbound: Outbound) -> Self {
        Self { outbound, places: Arc::default() }
    }
}

#[async_trait]
impl SignalReader for Signals {
    async fn read(&self, org: OrgId, query: RangeQuery<'_>, event: Timestamp, now: Timestamp) -> Reading {
        let asked = Asked::of(self, org, query);
        let from = now.saturating_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
        let current = match asked.samples(from, now, STEP).await {
            Ok(samples) => samples.last().map(|sample| sample.value),
            Err(why) => return Reading { detail: Some(why), ..Reading::default() },
        };
        let before = match asked.before(event).await {
            Ok(before) => before,
            Err(why) => return Reading { current, before: Vec::new(), detail: Some(why) },
        };
        let detail = match query.language {
            Language::Loki if is_selection(query.query) => asked.lines(query.query, from, now).await,
            _ => None,
        };
        Reading { current, before, detail }
    }

    async fn recent(
        &self,
        org: OrgId,
        query: RangeQuery<'_>,
        since: Timestamp,
        now: Timestamp,
        step: Duration,
    ) -> Result<Vec<Sample>, String> {
        Asked::of(self, org, query).samples(since, now, step.max(STEP)).await
    }

    async fn probe(&self, org: OrgId, probe: &HttpProbe) -> Result<Answered, NotAnswered> {
        let not_asked = |error: OutboundError| NotAnswered::NotAsked(error.to_string());
        let url = self.outbound.check_url(&probe.url).map_err(not_asked)?;
        let _place = self.places.take(org, &host_of(&url)).await;
        let began = Instant::now();
        let response = match self.outbound.send(request_of(probe, url).timeout(TIMEOUT)).await {
            Ok(response) => response,
            Err(error @ (OutboundError::NotAllowed { .. } | OutboundError::BadUrl(_))) => return Err(not_asked(error)),
            Err(error) => return Err(NotAnswered::Failed(error.to_string())),
        };
        let status = response.status().as_u16();
        let (body, rest) = response.bytes_up_to(PROBED_BYTES_MAX).await;
        if let Rest::Lost(error) = rest {
            return Err(NotAnswered::Failed(error.to_string()));
        }
        Ok(Answered { status, millis: began.elapsed().as_secs_f64() * 1_000.0, body: body.to_vec() })
    }

    async fn place(&self, org: OrgId, origin: &str) -> Box<dyn SignalPlace> {
        let host = Url::parse(origin).map_or_else(|_| origin.to_owned(), |url| host_of(&url));
        Box::new(self.places.take(org, &host).await)
    }
}

impl SignalPlace for Place {}

fn request_of(probe: &HttpProbe, url: Url) -> Request {
    let method = match probe.method {
        ProbeMethod::Get => Method::GET,
        ProbeMethod::Head => Method::HEAD,
        ProbeMethod::Post => Method::POST,
    };
    match &probe.body {
        Some(body) => Request::new(method, url)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(body.to_string()),
        None => Request::new(method, url),
    }
}

/// A question over a range of time.
struct Asked<'a> {
    signals: &'a Signals,
    org: OrgId,
    url: &'a str,
    path: &'static str,
    query: String,
}

impl<'a> Asked<'a> {
    fn of(signals: &'a Signals, org: OrgId, RangeQuery { language, url, query }: RangeQuery<'a>) -> Self {
        let (path, query) = match language {
            Language::Prometheus => ("api/v1/query_range", query.to_owned()),
            Language::Loki => ("loki/api/v1/query_range", counting(query)),
        };
        Self { signals, org, url, path, query }
    }

    /// What was before: the same time of the week, and the last day only where that is too little.
    async fn before(&self, event: Timestamp) -> Result<Vec<Sample>, String> {
        let [week, day] = windows(event);
        let of_week = self.samples(week.start, week.end, STEP).await?;
        if of_week.len() >= WEEK_SAMPLES_MIN {
            return Ok(of_week);
        }
        self.samples(day.start, day.end, STEP).await
    }

    async fn samples(&self, from: Timestamp, until: Timestamp, step: Duration) -> Result<Vec<Sample>, String> {
        let (query, step) = (&self.query, step.as_secs().to_string());
        let pairs = [("query", query.as_str()), ("start", &seconds(from)), ("end", &seconds(until)), ("step", &step)];
        matrix::samples(&self.get(&pairs).await?)
    }

    /// Some of the lines that a query of logs selects, for people.
    async fn lines(&self, query: &str, from: Timestamp, until: Timestamp) -> Option<String> {
        let limit = LINES_MAX.to_string();
        let pairs = [("query", query), ("start", &seconds(from)), ("end", &seconds(until)), ("limit", &limit)];
        matrix::lines(&self.get(&pairs).await.ok()?, LINES_MAX)
    }

    async fn get(&self, pairs: &[(&str, &str)]) -> Result<Vec<u8>, String> {
        let mut url = Url::parse(self.url).map_err(|error| error.to_string())?;
        let joined = format!("{}/{}", url.path().trim_end_matches('/'), self.path);
        url.set_path(&joined);
        url.query_pairs_mut().extend_pairs(pairs);
        let Signals { outbound, places } = self.signals;
        let url = outbound.check_url(url.as_str()).map_err(|error| error.to_string())?;
        let _place = places.take(self.org, &host_of(&url)).await;
        let request = Request::new(Method::GET, url).timeout(TIMEOUT).bytes_max(ANSWER_BYTES_MAX);
        let response = outbound.send(request).await.map_err(|error| error.to_string())?;
        let status = response.status();
        let body = response.bytes().await.map_err(|error| error.to_string())?;
        if status.is_success() { Ok(body.to_vec()) } else { Err(format!("the server answered {status}")) }
    }
}

/// Host and port.
fn host_of(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
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
