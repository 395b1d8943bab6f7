//! The built-in model's files, and the providers: each is asked for its list of models,
//! which needs its key and costs nothing.

use std::path::PathBuf;

use config::Config;
use domain::model::FaultKind;
use futures::future::join_all;
use model_local::folder::{ListedModel, list_in, model_dir};
use model_local::pull::sha256_of;
use models::{ProviderKind, ProviderOptions};

use super::Finding;
use crate::admin::Admin;
use crate::admin::calls::TestProviders;
use crate::admin::views::{FaultView, ProviderTestView};
use crate::house;

/// The files of the built-in model.
pub(super) async fn files(config: &Config) -> Vec<Finding> {
    let dir = config.local.dir.clone().unwrap_or_else(model_dir);
    let listed = list_in(&dir).into_iter().filter_map(|model| Some((model.path.clone()?, model)));
    let here: Vec<(PathBuf, ListedModel)> = listed.collect();
    let named = config.local.files.iter().map(|(name, path)| file_of_ones_own(name, path));
    let mut found: Vec<Finding> = named.collect();
    if here.is_empty() && found.is_empty() {
        let advice = "`sortie models pull default`, if agents are to use it";
        found.push(Finding::warn("built-in model", format!("no file is in {}", dir.display()), advice));
    }
    for (path, model) in here {
        found.push(file(path, model).await);
    }
    found
}

fn file_of_ones_own(name: &str, path: &PathBuf) -> Finding {
    let check = format!("model local/{name}");
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => Finding::ok(check, path.display().to_string()),
        Ok(_) => Finding::fail(check, format!("{} is no file", path.display()), "correct `local.files`"),
        Err(error) => Finding::fail(check, format!("{}: {error}", path.display()), "correct `local.files`"),
    }
}

async fn file(path: PathBuf, model: ListedModel) -> Finding {
    let check = format!("model local/{}", model.name);
    let Some(entry) = model.entry else {
        return Finding::ok(check, format!("{}, a file of your own", path.display()));
    };
    let read = path.clone();
    let hash = tokio::task::spawn_blocking(move || sha256_of(&read)).await;
    match hash.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
        Ok(hash) if hash == entry.sha256 => Finding::ok(check, format!("{}, as it should be", path.display())),
        Ok(_) => {
            let advice = format!("remove it, then `sortie models pull {}`", model.name);
            Finding::fail(check, format!("{} is damaged: its checksum is wrong", path.display()), advice)
        }
        Err(error) => Finding::fail(check, format!("{}: {error}", path.display()), "check its rights"),
    }
}

/// The providers of the configuration, side by side.
pub(super) async fn providers(config: &Config) -> Vec<Finding> {
    join_all(config.providers.iter().map(|(name, options)| provider(name, options, config))).await
}

async fn provider(name: &str, options: &ProviderOptions, config: &Config) -> Finding {
    let check = format!("provider {name}");
    if matches!(options.kind, ProviderKind::Local | ProviderKind::Scripted) {
        return Finding::ok(check, "of this program itself");
    }
    // A list that stands in the configuration would answer without asking anybody.
    let asked = ProviderOptions { models: None, ..options.clone() };
    let model = match house::provider(name, &asked, config) {
        Ok(model) => model,
        Err(error) => return Finding::fail(check, error.to_string(), "correct the configuration"),
    };
    match model.list().await {
        Ok(models) => Finding::ok(check, format!("answers, and lists {} models", models.len())),
        Err(fault) => told(check, FaultView::from(fault)),
    }
}

/// The providers that organizations brought, asked by whoever holds the data directory.
pub(super) async fn own_providers(config: &Config) -> Vec<Finding> {
    match test_providers(config).await {
        Ok(tests) => tests.into_iter().map(own_provider).collect(),
        Err(message) => {
            let advice = "ask again when nothing else fails";
            vec![Finding::warn("providers of organizations", message, advice)]
        }
    }
}

async fn test_providers(config: &Config) -> Result<Vec<ProviderTestView>, String> {
    let admin = Admin::reach(config).await.map_err(|error| error.to_string())?;
    let tests = admin.call(TestProviders {}).await;
    admin.close().await;
    tests.map_err(|error| error.to_string())
}

fn own_provider(test: ProviderTestView) -> Finding {
    let check = format!("provider {} of {}", test.name, test.org);
    match test.fault {
        None => Finding::ok(check, "answers, and knows the key"),
        Some(fault) => told(check, fault),
    }
}

/// A compatible server need not have a list of models; one that refuses the key, or is not
/// there, will not answer anything else either.
fn told(check: String, fault: FaultView) -> Finding {
    let FaultView { kind, message } = fault;
    match kind {
        FaultKind::Unauthorized => Finding::fail(check, message, "check its key, and that it was not revoked"),
        FaultKind::Unreachable | FaultKind::Silent => {
            Finding::fail(check, message, "check its base_url, and the network from here to there")
        }
        FaultKind::RateLimited | FaultKind::Overloaded | FaultKind::ServerError => {
            Finding::warn(check, message, "it is there, and has troubles of its own: try again later")
        }
        _ => Finding::warn(check, message, "it is there, but its list of models could not be read"),
    }
}
