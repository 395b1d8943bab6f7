//! A provider that misbehaves to order, down to single bytes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::model::{Block, Message, ModelChunk, ModelFault, ModelRequest};
use futures::TryStreamExt;
use models::{Anthropic, ApiKey, ModelOptions, OpenAi, ProviderKind, ProviderOptions};
use outbound::OutboundOptions;
use ports::Model;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const KEY: &str = "sk-very-secret-0123456789";

/// What the stub does with one request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Sends these bytes, as one packet if the system lets it.
    Send(Vec<u8>),
    /// Sends this piece again and again until as many bytes were sent or nobody listens.
    Flood(Vec<u8>, usize),
    /// Says nothing more, but stays.
    Hold,
    /// Closes the connection.
    Close,
}

/// A running stub: one list of acts for each request, in order.
pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    requests: Vec<(String, Value)>,
    connections: usize,
    flooded: usize,
}

impl Stub {
    pub(crate) async fn start(script: Vec<Vec<Act>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let script = Arc::new(Mutex::new(script.into_iter()));
        let record = seen.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                socket.set_nodelay(true).unwrap();
                record.lock().unwrap().connections += 1;
                let (record, script) = (record.clone(), script.clone());
                tokio::spawn(async move {
                    let next = move || script.lock().unwrap().next();
                    // An error here is the client going away, which is its right.
                    let _ = serve(socket, next, &record).await;
                });
            }
        });
        Self { address, seen }
    }

    /// A stub that answers one request with these events, and ends properly.
    pub(crate) async fn streaming(events: &[Value]) -> Self {
        Self::start(vec![vec![Act::Send(whole_stream(events))]]).await
    }

    pub(crate) fn options(&self) -> ProviderOptions {
        ProviderOptions {
            base_url: Some(format!("http://{}/v1", self.address).parse().unwrap()),
            api_key: Some(ApiKey::new(KEY)),
            allow_private: true,
            ..ProviderOptions::default()
        }
    }

    /// The same for a provider that speaks this, which knows what its model can write.
    pub(crate) fn options_in(&self, dialect: Dialect) -> ProviderOptions {
        let small =
            ModelOptions::Described { name: "small".to_owned(), context_tokens: None, output_tokens: Some(1_000) };
        ProviderOptions { kind: dialect.kind(), models: Some(vec![small]), ..self.options() }
    }

    pub(crate) fn provider(&self) -> Box<dyn Model> {
        provider(&self.options())
    }

    /// What the model says to `hello`.
    pub(crate) async fn reply(&self) -> Result<Vec<ModelChunk>, ModelFault> {
        ask(&*self.provider()).await
    }

    pub(crate) fn bodies(&self) -> Vec<Value> {
        let seen = self.seen.lock().unwrap();
        seen.requests.iter().map(|(_, body)| body.clone()).collect()
    }

    pub(crate) fn heads(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.requests.iter().map(|(head, _)| head.clone()).collect()
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    pub(crate) fn flooded(&self) -> usize {
        self.seen.lock().unwrap().flooded
    }
}

pub(crate) fn provider(options: &ProviderOptions) -> Box<dyn Model> {
    let outbound = OutboundOptions::default();
    match options.kind {
        ProviderKind::Anthropic => Box::new(Anthropic::new("mock", options, &outbound).unwrap()),
        _ => Box::new(OpenAi::new("mock", options, &outbound).unwrap()),
    }
}

/// What a provider speaks. All faults are the same in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Chat completions.
    Chat,
    /// The Messages API.
    Messages,
}

impl Dialect {
    pub(crate) const ALL: [Self; 2] = [Self::Chat, Self::Messages];

    fn kind(self) -> ProviderKind {
        match self {
            Self::Chat => ProviderKind::Openai,
            Self::Messages => ProviderKind::Anthropic,
        }
    }

    /// An event with more text.
    pub(crate) fn said(self, text: &str) -> Vec<u8> {
        event(&match self {
            Self::Chat => said(text),
            Self::Messages => block_delta(0, json!({"type": "text_delta", "text": text})),
        })
    }

