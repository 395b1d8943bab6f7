//! OpenAPI documents: what each of them says of its API, and how it is served.

use std::sync::{Arc, OnceLock};

use axum::http::header;
use axum::routing::{MethodRouter, get};
use bytes::Bytes;
use utoipa::openapi::security::{SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Info, License, OpenApi, Server};

/// What a document says of its API.
pub struct About {
    /// What it is called.
    pub title: &'static str,
    /// Its version.
    pub version: &'static str,
    /// A sentence.
    pub description: &'static str,
    /// What the paths begin with, if they do not say it themselves.
    pub base: Option<&'static str>,
    /// What a key is called, and how it is sent.
    pub key: (&'static str, SecurityScheme),
}

impl About {
    /// The beginning of a document, which brings along what the operations' own answers do not.
    pub fn begin(self, mut document: OpenApi) -> OpenApi {
        let mut license = License::new("Apache-2.0");
        license.identifier = Some("Apache-2.0".into());
        let mut info = Info::new(self.title, self.version);
        info.description = Some(self.description.into());
        info.license = Some(license);
        let (key, scheme) = self.key;
        document.info = info;
        document.servers = self.base.map(|base| vec![Server::new(base)]);
        document.security = Some(vec![SecurityRequirement::new::<&str, [&str; 0], &str>(key, [])]);
        document.components.get_or_insert_default().add_security_scheme(key, scheme);
        document
    }
}

/// Serves a document. No key is needed. It is written when somebody first asks for it: most
/// servers are never asked, and need neither the time nor the memory.
pub fn serve<S: Clone + Send + Sync + 'static>(document: fn() -> OpenApi) -> MethodRouter<S> {
    // Texts and maps with texts for keys: writing them as JSON does not fail.
    let write = move || serde_json::to_vec(&document()).map(Bytes::from).unwrap_or_default();
    let bytes = Arc::new(OnceLock::new());
    get(async move || {
        let bytes: Bytes = bytes.get_or_init(write).clone();
        ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], bytes)
    })
}
