//! What an endpoint meets when it is asked for a signal, and what becomes of its answer.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::routing::any;
use domain::OrgId;
use domain::monitor::{Answered, HttpProbe, NotAnswered};
use http::{HeaderMap, Method, StatusCode};
use outbound::{Outbound, OutboundOptions};
use ports::SignalReader;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tools::Signals;
use uuid::Uuid;

async fn server() -> SocketAddr {
    let mirror = |method: Method, headers: HeaderMap, body: Bytes| async move {
        let kind = headers.get("content-type").map_or("", |kind| kind.to_str().unwrap());
        format!("{method} {kind} {}", String::from_utf8_lossy(&body))
    };
    let router = Router::new()
        .route("/down", any(|| async { (StatusCode::SERVICE_UNAVAILABLE, "down") }))
        .route("/big", any(|| async { "x".repeat(1 << 20) }))
        .route("/private", any(|| async { (StatusCode::FOUND, [("location", "http://10.0.0.1/")]) }))
        .fallback(mirror);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn probe(fields: Value) -> Result<Answered, NotAnswered> {
    let probe: HttpProbe = serde_json::from_value(fields).unwrap();
    let options = OutboundOptions { allow: vec!["127.0.0.1".to_owned()], ..OutboundOptions::default() };
    Signals::new(Outbound::new(&options).unwrap()).probe(OrgId(Uuid::nil()), &probe).await
}

#[tokio::test]
async fn an_endpoint_is_asked_as_the_signal_says() {
    let address = server().await;
    let said = async |fields: Value| {
        let mut asked = json!({ "url": format!("http://{address}/") });
        asked.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let answered = probe(asked).await.unwrap();
        assert!(answered.status == 200 && answered.millis > 0.0, "{answered:?}");
        String::from_utf8(answered.body).unwrap()
    };
    assert_eq!(said(json!({})).await, "GET  ");
    assert_eq!(said(json!({ "method": "HEAD" })).await, "");
    assert_eq!(said(json!({ "method": "POST", "body": { "q": 1 } })).await, "POST application/json {\"q\":1}");
}

#[tokio::test]
async fn any_status_is_an_answer_and_a_large_one_is_cut() {
    let address = server().await;
    let down = probe(json!({ "url": format!("http://{address}/down") })).await.unwrap();
    assert_eq!((down.status, down.body.as_slice()), (503, b"down".as_slice()));
    let big = probe(json!({ "url": format!("http://{address}/big") })).await.unwrap();
    assert_eq!(big.body.len(), 256 << 10);
}

#[tokio::test]
async fn an_endpoint_that_may_not_be_asked_is_told_from_one_that_is_gone() {
    for refused in ["http://169.254.169.254/", "http://10.0.0.1/"] {
        assert!(matches!(probe(json!({ "url": refused })).await, Err(NotAnswered::NotAsked(_))), "{refused}");
    }
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert!(matches!(probe(json!({ "url": format!("http://{gone}/") })).await, Err(NotAnswered::Failed(_))));
    let address = server().await;
    let led_astray = probe(json!({ "url": format!("http://{address}/private") })).await;
    assert!(matches!(led_astray, Err(NotAnswered::Failed(_))), "{led_astray:?}");
}