    /// The event with which the `index`th tool call begins.
    pub(crate) fn called(self, index: usize) -> Vec<u8> {
        event(&match self {
            Self::Chat => json!({"choices": [{"delta": {"tool_calls": [{"index": index, "id": "a"}]}}]}),
            Self::Messages => block_start(index, json!({"type": "tool_use", "id": "a", "name": "add", "input": {}})),
        })
    }

    /// The events that end an answer well.
    pub(crate) fn ending(self) -> Vec<u8> {
        match self {
            Self::Chat => [event(&finished("stop")), DONE.to_vec()].concat(),
            Self::Messages => [event(&stopped("end_turn")), event(&json!({"type": "message_stop"}))].concat(),
        }
    }

    /// An error in place of the rest of the answer.
    pub(crate) fn broken(self, error: Value) -> Vec<u8> {
        event(&json!({"type": "error", "error": error}))
    }
}

/// A block of a message begins.
pub(crate) fn block_start(index: usize, block: Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

/// More of a block.
pub(crate) fn block_delta(index: usize, delta: Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

/// A message's content is over.
pub(crate) fn stopped(reason: &str) -> Value {
    json!({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 3}})
}

pub(crate) fn hello() -> ModelRequest {
    ModelRequest {
        model: "small".to_owned(),
        system: None,
        messages: vec![Arc::new(Message::User { content: vec![Block::text("hello")] })],
        tools: vec![],
        output_schema: None,
        ..ModelRequest::default()
    }
}

/// Asks, with a deadline that only a hang meets.
pub(crate) async fn ask(provider: &dyn Model) -> Result<Vec<ModelChunk>, ModelFault> {
    let asking = async { provider.stream(hello()).await?.try_collect().await };
    tokio::time::timeout(Duration::from_secs(30), asking).await.expect("a call must end")
}

/// The whole text of an answer.
pub(crate) fn text(chunks: &[ModelChunk]) -> String {
    let texts = chunks.iter().filter_map(|chunk| match chunk {
        ModelChunk::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// An event with more text.
pub(crate) fn said(text: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]})
}

/// The event that ends the answer's content.
pub(crate) fn finished(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

pub(crate) fn event(event: &Value) -> Vec<u8> {
    format!("data: {event}\n\n").into_bytes()
}

pub(crate) const DONE: &[u8] = b"data: [DONE]\n\n";

/// The head of an answer in chunks.
pub(crate) fn stream_head() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".to_vec()
}

/// One HTTP chunk.
pub(crate) fn chunk(data: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", data.len()).into_bytes();
    chunk.extend_from_slice(data);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

pub(crate) const END: &[u8] = b"0\r\n\r\n";

/// Head, events, end mark, and the end of the body.
pub(crate) fn whole_stream(events: &[Value]) -> Vec<u8> {
    let mut bytes = stream_head();
    for data in events {
        bytes.extend(chunk(&event(data)));
    }
    bytes.extend(chunk(DONE));
    bytes.extend_from_slice(END);
    bytes
}

/// A whole answer of this status.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Vec<Act> {
    let length = body.len();
    vec![Act::Send(format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}").into_bytes())]
}

async fn serve(socket: TcpStream, next: impl Fn() -> Option<Vec<Act>>, record: &Mutex<Seen>) -> std::io::Result<()> {
    let (read, mut write) = socket.into_split();
    let mut read = BufReader::new(read);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if read.read_line(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
        });
        let mut body = vec![0; length.unwrap_or(0)];
        read.read_exact(&mut body).await?;
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        record.lock().unwrap().requests.push((head, body));

        for act in next().expect("a reply for each request") {
            match act {
                Act::Send(bytes) => {
                    write.write_all(&bytes).await?;
                    // Gives the client's task a turn, so that packets stay apart.
                    tokio::task::yield_now().await;
                }
                Act::Flood(piece, total) => {
                    let mut sent = 0;
                    while sent < total {
                        write.write_all(&piece).await?;
                        sent += piece.len();
                        record.lock().unwrap().flooded += piece.len();
                    }
                }
                Act::Hold => std::future::pending().await,
                Act::Close => return Ok(()),
            }
        }
    }
}
