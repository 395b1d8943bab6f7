//! Strangers at the door of the real server: whatever they send or do not send, they are
//! answered or held, and the others are served. When what is held is closed is tested where the
//! time can be set: `server/src/listener/tests.rs`, `web/src/body.rs`.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::sortie::{House, Server};

/// Connections of each kind that are held open.
const HELD: usize = 100;

fn connection(server: &Server, sent: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    // A server that has seen enough may hang up in the middle.
    let _ = stream.write_all(sent);
    stream
}

/// What the server answers to these bytes: all it says before it hangs up.
fn answer(server: &Server, sent: &[u8]) -> String {
    let mut stream = connection(server, sent);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The head of a request with the key, to be followed by a body.
fn head(server: &Server, rest: &str) -> String {
    let key = server.text("first_key");
    format!(
        "POST /v1/agents HTTP/1.1\r\nhost: a\r\nx-api-key: {key}\r\ncontent-type: application/json\r\n\
         connection: close\r\n{rest}\r\n\r\n"
    )
}

#[test]
fn connections_that_are_held_keep_nobody_out() {
    let house = House::new();
    let server = house.serve();
    let half_a_body = format!("{}{{\"name\":", head(&server, "content-length: 100"));
    let kinds: [&[u8]; 4] =
        [b"", b"GET /v1/agents HT", b"GET / HTTP/1.1\r\nhost: a\r\nx-slow: ", half_a_body.as_bytes()];
    let held: Vec<TcpStream> = kinds.iter().flat_map(|sent| (0..HELD).map(|_| connection(&server, sent))).collect();

    for _ in 0..20 {
        assert_eq!(server.get("/readyz").0, 200);
    }
    assert_eq!(house.run(&["run", "hello"]).done(), "You said: hello\n");
    drop(held);
    server.stop();
}

#[test]
fn what_is_too_large_or_malformed_is_answered_at_once() {
    let house = House::new();
    let server = house.serve();
    let get = |path: &str, header: &str| format!("GET {path} HTTP/1.1\r\nhost: a\r\n{header}connection: close\r\n\r\n");
    let many = (0..200).map(|number| format!("x-{number}: a\r\n")).collect::<String>();
    let large = |bytes: usize| format!("x-a: {}\r\n", "a".repeat(bytes));
    for (sent, status, said) in [
        (get(&format!("/{}", "a".repeat(9_000)), ""), 414, "longer than 8192 bytes"),
        (get("/", &large(70_000)), 431, "larger than 65536 bytes"),
        (get("/", &large(1 << 20)), 431, ""),
        (get("/", &many), 431, ""),
        ("nonsense\r\n\r\n".to_owned(), 400, ""),
        (get("/", "content-length: -1\r\n"), 400, ""),
        (head(&server, &format!("content-length: {}", 1u64 << 40)), 413, "larger than"),
    ] {
        let answer = answer(&server, sent.as_bytes());
        let line = answer.lines().next().unwrap_or_default();
        let shown = &sent[..sent.len().min(60)];
        // One who goes on sending when all is said may find the connection reset.
        assert!(
            line.starts_with(&format!("HTTP/1.1 {status}")) || (answer.is_empty() && said.is_empty()),
            "{shown}: {line}"
        );
        assert!(answer.contains(said), "{shown}: {answer}");
    }
    assert_eq!(server.get("/readyz").0, 200);
    server.stop();
}

#[test]
fn a_body_without_end_is_cut_off() {
    let house = House::new();
    let server = house.serve();
    let mut stream = connection(&server, head(&server, "transfer-encoding: chunked").as_bytes());
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x1_0000));
    let sent = (0..4_096).take_while(|_| stream.write_all(chunk.as_bytes()).is_ok()).count();
    assert!(sent < 4_096, "256 MiB were taken");
    assert_eq!(server.get("/readyz").0, 200);
    server.stop();
}
