//! What a stream costs on which nothing happens.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use futures::StreamExt;
use futures::stream;
use hyper::Method;

use super::Bench;
use super::agents::NativeSession;
use crate::descriptors;
use crate::figures::{Figures, Wanted};
use crate::mock::Mock;
use crate::server::Server;

const STREAMS: usize = 10_000;
/// Sessions that they listen to.
const SESSIONS: usize = 100;
/// Clients that connect at the same time.
const CONNECTING: usize = 200;
const SETTLED_AFTER: Duration = Duration::from_secs(2);

pub(crate) async fn measure(bench: &Bench, figures: &mut Figures) -> Result<()> {
    descriptors::raise()?;
    let model = Mock::start().await?;
    let server = Server::sortie(bench, &model).await?;
    let mut client = server.client().await?;
    let first = NativeSession::create(&mut client, "mock/instant").await?;
    let mut sessions = Vec::new();
    while sessions.len() < SESSIONS {
        sessions.push(first.another(&mut client).await?);
    }
    tokio::time::sleep(SETTLED_AFTER).await;
    let before = server.resident_mib()?;
    let started = Instant::now();
    let opening = stream::iter(0..STREAMS).map(|number| {
        let (server, path) = (&server, sessions[number % SESSIONS].stream_path());
        async move {
            let mut client = server.client().await?;
            let events = client.bytes(Method::GET, &path, Bytes::new()).await?;
            Ok::<_, anyhow::Error>((client, events))
        }
    });
    let opened: Vec<_> = opening.buffer_unordered(CONNECTING).collect().await;
    let open = opened.into_iter().collect::<Result<Vec<_>>>().with_context(|| format!("it says: {}", server.log()))?;
    let name = format!("{} idle streams", open.len());
    figures.add_wanted(format!("{name}: connected in"), started.elapsed().as_secs_f64(), "s", Wanted::Below(20.0));
    tokio::time::sleep(SETTLED_AFTER).await;
    let kibibytes = (server.resident_mib()? - before) * 1024.0 / open.len() as f64;
    figures.add_wanted(format!("{name}: memory each"), kibibytes, "KiB", Wanted::Below(25.0));
    Ok(())
}
