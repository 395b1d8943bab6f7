//! What a server meets when a tool is called, and what the model reads of its answer.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::response::IntoResponse;
use axum::routing::{any, get};
use domain::secret::{SealingKey, Secret};
use domain::tool::{CarriedTool, Effect, HttpTool, ToolOutcome};
use domain::{EventId, OrgId};
use http::{HeaderMap, Method, StatusCode, Uri};
use outbound::{Outbound, OutboundOptions};
use ports::ToolRunner;
use ports::tool::ToolRun;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tools::HttpTools;
use uuid::Uuid;

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A server that tells what it was sent, and some others.
async fn server() -> SocketAddr {
    let mirror = |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
        let shown = ["authorization", "content-type", "idempotency-key", "x-mine"];
        let headers = shown.iter().filter_map(|name| {
            let value = headers.get(*name)?.to_str().unwrap();
            Some(format!("{name}: {value}\n"))
        });
        format!("{method} {uri}\n{}{}", headers.collect::<String>(), String::from_utf8_lossy(&body))
    };
    let router = Router::new()
        .route("/teapot", any(|| async { (StatusCode::IM_A_TEAPOT, "short and stout") }))
        .route("/empty", any(|| async { StatusCode::NO_CONTENT }))
        .route("/big", get(|| async { "雪".repeat(200_000) }))
        .route(
            "/picture",
            get(|| async { ([("content-type", "image/png")], vec![0x89, b'P', 0, 0xff]).into_response() }),
        )
        .route("/private", get(|| async { (StatusCode::FOUND, [("location", "http://10.0.0.1/")]) }))
        .route("/slow", any(std::future::pending::<()>))
        .fallback(mirror);
    serve(router).await
}

fn tools() -> HttpTools {
    let options = OutboundOptions { allow: vec!["127.0.0.1".to_owned()], ..OutboundOptions::default() };
    HttpTools::new(Outbound::new(&options).unwrap(), SealingKey::new(KEY))
}

const KEY: [u8; 32] = [3; 32];

fn call(method: &str, url: &str, input: Value) -> ToolRun {
    call_with("Basic s", method, url, input)
}

fn call_with(credential: &str, method: &str, url: &str, input: Value) -> ToolRun {
    let org = OrgId(Uuid::from_u128(1));
    let http = HttpTool {
        name: "tool".to_owned(),
        description: "A tool.".to_owned(),
        input_schema: json!({"type": "object"}),
        method: method.to_owned(),
        url: url.to_owned(),
        headers: Default::default(),
        timeout_ms: 1000,
        effect: Effect::Read,
    };
    let mut tool = CarriedTool { row: Uuid::from_u128(3), http };
    let origin = tool.http.origin();
    let sealed = SealingKey::new(KEY).seal(&credential.into(), tool.place(org, &origin, "Authorization"), [1; 24]);
    tool.http.headers.insert("Authorization".to_owned(), Secret::Sealed(sealed));
    ToolRun { org, tool, input, use_id: EventId(Uuid::from_u128(2)), timeout: Duration::from_secs(20) }
}

