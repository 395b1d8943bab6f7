//! What we depend on: licences, sources and bans always, advisories when they can be had.

use std::process::Command;

use anyhow::Result;

use crate::builds::Builds;
use crate::process;
use crate::tools::DENY;

/// Fails with what `deny.toml` does not allow.
pub(crate) fn check(builds: &Builds) -> Result<()> {
    let program = DENY.ensure()?;
    let deny = |args: &[&str]| {
        let mut command = Command::new(&program);
        command.current_dir(builds.root()).args(args);
        builds.configure(&mut command);
        command
    };
    process::run(&mut deny(&["check", "bans", "licenses", "sources"]))?;
    // The database is a repository elsewhere: without a way there, nothing can be said about it.
    if process::succeeds(&mut deny(&["fetch", "db"])) {
        process::run(&mut deny(&["check", "advisories"]))
    } else {
        println!("the advisory database cannot be reached: advisories are not checked");
        Ok(())
    }
}
