//! What a client may send into a session, before anything is looked up.

use domain::EventBody;
use domain::event::Verdict;
use domain::model::Block;

use crate::error::{Error, Faults};

/// Most events of one request.
const EVENTS_MAX: usize = 50;

/// Checks the events of one request: all are good or none is taken.
pub(crate) fn check_sent(events: &[EventBody]) -> Result<(), Error> {
    check("events", events, |body| match body {
        EventBody::UserMessage { .. }
        | EventBody::UserInterrupt {}
        | EventBody::UserToolConfirmation { .. }
        | EventBody::UserCustomToolResult { .. }
        | EventBody::SystemMessage { .. } => Ok(()),
        other => Err(format!("{} is not sent by clients", other.name())),
    })
}

/// Checks the events that a session begins with.
pub(crate) fn check_initial(events: &[EventBody]) -> Result<(), Error> {
    check("initial_events", events, |body| match body {
        EventBody::UserMessage { .. } | EventBody::SystemMessage { .. } => Ok(()),
        other => Err(format!("a session does not begin with {}", other.name())),
    })
}

/// Checks what one run is given to work on, earlier turns of the conversation included.
pub(crate) fn check_conversation(events: &[EventBody]) -> Result<(), Error> {
    let mut faults = Faults::default();
    faults.check(!events.is_empty(), "inputs", "must not be empty");
    for (index, body) in events.iter().enumerate() {
        let path = format!("inputs[{index}]");
        match body {
            EventBody::UserMessage { content, dropped: false } | EventBody::AgentMessage { content, .. } => {
                check_content(content, &path, &mut faults);
            }
            other => faults.add(path, format!("{} is not a part of a conversation", other.name())),
        }
    }
    faults.into_result()
}

/// `field` is where they stand in the request.
fn check(
    field: &str,
    events: &[EventBody],
    may_be_sent: impl Fn(&EventBody) -> Result<(), String>,
) -> Result<(), Error> {
    if !(1..=EVENTS_MAX).contains(&events.len()) {
        return Err(Error::invalid(field, "must have 1 to 50 entries"));
    }
    let mut faults = Faults::default();
    for (index, body) in events.iter().enumerate() {
        let path = format!("{field}[{index}]");
        if let Err(why) = may_be_sent(body) {
            faults.add(format!("{path}.type"), why);
            continue;
        }
        check_body(body, &path, &mut faults);
        if let EventBody::SystemMessage { .. } = body
            && let Err(why) = check_place(events, index)
        {
            faults.add(path, why);
        }
    }
    faults.into_result()
}

/// A `system.message` stands last, directly behind what it belongs to. That there is at
/// most one follows.
fn check_place(events: &[EventBody], index: usize) -> Result<(), &'static str> {
    let before = index.checked_sub(1).map(|before| &events[before]);
    let behind_input = matches!(before, Some(EventBody::UserMessage { .. } | EventBody::UserCustomToolResult { .. }));
    if index + 1 != events.len() {
        Err("a system.message must be the last event")
    } else if !behind_input {
        Err("a system.message must directly follow a user.message or a tool result")
    } else {
        Ok(())
    }
}

fn check_body(body: &EventBody, path: &str, faults: &mut Faults) {
    match body {
        EventBody::UserMessage { content, dropped } => {
            check_content(content, path, faults);
            faults.check(!dropped, &format!("{path}.dropped"), "is set by the server");
        }
        EventBody::SystemMessage { content, dropped } => {
            check_content(content, path, faults);
            faults.check(!dropped, &format!("{path}.dropped"), "is set by the server");
            let only_text = content.iter().all(|block| matches!(block, Block::Text { .. }));
            faults.check(only_text, &format!("{path}.content"), "must be text only");
        }
        EventBody::UserToolConfirmation { result, deny_message, content, .. } => {
            let may_explain = *result == Verdict::Deny || deny_message.is_none();
            faults.check(may_explain, &format!("{path}.deny_message"), "goes only with deny");
            let may_answer = *result == Verdict::Happened || content.is_none();
            faults.check(may_answer, &format!("{path}.content"), "goes only with happened");
            check_answer(content.as_deref().unwrap_or_default(), path, faults);
        }
        EventBody::UserCustomToolResult { content, .. } => check_answer(content, path, faults),
        _ => {}
    }
}

fn check_content(content: &[Block], path: &str, faults: &mut Faults) {
    faults.check(!content.is_empty(), &format!("{path}.content"), "must have at least one block");
    check_blocks(content, path, faults);
}

/// Blocks that no model could be given.
fn check_blocks(content: &[Block], path: &str, faults: &mut Faults) {
    for (index, block) in content.iter().enumerate() {
        match block {
            Block::Image { source } | Block::Document { source, .. }
                if source.get("type").and_then(|kind| kind.as_str()) == Some("file") =>
            {
                faults.add(format!("{path}.content[{index}].source"), "files are not served in this release");
            }
            Block::SearchResult { .. } => {
                faults.add(format!("{path}.content[{index}].type"), "search_result stands only in a tool's answer");
            }
            Block::Text { .. } | Block::Image { .. } | Block::Document { .. } => {}
        }
    }
}

