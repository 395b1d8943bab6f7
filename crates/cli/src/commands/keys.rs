//! `sortie keys`.

use clap::{Subcommand, ValueEnum};
use domain::key::Scope;
use domain::{KeyId, Timestamp};
use jiff::SignedDuration;
use server::admin::Admin;
use server::admin::calls::{CreateKey, KeySpelling, ListKeys, RevokeKey, UpdateKey};
use server::admin::views::KeyView;

use super::budget::{self, BudgetChange, BudgetFlags};
use super::local_time;
use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make a key. It is shown once and cannot be shown again.
    Create {
        /// What it is for, for people.
        name: String,
        /// What it may do, separated by commas: `agents:read,sessions:read`. `admin` is
        /// everything.
        #[arg(long, value_delimiter = ',', default_value = "admin", value_name = "SCOPES")]
        scopes: Vec<Scope>,
        /// The only project it reaches: id, number or name.
        #[arg(long)]
        project: Option<String>,
        /// When it stops working: a time (`2027-01-01T00:00:00Z`) or a while from now (`30d`).
        #[arg(long, value_name = "WHEN", value_parser = expiry)]
        expires: Option<Timestamp>,
        /// How it is spelled; `uuid` is for clients that recognise nothing else as a key.
        #[arg(long, value_enum, default_value_t = Format::Sortie)]
        format: Format,
        /// Whose: id, number or name. Not needed if there is one organization.
        #[arg(long)]
        org: Option<String>,
        /// Whom it acts as: id, number or e-mail address; the organization's first owner, if
        /// absent. It can do no more than that person may at the moment.
        #[arg(long)]
        member: Option<String>,
        #[command(flatten)]
        budget: BudgetFlags,
    },
    /// Change what all runs that are begun with a key may spend together. What was spent
    /// counts on.
    Update {
        /// The key's id, not the key itself.
        id: KeyId,
        #[command(flatten)]
        budget: BudgetChange,
    },
    /// List keys, revoked ones included.
    List {
        /// Whose: id, number or name. Not needed if there is one organization.
        #[arg(long)]
        org: Option<String>,
    },
    /// Revoke a key: it stops working at once, open streams included.
    Revoke {
        /// The key's id, not the key itself.
        id: KeyId,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// With prefix and checksum.
    Sortie,
    /// A UUID of version 4.
    Uuid,
}

pub(super) async fn run(admin: Admin, keys: Keys, output: Output) -> Result<(), Failure> {
    let done = answer(&admin, keys, output).await;
    admin.close().await;
    done
}

async fn answer(admin: &Admin, keys: Keys, output: Output) -> Result<(), Failure> {
    match keys {
        Keys::Create { name, scopes, project, expires, format, org, member, budget } => {
            let spelling = match format {
                Format::Sortie => KeySpelling::Sortie,
                Format::Uuid => KeySpelling::Uuid,
            };
            let budget = budget.budget();
            let create = CreateKey { org, name, scopes, project, expires_at: expires, spelling, budget, member };
            let made = admin.call(create).await?;
            if output.is_json() {
                return output.json(&made);
            }
            output.note(&format!("{} {:?}: shown this once", made.view.id, made.view.name));
            output.line(&made.key)
        }
        Keys::Update { id, budget } => {
            let key = admin.call(UpdateKey { key: id, budget: budget.budget() }).await?;
            output.either(&key, || format!("{} {:?}: {}", key.id, key.name, budget::said(key.budget.as_ref())))
        }
        Keys::List { org } => {
            let keys = admin.call(ListKeys { org }).await?;
            if output.is_json() {
                return output.json(&keys);
            }
            let headings = ["id", "begins", "name", "scopes", "state", "last used", "budget"];
            output.table(&headings, &keys.iter().map(row).collect::<Vec<_>>())
        }
        Keys::Revoke { id } => {
            let key = admin.call(RevokeKey { key: id }).await?;
            output.either(&key, || format!("{} {:?} is revoked", key.id, key.name))
        }
    }
}

fn row(key: &KeyView) -> Vec<String> {
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    let state = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {}", local_time(at)),
        (None, Some(at)) if at <= now() => format!("expired {}", local_time(at)),
        (None, Some(at)) => format!("until {}", local_time(at)),
        (None, None) => "works".to_owned(),
    };
    let last_used = key.last_used_at.map_or_else(|| "never".to_owned(), local_time);
    vec![
        key.id.to_string(),
        key.hint.clone(),
        key.name.clone(),
        scopes.join(","),
        state,
        last_used,
        budget::cell(key.budget.as_ref()),
    ]
}

#[expect(clippy::disallowed_methods, reason = "people at a terminal mean their own clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// A time, or a while from now. A day is 24 hours here.
fn expiry(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let while_ = match text.strip_suffix('d').map(str::parse::<i64>) {
        Some(Ok(days)) => days.checked_mul(24).and_then(SignedDuration::try_from_hours),
        _ => text.parse::<SignedDuration>().ok(),
    };
    while_
        .filter(|while_| while_.is_positive())
        .and_then(|while_| now().checked_add(while_).ok())
        .ok_or_else(|| "give a time such as 2027-01-01T00:00:00Z, or a while such as 30d or 12h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_a_time_or_a_while() {
        assert_eq!(expiry("2027-01-01T00:00:00Z").unwrap().to_string(), "2027-01-01T00:00:00Z");
        let in_days = |text| (expiry(text).unwrap() - now()).total(jiff::Unit::Hour).unwrap().round();
        assert_eq!((in_days("30d"), in_days("12h")), (720.0, 12.0));
        for wrong in ["", "soon", "-3d", "0d", "99999999999999999d"] {
            assert!(expiry(wrong).is_err(), "{wrong}");
        }
    }
}
