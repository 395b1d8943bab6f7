//! `sortie models`: the built-in model's files.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};
use server::local_models::folder::{ListedModel, list};
use server::local_models::pull::{PullOptions, progress_bar, pull};

use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, Subcommand)]
pub(crate) enum Models {
    /// List the models that can be fetched, and the files that are here.
    List,
    /// Fetch a model's file. Goes on where an earlier try stopped; what is here already is
    /// not fetched again.
    Pull {
        /// Which model: `default`, or a name from `sortie models list`.
        #[arg(default_value = "default")]
        name: String,
        /// Take this file instead of fetching one; it is checked all the same.
        #[arg(long, value_name = "PATH")]
        file: Option<PathBuf>,
    },
}

pub(super) async fn run(models: Models, output: Output) -> Result<(), Failure> {
    match models {
        Models::List => {
            let models = list();
            if output.is_json() {
                return output.json(&models.iter().map(shown).collect::<Vec<_>>());
            }
            output.table(&["model", "here", "size", "licence", "about"], &models.iter().map(row).collect::<Vec<_>>())
        }
        Models::Pull { name, file } => {
            let options = PullOptions { file, ..PullOptions::default() };
            let path =
                pull(&name, options, &progress_bar()).await.map_err(|error| Failure::other(error.to_string()))?;
            output.either(&json!({ "path": path }), || format!("{name} is at {}", path.display()))
        }
    }
}

fn shown(model: &ListedModel) -> Value {
    json!({
        "name": format!("local/{}", model.name),
        "path": model.path,
        "bytes": model.entry.map(|entry| entry.bytes),
        "sha256": model.entry.map(|entry| entry.sha256),
        "licence": model.entry.map(|entry| entry.licence),
        "about": model.entry.map(|entry| entry.about),
    })
}

fn row(model: &ListedModel) -> Vec<String> {
    let here = if model.path.is_some() { "yes" } else { "no" };
    let size = model.entry.map(|entry| format!("{} MB", entry.bytes / 1_000_000)).unwrap_or_default();
    let (licence, about) = model.entry.map_or(("", "a file of your own"), |entry| (entry.licence, entry.about));
    vec![format!("local/{}", model.name), here.to_owned(), size, licence.to_owned(), about.to_owned()]
}
