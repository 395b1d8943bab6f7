//! What is refused, what is not reached, what stays unknown.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use http::{HeaderMap, Method};
use outbound::{Outbound, OutboundError, OutboundOptions, Request, Rest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const SHORT: Duration = Duration::from_millis(200);

/// Serves a router on this machine.
pub(crate) async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A client that may call these.
pub(crate) fn allowing(allow: &[&str]) -> Outbound {
    Outbound::new(&OutboundOptions {
        allow: allow.iter().map(|entry| (*entry).to_owned()).collect(),
        ..OutboundOptions::default()
    })
    .unwrap()
}

pub(crate) fn get_of(url: &str) -> Request {
    Request::new(Method::GET, url.parse().unwrap())
}

/// A server that takes a request and then does this.
async fn raw(answer: &'static [u8], then_hold: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let read = socket.read(&mut request).await.unwrap();
        assert!(read > 0);
        socket.write_all(answer).await.unwrap();
        if then_hold {
            std::future::pending::<()>().await;
        }
    });
    address
}

#[tokio::test]
async fn a_call_goes_out_and_its_answer_comes_back() {
    let echo = |headers: HeaderMap, body: Bytes| async move {
        let agent = headers["user-agent"].to_str().unwrap().to_owned();
        format!("{agent} sent {}", String::from_utf8_lossy(&body))
    };
    let address = serve(Router::new().route("/echo", post(echo))).await;
    let url = format!("http://localhost:{}/echo", address.port());
    let outbound = allowing(&["localhost"]);
    let request = Request::new(Method::POST, url.parse().unwrap()).body("hello");
    let response = outbound.send(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let body = response.bytes().await.unwrap();
    assert!(body.starts_with(b"sortie/") && body.ends_with(b" sent hello"), "{body:?}");
}

#[tokio::test]
async fn what_is_not_allowed_is_never_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let outbound = allowing(&["10.0.0.0/8", "localhost:1"]);
    for host in ["127.0.0.1", "localhost", "a.localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1"] {
        let url = format!("http://{host}:{port}/");
        let refused = outbound.send(get_of(&url)).await.unwrap_err();
        assert!(matches!(refused, OutboundError::NotAllowed { .. }), "{url}: {refused}");
        assert!(refused.nothing_was_sent());
        assert!(outbound.check_url(&url).is_err(), "{url}");
        assert!(outbound.check_resolved(&url).await.is_err(), "{url}");
    }
    let nobody = tokio::time::timeout(SHORT, listener.accept()).await;
    assert!(nobody.is_err(), "a refused call must not connect");
}

#[tokio::test]
async fn an_allowed_name_is_resolved_offline() {
    let outbound = allowing(&["localhost"]);
    assert!(outbound.check_resolved("http://localhost:9/").await.is_ok());
}

#[tokio::test]
async fn a_refused_connection_sends_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = allowing(&["127.0.0.1"]).send(get_of(&format!("http://{address}/"))).await.unwrap_err();
    assert!(matches!(error, OutboundError::NotReached { .. }), "{error}");
    assert!(error.nothing_was_sent());
}

#[tokio::test]
async fn a_connection_that_never_becomes_one_sends_nothing() {
    // TLS is asked for and nobody answers the handshake: the call ends by its own time.
    let address = raw(b"", true).await;
    let request = get_of(&format!("https://{address}/")).timeout(SHORT);
    let error = allowing(&["127.0.0.1"]).send(request).await.unwrap_err();
    assert!(matches!(error, OutboundError::NotReached { .. }), "{error}");
}

