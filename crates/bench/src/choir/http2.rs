//! Many conversations on a connection, within TLS.

use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use h2::SendStream;
use h2::server::{Builder, SendResponse};
use hyper::{Request, Response, header};
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use tempfile::NamedTempFile;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{Door, EVENT_STREAM, Voice};

/// Conversations on a connection at once: as many as a caller wants.
const STREAMS_MAX: u32 = 10_000;

/// The endpoint's side of TLS, and the file with who vouches for it.
pub(super) fn authority() -> Result<(TlsAcceptor, NamedTempFile)> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).context("making a certificate")?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(anyhow::Error::msg)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    let file = NamedTempFile::new()?;
    std::fs::write(file.path(), made.cert.pem())?;
    Ok((TlsAcceptor::from(Arc::new(config)), file))
}

/// Begins the answers to all requests of each connection.
pub(super) async fn let_in(listener: TcpListener, acceptor: TlsAcceptor, door: Door<SendStream<Bytes>>) {
    while let Ok((connection, _)) = listener.accept().await {
        let (acceptor, door) = (acceptor.clone(), door.clone());
        // A caller that breaks off is its own business.
        tokio::spawn(async move { serve(connection, &acceptor, &door).await.ok() });
    }
}

async fn serve(connection: TcpStream, acceptor: &TlsAcceptor, door: &Door<SendStream<Bytes>>) -> Result<()> {
    connection.set_nodelay(true)?;
    let connection = acceptor.accept(connection).await?;
    let mut connection = Builder::new().max_concurrent_streams(STREAMS_MAX).handshake(connection).await?;
    while let Some(asked) = connection.accept().await {
        let (request, answer) = asked?;
        let door = door.clone();
        tokio::spawn(async move { begin(request, answer, &door).await.ok() });
    }
    Ok(())
}

async fn begin(
    request: Request<h2::RecvStream>,
    mut answer: SendResponse<Bytes>,
    door: &Door<SendStream<Bytes>>,
) -> Result<()> {
    let mut question = request.into_body();
    while let Some(part) = question.data().await {
        question.flow_control().release_capacity(part?.len())?;
    }
    let head = Response::builder().header(header::CONTENT_TYPE, EVENT_STREAM).body(())?;
    door.send(answer.send_response(head, false)?).ok().context("nobody sings any more")
}

impl Voice for SendStream<Bytes> {
    fn speak(&mut self, token: &str) -> bool {
        self.send_data(Bytes::copy_from_slice(token.as_bytes()), false).is_ok()
    }
}
