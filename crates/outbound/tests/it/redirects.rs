//! Redirects: each hop is a call of its own, and credentials stay where they belong.

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use outbound::{Outbound, OutboundError, OutboundOptions, Request};

use crate::calls::{allowing, get_of, serve};

/// Says what arrived.
async fn mirror(method: Method, headers: HeaderMap, body: Bytes) -> String {
    let mut names: Vec<&str> = headers.keys().map(|name| name.as_str()).collect();
    names.retain(|name| !["host", "user-agent", "content-length"].contains(name));
    names.sort_unstable();
    format!("{method} [{}] {}", names.join(" "), String::from_utf8_lossy(&body))
}

fn to(status: u16, location: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("location", location.to_owned())]).into_response()
}

fn post(url: &str) -> Request {
    let mut secret = HeaderValue::from_static("s");
    secret.set_sensitive(true);
    Request::new(Method::POST, url.parse().unwrap())
        .header(AUTHORIZATION, HeaderValue::from_static("Bearer s"))
        .header(COOKIE, HeaderValue::from_static("a=s"))
        .header("x-api-key".parse().unwrap(), HeaderValue::from_static("s"))
        .header("x-mine".parse().unwrap(), secret)
        .header("x-plain".parse().unwrap(), HeaderValue::from_static("p"))
        .header("content-type".parse().unwrap(), HeaderValue::from_static("text/plain"))
        .body("body")
}

async fn text(outbound: &Outbound, request: Request) -> String {
    let body = outbound.send(request).await.unwrap().bytes().await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn methods_and_credentials_follow_the_rules() {
    let elsewhere = serve(Router::new().route("/", any(mirror))).await;
    let away = move |Path(status): Path<u16>| async move { to(status, &format!("http://{elsewhere}/")) };
    let router = Router::new()
        .route("/here/{status}", any(|Path(status): Path<u16>| async move { to(status, "../mirror") }))
        .route("/away/{status}", any(away))
        .route("/mirror", any(mirror));
    let address = serve(router).await;
    let outbound = allowing(&["127.0.0.1"]);
    let check = async |path: &str, expected: &str| {
        let found = text(&outbound, post(&format!("http://{address}{path}"))).await;
        assert_eq!(found, expected, "{path}");
    };

    check("/here/303", "GET [authorization cookie x-api-key x-mine x-plain] ").await;
    check("/here/302", "GET [authorization cookie x-api-key x-mine x-plain] ").await;
    let kept = "POST [authorization content-type cookie x-api-key x-mine x-plain] body";
    check("/here/307", kept).await;
    check("/here/308", kept).await;
    check("/away/303", "GET [x-plain] ").await;
    check("/away/307", "POST [content-type x-plain] body").await;
}

#[tokio::test]
async fn a_redirect_is_guarded_like_any_call() {
    let inner = serve(Router::new().route("/", get(|| async { "inner" }))).await;
    let router = Router::new()
        .route("/private", get(move || async move { to(302, &format!("http://127.0.0.1:{}/", inner.port())) }))
        .route("/file", get(|| async { to(302, "file:///etc/passwd") }))
        .route("/userinfo", get(|| async { to(302, "http://a:b@8.8.8.8/") }))
        .route("/nonsense", get(|| async { to(302, "http://[") }));
    let address = serve(router).await;
    // The first hop is allowed by its name and port, the second by nothing.
    let outbound = allowing(&[&format!("localhost:{}", address.port())]);
    for path in ["private", "file", "userinfo", "nonsense"] {
        let url = format!("http://localhost:{}/{path}", address.port());
        let error = outbound.send(get_of(&url)).await.unwrap_err();
        assert!(matches!(error, OutboundError::Redirected(_)), "{path}: {error}");
        assert!(!error.nothing_was_sent(), "the first hop was called");
    }
}

#[tokio::test]
async fn redirects_end() {
    let router = Router::new().route("/loop", get(|| async { to(302, "/loop") })).route(
        "/{n}",
        get(|Path(n): Path<u32>| async move {
            match n {
                0 => "there".into_response(),
                _ => to(302, &format!("/{}", n - 1)),
            }
        }),
    );
    let address = serve(router).await;
    let outbound = allowing(&["127.0.0.1"]);
    let call = async |path: &str| outbound.send(get_of(&format!("http://{address}/{path}"))).await;
    assert_eq!(call("5").await.unwrap().status(), 200);
    assert!(matches!(call("6").await, Err(OutboundError::TooManyRedirects { max: 5, .. })));
    assert!(matches!(call("loop").await, Err(OutboundError::TooManyRedirects { .. })));

    let provider = Outbound::for_provider(true, &OutboundOptions::default()).unwrap();
    let response = provider.send(get_of(&format!("http://{address}/5"))).await.unwrap();
    assert_eq!(response.status(), 302, "a provider's redirect is not followed");
}
