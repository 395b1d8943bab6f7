//! `sortie runs`.

use clap::{ArgGroup, Subcommand};
use domain::RunId;
use serde_json::{Value, json};

use super::shown_time;
use crate::failure::Failure;
use crate::native::{Native, part};
use crate::output::{Output, cell};

#[derive(Debug, Subcommand)]
pub(crate) enum Runs {
    /// Show a run, with its id in every spelling.
    Show {
        /// Its id.
        run: String,
    },
    /// Stop a run.
    Cancel {
        /// Its id.
        run: String,
    },
    /// Say whether the tool calls of a run, cut off by a crash, took effect.
    ///
    /// A call that may be repeated is repeated by itself; one that may not waits for you.
    #[command(group = ArgGroup::new("outcome").required(true))]
    Resolve {
        /// The run's id.
        run: String,
        /// They did: the agent goes on with `--result`.
        #[arg(long, group = "outcome")]
        happened: bool,
        /// They did not: they are made now.
        #[arg(long, group = "outcome")]
        did_not: bool,
        /// What the tool answered, as far as you know.
        #[arg(long, value_name = "TEXT", conflicts_with = "did_not")]
        result: Option<String>,
    },
}

pub(super) async fn run(native: Native, runs: Runs, output: Output) -> Result<(), Failure> {
    let path = |run: &str| format!("runs/{}", part(run));
    let run = match runs {
        Runs::Show { run } => native.get(&path(&run)).await?,
        Runs::Cancel { run } => native.post(&format!("{}/cancel", path(&run)), &json!({})).await?,
        Runs::Resolve { run, happened, did_not: _, result } => {
            let content = result.map(|text| json!([{ "type": "text", "text": text }]));
            let body = json!({ "happened": happened, "content": content });
            native.post(&format!("{}/resolve", path(&run)), &body).await?
        }
    };
    show(run, output)
}

fn show(mut run: Value, output: Output) -> Result<(), Failure> {
    let id = run["id"].as_str().and_then(|id| id.parse::<RunId>().ok());
    let (uuid, compact) = (id.map(|id| id.0), id.map(|id| id.compact()));
    if output.is_json() {
        run["uuid"] = json!(uuid);
        run["compact"] = json!(compact);
        return output.json(&run);
    }
    let outcome = match run["outcome"]["message"].as_str() {
        Some(message) => format!("{}: {message}", cell(&run["outcome"]["type"])),
        None => cell(&run["outcome"]["type"]),
    };
    let waiting = run["waiting_for"].as_array().map(Vec::as_slice).unwrap_or_default();
    let waiting: Vec<String> =
        waiting.iter().map(|call| format!("{} {}", cell(&call["tool_use_id"]), cell(&call["need"]))).collect();
    let pairs = [
        ("id", cell(&run["id"])),
        ("uuid", uuid.map(|uuid| uuid.to_string()).unwrap_or_default()),
        ("compact", compact.unwrap_or_default()),
        ("session", cell(&run["session_id"])),
        ("agent", cell(&run["agent_id"])),
        ("status", cell(&run["status"])),
        ("outcome", outcome),
        ("waits for", waiting.join("\n")),
        ("steps", cell(&run["steps"])),
        ("queued", shown_time(&run["queued_at"])),
        ("ended", shown_time(&run["ended_at"])),
    ];
    let known: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    output.line(&output.pairs(&known))
}
