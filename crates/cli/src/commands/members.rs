//! `sortie members`.

use clap::Subcommand;
use domain::rights::Role;
use server::admin::Admin;
use server::admin::calls::{
    AddMember, InviteMember, ListMembers, ReinstateMember, RemoveMember, ResetMember, SuspendMember, UpdateMember,
};
use server::admin::views::{LinkView, MemberView};

use super::local_time;
use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, Subcommand)]
pub(crate) enum Members {
    /// List the people of an organization.
    List {
        #[command(flatten)]
        org: Whose,
    },
    /// Add a person. Then let them in with `sortie members invite EMAIL`, or make them a key with
    /// `sortie keys create NAME --member EMAIL`.
    Add {
        /// Their e-mail address.
        email: String,
        /// Their name.
        #[arg(long)]
        name: String,
        /// What they may do: owner, admin, member or viewer.
        #[arg(long, default_value = "member", value_parser = role)]
        role: Role,
        #[command(flatten)]
        org: Whose,
    },
    /// Change a person. Their keys have the rights of a new role from the next request on.
    Update {
        /// Who: id, number or e-mail address.
        member: String,
        /// Another name.
        #[arg(long)]
        name: Option<String>,
        /// Another e-mail address.
        #[arg(long)]
        email: Option<String>,
        /// Another role: owner, admin, member or viewer.
        #[arg(long, value_parser = role)]
        role: Option<Role>,
        #[command(flatten)]
        org: Whose,
    },
    /// Print a link by which a person who cannot log in yet makes their account. It is good for
    /// seven days, once.
    Invite {
        #[command(flatten)]
        who: Who,
    },
    /// Print a link by which a person sets another password. It is good for a day, once.
    Reset {
        /// Who: id, number or e-mail address.
        #[arg(required_unless_present = "owner", conflicts_with = "owner")]
        member: Option<String>,
        /// The first owner, who makes their account by it if they have none yet.
        #[arg(long)]
        owner: bool,
        #[command(flatten)]
        of: Whose,
    },
    /// Keep a person out for now: none of their keys opens anything.
    Suspend {
        #[command(flatten)]
        who: Who,
    },
    /// Let a suspended person in again, with the keys they had.
    Reinstate {
        #[command(flatten)]
        who: Who,
    },
    /// Remove a person for good. What they made stays; their keys open nothing any more.
    Remove {
        #[command(flatten)]
        who: Who,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Whose {
    /// Whose: id, number or name. Not needed if there is one organization.
    #[arg(long)]
    org: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Who {
    /// Who: id, number or e-mail address.
    member: String,
    #[command(flatten)]
    of: Whose,
}

pub(super) async fn run(admin: Admin, members: Members, output: Output) -> Result<(), Failure> {
    let done = answer(&admin, members, output).await;
    admin.close().await;
    done
}

async fn answer(admin: &Admin, members: Members, output: Output) -> Result<(), Failure> {
    let changed = match members {
        Members::List { org } => {
            let members = admin.call(ListMembers { org: org.org }).await?;
            if output.is_json() {
                return output.json(&members);
            }
            let headings = ["id", "number", "name", "email", "role", "state", "joined"];
            return output.table(&headings, &members.iter().map(row).collect::<Vec<_>>());
        }
        Members::Add { email, name, role, org } => admin.call(AddMember { org: org.org, name, email, role }).await?,
        Members::Update { member, name, email, role, org } => {
            admin.call(UpdateMember { org: org.org, member, name, email, role }).await?
        }
        Members::Invite { who } => {
            let link = admin.call(InviteMember { org: who.of.org, member: who.member }).await?;
            return print_link(&link, output);
        }
        Members::Reset { member, owner: _, of } => {
            return print_link(&admin.call(ResetMember { org: of.org, member }).await?, output);
        }
        Members::Suspend { who } => admin.call(SuspendMember { org: who.of.org, member: who.member }).await?,
        Members::Reinstate { who } => admin.call(ReinstateMember { org: who.of.org, member: who.member }).await?,
        Members::Remove { who } => admin.call(RemoveMember { org: who.of.org, member: who.member }).await?,
    };
    output.either(&changed, || {
        let (role, state) = (changed.role.as_str(), state(&changed));
        format!("{} {:?} <{}>: {role}, {state}", changed.id, changed.name, changed.email)
    })
}

/// The link alone on its line, for whoever passes it on.
fn print_link(link: &LinkView, output: Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(link);
    }
    output.line(&link.url)?;
    output.note(&format!("good until {}, once: send it to nobody else", local_time(link.expires_at)));
    Ok(())
}

fn row(member: &MemberView) -> Vec<String> {
    vec![
        member.id.to_string(),
        member.number.to_string(),
        member.name.clone(),
        member.email.clone(),
        member.role.as_str().to_owned(),
        state(member),
        local_time(member.created_at),
    ]
}

fn state(member: &MemberView) -> String {
    match (member.removed_at, member.suspended_at) {
        (Some(at), _) => format!("removed {}", local_time(at)),
        (None, Some(at)) => format!("suspended {}", local_time(at)),
        (None, None) => "active".to_owned(),
    }
}

fn role(text: &str) -> Result<Role, String> {
    let known = Role::ALL.into_iter().find(|role| role.as_str() == text);
    known.ok_or_else(|| "give owner, admin, member or viewer".to_owned())
}
