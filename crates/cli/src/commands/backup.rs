//! `sortie backup`.

use std::path::Path;

use server::admin::Admin;
use server::admin::calls::Backup;

use crate::failure::Failure;
use crate::output::Output;

pub(super) async fn run(admin: Admin, to: &Path, output: Output) -> Result<(), Failure> {
    // The server has a working directory of its own.
    let to = std::path::absolute(to)?;
    let made = admin.call(Backup { to }).await;
    admin.close().await;
    let made = made?;
    if output.is_json() {
        return output.json(&made);
    }
    output.line(&format!("{}: {} bytes, SHA-256 {}", made.path.display(), made.bytes, made.sha256))?;
    let left_out = made.left_out.join(" and ");
    output.note(&format!("left out: {left_out}; `sortie restore` takes your copy of secrets.toml with --secrets"));
    Ok(())
}
