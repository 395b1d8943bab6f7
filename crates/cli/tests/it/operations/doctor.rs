//! `sortie doctor`.

use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::sortie::{Ended, House, sortie};

fn doctor(house: &House, set: impl FnOnce(&mut Command)) -> Ended {
    let mut command = sortie(house.path());
    // Of this house alone: no port and no model of the machine's.
    command.args(["doctor", "--json"]).env("SORTIE_SERVER__LISTEN", "127.0.0.1:0");
    command.env("SORTIE_MODEL_DIR", house.path().join("models"));
    set(&mut command);
    Ended::of(&mut command)
}

/// The verdicts on one thing.
fn verdicts(ended: &Ended, check: &str) -> Vec<String> {
    let found: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:#?}"));
    let of_it = found.as_array().unwrap().iter().filter(|finding| finding["check"] == check);
    of_it.map(|finding| finding["verdict"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_house_in_order_is_in_order_with_and_without_a_server() {
    let house = House::new();
    let server = house.serve();
    for is_running in [true, false] {
        let found = doctor(&house, |_| {});
        assert_eq!(found.code, 0, "{found:#?}");
        for check in ["data directory", "disk space", "lock", "database", "secrets file", "clock", "TLS", "proxies"] {
            assert_eq!(verdicts(&found, check), ["ok"], "{check}: {found:#?}");
        }
        if is_running {
            server.signal("TERM");
            while std::fs::exists(house.data().join("admin.sock")).unwrap() {
                std::thread::yield_now();
            }
            while house.run(&["orgs", "list"]).code != 0 {
                std::thread::yield_now();
            }
        }
    }
    let words = Ended::of(sortie(house.path()).arg("doctor").env("SORTIE_MODEL_DIR", house.path().join("models")));
    assert!(
        words.stdout.contains("ok    database: whole") && words.stdout.contains("→ `sortie models pull"),
        "{words:#?}"
    );
}

#[test]
fn what_is_wrong_is_found_with_what_to_do() {
    let house = House::new();
    house.serve().stop();
    let secrets = house.data().join("secrets.toml");
    let kept = std::fs::read(&secrets).unwrap();
    std::fs::remove_file(&secrets).unwrap();
    let found = doctor(&house, |_| {});
    assert!(found.stdout.contains("put it back"), "{found:#?}");
    assert_eq!(verdicts(&found, "secrets file"), ["fail"]);
    assert!(found.code == 1 && found.stderr.contains("1 of 10 checks failed"), "{found:#?}");
    std::fs::write(&secrets, kept).unwrap();

    let database = house.data().join("sortie.db");
    let mut damaged = std::fs::read(&database).unwrap();
    let last = damaged.len() - 4096;
    damaged[last..].fill(0xa5);
    std::fs::write(&database, damaged).unwrap();
    let found = doctor(&house, |command| {
        command.env("SORTIE_SERVER__TLS_CERT", "absent.pem").env("SORTIE_SERVER__TLS_KEY", "absent.key");
    });
    assert_eq!(
        (verdicts(&found, "database"), verdicts(&found, "TLS")),
        (vec!["fail".to_owned()], vec!["fail".to_owned()])
    );
}

#[test]
fn a_directory_without_data_is_no_failure() {
    let house = House::new();
    let found = doctor(&house, |_| {});
    assert_eq!((found.code, verdicts(&found, "data directory")), (0, vec!["warn".to_owned()]), "{found:#?}");
    assert!(!house.data().exists());
}

/// What an organization brought is asked with its own key, by the server that runs or without one.
#[tokio::test(flavor = "multi_thread")]
async fn providers_of_organizations_are_asked_too() {
    let stub = Router::new().fallback(async |headers: HeaderMap| {
        match headers.get("authorization").map(|key| key.as_bytes()) {
            Some(b"Bearer good-key-of-the-test") => axum::Json(json!({ "data": [{ "id": "small" }] })).into_response(),
            _ => StatusCode::UNAUTHORIZED.into_response(),
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, stub).await });
    let allowed = |command: &mut Command| {
        command.env("SORTIE_OUTBOUND__ALLOW", r#"["127.0.0.1"]"#);
    };

    let house = House::new();
    let server = tokio::task::block_in_place(|| house.serve_with(allowed));
    let providers = format!("http://{}/v1/providers", server.address());
    let _ = rustls::crypto::ring::default_provider().install_default();
    for (name, key) in [("fine", "good-key-of-the-test"), ("locked", "bad-key-of-the-test")] {
        let described = json!({ "name": name, "provider": "openai", "base_url": base, "api_key": key });
        let made = reqwest::Client::new().post(&providers).bearer_auth(server.text("first_key")).json(&described);
        assert_eq!(made.send().await.unwrap().status(), 200);
    }
    let org = house.run(&["orgs", "list", "--json"]).json()[0]["name"].as_str().unwrap().to_owned();
    let check = |found: &Ended| {
        let of = |name: &str| verdicts(found, &format!("provider {name} of {org}"));
        assert_eq!((of("fine"), of("locked")), (vec!["ok".to_owned()], vec!["fail".to_owned()]), "{found:#?}");
        assert!(!format!("{found:?}").contains("key-of-the-test"), "a key is shown");
    };
    tokio::task::block_in_place(|| {
        check(&doctor(&house, |_| {}));
        server.stop();
        check(&doctor(&house, allowed));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_asked_for_its_list_and_for_nothing_else() {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&asked);
    let stub = Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap| async move {
        seen.lock().unwrap().push(format!("{method} {}", uri.path()));
        match headers.get("authorization").map(|key| key.as_bytes()) {
            Some(b"Bearer good") => axum::Json(json!({ "data": [{ "id": "small" }] })).into_response(),
            _ => StatusCode::UNAUTHORIZED.into_response(),
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, stub).await });

    let house = House::new();
    let with_key = |key: &'static str, base: String| {
        tokio::task::block_in_place(|| {
            doctor(&house, |command| {
                command.env("SORTIE_PROVIDERS__HOUSE__BASE_URL", base).env("SORTIE_PROVIDERS__HOUSE__API_KEY", key);
                command.env("SORTIE_PROVIDERS__HOUSE__ALLOW_PRIVATE", "true");
                command.env("SORTIE_PROVIDERS__HOUSE__MODELS", "small");
            })
        })
    };
    let found = with_key("good", base.clone());
    assert_eq!((found.code, verdicts(&found, "provider house")), (0, vec!["ok".to_owned()]), "{found:#?}");
    let found = with_key("bad-key-of-the-test", base);
    assert_eq!((found.code, verdicts(&found, "provider house")), (1, vec!["fail".to_owned()]), "{found:#?}");
    assert!(!format!("{found:?}").contains("bad-key-of-the-test"));
    let found = with_key("good", "http://127.0.0.1:1/v1".to_owned());
    assert_eq!((found.code, verdicts(&found, "provider house")), (1, vec!["fail".to_owned()]), "{found:#?}");
    assert_eq!(*asked.lock().unwrap(), ["GET /v1/models", "GET /v1/models"]);
}

/// One that does not answer is told, and keeps no server from starting.
#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_is_asked_for_what_it_serves() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "1", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let document = json!({
        "issuer": url, "jwks_uri": format!("{url}/keys"),
        "authorization_endpoint": format!("{url}/authorize"), "token_endpoint": format!("{url}/token"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
    });
    let stub = Router::new()
        .route("/.well-known/openid-configuration", axum::routing::get(axum::Json(document)))
        .route("/keys", axum::routing::get(axum::Json(json!({ "keys": [key] }))));
    let serving = tokio::spawn(async move { axum::serve(listener, stub).await });
    let trusting = |command: &mut Command| {
        command.env("SORTIE_LOGIN__OIDC__CORP__ISSUER", &url).env("SORTIE_LOGIN__OIDC__CORP__CLIENT_ID", "sortie");
        command.env("SORTIE_LOGIN__OIDC__CORP__ALLOW_PRIVATE", "true");
    };
    let house = House::new();
    let found = tokio::task::block_in_place(|| doctor(&house, trusting));
    assert_eq!(verdicts(&found, "login with corp"), ["ok"], "{found:#?}");
    assert!(found.stdout.contains("/login/oidc/corp/callback"), "{found:#?}");

    serving.abort();
    let _ = serving.await;
    tokio::task::block_in_place(|| {
        let server = house.serve_with(trusting);
        let found = doctor(&house, trusting);
        assert_eq!(verdicts(&found, "login with corp"), ["fail"], "{found:#?}");
        server.stop();
        let wrong = doctor(&house, |command| {
            trusting(command);
            command.env("SORTIE_LOGIN__OIDC__CORP__ALLOW_PRIVATE", "false");
        });
        assert!(
            wrong.code != 0 && wrong.stderr.contains("login.oidc.corp: `issuer` must begin with https://"),
            "{wrong:#?}"
        );
    });
}