#[tokio::test]
async fn a_lost_or_missing_answer_leaves_it_open_what_happened() {
    let outbound = allowing(&["127.0.0.1"]);
    let call = async |address: SocketAddr| {
        let request = get_of(&format!("http://{address}/")).timeout(SHORT);
        let error = match outbound.send(request).await {
            Ok(response) => response.bytes().await.unwrap_err(),
            Err(error) => error,
        };
        assert!(!error.nothing_was_sent(), "{error}");
        error
    };
    let gone = call(raw(b"", false).await).await;
    assert!(matches!(gone, OutboundError::NoAnswer { .. }), "{gone}");
    let slow = call(raw(b"", true).await).await;
    assert!(matches!(slow, OutboundError::TimedOut { .. }), "{slow}");
    let cut = call(raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", false).await).await;
    assert!(matches!(cut, OutboundError::Cut { .. }), "{cut}");
    let stuck = call(raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", true).await).await;
    assert!(matches!(stuck, OutboundError::TimedOut { .. }), "{stuck}");

    let address = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", true).await;
    let request = get_of(&format!("http://{address}/")).idle_timeout(SHORT);
    let silent = outbound.send(request).await.unwrap().bytes().await.unwrap_err();
    assert!(matches!(silent, OutboundError::Silent { .. }), "{silent}");
    let request = get_of(&format!("http://{}/", raw(b"", true).await)).head_timeout(SHORT);
    let silent = outbound.send(request).await.unwrap_err();
    assert!(matches!(silent, OutboundError::Silent { .. }), "{silent}");
}

#[tokio::test]
async fn answers_are_bounded() {
    let big = || async { vec![b'x'; 100_000] };
    let address = serve(Router::new().route("/", get(big))).await;
    let outbound = allowing(&["127.0.0.1"]);
    let request = || get_of(&format!("http://{address}/")).bytes_max(50_000);

    let error = outbound.send(request()).await.unwrap().bytes().await.unwrap_err();
    assert!(matches!(error, OutboundError::TooLarge { max: 50_000, .. }), "{error}");
    let (begun, rest) = outbound.send(request()).await.unwrap().bytes_up_to(1_000).await;
    assert_eq!((begun.len(), rest), (1_000, Rest::Unread));
    let whole = outbound.send(request().bytes_max(100_000)).await.unwrap();
    assert_eq!(whole.bytes().await.unwrap().len(), 100_000);
}

#[tokio::test]
async fn headers_that_belong_to_the_connection_are_ours() {
    let host = |headers: HeaderMap| async move { headers["host"].to_str().unwrap().to_owned() };
    let address = serve(Router::new().route("/", get(host))).await;
    let mut headers = HeaderMap::new();
    headers.insert("host", "elsewhere.test".parse().unwrap());
    headers.insert("content-length", "7".parse().unwrap());
    headers.insert("transfer-encoding", "chunked".parse().unwrap());
    let request = get_of(&format!("http://{address}/")).headers(headers);
    let response = allowing(&["127.0.0.1"]).send(request).await.unwrap();
    assert_eq!(response.bytes().await.unwrap(), address.to_string().as_bytes());
}

#[tokio::test]
async fn a_provider_may_be_private_if_the_operator_says_so() {
    let address = serve(Router::new().route("/", get(|| async { "hi" }))).await;
    let options = OutboundOptions::default();
    let url = format!("http://{address}/");
    let open = Outbound::for_provider(true, &options).unwrap();
    assert_eq!(open.send(get_of(&url)).await.unwrap().bytes().await.unwrap(), "hi");
    let guarded = Outbound::for_provider(false, &options).unwrap();
    assert!(guarded.send(get_of(&url)).await.is_err());
}

#[test]
fn bad_options_are_named() {
    let allow = OutboundOptions { allow: vec!["*.example.com".to_owned()], ..OutboundOptions::default() };
    let message = Outbound::new(&allow).unwrap_err().to_string();
    assert!(message.contains("*.example.com"), "{message}");
    let ca_file = OutboundOptions { ca_file: Some("/no/such/file.pem".into()), ..OutboundOptions::default() };
    let message = Outbound::new(&ca_file).unwrap_err().to_string();
    assert!(message.contains("/no/such/file.pem"), "{message}");
}
