//! `sortie deployments`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use domain::DeploymentId;
use serde_json::{Value, json};

use super::shown_time;
use crate::failure::{Code, Failure};
use crate::native::{Native, part};
use crate::output::{Output, cell};

/// What deployments began is shown up to here.
const RUNS_SHOWN: usize = 50;

#[derive(Debug, Subcommand)]
pub(crate) enum Deployments {
    /// List deployments.
    List {
        /// Archived ones too.
        #[arg(long)]
        archived: bool,
    },
    /// Show a deployment.
    Show {
        /// Its id or name.
        deployment: String,
    },
    /// Make a deployment.
    Create {
        /// A JSON file with what it is, as `/v1/deployments` takes it; `-` is the standard input.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Change a deployment: what is in the file replaces what was.
    Update {
        /// Its id or name.
        deployment: String,
        /// A JSON file with what changes, as `/v1/deployments` takes it; `-` is the standard input.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Let a deployment begin nothing by itself. What it began goes on.
    Pause {
        /// Its id or name.
        deployment: String,
    },
    /// Let a deployment begin by itself again. What was missed is not made up for.
    Resume {
        /// Its id or name.
        deployment: String,
    },
    /// Run a deployment now, be it paused or not. A rollout monitor looks at once at the
    /// rollout that it began to watch last.
    Run {
        /// Its id or name.
        deployment: String,
    },
    /// Archive a deployment: it begins nothing any more, for good.
    Archive {
        /// Its id or name.
        deployment: String,
    },
    /// List what deployments began, the newest first.
    Runs {
        /// The id or name of one; all of them if absent.
        deployment: Option<String>,
        /// Those that failed.
        #[arg(long)]
        failed: bool,
        /// At most so many.
        #[arg(long, default_value_t = RUNS_SHOWN)]
        limit: usize,
    },
}

pub(super) async fn run(native: Native, deployments: Deployments, output: Output) -> Result<(), Failure> {
    match deployments {
        Deployments::List { archived } => {
            let all = native.list(&format!("deployments?include_archived={archived}"), None).await?;
            if output.is_json() {
                return output.json(&all);
            }
            let headings = ["id", "name", "kind", "status", "last run", "next run"];
            output.table(&headings, &all.iter().map(row).collect::<Vec<_>>())
        }
        Deployments::Show { deployment } => show(&find(&native, &deployment).await?, output),
        Deployments::Create { file } => done(&native.post("deployments", &read(&file)?).await?, "made", output),
        Deployments::Update { deployment, file } => {
            let path = path_of(&native, &deployment).await?;
            done(&native.post(&path, &read(&file)?).await?, "changed", output)
        }
        Deployments::Pause { deployment } => act(&native, &deployment, "pause", "paused", output).await,
        Deployments::Resume { deployment } => act(&native, &deployment, "unpause", "resumed", output).await,
        Deployments::Archive { deployment } => act(&native, &deployment, "archive", "archived", output).await,
        Deployments::Run { deployment } => begin(&native, &deployment, output).await,
        Deployments::Runs { deployment, failed, limit } => {
            let mut path = format!("deployment_runs?{}", if failed { "has_error=true" } else { "" });
            if let Some(named) = deployment {
                let id = find(&native, &named).await?["id"].take();
                path.push_str(&format!("&deployment_id={}", part(id.as_str().unwrap_or_default())));
            }
            let runs = native.list(&path, Some(limit)).await?;
            if output.is_json() {
                return output.json(&runs);
            }
            let headings = ["at", "deployment", "cause", "session", "came to"];
            output.table(&headings, &runs.iter().map(run_row).collect::<Vec<_>>())
        }
    }
}

async fn act(native: &Native, named: &str, how: &str, what: &str, output: Output) -> Result<(), Failure> {
    let path = path_of(native, named).await?;
    done(&native.post(&format!("{path}/{how}"), &json!({})).await?, what, output)
}

/// Begins at once. Where nothing was begun, what it says is the failure.
async fn begin(native: &Native, named: &str, output: Output) -> Result<(), Failure> {
    let path = path_of(native, named).await?;
    let begun = native.post(&format!("{path}/run"), &json!({})).await?;
    let failed = &begun["error"];
    if failed.is_null() || output.is_json() {
        output.either(&begun, || format!("begun: {} in {}", cell(&begun["id"]), cell(&begun["session_id"])))?;
    }
    if failed.is_null() { Ok(()) } else { Err(Failure::new(Code::Failed, cell(&failed["message"]))) }
}

/// The deployment of this id, in any spelling, or of this name.
async fn find(native: &Native, named: &str) -> Result<Value, Failure> {
    if named.parse::<DeploymentId>().is_ok() {
        return native.get(&format!("deployments/{}", part(named))).await;
    }
    let mut found = native.list("deployments", None).await?;
    found.retain(|deployment| deployment["name"] == named);
    match (found.pop(), found.is_empty()) {
        (Some(deployment), true) => Ok(deployment),
        (Some(_), false) => Err(Failure::usage(format!("several deployments are called {named:?}: use the id"))),
        (None, _) => {
            let message = format!("no deployment is called {named:?}: see `sortie deployments list`");
            Err(Failure::new(Code::NotFound, message))
        }
    }
}

async fn path_of(native: &Native, named: &str) -> Result<String, Failure> {
    let found = find(native, named).await?;
    Ok(format!("deployments/{}", part(found["id"].as_str().unwrap_or_default())))
}

fn status(deployment: &Value) -> String {
    if deployment["archived_at"].is_null() { cell(&deployment["status"]) } else { "archived".to_owned() }
}

fn row(deployment: &Value) -> Vec<String> {
    let (last, next) = (&deployment["last_run_at"], &deployment["schedule"]["upcoming_runs_at"][0]);
    let (id, name, kind) = (&deployment["id"], &deployment["name"], &deployment["trigger"]["type"]);
    vec![cell(id), cell(name), cell(kind), status(deployment), shown_time(last), shown_time(next)]
}

fn run_row(begun: &Value) -> Vec<String> {
    let came_to = match (begun["error"].is_null(), begun["filtered"] == true) {
        (false, _) => cell(&begun["error"]["message"]),
        (true, true) => "filtered".to_owned(),
        (true, false) => "begun".to_owned(),
    };
    let (at, cause) = (shown_time(&begun["created_at"]), cell(&begun["trigger_context"]["type"]));
    vec![at, cell(&begun["deployment_id"]), cause, cell(&begun["session_id"]), came_to]
}

fn show(deployment: &Value, output: Output) -> Result<(), Failure> {
    let id = deployment["id"].as_str().and_then(|id| id.parse::<DeploymentId>().ok());
    let (uuid, compact) = (id.map(|id| id.0), id.map(|id| id.compact()));
    if output.is_json() {
        let mut deployment = deployment.clone();
        deployment["uuid"] = json!(uuid);
        deployment["compact"] = json!(compact);
        return output.json(&deployment);
    }
    let pairs = [
        ("id", cell(&deployment["id"])),
        ("uuid", uuid.map(|uuid| uuid.to_string()).unwrap_or_default()),
        ("compact", compact.unwrap_or_default()),
        ("name", cell(&deployment["name"])),
        ("agent", cell(&deployment["agent"]["id"])),
        ("status", status(deployment)),
        ("trigger", serde_json::to_string_pretty(&deployment["trigger"]).unwrap_or_default()),
        ("last run", shown_time(&deployment["last_run_at"])),
        ("made", shown_time(&deployment["created_at"])),
        ("changed", shown_time(&deployment["updated_at"])),
        ("archived", shown_time(&deployment["archived_at"])),
    ];
    let known: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    output.line(&output.pairs(&known))
}

fn done(deployment: &Value, what: &str, output: Output) -> Result<(), Failure> {
    output.either(deployment, || format!("{what}: {} {:?}", cell(&deployment["id"]), cell(&deployment["name"])))
}

/// What a JSON file, or the standard input, holds.
fn read(file: &Path) -> Result<Value, Failure> {
    if file.as_os_str() != "-" {
        return super::agents::json_file(file);
    }
    let unusable = |error: &dyn std::fmt::Display| Failure::usage(format!("the standard input: {error}"));
    let text = std::io::read_to_string(std::io::stdin()).map_err(|error| unusable(&error))?;
    serde_json::from_str(&text).map_err(|error| unusable(&error))
}
