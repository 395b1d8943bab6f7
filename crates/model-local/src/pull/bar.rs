//! A pull as a progress bar on a terminal, for the command line and the repo chores.

use indicatif::{ProgressBar, ProgressStyle};

use super::Step;

/// A bar on stderr to hand to [`super::pull`]; without a terminal it prints nothing but
/// which source failed and why.
pub fn progress_bar() -> impl Fn(Step<'_>) + Send + Sync {
    let bar = ProgressBar::new(0).with_style(style());
    move |step| match step {
        Step::Waiting => bar.set_message("waiting for another pull of the same file"),
        Step::Trying(source) => bar.set_message(format!("from {source}")),
        Step::Fetched { bytes, total } => {
            bar.set_length(total);
            bar.set_position(bytes);
        }
        Step::Failed { source, why } => {
            let line = format!("{source}: {why}; trying the next source");
            if bar.is_hidden() {
                tracing::warn!("{line}");
            } else {
                bar.println(line);
            }
        }
        Step::Checking => bar.set_message("checking"),
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta} {wide_msg}")
        // The template is ours; a plain bar is what is left if it should ever be wrong.
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
