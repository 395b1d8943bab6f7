//! Fetches a model as `sortie models pull` does: `cargo run -p model-local --example pull [NAME]`.

use std::process::ExitCode;

use model_local::pull::{PullOptions, progress_bar, pull};

#[tokio::main]
async fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_else(|| "default".to_owned());
    match pull(&name, PullOptions::default(), &progress_bar()).await {
        Ok(path) => {
            println!("{}", path.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
