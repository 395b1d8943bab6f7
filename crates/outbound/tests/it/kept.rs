//! Connections that serve more than one call.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::Method;
use outbound::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::calls::{allowing, get_of};

/// Serves a router, and counts the connections.
async fn counting(router: Router) -> (SocketAddr, Arc<AtomicUsize>) {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = listener.tap_io(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, connections)
}

/// An answer in pieces that never ends by itself.
fn endless() -> Body {
    Body::from_stream(stream::iter([Ok::<_, std::io::Error>("piece")]).chain(stream::pending()))
}

#[tokio::test]
async fn a_connection_serves_one_call_after_another() {
    let router = Router::new()
        .route("/", get(|| async { "whole" }).head(|| async {}))
        .route("/empty", get(|| async {}))
        .route("/big", post(|body: Bytes| async move { body }))
        .route("/endless", get(|| async { endless() }));
    let (address, connections) = counting(router).await;
    let outbound = allowing(&["127.0.0.1"]);
    let count = || connections.load(Ordering::Relaxed);

    for _ in 0..3 {
        assert_eq!(outbound.send(get_of(&format!("http://{address}/"))).await.unwrap().bytes().await.unwrap(), "whole");
        // Without a body there is nothing to read before the next call.
        drop(outbound.send(get_of(&format!("http://{address}/empty"))).await.unwrap());
        let head = Request::new(Method::HEAD, format!("http://{address}/").parse().unwrap());
        drop(outbound.send(head).await.unwrap());
        let big = vec![b'x'; 1 << 20];
        let echo = Request::new(Method::POST, format!("http://{address}/big").parse().unwrap()).body(big.clone());
        assert_eq!(outbound.send(echo).await.unwrap().bytes().await.unwrap(), big);
    }
    assert_eq!(count(), 1);

    // What was not read to its end does not come before the next answer.
    let mut unread = outbound.send(get_of(&format!("http://{address}/endless"))).await.unwrap();
    assert_eq!(unread.chunk().await.unwrap().unwrap(), "piece");
    drop(unread);
    assert_eq!(outbound.send(get_of(&format!("http://{address}/"))).await.unwrap().bytes().await.unwrap(), "whole");
    assert_eq!(count(), 2);
}

#[tokio::test]
async fn calls_at_once_have_a_connection_each_and_leave_them_to_the_next() {
    let (address, connections) = counting(Router::new().route("/", get(|| async { "whole" }))).await;
    let outbound = allowing(&["127.0.0.1"]);
    for _ in 0..3 {
        let calls = (0..5).map(|_| outbound.send(get_of(&format!("http://{address}/"))));
        let answers = futures::future::try_join_all(calls).await.unwrap();
        for answer in answers {
            assert_eq!(answer.bytes().await.unwrap(), "whole");
        }
        assert_eq!(connections.load(Ordering::Relaxed), 5);
    }
}

#[tokio::test]
async fn an_answer_of_which_only_the_end_mark_is_missing_leaves_its_connection_to_the_next() {
    let late_end = || async {
        let end = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok::<_, std::io::Error>("")
        };
        Body::from_stream(stream::iter([Ok("all of it")]).chain(stream::once(end)))
    };
    let (address, connections) = counting(Router::new().route("/", get(late_end))).await;
    let outbound = allowing(&["127.0.0.1"]);
    for _ in 0..2 {
        let mut answer = outbound.send(get_of(&format!("http://{address}/"))).await.unwrap();
        assert_eq!(answer.chunk().await.unwrap().unwrap(), "all of it");
        answer.finish();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

/// A server that closes each connection soon after its first answer, and how many requests it heard.
async fn answering_once() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, heard) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let hears = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4096];
            if socket.read(&mut request).await.unwrap() > 0 {
                hears.fetch_add(1, Ordering::Relaxed);
                socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await.unwrap();
            }
            // Long enough for the answer to be read, so that the connection is kept.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    (address, heard)
}

