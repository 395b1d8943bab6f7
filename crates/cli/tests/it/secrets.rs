//! Secrets in the real binary: used, and found in no file, no line of the log and no answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::sortie::{Ended, House, sortie};

const TOOL_SECRET: &str = "tool-hunter2-tool-hunter2";
const PROVIDER_SECRET: &str = "provider-hunter2-provider";
const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A server that repeats the head it is sent, as careless ones do.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let head = head_of(&stream);
            let status = if head.starts_with("GET /echo") { "200 OK" } else { "400 Bad Request" };
            let answer =
                format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{head}", head.len());
            // Whoever hung up wants no answer.
            let _ = (&stream).write_all(answer.as_bytes());
        }
    });
    address
}

/// The head of a request, which is read whole: one that is not would be reset.
fn head_of(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut head, mut body_bytes) = (String::new(), 0);
    loop {
        let start = head.len();
        let length = reader.read_line(&mut head).unwrap();
        let line = head[start..].trim_end();
        if length == 0 || line.is_empty() {
            break;
        }
        if let Some((_, value)) = line.split_once(": ").filter(|(name, _)| *name == "content-length") {
            body_bytes = value.parse().unwrap();
        }
    }
    reader.read_exact(&mut vec![0; body_bytes]).unwrap();
    head
}

/// The file below a directory that holds this text, if one does.
fn file_with(directory: &Path, text: &str) -> Option<PathBuf> {
    std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).find_map(|path| {
        if path.is_dir() {
            return file_with(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes()).then_some(path)
    })
}

#[test]
fn no_secret_is_found_in_the_data_the_log_or_an_answer() {
    let house = House::new();
    let stub = echo();
    let server = house.serve_with(|command| {
        command.env("SORTIE_LOG__FILTER", "trace").env("SORTIE_OUTBOUND__ALLOW", "127.0.0.1");
        command.env("SORTIE_PROVIDERS__MOCK__BASE_URL", format!("http://{stub}/v1"));
        command.env("SORTIE_PROVIDERS__MOCK__ALLOW_PRIVATE", "true");
        command.env("SORTIE_PROVIDERS__MOCK__API_KEY", PROVIDER_SECRET);
    });
    let (url, header) = (format!("http://{stub}/echo"), format!("authorization: Bearer {TOOL_SECRET}"));
    let make = ["tools", "create", "echo", "--description", "Repeats.", "--url", &url, "--header", &header];
    let mut told = vec![house.run(&make).done(), house.run(&["tools", "show", "echo"]).done()];
    told.push(house.run(&["tools", "list", "--json"]).done());
    let inline = json!([{
        "type": "http", "name": "inline", "description": "Repeats.", "method": "GET", "url": url,
        "headers": { "x-key": TOOL_SECRET },
    }, { "type": "project_tool", "number": 1 }]);
    std::fs::write(house.path().join("tools.json"), inline.to_string()).unwrap();
    told.push(
        house.run(&["agents", "create", "both", "--model", "scripted/demo", "--tools", "tools.json", "--json"]).done(),
    );
    told.push(house.run(&["agents", "create", "asks", "--model", "mock/x", "--json"]).done());

    let answer = house.run(&["run", "--agent", "both", "call echo {}\ncall inline {}"]).done();
    assert_eq!(answer.matches("The tool answered: GET /echo").count(), 2, "{answer}");
    assert!(answer.contains("authorization: ••••••••") && answer.contains("x-key: ••••••••"), "{answer}");
    let failed = house.run(&["run", "--agent", "asks", "hello"]);
    assert!(failed.stderr.contains("400"), "{failed:?}");
    told.extend([answer, failed.stdout, failed.stderr, house.run(&["sessions", "list", "--json"]).done()]);
    server.stop();

    told.push(house.log());
    assert!(house.log().contains("TRACE"), "the log says all it can");
    for secret in [TOOL_SECRET, PROVIDER_SECRET] {
        assert_eq!(file_with(&house.data(), secret), None);
        assert!(told.iter().all(|told| !told.contains(secret)), "{secret} is told");
    }
    assert!(file_with(&house.data(), "/echo").is_some(), "the search finds what is stored");
}

#[test]
fn the_encryption_key_can_come_from_the_environment() {
    let house = House::new();
    let stub = echo();
    let serve = |key: &str| {
        let key = key.to_owned();
        house.serve_with(move |command| {
            command.env("SORTIE_OUTBOUND__ALLOW", "127.0.0.1").env("SORTIE_ENCRYPTION_KEY", key);
        })
    };
    let server = serve(KEY);
    let (url, header) = (format!("http://{stub}/echo"), "x-key: short");
    let make = ["tools", "create", "echo", "--description", "Repeats.", "--url", &url, "--header", header];
    house.run(&make).done();
    std::fs::write(house.path().join("tools.json"), r#"[{ "type": "project_tool", "number": 1 }]"#).unwrap();
    house.run(&["agents", "create", "a", "--model", "scripted/demo", "--tools", "tools.json"]).done();
    let ask = || house.run(&["run", "--agent", "a", "call echo {}"]).done();
    assert!(ask().contains("x-key: short"));
    server.stop();

    let server = serve("");
    let answer = ask();
    assert!(answer.contains("the header `x-key` cannot be sent") && answer.contains("give it again"), "{answer}");
    server.stop();
    let server = serve(KEY);
    assert!(ask().contains("x-key: short"));
    server.stop();

    let wrong = Ended::of(sortie(house.path()).arg("serve").env("SORTIE_ENCRYPTION_KEY", "hunter2"));
    let line = wrong.failed(2);
    assert!(
        line.contains("SORTIE_ENCRYPTION_KEY must be 64 hexadecimal digits") && !line.contains("hunter2"),
        "{line}"
    );
}
