//! What strangers and slow clients can do to a listener.

use super::*;
use axum::routing::get;
use bytes::Bytes;
use futures::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn started(router: Router) -> (SocketAddr, Stop, tokio::task::JoinHandle<()>) {
    let listener = Listener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let (address, stop) = (listener.address().unwrap(), Stop::default());
    let served = tokio::spawn(listener.serve(router, stop.clone()));
    (address, stop, served)
}

async fn answer_to(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    // A server that refuses may reset what it did not read.
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

#[tokio::test]
async fn what_is_too_large_is_turned_away() {
    let router = Router::new().route("/", get(|| async { "hello" }));
    let (address, ..) = started(router).await;
    let get = |path: &str, header: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-a: {header}\r\n\r\n")
    };
    assert!(answer_to(address, &get("/", "a")).await.ends_with("hello"));
    let long = format!("/?{}", "a".repeat(ADDRESS_BYTES_MAX));
    let answer = answer_to(address, &get(&long, "a")).await;
    assert!(answer.starts_with("HTTP/1.1 414") && answer.ends_with("longer than 8192 bytes\n"), "{answer}");
    let answer = answer_to(address, &get("/", &"a".repeat(HEAD_BYTES_MAX))).await;
    assert!(answer.starts_with("HTTP/1.1 431") && answer.ends_with("larger than 65536 bytes\n"), "{answer}");
    // So large that it is not read.
    let answer = answer_to(address, &get("/", &"a".repeat(4 * HEAD_BYTES_MAX))).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_come_closes_the_connection() {
    let (address, ..) = started(Router::new()).await;
    for sent in ["", "GET / HTTP/1.1\r\nhost:"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
    }
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_end() {
    let (entered, is_entered) = tokio::sync::oneshot::channel();
    let (release, released) = tokio::sync::oneshot::channel::<()>();
    let held = std::sync::Mutex::new(Some((entered, released)));
    let wait = move || {
        let held = held.lock().unwrap().take();
        async move {
            let (entered, released) = held.unwrap();
            entered.send(()).unwrap();
            released.await.unwrap();
            "done"
        }
    };
    let router = Router::new().route(
        "/",
        axum::routing::get_service(tower::service_fn({
            let wait = Arc::new(wait);
            move |_: Request<Body>| {
                let answer = wait();
                async move { Ok::<_, Infallible>(answer.await.into_response()) }
            }
        })),
    );
    let (address, stop, served) = started(router).await;
    let client = tokio::spawn(async move { answer_to(address, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").await });
    is_entered.await.unwrap();
    stop.gently.cancel();
    release.send(()).unwrap();
    assert!(client.await.unwrap().ends_with("done"));
    served.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn what_does_not_end_is_cut() {
    let router = Router::new().route("/", get(std::future::pending::<()>));
    let (address, stop, served) = started(router).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    stop.gently.cancel();
    stop.now.cancel();
    served.await.unwrap();
}

/// What ends when the server lets go of it.
struct Held(Option<tokio::sync::oneshot::Sender<()>>);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.take().map(|dropped| dropped.send(()));
    }
}

/// A router whose answer is these pieces, then silence; and word of when it was let go of.
fn answering(pieces: Vec<Bytes>) -> (Router, tokio::sync::oneshot::Receiver<()>) {
    let (dropped, is_dropped) = tokio::sync::oneshot::channel();
    let held = std::sync::Mutex::new(Some(Held(Some(dropped))));
    let answer = move || {
        let (pieces, held) = (pieces.clone(), held.lock().unwrap().take());
        async move {
            let pieces = futures::stream::iter(pieces).chain(futures::stream::pending());
            let holding = pieces.map(move |piece| {
                let _ = &held;
                Ok::<_, Infallible>(piece)
            });
            Body::from_stream(holding)
        }
    };
    let answer = Arc::new(answer);
    let router = Router::new().route(
        "/",
        get(move || {
            let answer = answer();
            async move { answer.await.into_response() }
        }),
    );
    (router, is_dropped)
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_reads_is_let_go_of() {
    // More than the system takes for a client.
    let (router, is_dropped) = answering(vec![Bytes::from(vec![b'x'; 1 << 20]); 64]);
    let (address, ..) = started(router).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    is_dropped.await.unwrap();
    drop(stream);
}

#[tokio::test]
async fn a_client_that_has_hung_up_is_let_go_of() {
    let (router, is_dropped) = answering(vec![Bytes::from_static(b"x")]);
    let (address, ..) = started(router).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut first = [0; 1];
    stream.read_exact(&mut first).await.unwrap();
    drop(stream);
    is_dropped.await.unwrap();
}

#[tokio::test]
async fn more_connections_than_there_are_places_wait() {
    let listener = Listener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = listener.address().unwrap();
    let router = Router::new().route("/", get(|| async { "hello" }));
    tokio::spawn(listener.with_bounds(TrustedProxies::default(), 2).serve(router, Stop::default()));
    let request = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let silent = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
    let mut waiting = tokio::spawn(answer_to(address, request));
    let answered = tokio::time::timeout(Duration::from_millis(300), &mut waiting).await;
    assert!(answered.is_err(), "nobody reads what it has sent");
    drop(silent);
    assert!(waiting.await.unwrap().ends_with("hello"));
}
