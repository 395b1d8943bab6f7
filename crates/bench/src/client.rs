//! One HTTP client on one connection that is kept, as cheap as it can be: it shares the cores
//! with what it measures.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use eventsource_stream::{Event, Eventsource};
use futures::{Stream, StreamExt};
use http_body_util::{BodyDataStream, BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// A kept connection.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    authorization: String,
    host: String,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr, key: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // Its end is seen by the sender, as an error of the request it cut.
            let _ = connection.await;
        });
        Ok(Self { sender, authorization: format!("Bearer {key}"), host: address.to_string() })
    }

    pub(crate) async fn post(&mut self, path: &str, body: Bytes) -> Result<Bytes> {
        let response = self.send(Method::POST, path, body).await?;
        whole(path, response).await
    }

    pub(crate) async fn get_json(&mut self, path: &str) -> Result<Value> {
        let response = self.send(Method::GET, path, Bytes::new()).await?;
        read_json(&whole(path, response).await?)
    }

    pub(crate) async fn post_json(&mut self, path: &str, body: &Value) -> Result<Value> {
        read_json(&self.post(path, Bytes::from(body.to_string())).await?)
    }

    /// The status alone: for asking whether the server is ready.
    pub(crate) async fn status(&mut self, path: &str) -> Result<StatusCode> {
        let response = self.send(Method::GET, path, Bytes::new()).await?;
        let status = response.status();
        response.into_body().collect().await?;
        Ok(status)
    }

    /// The events of a stream. The head has arrived when this returns.
    pub(crate) async fn events(
        &mut self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<impl Stream<Item = Result<Event>> + Unpin + use<>> {
        let events = self.bytes(method, path, body).await?.eventsource();
        Ok(Box::pin(events.map(|event| event.map_err(|error| anyhow::anyhow!("reading a stream: {error}")))))
    }

    /// The bytes of an answer as they come. The head has arrived when this returns.
    pub(crate) async fn bytes(
        &mut self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<impl Stream<Item = Result<Bytes>> + Unpin + use<>> {
        let response = self.send(method, path, body).await?;
        if !response.status().is_success() {
            whole(path, response).await?;
            bail!("{path} answered no stream");
        }
        Ok(BodyDataStream::new(response.into_body()).map(|bytes| Ok(bytes?)))
    }

    async fn send(&mut self, method: Method, path: &str, body: Bytes) -> Result<Response<Incoming>> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.host)
            .header(AUTHORIZATION, &self.authorization)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))?;
        self.sender.ready().await?;
        self.sender.send_request(request).await.with_context(|| format!("calling {path}"))
    }
}

async fn whole(path: &str, response: Response<Incoming>) -> Result<Bytes> {
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    if !status.is_success() {
        bail!("{path} answered {status}: {}", String::from_utf8_lossy(&body));
    }
    Ok(body)
}

fn read_json(body: &[u8]) -> Result<Value> {
    serde_json::from_slice(body).with_context(|| format!("not JSON: {}", String::from_utf8_lossy(body)))
}