/// A tool's answer reaches the model as text: what text cannot say would be lost.
fn check_answer(content: &[Block], path: &str, faults: &mut Faults) {
    for (index, block) in content.iter().enumerate() {
        let fault = "a tool's answer takes text, search results, and documents given as text";
        faults.check(block.as_text().is_some(), &format!("{path}.content[{index}]"), fault);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::EventId;
    use serde_json::json;
    use uuid::Uuid;

    fn message() -> EventBody {
        EventBody::UserMessage { content: vec![Block::text("hi")], dropped: false }
    }

    fn system() -> EventBody {
        EventBody::SystemMessage { content: vec![Block::text("be brief")], dropped: false }
    }

    fn confirmation(result: Verdict, deny_message: Option<&str>, content: Option<Vec<Block>>) -> EventBody {
        let tool_use_id = EventId(Uuid::nil());
        EventBody::UserToolConfirmation { tool_use_id, result, deny_message: deny_message.map(Into::into), content }
    }

    fn paths(checked: Result<(), Error>) -> Vec<String> {
        match checked {
            Ok(()) => Vec::new(),
            Err(Error::Invalid(faults)) => faults.into_iter().map(|fault| fault.path).collect(),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_to_fifty_events() {
        assert_eq!(paths(check_sent(&[])), ["events"]);
        assert!(check_sent(&vec![message(); 50]).is_ok());
        assert_eq!(paths(check_sent(&vec![message(); 51])), ["events"]);
    }

    #[test]
    fn only_what_clients_send() {
        let refused = [message(), EventBody::StatusRunning {}, EventBody::said(vec![])];
        assert_eq!(paths(check_sent(&refused)), ["events[1].type", "events[2].type"]);
        assert_eq!(paths(check_initial(&[message(), EventBody::UserInterrupt {}])), ["initial_events[1].type"]);
    }

    #[test]
    fn a_system_message_stands_last_behind_input() {
        assert!(check_sent(&[message(), system()]).is_ok());
        assert!(check_sent(&[message(), message(), system()]).is_ok());
        assert_eq!(paths(check_sent(&[system()])), ["events[0]"]);
        assert_eq!(paths(check_sent(&[system(), message()])), ["events[0]"]);
        assert_eq!(paths(check_sent(&[message(), system(), system()])), ["events[1]", "events[2]"]);
        assert_eq!(paths(check_sent(&[message(), EventBody::UserInterrupt {}, system()])), ["events[2]"]);
        let picture = Block::Image { source: json!({"type": "url", "url": "https://example.com/a.png"}) };
        let shown = EventBody::SystemMessage { content: vec![picture], dropped: false };
        assert_eq!(paths(check_sent(&[message(), shown])), ["events[1].content"]);
    }

    #[test]
    fn a_decision_carries_only_what_belongs_to_it() {
        for (body, expected) in [
            (confirmation(Verdict::Allow, None, None), vec![]),
            (confirmation(Verdict::Deny, Some("no"), None), vec![]),
            (confirmation(Verdict::Happened, None, Some(vec![Block::text("5")])), vec![]),
            (confirmation(Verdict::Allow, Some("no"), None), vec!["events[0].deny_message"]),
            (confirmation(Verdict::Deny, None, Some(vec![])), vec!["events[0].content"]),
        ] {
            assert_eq!(paths(check_sent(&[body])), expected);
        }
    }

    #[test]
    fn content_is_there_and_can_be_given_to_a_model() {
        let empty = EventBody::UserMessage { content: vec![], dropped: false };
        assert_eq!(paths(check_sent(&[empty])), ["events[0].content"]);
        let file = Block::Document { source: json!({"type": "file", "file_id": "f"}), title: None, context: None };
        let sent = EventBody::UserMessage { content: vec![Block::text("see"), file], dropped: false };
        assert_eq!(paths(check_sent(&[sent])), ["events[0].content[1].source"]);
        let dropped = EventBody::UserMessage { content: vec![Block::text("x")], dropped: true };
        let picture = || Block::Image { source: json!({"type": "url", "url": "https://example.com/a.png"}) };
        let found = || Block::SearchResult {
            source: "https://example.com".into(),
            title: "t".into(),
            texts: vec!["x".into()],
            citations: false,
        };
        let answer = |block| EventBody::UserCustomToolResult {
            custom_tool_use_id: EventId(Uuid::nil()),
            content: vec![block],
            is_error: false,
        };
        assert!(check_sent(&[answer(found()), answer(Block::text("x"))]).is_ok());
        assert_eq!(paths(check_sent(&[answer(picture())])), ["events[0].content[0]"]);
        let looked = EventBody::UserMessage { content: vec![picture(), found()], dropped: false };
        assert_eq!(paths(check_sent(&[looked])), ["events[0].content[1].type"]);
        assert_eq!(paths(check_sent(&[dropped])), ["events[0].dropped"]);
    }

    #[test]
    fn a_conversation_has_both_sides() {
        let said = EventBody::said(vec![Block::text("yes?")]);
        assert!(check_conversation(&[message(), said]).is_ok());
        assert_eq!(paths(check_conversation(&[])), ["inputs"]);
        assert_eq!(paths(check_conversation(&[message(), system()])), ["inputs[1]"]);
    }
}
