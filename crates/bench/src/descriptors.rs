//! How many connections this process may have open.

use anyhow::{Context, Result};
use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the limit as far as the system allows.
pub(crate) fn raise() -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("raising the limit of open files")
}
