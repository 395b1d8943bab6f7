//! What an open stream costs: many clients listen to an idle session.

use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use futures::future::try_join_all;
use hyper::Method;

use super::Bench;
use super::agents::NativeSession;
use crate::figures::Figures;
use crate::mock::Mock;
use crate::server::Server;

const STREAMS: usize = 400;
const SETTLED_AFTER: Duration = Duration::from_secs(1);

pub(crate) async fn measure(bench: &Bench, figures: &mut Figures) -> Result<()> {
    let model = Mock::start().await?;
    let server = Server::sortie(bench, &model).await?;
    let session = NativeSession::create(&mut server.client().await?, "mock/instant").await?;
    tokio::time::sleep(SETTLED_AFTER).await;
    let before = server.resident_mib()?;
    let opened = (0..STREAMS).map(|_| async {
        let mut client = server.client().await?;
        let events = client.events(Method::GET, &session.stream_path(), Bytes::new()).await?;
        Ok::<_, anyhow::Error>((client, events))
    });
    let open = try_join_all(opened).await?;
    tokio::time::sleep(SETTLED_AFTER).await;
    let kibibytes = (server.resident_mib()? - before) * 1024.0 / open.len() as f64;
    figures.add(format!("streams: memory of each of {STREAMS} open ones"), kibibytes, "KiB");
    Ok(())
}
