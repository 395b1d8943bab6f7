//! TLS with an authority of one's own.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;
use http::{Method, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use outbound::{Outbound, OutboundError, OutboundOptions, Request};
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Barrier, Notify};
use tokio_rustls::TlsAcceptor;

/// A server's side, and the file with the authority that vouches for it.
fn authority(protocols: &[&str]) -> (TlsAcceptor, NamedTempFile) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let ca_file = NamedTempFile::new().unwrap();
    std::fs::write(ca_file.path(), made.cert.pem()).unwrap();
    (TlsAcceptor::from(Arc::new(config)), ca_file)
}

/// A client that trusts these authorities.
fn trusting(ca_file: Option<&NamedTempFile>) -> Outbound {
    let ca_file = ca_file.map(|file| file.path().to_owned());
    let options = OutboundOptions { allow: vec!["localhost".to_owned()], ca_file, ..OutboundOptions::default() };
    Outbound::new(&options).unwrap()
}

fn get_of(port: u16) -> Request {
    Request::new(Method::GET, format!("https://localhost:{port}/").parse().unwrap())
}

#[tokio::test]
async fn an_authority_must_be_known() {
    let (acceptor, ca_file) = authority(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            // A client that does not trust us breaks the handshake off.
            let Ok(mut tls) = acceptor.accept(socket).await else { continue };
            let mut request = [0; 4096];
            let _ = tls.read(&mut request).await;
            let _ = tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
            let _ = tls.shutdown().await;
        }
    });

    let answer = trusting(Some(&ca_file)).send(get_of(port)).await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), "hi");
    let error = trusting(None).send(get_of(port)).await.unwrap_err();
    assert!(matches!(error, OutboundError::NotReached { .. }), "{error}");
}

/// A server of HTTP/2 that takes so many calls at once on a connection, and how many connections
/// it got so far. It answers with what `told` makes of a request; from `frozen` on, connections
/// that it has stay open and are never heard of again.
async fn serving_http2<F>(
    at_once: u32,
    told: impl Fn(http::Request<Incoming>) -> F + Clone + Send + 'static,
    frozen: Arc<Notify>,
) -> (u16, NamedTempFile, Arc<AtomicUsize>)
where
    F: Future<Output = String> + Send + 'static,
{
    let (acceptor, ca_file) = authority(&["h2", "http/1.1"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            let (acceptor, told, frozen) = (acceptor.clone(), told.clone(), Arc::clone(&frozen));
            tokio::spawn(async move {
                // A client may find that it needs no further connection.
                let Ok(tls) = acceptor.accept(socket).await else { return };
                let answer = service_fn(move |request| {
                    let told = told(request);
                    async move { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(told.await)))) }
                });
                let mut server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                server.max_concurrent_streams(at_once);
                let mut served = pin!(server.serve_connection(TokioIo::new(tls), answer));
                tokio::select! {
                    _ = &mut served => {}
                    () = frozen.notified() => std::future::pending().await,
                }
            });
        }
    });
    (port, ca_file, connections)
}

#[tokio::test]
async fn calls_share_a_connection_where_the_server_speaks_http2() {
    let told = |request: http::Request<Incoming>| async move { format!("{:?} {}", request.version(), request.uri()) };
    let (port, ca_file, connections) = serving_http2(100, told, Arc::default()).await;
    let outbound = trusting(Some(&ca_file));
    let first = outbound.send(get_of(port)).await.unwrap();
    assert_eq!(first.bytes().await.unwrap(), format!("HTTP/2.0 https://localhost:{port}/"));
    for _ in 0..3 {
        let calls = futures::future::try_join_all((0..5).map(|_| outbound.send(get_of(port)))).await.unwrap();
        for answer in calls {
            assert_eq!(answer.bytes().await.unwrap(), format!("HTTP/2.0 https://localhost:{port}/"));
        }
    }
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

/// What answers when so many calls are under way.
fn when_together(calls: usize) -> impl Fn(http::Request<Incoming>) -> BoxFuture<'static, String> + Clone + Send {
    let all_are_here = Arc::new(Barrier::new(calls));
    move |request| {
        let all_are_here = Arc::clone(&all_are_here);
        Box::pin(async move {
            if request.uri().path() == "/together" {
                all_are_here.wait().await;
            }
            "hi".to_owned()
        })
    }
}

async fn call_together(outbound: &Outbound, port: u16, calls: usize) {
    let together = || Request::new(Method::GET, format!("https://localhost:{port}/together").parse().unwrap());
    let calls = futures::future::try_join_all((0..calls).map(|_| outbound.send(together()))).await.unwrap();
    for answer in calls {
        assert_eq!(answer.bytes().await.unwrap(), "hi");
    }
}

#[tokio::test]
async fn calls_that_a_connection_has_no_room_for_get_another() {
    let (port, ca_file, connections) = serving_http2(3, when_together(7), Arc::default()).await;
    let outbound = trusting(Some(&ca_file));
    // It says on a connection how many calls it takes there.
    outbound.send(get_of(port)).await.unwrap().bytes().await.unwrap();
    call_together(&outbound, port, 7).await;
    call_together(&outbound, port, 7).await;
    // One was there, and the four calls beyond its room each found no other.
    let connections = connections.load(Ordering::Relaxed);
    assert!((3..=5).contains(&connections), "{connections}");
}

#[tokio::test]
async fn no_more_shared_connections_are_kept_than_others() {
    let (port, ca_file, connections) = serving_http2(1, when_together(20), Arc::default()).await;
    let outbound = trusting(Some(&ca_file));
    call_together(&outbound, port, 20).await;
    assert_eq!(connections.load(Ordering::Relaxed), 20);
    call_together(&outbound, port, 20).await;
    assert_eq!(connections.load(Ordering::Relaxed), 24, "sixteen were kept");
}

#[tokio::test]
async fn a_connection_that_died_without_a_word_fails_its_calls_and_no_further_one() {
    let frozen = Arc::new(Notify::new());
    let told = |_| async { "hi".to_owned() };
    let (port, ca_file, connections) = serving_http2(100, told, Arc::clone(&frozen)).await;
    let options = OutboundOptions { ca_file: Some(ca_file.path().to_owned()), ..OutboundOptions::default() };
    // A provider may take as long as it likes.
    let outbound = Outbound::for_provider(true, &options).unwrap();
    assert_eq!(outbound.send(get_of(port)).await.unwrap().bytes().await.unwrap(), "hi");

    frozen.notify_waiters();
    tokio::time::pause();
    let error = outbound.send(get_of(port)).await.unwrap_err();
    assert!(matches!(error, OutboundError::NoAnswer { .. }), "{error}");
    tokio::time::resume();
    assert_eq!(outbound.send(get_of(port)).await.unwrap().bytes().await.unwrap(), "hi");
    assert_eq!(connections.load(Ordering::Relaxed), 2);
}
