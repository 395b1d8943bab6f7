//! Request bodies: read within bounds, and read as JSON with faults that name the field.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use domain::OrgId;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::auth::Caller;

/// How long a body may take to arrive.
const ARRIVES_WITHIN: Duration = Duration::from_secs(60);

/// Bytes that a body may have without being counted among the large ones.
const USUAL_BYTES: usize = 64 << 10;
/// Large bodies that are read at once, whoever sends them; the others wait within their time.
/// What bodies take of memory while they arrive is bounded by it.
const LARGE_AT_ONCE: usize = 32;
/// Those of one organization, so that it holds up itself first when it is slow.
const LARGE_AT_ONCE_PER_ORG: usize = 8;
static LARGE: LazyLock<Places> = LazyLock::new(|| Places::new(LARGE_AT_ONCE, LARGE_AT_ONCE_PER_ORG));

/// Places for large bodies.
struct Places {
    all: Semaphore,
    per_org: usize,
    of_orgs: Mutex<HashMap<OrgId, Weak<Semaphore>>>,
}

impl Places {
    fn new(all: usize, per_org: usize) -> Self {
        Self { all: Semaphore::new(all), per_org, of_orgs: Mutex::default() }
    }

    /// One of the organization's places first, then one of everybody's: whoever has used up
    /// their own stands in nobody's way.
    async fn take(&self, org: Option<OrgId>) -> Option<Place<'_>> {
        let own = match org {
            Some(org) => Some(self.of(org).acquire_owned().await.ok()?),
            None => None,
        };
        Some(Place { _own: own, _shared: self.all.acquire().await.ok()? })
    }

    fn of(&self, org: OrgId) -> Arc<Semaphore> {
        let mut of_orgs = self.of_orgs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = of_orgs.get(&org).and_then(Weak::upgrade) {
            return places;
        }
        of_orgs.retain(|_, places| places.strong_count() > 0);
        let places = Arc::new(Semaphore::new(self.per_org));
        of_orgs.insert(org, Arc::downgrade(&places));
        places
    }
}

/// A place, held while a large body is read.
struct Place<'a> {
    _own: Option<OwnedSemaphorePermit>,
    _shared: SemaphorePermit<'a>,
}

/// Why a body was not taken. The façade renders it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It is larger than it may be.
    #[error("the request body is larger than {max_bytes} bytes")]
    TooLarge {
        /// How large it may be.
        max_bytes: usize,
    },
    /// It did not arrive in time.
    #[error("the request body did not arrive within {} s", ARRIVES_WITHIN.as_secs())]
    TooSlow,
    /// The connection broke off.
    #[error("the request body broke off")]
    BrokenOff,
    /// It is not said to be JSON.
    #[error("the request body must be JSON, with the header content-type: application/json")]
    NotSaidToBeJson,
    /// It is not JSON at all.
    #[error("the request body is not JSON: {message}")]
    NotJson {
        /// What is wrong and where.
        message: String,
    },
    /// A field is missing or of another kind than it must be.
    #[error("{path}: {message}")]
    BadField {
        /// Which, as in `messages[0].role`; empty for the body as a whole.
        path: String,
        /// What is wrong with it: `required`.
        message: String,
    },
}

/// How a JSON body is read.
#[derive(Debug, Clone, Copy)]
pub struct JsonRules {
    /// How large it may be.
    pub max_bytes: usize,
    /// Whether nothing at all is read as `{}`.
    pub may_be_empty: bool,
}

/// Reads a request's body as JSON.
///
/// # Errors
/// See [`Rejection`].
pub async fn json<T: DeserializeOwned>(request: Request, rules: JsonRules) -> Result<T, Rejection> {
    let sender = sender(&request);
    let (parts, body) = request.into_parts();
    let bytes = read(body, rules.max_bytes, sender).await?;
    if bytes.is_empty() && rules.may_be_empty {
        return parse_json(b"{}");
    }
    if !is_json(&parts.headers) {
        return Err(Rejection::NotSaidToBeJson);
    }
    parse_json(&bytes)
}

/// Whose request it is, as far as that is known.
pub fn sender(request: &Request) -> Option<OrgId> {
    request.extensions().get::<Caller>().map(|caller| caller.ctx().org)
}

