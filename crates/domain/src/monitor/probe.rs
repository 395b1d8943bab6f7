//! An HTTP endpoint as a signal: what is asked of it, and what its answers mean.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::json_path::JsonPath;
use super::source::{Measured, is_address};

/// Characters that an answer may be asked to contain.
const CONTAINS_CHARS_MAX: usize = 200;
/// Bytes of a body that is sent, and of a value that is expected.
const BODY_BYTES_MAX: usize = 4_096;

/// An endpoint that is asked, and what it gives. It is asked without credentials: what needs
/// some is a tool of the project, whose headers are kept as secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpProbe {
    /// Its address.
    pub url: String,
    /// How it is asked.
    #[serde(default)]
    pub method: ProbeMethod,
    /// What is sent with a POST, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Which number it gives.
    #[serde(default)]
    pub gives: Gives,
    /// What its answer must be.
    #[serde(default)]
    pub expects: Expects,
}

/// How an endpoint is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ProbeMethod {
    /// With GET.
    #[default]
    Get,
    /// With HEAD; the answer has no body.
    Head,
    /// With POST, for endpoints that are read so.
    Post,
}

/// Which number an endpoint gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gives {
    /// How long the whole answer took, in milliseconds.
    #[default]
    LatencyMs,
    /// 0 if it answered as expected, 1 if not. Counts errors.
    Failure,
    /// The number at this path of its JSON answer.
    Number(String),
}

/// What an answer must be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expects {
    /// Its status; any from 200 to 299 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What its body contains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_contains: Option<String>,
    /// What its JSON says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<ExpectedJson>,
}

/// What the JSON of an answer says somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedJson {
    /// Where. If it leads to several places, all of them say it.
    pub path: String,
    /// What.
    pub equals: Value,
}

/// What an endpoint answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// Its status.
    pub status: u16,
    /// How long it took, to the end of the body.
    pub millis: f64,
    /// Its body.
    pub body: Vec<u8>,
}

/// Why an endpoint gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAnswered {
    /// It was not asked, which says nothing of it.
    NotAsked(String),
    /// It was asked, or is not there to be asked.
    Failed(String),
}

impl ProbeMethod {
    fn as_str(self) -> &'static str {
        match self {
            ProbeMethod::Get => "GET",
            ProbeMethod::Head => "HEAD",
            ProbeMethod::Post => "POST",
        }
    }
}

impl HttpProbe {
    /// What is asked, for a model: method, host and path. A query often holds what is nobody
    /// else's business.
    pub fn asked(&self) -> String {
        let method = self.method.as_str();
        match Url::parse(&self.url) {
            Ok(url) => format!("{method} {}{}", url.host_str().unwrap_or_default(), url.path()),
            Err(_) => method.to_owned(),
        }
    }

    /// What is wrong with it: the field, and what it must be.
    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        if !is_address(&self.url) {
            return Some(("url", "must be an http or https address".to_owned()));
        }
        if self.body.as_ref().is_some_and(|body| self.method != ProbeMethod::Post || is_large(body)) {
            return Some(("body", format!("must have at most {BODY_BYTES_MAX} bytes, and the method POST")));
        }
        let Expects { status, body_contains, json } = &self.expects;
        if status.is_some_and(|status| !(100..600).contains(&status)) {
            return Some(("expects.status", "must be a status of HTTP".to_owned()));
        }
        if body_contains.as_ref().is_some_and(|text| !(1..=CONTAINS_CHARS_MAX).contains(&text.chars().count())) {
            return Some(("expects.body_contains", format!("must have 1 to {CONTAINS_CHARS_MAX} characters")));
        }
        if json.as_ref().is_some_and(|json| is_large(&json.equals)) {
            return Some(("expects.json.equals", format!("must have at most {BODY_BYTES_MAX} bytes")));
        }
        let paths =
            [("expects.json.path", json.as_ref().map(|json| json.path.as_str())), ("gives.number", self.number_path())];
        paths.into_iter().find_map(|(field, path)| Some((field, JsonPath::parse(path?).err()?)))
    }

    /// What an answer, or its absence, amounts to.
    pub fn measure(&self, answer: Result<&Answered, &NotAnswered>) -> Measured {
        let unmet = match answer {
            Err(NotAnswered::NotAsked(why)) => return Measured::nothing(why.clone()),
            Err(NotAnswered::Failed(why)) => Some(why.clone()),
            Ok(answer) => self.expects.unmet_by(answer),
        };
        match (&self.gives, answer, unmet) {
            (Gives::Failure, _, unmet) => Measured { value: Some(f64::from(u8::from(unmet.is_some()))), detail: unmet },
            (_, _, Some(why)) => Measured::nothing(why),
            (Gives::LatencyMs, Ok(answer), None) => Measured::number(answer.millis),
            (Gives::Number(path), Ok(answer), None) => Measured::at(path, &answer.body),
            // Without an answer there is always a reason.
            (_, Err(_), None) => Measured::default(),
        }
    }

    fn number_path(&self) -> Option<&str> {
        match &self.gives {
            Gives::Number(path) => Some(path),
            Gives::LatencyMs | Gives::Failure => None,
        }
    }
}

