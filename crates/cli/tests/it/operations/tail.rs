//! `sortie sessions tail -f`.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::Value;

use crate::sortie::{House, sortie};

/// A follower and what it printed.
struct Tail {
    child: Child,
    lines: BufReader<ChildStdout>,
    events: Vec<Value>,
}

impl Tail {
    fn begin(house: &House, session: &str) -> Self {
        let mut command = sortie(house.path());
        command.args(["sessions", "tail", "-f", session, "--json"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines, events: Vec::new() }
    }

    /// Reads until the session is idle for the `count`th time.
    fn until_idle(&mut self, count: usize) {
        while self.of_kind("session.status_idle").count() < count {
            let mut line = String::new();
            assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "{:#?}", self.events);
            self.events.push(serde_json::from_str(&line).unwrap());
        }
    }

    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |event| event["type"] == kind)
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_goes_on_over_servers_that_stop_and_servers_that_are_killed() {
    let house = House::new();
    let server = house.serve();
    let address = server.address().to_owned();
    house.run(&["run", "one"]).done();
    let session = house.run(&["sessions", "list", "--json"]).json()[0]["id"].as_str().unwrap().to_owned();
    let say = |text| house.run(&["run", "--session", &session, text]).done();

    let mut tail = Tail::begin(&house, &session);
    tail.until_idle(1);
    say("two");
    tail.until_idle(2);
    server.stop();
    let server = house.serve_at(&address, |_| {});
    say("three");
    tail.until_idle(3);
    // As by `kill -9`.
    drop(server);
    let _server = house.serve_at(&address, |_| {});
    say("four");
    tail.until_idle(4);

    let numbers: Vec<u64> = tail.events.iter().filter_map(|event| event["seq"].as_u64()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "a gap or a repeat");
    let said: Vec<&Value> = tail.of_kind("agent.message").map(|event| &event["content"][0]["text"]).collect();
    assert_eq!(said, ["You said: one", "You said: two", "You said: three", "You said: four"]);
}
