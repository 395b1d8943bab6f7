//! What can be seen of a case: a server that speaks as Prometheus and as Loki do, and keeps
//! who asked for what.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::case::{Case, Kind, Shape, Signal};

/// How long ago the rollout was.
pub(crate) const ROLLED_OUT: SignedDuration = SignedDuration::from_mins(20);
/// Most numbers of one answer.
const NUMBERS_MAX: i64 = 20_000;

/// The running server. Ends with the process.
#[derive(Clone)]
pub(crate) struct Evidence {
    pub(crate) address: SocketAddr,
    shown: Arc<Mutex<Shown>>,
}

#[derive(Default)]
struct Shown {
    signals: Vec<Signal>,
    rolled_out: Timestamp,
    asked: BTreeSet<String>,
}

impl Evidence {
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("starting the stub of the evidence")?;
        let evidence = Self { address: listener.local_addr()?, shown: Arc::default() };
        let router = Router::new()
            .route("/api/v1/query_range", get(numbers))
            .route("/loki/api/v1/query_range", get(numbers))
            .with_state(evidence.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(evidence)
    }

    /// Shows this case from now on.
    #[expect(clippy::disallowed_methods, reason = "the server that is judged goes by the real clock")]
    pub(crate) fn show(&self, case: &Case) {
        let rolled_out = Timestamp::now().saturating_sub(ROLLED_OUT).unwrap_or(Timestamp::MIN);
        *self.shown() = Shown { signals: case.signals.clone(), rolled_out, asked: BTreeSet::new() };
    }

    /// The names of the signals that were asked for since the case is shown.
    pub(crate) fn asked(&self) -> BTreeSet<String> {
        self.shown().asked.clone()
    }

    /// The signals of a case, as a project's monitor describes them.
    pub(crate) fn described(&self, case: &Case) -> Value {
        let url = format!("http://{}", self.address);
        let signals = case.signals.iter().enumerate().map(|(index, signal)| {
            let source = match signal.kind {
                Kind::Prometheus => {
                    json!({ "kind": "prometheus", "url": url, "query": format!("shown{{signal=\"{index}\"}}") })
                }
                Kind::Logs => json!({ "kind": "logs", "url": url, "query": format!("{{signal=\"{index}\"}}") }),
            };
            json!({ "name": signal.name, "source": source })
        });
        json!({ "signals": signals.collect::<Vec<_>>() })
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Deserialize)]
struct Asked {
    query: String,
    start: f64,
    end: f64,
    #[serde(default = "a_minute")]
    step: i64,
}

fn a_minute() -> i64 {
    60
}

/// What a query over a range gives: lines where lines of a log are selected, else numbers.
async fn numbers(State(evidence): State<Evidence>, Query(asked): Query<Asked>) -> Json<Value> {
    let mut shown = evidence.shown();
    let Some(signal) = which(&asked.query).and_then(|index| shown.signals.get(index)).cloned() else {
        return Json(json!({ "status": "error", "error": format!("no such signal: {}", asked.query) }));
    };
    shown.asked.insert(signal.name.clone());
    let is_selection = signal.kind == Kind::Logs && asked.query.starts_with('{');
    let result = match signal.shape {
        Shape::Missing => Vec::new(),
        _ if is_selection => vec![json!({ "stream": {}, "values": lines(&signal, &shown, &asked) })],
        _ => vec![json!({ "metric": {}, "values": values(&signal, &shown, &asked) })],
    };
    let kind = if is_selection { "streams" } else { "matrix" };
    Json(json!({ "status": "success", "data": { "resultType": kind, "result": result } }))
}

/// Which signal a query names.
fn which(query: &str) -> Option<usize> {
    let (_, named) = query.split_once("signal=\"")?;
    named.split('"').next()?.parse().ok()
}

fn lines(signal: &Signal, shown: &Shown, asked: &Asked) -> Vec<Value> {
    let end = shown.rolled_out.as_second().max(asked.end as i64 - 60);
    let lines = signal.lines.iter().zip(0i64..);
    lines.map(|(line, index)| json!([format!("{}000000000", end + index), line])).collect()
}

fn values(signal: &Signal, shown: &Shown, asked: &Asked) -> Vec<Value> {
    let (start, end, step) = (asked.start as i64, asked.end as i64, asked.step.max(1));
    let count = ((end - start) / step).clamp(0, NUMBERS_MAX);
    let at = (0..=count).map(|index| start + index * step);
    at.map(|second| json!([second, value_at(signal, second - shown.rolled_out.as_second()).to_string()])).collect()
}

/// What a signal shows so many seconds after the rollout; before it, of less than none.
fn value_at(signal: &Signal, since: i64) -> f64 {
    let Signal { before, now, shape, .. } = signal;
    match shape {
        Shape::Always => *now,
        _ if since < 0 => *before,
        Shape::Ramp => before + (now - before) * (since as f64 / ROLLED_OUT.as_secs() as f64).min(1.0),
        Shape::Wobble if (since / 60) % 2 == 1 => *before,
        Shape::Step | Shape::Wobble | Shape::Missing => *now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signal(shape: Shape) -> Signal {
        Signal { name: "s".into(), kind: Kind::Logs, before: 1.0, now: 5.0, shape, lines: vec!["a".into()] }
    }

    #[test]
    fn numbers_move_as_they_are_said_to() {
        let at = |shape, since| value_at(&signal(shape), since);
        assert_eq!((at(Shape::Step, -1), at(Shape::Step, 0)), (1.0, 5.0));
        assert_eq!((at(Shape::Always, -1), at(Shape::Always, 9)), (5.0, 5.0));
        assert_eq!((at(Shape::Ramp, 0), at(Shape::Ramp, 600), at(Shape::Ramp, 9_999)), (1.0, 3.0, 5.0));
        assert_eq!((at(Shape::Wobble, 0), at(Shape::Wobble, 60), at(Shape::Wobble, 120)), (5.0, 1.0, 5.0));
    }

    #[tokio::test]
    async fn what_is_asked_for_is_kept_and_a_selection_gives_lines() {
        let evidence = Evidence { address: SocketAddr::from(([127, 0, 0, 1], 1)), shown: Arc::default() };
        evidence.shown().signals = vec![signal(Shape::Step)];
        let ask = async |query: &str| {
            let asked = Asked { query: query.to_owned(), start: 0.0, end: 120.0, step: 60 };
            numbers(State(evidence.clone()), Query(asked)).await.0
        };
        assert_eq!(ask("{signal=\"7\"}").await["status"], "error");
        assert!(evidence.asked().is_empty());
        assert_eq!(ask("{signal=\"0\"}").await["data"]["result"][0]["values"][0][1], "a");
        let counted = ask("sum(count_over_time({signal=\"0\"} [1m]))").await;
        assert_eq!(counted["data"]["result"][0]["values"].as_array().unwrap().len(), 3);
        assert_eq!(evidence.asked().into_iter().collect::<Vec<_>>(), ["s"]);
    }
}
