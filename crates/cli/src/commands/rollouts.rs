//! `sortie rollouts`.

use clap::Subcommand;
use domain::{RolloutId, Timestamp};
use serde_json::{Value, json};

use super::shown_time;
use crate::failure::Failure;
use crate::native::{Native, part};
use crate::output::{Output, cell};

#[derive(Debug, Subcommand)]
pub(crate) enum Rollouts {
    /// List rollouts, the newest first.
    List {
        /// Those alone that wait for approval.
        #[arg(long)]
        waiting: bool,
        /// At most so many.
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Show a rollout, with its id in every spelling, what it changes and who approves it.
    Show {
        /// Its id, or the beginning of the one that pipelines know.
        rollout: String,
        /// Wait until nobody's approval is waited for, at most so many seconds.
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=290))]
        wait: Option<u64>,
    },
    /// Approve a rollout that waits for it.
    Approve {
        #[command(flatten)]
        decision: Decision,
    },
    /// Reject a rollout that waits for approval. Its pipeline may report it again.
    Reject {
        #[command(flatten)]
        decision: Decision,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Decision {
    /// Its id, or the beginning of the one that pipelines know.
    rollout: String,
    /// Why, for those who read it later.
    #[arg(long)]
    reason: Option<String>,
    /// When what was seen was asked, as `show --json` says in `approval.requested_at`: refused if
    /// it was asked anew since.
    #[arg(long, value_name = "TIME")]
    requested_at: Option<Timestamp>,
}

pub(super) async fn run(native: Native, rollouts: Rollouts, output: Output) -> Result<(), Failure> {
    let rollout = match rollouts {
        Rollouts::List { waiting, limit } => return list(&native, waiting, limit, output).await,
        Rollouts::Show { rollout, wait } => {
            let wait = wait.map(|seconds| format!("?wait={seconds}")).unwrap_or_default();
            native.wait(&format!("{}{wait}", path_of(&rollout))).await?
        }
        Rollouts::Approve { decision } => decide(&native, decision, "approve").await?,
        Rollouts::Reject { decision } => decide(&native, decision, "reject").await?,
    };
    show(rollout, output)
}

fn path_of(rollout: &str) -> String {
    format!("rollouts/{}", part(rollout))
}

async fn decide(native: &Native, decision: Decision, verdict: &str) -> Result<Value, Failure> {
    let path = path_of(&decision.rollout);
    let said = json!({ "reason": decision.reason, "requested_at": decision.requested_at });
    native.post(&format!("{path}/{verdict}"), &said).await
}

async fn list(native: &Native, waiting: bool, limit: usize, output: Output) -> Result<(), Failure> {
    let path = if waiting { "rollouts?waits_for_approval=true" } else { "rollouts" };
    let rollouts = native.list(path, Some(limit)).await?;
    if output.is_json() {
        return output.json(&rollouts);
    }
    let row = |rollout: &Value| {
        let reported = shown_time(&rollout["created_at"]);
        let columns = ["id", "state", "repository", "ref", "commit", "request"].map(|name| cell(&rollout[name]));
        columns.into_iter().chain([reported]).collect()
    };
    let headings = ["id", "state", "repository", "ref", "commit", "request", "reported"];
    output.table(&headings, &rollouts.iter().map(row).collect::<Vec<_>>())
}

fn show(mut rollout: Value, output: Output) -> Result<(), Failure> {
    let id = rollout["id"].as_str().and_then(|id| id.parse::<RolloutId>().ok());
    let (uuid, compact) = (id.map(|id| id.0), id.map(|id| id.compact()));
    if output.is_json() {
        rollout["uuid"] = json!(uuid);
        rollout["compact"] = json!(compact);
        return output.json(&rollout);
    }
    let approval = &rollout["approval"];
    let lines = |list: &Value, line: &dyn Fn(&Value) -> String| {
        list.as_array().map(|list| list.iter().map(line).collect::<Vec<_>>().join("\n")).unwrap_or_default()
    };
    let pairs = [
        ("id", cell(&rollout["id"])),
        ("uuid", uuid.map(|uuid| uuid.to_string()).unwrap_or_default()),
        ("compact", compact.unwrap_or_default()),
        ("for pipelines", cell(&rollout["alias"])),
        ("request", cell(&rollout["request"])),
        ("state", cell(&rollout["state"])),
        ("repository", cell(&rollout["repository"])),
        ("ref", cell(&rollout["ref"])),
        ("commit", cell(&rollout["commit"])),
        ("message", cell(&rollout["commit_message"])),
        ("changes", lines(&rollout["changed_paths"], &cell)),
        ("rules", lines(&approval["rules"], &rule_line)),
        ("approved by", lines(&approval["votes"], &|vote| said(&vote["name"], &vote["reason"]))),
        ("why", cell(&approval["reason"])),
        ("asked", shown_time(&approval["requested_at"])),
        ("expires", shown_time(&approval["expires_at"])),
        ("decided", shown_time(&approval["decided_at"])),
        ("session", cell(&rollout["session_id"])),
        (
            "history",
            lines(&rollout["history"], &|entry| format!("{} {}", shown_time(&entry["at"]), cell(&entry["status"]))),
        ),
    ];
    let known: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    output.line(&output.pairs(&known))
}

fn rule_line(rule: &Value) -> String {
    let approvers = &rule["approvers"];
    let who: Vec<String> = [&approvers["roles"], &approvers["members"]]
        .into_iter()
        .flat_map(|list| list.as_array().into_iter().flatten().map(cell))
        .collect();
    format!("{}: {} more of {}", cell(&rule["name"]), cell(&rule["still_needed"]), who.join(", "))
}

fn said(name: &Value, reason: &Value) -> String {
    match reason.as_str() {
        Some(reason) => format!("{}: {reason}", cell(name)),
        None => cell(name),
    }
}
