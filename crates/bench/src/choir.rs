//! A model endpoint for a thousand conversations at once: on each a token every 20 ms, and
//! each token says when it left.
//!
//! No conversation waits for another: their beats are spread over the 20 ms and stay so. Would
//! each count its 20 ms from its last token, a pause of the machine would bring all that were due
//! in it together, and they would stay together: an echo of that pause for the rest of the measure.
//!
//! Written on the bare socket, since it shares the cores with what is measured.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::MissedTickBehavior;

/// Between two tokens of a conversation.
pub(crate) const PACE: Duration = Duration::from_millis(20);
/// Between the beats of a conversation and of the one begun after it: however many are open, they
/// are spread evenly (the golden section of [`PACE`]).
const APART: Duration = Duration::from_micros(12_361);
/// Tokens of one answer: more than any measure listens to.
const TOKENS: usize = 3_000;
/// Stands on both sides of a token's time.
const MARK: u8 = b'~';

/// Starts the endpoint, which ends with the process; its `base_url`.
pub(crate) async fn start() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("starting the choir")?;
    let address: SocketAddr = listener.local_addr()?;
    epoch();
    tokio::spawn(async move {
        let mut offset = Duration::ZERO;
        while let Ok((connection, _)) = listener.accept().await {
            offset += APART;
            offset = offset.checked_sub(PACE).unwrap_or(offset);
            // A listener that goes away in the middle is its own business.
            tokio::spawn(async move { sing(connection, offset).await });
        }
    });
    Ok(format!("http://{address}/v1"))
}

/// Answers one request, and closes.
async fn sing(mut connection: TcpStream, offset: Duration) -> Result<()> {
    connection.set_nodelay(true)?;
    read_request(&mut connection).await?;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    connection.write_all(head.as_bytes()).await?;
    // Begun in the past: the first at once, all others where the grid has them.
    let mut beat = tokio::time::interval_at((epoch() + offset).into(), PACE);
    beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    for _ in 0..TOKENS {
        beat.tick().await;
        let token = format!(
            "data: {{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"choir\",\"choices\":\
             [{{\"index\":0,\"delta\":{{\"content\":\"~{}~\"}},\"finish_reason\":null}}]}}\n\n",
            epoch().elapsed().as_micros()
        );
        connection.write_all(token.as_bytes()).await?;
    }
    Ok(())
}

async fn read_request(connection: &mut TcpStream) -> Result<()> {
    let mut request = Vec::with_capacity(2048);
    loop {
        if connection.read_buf(&mut request).await? == 0 {
            anyhow::bail!("the request broke off");
        }
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
