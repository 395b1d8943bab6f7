//! `sortie config`.

use clap::Subcommand;

use crate::arguments::Place;
use crate::failure::Failure;
use crate::output::Output;
use crate::reach;

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print a configuration file with every option, its meaning and its default.
    Sample,
    /// Print the JSON schema of the configuration file, for editors.
    Schema,
    /// Check the configuration, and print what file, environment and flags amount to.
    /// Secrets are not shown.
    Check,
}

pub(super) fn run(place: &Place, config: Config, output: Output) -> Result<(), Failure> {
    match config {
        Config::Sample => output.text(&::config::sample()),
        Config::Schema => output.text(&::config::schema_json()),
        Config::Check => output.json(&reach::configuration(place, Vec::new())?),
    }
}
