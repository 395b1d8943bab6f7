//! Everything a provider can do wrong.

use std::time::Duration;

use domain::model::{FaultKind, ModelFault};
use futures::StreamExt;
use models::ProviderOptions;
use ports::Model;
use serde_json::json;
use tokio::net::TcpListener;

use crate::stub::{Act, DONE, END, KEY, Stub, answer, ask, chunk, event, finished, hello, provider, said, stream_head};

const SHORT: Duration = Duration::from_millis(200);

async fn fault(acts: Vec<Act>) -> (ModelFault, Stub) {
    let stub = Stub::start(vec![acts]).await;
    let options = ProviderOptions { first_byte_timeout: SHORT, chunk_timeout: SHORT, ..stub.options() };
    let fault = ask(&provider(&options)).await.expect_err("a fault");
    assert_eq!(stub.heads().len(), 1, "a paid call is made once");
    assert!(!fault.message.contains(KEY), "{fault}");
    (fault, stub)
}

async fn check(acts: Vec<Act>, expected: FaultKind) -> ModelFault {
    let (fault, _) = fault(acts).await;
    assert_eq!(fault.kind, expected, "{fault}");
    fault
}

#[tokio::test]
async fn statuses_become_kinds() {
    let limited = check(answer("429 Too Many Requests", "retry-after: 7\r\n", ""), FaultKind::RateLimited).await;
    assert_eq!(limited.retry_after, Some(Duration::from_secs(7)));
    let limited = check(answer("429 Too Many Requests", "", ""), FaultKind::RateLimited).await;
    assert_eq!(limited.retry_after, None);
    let in_an_hour = httpdate::fmt_http_date(std::time::SystemTime::now() + Duration::from_secs(3600));
    let dated = answer("503 Busy", &format!("retry-after: {in_an_hour}\r\n"), "");
    let busy = check(dated, FaultKind::Overloaded).await;
    assert!(busy.retry_after > Some(Duration::from_secs(3500)), "{busy:?}");

    let said = json!({"error": {"message": "the disk is full"}}).to_string();
    let broken = check(answer("500 Oops", "", &said), FaultKind::ServerError).await;
    assert!(broken.message.contains("the disk is full"), "{broken}");
    check(answer("400 Bad Request", "", &said), FaultKind::Rejected).await;
    let quoting = format!("{{\"error\":{{\"message\":\"Incorrect API key provided: {KEY}\"}}}}");
    check(answer("401 Unauthorized", "", &quoting), FaultKind::Unauthorized).await;
    let elsewhere = answer("307 Elsewhere", "location: http://127.0.0.1:1/\r\n", "");
    check(elsewhere, FaultKind::Rejected).await;
}

#[tokio::test]
async fn a_refused_connection_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let options = ProviderOptions {
        base_url: Some(format!("http://{address}/v1").parse().unwrap()),
        allow_private: true,
        ..ProviderOptions::default()
    };
    let fault = ask(&provider(&options)).await.expect_err("a fault");
    assert_eq!(fault.kind, FaultKind::Unreachable, "{fault}");
}

#[tokio::test]
async fn silence_is_noticed_wherever_it_falls() {
    check(vec![Act::Hold], FaultKind::Silent).await;
    check(vec![Act::Send(stream_head()), Act::Hold], FaultKind::Silent).await;
    let begun = [stream_head(), chunk(&event(&said("Hel")))].concat();
    check(vec![Act::Send(begun.clone()), Act::Hold], FaultKind::Silent).await;
    let half_a_line = [begun, chunk(b"data: {\"choi")].concat();
    check(vec![Act::Send(half_a_line), Act::Hold], FaultKind::Silent).await;
}

