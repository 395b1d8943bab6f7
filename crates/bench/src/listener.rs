//! One stream on the bare socket: a thousand of them share the cores with what they listen to,
//! and what they take is missing there.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use hyper::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// More than a head takes, and than several tokens do.
const BUFFER: usize = 4 * 1024;

/// What is answered to one request, as it stands on the wire.
pub(crate) struct Listener {
    connection: TcpStream,
    buffer: Box<[u8]>,
    /// How much of the body came with the head, and where it begins.
    begun: std::ops::Range<usize>,
}

impl Listener {
    /// Asks. The head has arrived when this returns.
    pub(crate) async fn ask(address: SocketAddr, key: &str, method: Method, path: &str, body: Bytes) -> Result<Self> {
        let mut connection = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
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
        let mut buffer = vec![0; BUFFER].into_boxed_slice();
        let mut length = 0;
        loop {
            let read = connection.read(&mut buffer[length..]).await?;
            length += read;
            let head = buffer[..length].windows(4).position(|bytes| bytes == b"\r\n\r\n");
            match head {
                Some(end) if buffer.starts_with(b"HTTP/1.1 200 ") => {
                    return Ok(Self { connection, buffer, begun: end + 4..length });
                }
                None if read > 0 => {}
                _ => bail!("{path} answered no stream: {}", String::from_utf8_lossy(&buffer[..length])),
            }
        }
    }

    /// The bytes that came next, the sizes of chunks between them; none at the end.
    pub(crate) async fn next(&mut self) -> Result<&[u8]> {
        if !self.begun.is_empty() {
            return Ok(&self.buffer[std::mem::take(&mut self.begun)]);
        }
        let read = self.connection.read(&mut self.buffer).await?;
        Ok(&self.buffer[..read])
    }
}
