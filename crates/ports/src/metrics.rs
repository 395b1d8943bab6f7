//! What the server counts of itself: every metric, its name and its labels.
//!
//! Handed in like everything from outside, so that two servers of one process count apart.
//! Labels are words of ours, statuses, and the names of the operator's providers: nothing
//! that a caller or a model can make up, so the number of series is bounded. Counting costs
//! an atomic or two, and nothing is counted for each token.
//!
//! One more metric: a field, its line in `register`, and a method that says what happened.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::model::{FaultKind, ModelFault, Usage};
use domain::run::Outcome;
use domain::tool::{Effect, ToolOutcome};
use domain::webhook::DeliveryState;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// What [`Metrics::text`] is written in.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Stands for a provider that is not the operator's: organizations name those.
const OTHER_PROVIDER: &str = "other";

/// The counts of one server. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    providers: HashSet<String>,
    runs: Family<StatusLabel, Gauge>,
    model_calls: Family<CallLabels, Counter>,
    model_seconds: Family<ProviderLabel, Histogram, fn() -> Histogram>,
    first_token_seconds: Family<ProviderLabel, Histogram, fn() -> Histogram>,
    tokens: Family<TokenLabels, Counter>,
    tool_calls: Family<ToolLabels, Counter>,
    deliveries: Family<EndLabel, Counter>,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<ApiLabel, Histogram, fn() -> Histogram>,
    streams: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabel {
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndLabel {
    end: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProviderLabel {
    provider: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    provider: String,
    end: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    provider: String,
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ToolLabels {
    effect: &'static str,
    end: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ApiLabel {
    api: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    api: &'static str,
    status: u32,
}

/// Runs that are not over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenRuns {
    /// They wait for a worker.
    pub queued: u64,
    /// Workers hold them.
    pub running: u64,
    /// They wait for a person or a client.
    pub waiting: u64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new([], &StoreMetrics::default(), &Laggards::default())
    }
}

impl Metrics {
    /// For a server with these providers of the operator's, on this store, with this feed.
    pub fn new(providers: impl IntoIterator<Item = String>, store: &StoreMetrics, laggards: &Laggards) -> Self {
        let mut inner = Inner {
            registry: Registry::with_prefix("sortie"),
            providers: providers.into_iter().collect(),
            runs: Family::default(),
            model_calls: Family::default(),
            model_seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.01, 2.5, 13))),
            first_token_seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.005, 2.5, 11))),
            tokens: Family::default(),
            tool_calls: Family::default(),
            deliveries: Family::default(),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.0005, 4.0, 10))),
            streams: Gauge::default(),
        };
        inner.register();
        store.register(&mut inner.registry);
        let help = "Times a reader was too slow for the feed and was sent to the log";
        inner.registry.register("feed_laggards", help, laggards.0.clone());
        Self(Arc::new(inner))
    }

    /// All of it, as Prometheus reads it.
    pub fn text(&self, open: OpenRuns) -> String {
        let statuses = [("queued", open.queued), ("running", open.running), ("waiting", open.waiting)];
        for (status, count) in statuses {
            self.0.runs.get_or_create(&StatusLabel { status }).set(count.cast_signed());
        }
        let mut text = String::new();
        // Writing into memory does not fail.
        let _ = text::encode(&mut text, &self.0.registry);
        text
    }

    /// A call of one of this provider's models begins.
    pub fn model_call(&self, provider: &str) -> ModelCall {
        let known = self.0.providers.contains(provider);
        let provider = if known { provider } else { OTHER_PROVIDER }.to_owned();
        ModelCall { metrics: self.clone(), provider, sent_at: Instant::now(), has_ended: false }
    }

    /// A tool was called.
    pub fn tool_called(&self, effect: Effect, outcome: &ToolOutcome) {
        let effect = match effect {
            Effect::Read => "read",
            Effect::Idempotent => "idempotent",
            Effect::Unsafe => "unsafe",
        };
        let end = match outcome {
            ToolOutcome::Answered { is_error: false, .. } => "answered",
            ToolOutcome::Answered { is_error: true, .. } => "failed",
            ToolOutcome::NotReached(_) => "not_reached",
            ToolOutcome::Unknown(_) => "unknown",
        };
        self.0.tool_calls.get_or_create(&ToolLabels { effect, end }).inc();
    }

    /// A delivery was sent to a webhook, and stands there now.
    pub fn delivery_tried(&self, state: DeliveryState) {
        let end = match state {
            DeliveryState::Delivered => "delivered",
            DeliveryState::Waiting { .. } => "failed",
            DeliveryState::GivenUp => "given_up",
        };
        self.0.deliveries.get_or_create(&EndLabel { end }).inc();
    }

    /// A request was answered by one of the APIs; for a stream, its answer has begun.
    pub fn answered(&self, api: &'static str, status: u16, took: Duration) {
        self.0.requests.get_or_create(&RequestLabels { api, status: status.into() }).inc();
        self.0.request_seconds.get_or_create(&ApiLabel { api }).observe(took.as_secs_f64());
    }

    /// A stream opens; it counts until the guard is dropped.
    pub fn stream_opens(&self) -> OpenStream {
        self.0.streams.inc();
        OpenStream(self.0.streams.clone())
    }
}

