//! Where a signal's numbers come from.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use url::Url;

use super::json_path::JsonPath;
use super::probe::{Gives, HttpProbe};
use crate::id::ProjectId;
use crate::output::Schema;
use crate::tool::{Effect, HttpTool, ToolOutcome};

const QUERY_CHARS_MAX: usize = 4_000;
/// Characters of an answer that are told of.
const SHOWN_CHARS_MAX: usize = 200;
/// Bytes of a tool's arguments.
const INPUT_BYTES_MAX: usize = 16 << 10;

/// Where a signal's numbers come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// A query of a Prometheus-compatible server: its number is the sum of the series that it
    /// gives.
    Prometheus {
        /// The server's address, without `/api/v1/…`.
        url: String,
        /// The query.
        query: String,
    },
    /// A query of logs over HTTP, Loki-compatible. A query that counts gives numbers; one
    /// that selects lines is counted by the minute, and samples of its lines are shown.
    Logs {
        /// The server's address, without `/loki/api/v1/…`.
        url: String,
        /// The query.
        query: String,
    },
    /// An HTTP endpoint. It keeps no past, so it is sampled.
    Http(HttpProbe),
    /// A tool of the project that only reads. It is sampled likewise.
    Tool(ToolProbe),
}

/// A tool of the project that is called for a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolProbe {
    /// The tool's name.
    pub tool: String,
    /// What it is called with.
    #[serde(default)]
    pub input: Map<String, Value>,
    /// Where the number is in its JSON answer; `$` is the answer itself.
    pub path: String,
}

/// What names a source, however the signal is called that reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceDigest(pub [u8; 32]);

/// What a source gave at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measured {
    /// The number, if there is one.
    pub value: Option<f64>,
    /// What else was seen, or why there is no number; from outside.
    pub detail: Option<String>,
}

impl Source {
    /// What is wrong with it: the field, and what it must be.
    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        match self {
            Source::Prometheus { url, .. } | Source::Logs { url, .. } if !is_address(url) => {
                Some(("url", "must be an http or https address".to_owned()))
            }
            Source::Prometheus { query, .. } | Source::Logs { query, .. } => {
                let queries = (1..=QUERY_CHARS_MAX).contains(&query.trim().chars().count());
                (!queries).then(|| ("query", format!("must have 1 to {QUERY_CHARS_MAX} characters")))
            }
            Source::Http(probe) => probe.fault(),
            Source::Tool(probe) => probe.fault(),
        }
    }

    /// As written.
    pub fn kind(&self) -> &'static str {
        match self {
            Source::Prometheus { .. } => "prometheus",
            Source::Logs { .. } => "logs",
            Source::Http(_) => "http",
            Source::Tool(_) => "tool",
        }
    }

    /// The address that is called, unless a tool knows it.
    pub fn address(&self) -> Option<&str> {
        match self {
            Source::Prometheus { url, .. } | Source::Logs { url, .. } => Some(url),
            Source::Http(probe) => Some(&probe.url),
            Source::Tool(_) => None,
        }
    }

    /// Whether it keeps no past of its own.
    pub fn is_sampled(&self) -> bool {
        matches!(self, Source::Http(_) | Source::Tool(_))
    }

    /// Whether its number counts failures, whatever its measure says.
    pub(super) fn counts_failures(&self) -> bool {
        matches!(self, Source::Http(probe) if probe.gives == Gives::Failure)
    }

    /// What names it among the organization's sources. Tools of one name in two projects are
    /// two.
    pub fn digest(&self, project: ProjectId) -> SourceDigest {
        // A description of ours always becomes JSON, with its fields in one order.
        let mut digest = Sha256::new_with_prefix(serde_json::to_vec(self).unwrap_or_default());
        if matches!(self, Source::Tool(_)) {
            digest.update(project.0);
        }
        SourceDigest(digest.finalize().into())
    }
}

impl ToolProbe {
    fn fault(&self) -> Option<(&'static str, String)> {
        if self.tool.is_empty() || self.tool.len() > 128 {
            return Some(("tool", "must be the name of a tool of the project".to_owned()));
        }
        if serde_json::to_string(&self.input).map_or(usize::MAX, |input| input.len()) > INPUT_BYTES_MAX {
            return Some(("input", format!("must have at most {INPUT_BYTES_MAX} bytes")));
        }
        Some(("path", JsonPath::parse(&self.path).err()?))
    }

    /// Why the tool of this name, or its absence, does not serve: the field, and what it must
    /// be. Asked when the signal is set and each time before the tool is called: it may be
    /// another by then.
    pub fn unserved_by(&self, tool: Option<&HttpTool>) -> Option<(&'static str, String)> {
        let Some(tool) = tool else {
            return Some(("tool", format!("must be a tool of the project, and none is named {:?}", self.tool)));
        };
        if tool.effect != Effect::Read {
            return Some(("tool", "must be a tool whose effect is `read`: it is called again and again".to_owned()));
        }
        let fits = Schema::new(&tool.input_schema).map_err(|error| error.to_string());
        let fits = fits.and_then(|schema| schema.check(&Value::Object(self.input.clone())));
        Some(("input", format!("must fit the tool's schema: {}", fits.err()?)))
    }

