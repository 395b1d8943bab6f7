//! `sortie serve --demo`: a made-up organization that lives, apart from all others.

use std::collections::BTreeSet;
use std::path::PathBuf;

use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::block_in_place;

use crate::sortie::{House, Server, sortie};

/// What the owner's key is shown at an address.
async fn read(server: &Server, path: &str) -> Value {
    let url = format!("{}{path}", server.text("url"));
    let answer = Client::new().get(url).header("x-api-key", server.text("first_key")).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

/// Logs in as whoever this is, as a browser does.
async fn log_in(server: &Server, who: &Value) -> u16 {
    let url = format!("{}/v1/login", server.text("url"));
    let request = Client::new().post(url).header("sec-fetch-site", "same-origin").json(who);
    request.send().await.unwrap().status().as_u16()
}

fn texts(list: &Value, pointer: &str) -> BTreeSet<String> {
    let rows = list["data"].as_array().into_iter().flatten();
    rows.filter_map(|row| row.pointer(pointer)?.as_str().map(str::to_owned)).collect()
}

fn words<const N: usize>(words: [&str; N]) -> BTreeSet<String> {
    words.map(str::to_owned).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_shows_something_in_every_state_and_leaves_nothing_behind() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let house = House::new();
    let server = block_in_place(|| {
        house.serve_with(|command| {
            command.arg("--demo").env("TMPDIR", house.path());
        })
    });
    let directory = PathBuf::from(server.text("login_file")).parent().unwrap().to_owned();
    assert!(directory.exists() && !house.data().exists(), "{directory:?}");

    for state in ["waiting", "running", "idle"] {
        let sessions = read(&server, &format!("/v1/sessions?states[]={state}")).await;
        assert!(!texts(&sessions, "/id").is_empty(), "{state}: {sessions}");
    }
    let asking = read(&server, "/v1/approvals?limit=100").await;
    assert_eq!(texts(&asking, "/type"), words(["rollout", "tool_call"]), "{asking}");
    let rollouts = read(&server, "/v1/rollouts?limit=100").await;
    assert!(words(["pending", "running", "success", "failure"]).is_subset(&texts(&rollouts, "/status")), "{rollouts}");
    let members = read(&server, "/v1/members").await;
    assert_eq!(texts(&members, "/role"), words(["admin", "member", "owner", "viewer"]));
    let usage = read(&server, "/v1/usage").await;
    let used = usage["data"].as_array().unwrap().iter().filter(|day| day["runs"].as_u64() > Some(0));
    assert!(used.count() > 20, "{usage}");
    assert_eq!(read(&server, "/v1/login").await["demo"], true);
    block_in_place(|| server.stop());
    assert!(!directory.exists(), "the data are gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_a_demo_logs_in_and_its_ids_are_the_same_again() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let house = House::new();
    let serve = |directory: &'static str| {
        block_in_place(|| {
            house.serve_with(|command| {
                command.args(["--demo", "--data-dir", directory]);
            })
        })
    };
    let server = serve("one");
    assert_eq!(log_in(&server, &server.started["demo"]).await, 200);
    let mut wrong = server.started["demo"].clone();
    wrong["password"] = json!("another password");
    assert_eq!(log_in(&server, &wrong).await, 401);
    let agents = texts(&read(&server, "/v1/agents").await, "/id");
    block_in_place(|| server.stop());
    assert!(house.path().join("one").exists(), "what was named stays");

    let again = serve("other");
    assert_eq!(texts(&read(&again, "/v1/agents").await, "/id"), agents);
}

#[test]
fn a_demo_takes_no_key_and_no_rules_tells_no_collector_and_stops_at_once() {
    const KEY: &str = "a-key-of-another-installation-of-32";
    let house = House::new();
    let collector = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    let file = format!(
        "[telemetry]\notlp_endpoint = \"{endpoint}\"\n[retention]\nsessions = \"1d\"\n\
         [login]\npasswords = false\n[login.oidc.corp]\nissuer = \"https://id.example\"\nclient_id = \"sortie\"\n"
    );
    std::fs::write(house.path().join("sortie.toml"), file).unwrap();
    let server = house.serve_with(|command| {
        command.arg("--demo").env("TMPDIR", house.path()).env("SORTIE_BOOTSTRAP_KEY", KEY);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint);
    });
    assert_ne!(server.text("first_key"), KEY);
    let (status, setup) = server.get("/v1/setup");
    let setup: Value = serde_json::from_str(&setup).unwrap();
    assert_eq!((status, &setup["passwords"], &setup["issuers"]), (200, &json!(true), &json!([])));
    // Somebody's reply is in the middle of a sentence, and would be for half a minute.
    let asked = std::time::Instant::now();
    server.signal("INT");
    assert_eq!(server.ended(), 0);
    let took = asked.elapsed();
    assert!(took < std::time::Duration::from_secs(10), "{took:?}");
    collector.set_nonblocking(true).unwrap();
    let told = collector.accept();
    assert_eq!(told.unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "a collector was told");
}

#[test]
fn whoever_starts_a_demo_is_told_what_becomes_of_it() {
    use std::io::{BufRead, BufReader};
    let house = House::new();
    let greeted = |arguments: &[&str]| {
        let mut command = sortie(house.path());
        command.args(["serve", "--demo", "--listen", "127.0.0.1:0"]).args(arguments).env("TMPDIR", house.path());
        let mut child =
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let _ = child.kill();
        child.wait().unwrap();
        line
    };
    assert!(greeted(&[]).contains("all of it is made up. It goes away"));
    assert!(greeted(&["--data-dir", "kept"]).contains("all of it is made up. It stays in kept"));
}

#[test]
fn a_demo_and_other_data_are_never_mixed() {
    let house = House::new();
    house.serve().stop();
    let refused = house.run(&["serve", "--demo", "--listen", "127.0.0.1:0", "--data-dir", "sortie-data"]).failed(2);
    assert!(refused.contains("empty directory"), "{refused}");
    let server = house.serve_with(|command| {
        command.args(["--demo", "--data-dir", "made-up"]);
    });
    server.stop();
    let refused = house.run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", "made-up"]).failed(2);
    assert!(refused.contains("made up"), "{refused}");
}
