//! The model hub: plain HTTP with byte ranges.

use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Client, Response, StatusCode};

use super::partial::Partial;
use super::{Progress, SourceError};

/// Those without a way to the hub should not wait long for the next source.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The hub redirects once or twice before it answers.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a connection may break without having brought a byte.
const FRUITLESS_MAX: u32 = 2;

/// Fetches the rest of the file, taking the connection up again where it broke.
pub(super) async fn fill(url: &str, partial: &mut Partial, progress: Progress<'_>) -> Result<(), SourceError> {
    let client = client()?;
    let mut fruitless = 0;
    while !partial.is_whole() {
        let before = partial.len();
        let broken = match fetch(&client, url, partial, progress).await {
            Ok(()) if partial.is_whole() => return Ok(()),
            Ok(()) => "the connection closed too early".to_owned(),
            Err(Broken::Again(why)) => why,
            Err(Broken::Final(error)) => return Err(error),
        };
        if partial.len() > before {
            fruitless = 0;
            continue;
        }
        fruitless += 1;
        if before == 0 || fruitless == FRUITLESS_MAX {
            return Err(SourceError::Failed(broken));
        }
    }
    Ok(())
}

/// Whether it may help to ask once more.
enum Broken {
    Again(String),
    Final(SourceError),
}

impl<E: Into<SourceError>> From<E> for Broken {
    fn from(error: E) -> Self {
        Broken::Final(error.into())
    }
}

async fn fetch(client: &Client, url: &str, partial: &mut Partial, progress: Progress<'_>) -> Result<(), Broken> {
    let from = partial.len();
    let asked = client.get(url).header(RANGE, format!("bytes={from}-")).send();
    let mut response = match tokio::time::timeout(ANSWER_TIMEOUT, asked).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return Err(Broken::Again(text_of(&error))),
        Err(_) => return Err(Broken::Again("it did not answer in time".to_owned())),
    };
    match response.status() {
        StatusCode::PARTIAL_CONTENT if begins_at(&response, from) => {}
        StatusCode::OK => partial.clear()?,
        // Another file than the one this began with.
        StatusCode::RANGE_NOT_SATISFIABLE if from > 0 => {
            partial.clear()?;
            return Err(Broken::Again("it does not know that part of the file".to_owned()));
        }
        status => return Err(SourceError::Failed(format!("it answered {status}")).into()),
    }
    loop {
        match response.chunk().await {
            Ok(Some(bytes)) => partial.append(&bytes, progress)?,
            Ok(None) => return Ok(()),
            Err(error) => return Err(Broken::Again(text_of(&error))),
        }
    }
}

fn begins_at(response: &Response, from: u64) -> bool {
    response
        .headers()
        .get(CONTENT_RANGE)
        .and_then(|range| range.to_str().ok())
        .and_then(|range| range.strip_prefix("bytes "))
        .and_then(|range| range.split_once('-'))
        .is_some_and(|(start, _)| start.parse() == Ok(from))
}

fn client() -> Result<Client, SourceError> {
    // The server has done this in its `main`; the repo chores and tests come here without.
    // A second installation changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(SILENCE_TIMEOUT)
        .user_agent(concat!("sortie/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| SourceError::Failed(text_of(&error)))
}

/// The error with its causes: reqwest's own text only says that something went wrong.
fn text_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
