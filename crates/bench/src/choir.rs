//! A model endpoint for a thousand conversations at once: on each a token every 20 ms, and
//! each token says when it left.
//!
//! No conversation waits for another: their beats are spread over the 20 ms and stay so. Would
//! each count its 20 ms from its last token, a pause of the machine would bring all that were due
//! in it together, and they would stay together: an echo of that pause for the rest of the measure.
//!
//! One thread and bare sockets, since it shares the cores with what is measured.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Between two beats. On each of them one part of the choir has its token.
const BEAT: Duration = Duration::from_millis(1);
/// Beats between two tokens of a conversation.
const PACE: usize = 20;
/// Tokens of one answer: more than any measure listens to.
const TOKENS: usize = 3_000;
/// Within which a request is complete.
const REQUEST_WITHIN: Duration = Duration::from_secs(5);
/// Stands on both sides of a token's time.
const MARK: u8 = b'~';

/// Starts the endpoint, which ends with the process; its `base_url`.
pub(crate) fn start() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").context("starting the choir")?;
    let address = listener.local_addr()?;
    epoch();
    let (joining, joined) = mpsc::channel();
    thread::Builder::new().name("choir-door".to_owned()).spawn(move || let_in(&listener, &joining))?;
    thread::Builder::new().name("choir".to_owned()).spawn(move || sing(&joined))?;
    Ok(format!("http://{address}/v1"))
}

/// Begins the answer to one request of each connection.
fn let_in(listener: &TcpListener, choir: &Sender<TcpStream>) {
    for connection in listener.incoming() {
        // A caller that breaks off is its own business.
        let Ok(connection) = connection.map_err(anyhow::Error::from).and_then(begin) else { continue };
        if choir.send(connection).is_err() {
            return;
        }
    }
}

fn begin(mut connection: TcpStream) -> Result<TcpStream> {
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(REQUEST_WITHIN))?;
    read_request(&mut connection)?;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    connection.write_all(head.as_bytes())?;
    connection.set_nonblocking(true)?;
    Ok(connection)
}

/// An answer in the making.
struct Voice {
    connection: TcpStream,
    tokens_left: usize,
}

fn sing(joined: &Receiver<TcpStream>) {
    let mut parts: [Vec<Voice>; PACE] = Default::default();
    let mut token = String::new();
    let mut number = 0;
    loop {
        if parts.iter().all(Vec::is_empty) {
            let Ok(first) = joined.recv() else { return };
            join(&mut parts, first);
        }
        joined.try_iter().for_each(|connection| join(&mut parts, connection));
        // What a pause of the machine took is not caught up, but for the last token of each.
        number = (number + 1).max(beats_so_far().saturating_sub(PACE as u32));
        thread::sleep((epoch() + BEAT * number).saturating_duration_since(Instant::now()));
        parts[number as usize % PACE].retain_mut(|voice| voice.sing(&mut token));
    }
}

/// Into the smallest part, so that the beats are even.
fn join(parts: &mut [Vec<Voice>; PACE], connection: TcpStream) {
    if let Some(smallest) = parts.iter_mut().min_by_key(|part| part.len()) {
        smallest.push(Voice { connection, tokens_left: TOKENS });
    }
}

fn beats_so_far() -> u32 {
    (epoch().elapsed().as_micros() / BEAT.as_micros()) as u32
}

impl Voice {
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
        // One that takes no whole token in has not read thousands of them.
        let is_heard = written.is_ok() && self.connection.write(token.as_bytes()).is_ok_and(|sent| sent == token.len());
        is_heard && self.tokens_left > 0
    }
}

fn read_request(connection: &mut TcpStream) -> Result<()> {
    let (mut request, mut buffer) = (Vec::with_capacity(2048), [0; 2048]);
    loop {
        let read = connection.read(&mut buffer)?;
        if read == 0 {
            anyhow::bail!("the request broke off");
        }
        request.extend_from_slice(&buffer[..read]);
        let Some(head) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(Ok(0), |length| length.trim().parse())?;
        if request.len() >= head + 4 + length {
            return Ok(());
        }
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
