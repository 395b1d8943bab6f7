//! A span as OpenTelemetry writes it.

use std::borrow::Cow;
use std::time::SystemTime;

use domain::model::{ModelName, StopCause, Usage};
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{Array, InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use ports::spans::{Deed, Span, Texts};
use serde_json::json;

use crate::names;
use crate::redact::redacted;

pub(crate) fn span(span: Span, scope: &InstrumentationScope) -> SpanData {
    let (name, span_kind, mut attributes) = deed(&span);
    attributes.extend(common(&span));
    let status = match &span.fault {
        Some(fault) => Status::error(Cow::Owned(fault.clone())),
        None => Status::Unset,
    };
    let ids = (TraceId::from(span.trace), SpanId::from(span.id));
    let parent = span.parent;
    SpanData {
        span_context: SpanContext::new(ids.0, ids.1, TraceFlags::SAMPLED, false, TraceState::default()),
        parent_span_id: parent.map_or(SpanId::INVALID, |parent| SpanId::from(parent.id)),
        parent_span_is_remote: parent.is_some_and(|parent| parent.is_remote),
        span_kind,
        name: Cow::Owned(name),
        start_time: SystemTime::from(span.started_at),
        end_time: SystemTime::from(span.ended_at),
        attributes,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status,
        instrumentation_scope: scope.clone(),
    }
}

/// What every span says.
fn common(span: &Span) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new(names::CONVERSATION, span.session.to_string()),
        KeyValue::new(names::ORG, span.org.to_string()),
        KeyValue::new(names::RUN, span.run.to_string()),
    ];
    attributes.extend(span.fault.clone().map(|fault| KeyValue::new(names::ERROR_TYPE, fault)));
    attributes
}

/// A span's name and kind, and what it says besides.
fn deed(span: &Span) -> (String, SpanKind, Vec<KeyValue>) {
    match &span.deed {
        Deed::Run { agent, agent_name, usage, texts } => {
            let mut attributes = vec![
                KeyValue::new(names::OPERATION, names::INVOKE_AGENT),
                KeyValue::new(names::AGENT_ID, agent.to_string()),
                KeyValue::new(names::AGENT_NAME, agent_name.clone()),
            ];
            attributes.extend(of_model(&span.model).into_iter().chain(of_usage(usage)).chain(of_texts(texts.as_ref())));
            (format!("{} {agent_name}", names::INVOKE_AGENT), SpanKind::Internal, attributes)
        }
        Deed::ModelCall { usage, stop, texts } => {
            let mut attributes = vec![KeyValue::new(names::OPERATION, names::CHAT)];
            attributes.extend(of_model(&span.model).into_iter().chain(of_usage(usage)).chain(of_texts(texts.as_ref())));
            attributes.extend(stop.map(|stop| KeyValue::new(names::FINISH_REASONS, finish_reasons(stop))));
            (format!("{} {}", names::CHAT, model_of(&span.model).1), SpanKind::Client, attributes)
        }
        Deed::ToolCall { use_id, name, texts } => {
            let mut attributes = vec![
                KeyValue::new(names::OPERATION, names::EXECUTE_TOOL),
                KeyValue::new(names::TOOL_NAME, name.clone()),
                KeyValue::new(names::TOOL_TYPE, names::FUNCTION),
                KeyValue::new(names::TOOL_CALL_ID, use_id.to_string()),
            ];
            if let Some(Texts { input, output }) = texts {
                attributes.push(KeyValue::new(names::TOOL_ARGUMENTS, redacted(input)));
                attributes.push(KeyValue::new(names::TOOL_RESULT, redacted(output)));
            }
            (format!("{} {name}", names::EXECUTE_TOOL), SpanKind::Internal, attributes)
        }
    }
}

fn model_of(name: &str) -> (&str, &str) {
    ModelName::parse(name).map_or(("", name), |name| (name.provider, name.model))
}

fn of_model(name: &str) -> [KeyValue; 2] {
    let (provider, model) = model_of(name);
    [KeyValue::new(names::PROVIDER, provider.to_owned()), KeyValue::new(names::REQUEST_MODEL, model.to_owned())]
}

/// By the conventions what came from a cache is read too.
fn of_usage(usage: &Usage) -> [KeyValue; 4] {
    let Usage { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens } = *usage;
    let read = input_tokens.saturating_add(cache_read_input_tokens).saturating_add(cache_creation_input_tokens);
    let count = |name, tokens: u64| KeyValue::new(name, i64::try_from(tokens).unwrap_or(i64::MAX));
    [
        count(names::INPUT_TOKENS, read),
        count(names::OUTPUT_TOKENS, output_tokens),
        count(names::CACHE_READ_TOKENS, cache_read_input_tokens),
        count(names::CACHE_CREATION_TOKENS, cache_creation_input_tokens),
    ]
}

fn of_texts(texts: Option<&Texts>) -> Vec<KeyValue> {
    let Some(Texts { input, output }) = texts else { return Vec::new() };
    let message = |role, text: &str| {
        json!([{ "role": role, "parts": [{ "type": "text", "content": redacted(text) }] }]).to_string()
    };
    vec![
        KeyValue::new(names::INPUT_MESSAGES, message("user", input)),
        KeyValue::new(names::OUTPUT_MESSAGES, message("assistant", output)),
    ]
}

fn finish_reasons(stop: StopCause) -> Value {
    let reason = match stop {
        StopCause::EndTurn => "stop",
        StopCause::ToolUse => "tool_call",
        StopCause::MaxTokens => "length",
        StopCause::Refusal => "content_filter",
    };
    Value::Array(Array::String(vec![StringValue::from(reason)]))
}
