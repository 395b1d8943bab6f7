//! Everything a provider can do wrong.

use std::time::{Duration, SystemTime};

use domain::model::{FaultKind, ModelFault};
use futures::StreamExt;
use models::{ProviderKind, ProviderOptions};
use ports::Clock;
use ports::time::SystemSources;
use serde_json::json;
use tokio::net::TcpListener;

use crate::stub::{Act, Dialect, END, KEY, Stub, answer, ask, chunk, event, finished, hello, provider, stream_head};

const SHORT: Duration = Duration::from_millis(200);

async fn fault(dialect: Dialect, acts: Vec<Act>) -> (ModelFault, Stub) {
    let stub = Stub::start(vec![acts]).await;
    let options = ProviderOptions { first_byte_timeout: SHORT, chunk_timeout: SHORT, ..stub.options_in(dialect) };
    let fault = ask(&*provider(&options)).await.expect_err("a fault");
    assert_eq!(stub.heads().len(), 1, "a paid call is made once");
    assert!(!fault.message.contains(KEY), "{fault}");
    (fault, stub)
}

/// The fault of an answer that does not depend on what is spoken: the same in each dialect.
async fn check(acts: Vec<Act>, expected: FaultKind) -> ModelFault {
    let mut faults = Vec::new();
    for dialect in Dialect::ALL {
        let (fault, _) = fault(dialect, acts.clone()).await;
        assert_eq!(fault.kind, expected, "{dialect:?}: {fault}");
        faults.push(fault);
    }
    faults.remove(0)
}

/// The fault of an answer in each dialect.
async fn check_in_each(acts: impl Fn(Dialect) -> Vec<Act>, expected: FaultKind) {
    for dialect in Dialect::ALL {
        let (fault, _) = fault(dialect, acts(dialect)).await;
        assert_eq!(fault.kind, expected, "{dialect:?}: {fault}");
    }
}

#[tokio::test]
async fn statuses_become_kinds() {
    let limited = check(answer("429 Too Many Requests", "retry-after: 7\r\n", ""), FaultKind::RateLimited).await;
    assert_eq!(limited.retry_after, Some(Duration::from_secs(7)));
    let limited = check(answer("429 Too Many Requests", "", ""), FaultKind::RateLimited).await;
    assert_eq!(limited.retry_after, None);
    let in_an_hour = httpdate::fmt_http_date(SystemTime::from(SystemSources.now()) + Duration::from_secs(3600));
    let dated = answer("503 Busy", &format!("retry-after: {in_an_hour}\r\n"), "");
    let busy = check(dated, FaultKind::Overloaded).await;
    assert!(busy.retry_after > Some(Duration::from_secs(3500)), "{busy:?}");

    let said = json!({"error": {"message": "the disk is full"}}).to_string();
    let broken = check(answer("500 Oops", "", &said), FaultKind::ServerError).await;
    assert!(broken.message.contains("the disk is full"), "{broken}");
    for (status, expected) in [
        ("400 Bad Request", FaultKind::Rejected),
        ("402 Payment Required", FaultKind::Unpaid),
        ("403 Forbidden", FaultKind::Unauthorized),
        ("404 Not Found", FaultKind::Rejected),
        ("413 Too Large", FaultKind::Rejected),
        ("504 Timeout", FaultKind::ServerError),
        ("529 Overloaded", FaultKind::Overloaded),
    ] {
        check(answer(status, "", &said), expected).await;
    }
    let quoting = format!("{{\"error\":{{\"message\":\"Incorrect API key provided: {KEY}\"}}}}");
    check(answer("401 Unauthorized", "", &quoting), FaultKind::Unauthorized).await;
    let elsewhere = answer("307 Elsewhere", "location: http://127.0.0.1:1/\r\n", "");
    check(elsewhere, FaultKind::Rejected).await;

    // Waiting does not bring money, whatever the status says.
    let details = json!({"error_code": "enforced_spend_limit_reached"});
    for error in [json!({"code": "insufficient_quota"}), json!({"type": "rate_limit_error", "details": details})] {
        let body = json!({"type": "error", "error": error}).to_string();
        check(answer("429 Too Many Requests", "", &body), FaultKind::Unpaid).await;
    }
}

