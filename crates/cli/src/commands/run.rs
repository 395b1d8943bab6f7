//! `sortie run`: ask an agent and watch.

use std::io::IsTerminal;

use clap::Args;
use serde_json::{Value, json};

use super::agents::find_agent;
use super::follow::{Screen, ending, stop_reason};
use crate::failure::{Code, Failure};
use crate::native::{Follow, Native, part};
use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// What to say to the agent; `-` reads it from the standard input.
    text: String,
    /// Who is asked: id or name.
    #[arg(long, default_value = "assistant")]
    agent: String,
    /// Go on in this session instead of beginning one.
    #[arg(long, conflicts_with = "agent")]
    session: Option<String>,
}

pub(super) async fn run(native: Native, run: Run, output: Output) -> Result<(), Failure> {
    let text = match run.text.as_str() {
        "-" => std::io::read_to_string(std::io::stdin())?,
        _ => run.text,
    };
    let (session, is_new) = match run.session {
        Some(session) => (session, false),
        None => {
            let agent = find_agent(&native, &run.agent).await?;
            let made = native.post("sessions", &json!({ "agent": agent["id"] })).await?;
            (made["id"].as_str().unwrap_or_default().to_owned(), true)
        }
    };
    // The stream first: nothing of the answer is missed.
    let mut follow = Follow::begin(&native, &session, None).await?;
    let message = json!({ "type": "user.message", "content": [{ "type": "text", "text": text }] });
    send(&native, &session, message).await?;
    let stop = watch(&native, &mut follow, &session, output).await?;
    if is_new && !output.is_json() && std::io::stderr().is_terminal() {
        output.note(&format!("go on with: sortie run --session {session} \"…\""));
    }
    ending(&session, &stop)
}

/// Shows the session until it is idle. Ctrl-C interrupts the agent, a second one leaves.
async fn watch(native: &Native, follow: &mut Follow, session: &str, output: Output) -> Result<Value, Failure> {
    let mut screen = Screen::new(output, false);
    let mut interrupted = false;
    loop {
        let update = tokio::select! {
            update = follow.next() => update?,
            pressed = tokio::signal::ctrl_c() => {
                pressed?;
                if interrupted {
                    let message = format!("left; the agent may still be at work: sortie sessions tail -f {session}");
                    return Err(Failure::new(Code::Interrupted, message));
                }
                interrupted = true;
                output.note("interrupting; Ctrl-C again leaves the agent to itself");
                send(native, session, json!({ "type": "user.interrupt" })).await?;
                continue;
            }
        };
        let Some(update) = update else { return Err(Failure::other("the session has ended")) };
        screen.show(&update)?;
        match stop_reason(&update) {
            Some(_) if interrupted => return Err(Failure::new(Code::Interrupted, "interrupted")),
            Some(stop) => return Ok(stop.clone()),
            None => {}
        }
    }
}

async fn send(native: &Native, session: &str, event: Value) -> Result<(), Failure> {
    let path = format!("sessions/{}/events", part(session));
    native.post(&path, &json!({ "events": [event] })).await.map(drop)
}
