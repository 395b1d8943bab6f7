//! Each conversation on a bare socket of its own.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::{Door, EVENT_STREAM, Voice};

/// Within which a request is complete.
const REQUEST_WITHIN: Duration = Duration::from_secs(5);

/// Begins the answer to one request of each connection.
pub(super) async fn let_in(listener: TcpListener, door: Door<TcpStream>) {
    while let Ok((connection, _)) = listener.accept().await {
        let door = door.clone();
        tokio::spawn(async move {
            // A caller that breaks off is its own business.
            if let Ok(Ok(begun)) = timeout(REQUEST_WITHIN, begin(connection)).await {
                let _ = door.send(begun);
            }
        });
    }
}

async fn begin(mut connection: tokio::net::TcpStream) -> Result<TcpStream> {
    connection.set_nodelay(true)?;
    read_request(&mut connection).await?;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {EVENT_STREAM}\r\nconnection: close\r\n\r\n");
    connection.write_all(head.as_bytes()).await?;
    Ok(connection.into_std()?)
}

async fn read_request(connection: &mut tokio::net::TcpStream) -> Result<()> {
    let mut request = Vec::with_capacity(2048);
    loop {
        if connection.read_buf(&mut request).await? == 0 {
            bail!("the request broke off");
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

impl Voice for TcpStream {
    fn speak(&mut self, token: &str) -> bool {
        // One that takes no whole token in has not read thousands of them.
        self.write(token.as_bytes()).is_ok_and(|sent| sent == token.len())
    }
}
