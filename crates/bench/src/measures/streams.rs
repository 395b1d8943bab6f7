//! A thousand streams at once, each with a token every 20 ms, beside a relay that only passes
//! the model's bytes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures::future::try_join_all;
use hyper::Method;
use tokio::task::JoinSet;

use super::Bench;
use super::agents::{MakeAgent, NativeSession};
use crate::choir::{self, Ear};
use crate::figures::{Figures, Wanted};
use crate::listener::Listener;
use crate::samples::Samples;
use crate::server::Server;

const STREAMS: usize = 1_000;
/// Begun at once, so that neither side's queue is what is measured.
const BEGUN_AT_ONCE: usize = 50;
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// What was heard over all streams.
struct Heard {
    tokens_per_second: f64,
    delays: Samples,
    kibibytes_each: f64,
    /// The server's own, on both sides of the kernel.
    processor_us_per_token: f64,
}

pub(crate) async fn measure(bench: &Bench, figures: &mut Figures) -> Result<()> {
    crate::descriptors::raise()?;
    let relay = through_relay(bench).await.context("through the relay")?;
    let sortie = through_sortie(bench).await.context("through Sortie")?;
    let name = format!("{STREAMS} streams, a token each 20 ms");
    let p99 = relay.delays.percentile_ms(99.0);
    figures.add(format!("{name}: relay, tokens"), relay.tokens_per_second, "/s");
    figures.add(format!("{name}: relay, delay p50"), relay.delays.percentile_ms(50.0), "ms");
    figures.add(format!("{name}: relay, delay p99"), p99, "ms");
    figures.add(format!("{name}: relay, processor time each"), relay.processor_us_per_token, "µs");
    let wanted = Wanted::AtLeast(0.9 * relay.tokens_per_second);
    figures.add_wanted(format!("{name}: tokens"), sortie.tokens_per_second, "/s", wanted);
    figures.add(format!("{name}: delay p50"), sortie.delays.percentile_ms(50.0), "ms");
    figures.add_wanted(format!("{name}: delay p99"), sortie.delays.percentile_ms(99.0), "ms", Wanted::Below(1.5 * p99));
    figures.add(format!("{name}: processor time each"), sortie.processor_us_per_token, "µs");
    figures.add_wanted(format!("{name}: memory each"), sortie.kibibytes_each, "KiB", Wanted::Below(100.0));
    Ok(())
}

async fn through_relay(bench: &Bench) -> Result<Heard> {
    let model = choir::start().await?;
    let relay = Server::relay(bench, &model, 2).await?;
    let begin = async |_| relay.listener(Method::POST, "/stream", MakeAgent::question()).await;
    listen(bench, &relay, begin).await
}

async fn through_sortie(bench: &Bench) -> Result<Heard> {
    let model = choir::start().await?;
    let server = Server::sortie_at(bench, &model).await?;
    let session = NativeSession::create(&mut server.client().await?, "mock/choir").await?;
    let begin = async |_| {
        let mut client = server.client().await?;
        let session = session.another(&mut client).await?;
        let listener = server.listener(Method::GET, &session.stream_path(), Bytes::new()).await?;
        client.post(&session.events_path(), NativeSession::question()).await?;
        Ok(listener)
    };
    listen(bench, &server, begin).await
}

/// Begins all streams, lets them settle, and listens.
async fn listen(bench: &Bench, server: &Server, begin: impl AsyncFn(usize) -> Result<Listener>) -> Result<Heard> {
    let before = server.resident_mib()?;
    let clock = Arc::new(Clock::default());
    let mut listeners = JoinSet::new();
    for first in (0..STREAMS).step_by(BEGUN_AT_ONCE) {
        let begun = try_join_all((first..first + BEGUN_AT_ONCE).map(|number| begin(number))).await;
        for listener in begun.with_context(|| format!("it says: {}", server.log()))? {
            listeners.spawn(hear(listener, Arc::clone(&clock)));
        }
    }
    tokio::time::sleep(SETTLED_AFTER).await;
    let (started, busy) = (Instant::now(), server.processor_time()?);
    clock.begin();
    tokio::time::sleep(bench.load_time).await;
    let tokens = clock.end();
    let (took, busy) = (started.elapsed(), server.processor_time()? - busy);
    let processor_us_per_token = busy.as_secs_f64() * 1e6 / tokens.max(1) as f64;
    let kibibytes_each = (server.resident_mib()? - before) * 1024.0 / STREAMS as f64;
    let mut delays = Samples::default();
    while let Some(heard) = listeners.join_next().await {
        let heard = heard?.with_context(|| format!("a stream broke; it says: {}", server.log()))?;
        if heard.len() == 0 {
            bail!("a stream was silent; it says: {}", server.log());
        }
        delays = delays.join(heard);
    }
    Ok(Heard { tokens_per_second: tokens as f64 / took.as_secs_f64(), delays, kibibytes_each, processor_us_per_token })
}

/// When tokens count, and how many did.
#[derive(Default)]
struct Clock {
    phase: AtomicU64,
    tokens: AtomicUsize,
}

impl Clock {
    fn begin(&self) {
        self.phase.store(1, Ordering::Relaxed);
    }

    fn end(&self) -> usize {
        self.phase.store(2, Ordering::Relaxed);
        self.tokens.load(Ordering::Relaxed)
    }
}

/// How long tokens were under way, while they counted.
async fn hear(mut listener: Listener, clock: Arc<Clock>) -> Result<Samples> {
    let (mut ear, mut samples) = (Ear::default(), Samples::default());
    loop {
        let bytes = listener.next().await?;
        if bytes.is_empty() {
            bail!("a stream ended");
        }
        let now = Instant::now();
        match clock.phase.load(Ordering::Relaxed) {
            0 => ear.listen(bytes, |_| {}),
            1 => ear.listen(bytes, |left| {
                samples.push(now - left);
                clock.tokens.fetch_add(1, Ordering::Relaxed);
            }),
            _ => return Ok(samples),
        }
    }
}
