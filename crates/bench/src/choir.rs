//! A model endpoint for a thousand conversations at once: on each a token every 20 ms, and
//! each token says when it left.
//!
//! No conversation waits for another: their beats are spread over the 20 ms and stay so. Would
//! each count its 20 ms from its last token, a pause of the machine would bring all that were due
//! in it together, and they would stay together: an echo of that pause for the rest of the measure.
//!
//! One thread, since it shares the cores with what is measured.

mod http1;
mod http2;

use std::fmt::{self, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tempfile::NamedTempFile;
use tokio::runtime;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// Between two beats. On each of them one part of the choir has its token.
const BEAT: Duration = Duration::from_millis(1);
/// Beats between two tokens of a conversation.
const PACE: usize = 20;
/// Tokens of one answer: more than any measure listens to.
const TOKENS: usize = 3_000;
/// Stands on both sides of a token's time.
const MARK: u8 = b'~';
/// What an answer's head says of its body.
const EVENT_STREAM: &str = "text/event-stream";

/// What the endpoint speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Protocol {
    /// On bare sockets, a connection for each conversation, as model servers of one's own do.
    Http1,
    /// Within TLS, many conversations on a connection, as hosted models do.
    Http2,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        })
    }
}

/// The endpoint, which ends with the process.
pub(crate) struct Choir {
    pub(crate) base_url: String,
    /// Who vouches for it, where it speaks within TLS.
    authority: Option<NamedTempFile>,
}

/// Where those join the choir whose answer has begun.
type Door<V> = UnboundedSender<V>;

impl Choir {
    pub(crate) fn start(protocol: Protocol) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("starting the choir")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        epoch();
        match protocol {
            Protocol::Http1 => {
                on_a_thread(listener, http1::let_in)?;
                Ok(Self { base_url: format!("http://{address}/v1"), authority: None })
            }
            Protocol::Http2 => {
                let (acceptor, authority) = http2::authority()?;
                on_a_thread(listener, |listener, door| http2::let_in(listener, acceptor, door))?;
                Ok(Self { base_url: format!("https://{address}/v1"), authority: Some(authority) })
            }
        }
    }

    /// The file with who vouches for it, where it speaks within TLS.
    pub(crate) fn authority(&self) -> Option<&Path> {
        self.authority.as_ref().map(NamedTempFile::path)
    }
}

fn on_a_thread<V, D>(
    listener: TcpListener,
    let_in: impl FnOnce(tokio::net::TcpListener, Door<V>) -> D + Send + 'static,
) -> Result<()>
where
    V: Voice + Send + 'static,
    D: Future<Output = ()> + Send + 'static,
{
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("choir".to_owned()).spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("the runtime has an I/O driver");
            let (door, joined) = mpsc::unbounded_channel();
            tokio::spawn(let_in(listener, door));
            sing(joined).await;
        });
    })?;
    Ok(())
}

/// Who speaks an answer.
trait Voice {
    /// Sends a token; whether it was heard.
    fn speak(&mut self, token: &str) -> bool;
}

/// An answer in the making.
struct Singer<V> {
    voice: V,
    tokens_left: usize,
}

async fn sing<V: Voice>(mut joined: UnboundedReceiver<V>) {
    let mut parts: [Vec<Singer<V>>; PACE] = std::array::from_fn(|_| Vec::new());
    let mut token = String::new();
    let mut number = 0;
    loop {
        if parts.iter().all(Vec::is_empty) {
            let Some(first) = joined.recv().await else { return };
            join(&mut parts, first);
        }
        while let Ok(voice) = joined.try_recv() {
            join(&mut parts, voice);
        }
        // What a pause of the machine took is not caught up, but for the last token of each.
        number = (number + 1).max(beats_so_far().saturating_sub(PACE as u32));
        // The thread itself sleeps: the runtime's timers are coarser, and nothing else is to be done.
        thread::sleep((epoch() + BEAT * number).saturating_duration_since(Instant::now()));
        parts[number as usize % PACE].retain_mut(|singer| singer.sing(&mut token));
        // Connections send what was sung, and let in who came.
        tokio::task::yield_now().await;
    }
}

/// Into the smallest part, so that the beats are even.
fn join<V>(parts: &mut [Vec<Singer<V>>; PACE], voice: V) {
    if let Some(smallest) = parts.iter_mut().min_by_key(|part| part.len()) {
        smallest.push(Singer { voice, tokens_left: TOKENS });
    }
}

fn beats_so_far() -> u32 {
    (epoch().elapsed().as_micros() / BEAT.as_micros()) as u32
}

impl<V: Voice> Singer<V> {
    /// Whether there is more to sing, and somebody who listens.
    fn sing(&mut self, token: &mut String) -> bool {
        token.clear();
        let written = write!(
            token,
            "data: {{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"choir\",\"choices\":\
             [{{\"index\":0,\"delta\":{{\"content\":\"~{}~\"}},\"finish_reason\":null}}]}}\n\n",
            epoch().elapsed().as_micros()
        );
        self.tokens_left -= 1;
        written.is_ok() && self.voice.speak(token) && self.tokens_left > 0
    }
}

/// What the times of tokens are counted from.
fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

/// Finds tokens in the bytes of an answer, however they are wrapped and cut.
#[derive(Default)]
pub(crate) struct Ear {
    is_within: bool,
    micros: u64,
}

impl Ear {
    /// Calls `heard` with the departure of each token that ends in these bytes.
    pub(crate) fn listen(&mut self, bytes: &[u8], mut heard: impl FnMut(Instant)) {
        for byte in bytes {
            match byte {
                &MARK if self.is_within => {
                    self.is_within = false;
                    heard(epoch() + Duration::from_micros(self.micros));
                }
                &MARK => (self.is_within, self.micros) = (true, 0),
                b'0'..=b'9' if self.is_within => self.micros = self.micros * 10 + u64::from(byte - b'0'),
                _ => self.is_within = false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_heard_however_the_bytes_are_cut() {
        let text = b"{\"text\":\"~12~\"} a ~ b {\"text\":\"~345~\"}";
        for cut in 0..text.len() {
            let (mut ear, mut heard) = (Ear::default(), Vec::new());
            for piece in [&text[..cut], &text[cut..]] {
                ear.listen(piece, |left| heard.push((left - epoch()).as_micros()));
            }
            assert_eq!(heard, [12, 345], "cut at {cut}");
        }
    }
}
