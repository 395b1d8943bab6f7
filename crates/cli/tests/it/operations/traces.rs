//! Traces, as a collector receives them.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::json;

use crate::sortie::{House, Server};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

/// A collector, and what it was told.
#[derive(Clone, Default)]
struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
    services: Arc<Mutex<Vec<String>>>,
}

impl Collector {
    async fn start(&self) -> String {
        let told = self.clone();
        let take = move |body: Bytes| async move {
            for of_resource in ExportTraceServiceRequest::decode(body).unwrap().resource_spans {
                let attributes = of_resource.resource.unwrap().attributes;
                let service = attributes.into_iter().find(|attribute| attribute.key == "service.name").unwrap();
                told.services.lock().unwrap().push(shown(service.value.unwrap().value.unwrap()));
                let spans = of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
                told.spans.lock().unwrap().extend(spans);
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/v1/traces", post(take))).await });
        address
    }

    fn span(&self, name: &str) -> Span {
        let spans = self.spans.lock().unwrap();
        let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
        spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name} is not among {names:?}")).clone()
    }
}

fn shown(value: Value) -> String {
    match value {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        Value::ArrayValue(values) => {
            let values = values.values.into_iter().filter_map(|value| value.value).map(shown);
            values.collect::<Vec<_>>().join(",")
        }
        other => format!("{other:?}"),
    }
}

fn attribute(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    found.value.clone().and_then(|value| value.value).map(shown)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A run with a tool call, asked for within a trace; then the server ends.
async fn run_traced(house: &House, server: Server, tool_url: &str) {
    let (url, key) = (server.text("url").to_owned(), server.text("first_key").to_owned());
    let trace = format!("00-{TRACE}-{CALLER}-01");
    let call = async |path: &str, body| super::post(&format!("{url}{path}"), &key, Some(&trace), &body).await;
    let agent = json!({
        "name": "traced",
        "model": "scripted/demo",
        "tools": [{
            "type": "http",
            "name": "look",
            "description": "Looks",
            "input_schema": { "type": "object", "properties": {} },
            "url": tool_url,
            "method": "GET",
            "permission_policy": { "type": "always_allow" },
        }],
    });
    let agent = call("/v1/agents", agent).await;
    let said = json!({ "type": "user.message", "content": [{ "type": "text", "text": "call look {}" }] });
    let session = call("/v1/sessions", json!({ "agent": agent["id"], "initial_events": [said] })).await;
    let session = session["id"].as_str().unwrap().to_owned();
    tokio::task::block_in_place(|| {
        loop {
            let told = house.run(&["sessions", "tail", &session, "--json"]).done();
            if told.contains("session.status_idle") {
                break;
            }
            std::thread::yield_now();
        }
        // What is left is sent before the end.
        server.stop();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_a_part_of_its_callers_trace() {
    let collector = Collector::default();
    let address = collector.start().await;
    let tool = Router::new().fallback(async || "seen");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tool_url = format!("http://{}/look", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, tool).await });

    let house = House::new();
    let server = house.serve_with(|command| {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &address).env("SORTIE_OUTBOUND__ALLOW", "127.0.0.1");
    });
    run_traced(&house, server, &tool_url).await;

    let run = collector.span("invoke_agent traced");
    let (chat, tool) = (collector.span("chat demo"), collector.span("execute_tool look"));
    assert_eq!((hex(&run.trace_id), hex(&run.parent_span_id)), (TRACE.to_owned(), CALLER.to_owned()));
    for span in [&chat, &tool] {
        assert_eq!((&span.trace_id, &span.parent_span_id), (&run.trace_id, &run.span_id), "{span:?}");
        assert!(span.start_time_unix_nano >= run.start_time_unix_nano, "{span:?}");
        assert!(span.end_time_unix_nano <= run.end_time_unix_nano, "{span:?}");
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano, "{span:?}");
    }
    let said = |span: &Span, name: &str| attribute(span, name).unwrap_or_default();
    assert_eq!(said(&run, "gen_ai.operation.name"), "invoke_agent");
    assert_eq!(
        (said(&chat, "gen_ai.provider.name"), said(&chat, "gen_ai.request.model")),
        ("scripted".into(), "demo".into())
    );
    assert_eq!(said(&tool, "gen_ai.tool.name"), "look");
    assert_eq!(said(&chat, "gen_ai.conversation.id"), said(&run, "gen_ai.conversation.id"));
    assert_eq!(*collector.services.lock().unwrap().first().unwrap(), "sortie");
    let all = format!("{:?}", collector.spans.lock().unwrap());
    assert!(!all.contains("call look") && !all.contains("seen") && !all.contains("messages"), "texts were sent: {all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_sent_if_they_are_asked_for_without_what_looks_like_a_key() {
    let collector = Collector::default();
    let address = collector.start().await;
    let house = House::new();
    let server = house.serve_with(|command| {
        command.env("SORTIE_TELEMETRY__OTLP_ENDPOINT", &address).env("SORTIE_TELEMETRY__PROMPTS", "true");
    });
    tokio::task::block_in_place(|| {
        house.run(&["run", "say my key is srt_0123456789abcdef"]).done();
        server.stop();
    });
    let run = collector.span("invoke_agent assistant");
    let said = attribute(&run, "gen_ai.output.messages").unwrap();
    assert!(said.contains("my key is [redacted]"), "{said}");
    assert!(!format!("{run:?}").contains("0123456789abcdef"));
    assert_eq!(hex(&run.parent_span_id), "");
}