#[tokio::test]
async fn a_connection_that_was_closed_while_it_rested_is_replaced_whoever_sees_it() {
    let (address, heard) = answering_once().await;
    let outbound = allowing(&["127.0.0.1"]);
    for call in 1..=10 {
        // Every other time nobody can see it before the request is on its way: a task without a
        // turn left reads nothing.
        while call % 2 == 0 && tokio::task::coop::has_budget_remaining() {
            tokio::task::consume_budget().await;
        }
        let request = Request::new(Method::POST, format!("http://{address}/").parse().unwrap()).body("once");
        let answering = tokio::time::timeout(Duration::from_secs(5), outbound.send(request));
        assert_eq!(answering.await.expect("it came").unwrap().bytes().await.unwrap(), "hi");
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert_eq!(heard.load(Ordering::Relaxed), call, "each request is sent once");
    }
}

/// A task that does much takes turns with others, and a call in it may be left without one at
/// any moment.
#[tokio::test]
async fn a_call_needs_nobody_but_the_server_to_come_to_its_end() {
    /// What a task may do in one turn.
    const BUDGET: usize = 128;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::new(AtomicUsize::new(0));
    let hears = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let hears = Arc::clone(&hears);
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = socket.read(&mut request).await;
                hears.fetch_add(1, Ordering::Relaxed);
                // All that can be had comes at once, and nothing after it for long.
                let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\npiece\r\n").await;
                tokio::time::sleep(Duration::from_secs(60)).await;
            });
        }
    });
    let outbound = allowing(&["127.0.0.1"]);
    let url = format!("http://{address}/");
    for spent in 0..BUDGET {
        let mut call = Box::pin(async { outbound.send(get_of(&url)).await.unwrap().chunk().await.unwrap().unwrap() });
        let piece = poll_fn(|cx| {
            for _ in 0..spent {
                let _ = pin!(tokio::task::consume_budget()).poll(cx);
            }
            call.as_mut().poll(cx)
        });
        let piece = tokio::time::timeout(Duration::from_secs(5), piece).await;
        assert_eq!(piece.unwrap_or_else(|_| panic!("{spent} spent")), "piece");
    }
    assert_eq!(heard.load(Ordering::Relaxed), BUDGET);
}

#[tokio::test]
async fn a_request_is_sent_to_its_end_though_its_answer_came_before() {
    const BODY: usize = 16 << 20;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 64 << 10];
        let mut received = socket.read(&mut request).await.unwrap();
        socket.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        while received < BODY {
            match socket.read(&mut request).await.unwrap() {
                0 => break,
                read => received += read,
            }
        }
        tell.send(received >= BODY).unwrap();
    });
    let url = format!("http://{address}/").parse().unwrap();
    let answer = allowing(&["127.0.0.1"]);
    let answer = answer.send(Request::new(Method::POST, url).body(vec![b'x'; BODY])).await.unwrap();
    assert_eq!(answer.status(), 202);
    drop(answer);
    assert!(told.await.unwrap(), "the request was cut");
}

#[tokio::test]
async fn each_piece_wakes_its_reader_once() {
    const PIECES: usize = 100;
    let pieces = || async {
        let pieces = stream::iter(0..PIECES).then(|_| async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok::<_, std::io::Error>("piece")
        });
        Body::from_stream(pieces)
    };
    let (address, _) = counting(Router::new().route("/", get(pieces))).await;
    let mut answer = allowing(&["127.0.0.1"]).send(get_of(&format!("http://{address}/"))).await.unwrap();
    let mut reading = pin!(async {
        let mut bytes = 0;
        while let Some(chunk) = answer.chunk().await.unwrap() {
            bytes += chunk.len();
        }
        bytes
    });
    let mut wakes = 0;
    let bytes = poll_fn(|cx| {
        wakes += 1;
        reading.as_mut().poll(cx)
    });
    assert_eq!(bytes.await, PIECES * "piece".len());
    assert!(wakes <= PIECES + PIECES / 10, "{wakes} wakes for {PIECES} pieces");
}
