//! TLS from a certificate and a key file.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::pem::{Error as PemError, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::fault::StartError;

/// The one cryptography provider of the process. Called first in `main`; a second call
/// changes nothing.
pub fn install_crypto() {
    // The only error is that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Reads certificate and key. Both files are checked here, so that a mistake is a start
/// error and not the first client's.
pub(crate) fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, StartError> {
    let fault = |path: &Path, why: String| StartError::Tls { path: path.to_owned(), why };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
    let chain: Vec<CertificateDer<'static>> = chain.map_err(|error| fault(certificate, words(&error)))?;
    if chain.is_empty() {
        return Err(fault(certificate, "no certificate is in this file".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| fault(key, words(&error)))?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, private);
    let mut config = config.map_err(|error| match error {
        rustls::Error::InvalidCertificate(_) => fault(certificate, format!("cannot be used: {error}")),
        rustls::Error::InconsistentKeys(_) => fault(key, "does not fit the certificate".to_owned()),
        _ => fault(key, format!("cannot be used: {error}")),
    })?;
    config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The name of HTTP/2 in the handshake.
pub(crate) const H2: &[u8] = b"h2";

fn words(error: &PemError) -> String {
    match error {
        PemError::NoItemsFound => "nothing of the kind is in this file".to_owned(),
        PemError::Io(error) => error.to_string(),
        other => format!("not a PEM file: {other}"),
    }
}