/// The same request with its body read, for forms, which are taken apart afterwards.
///
/// # Errors
/// See [`Rejection`].
pub async fn arrived(request: Request, max_bytes: usize) -> Result<Request, Rejection> {
    let sender = sender(&request);
    let (parts, body) = request.into_parts();
    let bytes = read(body, max_bytes, sender).await?;
    Ok(Request::from_parts(parts, bytes.into()))
}

/// Reads a whole body within a bound on its size and time, and on what its `sender` may have
/// read at once.
///
/// # Errors
/// See [`Rejection`].
pub async fn read(body: Body, max_bytes: usize, sender: Option<OrgId>) -> Result<Bytes, Rejection> {
    // What is said to be too large beforehand is not read at all.
    if axum::body::HttpBody::size_hint(&body).lower() > max_bytes as u64 {
        return Err(Rejection::TooLarge { max_bytes });
    }
    match tokio::time::timeout(ARRIVES_WITHIN, whole(body, max_bytes, LARGE.take(sender))).await {
        Ok(read) => read,
        Err(_) => Err(Rejection::TooSlow),
    }
}

/// Reads a whole body. What is larger than usual needs a place.
async fn whole(
    body: Body,
    max_bytes: usize,
    place: impl Future<Output = Option<Place<'_>>>,
) -> Result<Bytes, Rejection> {
    let mut body = Limited::new(body, max_bytes);
    let (mut pieces, mut length) = (Vec::new(), 0);
    let (mut free, mut place) = (Some(place), None);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| match error.is::<LengthLimitError>() {
            true => Rejection::TooLarge { max_bytes },
            false => Rejection::BrokenOff,
        })?;
        // Trailers mean nothing to us.
        let Ok(piece) = frame.into_data() else { continue };
        length += piece.len();
        pieces.push(piece);
        if length > USUAL_BYTES
            && let Some(free) = free.take()
        {
            // The places are never closed; without one there is nobody to be read for.
            place = Some(free.await.ok_or(Rejection::BrokenOff)?);
        }
    }
    drop(place);
    match pieces.as_mut_slice() {
        [only] => Ok(std::mem::take(only)),
        pieces => Ok(pieces.concat().into()),
    }
}

/// Reads a JSON object; a fault names the field it is in.
///
/// # Errors
/// [`Rejection::NotJson`] or [`Rejection::BadField`].
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Rejection> {
    // Serde would read an array as a struct too, field by field.
    let is_object = bytes.trim_ascii_start().first() == Some(&b'{');
    if !is_object && serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
        return Err(Rejection::BadField { path: String::new(), message: "must be a JSON object".to_owned() });
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        fault(&path, error.inner())
    })?;
    reader.end().map_err(|error| Rejection::NotJson { message: error.to_string() })?;
    Ok(value)
}

