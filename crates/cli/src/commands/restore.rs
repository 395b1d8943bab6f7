//! `sortie restore`.

use std::path::PathBuf;

use clap::Args;
use config::Config;
use server::{Present, RestoreView};

use super::local_time;
use crate::failure::Failure;
use crate::output::Output;

/// Put a backup into a data directory.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The directory that `sortie backup` made.
    #[arg(value_name = "DIRECTORY")]
    from: PathBuf,
    /// Your copy of the installation's `secrets.toml`, to be put in place too.
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// Replace data that is there. It is kept beside, as `sortie.db.replaced`, or under the next
    /// number if there is one from before.
    #[arg(long)]
    replace: bool,
}

pub(super) async fn run(config: &Config, restore: Restore, output: Output) -> Result<(), Failure> {
    let Restore { from, secrets, replace } = restore;
    let present = if replace { Present::IsReplaced } else { Present::Stays };
    let restored = server::Restore { from, secrets, present }.run(config).await?;
    if output.is_json() {
        return output.json(&restored);
    }
    output.line(&format!(
        "{}: {} bytes, SHA-256 {}, as of {}",
        restored.path.display(),
        restored.bytes,
        restored.sha256,
        local_time(restored.taken_at)
    ))?;
    explain(&restored, output);
    Ok(())
}

fn explain(restored: &RestoreView, output: Output) {
    let RestoreView { path, schema, newest_schema, .. } = restored;
    for kept in &restored.replaced {
        output.note(&format!("what was there is {} now: remove it when you are sure", kept.display()));
    }
    if schema < newest_schema {
        output.note(&format!("the next start brings it from schema {schema} to {newest_schema}"));
    }
    let path = path.display();
    match restored.has_secrets {
        true => output.note(&format!("start with `sortie serve --data-dir {path}`")),
        false => output.note(&format!(
            "no backup holds the secrets: put your copy of secrets.toml into {path}, then start with `sortie serve \
             --data-dir {path}`"
        )),
    }
}
