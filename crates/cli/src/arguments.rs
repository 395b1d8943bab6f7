//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::{
    agents, approval_rules, audit, config, deployments, keys, members, models, orgs, projects, providers, restore,
    rollouts, run, runs, sessions, tools, transfer, webhooks,
};

/// Mission control for AI agents: the server, and the client of a running one.
///
/// Start with `sortie serve`, then talk to the agent that it comes with:
/// `sortie run "What can you do?"`.
#[derive(Debug, Parser)]
#[command(name = "sortie", version, max_term_width = 100, propagate_version = true)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 not found, 4 not allowed, \
                        5 conflict, 6 no server answered, 7 the agent waits for somebody; 10 to 17: why `serve` \
                        does not start (docs/cli.md).")]
pub(crate) struct Arguments {
    /// Print JSON for programs instead of tables for people.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) place: Place,

    #[command(flatten)]
    pub(crate) target: Target,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the data and the configuration are.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// The data directory [default: ./sortie-data, or what the configuration says].
    #[arg(long, global = true, value_name = "DIR", help_heading = "Place")]
    pub(crate) data_dir: Option<PathBuf>,

    /// The configuration file [default: ./sortie.toml, if it is there].
    #[arg(long, global = true, value_name = "FILE", help_heading = "Place")]
    pub(crate) config: Option<PathBuf>,
}

/// Which server is meant.
#[derive(Debug, Clone, Args)]
pub(crate) struct Target {
    /// The server's address [default: the one in the data directory's login file].
    #[arg(long, global = true, env = "SORTIE_URL", value_parser = not_empty, value_name = "URL", help_heading = "Server")]
    pub(crate) server: Option<String>,

    /// An API key [default: the one in the data directory's login file]. Better set in the
    /// environment: others on this machine can see flags.
    #[arg(
        long,
        global = true,
        env = "SORTIE_KEY",
        hide_env_values = true,
        value_parser = not_empty,
        value_name = "KEY",
        help_heading = "Server"
    )]
    pub(crate) key: Option<String>,

    /// A PEM file with a certificate authority to trust besides the public ones.
    #[arg(long, global = true, env = "SORTIE_CA_CERT", value_name = "FILE", help_heading = "Server")]
    pub(crate) ca_cert: Option<PathBuf>,
}

/// A variable that was to be filled in and was not must not mean another server, or another key.
fn not_empty(text: &str) -> Result<String, &'static str> {
    match text {
        "" => Err("it is empty; name one, or leave out the flag and the variable"),
        text => Ok(text.to_owned()),
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server.
    ///
    /// The first start on an empty data directory makes an organization, a project, an
    /// owner, a key (shown once) and the agent `assistant` on the built-in model. Stop it
    /// with Ctrl-C: runs under way go back to the queue and are resumed by the next start.
    Serve(Serve),

    /// Ask an agent something and watch the answer come.
    ///
    /// Ctrl-C interrupts the agent; a second Ctrl-C leaves it to itself.
    Run(run::Run),

    /// Make, change and look at agents.
    #[command(subcommand)]
    Agents(agents::Agents),

    /// The ways agents are put to use: by the clock, by messages from outside, on pages, and to
    /// watch rollouts.
    #[command(subcommand)]
    Deployments(deployments::Deployments),

    /// Look at conversations, and follow one.
    #[command(subcommand)]
    Sessions(sessions::Sessions),

    /// Look at single activations of an agent, and resolve what a crash left unclear.
    #[command(subcommand)]
    Runs(runs::Runs),

    /// The HTTP tools that a project keeps for its agents.
    #[command(subcommand)]
    Tools(tools::Tools),

    /// The built-in model's files, what a server's providers offer, and other names for models.
    #[command(subcommand)]
    Models(models::Models),

    /// Providers of models: the operator's, and those your organization brings.
    #[command(subcommand)]
    Providers(providers::Providers),

    /// Software deployments that pipelines reported: look at them, and approve or reject those
    /// that wait for it.
    #[command(subcommand)]
    Rollouts(rollouts::Rollouts),

    /// Rules that say which rollouts wait for approval, and for whom.
    #[command(subcommand)]
    ApprovalRules(approval_rules::ApprovalRules),

    /// The audit log: who did what to the organization.
    #[command(subcommand)]
    Audit(audit::Audit),

    /// Addresses that are told what happens in sessions and to rollouts.
    #[command(subcommand)]
    Webhooks(webhooks::Webhooks),

    /// API keys. Works on the data directory of this machine, with or without a running server.
    #[command(subcommand)]
    Keys(keys::Keys),

    /// The people of an organization and what they may do. Works on the data directory of this
    /// machine, like `keys`.
    #[command(subcommand)]
    Members(members::Members),

    /// Organizations. Works on the data directory of this machine, like `keys`.
    #[command(subcommand)]
    Orgs(orgs::Orgs),

    /// Projects. Works on the data directory of this machine, like `keys`.
    #[command(subcommand)]
    Projects(projects::Projects),

    /// Look whether everything is here that a server needs, and say what to do if not.
    ///
    /// Changes nothing, but that a secrets file which others could read is closed to them, and
    /// asks no model for words. Ends with 1 if something does not work.
    Doctor,

    /// Copy the data directory while the server runs, to start another on.
    ///
    /// The copy holds all that was acknowledged before it began, and is checked. The file
    /// with the keys, `secrets.toml`, is not in it: keep it elsewhere. `sortie restore` puts
    /// both in place.
    Backup {
        /// The directory to make. One that is there already is not touched.
        #[arg(value_name = "DIRECTORY")]
        to: PathBuf,
    },

    /// Put a backup into a data directory, to start a server on.
    ///
    /// The backup is copied, checked whole, and put in place in one step: what fails changes
    /// nothing. Not while a server runs on the directory.
    Restore(restore::Restore),

    /// Ask a server whether it takes work.
    ///
    /// Ends with 0 if it does, with 1 if it does not, and with 6 if none answers. Needs no key:
    /// for health checks.
    Health,

    /// Write an organization into one file, without its secrets.
    ///
    /// Its keys, and the headers of its tools, are not in the file: the import names them, to
    /// be made again. Not while runs are at work, which would go on in both places.
    Export(transfer::Export),

    /// Take an organization in from a file that `sortie export` made: whole, or not at all.
    Import(transfer::Import),

    /// The configuration: sample file, schema, and whether yours is right.
    #[command(subcommand)]
    Config(config::Config),

    /// Print a completion script for your shell.
    ///
    /// For bash: `sortie completions bash > ~/.local/share/bash-completion/completions/sortie`.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Run the server.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The address and port to listen on [default: 127.0.0.1:7717]. Port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,

    /// Show a made-up organization that lives: agents, sessions, rollouts, thirty days of history.
    ///
    /// It needs no model and calls nobody. Its data are in a directory of their own, which is
    /// removed at the end; with --data-dir, in that one, which must be empty and stays.
    #[arg(long)]
    pub(crate) demo: bool,

    /// PEM file with the certificate and its chain: turns TLS on.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// PEM file with the certificate's private key.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_and_option_explains_itself() {
        fn check(command: &clap::Command, path: &str) {
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{path}: {} has no help", argument.get_id());
            }
            for below in command.get_subcommands() {
                let path = format!("{path} {}", below.get_name());
                assert!(below.get_about().is_some(), "{path} has no help");
                check(below, &path);
            }
        }
        check(&Arguments::command(), "sortie");
    }
}
