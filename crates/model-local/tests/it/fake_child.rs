//! A model process that speaks the right language and behaves as its name says.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

/// Plays the model process.
pub(crate) fn main(behaviour: &str) -> ExitCode {
    while let Some(message) = hear() {
        if message["type"] != "ask" {
            continue;
        }
        let ask = &message["id"];
        match behaviour {
            "refuses" => {
                say(ask, json!({"type": "fault", "kind": "rejected", "message": "too long"}));
                continue;
            }
            "silent" => continue,
            "garbage" => {
                print!("This is not the protocol, and it is quite long.");
                return ExitCode::SUCCESS;
            }
            _ => say(ask, json!({"type": "accepted"})),
        }
        match behaviour {
            "answers" => {
                let environment: Vec<_> = std::env::vars().map(|(name, _)| name).collect();
                let text = format!("pid {} env {environment:?}", std::process::id());
                say(ask, json!({"type": "text", "text": text}));
                say(ask, json!({"type": "usage", "usage": {"input_tokens": 3, "output_tokens": 2}}));
                say(ask, json!({"type": "stop", "cause": "end_turn"}));
            }
            "calls" => {
                say(ask, json!({"type": "call", "name": "search", "arguments": "{\"q\":1}"}));
                say(ask, json!({"type": "stop", "cause": "tool_use"}));
            }
            "crashes" => {
                say(ask, json!({"type": "text", "text": format!("pid {}", std::process::id())}));
                std::process::abort();
            }
            "waits" => {
                say(ask, json!({"type": "text", "text": format!("pid {}", std::process::id())}));
                // Until it is cancelled.
                let cancel = hear();
                assert_eq!(cancel, Some(json!({"type": "cancel", "ask": ask})));
                say(ask, json!({"type": "dropped"}));
            }
            other => panic!("no such behaviour: {other}"),
        }
    }
    ExitCode::SUCCESS
}

fn hear() -> Option<Value> {
    let mut length = [0; 4];
    io::stdin().read_exact(&mut length).ok()?;
    let mut message = vec![0; u32::from_be_bytes(length) as usize];
    io::stdin().read_exact(&mut message).ok()?;
    serde_json::from_slice(&message).ok()
}

fn say(ask: &Value, said: Value) {
    let message = json!({"ask": ask, "said": said}).to_string();
    let mut out = io::stdout();
    out.write_all(&(message.len() as u32).to_be_bytes()).unwrap();
    out.write_all(message.as_bytes()).unwrap();
    out.flush().unwrap();
}
