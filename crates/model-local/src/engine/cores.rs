//! How many threads to compute with.
//!
//! More than there are free cores is worse than too few: the threads wait for each other
//! after every layer, and one that has to share its core holds all of them up. Measured on
//! a fully loaded machine with two cores: seven tokens a second with one thread, less than
//! one with two.

use std::time::{Duration, Instant};

/// More threads than this do not read a small model's weights any faster.
const THREADS_MAX: usize = 8;

/// No shorter look tells anything: the system counts in hundredths of a second.
const LOOK: Duration = Duration::from_millis(60);

/// Looks at how busy others keep the machine.
pub(super) struct Watch {
    since: Instant,
    before: Option<Times>,
}

impl Watch {
    pub(super) fn start() -> Self {
        Self { since: Instant::now(), before: times() }
    }

    /// How long it has been looking.
    pub(super) fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// The cores that others have left free since the start, at least one. Looks for a
    /// moment if that was only just now.
    pub(super) fn free_cores(&self) -> usize {
        std::thread::sleep(LOOK.saturating_sub(self.age()));
        let busy = self.others_share().unwrap_or(0.0);
        free_of(std::thread::available_parallelism().map_or(1, usize::from), busy)
    }

    fn others_share(&self) -> Option<f64> {
        let (before, after) = (self.before.as_ref()?, times()?);
        let all = after.all.checked_sub(before.all).filter(|all| *all > 0)?;
        let ours = after.unused_by_others.checked_sub(before.unused_by_others)?;
        Some((1.0 - ours as f64 / all as f64).max(0.0))
    }
}

/// A core that is used less than half counts as free: this process gives way to others.
fn free_of(cores: usize, busy_share: f64) -> usize {
    let free = (cores as f64 * (1.0 - busy_share)).round() as usize;
    free.clamp(1, cores.min(THREADS_MAX))
}

/// Time of all cores since the system's start, in hundredths of a second.
struct Times {
    all: u64,
    /// Idle, or spent by this process.
    unused_by_others: u64,
}

/// As Linux counts it. Other systems do not have the files; there every core counts as free.
fn times() -> Option<Times> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    let fields = text.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    let times: Vec<u64> = fields.map_while(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; guests' time is in user's already.
    Some(Times { all: times.iter().take(8).sum(), unused_by_others: times.get(3)? + times.get(4)? + own_time()? })
}

fn own_time() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in brackets and may hold anything.
    let mut fields = text.get(text.rfind(')')? + 1..)?.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_never_more_than_free_cores() {
        let cases = [((1, 0.0), 1), ((2, 0.0), 2), ((2, 0.3), 1), ((2, 1.0), 1), ((4, 0.5), 2), ((64, 0.1), 8)];
        for ((cores, busy), threads) in cases {
            assert_eq!(free_of(cores, busy), threads, "{cores} cores, {busy} busy");
        }
    }
}
