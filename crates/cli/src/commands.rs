//! One module for each command.

pub(crate) mod agents;
pub(crate) mod approval_rules;
pub(crate) mod audit;
mod backup;
mod budget;
pub(crate) mod config;
pub(crate) mod deployments;
mod doctor;
mod follow;
mod health;
pub(crate) mod keys;
pub(crate) mod members;
pub(crate) mod models;
pub(crate) mod orgs;
pub(crate) mod projects;
pub(crate) mod providers;
pub(crate) mod restore;
pub(crate) mod rollouts;
pub(crate) mod run;
pub(crate) mod runs;
mod serve;
pub(crate) mod sessions;
pub(crate) mod tools;
pub(crate) mod transfer;
pub(crate) mod webhooks;

use clap::CommandFactory;

use crate::arguments::{Arguments, Command};
use crate::failure::Failure;
use crate::output::Output;
use crate::reach;

/// Does what the command line says.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { json, place, target, command } = arguments;
    let output = Output::new(json);
    let native = || reach::native(&place, &target);
    match command {
        Command::Serve(serve) => serve::run(&place, serve, output).await,
        Command::Run(run) => run::run(native()?, run, output).await,
        Command::Agents(agents) => agents::run(native()?, agents, output).await,
        Command::Deployments(deployments) => deployments::run(native()?, deployments, output).await,
        Command::Sessions(sessions) => sessions::run(native()?, sessions, output).await,
        Command::Runs(runs) => runs::run(native()?, runs, output).await,
        Command::Tools(tools) => tools::run(native()?, tools, output).await,
        Command::Models(models) => models::run(models, native(), output).await,
        Command::Providers(providers) => providers::run(native()?, providers, output).await,
        Command::Rollouts(rollouts) => rollouts::run(native()?, rollouts, output).await,
        Command::ApprovalRules(rules) => approval_rules::run(native()?, rules, output).await,
        Command::Audit(audit) => audit::run(native()?, audit, output).await,
        Command::Webhooks(webhooks) => webhooks::run(native()?, webhooks, output).await,
        Command::Keys(keys) => keys::run(reach::admin(&place).await?, keys, output).await,
        Command::Members(members) => members::run(reach::admin(&place).await?, members, output).await,
        Command::Orgs(orgs) => orgs::run(reach::admin(&place).await?, orgs, output).await,
        Command::Backup { to } => backup::run(reach::admin(&place).await?, &to, output).await,
        Command::Restore(restore) => restore::run(&reach::configuration(&place, Vec::new())?, restore, output).await,
        Command::Health => health::run(&reach::address(&place, &target)?, target.ca_cert.as_deref(), output).await,
        Command::Doctor => doctor::run(&reach::configuration(&place, Vec::new())?, output).await,
        Command::Export(export) => transfer::export(reach::admin(&place).await?, export, output).await,
        Command::Import(import) => transfer::import(reach::admin(&place).await?, import, output).await,
        Command::Projects(projects) => projects::run(reach::admin(&place).await?, projects, output).await,
        Command::Config(config) => config::run(&place, config, output),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "sortie", &mut script);
            output.text(&String::from_utf8_lossy(&script))
        }
    }
}

/// A time as people read it, where they are.
fn local_time(at: domain::Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A time of an answer, as people read it.
fn shown_time(value: &serde_json::Value) -> String {
    let at = value.as_str().and_then(|text| text.parse().ok());
    at.map(local_time).unwrap_or_default()
}
