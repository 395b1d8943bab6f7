//! `sortie orgs`.

use clap::Subcommand;
use server::admin::Admin;
use server::admin::calls::{CreateOrg, ListOrgs, UpdateOrg};

use super::budget::{self, BudgetChange};
use super::local_time;
use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, Subcommand)]
pub(crate) enum Orgs {
    /// Make an organization with an owner, a project and a key, which is shown once.
    Create {
        /// Its name.
        name: String,
        /// The owner's name.
        #[arg(long, default_value = "Owner")]
        owner_name: String,
        /// The owner's e-mail address.
        #[arg(long, default_value = "owner@localhost")]
        owner_email: String,
        /// Its time zone, by the IANA name: `Europe/Berlin`.
        #[arg(long, default_value = "UTC")]
        time_zone: String,
        /// The model of its agents; without it, no agent `assistant` is made.
        #[arg(long)]
        model: Option<String>,
    },
    /// List organizations.
    List,
    /// Change what all runs of an organization may spend together. What was spent counts on.
    Update {
        /// Which: id, number or name. Not needed if there is one organization.
        org: Option<String>,
        #[command(flatten)]
        budget: BudgetChange,
    },
}

pub(super) async fn run(admin: Admin, orgs: Orgs, output: Output) -> Result<(), Failure> {
    let done = answer(&admin, orgs, output).await;
    admin.close().await;
    done
}

async fn answer(admin: &Admin, orgs: Orgs, output: Output) -> Result<(), Failure> {
    match orgs {
        Orgs::Create { name, owner_name, owner_email, time_zone, model } => {
            let made = admin.call(CreateOrg { name, time_zone, owner_name, owner_email, model }).await?;
            if output.is_json() {
                return output.json(&made);
            }
            let text = format!("{} {:?} has project number {}", made.org.id, made.org.name, made.project.number);
            output.note(&format!("{text}; its owner's key, shown this once:"));
            output.line(&made.first_key.key)
        }
        Orgs::Update { org, budget } => {
            let org = admin.call(UpdateOrg { org, budget: budget.budget() }).await?;
            output.either(&org, || format!("{} {:?}: {}", org.id, org.name, budget::said(org.budget.as_ref())))
        }
        Orgs::List => {
            let orgs = admin.call(ListOrgs {}).await?;
            if output.is_json() {
                return output.json(&orgs);
            }
            let row = |org: &server::admin::views::OrgView| {
                let made = local_time(org.created_at);
                vec![
                    org.id.to_string(),
                    org.number.to_string(),
                    org.name.clone(),
                    org.time_zone.clone(),
                    made,
                    budget::cell(org.budget.as_ref()),
                ]
            };
            let rows: Vec<_> = orgs.iter().map(row).collect();
            output.table(&["id", "number", "name", "time zone", "made", "budget"], &rows)
        }
    }
}
