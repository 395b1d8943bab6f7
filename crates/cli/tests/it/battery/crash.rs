//! `kill -9` at random moments of mixed load, and in the middle of everything that people and
//! tools do.

use std::collections::BTreeSet;
use std::time::Duration;

use tempfile::TempDir;

use super::aim::{Aim, Moment};
use super::checker::{Checker, Tally};
use super::ledger::Ledger;
use super::load::{Agents, client};
use super::person::Person;
use super::process::Server;
use super::stranger::Stranger;
use super::world::World;

const CLIENTS: usize = 6;
const LETS_GO_AFTER: Duration = Duration::from_secs(10);
/// With so many rounds everything is met that is aimed at.
const ROUNDS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_no_effect_is_repeated_when_the_server_is_killed() {
    let mut battery = Battery::start(None).await;
    let rounds = super::count(ROUNDS);
    for round in 0..rounds {
        battery.round(Aim::of(round)).await.unwrap_or_else(|complaint| panic!("round {round}: {complaint}"));
    }
    battery.finish().await.unwrap_or_else(|complaint| panic!("at the end: {complaint}"));
    let Tally { answered_runs, streamed, tasks, waited, in_doubt, allowed, denied, .. } = battery.checker.tally;
    let Tally { client_results, interrupted, raised, .. } = battery.checker.tally;
    println!(
        "{answered_runs} answers, {tasks} sessions and what {streamed} streams showed were acknowledged, and all of \
         it is there. {waited} tasks waited over a kill, and {in_doubt} unsafe calls for a person's word. {allowed} \
         calls were allowed, {denied} denied, {client_results} answered by clients; {interrupted} turns were \
         interrupted, {raised} budgets raised. Killed in the middle of {:?}",
        battery.met
    );
    let done = [answered_runs, streamed, tasks, waited, in_doubt, allowed, denied, client_results, interrupted, raised];
    if rounds >= ROUNDS {
        assert!(!done.contains(&0), "a part of the load did nothing");
        assert_eq!(battery.met.len(), Moment::ALL.len(), "what was aimed at was never met");
    }
}

/// A test of the checker: a server that shows an organization what is another's does not pass.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_forgets_whose_a_session_is_does_not_pass() {
    let mut battery = Battery::start(Some("forget-org")).await;
    // On a busy machine a round may end before there is anything to be seen.
    for _ in 0..5 {
        if let Err(complaint) = battery.round(Aim::After(Duration::from_millis(500))).await {
            assert!(complaint.contains("a stranger"), "{complaint}");
            return;
        }
    }
    panic!("the planted bug goes unnoticed");
}

/// A server that is killed again and again, and what is outside of it.
struct Battery {
    folder: TempDir,
    world: World,
    server: Option<Server>,
    agents: Agents,
    ledger: Ledger,
    stranger: Stranger,
    checker: Checker,
    met: BTreeSet<Moment>,
    planted: Option<&'static str>,
}

impl Battery {
    async fn start(planted: Option<&'static str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let world = World::start().await;
        let server = Server::start(&folder.path().join("data"), world.url(), planted).await;
        let agents = Agents::make(&server.url, world.url()).await;
        let stranger = Stranger::move_in(&folder.path().join("data"));
        let (ledger, checker, met) = (Ledger::default(), Checker::default(), BTreeSet::new());
        Self { folder, world, server: Some(server), agents, ledger, stranger, checker, met, planted }
    }

    /// Load, a kill where it is aimed at, a start, and everything that must hold then.
    async fn round(&mut self, aim: Aim) -> Result<(), String> {
        let mut server = self.server.take().expect("a round ends with a server");
        let seen = self.world.moments();
        let person = Person::at(&server.url, &self.ledger, &self.world);
        let clients = (0..CLIENTS).map(|number| tokio::spawn(client(number, person.clone(), self.agents.clone())));
        let clients: Vec<_> = clients.collect();
        self.met.extend(aim.wait(seen).await);
        server.kill();
        // What a client was told is in the ledger; one that does not notice the end is let go.
        let clients = clients.into_iter().map(|client| tokio::time::timeout(LETS_GO_AFTER, client));
        for client in futures::future::join_all(clients).await.into_iter().flatten() {
            client.unwrap();
        }
        let data = self.folder.path().join("data");
        let server = Server::start(&data, self.world.url(), self.planted).await;
        let person = Person::at(&server.url, &self.ledger, &self.world);
        let checked = self.checker.check(&person, &self.stranger).await;
        self.server = Some(server);
        checked.map_err(|complaint| format!("{complaint}\n{}", super::process::log_tail(&data)))
    }

    /// Whatever still waits is seen to its end.
    async fn finish(&mut self) -> Result<(), String> {
        let server = self.server.as_ref().expect("a round ends with a server");
        let person = Person::at(&server.url, &self.ledger, &self.world);
        self.checker.finish(&person, &self.stranger).await
    }
}
