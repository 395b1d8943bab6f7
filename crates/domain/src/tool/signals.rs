//! The tools with which an agent reads the signals of its project.

use serde::Deserialize;
use serde_json::json;

use crate::model::ToolOffer;

/// Minutes that a model may look back.
const MINUTES_MAX: u32 = 1_440;

/// Minutes that it looks back unless it says otherwise.
const MINUTES: u32 = 60;

/// One of them. Both only read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalTool {
    /// Which signals there are.
    List,
    /// What one of them shows.
    Read,
}

/// What a model asks of a signal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReadSignal {
    /// Its name.
    pub signal: String,
    /// How far to look back.
    #[serde(default = "usual_minutes")]
    pub minutes: u32,
}

impl SignalTool {
    /// Both.
    pub const ALL: [SignalTool; 2] = [SignalTool::List, SignalTool::Read];

    /// What a model calls it.
    pub fn name(self) -> &'static str {
        match self {
            SignalTool::List => "list_signals",
            SignalTool::Read => "read_signal",
        }
    }

    /// What a model is told of it.
    pub fn offer(self) -> ToolOffer {
        let (description, input_schema) = match self {
            SignalTool::List => (
                "Lists the signals of this project: numbers such as latencies, error rates and queue depths, with \
                 what they measure and which way they get worse.",
                json!({ "type": "object", "properties": {}, "additionalProperties": false }),
            ),
            SignalTool::Read => (
                "Reads one signal: its number now, what it usually was before (baseline), how bad that is (level: \
                 none, medium, high, critical; unknown or no_data where nobody can tell), its recent course, and \
                 for logs some of the lines.",
                json!({
                    "type": "object",
                    "properties": {
                        "signal": { "type": "string", "maxLength": 200, "description": "Its name, as list_signals gives it." },
                        "minutes": {
                            "type": "integer", "minimum": 5, "maximum": MINUTES_MAX,
                            "description": format!("How many minutes of its course to show; {MINUTES} if absent."),
                        },
                    },
                    "required": ["signal"],
                    "additionalProperties": false,
                }),
            ),
        };
        ToolOffer { name: self.name().to_owned(), description: description.to_owned(), input_schema }
    }
}

fn usual_minutes() -> u32 {
    MINUTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::{Effect, Judgement, Permission, ResolvedTool, Ruling, Runner, Toolset};

    fn tools() -> Toolset {
        Toolset::of(
            SignalTool::ALL
                .map(|tool| ResolvedTool::new(tool.offer(), Runner::Signals(tool), Permission::Allow).unwrap()),
        )
    }

    #[test]
    fn they_read_and_take_what_they_say() {
        let judge = |name, arguments| tools().judge(name, arguments);
        for (name, arguments) in [
            ("list_signals", ""),
            ("read_signal", r#"{ "signal": "p95" }"#),
            ("read_signal", r#"{ "signal": "p95", "minutes": 1440 }"#),
        ] {
            let call = judge(name, arguments);
            assert_eq!(
                (call.judgement, call.effect, call.by_client),
                (Judgement::Valid(Ruling::Allow), Effect::Read, false)
            );
        }
        for arguments in ["{}", r#"{ "signal": "p95", "minutes": 1441 }"#, r#"{ "signal": "p95", "minutes": 0 }"#] {
            assert!(matches!(judge("read_signal", arguments).judgement, Judgement::Invalid(_)), "{arguments}");
        }
        let read: ReadSignal = serde_json::from_value(json!({ "signal": "p95" })).unwrap();
        assert_eq!(read.minutes, 60);
    }
}
