//! Named, timed steps: the first that fails stops the chore, and the times are printed last.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// The steps of one chore.
pub(crate) struct Steps {
    started: Instant,
    done: Vec<(&'static str, Duration)>,
}

impl Steps {
    pub(crate) fn start() -> Self {
        Self { started: Instant::now(), done: Vec::new() }
    }

    /// Runs one step. Its error says which step it was; the times so far are printed with it.
    pub(crate) fn step<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("\n=== {name}");
        let started = Instant::now();
        let outcome = work();
        self.done.push((name, started.elapsed()));
        if outcome.is_err() {
            self.print_times();
        }
        outcome.with_context(|| format!("step `{name}` failed"))
    }

    pub(crate) fn print_times(&self) {
        println!("\n{}", self.table());
    }

    fn table(&self) -> String {
        let mut lines: Vec<String> = self.done.iter().map(|(name, took)| line(name, *took)).collect();
        lines.push(line("all", self.started.elapsed()));
        lines.join("\n")
    }
}

fn line(name: &str, took: Duration) -> String {
    let seconds = took.as_secs_f64();
    let (minutes, rest) = ((seconds / 60.0).floor(), seconds % 60.0);
    format!("{name:<24} {minutes:>3.0} min {rest:>5.1} s")
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn a_failed_step_is_named() {
        let mut steps = Steps::start();
        let error = steps.step("clippy", || Err::<(), _>(anyhow!("two warnings"))).unwrap_err();
        assert_eq!(format!("{error:#}"), "step `clippy` failed: two warnings");
    }

    #[test]
    fn every_step_has_its_time() {
        let steps = Steps { started: Instant::now(), done: vec![("build", Duration::from_millis(125_500))] };
        let table = steps.table();
        assert!(table.starts_with("build                      2 min   5.5 s\nall "), "{table}");
    }
}
