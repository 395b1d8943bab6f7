//! Many clients at once, each with its own connection and always one run under way.

use std::time::Instant;

use anyhow::{Context, Result};
use bytes::Bytes;
use futures::future::try_join_all;

use super::Bench;
use super::agents::MakeAgent;
use crate::figures::{Figures, Wanted};
use crate::mock::Mock;
use crate::samples::Samples;
use crate::server::Server;

/// Runs before the clock starts: connections, caches and the write-ahead log are then as they
/// stay.
const WARM_UP_PER_CLIENT: usize = 20;
/// Two writes are the least that is durable, before and after the call; the larger number is
/// what Sortie makes.
const RELAY_WRITES: [usize; 2] = [2, 4];

struct Load {
    runs_per_second: f64,
    samples: Samples,
    processor_ms_per_run: f64,
}

pub(crate) async fn measure_server(bench: &Bench, figures: &mut Figures) -> Result<()> {
    let model = Mock::start().await?;
    let server = Server::sortie(bench, &model).await?;
    let path = MakeAgent::create(&mut server.client().await?, "instant").await?.run_path();
    let load = under_load(bench, &server, &path, MakeAgent::question()).await?;
    let clients = bench.clients;
    let wanted = Wanted::AtLeast(3000.0);
    figures.add_wanted(format!("{clients} clients: durable runs"), load.runs_per_second, "/s", wanted);
    figures.add(format!("{clients} clients: p50"), load.samples.percentile_ms(50.0), "ms");
    figures.add_wanted(format!("{clients} clients: p99"), load.samples.percentile_ms(99.0), "ms", Wanted::Below(80.0));
    figures.add(format!("{clients} clients: processor time per run"), load.processor_ms_per_run, "ms");
    figures.add(format!("{clients} clients: memory after the load"), server.resident_mib()?, "MiB");
    Ok(())
}

pub(crate) async fn measure_relay(bench: &Bench, figures: &mut Figures) -> Result<()> {
    for writes in RELAY_WRITES {
        let model = Mock::start().await?;
        let relay = Server::relay(bench, &model.base_url(), None, writes).await?;
        let load = under_load(bench, &relay, "/run", MakeAgent::question()).await?;
        figures.add(format!("bare relay, {writes} writes: durable runs"), load.runs_per_second, "/s");
        figures.add(format!("bare relay, {writes} writes: p99"), load.samples.percentile_ms(99.0), "ms");
        let processor = load.processor_ms_per_run;
        figures.add(format!("bare relay, {writes} writes: processor time per run"), processor, "ms");
    }
    Ok(())
}

async fn under_load(bench: &Bench, server: &Server, path: &str, question: Bytes) -> Result<Load> {
    let warm_up = (0..bench.clients).map(|_| async {
        let mut client = server.client().await?;
        for _ in 0..WARM_UP_PER_CLIENT {
            client.post(path, question.clone()).await?;
        }
        Ok::<_, anyhow::Error>(client)
    });
    let clients = try_join_all(warm_up).await.with_context(|| format!("warming up; it says: {}", server.log()))?;

    let before = server.processor_time()?;
    let started = Instant::now();
    let end = started + bench.load_time;
    let tasks = clients.into_iter().map(|mut client| {
        let (path, question) = (path.to_owned(), question.clone());
        tokio::spawn(async move {
            let mut samples = Samples::default();
            while Instant::now() < end {
                let asked = Instant::now();
                client.post(&path, question.clone()).await?;
                samples.push(asked.elapsed());
            }
            Ok::<_, anyhow::Error>(samples)
        })
    });
    let mut samples = Samples::default();
    for of_one in try_join_all(tasks).await? {
        samples = samples.join(of_one?);
    }
    let took = started.elapsed();
    let processor = server.processor_time()? - before;
    Ok(Load {
        runs_per_second: samples.len() as f64 / took.as_secs_f64(),
        processor_ms_per_run: processor.as_secs_f64() * 1000.0 / samples.len() as f64,
        samples,
    })
}
