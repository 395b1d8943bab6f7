//! How the SDK's exporter reaches the collector: over the client that the rest of the
//! program uses, on its runtime. The exporter itself waits on a thread of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use tokio::runtime::Handle;

const TIMEOUT: Duration = Duration::from_secs(10);
/// A collector answers with little or nothing.
const ANSWER_BYTES_MAX: usize = 64 << 10;

#[derive(Debug)]
pub(crate) struct Client {
    client: reqwest::Client,
    runtime: Handle,
    /// Said once, not with every batch.
    has_complained: AtomicBool,
}

impl Client {
    pub(crate) fn new() -> reqwest::Result<Self> {
        let client = reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { client, runtime: Handle::current(), has_complained: AtomicBool::new(false) })
    }

    fn note(&self, fault: Option<String>) {
        match fault {
            Some(fault) if !self.has_complained.swap(true, Ordering::Relaxed) => {
                tracing::warn!("the collector does not take traces: {fault}");
            }
            None if self.has_complained.swap(false, Ordering::Relaxed) => {
                tracing::info!("the collector takes traces again");
            }
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sending = send(self.client.clone(), request);
        let answer = self.runtime.spawn(sending).await.map_err(HttpError::from).and_then(|answer| answer);
        self.note(match &answer {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("it answered {}", response.status())),
            Err(error) => Some(error.to_string()),
        });
        answer
    }
}

async fn send(client: reqwest::Client, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let request = reqwest::Request::try_from(request)?;
    let mut answer = client.execute(request).await?;
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await? {
        if body.len() + piece.len() > ANSWER_BYTES_MAX {
            return Err("it answered more than a collector may".into());
        }
        body.extend_from_slice(&piece);
    }
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    Ok(response)
}
