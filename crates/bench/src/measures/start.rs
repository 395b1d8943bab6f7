//! From starting the process to the first 200, and what it holds when idle.

use std::time::Duration;

use anyhow::Result;

use super::Bench;
use crate::figures::{Figures, Wanted};
use crate::mock::Mock;
use crate::samples::Samples;
use crate::server::Server;

const STARTS: usize = 10;
/// After this the start's own work is over.
const IDLE_AFTER: Duration = Duration::from_secs(2);

pub(crate) async fn measure(bench: &Bench, figures: &mut Figures) -> Result<()> {
    let model = Mock::start().await?;
    let mut starts = Samples::default();
    for _ in 0..STARTS {
        starts.push(Server::sortie(bench, &model).await?.ready_after);
    }
    let wanted = Wanted::Below(150.0);
    figures.add_wanted("start: empty data folder to first 200, p50", starts.percentile_ms(50.0), "ms", wanted);
    figures.add("start: the slowest", starts.percentile_ms(100.0), "ms");

    let server = Server::sortie(bench, &model).await?;
    tokio::time::sleep(IDLE_AFTER).await;
    figures.add_wanted("start: idle memory", server.resident_mib()?, "MiB", Wanted::Below(40.0));
    Ok(())
}