    /// What an answer of the tool amounts to.
    pub fn measure(&self, outcome: ToolOutcome) -> Measured {
        match outcome {
            ToolOutcome::Answered { content, is_error: false } => Measured::at(&self.path, content.as_bytes()),
            ToolOutcome::Answered { content: why, is_error: true }
            | ToolOutcome::NotReached(why)
            | ToolOutcome::Unknown(why) => Measured::nothing(shown(&why)),
        }
    }
}

impl Measured {
    /// A number and nothing else.
    pub(super) fn number(value: f64) -> Self {
        Self { value: Some(value), detail: None }
    }

    /// No number, and why.
    pub fn nothing(why: String) -> Self {
        Self { value: None, detail: Some(why) }
    }

    /// The number at a path of a JSON answer.
    pub(super) fn at(path: &str, body: &[u8]) -> Self {
        let path_fault = |fault| Self::nothing(format!("the path cannot be read: {fault}"));
        let parsed = match JsonPath::parse(path) {
            Ok(parsed) => parsed,
            Err(fault) => return path_fault(fault),
        };
        let Ok(answer) = serde_json::from_slice::<Value>(body) else {
            return Self::nothing(format!("its answer is no JSON: {}", shown(&String::from_utf8_lossy(body))));
        };
        match parsed.number(&answer) {
            Some(value) => Self::number(value),
            None => Self::nothing(format!("there is no number at {path} in its answer")),
        }
    }
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS_MAX).collect()
}

pub(super) fn is_address(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    fn tool(effect: Effect) -> HttpTool {
        HttpTool {
            name: "depth".into(),
            description: "How deep the queue is.".into(),
            input_schema: json!({ "type": "object", "required": ["queue"] }),
            method: "GET".into(),
            url: "https://shop.example/{queue}".into(),
            headers: Default::default(),
            timeout_ms: 1_000,
            effect,
        }
    }

    fn probe(input: Value) -> ToolProbe {
        serde_json::from_value(json!({ "tool": "depth", "input": input, "path": "$.depth" })).unwrap()
    }

    #[test]
    fn only_a_tool_that_reads_serves_and_only_with_what_it_takes() {
        let field = |probe: ToolProbe, tool: Option<HttpTool>| probe.unserved_by(tool.as_ref()).map(|(field, _)| field);
        let mails = || json!({ "queue": "mails" });
        assert_eq!(field(probe(mails()), Some(tool(Effect::Read))), None);
        for effect in [Effect::Idempotent, Effect::Unsafe] {
            assert_eq!(field(probe(mails()), Some(tool(effect))), Some("tool"));
        }
        assert_eq!(field(probe(mails()), None), Some("tool"));
        assert_eq!(field(probe(json!({})), Some(tool(Effect::Read))), Some("input"));
    }

    #[test]
    fn a_tools_answer_is_a_number_or_says_why_not() {
        let measure = |outcome| probe(json!({})).measure(outcome);
        let answers = |content: &str, is_error| ToolOutcome::Answered { content: content.into(), is_error };
        assert_eq!(measure(answers(r#"{ "depth": 4 }"#, false)).value, Some(4.0));
        for outcome in [
            answers(r#"{ "depth": 4 }"#, true),
            answers("four", false),
            ToolOutcome::NotReached("refused".into()),
            ToolOutcome::Unknown("silent".into()),
        ] {
            let measured = measure(outcome.clone());
            assert!(measured.value.is_none() && measured.detail.is_some(), "{outcome:?}");
        }
    }

    #[test]
    fn a_source_is_named_by_what_it_asks() {
        let source = |value: Value| serde_json::from_value::<Source>(value).unwrap();
        let (one, other) = (ProjectId(Uuid::from_u128(1)), ProjectId(Uuid::from_u128(2)));
        let http = source(json!({ "kind": "http", "url": "https://shop.example/" }));
        let spelled_out =
            source(json!({ "kind": "http", "method": "GET", "gives": "latency_ms", "url": "https://shop.example/" }));
        assert_eq!(http.digest(one), spelled_out.digest(other));
        let failure = source(json!({ "kind": "http", "url": "https://shop.example/", "gives": "failure" }));
        assert_ne!(http.digest(one), failure.digest(one));
        let tool = Source::Tool(probe(json!({})));
        assert_eq!(tool.digest(one), tool.digest(one));
        assert_ne!(tool.digest(one), tool.digest(other), "another project has other tools");
    }
}
