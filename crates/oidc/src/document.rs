//! What an issuer serves about itself: where it is asked, and the keys that it signs with.

use std::sync::Arc;

use domain::Timestamp;
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, IssuerUrl, ProviderMetadata};
use ports::IssuerFault;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::fault;
use crate::transport::Transport;

/// How long it is remembered.
const FRESH_SECONDS: i64 = 60 * 60;

/// What is read of a document besides what the core of the protocol knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Besides {
    /// Whether each answer says whom it is from (RFC 9207), so that one which does not is
    /// another's.
    #[serde(default)]
    pub(crate) authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Besides {}

pub(crate) type Document = ProviderMetadata<
    Besides,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What an issuer served, and when.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) document: Document,
    read_at: Timestamp,
}

impl Known {
    /// Reads what the issuer serves, its keys too.
    pub(crate) async fn read(
        issuer: &IssuerUrl,
        transport: &Transport,
        needs_tls: bool,
        now: Timestamp,
    ) -> Result<Arc<Self>, IssuerFault> {
        let document = Document::discover_async(issuer.clone(), transport).await.map_err(fault::of_document)?;
        check_endpoints(&document, needs_tls).map_err(|why| IssuerFault::Unreachable(why.to_owned()))?;
        Ok(Arc::new(Self { document, read_at: now }))
    }

    /// A clock that was set back makes nothing last longer.
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        now.duration_since(self.read_at).abs().as_secs() < FRESH_SECONDS
    }
}

/// Browsers are sent to what the document names, and secrets too.
fn check_endpoints(document: &Document, needs_tls: bool) -> Result<(), &'static str> {
    let token = document.token_endpoint().ok_or("its document names no token_endpoint")?.url();
    let people = document.userinfo_endpoint().map(|endpoint| endpoint.url());
    let named = [Some(document.authorization_endpoint().url()), Some(token), Some(document.jwks_uri().url()), people];
    let is_good = |url: &Url| url.scheme() == "https" || (!needs_tls && url.scheme() == "http");
    match named.into_iter().flatten().all(is_good) {
        true => Ok(()),
        false => Err("its document names an address without TLS, which it may only with `allow_private`"),
    }
}
