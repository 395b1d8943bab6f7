//! Good traffic beside bad: what well-behaved clients notice of those that are not.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use futures::future::try_join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::Bench;
use super::agents::{MakeAgent, NativeSession};
use crate::descriptors;
use crate::figures::{Figures, Wanted};
use crate::mock::Mock;
use crate::samples::Samples;
use crate::server::Server;

/// Clients that behave, each with a pause between its runs: a server with nothing to spare
/// would show its own queue instead.
const GOOD: usize = 8;
const PAUSE: Duration = Duration::from_millis(10);
/// Of each kind that holds a connection open.
const HOLDING: usize = 300;
/// Of each kind that sends too much, and how often each begins anew.
const FLOODING: usize = 10;
const AGAIN_AFTER: Duration = Duration::from_millis(200);
const SETTLED_AFTER: Duration = Duration::from_secs(1);

/// A way to behave badly.
#[derive(Clone, Copy)]
enum Bad {
    /// Connects, and says nothing.
    Silent,
    /// Sends its head a byte at a time.
    SlowHead,
    /// Sends its body a byte at a time.
    SlowBody,
    /// Asks for much and reads none of it.
    NeverReads,
    /// Sends headers without end.
    HeaderFlood,
    /// Sends a body larger than any may be.
    GiantBody,
}

pub(crate) async fn measure(bench: &Bench, figures: &mut Figures) -> Result<()> {
    descriptors::raise()?;
    let model = Mock::start().await?;
    let server = Server::sortie(bench, &model).await?;
    let path = MakeAgent::create(&mut server.client().await?, "instant").await?.run_path();
    let long = long_session(&server).await?;
    good(bench, &server, &path).await?;
    let calm = good(bench, &server, &path).await?;

    let mut bad = JoinSet::new();
    for (kind, count) in [
        (Bad::Silent, HOLDING),
        (Bad::SlowHead, HOLDING),
        (Bad::SlowBody, HOLDING),
        (Bad::NeverReads, HOLDING / 10),
        (Bad::HeaderFlood, FLOODING),
        (Bad::GiantBody, FLOODING),
    ] {
        for _ in 0..count {
            let way = Way { address: server.address, key: server.key.clone(), long: long.clone() };
            bad.spawn(async move { way.behave(kind).await });
        }
    }
    tokio::time::sleep(SETTLED_AFTER).await;
    let beside = good(bench, &server, &path).await?;
    bad.shutdown().await;

    let calm_p99 = calm.percentile_ms(99.0);
    figures.add(format!("{GOOD} clients in calm: p99"), calm_p99, "ms");
    let name = format!("{GOOD} clients beside a thousand bad connections");
    figures.add_wanted(format!("{name}: p99"), beside.percentile_ms(99.0), "ms", Wanted::Below(2.0 * calm_p99));
    figures.add(format!("{name}: memory"), server.resident_mib()?, "MiB");
    Ok(())
}

async fn good(bench: &Bench, server: &Server, path: &str) -> Result<Samples> {
    let end = Instant::now() + bench.load_time;
    let clients = (0..GOOD).map(|_| async {
        let mut client = server.client().await?;
        let mut samples = Samples::default();
        while Instant::now() < end {
            let asked = Instant::now();
            client.post(path, MakeAgent::question()).await?;
            samples.push(asked.elapsed());
            tokio::time::sleep(PAUSE).await;
        }
        Ok::<_, anyhow::Error>(samples)
    });
    let of_all = try_join_all(clients).await.with_context(|| format!("it says: {}", server.log()))?;
    Ok(of_all.into_iter().fold(Samples::default(), Samples::join))
}

/// The path of a stream with more to read than the system keeps for a connection.
async fn long_session(server: &Server) -> Result<String> {
    let mut client = server.client().await?;
    let session = NativeSession::create(&mut client, "mock/instant").await?;
    for _ in 0..20 {
        client.post(&session.events_path(), NativeSession::message(&"x".repeat(200_000))).await?;
    }
    Ok(format!("{}&after=start", session.stream_path()))
}

/// What a client that behaves badly needs to know.
struct Way {
    address: std::net::SocketAddr,
    key: String,
    long: String,
}

impl Way {
    /// Again and again; a server that hangs up is what is wanted.
    async fn behave(&self, kind: Bad) {
        loop {
            let _ = self.once(kind).await;
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }

    async fn once(&self, kind: Bad) -> Result<()> {
        let mut stream = TcpStream::connect(self.address).await?;
        let authorized = format!("host: a\r\nauthorization: Bearer {}\r\n", self.key);
        match kind {
            Bad::Silent => {}
            Bad::SlowHead => {
                stream.write_all(b"GET /v1/agents HTTP/1.1\r\nhost: a\r\nx-slow: ").await?;
                drip(&mut stream).await?;
            }
            Bad::SlowBody => {
                let head = format!(
                    "POST /v1/agents HTTP/1.1\r\n{authorized}content-type: application/json\r\ncontent-length: 1000\r\n\r\n"
                );
                stream.write_all(head.as_bytes()).await?;
                drip(&mut stream).await?;
            }
            Bad::NeverReads => {
                let head = format!("GET {} HTTP/1.1\r\n{authorized}\r\n", self.long);
                stream.write_all(head.as_bytes()).await?;
                std::future::pending::<()>().await;
            }
            Bad::HeaderFlood => {
                stream.write_all(b"GET /v1/agents HTTP/1.1\r\n").await?;
                for _ in 0..20 {
                    stream.write_all(format!("x-flood: {}\r\n", "f".repeat(16_000)).as_bytes()).await?;
                }
            }
            Bad::GiantBody => {
                let head = format!(
                    "POST /v1/agents HTTP/1.1\r\n{authorized}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
                );
                stream.write_all(head.as_bytes()).await?;
                let chunk = Bytes::from(format!("100000\r\n{}\r\n", " ".repeat(0x10_0000)));
                for _ in 0..40 {
                    stream.write_all(&chunk).await?;
                    // A body is a stream of packets, not a test of this machine's memory bus.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await?;
        Ok(())
    }
}

/// A byte a second, until the other side has enough.
async fn drip(stream: &mut TcpStream) -> Result<()> {
    loop {
        stream.write_all(b"x").await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
