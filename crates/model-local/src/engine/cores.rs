//! How many threads to compute with.

use std::time::Duration;

/// More threads than this do not read a small model's weights any faster.
const THREADS_MAX: usize = 8;

/// The cores that nobody uses at this moment, at least one.
pub(super) fn free() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let busy = busy_share(Duration::from_millis(60)).unwrap_or(0.0);
    free_of(cores, busy)
}

/// A core that is half used counts as free: this process gives way to others.
fn free_of(cores: usize, busy_share: f64) -> usize {
    let free = (cores as f64 * (1.0 - busy_share)).round() as usize;
    free.clamp(1, cores.min(THREADS_MAX))
}

/// The share of the machine's time that was used while looking for so long.
fn busy_share(span: Duration) -> Option<f64> {
    let before = times()?;
    std::thread::sleep(span);
    let after = times()?;
    let all = after.0.checked_sub(before.0).filter(|all| *all > 0)?;
    let idle = after.1.checked_sub(before.1)?;
    Some(1.0 - idle as f64 / all as f64)
}

/// All and idle time of all cores since the start, as Linux counts it. Other systems do not
/// have the file; there every core counts as free.
fn times() -> Option<(u64, u64)> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    let fields = text.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    let times: Vec<u64> = fields.map_while(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; guests' time is in user's already.
    let idle = times.get(3)? + times.get(4)?;
    Some((times.iter().take(8).sum(), idle))
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