#[tokio::test]
async fn a_refused_connection_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for kind in [ProviderKind::Openai, ProviderKind::Anthropic] {
        let options = ProviderOptions {
            kind,
            base_url: Some(format!("http://{address}/v1").parse().unwrap()),
            allow_private: true,
            ..ProviderOptions::default()
        };
        let fault = ask(&*provider(&options)).await.expect_err("a fault");
        assert_eq!(fault.kind, FaultKind::Unreachable, "{fault}");
    }
}

/// An answer that has begun: with each of these pieces, one to a chunk.
fn begun(pieces: &[&[u8]]) -> Vec<u8> {
    pieces.iter().fold(stream_head(), |begun, piece| [begun, chunk(piece)].concat())
}

#[tokio::test]
async fn silence_is_noticed_wherever_it_falls() {
    check(vec![Act::Hold], FaultKind::Silent).await;
    check(vec![Act::Send(stream_head()), Act::Hold], FaultKind::Silent).await;
    check_in_each(|of| vec![Act::Send(begun(&[&of.said("Hel")])), Act::Hold], FaultKind::Silent).await;
    let half_a_line = |of: Dialect| begun(&[&of.said("Hel"), b"data: {\"typ"]);
    check_in_each(|of| vec![Act::Send(half_a_line(of)), Act::Hold], FaultKind::Silent).await;
}

#[tokio::test]
async fn an_answer_that_ends_early_is_cut() {
    check(vec![Act::Close], FaultKind::Cut).await;
    check(vec![Act::Send(b"HTTP/1.1 200 O".to_vec()), Act::Close], FaultKind::Cut).await;
    check(vec![Act::Send(stream_head()), Act::Close], FaultKind::Cut).await;
    check_in_each(|of| vec![Act::Send(begun(&[&of.said("Hel")])), Act::Close], FaultKind::Cut).await;
    // The body ends as HTTP wants it, but the answer does not.
    check_in_each(|of| vec![Act::Send([begun(&[&of.said("Hel")]), END.to_vec()].concat())], FaultKind::Cut).await;
}

#[tokio::test]
async fn nonsense_is_malformed() {
    let stream = |data: &[u8]| vec![Act::Send([stream_head(), chunk(data), END.to_vec()].concat())];
    check(stream(b"data: {\"choices\": [\n\n"), FaultKind::Malformed).await;
    check(stream(b"data: hello\n\n"), FaultKind::Malformed).await;
    check(stream(b"data: {\"choices\": [{\"delta\": {\"content\": \"\xff\"}}]}\n\n"), FaultKind::Malformed).await;
    check(stream(b"data: {\"choices\": 7}\n\n"), FaultKind::Malformed).await;
    check(stream(b"data: {\"type\": \"message_delta\", \"delta\": 7, \"choices\": 7}\n\n"), FaultKind::Malformed).await;
    let page = answer("200 OK", "content-type: text/html\r\n", "<html>");
    check(page, FaultKind::Malformed).await;
    let json = |body: &str| answer("200 OK", "content-type: application/json\r\n", body);
    check(json("{}"), FaultKind::Malformed).await;
    check(json("[1"), FaultKind::Malformed).await;
}

#[tokio::test]
async fn an_error_within_the_answer_is_its_fault() {
    for (error, expected) in [
        (json!({"message": "oops", "code": 502}), FaultKind::ServerError),
        (json!({"message": "slow", "code": "429"}), FaultKind::RateLimited),
        (json!({"message": "slow", "type": "rate_limit_error"}), FaultKind::RateLimited),
        (json!({"message": "Overloaded", "type": "overloaded_error"}), FaultKind::Overloaded),
        (json!({"message": "oops", "type": "api_error"}), FaultKind::ServerError),
        (json!({"message": "no", "type": "invalid_request_error"}), FaultKind::Rejected),
        (json!({"message": "no money", "type": "billing_error"}), FaultKind::Unpaid),
        (json!({"message": "who?", "type": "authentication_error"}), FaultKind::Unauthorized),
        (json!({"message": "what?", "type": "something_new"}), FaultKind::ServerError),
        (json!("oops"), FaultKind::ServerError),
    ] {
        let acts = |of: Dialect| vec![Act::Send(begun(&[&of.said("Hel"), &of.broken(error.clone())]))];
        check_in_each(acts, expected).await;
    }
    let (broken, _) = fault(Dialect::Chat, vec![Act::Send(begun(&[&event(&finished("error"))]))]).await;
    assert_eq!(broken.kind, FaultKind::ServerError, "{broken}");
}

