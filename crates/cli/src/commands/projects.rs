//! `sortie projects`.

use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Subcommand};
use domain::monitor::MonitorSpec;
use domain::repository::Repository;
use server::admin::Admin;
use server::admin::calls::{CreateProject, ListProjects, MakeProjects, UpdateProject};
use server::admin::views::ProjectView;

use super::local_time;
use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, Subcommand)]
pub(crate) enum Projects {
    /// Make a project. The Make-compatible API calls its number `teamId`.
    Create {
        /// Its name.
        name: String,
        /// The repository, `owner/name`, whose rollouts are its. No two projects have the same.
        #[arg(long, value_name = "OWNER/NAME")]
        repository: Option<Repository>,
        /// Whose: id, number or name. Not needed if there is one organization.
        #[arg(long)]
        org: Option<String>,
    },
    /// Change a project. What is not named stays.
    Update {
        /// Which: id, number or name.
        project: String,
        /// Its name since.
        #[arg(long)]
        name: Option<String>,
        /// The repository, `owner/name`, whose rollouts are its since.
        #[arg(long, value_name = "OWNER/NAME")]
        repository: Option<Repository>,
        /// It has no repository any more.
        #[arg(long, conflicts_with = "repository")]
        no_repository: bool,
        /// Whose: id, number or name. Not needed if there is one organization.
        #[arg(long)]
        org: Option<String>,
    },
    /// Say how the rollouts of a project are watched, or show it.
    Monitor {
        /// Which: id, number or name.
        project: String,
        /// A file with the signals and the schedule, as JSON; `-` is the standard input. Without
        /// it, what watches the project is printed in that form.
        #[arg(long, value_name = "FILE")]
        set: Option<PathBuf>,
        /// Whose: id, number or name. Not needed if there is one organization.
        #[arg(long)]
        org: Option<String>,
    },
    /// Say whether a rollout of a repository that no project has makes a project. It does not
    /// at first: it is refused.
    FromRollouts {
        /// Whether it does.
        #[arg(action = ArgAction::Set, value_parser = BoolishValueParser::new(), value_name = "on|off")]
        make: bool,
        /// Whose: id, number or name. Not needed if there is one organization.
        #[arg(long)]
        org: Option<String>,
    },
    /// List the projects of an organization.
    List {
        /// Whose: id, number or name. Not needed if there is one organization.
        #[arg(long)]
        org: Option<String>,
    },
}

pub(super) async fn run(admin: Admin, projects: Projects, output: Output) -> Result<(), Failure> {
    let done = answer(&admin, projects, output).await;
    admin.close().await;
    done
}

async fn answer(admin: &Admin, projects: Projects, output: Output) -> Result<(), Failure> {
    match projects {
        Projects::Create { name, repository, org } => {
            let made = admin.call(CreateProject { org, name, repository }).await?;
            output.either(&made, || format!("{} {:?} has number {}", made.id, made.name, made.number))
        }
        Projects::Update { project, name, repository, no_repository, org } => {
            let without_repository = no_repository;
            let update = UpdateProject { org, project, name, repository, without_repository, monitor: None };
            let project = admin.call(update).await?;
            output.either(&project, || {
                let repository = project.repository.as_deref().unwrap_or("no repository");
                format!("{} {:?}: {repository}", project.id, project.name)
            })
        }
        Projects::Monitor { project, set, org } => {
            let monitor = set.map(|file| read_monitor(&file)).transpose()?;
            let (name, repository, without_repository) = (None, None, false);
            let update = UpdateProject { org, project, name, repository, without_repository, monitor };
            output.json(&admin.call(update).await?.monitor)
        }
        Projects::FromRollouts { make, org } => {
            let org = admin.call(MakeProjects { org, make }).await?;
            output.either(&org, || {
                let does = if org.makes_projects { "makes a project" } else { "is refused" };
                format!("a rollout of a repository that no project has {does}")
            })
        }
        Projects::List { org } => {
            let projects = admin.call(ListProjects { org }).await?;
            if output.is_json() {
                return output.json(&projects);
            }
            let row = |project: &ProjectView| {
                let made = local_time(project.created_at);
                let repository = project.repository.clone().unwrap_or_default();
                vec![project.id.to_string(), project.number.to_string(), project.name.clone(), repository, made]
            };
            let rows: Vec<_> = projects.iter().map(row).collect();
            output.table(&["id", "number", "name", "repository", "made"], &rows)
        }
    }
}

fn read_monitor(file: &Path) -> Result<MonitorSpec, Failure> {
    let text = match file.as_os_str() == "-" {
        true => std::io::read_to_string(std::io::stdin()),
        false => std::fs::read_to_string(file),
    };
    let unusable = |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", file.display()));
    serde_json::from_str(&text.map_err(|error| unusable(&error))?).map_err(|error| unusable(&error))
}
