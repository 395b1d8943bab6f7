//! `sortie models`: the built-in model's files, and what the providers of a server offer.

mod alias;

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};
use server::local_models::folder::{ListedModel, list};
use server::local_models::pull::{PullOptions, progress_bar, pull};

use crate::failure::Failure;
use crate::native::Native;
use crate::output::Output;

#[derive(Debug, Subcommand)]
pub(crate) enum Models {
    /// List the built-in models that can be fetched or are here; and if a server is known,
    /// the models of its other providers.
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
    /// Other names for models, which agents may write.
    #[command(subcommand)]
    Alias(alias::Alias),
}

/// A server adds its models to a list if one is known; only aliases need it.
pub(super) async fn run(models: Models, server: Result<Native, Failure>, output: Output) -> Result<(), Failure> {
    match models {
        Models::List => {
            let models = list();
            let offered = match server {
                Ok(server) => offered(&server, output).await,
                Err(_) => Vec::new(),
            };
            if output.is_json() {
                let all: Vec<Value> = models.iter().map(shown).chain(offered.iter().map(offered_shown)).collect();
                return output.json(&all);
            }
            let all: Vec<_> = models.iter().map(row).chain(offered.iter().map(offered_row)).collect();
            output.table(&["model", "here", "size", "licence", "about"], &all)
        }
        Models::Pull { name, file } => {
            let options = PullOptions { file, ..PullOptions::default() };
            let path =
                pull(&name, options, &progress_bar()).await.map_err(|error| Failure::other(error.to_string()))?;
            output.either(&json!({ "path": path }), || format!("{name} is at {}", path.display()))
        }
        Models::Alias(alias) => alias::run(server?, alias, output).await,
    }
}

/// The models of the server's providers, but for the built-in one. That a server or one of
/// its providers is down hides nothing else.
async fn offered(server: &Native, output: Output) -> Vec<Value> {
    let mut page = match server.get("models?limit=1000").await {
        Ok(page) => page,
        Err(failure) => {
            output.note(&format!("the server's models are missing: {}", failure.message()));
            return Vec::new();
        }
    };
    for down in page["unavailable"].as_array().into_iter().flatten() {
        let (provider, message) = (down["provider"].as_str(), down["message"].as_str());
        output.note(&format!("no models of {}: {}", provider.unwrap_or_default(), message.unwrap_or_default()));
    }
    let Value::Array(mut models) = page["data"].take() else { return Vec::new() };
    models.retain(|model| name_of(model).is_some_and(|name| !name.starts_with("local/")));
    models
}

fn name_of(model: &Value) -> Option<&str> {
    model["id"].as_str()
}

fn offered_shown(model: &Value) -> Value {
    json!({
        "name": name_of(model),
        "context_tokens": model["max_input_tokens"],
        "output_tokens": model["max_tokens"],
    })
}

fn offered_row(model: &Value) -> Vec<String> {
    let bound = |key: &str, what: &str| model[key].as_u64().map(|tokens| format!("{what} {tokens} tokens"));
    let about = [bound("max_input_tokens", "holds"), bound("max_tokens", "writes")];
    let about = about.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let name = name_of(model).unwrap_or_default().to_owned();
    vec![name, "served".to_owned(), String::new(), String::new(), about]
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
