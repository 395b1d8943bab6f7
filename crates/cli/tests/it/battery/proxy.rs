//! Between a client and the server: a TCP proxy that cuts a connection after so many bytes.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A proxy for one reader. It ends with the test's runtime.
pub(super) struct Proxy {
    url: String,
    way: Arc<Way>,
}

struct Way {
    server: Mutex<SocketAddr>,
    /// Bytes of an answer that the next connections let through.
    allowed: AtomicUsize,
    cuts: AtomicUsize,
}

impl Proxy {
    /// Starts in front of the server at this address, cutting nothing.
    pub(super) async fn start(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let way = Way {
            server: Mutex::new(address_of(server)),
            allowed: AtomicUsize::new(usize::MAX),
            cuts: AtomicUsize::new(0),
        };
        let way = Arc::new(way);
        let shared = Arc::clone(&way);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let way = Arc::clone(&shared);
                tokio::spawn(async move { way.carry(client).await });
            }
        });
        Self { url, way }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// New connections go to the server at this address.
    pub(super) fn point_to(&self, server: &str) {
        *self.way.server.lock().unwrap_or_else(PoisonError::into_inner) = address_of(server);
    }

    /// New connections are cut after so many bytes of the answer.
    pub(super) fn cut_after(&self, bytes: usize) {
        self.way.allowed.store(bytes, Ordering::Relaxed);
    }

    /// How many connections were cut so far.
    pub(super) fn cuts(&self) -> usize {
        self.way.cuts.load(Ordering::Relaxed)
    }
}

impl Way {
    async fn carry(&self, client: TcpStream) {
        let allowed = self.allowed.load(Ordering::Relaxed);
        let address = *self.server.lock().unwrap_or_else(PoisonError::into_inner);
        // A server that is not there is as one that hangs up.
        let Ok(server) = TcpStream::connect(address).await else { return };
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let there = async {
            let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
            // The client has said all; the answer may still come.
            std::future::pending::<()>().await;
        };
        let back = async {
            let mut left = allowed;
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
                let passed = count.min(left);
                left -= passed;
                if to_client.write_all(&buffer[..passed]).await.is_err() {
                    return;
                }
                if left == 0 {
                    self.cuts.fetch_add(1, Ordering::Relaxed);
                    return;
                }
            }
        };
        // Whichever ends first: both connections are dropped, as by a broken line.
        tokio::select! {
            () = there => {}
            () = back => {}
        }
    }
}

fn address_of(url: &str) -> SocketAddr {
    url.trim_start_matches("http://").parse().expect("an address")
}
