//! A model endpoint in the OpenAI shape that answers at once or at a set pace, and tells when
//! its bytes left.
//!
//! The model's name chooses the manner: `paced` takes its time, `rounds` first calls a tool
//! some times, any other answers at once. The tool is served too, at `/tool`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, Stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// How often the model `rounds` calls its tool before it answers.
pub(crate) const ROUNDS: usize = 5;
/// Between two chunks of a paced answer.
const PACE: Duration = Duration::from_millis(20);
const WORDS: [&str; 6] = ["Roger", ", ", "cleared", " for", " take", "-off."];

/// When the bytes of the newest paced answer left.
#[derive(Clone, Copy)]
pub(crate) struct Departures {
    pub(crate) first_delta: Instant,
    pub(crate) last_byte: Instant,
}

/// The running endpoint. It ends with the process.
#[derive(Clone)]
pub(crate) struct Mock {
    pub(crate) address: SocketAddr,
    departures: Arc<Mutex<Option<Departures>>>,
}

type Body = UnsyncBoxBody<Bytes, Infallible>;

impl Mock {
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("starting the mock model")?;
        let mock = Self { address: listener.local_addr()?, departures: Arc::default() };
        tokio::spawn(accept(listener, mock.clone()));
        Ok(mock)
    }

    /// What a provider's `base_url` is set to.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub(crate) fn departures(&self) -> Option<Departures> {
        *self.departures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, hyper::Error> {
        if request.uri().path() == "/tool" {
            request.into_body().collect().await?;
            return Ok(reply("application/json", Full::new(Bytes::from_static(b"{\"found\":true}")).boxed_unsync()));
        }
        let body = request.into_body().collect().await?.to_bytes();
        let streaming = contains(&body, b"\"stream\":true");
        let response = if !streaming {
            reply("application/json", Full::new(Bytes::from_static(WHOLE)).boxed_unsync())
        } else if contains(&body, b"paced") {
            let frames = self.paced().map(|bytes| Ok(Frame::data(bytes)));
            reply("text/event-stream", BodyExt::boxed_unsync(StreamBody::new(frames)))
        } else if contains(&body, b"rounds") && count(&body, b"\"role\":\"tool\"") < ROUNDS {
            reply("text/event-stream", Full::new(Bytes::from_static(CALL)).boxed_unsync())
        } else {
            reply("text/event-stream", Full::new(Bytes::from(instant())).boxed_unsync())
        };
        Ok(response)
    }

    fn paced(&self) -> impl Stream<Item = Bytes> + use<> {
        let departures = Arc::clone(&self.departures);
        stream::iter(0..=WORDS.len()).then(move |at| {
            let departures = Arc::clone(&departures);
            async move {
                tokio::time::sleep(PACE).await;
                let bytes = WORDS.get(at).map_or_else(|| Bytes::from(END), |word| Bytes::from(delta(word)));
                let now = Instant::now();
                let mut marks = departures.lock().unwrap_or_else(PoisonError::into_inner);
                let first_delta = if at == 0 { now } else { marks.map_or(now, |marks| marks.first_delta) };
                *marks = Some(Departures { first_delta, last_byte: now });
                bytes
            }
        })
    }
}

async fn accept(listener: TcpListener, mock: Mock) {
    while let Ok((connection, _)) = listener.accept().await {
        // Answers are small: waiting to fill a packet would be measured as the model's slowness.
        if connection.set_nodelay(true).is_err() {
            continue;
        }
        let mock = mock.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| mock.answer(request));
            // A client that goes away in the middle is its own business.
            let _ =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(connection), service).await;
        });
    }
}

fn reply(content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(hyper::header::CONTENT_TYPE, hyper::header::HeaderValue::from_static(content_type));
    response
}

fn contains(body: &[u8], needle: &[u8]) -> bool {
    count(body, needle) > 0
}

fn count(body: &[u8], needle: &[u8]) -> usize {
    body.windows(needle.len()).filter(|window| *window == needle).count()
}

fn delta(text: &str) -> String {
    format!(
        "data: {{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"mock\",\
         \"choices\":[{{\"index\":0,\"delta\":{{\"role\":\"assistant\",\"content\":\"{text}\"}},\"finish_reason\":null}}]}}\n\n"
    )
}

fn instant() -> String {
    format!("{}{END}", delta(&WORDS.concat()))
}

const END: &str = "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"mock\",\
    \"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
    data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"mock\",\"choices\":[],\
    \"usage\":{\"prompt_tokens\":9,\"completion_tokens\":6,\"total_tokens\":15}}\n\n\
    data: [DONE]\n\n";

const CALL: &[u8] = b"data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"mock\",\
    \"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"call\",\"type\":\"function\",\
    \"function\":{\"name\":\"look_up\",\"arguments\":\"{}\"}}]},\"finish_reason\":null}]}\n\n\
    data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"mock\",\
    \"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n\
    data: [DONE]\n\n";

const WHOLE: &[u8] = b"{\"id\":\"c1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"mock\",\"choices\":\
    [{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Roger, cleared for take-off.\"},\
    \"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":6,\"total_tokens\":15}}";
