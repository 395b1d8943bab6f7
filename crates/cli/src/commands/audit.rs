//! `sortie audit`.

use clap::Subcommand;
use domain::Timestamp;
use serde_json::Value;

use super::shown_time;
use crate::failure::Failure;
use crate::native::{Native, part};
use crate::output::{Output, cell};

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// List what was done, the newest first. For whoever administers the organization.
    List {
        /// Of this action only: `rollout.approved`, `key.created`. May be given more than once.
        #[arg(long = "action", value_name = "ACTION")]
        actions: Vec<String>,
        /// By this member only (an id), by the `operator`, or by the `system`.
        #[arg(long, value_name = "WHO")]
        actor: Option<String>,
        /// Done at or after this time: `2026-11-22T00:00:00Z`.
        #[arg(long, value_name = "TIME")]
        since: Option<Timestamp>,
        /// Done at or before this time.
        #[arg(long, value_name = "TIME")]
        until: Option<Timestamp>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
}

pub(super) async fn run(native: Native, audit: Audit, output: Output) -> Result<(), Failure> {
    let Audit::List { actions, actor, since, until, limit } = audit;
    let wanted = actions.into_iter().map(|action| ("actions[]", action));
    let actor = actor.map(|actor| ("actor", actor));
    let since = since.map(|since| ("created_at[gte]", since.to_string()));
    let until = until.map(|until| ("created_at[lte]", until.to_string()));
    let query: Vec<String> =
        wanted.chain(actor).chain(since).chain(until).map(|(name, value)| format!("{name}={}", part(&value))).collect();
    let entries = native.list(&format!("audit?{}", query.join("&")), Some(limit)).await?;
    if output.is_json() {
        return output.json(&entries);
    }
    let row = |entry: &Value| {
        vec![
            shown_time(&entry["at"]),
            who(&entry["actor"]),
            cell(&entry["action"]),
            cell(&entry["subject"]),
            cell(&entry["details"]),
        ]
    };
    output.table(&["at", "who", "action", "subject", "details"], &entries.iter().map(row).collect::<Vec<_>>())
}

fn who(actor: &Value) -> String {
    match actor["member_id"].as_str() {
        Some(member) => member.to_owned(),
        None => cell(&actor["type"]),
    }
}
