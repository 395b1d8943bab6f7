//! `sortie members invite` and `reset`: links by which people come in.

use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::sortie::House;

const PASSWORD: &str = "correct horse battery";

/// What a browser sends.
async fn send(request: RequestBuilder) -> (u16, Option<String>, Value) {
    let response: Response = request.header("sec-fetch-site", "same-origin").send().await.unwrap();
    let cookie = response.headers().get("set-cookie").map(|cookie| cookie.to_str().unwrap().to_owned());
    (response.status().as_u16(), cookie, response.json().await.unwrap_or_default())
}

/// Comes in by a link, as its page does.
async fn come_in(link: &str, password: &str) -> (u16, Option<String>, Value) {
    let url = link.replace("/invite/", "/v1/links/");
    assert_ne!(url, link);
    send(Client::new().post(url).json(&json!({ "password": password }))).await
}

fn of(link: &str) -> &str {
    link.rsplit('/').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_come_in_by_links_that_the_operator_makes() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let house = House::new();
    let server = tokio::task::block_in_place(|| house.serve());
    let first = server.text("owner_link").to_owned();
    assert!(first.starts_with(&format!("{}/invite/", server.text("url"))), "{first}");
    let run = |arguments: &[&str]| tokio::task::block_in_place(|| house.run(arguments));
    // Each start makes another one, while it is needed.
    tokio::task::block_in_place(|| server.stop());
    let server = tokio::task::block_in_place(|| house.serve());
    let second = server.text("owner_link").to_owned();
    assert_ne!(of(&first), of(&second));
    let old = second.replace(of(&second), of(&first));
    assert_eq!(come_in(&old, PASSWORD).await.0, 404);
    let (status, cookie, view) = come_in(&second, PASSWORD).await;
    assert_eq!((status, view["member"]["role"].as_str()), (200, Some("owner")), "{view}");
    assert!(cookie.is_some_and(|cookie| cookie.starts_with("sortie_login=")));

    let add = ["members", "add", "ada@example.com", "--name", "Ada"];
    run(&add).done();
    let no_password = run(&["members", "reset", "ada@example.com"]).failed(5);
    assert!(no_password.contains("invite"), "{no_password}");
    let invitation = run(&["members", "invite", "ada@example.com"]).done().trim().to_owned();
    assert_eq!(come_in(&invitation, PASSWORD).await.0, 200);
    let reset = run(&["members", "reset", "ada@example.com", "--json"]).json();
    assert!(reset["expires_at"].is_string(), "{reset}");
    assert_eq!(come_in(reset["url"].as_str().unwrap(), "a new battery").await.0, 200);
    let url = format!("{}/v1/login", server.text("url"));
    let log_in = |email: &str, password: &str| {
        send(Client::new().post(&url).json(&json!({ "email": email, "password": password })))
    };
    assert_eq!(log_in("ada@example.com", "a new battery").await.0, 200);
    assert_eq!(log_in("ada@example.com", PASSWORD).await.0, 401);
    tokio::task::block_in_place(|| server.stop());

    // The way back in needs no server.
    let owner = run(&["members", "reset", "--owner"]).done().trim().to_owned();
    let server = tokio::task::block_in_place(|| house.serve());
    assert_eq!(server.started["owner_link"], Value::Null);
    let owner = format!("{}/invite/{}", server.text("url"), of(&owner));
    assert_eq!(come_in(&owner, "a new battery").await.0, 200);
    let log = house.log();
    for link in [&first, &second, &invitation, &owner] {
        assert!(!log.contains(of(link)), "a link is in the log");
    }
}
