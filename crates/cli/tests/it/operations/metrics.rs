//! `/metrics`.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::sortie::House;

#[test]
fn what_happened_is_counted_and_nobody_is_named() {
    let house = House::new();
    let server = house.serve();
    house.run(&["run", "hello"]).done();
    house.run(&["run", "fail rejected"]).failed(1);
    assert_eq!(server.get("/v1/agents").0, 401);

    let (status, text) = server.get("/metrics");
    assert_eq!(status, 200);
    for line in [
        "sortie_runs_ended_total{end=\"done\"} 1",
        "sortie_runs_ended_total{end=\"model_failed\"} 1",
        "sortie_runs{status=\"running\"} 0",
        "sortie_model_calls_total{provider=\"scripted\",end=\"ok\"} 1",
        "sortie_model_calls_total{provider=\"scripted\",end=\"rejected\"} 1",
        "sortie_model_call_duration_seconds_count{provider=\"scripted\"} 1",
        "sortie_http_requests_total{api=\"native\",status=\"401\"} 1",
        "sortie_streams_open 0",
        "sortie_store_commit_failures_total 0",
        "sortie_feed_laggards_total 0",
    ] {
        assert!(text.lines().any(|written| written == line), "{line} is not in:\n{text}");
    }
    assert!(text.ends_with("# EOF\n"), "{text}");
    for named in ["org_", "sesn_", "run_", "assistant", "hello"] {
        assert!(!text.contains(named), "{named} is in:\n{text}");
    }
}

#[test]
fn only_those_who_are_let_in_read_it() {
    let house = House::new();
    let asked = |address: &str, header: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{header}\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    let server = house.serve();
    assert_eq!(asked(server.address(), ""), "200");
    assert_eq!(asked(server.address(), "x-forwarded-for: 127.0.0.1\r\n"), "404");
    server.stop();
    for (name, value) in [("SORTIE_SERVER__METRICS_FROM", "[]"), ("SORTIE_SERVER__PUBLIC_URL", "https://a.example")] {
        let server = house.serve_with(|command| {
            command.env(name, value);
        });
        assert_eq!(asked(server.address(), ""), "404", "{name}");
        server.stop();
    }
}
