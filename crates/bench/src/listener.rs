//! One stream on the bare socket: a thousand of them share the cores with what they listen to,
//! and what they take is missing there.

use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use hyper::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// More than a head takes, and what may come with it.
const BUFFER: usize = 4 * 1024;

/// What is answered to one request, as it stands on the wire.
pub(crate) struct Listener {
    pub(crate) connection: TcpStream,
    /// What of the body came with the head.
    pub(crate) begun: Vec<u8>,
}

impl Listener {
    /// Asks. The head has arrived when this returns.
    pub(crate) async fn ask(address: SocketAddr, key: &str, method: Method, path: &str, body: Bytes) -> Result<Self> {
        let connecting = tokio::net::TcpStream::connect(address).await;
        let mut connection = connecting.with_context(|| format!("connecting to {address}"))?;
        connection.set_nodelay(true)?;
        // To acknowledge each token at once would take as much time as to read it.
        #[cfg(target_os = "linux")]
        socket2::SockRef::from(&connection).set_tcp_quickack(false)?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        connection.write_all(&[head.as_bytes(), &body].concat()).await?;
        let mut answer = Vec::with_capacity(BUFFER);
        loop {
            let read = connection.read_buf(&mut answer).await?;
            let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            match head {
                Some(end) if answer.starts_with(b"HTTP/1.1 200 ") => {
                    return Ok(Self { connection: connection.into_std()?, begun: answer.split_off(end + 4) });
                }
                None if read > 0 => {}
                _ => bail!("{path} answered no stream: {}", String::from_utf8_lossy(&answer)),
            }
        }
    }
}
