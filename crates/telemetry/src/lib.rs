//! Traces for OpenTelemetry: the spans of runs, with the conventions for generative AI, sent
//! over OTLP to a collector.
//!
//! [`Traces`] is a [`ports::Spans`]; without one nothing of this crate runs. What is sent
//! stands in [`render`], every name of it in [`names`]. What people, models and tools said
//! is left out unless the operator asks for it, and then [`redact`]ed. This crate knows
//! spans, not runs, and no façade.
//!
//! Batching, retries and the wire are the OpenTelemetry SDK's.

mod client;
pub mod names;
mod redact;
mod render;

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::InstrumentationScope;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanProcessor};
use ports::Spans;
use ports::spans::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::client::Client;

/// Where the standard variables say to send traces.
const ENDPOINT_VARIABLES: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const SERVICE_NAME_VARIABLE: &str = "OTEL_SERVICE_NAME";
/// How long the last spans may take to leave.
const FAREWELL: Duration = Duration::from_secs(3);

/// What is told of runs to a collector of traces. OpenTelemetry's standard variables
/// (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`, …) count too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryOptions {
    /// The collector's address for OTLP over HTTP: `http://127.0.0.1:4318`. If not set, what
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` names; without either nothing is traced.
    ///
    /// Since 0.1.
    #[schemars(with = "Option<String>")]
    pub otlp_endpoint: Option<Url>,

    /// Whether what people, models and tools say is sent too. What looks like a key is
    /// blacked out and long texts are cut, but nobody can promise that nothing private is
    /// left: only for collectors that may know everything.
    ///
    /// Since 0.1.
    pub prompts: bool,
}

/// Traces cannot be sent as the options say.
#[derive(Debug, thiserror::Error)]
#[error("`telemetry.otlp_endpoint`, or a variable OTEL_EXPORTER_OTLP_…: {0}")]
pub struct BadTelemetry(String);

/// Sends spans to a collector.
#[derive(Debug)]
pub struct Traces {
    processor: BatchSpanProcessor,
    scope: InstrumentationScope,
    prompts: bool,
}

impl Traces {
    /// Begins to send, from the runtime that calls this; `None` if nobody said where to.
    ///
    /// # Errors
    /// What the options or the variables say cannot be followed.
    pub fn start(options: &TelemetryOptions) -> Result<Option<Arc<Self>>, BadTelemetry> {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if options.otlp_endpoint.is_none() && !ENDPOINT_VARIABLES.iter().any(|name| is_set(name)) {
            return Ok(None);
        }
        let bad = |error: &dyn std::fmt::Display| BadTelemetry(error.to_string());
        let client = Client::new().map_err(|error| bad(&error))?;
        let mut exporter = SpanExporter::builder().with_http().with_http_client(client);
        exporter = exporter.with_protocol(Protocol::HttpBinary);
        if let Some(endpoint) = &options.otlp_endpoint {
            exporter = exporter.with_endpoint(traces_of(endpoint));
        }
        let exporter = exporter.build().map_err(|error| bad(&error))?;
        let mut resource = Resource::builder();
        if !is_set(SERVICE_NAME_VARIABLE) {
            resource = resource.with_service_name(names::SERVICE);
        }
        let version = opentelemetry::KeyValue::new(names::SERVICE_VERSION, env!("CARGO_PKG_VERSION"));
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        processor.set_resource(&resource.with_attribute(version).build());
        let scope = InstrumentationScope::builder(names::SERVICE).with_version(env!("CARGO_PKG_VERSION")).build();
        Ok(Some(Arc::new(Self { processor, scope, prompts: options.prompts })))
    }

    /// Sends what is left.
    pub async fn stop(self: Arc<Self>) {
        let stopped = tokio::task::spawn_blocking(move || self.processor.shutdown_with_timeout(FAREWELL)).await;
        if !matches!(stopped, Ok(Ok(()))) {
            tracing::warn!("the last spans were not sent");
        }
    }
}

impl Spans for Traces {
    fn ended(&self, span: Span) {
        self.processor.on_end(render::span(span, &self.scope));
    }

    fn takes_texts(&self) -> bool {
        self.prompts
    }
}

/// The address for traces below a collector's.
fn traces_of(endpoint: &Url) -> String {
    format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'))
}