/// Whether the headers say that the body is JSON.
pub fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn fault(path: &str, error: &serde_json::Error) -> Rejection {
    let text = error.to_string();
    if !error.is_data() {
        return Rejection::NotJson { message: text };
    }
    // The place in the text says less than the path does.
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    // The name of a type of ours tells a client nothing.
    let plain = message.split_once("expected struct ").map(|(before, _)| format!("{before}expected an object"));
    let message = plain.as_deref().unwrap_or(message);
    let path = if path == "." { "" } else { path };
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    match missing {
        Some(field) if path.is_empty() => {
            Rejection::BadField { path: field.to_owned(), message: "required".to_owned() }
        }
        Some(field) => Rejection::BadField { path: format!("{path}.{field}"), message: "required".to_owned() },
        None => Rejection::BadField { path: path.to_owned(), message: message.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{FutureExt, StreamExt};
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Sent {
        name: String,
        #[serde(default)]
        messages: Vec<Message>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Message {
        role: String,
        count: Option<u8>,
    }

    fn refused(json: &str) -> (String, String) {
        match parse_json::<Sent>(json.as_bytes()).unwrap_err() {
            Rejection::BadField { path, message } => (path, message),
            other => ("-".to_owned(), other.to_string()),
        }
    }

    fn request(content_type: Option<&str>, body: &'static str) -> Request {
        let mut request = Request::new(Body::from(body));
        if let Some(content_type) = content_type {
            request.headers_mut().insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        }
        request
    }

    #[test]
    fn a_fault_names_the_field() {
        for (json, path, message) in [
            ("{}", "name", "required"),
            (r#"{"name":"a","messages":[{"role":"user"},{}]}"#, "messages[1].role", "required"),
            (r#"{"name":1}"#, "name", "invalid type: integer `1`, expected a string"),
            (
                r#"{"name":"a","messages":[{"role":"u","count":300}]}"#,
                "messages[0].count",
                "invalid value: integer `300`, expected u8",
            ),
            (r#"{"name":"a","messages":[7]}"#, "messages[0]", "invalid type: integer `7`, expected an object"),
            ("[1]", "", "must be a JSON object"),
            (" 7", "", "must be a JSON object"),
        ] {
            assert_eq!(refused(json), (path.to_owned(), message.to_owned()), "{json}");
        }
    }

    #[test]
    fn what_is_not_json_is_told_apart() {
        for json in ["", "{", r#"{"name":"a"} x"#, "\u{feff}{}", &"{\"a\":".repeat(10_000)] {
            let read = parse_json::<serde_json::Value>(json.as_bytes());
            assert!(matches!(read, Err(Rejection::NotJson { .. })), "{json:.20}");
        }
        assert!(matches!(parse_json::<Sent>(b"{\"name\":\"\xff\"}"), Err(Rejection::NotJson { .. })));
    }

    #[tokio::test]
    async fn the_content_type_must_say_json_unless_there_is_nothing() {
        let rules = JsonRules { max_bytes: 100, may_be_empty: true };
        let sent = async |content_type, body| json::<serde_json::Value>(request(content_type, body), rules).await;
        assert!(sent(Some("application/json"), "{}").await.is_ok());
        assert!(sent(Some("Application/JSON; charset=utf-8"), "{}").await.is_ok());
        assert_eq!(sent(Some("text/plain"), "{}").await, Err(Rejection::NotSaidToBeJson));
        assert_eq!(sent(None, "{}").await, Err(Rejection::NotSaidToBeJson));
        assert_eq!(sent(None, "").await, Ok(serde_json::json!({})));
        assert!(
            json::<serde_json::Value>(request(None, ""), JsonRules { may_be_empty: false, ..rules }).await.is_err()
        );
    }

    #[tokio::test]
    async fn a_body_is_bounded() {
        assert_eq!(read(Body::from(vec![0; 10]), 10, None).await.map(|bytes| bytes.len()), Ok(10));
        assert_eq!(read(Body::from(vec![0; 11]), 10, None).await, Err(Rejection::TooLarge { max_bytes: 10 }));
    }

    fn pieces(count: usize) -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
        futures::stream::iter((0..count).map(|_| Ok(Bytes::from(vec![b'x'; USUAL_BYTES / 2 + 1]))))
    }

    #[tokio::test]
    async fn large_bodies_wait_for_a_place_and_others_do_not() {
        let places = Places::new(1, 1);
        let max = 10 * USUAL_BYTES;
        let take = || places.take(None);
        let endless = Body::from_stream(pieces(2).chain(futures::stream::pending()));
        let mut held = Box::pin(whole(endless, max, take()));
        assert!(held.as_mut().now_or_never().is_none());
        let mut waiting = Box::pin(whole(Body::from_stream(pieces(3)), max, take()));
        assert!(waiting.as_mut().now_or_never().is_none(), "it waits for the place");
        let usual = whole(Body::from_stream(pieces(1)), max, take()).await;
        assert_eq!(usual.map(|bytes| bytes.len()), Ok(USUAL_BYTES / 2 + 1));
        drop(held);
        assert_eq!(waiting.await.map(|bytes| bytes.len()), Ok(3 * (USUAL_BYTES / 2 + 1)));
    }

    #[tokio::test]
    async fn a_slow_organization_holds_up_nobody_else() {
        let places = Places::new(3, 2);
        let (slow, other) = (OrgId(uuid::Uuid::from_u128(1)), OrgId(uuid::Uuid::from_u128(2)));
        let max = 10 * USUAL_BYTES;
        let endless = || Body::from_stream(pieces(2).chain(futures::stream::pending()));
        let mut held: Vec<_> = (0..8).map(|_| Box::pin(whole(endless(), max, places.take(Some(slow))))).collect();
        held.iter_mut().for_each(|held| assert!(held.as_mut().now_or_never().is_none()));
        let read = whole(Body::from_stream(pieces(3)), max, places.take(Some(other))).now_or_never();
        assert!(matches!(read, Some(Ok(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up() {
        let endless = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(read(endless, 10, None).await, Err(Rejection::TooSlow));
    }
}
