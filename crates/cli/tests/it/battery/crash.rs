//! `kill -9` at random moments of mixed load.

use std::time::Duration;

use tempfile::TempDir;

use super::checker::Checker;
use super::load::{Agents, Ledger, client};
use super::process::Server;
use super::stranger::Stranger;
use super::world::World;

const CLIENTS: usize = 6;
const LETS_GO_AFTER: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_no_effect_is_repeated_when_the_server_is_killed() {
    let mut battery = Battery::start(None).await;
    for round in 0..super::count(50) {
        battery.round(moment(round)).await.unwrap_or_else(|complaint| panic!("round {round}: {complaint}"));
    }
    let Checker { runs, sessions, streamed, resolved } = battery.checker;
    assert!(runs > 0 && sessions > 0 && streamed > 0, "the load did nothing");
    println!(
        "{runs} answers, {sessions} messages and what {streamed} streams showed were acknowledged, and all of it \
         is there; {resolved} unsafe calls waited for a person's word"
    );
}

/// A test of the checker: a server that shows an organization what is another's does not pass.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_forgets_whose_a_session_is_does_not_pass() {
    let mut battery = Battery::start(Some("forget-org")).await;
    // On a busy machine a round may end before there is anything to be seen.
    for _ in 0..5 {
        if let Err(complaint) = battery.round(Duration::from_millis(500)).await {
            assert!(complaint.contains("a stranger"), "{complaint}");
            return;
        }
    }
    panic!("the planted bug goes unnoticed");
}

/// When to kill: from right after the start to well into the load, a different moment each round.
fn moment(round: usize) -> Duration {
    Duration::from_millis(30 + (round as u64 * 97) % 700)
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
        let (ledger, checker) = (Ledger::default(), Checker::default());
        Self { folder, world, server: Some(server), agents, ledger, stranger, checker, planted }
    }

    /// Load, a kill at this moment, a start, and everything that must hold then.
    async fn round(&mut self, moment: Duration) -> Result<(), String> {
        let mut server = self.server.take().expect("a round ends with a server");
        let clients = (0..CLIENTS)
            .map(|number| tokio::spawn(client(number, server.url.clone(), self.agents.clone(), self.ledger.clone())));
        let clients: Vec<_> = clients.collect();
        tokio::time::sleep(moment).await;
        server.kill();
        // What a client was told is in the ledger; one that does not notice the end is let go.
        let clients = clients.into_iter().map(|client| tokio::time::timeout(LETS_GO_AFTER, client));
        for client in futures::future::join_all(clients).await.into_iter().flatten() {
            client.unwrap();
        }
        let data = self.folder.path().join("data");
        let server = Server::start(&data, self.world.url(), self.planted).await;
        let checked = self.checker.check(&server.url, &self.ledger, &self.world, &self.stranger).await;
        self.server = Some(server);
        checked.map_err(|complaint| format!("{complaint}\n{}", super::process::log_tail(&data)))
    }
}
