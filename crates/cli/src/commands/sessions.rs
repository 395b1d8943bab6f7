//! `sortie sessions`.

use clap::Subcommand;
use domain::SessionId;
use serde_json::{Value, json};

use super::agents::find_agent;
use super::follow::Screen;
use super::shown_time;
use crate::failure::Failure;
use crate::native::{Changes, Follow, Native, Update, part};
use crate::output::{Output, cell};

#[derive(Debug, Subcommand)]
pub(crate) enum Sessions {
    /// List sessions, the newest first.
    List {
        /// With this agent: id or name.
        #[arg(long)]
        agent: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Show a session: where it stands, its runs, and what it waits for.
    Show {
        /// Its id.
        session: String,
    },
    /// Print which sessions change, as they do, until Ctrl-C. A broken connection is taken up
    /// again where it broke.
    Watch {
        /// Begin behind this position instead of now; `start` is a week ago at most.
        #[arg(long, value_name = "POSITION")]
        after: Option<String>,
    },
    /// Print what happened in a session.
    Tail {
        /// Its id.
        session: String,
        /// Go on with what happens, until Ctrl-C. A broken connection is taken up again where
        /// it broke.
        #[arg(short, long)]
        follow: bool,
        /// Only what came after this event.
        #[arg(long, value_name = "EVENT", default_value = "start")]
        after: String,
    },
    /// Archive a session: from then on it is only read.
    Archive {
        /// Its id.
        session: String,
    },
    /// Delete a session for good, with its log.
    Delete {
        /// Its id.
        session: String,
    },
}

pub(super) async fn run(native: Native, sessions: Sessions, output: Output) -> Result<(), Failure> {
    match sessions {
        Sessions::List { agent, limit } => list(&native, agent, limit, output).await,
        Sessions::Show { session } => show(&native, &session, output).await,
        Sessions::Watch { after } => watch(&native, after, output).await,
        Sessions::Tail { session, follow: true, after } => {
            let mut screen = Screen::new(output, true);
            let mut follow = Follow::begin(&native, &session, Some(&after)).await?;
            while let Some(update) = follow.next().await? {
                screen.show(&update)?;
            }
            Ok(())
        }
        Sessions::Tail { session, follow: false, after } => {
            let query = if after == "start" { String::new() } else { format!("?after={}", part(&after)) };
            let events = native.list(&format!("sessions/{}/events{query}", part(&session)), None).await?;
            let mut screen = Screen::new(output, true);
            events.into_iter().try_for_each(|event| screen.show(&Update::Event(event)))
        }
        Sessions::Archive { session } => {
            let archived = native.post(&format!("sessions/{}/archive", part(&session)), &json!({})).await?;
            output.either(&archived, || format!("archived: {}", cell(&archived["id"])))
        }
        Sessions::Delete { session } => {
            let deleted = native.delete(&format!("sessions/{}", part(&session))).await?;
            output.either(&deleted, || format!("deleted: {}", cell(&deleted["id"])))
        }
    }
}

async fn list(native: &Native, agent: Option<String>, limit: usize, output: Output) -> Result<(), Failure> {
    let query = match agent {
        Some(agent) => format!("?agent_id={}", cell(&find_agent(native, &agent).await?["id"])),
        None => String::new(),
    };
    let sessions = native.list(&format!("sessions{query}"), Some(limit)).await?;
    if output.is_json() {
        return output.json(&sessions);
    }
    let row = |session: &Value| {
        vec![
            cell(&session["id"]),
            cell(&session["agent"]["name"]),
            cell(&session["status"]),
            cell(&session["title"]),
            shown_time(&session["updated_at"]),
        ]
    };
    output.table(&["id", "agent", "status", "title", "changed"], &sessions.iter().map(row).collect::<Vec<_>>())
}

async fn watch(native: &Native, after: Option<String>, output: Output) -> Result<(), Failure> {
    let mut changes = Changes::begin(native, after).await?;
    loop {
        let change = changes.next().await?;
        output.either(&change, || change_words(&change))?;
    }
}

/// A change in a line.
fn change_words(change: &Value) -> String {
    let waits = change["waiting_for"].as_array().is_some_and(|calls| !calls.is_empty());
    let status = if waits { "waits for somebody".to_owned() } else { cell(&change["status"]) };
    let (id, seq, title) = (cell(&change["session_id"]), cell(&change["seq"]), cell(&change["title"]));
    format!("{id}  {seq:>6} events  {status}  {title}").trim_end().to_owned()
}

async fn show(native: &Native, named: &str, output: Output) -> Result<(), Failure> {
    let path = format!("sessions/{}", part(named));
    let mut session = native.get(&path).await?;
    let runs = native.list(&format!("{path}/runs"), None).await?;
    let id = session["id"].as_str().and_then(|id| id.parse::<SessionId>().ok());
    let (uuid, compact) = (id.map(|id| id.0), id.map(|id| id.compact()));
    if output.is_json() {
        session["uuid"] = json!(uuid);
        session["compact"] = json!(compact);
        session["runs"] = Value::Array(runs);
        return output.json(&session);
    }
    let usage = &session["usage"];
    let pairs = [
        ("id", cell(&session["id"])),
        ("uuid", uuid.map(|uuid| uuid.to_string()).unwrap_or_default()),
        ("compact", compact.unwrap_or_default()),
        (
            "agent",
            format!(
                "{} {}, version {}",
                cell(&session["agent"]["name"]),
                cell(&session["agent"]["id"]),
                cell(&session["agent"]["version"])
            ),
        ),
        ("status", cell(&session["status"])),
        ("title", cell(&session["title"])),
        ("tokens", format!("{} in, {} out", cell(&usage["input_tokens"]), cell(&usage["output_tokens"]))),
        ("made", shown_time(&session["created_at"])),
        ("changed", shown_time(&session["updated_at"])),
        ("runs", runs.iter().map(run_words).collect::<Vec<_>>().join("\n")),
    ];
    let known: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    output.line(&output.pairs(&known))
}

/// A run in a line, and what it waits for.
fn run_words(run: &Value) -> String {
    let id = cell(&run["id"]);
    let outcome = match run["outcome"]["type"].as_str() {
        None | Some("done") => String::new(),
        Some(kind) => format!(" ({kind}) {}", cell(&run["outcome"]["message"])),
    };
    let mut words = format!("{id} {}{}", cell(&run["status"]), outcome.trim_end());
    for waiting in run["waiting_for"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let call = cell(&waiting["tool_use_id"]);
        words += &match waiting["need"].as_str().unwrap_or_default() {
            "resolution" => format!("\n  {call} was cut off by a crash: sortie runs resolve {id} --happened|--did-not"),
            need => format!("\n  {call} waits for: {need}"),
        };
    }
    words
}
