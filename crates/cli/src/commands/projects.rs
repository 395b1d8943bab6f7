//! `sortie projects`.

use clap::Subcommand;
use server::admin::Admin;
use server::admin::calls::{CreateProject, ListProjects};
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
        Projects::Create { name, org } => {
            let made = admin.call(CreateProject { org, name }).await?;
            output.either(&made, || format!("{} {:?} has number {}", made.id, made.name, made.number))
        }
        Projects::List { org } => {
            let projects = admin.call(ListProjects { org }).await?;
            if output.is_json() {
                return output.json(&projects);
            }
            let row = |project: &ProjectView| {
                let made = local_time(project.created_at);
                vec![project.id.to_string(), project.number.to_string(), project.name.clone(), made]
            };
            output.table(&["id", "number", "name", "made"], &projects.iter().map(row).collect::<Vec<_>>())
        }
    }
}
