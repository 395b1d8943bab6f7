//! Many streams at once, each with a token every 20 ms, beside a relay that only passes the
//! model's bytes on.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use futures::future::try_join_all;
use hyper::Method;

use super::Bench;
use super::agents::{MakeAgent, NativeSession};
use crate::audience::Audience;
use crate::choir::{Choir, Protocol};
use crate::figures::{Figures, Wanted};
use crate::listener::Listener;
use crate::samples::Samples;
use crate::server::Server;

/// Begun at once, so that neither side's queue is what is measured.
const BEGUN_AT_ONCE: usize = 50;
const SETTLED_AFTER: Duration = Duration::from_secs(2);
/// How often relay and server take turns, so that a slow moment of the machine strikes both.
const ROUNDS: usize = 3;

/// What was heard over all streams.
#[derive(Default)]
struct Heard {
    delays: Samples,
    took: Duration,
    /// The server's own processor time, on both sides of the kernel.
    busy: Duration,
    /// What a stream took, in the round in which it took most.
    kibibytes_each: f64,
}

pub(crate) async fn measure(bench: &Bench, figures: &mut Figures) -> Result<()> {
    crate::descriptors::raise()?;
    for protocol in [Protocol::Http2, Protocol::Http1] {
        measure_over(bench, protocol, figures).await?;
    }
    Ok(())
}

async fn measure_over(bench: &Bench, protocol: Protocol, figures: &mut Figures) -> Result<()> {
    let (mut relay, mut sortie) = (Heard::default(), Heard::default());
    for _ in 0..ROUNDS {
        relay.join(through_relay(bench, protocol).await.context("through the relay")?);
        sortie.join(through_sortie(bench, protocol).await.context("through Sortie")?);
    }
    let name = format!("{} streams of a model over {protocol}", bench.streams);
    let p99 = relay.delays.percentile_ms(99.0);
    figures.add(format!("{name}: relay, tokens"), relay.tokens_per_second(), "/s");
    figures.add(format!("{name}: relay, delay p50"), relay.delays.percentile_ms(50.0), "ms");
    figures.add(format!("{name}: relay, delay p99"), p99, "ms");
    figures.add(format!("{name}: relay, processor time each"), relay.processor_us_per_token(), "µs");
    let wanted = Wanted::AtLeast(0.9 * relay.tokens_per_second());
    figures.add_wanted(format!("{name}: tokens"), sortie.tokens_per_second(), "/s", wanted);
    figures.add(format!("{name}: delay p50"), sortie.delays.percentile_ms(50.0), "ms");
    figures.add_wanted(format!("{name}: delay p99"), sortie.delays.percentile_ms(99.0), "ms", Wanted::Below(1.5 * p99));
    figures.add(format!("{name}: processor time each"), sortie.processor_us_per_token(), "µs");
    figures.add_wanted(format!("{name}: memory each"), sortie.kibibytes_each, "KiB", Wanted::Below(100.0));
    Ok(())
}

impl Heard {
    fn join(&mut self, other: Self) {
        self.delays = std::mem::take(&mut self.delays).join(other.delays);
        self.took += other.took;
        self.busy += other.busy;
        self.kibibytes_each = self.kibibytes_each.max(other.kibibytes_each);
    }

    fn tokens_per_second(&self) -> f64 {
        self.delays.len() as f64 / self.took.as_secs_f64()
    }

    fn processor_us_per_token(&self) -> f64 {
        self.busy.as_secs_f64() * 1e6 / self.delays.len() as f64
    }
}

async fn through_relay(bench: &Bench, protocol: Protocol) -> Result<Heard> {
    let model = Choir::start(protocol)?;
    let relay = Server::relay(bench, &model.base_url, model.authority(), 2).await?;
    let begin = async || relay.listener(Method::POST, "/stream", MakeAgent::question()).await;
    listen(bench, &relay, begin).await
}

async fn through_sortie(bench: &Bench, protocol: Protocol) -> Result<Heard> {
    let model = Choir::start(protocol)?;
    let server = Server::sortie_at(bench, &model.base_url, model.authority()).await?;
    let session = NativeSession::create(&mut server.client().await?, "mock/choir").await?;
    let begin = async || {
        let mut client = server.client().await?;
        let session = session.another(&mut client).await?;
        let listener = server.listener(Method::GET, &session.stream_path(), Bytes::new()).await?;
        client.post(&session.events_path(), NativeSession::question()).await?;
        Ok(listener)
    };
    listen(bench, &server, begin).await
}

/// Begins all streams, lets them settle, and listens.
async fn listen(bench: &Bench, server: &Server, begin: impl AsyncFn() -> Result<Listener>) -> Result<Heard> {
    let before = server.resident_mib()?;
    let audience = Audience::gather()?;
    for first in (0..bench.streams).step_by(BEGUN_AT_ONCE) {
        let begun = try_join_all((first..bench.streams).take(BEGUN_AT_ONCE).map(|_| begin())).await;
        for listener in begun.with_context(|| format!("it says: {}", server.log()))? {
            audience.admit(listener)?;
        }
    }
    tokio::time::sleep(SETTLED_AFTER).await;
    let (started, busy) = (Instant::now(), server.processor_time()?);
    audience.begin();
    tokio::time::sleep(bench.load_time).await;
    let delays = audience.leave().with_context(|| format!("it says: {}", server.log()))?;
    let (took, busy) = (started.elapsed(), server.processor_time()? - busy);
    let kibibytes_each = (server.resident_mib()? - before) * 1024.0 / bench.streams as f64;
    Ok(Heard { delays, took, busy, kibibytes_each })
}
