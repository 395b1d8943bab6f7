//! TLS with an authority of one's own.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Method, Response};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use outbound::{Outbound, OutboundError, OutboundOptions, Request};
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
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

#[tokio::test]
async fn calls_share_a_connection_where_the_server_speaks_http2() {
    let (acceptor, ca_file) = authority(&["h2", "http/1.1"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            let tls = acceptor.accept(socket).await.unwrap();
            let told = service_fn(|request: http::Request<_>| async move {
                let told = format!("{:?} {}", request.version(), request.uri());
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(told))))
            });
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(async move { server.serve_connection(TokioIo::new(tls), told).await });
        }
    });

    let outbound = trusting(Some(&ca_file));
    for _ in 0..3 {
        let calls = futures::future::try_join_all((0..5).map(|_| outbound.send(get_of(port)))).await.unwrap();
        for answer in calls {
            assert_eq!(answer.bytes().await.unwrap(), format!("HTTP/2.0 https://localhost:{port}/"));
        }
    }
    // The first five found none there; all but one of theirs are closed again.
    assert!(connections.load(Ordering::Relaxed) <= 5);
}
