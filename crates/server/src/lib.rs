//! Wiring only: build the adapters, start, drain, stop.
//!
//! [`Server`] is a whole Sortie on one data directory: [`house`] puts the adapters
//! together, [`listener`] brings requests to the façades' routers, [`first_start`] makes
//! what an empty directory lacks. [`admin`] is the operator's way in, with or without a
//! running server. No rule of the product is decided here; what two façades need is in
//! `app`.
//!
//! To wire one more façade: a line in [`facades`]. One more kind of provider: an arm
//! in [`house`].

pub mod admin;
mod backup;
mod demonstration;
mod descriptors;
pub mod doctor;
mod facades;
mod fault;
mod first_start;
mod health;
mod house;
mod listener;
mod login;
pub mod logs;
mod metrics;
mod patience;
mod private_file;
mod proxies;
mod reference;
mod restore;
mod secrets;
mod serve;
mod tls;
mod transfer;

use std::process::ExitCode;

pub use backup::BackupView;
pub use demo::Entry as DemoEntry;
pub use fault::StartError;
pub use first_start::{Started, quoted};
pub use login::Login;
pub use restore::{Present, Restore, RestoreError, RestoreView};
pub use serve::Server;
pub use tls::install_crypto;
pub use transfer::{ExportView, ImportView};

/// The local model's files: for `sortie models`.
pub use model_local as local_models;

/// The hidden command that `tools` starts for a file whose text is to be read.
const EXTRACT_CHILD: &str = "extract-text-child";

/// What this process is to do if it was started by another `sortie` as its child.
pub fn child_of_this_binary() -> Option<fn() -> ExitCode> {
    let argument = std::env::args_os().nth(1)?;
    match argument.to_str()? {
        model_local::CHILD_ARGUMENT => Some(model_local::child_main),
        EXTRACT_CHILD => Some(tools::extract::child_main),
        _ => None,
    }
}
