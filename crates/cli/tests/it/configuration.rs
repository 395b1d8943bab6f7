//! The configuration as the binary takes it, and what it says of mistakes.

use crate::sortie::{Ended, House, sortie};

#[test]
fn a_mistake_stops_the_start_with_its_place() {
    let house = House::new();
    std::fs::write(house.path().join("sortie.toml"), "[server]\nlistn = \"127.0.0.1:0\"\n").unwrap();
    let line = house.run(&["serve"]).failed(2);
    assert_eq!(line, "sortie.toml: there is no key `server.listn`; did you mean `server.listen`?");

    std::fs::write(house.path().join("sortie.toml"), "").unwrap();
    let wrong = Ended::of(sortie(house.path()).arg("serve").env("SORTIE_LIMITS__MAKE_PER_MINUTE", "many"));
    let line = wrong.failed(2);
    assert!(line.contains("SORTIE_LIMITS__MAKE_PER_MINUTE") && line.contains("\"many\""), "{line}");

    let wrong = Ended::of(sortie(house.path()).arg("serve").env("SORTIE_LOG__FILTER", "=nonsense="));
    assert!(wrong.failed(2).contains("log.filter"));
    assert!(!house.data().exists());
}

#[test]
fn the_sample_is_a_configuration() {
    let house = House::new();
    let sample = house.run(&["config", "sample"]).done();
    std::fs::write(house.path().join("sortie.toml"), &sample).unwrap();
    let checked = house.run(&["config", "check"]).json();
    assert_eq!(checked["server"]["listen"], "127.0.0.1:7717");
    assert!(house.run(&["config", "schema"]).json()["properties"]["server"].is_object());
}

#[test]
fn a_check_shows_what_all_sources_amount_to_but_no_secret() {
    let house = House::new();
    let checked = Ended::of(
        sortie(house.path())
            .args(["config", "check", "--data-dir", "elsewhere"])
            .env("SORTIE_PROVIDERS__MOCK__BASE_URL", "http://127.0.0.1:9/v1")
            .env("SORTIE_PROVIDERS__MOCK__API_KEY", "sk-123"),
    )
    .done();
    assert!(checked.contains("elsewhere") && checked.contains("http://127.0.0.1:9/v1"), "{checked}");
    assert!(!checked.contains("sk-123"), "{checked}");
}

#[test]
fn completions_are_printed_for_each_shell() {
    let house = House::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(house.run(&["completions", shell]).done().contains("sortie"), "{shell}");
    }
}

#[test]
fn rules_of_how_long_things_are_kept_reach_the_server() {
    let house = House::new();
    house.serve().stop();
    assert!(!house.log().contains("are kept for"), "without a rule nothing goes: {}", house.log());
    let server = house.serve_with(|command| {
        command.env("SORTIE_RETENTION__SESSIONS", "90d");
    });
    server.stop();
    assert!(house.log().contains("sessions are kept for 90d"), "{}", house.log());
}