impl Inner {
    fn register(&mut self) {
        let registry = &mut self.registry;
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The server's version", build);
        registry.register("runs", "Runs that are not over", self.runs.clone());
        let calls = self.model_calls.clone();
        registry.register("model_calls", "Model calls, by how they ended: ok, cancelled or the kind of fault", calls);
        let seconds = self.model_seconds.clone();
        registry.register_with_unit("model_call_duration", "Model calls that ended well", Unit::Seconds, seconds);
        let first = self.first_token_seconds.clone();
        registry.register_with_unit("model_time_to_first_token", "Until a model said something", Unit::Seconds, first);
        registry.register("model_tokens", "Tokens read and written by models", self.tokens.clone());
        registry.register("tool_calls", "Calls of HTTP tools, by how they ended", self.tool_calls.clone());
        let deliveries = self.deliveries.clone();
        registry.register("webhook_deliveries", "Attempts to deliver to webhooks, by what came of them", deliveries);
        registry.register("http_requests", "Requests answered", self.requests.clone());
        let seconds = self.request_seconds.clone();
        registry.register_with_unit("http_request_duration", "Until an answer began", Unit::Seconds, seconds);
        registry.register("streams_open", "Event streams that are open", self.streams.clone());
    }
}

/// A model call under way. Dropped before it has ended, it counts as cancelled.
#[derive(Debug)]
pub struct ModelCall {
    metrics: Metrics,
    provider: String,
    sent_at: Instant,
    has_ended: bool,
}

impl ModelCall {
    /// The provider is asked only now: the call had to wait for a place.
    pub fn is_sent(&mut self) {
        self.sent_at = Instant::now();
    }

    /// The model says its first word.
    pub fn begins_to_answer(&self) {
        let label = ProviderLabel { provider: self.provider.clone() };
        let seconds = self.sent_at.elapsed().as_secs_f64();
        self.metrics.0.first_token_seconds.get_or_create(&label).observe(seconds);
    }

    /// The call has ended.
    pub fn ended(mut self, end: Result<&Usage, &ModelFault>) {
        self.has_ended = true;
        match end {
            Ok(usage) => {
                self.count("ok");
                self.count_tokens(usage);
                let label = ProviderLabel { provider: self.provider.clone() };
                self.metrics.0.model_seconds.get_or_create(&label).observe(self.sent_at.elapsed().as_secs_f64());
            }
            Err(fault) => self.count(fault_word(fault.kind)),
        }
    }

    fn count(&self, end: &'static str) {
        self.metrics.0.model_calls.get_or_create(&CallLabels { provider: self.provider.clone(), end }).inc();
    }

    fn count_tokens(&self, usage: &Usage) {
        let kinds = [
            ("input", usage.input_tokens),
            ("output", usage.output_tokens),
            ("cache_read", usage.cache_read_input_tokens),
            ("cache_write", usage.cache_creation_input_tokens),
        ];
        for (kind, tokens) in kinds.into_iter().filter(|(_, tokens)| *tokens > 0) {
            let label = TokenLabels { provider: self.provider.clone(), kind };
            self.metrics.0.tokens.get_or_create(&label).inc_by(tokens);
        }
    }
}

impl Drop for ModelCall {
    fn drop(&mut self) {
        if !self.has_ended {
            self.count("cancelled");
        }
    }
}

/// An open stream.
#[derive(Debug)]
pub struct OpenStream(Gauge);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// How often a reader was too slow for a feed. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Laggards(Counter);

impl Laggards {
    /// A reader was too slow.
    pub(crate) fn one_more(&self) {
        self.0.inc();
    }
}

/// What a store counts of itself. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct StoreMetrics {
    commits: Counter,
    failures: Counter,
    changes: Histogram,
    flush_seconds: Histogram,
    waiting: Gauge,
    runs_ended: Family<EndLabel, Counter>,
}

impl Default for StoreMetrics {
    fn default() -> Self {
        Self {
            commits: Counter::default(),
            failures: Counter::default(),
            changes: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            flush_seconds: Histogram::new(exponential_buckets(0.0001, 3.0, 11)),
            waiting: Gauge::default(),
            runs_ended: Family::default(),
        }
    }
}

impl StoreMetrics {
    /// So many changes became durable with one flush, which took so long.
    pub fn committed(&self, changes: usize, flush: Duration) {
        self.commits.inc();
        self.changes.observe(changes as f64);
        self.flush_seconds.observe(flush.as_secs_f64());
    }