async fn answer(call: ToolRun) -> (String, bool) {
    match tools().run(call).await {
        ToolOutcome::Answered { content, is_error } => (content, is_error),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn arguments_go_where_the_definition_says() {
    let address = server().await;
    let check = async |method: &str, url: &str, input: Value, expected: &str| {
        let (found, is_error) = answer(call(method, &format!("http://{address}{url}"), input)).await;
        let key = EventId(Uuid::from_u128(2));
        let expected = expected.replace("AUTH", &format!("authorization: Basic s\nidempotency-key: {key}\n"));
        let expected = expected.replace(
            "JSON",
            &format!("authorization: Basic s\ncontent-type: application/json\nidempotency-key: {key}\n"),
        );
        assert_eq!((found, is_error), (expected, false));
    };
    let input = json!({"id": "a/b", "q": "x&y", "n": 3, "list": [1, "two"], "none": null});
    check("GET", "/u/{id}?k=1", input.clone(), "GET /u/a%2Fb?k=1&q=x%26y&n=3&list=1&list=two\nAUTH").await;
    check("DELETE", "/u/{id}", json!({"id": 7}), "DELETE /u/7\nAUTH").await;
    let body = r#"{"q":"x&y","n":3,"list":[1,"two"],"none":null}"#;
    check("POST", "/u/{id}?k=1", input, &format!("POST /u/a%2Fb?k=1\nJSON{body}")).await;
    check("PUT", "/u", json!({}), "PUT /u\nJSON{}").await;
}

#[tokio::test]
async fn a_missing_argument_is_told_and_nothing_is_called() {
    let address = server().await;
    let (content, is_error) = answer(call("GET", &format!("http://{address}/u/{{id}}"), json!({}))).await;
    assert_eq!((content.as_str(), is_error), ("not called: the argument `id` is missing", true));
}

#[tokio::test]
async fn a_credential_goes_to_the_address_it_was_given_for_and_no_other() {
    let (address, other) = (server().await, server().await);
    let mut moved = call("GET", &format!("http://{address}/"), json!({}));
    moved.tool.http.url = format!("http://{other}/");
    let (content, is_error) = answer(moved).await;
    assert!(is_error && content.starts_with("not called: the header `Authorization` cannot be sent"), "{content}");
    let mut elsewhere = call("GET", &format!("http://{address}/"), json!({}));
    elsewhere.tool.row = Uuid::from_u128(4);
    assert!(answer(elsewhere).await.1);
}

#[tokio::test]
async fn a_credential_that_the_server_repeats_is_not_told() {
    let url = format!("http://{}/?t=hunter2-hunter2", server().await);
    let (content, _) = answer(call_with("Bearer hunter2-hunter2", "GET", &url, json!({}))).await;
    assert!(content.starts_with("GET /?t=••••••••\nauthorization: ••••••••\n"), "{content}");
}

#[tokio::test]
async fn answers_are_told_as_they_are() {
    let address = server().await;
    let told =
        async |method: &str, path: &str| answer(call(method, &format!("http://{address}{path}"), json!({}))).await;

    let teapot = told("GET", "/teapot").await;
    assert_eq!(teapot, ("HTTP 418 I'm a teapot\nshort and stout".to_owned(), true));
    assert_eq!(told("POST", "/empty").await, ("HTTP 204 No Content".to_owned(), false));
    let (head, is_error) = told("HEAD", "/teapot").await;
    assert!(head.starts_with("HTTP 418 I'm a teapot\n") && head.contains("content-length: 15") && is_error, "{head}");
    assert_eq!(told("GET", "/picture").await, ("[4 bytes of image/png, not text]".to_owned(), false));

    let (big, is_error) = told("GET", "/big").await;
    assert!(!is_error);
    let (text, note) = big.split_once('\n').unwrap();
    assert!(text.chars().all(|c| c == '雪') && text.len() <= tools::http::ANSWER_BYTES_MAX);
    assert_eq!(note, "[cut after 262144 bytes; there is more]");

    let (redirected, is_error) = told("GET", "/private").await;
    assert!(is_error && redirected.contains("redirect"), "{redirected}");
}

#[tokio::test]
async fn what_is_certain_and_what_is_not_are_told_apart() {
    let address = server().await;
    let mut slow = call("POST", &format!("http://{address}/slow"), json!({}));
    slow.timeout = Duration::from_millis(200);
    let outcome = tools().run(slow).await;
    assert!(matches!(outcome, ToolOutcome::Unknown(_)), "{outcome:?}");

    let refused = tools().run(call("POST", "http://10.0.0.1/", json!({}))).await;
    assert!(matches!(&refused, ToolOutcome::NotReached(why) if why.contains("private")), "{refused:?}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let absent = tools().run(call("POST", &format!("http://{nobody}/"), json!({}))).await;
    assert!(matches!(absent, ToolOutcome::NotReached(_)), "{absent:?}");
}