#[tokio::test]
async fn an_answer_that_ends_early_is_cut() {
    let begun = [stream_head(), chunk(&event(&said("Hel")))].concat();
    check(vec![Act::Close], FaultKind::Cut).await;
    check(vec![Act::Send(b"HTTP/1.1 200 O".to_vec()), Act::Close], FaultKind::Cut).await;
    check(vec![Act::Send(stream_head()), Act::Close], FaultKind::Cut).await;
    check(vec![Act::Send(begun.clone()), Act::Close], FaultKind::Cut).await;
    // The body ends as HTTP wants it, but the answer does not.
    check(vec![Act::Send([begun, END.to_vec()].concat())], FaultKind::Cut).await;
}

#[tokio::test]
async fn nonsense_is_malformed() {
    let stream = |data: &[u8]| vec![Act::Send([stream_head(), chunk(data), END.to_vec()].concat())];
    check(stream(b"data: {\"choices\": [\n\n"), FaultKind::Malformed).await;
    check(stream(b"data: hello\n\n"), FaultKind::Malformed).await;
    check(stream(b"data: {\"choices\": [{\"delta\": {\"content\": \"\xff\"}}]}\n\n"), FaultKind::Malformed).await;
    check(stream(b"data: {\"choices\": 7}\n\n"), FaultKind::Malformed).await;
    let page = answer("200 OK", "content-type: text/html\r\n", "<html>");
    check(page, FaultKind::Malformed).await;
    let json = |body: &str| answer("200 OK", "content-type: application/json\r\n", body);
    check(json("{}"), FaultKind::Malformed).await;
    check(json("[1"), FaultKind::Malformed).await;
}

#[tokio::test]
async fn an_error_within_the_answer_is_its_fault() {
    let error = |error| vec![Act::Send([stream_head(), chunk(&event(&said("Hel"))), chunk(&event(&error))].concat())];
    check(error(json!({"error": {"message": "oops", "code": 502}})), FaultKind::ServerError).await;
    check(error(json!({"error": {"message": "slow", "code": "429"}})), FaultKind::RateLimited).await;
    check(error(json!({"error": "oops"})), FaultKind::ServerError).await;
    check(error(finished("error")), FaultKind::ServerError).await;
}

#[tokio::test]
async fn a_huge_answer_is_refused_before_it_is_held() {
    const HUGE: usize = 50 << 20;
    // One line without end.
    let line = chunk(&[b'x'; 60_000]);
    let (endless, stub) = fault(vec![Act::Send(stream_head()), Act::Flood(line, HUGE)]).await;
    assert_eq!(endless.kind, FaultKind::TooLarge, "{endless}");
    assert!(stub.flooded() < 20 << 20, "{} bytes were taken", stub.flooded());

    // Many events, each small enough.
    let many = chunk(&event(&said(&"x".repeat(60_000))));
    let (huge, stub) = fault(vec![Act::Send(stream_head()), Act::Flood(many, HUGE)]).await;
    assert_eq!(huge.kind, FaultKind::TooLarge, "{huge}");
    assert!(stub.flooded() < 30 << 20, "{} bytes were taken", stub.flooded());

    // Endless calls.
    let call = |index: usize| json!({"choices": [{"delta": {"tool_calls": [{"index": index, "id": "a"}]}}]});
    let calls: Vec<u8> = (0..1000).flat_map(|index| chunk(&event(&call(index)))).collect();
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
    let acts = vec![Act::Send(
        [stream_head(), chunk(b"data: ?\n\n"), chunk(&event(&said("more"))), chunk(DONE), END.to_vec()].concat(),
    )];
    let stub = Stub::start(vec![acts]).await;
    let stream = stub.provider().stream(hello()).await.unwrap();
    let items: Vec<_> = stream.collect().await;
    assert_eq!(items.len(), 1);
    assert!(items[0].is_err());
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
    let fault = ask(&provider(&options)).await.expect_err("a fault");
    assert_eq!(fault.kind, FaultKind::Unauthorized);
    assert!(fault.message.contains("SORTIE_TEST_NO_SUCH_VARIABLE"), "{fault}");
    assert_eq!(stub.connections(), 0);
}
