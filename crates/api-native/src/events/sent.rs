//! Events as clients send them.

use app::Error;
use domain::EventId;
use domain::event::{EventBody, Verdict};
use serde::Deserialize;
use utoipa::ToSchema;

use super::content::{ContentBlock, TextBlock, taken};

/// Events to be taken, all or none.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SendEvents {
    /// 1 to 50.
    events: Vec<EventParam>,
}

/// An event from the client.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub(crate) enum EventParam {
    /// Says something to the agent. While it works: taken when the turn ends.
    #[serde(rename = "user.message")]
    UserMessage {
        /// At least one block.
        content: Vec<ContentBlock>,
    },
    /// Ends the turn.
    #[serde(rename = "user.interrupt")]
    UserInterrupt {
        /// Only null: sessions have one thread.
        #[serde(default)]
        session_thread_id: Option<String>,
    },
    /// Decides about a tool call that waits.
    #[serde(rename = "user.tool_confirmation")]
    UserToolConfirmation {
        /// The tool-use event.
        #[schema(value_type = String)]
        tool_use_id: EventId,
        /// The decision.
        result: VerdictParam,
        /// What the agent is told with a denial.
        #[serde(default)]
        deny_message: Option<String>,
        /// The tool's answer, as far as it is known (with `happened`).
        #[serde(default)]
        content: Option<Vec<ContentBlock>>,
    },
    /// The result of a tool that the client ran.
    #[serde(rename = "user.custom_tool_result")]
    UserCustomToolResult {
        /// The tool-use event.
        #[schema(value_type = String)]
        custom_tool_use_id: EventId,
        /// The tool's answer.
        #[serde(default)]
        content: Option<Vec<ContentBlock>>,
        /// Whether it failed.
        #[serde(default)]
        is_error: Option<bool>,
    },
    /// Only in self-hosted environments, which this release does not have.
    #[serde(rename = "user.tool_result")]
    UserToolResult {},
    /// Adds instructions. At most one, at the end, directly after a message or a result.
    #[serde(rename = "system.message")]
    SystemMessage {
        /// At least one block of text.
        content: Vec<TextBlock>,
    },
    /// Not available in this release.
    #[serde(rename = "user.define_outcome")]
    UserDefineOutcome {},
}

/// A decision about a tool call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VerdictParam {
    /// The call is made.
    Allow,
    /// It is not.
    Deny,
    /// The call whose outcome was lost did happen.
    Happened,
    /// It did not.
    DidNotHappen,
}

impl SendEvents {
    /// The events, as the core knows them.
    ///
    /// # Errors
    /// One of them is not served; every other rule is the application's.
    pub(crate) fn into_bodies(self) -> Result<Vec<EventBody>, Error> {
        into_bodies(self.events, "events")
    }
}

/// Events as the core knows them; `field` is where they stand in the request.
///
/// # Errors
/// As [`SendEvents::into_bodies`].
pub(crate) fn into_bodies(events: Vec<EventParam>, field: &str) -> Result<Vec<EventBody>, Error> {
    let body = |(index, event): (usize, EventParam)| event.into_body(&format!("{field}[{index}]"));
    events.into_iter().enumerate().map(body).collect()
}

impl EventParam {
    fn into_body(self, path: &str) -> Result<EventBody, Error> {
        let refused = |field: &str, message: &str| Err(Error::invalid(format!("{path}.{field}"), message));
        Ok(match self {
            EventParam::UserMessage { content } => EventBody::UserMessage { content: taken(content), dropped: false },
            EventParam::UserInterrupt { session_thread_id: Some(_) } => {
                return refused("session_thread_id", "must be null: this session has one thread");
            }
            EventParam::UserInterrupt { session_thread_id: None } => EventBody::UserInterrupt {},
            EventParam::UserToolConfirmation { tool_use_id, result, deny_message, content } => {
                EventBody::UserToolConfirmation {
                    tool_use_id,
                    result: result.into(),
                    deny_message,
                    content: content.map(taken),
                }
            }
            EventParam::UserCustomToolResult { custom_tool_use_id, content, is_error } => {
                EventBody::UserCustomToolResult {
                    custom_tool_use_id,
                    content: taken(content.unwrap_or_default()),
                    is_error: is_error.unwrap_or(false),
                }
            }
            EventParam::UserToolResult {} => {
                return refused("type", "user.tool_result is taken only in self-hosted environments");
            }
            EventParam::SystemMessage { content } => {
                EventBody::SystemMessage { content: taken(content), dropped: false }
            }
            EventParam::UserDefineOutcome {} => {
                return refused("type", "user.define_outcome is not available in this release");
            }
        })
    }
}

impl From<VerdictParam> for Verdict {
    fn from(param: VerdictParam) -> Self {
        match param {
            VerdictParam::Allow => Verdict::Allow,
            VerdictParam::Deny => Verdict::Deny,
            VerdictParam::Happened => Verdict::Happened,
            VerdictParam::DidNotHappen => Verdict::DidNotHappen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_served_is_refused_where_it_stands() {
        let message = json!({"type": "user.message", "content": [{"type": "text", "text": "hi"}], "unknown": 1});
        for (event, part) in [
            (json!({"type": "user.tool_result", "tool_use_id": "x"}), "self-hosted"),
            (json!({"type": "user.define_outcome", "description": "d"}), "not available"),
            (json!({"type": "user.interrupt", "session_thread_id": "sthr_1"}), "one thread"),
        ] {
            let request: SendEvents = serde_json::from_value(json!({ "events": [message, event] })).unwrap();
            let refused = request.into_bodies().unwrap_err().to_string();
            assert!(refused.starts_with("events[1].") && refused.contains(part), "{refused}");
        }
    }
}