    /// A commit failed, and all its changes with it.
    pub fn failed(&self) {
        self.failures.inc();
    }

    /// So many changes wait for the writer.
    pub fn waits(&self, changes: usize) {
        self.waiting.set(i64::try_from(changes).unwrap_or(i64::MAX));
    }

    /// A run's end became durable.
    pub fn run_ended(&self, end: RunEnd) {
        self.runs_ended.get_or_create(&EndLabel { end: end.0 }).inc();
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("runs_ended", "Runs that are over, by how they ended", self.runs_ended.clone());
        registry.register("store_commits", "Commits, each with one flush", self.commits.clone());
        registry.register("store_commit_failures", "Commits that failed", self.failures.clone());
        registry.register("store_commit_changes", "Changes that shared a commit", self.changes.clone());
        let flush = self.flush_seconds.clone();
        registry.register_with_unit("store_flush_duration", "Until a commit was on disk", Unit::Seconds, flush);
        registry.register("store_queue_changes", "Changes that wait for the writer", self.waiting.clone());
    }
}

/// How a run ended, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunEnd(&'static str);

impl From<&Outcome> for RunEnd {
    fn from(outcome: &Outcome) -> Self {
        Self(match outcome {
            Outcome::Done => "done",
            Outcome::Refused => "refused",
            Outcome::LimitReached { .. } => "limit_reached",
            Outcome::Interrupted => "interrupted",
            Outcome::ModelFailed { .. } => "model_failed",
            Outcome::Unrunnable { .. } => "unrunnable",
        })
    }
}

fn fault_word(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::RateLimited => "rate_limited",
        FaultKind::Overloaded => "overloaded",
        FaultKind::ServerError => "server_error",
        FaultKind::Unreachable => "unreachable",
        FaultKind::Silent => "silent",
        FaultKind::Cut => "cut",
        FaultKind::Malformed => "malformed",
        FaultKind::TooLarge => "too_large",
        FaultKind::Rejected => "rejected",
        FaultKind::TooLong => "too_long",
        FaultKind::Unpaid => "unpaid",
        FaultKind::Declined => "declined",
        FaultKind::Unauthorized => "unauthorized",
        FaultKind::Unavailable => "unavailable",
        FaultKind::Internal => "internal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_read_back() {
        let store = StoreMetrics::default();
        let laggards = Laggards::default();
        let metrics = Metrics::new(["house".to_owned()], &store, &laggards);
        laggards.one_more();
        store.committed(3, Duration::from_millis(2));
        store.run_ended(RunEnd::from(&Outcome::Done));
        let call = metrics.model_call("house");
        call.begins_to_answer();
        call.ended(Ok(&Usage { input_tokens: 7, ..Usage::default() }));
        drop(metrics.model_call("house"));
        let fault = ModelFault::new(FaultKind::Cut, "cut");
        metrics.model_call("house").ended(Err(&fault));
        let answered = ToolOutcome::Answered { content: String::new(), is_error: true };
        metrics.tool_called(Effect::Unsafe, &answered);
        metrics.answered("native", 404, Duration::from_millis(1));
        let _open = metrics.stream_opens();
        drop(metrics.stream_opens());

        let text = metrics.text(OpenRuns { queued: 1, running: 2, waiting: 3 });
        for line in [
            "sortie_runs_ended_total{end=\"done\"} 1",
            "sortie_runs{status=\"waiting\"} 3",
            "sortie_model_calls_total{provider=\"house\",end=\"ok\"} 1",
            "sortie_model_calls_total{provider=\"house\",end=\"cut\"} 1",
            "sortie_model_calls_total{provider=\"house\",end=\"cancelled\"} 1",
            "sortie_model_call_duration_seconds_count{provider=\"house\"} 1",
            "sortie_model_time_to_first_token_seconds_count{provider=\"house\"} 1",
            "sortie_model_tokens_total{provider=\"house\",kind=\"input\"} 7",
            "sortie_tool_calls_total{effect=\"unsafe\",end=\"failed\"} 1",
            "sortie_http_requests_total{api=\"native\",status=\"404\"} 1",
            "sortie_streams_open 1",
            "sortie_feed_laggards_total 1",
            "sortie_store_commit_changes_sum 3.0",
        ] {
            assert!(text.lines().any(|written| written == line), "{line} is not in:\n{text}");
        }
    }

    #[test]
    fn a_name_that_a_caller_made_up_makes_no_series() {
        let metrics = Metrics::default();
        let lines = || metrics.text(OpenRuns::default()).lines().count();
        drop(metrics.model_call("a"));
        let before = lines();
        for made_up in ["b", "c\"} 1\nevil 1", ""] {
            drop(metrics.model_call(made_up));
        }
        assert_eq!(lines(), before);
    }
}
