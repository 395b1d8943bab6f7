//! Showing a session as it happens.

use serde_json::{Value, json};

use crate::failure::{Code, Failure};
use crate::native::Update;
use crate::output::{Output, cell, printable};

/// Prints updates: each stored event as a line of JSON for programs; for people the text as
/// it is generated, and a word on everything else.
pub(super) struct Screen {
    output: Output,
    /// The message whose text is being printed.
    open: Option<String>,
    /// Messages of people are shown too: they are not the ones typed here.
    shows_input: bool,
}

impl Screen {
    pub(super) fn new(output: Output, shows_input: bool) -> Self {
        Self { output, open: None, shows_input }
    }

    pub(super) fn show(&mut self, update: &Update) -> Result<(), Failure> {
        match update {
            Update::Text { event, text } if self.output.is_json() => {
                self.output.json(&json!({ "type": "text", "event_id": event, "text": text }))
            }
            Update::Event(event) if self.output.is_json() => self.output.json(event),
            Update::Text { event, text } => {
                if self.open.as_ref() != Some(event) {
                    self.close()?;
                    self.open = Some(event.clone());
                }
                self.output.text(&printable(text))
            }
            Update::Event(event) => self.show_event(event),
        }
    }

    fn show_event(&mut self, event: &Value) -> Result<(), Failure> {
        let kind = event["type"].as_str().unwrap_or_default();
        if kind == "agent.message" {
            // Its text stands there already, if it was generated while we watched.
            let was_open = self.open.as_deref() == event["id"].as_str() && self.open.is_some();
            if !was_open {
                self.close()?;
                self.output.text(&printable(&text_of(&event["content"])))?;
            }
            self.open = None;
            return self.output.text("\n");
        }
        if kind == "span.model_request_end" && event["is_error"] == true {
            self.close()?;
        }
        if let Some(words) = self.words(kind, event) {
            self.close()?;
            self.output.note(&words);
        }
        Ok(())
    }

    /// What is said of an event that is not the agent's message.
    fn words(&self, kind: &str, event: &Value) -> Option<String> {
        Some(match kind {
            "user.message" if self.shows_input => format!("> {}", text_of(&event["content"])),
            "user.interrupt" => "(interrupted)".to_owned(),
            "agent.tool_use" | "agent.custom_tool_use" => {
                format!("[calls {} {}]", cell(&event["name"]), event["input"])
            }
            "agent.tool_result" => {
                let failed = if event["is_error"] == true { "failed: " } else { "" };
                format!("[{failed}{}]", text_of(&event["content"]))
            }
            "session.error" => {
                let retry = cell(&event["error"]["retry_status"]["type"]);
                format!("! {} ({retry})", cell(&event["error"]["message"]))
            }
            "session.status_rescheduled" => "(goes on in a moment)".to_owned(),
            "session.status_terminated" => "(the session has ended)".to_owned(),
            "session.deleted" => "(the session was deleted)".to_owned(),
            "monitor.update" | "monitor.rollback" | "monitor.ended" => format!("({})", cell(&event["summary"])),
            _ => return None,
        })
    }

    /// Ends a line that is being written.
    fn close(&mut self) -> Result<(), Failure> {
        match self.open.take() {
            Some(_) => self.output.text("\n"),
            None => Ok(()),
        }
    }
}

/// Why a session became idle, if this update says that it did.
pub(super) fn stop_reason(update: &Update) -> Option<&Value> {
    match update {
        Update::Event(event) if event["type"] == "session.status_idle" => Some(&event["stop_reason"]),
        _ => None,
    }
}

/// How a command ends that watched a session until it became idle.
pub(super) fn ending(session: &str, stop: &Value) -> Result<(), Failure> {
    match stop["type"].as_str().unwrap_or_default() {
        "end_turn" => Ok(()),
        "refusal" => Err(Failure::other("the model declined to answer")),
        "retries_exhausted" => Err(Failure::other("the run failed; the reason stands above")),
        "budget_reached" => Err(Failure::other(format!("a limit ended the run: {}", cell(&stop["unit"])))),
        "requires_action" => {
            let message = format!("the agent waits for somebody: `sortie sessions show {session}` says for what");
            Err(Failure::new(Code::Waiting, message))
        }
        other => Err(Failure::other(format!("the run ended for a reason this release does not know: {other}"))),
    }
}

/// The text in content blocks.
pub(super) fn text_of(content: &Value) -> String {
    let blocks = content.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts: Vec<&str> = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
    texts.join("\n")
}
