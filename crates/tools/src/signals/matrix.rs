//! Answers of servers that speak as Prometheus and Loki do. They come from outside: what does
//! not fit is no number.

use std::collections::BTreeMap;

use domain::Timestamp;
use domain::monitor::Sample;
use serde::Deserialize;
use serde_json::Value;

/// Numbers of an answer that are looked at.
const NUMBERS_MAX: usize = 100_000;
/// Characters of a line that are shown.
const LINE_CHARS_MAX: usize = 150;

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    data: Data,
    error: Option<String>,
}

#[derive(Default, Deserialize)]
struct Data {
    #[serde(default)]
    result: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    #[serde(default)]
    values: Vec<(Value, Value)>,
}

/// The numbers of an answer by their times, oldest first: where there are several series,
/// their sum.
pub(super) fn samples(body: &[u8]) -> Result<Vec<Sample>, String> {
    let mut sums: BTreeMap<Timestamp, f64> = BTreeMap::new();
    let values = read(body)?.data.result.into_iter().flat_map(|series| series.values);
    for (at, value) in values.take(NUMBERS_MAX) {
        let (Some(at), Some(value)) = (second(&at), number(&value)) else { continue };
        *sums.entry(at).or_default() += value;
    }
    Ok(sums.into_iter().filter(|(_, value)| value.is_finite()).map(|(at, value)| Sample { at, value }).collect())
}

/// The first lines of an answer that selects lines.
pub(super) fn lines(body: &[u8], max: usize) -> Option<String> {
    let values = read(body).ok()?.data.result.into_iter().flat_map(|series| series.values);
    let lines = values.filter_map(|(_, line)| line.as_str().map(|line| line.chars().take(LINE_CHARS_MAX).collect()));
    let lines: Vec<String> = lines.take(max).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn read(body: &[u8]) -> Result<Answer, String> {
    let answer: Answer =
        serde_json::from_slice(body).map_err(|_| "the server's answer is not what a query gives".to_owned())?;
    match answer.error {
        Some(error) => {
            Err(format!("the server refused the query: {}", error.chars().take(LINE_CHARS_MAX).collect::<String>()))
        }
        None => Ok(answer),
    }
}

/// A time in seconds, to the second: samples of several series are of one time.
fn second(value: &Value) -> Option<Timestamp> {
    let second = number(value)?;
    // Far beyond any time there is, and far within what a float counts exactly.
    if !(-1e12..1e12).contains(&second) {
        return None;
    }
    Timestamp::from_second(second as i64).ok()
}

/// A number, or a text that is one.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn values(body: Value) -> Result<Vec<(i64, f64)>, String> {
        let samples = samples(body.to_string().as_bytes())?;
        Ok(samples.iter().map(|sample| (sample.at.as_second(), sample.value)).collect())
    }

    #[test]
    fn series_are_summed_by_their_times() {
        let body = json!({ "status": "success", "data": { "resultType": "matrix", "result": [
            { "metric": { "pod": "a" }, "values": [[120, "2"], [60.4, "1"]] },
            { "metric": { "pod": "b" }, "values": [[120, 0.5]] },
        ] } });
        assert_eq!(values(body), Ok(vec![(60, 1.0), (120, 2.5)]));
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let row = |at: Value, value: Value| json!({ "data": { "result": [{ "values": [[at, value]] }] } });
        for (at, value) in [
            (json!(1), json!("NaN")),
            (json!(1), json!("+Inf")),
            (json!(1), json!("x")),
            (json!(1), json!(null)),
            (json!("x"), json!("1")),
            (json!(1e300), json!("1")),
            (json!(9e11), json!("1")),
        ] {
            assert_eq!(values(row(at, value)), Ok(vec![]));
        }
        assert_eq!(values(json!({ "data": { "result": [] } })), Ok(vec![]));
        assert_eq!(values(json!({ "status": "success" })), Ok(vec![]));
        for wrong in [json!([]), json!({ "data": { "result": [{ "values": [[1]] }] } }), json!("x")] {
            assert!(values(wrong).is_err());
        }
        assert!(samples(b"<html>").is_err());
        let refused = json!({ "status": "error", "error": "parse error at char 3" });
        assert!(values(refused).unwrap_err().contains("parse error"));
    }

    #[test]
    fn a_few_lines_are_shown() {
        let body = json!({ "data": { "result": [{ "stream": {}, "values": [["1", "one"], ["2", "two".repeat(100)], ["3", "three"]] }] } });
        let shown = lines(body.to_string().as_bytes(), 2).unwrap();
        assert!(shown.starts_with("one\ntwo") && shown.lines().count() == 2 && shown.len() < 200, "{shown}");
        assert_eq!(lines(b"{}", 2), None);
    }
}
