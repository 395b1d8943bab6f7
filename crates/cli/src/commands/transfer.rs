//! `sortie export` and `sortie import`.

use std::path::{Path, PathBuf};

use clap::Args;
use server::admin::Admin;
use server::admin::calls::{ExportOrg, ImportOrg};

use crate::failure::Failure;
use crate::output::Output;

/// Write an organization into a file.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The file to make. One that is there already is not touched.
    #[arg(value_name = "FILE")]
    to: PathBuf,
    /// Which organization: id, number or name. Not needed if there is one.
    #[arg(long)]
    org: Option<String>,
}

/// Take an organization in from a file.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file that `sortie export` made.
    #[arg(value_name = "FILE")]
    from: PathBuf,
    /// Take it in as a new organization of this name, not as the one it was.
    #[arg(long, value_name = "NAME")]
    as_new: Option<String>,
}

pub(super) async fn export(admin: Admin, export: Export, output: Output) -> Result<(), Failure> {
    let made = admin.call(ExportOrg { org: export.org, to: absolute(&export.to)? }).await;
    admin.close().await;
    let made = made?;
    if output.is_json() {
        return output.json(&made);
    }
    let (path, records, sha256) = (made.path.display(), made.records, &made.sha256);
    output.line(&format!("{path}: {records} records, SHA-256 of them {sha256}"))?;
    let left = &made.left_out;
    let (keys, providers, headers) = (left.keys.len(), left.providers.len(), left.headers.len());
    let (webhooks, people) = (left.webhooks.len(), left.people.len());
    output.note(&format!(
        "left out: {keys} keys, passwords of {people} people, keys of {providers} providers, headers of {headers} \
         tools and secrets of {webhooks} webhooks; the import names them"
    ));
    Ok(())
}

pub(super) async fn import(admin: Admin, import: Import, output: Output) -> Result<(), Failure> {
    let made = admin.call(ImportOrg { from: absolute(&import.from)?, as_new: import.as_new }).await;
    admin.close().await;
    let made = made?;
    if output.is_json() {
        return output.json(&made);
    }
    output.line(&format!("{}: {} records, SHA-256 of them {}", made.org, made.records, made.sha256))?;
    output.note(&format!("to be made again: a key, with `sortie keys create --org {}`", made.org));
    for key in &made.left_out.keys {
        output.note(&format!("  there was a key {:?}", key.name));
    }
    for email in &made.left_out.people {
        output.note(&format!("  {email} could log in: sortie members invite {email} --org {}", made.org));
    }
    for provider in &made.left_out.providers {
        output.note(&format!("  the key of the provider {provider:?}"));
    }
    for webhook in &made.left_out.webhooks {
        output.note(&format!("  the secret of the webhook for {webhook}: rotate it, then enable it"));
    }
    for left in &made.left_out.headers {
        output.note(&format!("  headers of the tool {:?} of {}: {}", left.tool, left.of, left.headers.join(", ")));
    }
    Ok(())
}

/// The server has a working directory of its own.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    Ok(std::path::absolute(path)?)
}