#[tokio::test]
async fn a_huge_answer_is_refused_before_it_is_held() {
    for dialect in Dialect::ALL {
        check_hugeness(dialect).await;
    }
}

async fn check_hugeness(dialect: Dialect) {
    const HUGE: usize = 50 << 20;
    let fault = async |acts| fault(dialect, acts).await;
    // One line without end.
    let line = chunk(&[b'x'; 60_000]);
    let (endless, stub) = fault(vec![Act::Send(stream_head()), Act::Flood(line, HUGE)]).await;
    assert_eq!(endless.kind, FaultKind::TooLarge, "{endless}");
    assert!(stub.flooded() < 20 << 20, "{} bytes were taken", stub.flooded());

    // Many events, each small enough.
    let many = chunk(&dialect.said(&"x".repeat(60_000)));
    let (huge, stub) = fault(vec![Act::Send(stream_head()), Act::Flood(many, HUGE)]).await;
    assert_eq!(huge.kind, FaultKind::TooLarge, "{huge}");
    assert!(stub.flooded() < 30 << 20, "{} bytes were taken", stub.flooded());

    // Endless calls.
    let calls: Vec<u8> = (0..1000).flat_map(|index| chunk(&dialect.called(index))).collect();
    let (many, _) = fault(vec![Act::Send([stream_head(), calls].concat())]).await;
    assert_eq!(many.kind, FaultKind::TooLarge, "{many}");

    // One document.
    let document = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n".to_vec();
    let (huge, stub) = fault(vec![Act::Send(document), Act::Flood(vec![b' '; 60_000], 60 << 20)]).await;
    assert_eq!(huge.kind, FaultKind::TooLarge, "{huge}");
    assert!(stub.flooded() < 60 << 20, "{} bytes were taken", stub.flooded());

    // An error's text.
    let error = b"HTTP/1.1 500 Oops\r\n\r\n".to_vec();
    let (huge, stub) = fault(vec![Act::Send(error), Act::Flood(vec![b'x'; 60_000], HUGE)]).await;
    assert_eq!(huge.kind, FaultKind::ServerError, "{huge}");
    assert!(huge.message.len() < 1000);
    assert!(stub.flooded() < 20 << 20, "{} bytes were taken", stub.flooded());
}

#[tokio::test]
async fn nothing_follows_a_fault() {
    for dialect in Dialect::ALL {
        let pieces = [&*dialect.said("some"), b"data: ?\n\n", &dialect.said("more"), &dialect.ending()].concat();
        let stub = Stub::start(vec![vec![Act::Send([begun(&[&pieces]), END.to_vec()].concat())]]).await;
        let stream = provider(&stub.options_in(dialect)).stream(hello()).await.unwrap();
        let items: Vec<_> = stream.collect().await;
        assert!(items.len() == 1 && items[0].is_err(), "{items:?}");
    }
}

#[tokio::test]
async fn private_providers_must_be_allowed() {
    let stub = Stub::start(vec![]).await;
    let options = ProviderOptions { allow_private: false, ..stub.options() };
    let refused = models::OpenAi::new("mock", &options, &outbound::OutboundOptions::default());
    let message = refused.err().expect("refused").to_string();
    assert!(message.contains("loopback"), "{message}");
    assert_eq!(stub.connections(), 0);
}

#[tokio::test]
async fn a_key_that_the_environment_lacks_fails_each_call() {
    let stub = Stub::start(vec![]).await;
    let options = ProviderOptions {
        api_key: None,
        api_key_env: Some("SORTIE_TEST_NO_SUCH_VARIABLE".to_owned()),
        ..stub.options()
    };
    let fault = ask(&*provider(&options)).await.expect_err("a fault");
    assert_eq!(fault.kind, FaultKind::Unauthorized);
    assert!(fault.message.contains("SORTIE_TEST_NO_SUCH_VARIABLE"), "{fault}");
    assert_eq!(stub.connections(), 0);
}
