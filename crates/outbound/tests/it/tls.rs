//! TLS with an authority of one's own.

use std::sync::Arc;

use http::Method;
use outbound::{Outbound, OutboundError, OutboundOptions, Request};
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

#[tokio::test]
async fn an_authority_must_be_known() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
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

    let ca_file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(ca_file.path(), made.cert.pem()).unwrap();
    let call = async |ca_file: Option<std::path::PathBuf>| {
        let options = OutboundOptions { allow: vec!["localhost".to_owned()], ca_file, ..OutboundOptions::default() };
        let url = format!("https://localhost:{port}/").parse().unwrap();
        Outbound::new(&options).unwrap().send(Request::new(Method::GET, url)).await
    };
    let answer = call(Some(ca_file.path().to_owned())).await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), "hi");
    let error = call(None).await.unwrap_err();
    assert!(matches!(error, OutboundError::NotReached { .. }), "{error}");
}
