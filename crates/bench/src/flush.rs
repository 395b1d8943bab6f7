//! What one flush costs on this disk: the yardstick for everything that is durable.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::samples::Samples;

const FLUSHES: usize = 300;
/// About what one small commit appends to a write-ahead log.
const APPEND_BYTES: usize = 4096;

/// Appends a little and flushes it, again and again, one at a time.
pub(crate) fn single_flush(dir: &Path) -> Result<Samples> {
    let mut file = tempfile::tempfile_in(dir).with_context(|| format!("making a file in {}", dir.display()))?;
    let bytes = [0x5a; APPEND_BYTES];
    let mut samples = Samples::default();
    for _ in 0..FLUSHES {
        let started = Instant::now();
        file.write_all(&bytes)?;
        file.sync_data()?;
        samples.push(started.elapsed());
    }
    Ok(samples)
}
