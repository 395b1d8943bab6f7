//! The log: to stderr, for people or for programs. Never a key: nothing that holds one
//! prints it.

use std::io::IsTerminal;

use config::{LogFormat, LogOptions};
use tracing_subscriber::EnvFilter;

use crate::fault::StartError;

/// Starts the log of the process.
///
/// # Errors
/// If the filter cannot be understood.
pub fn start(options: &LogOptions) -> Result<(), StartError> {
    let filter = EnvFilter::try_new(&options.filter)
        .map_err(|error| StartError::Options(format!("`log.filter`: {:?}: {error}", options.filter)))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
    let started = match options.format {
        LogFormat::Pretty => log.with_ansi(colours).with_target(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
    };
    started.map_err(|error| StartError::Other(error.to_string()))
}