impl Expects {
    /// What of it an answer is not.
    fn unmet_by(&self, answer: &Answered) -> Option<String> {
        let is_status = self.status.map_or((200..300).contains(&answer.status), |status| status == answer.status);
        if !is_status {
            return Some(format!("it answered with status {}", answer.status));
        }
        if let Some(text) = &self.body_contains
            && !String::from_utf8_lossy(&answer.body).contains(text)
        {
            return Some(format!("its answer does not contain {text:?}"));
        }
        let ExpectedJson { path, equals } = self.json.as_ref()?;
        let holds = match (JsonPath::parse(path), serde_json::from_slice(&answer.body)) {
            (Ok(path), Ok(body)) => path.leads_only_to(&body, equals),
            _ => false,
        };
        (!holds).then(|| format!("its answer does not say {equals} at {path}"))
    }
}

fn is_large(value: &Value) -> bool {
    value.to_string().len() > BODY_BYTES_MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn probe(fields: Value) -> HttpProbe {
        let mut probe = json!({ "url": "https://shop.example/health" });
        probe.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(probe).unwrap()
    }

    fn answered(status: u16, body: &str) -> Answered {
        Answered { status, millis: 12.5, body: body.into() }
    }

    #[test]
    fn a_probe_is_checked_field_by_field() {
        assert_eq!(probe(json!({})).fault(), None);
        for (wrong, field) in [
            (json!({ "url": "ftp://shop.example" }), "url"),
            (json!({ "body": {} }), "body"),
            (json!({ "method": "POST", "body": "x".repeat(5_000) }), "body"),
            (json!({ "expects": { "status": 42 } }), "expects.status"),
            (json!({ "expects": { "body_contains": "" } }), "expects.body_contains"),
            (json!({ "expects": { "json": { "path": "ok", "equals": true } } }), "expects.json.path"),
            (json!({ "gives": { "number": "depth" } }), "gives.number"),
        ] {
            assert_eq!(probe(wrong.clone()).fault().map(|(field, _)| field), Some(field), "{wrong}");
        }
        for unknown in [json!({ "headers": {} }), json!({ "expects": { "body": "x" } }), json!({ "method": "DELETE" })]
        {
            let mut sent = json!({ "url": "https://shop.example" });
            sent.as_object_mut().unwrap().extend(unknown.as_object().unwrap().clone());
            assert!(serde_json::from_value::<HttpProbe>(sent).is_err(), "{unknown}");
        }
    }

    #[test]
    fn an_answer_that_is_not_as_expected_is_a_failure_and_no_number() {
        let expects = json!({ "body_contains": "ready", "json": { "path": "$.db", "equals": "up" } });
        let (failure, latency) =
            (probe(json!({ "gives": "failure", "expects": expects })), probe(json!({ "expects": expects })));
        let good = answered(204, r#"{ "db": "up", "state": "ready" }"#);
        assert_eq!(failure.measure(Ok(&good)), Measured { value: Some(0.0), detail: None });
        assert_eq!(latency.measure(Ok(&good)), Measured { value: Some(12.5), detail: None });
        for (bad, part) in [
            (answered(500, r#"{ "db": "up", "state": "ready" }"#), "500"),
            (answered(200, r#"{ "db": "up" }"#), "ready"),
            (answered(200, r#"{ "db": "down", "state": "ready" }"#), "$.db"),
            (answered(200, "ready"), "$.db"),
        ] {
            let (failed, slow) = (failure.measure(Ok(&bad)), latency.measure(Ok(&bad)));
            assert_eq!((failed.value, slow.value), (Some(1.0), None), "{bad:?}");
            assert!(failed.detail.as_ref().unwrap().contains(part), "{failed:?}");
            assert_eq!(failed.detail, slow.detail);
        }
        let status = probe(json!({ "gives": "failure", "expects": { "status": 503 } }));
        assert_eq!(status.measure(Ok(&answered(503, ""))).value, Some(0.0));
    }

    #[test]
    fn no_answer_is_a_failure_but_not_asking_is_nothing() {
        let failure = probe(json!({ "gives": "failure" }));
        assert_eq!(failure.measure(Err(&NotAnswered::Failed("gone".into()))).value, Some(1.0));
        assert_eq!(failure.measure(Err(&NotAnswered::NotAsked("private".into()))).value, None);
        let latency = probe(json!({}));
        let silent = latency.measure(Err(&NotAnswered::Failed("gone".into())));
        assert_eq!(silent, Measured { value: None, detail: Some("gone".into()) });
    }

    #[test]
    fn a_number_is_read_at_its_path() {
        let depth = probe(json!({ "gives": { "number": "$.depth" } }));
        assert_eq!(depth.measure(Ok(&answered(200, r#"{ "depth": 3 }"#))).value, Some(3.0));
        for bad in ["{}", "<html>", ""] {
            let measured = depth.measure(Ok(&answered(200, bad)));
            assert!(measured.value.is_none() && measured.detail.is_some(), "{bad}");
        }
    }
}
