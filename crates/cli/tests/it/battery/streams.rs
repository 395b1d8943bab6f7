//! Streams of the real server, cut at any byte and by its end: what is put together is what
//! is stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::{Server, http};
use super::proxy::Proxy;
use super::reader::{OrgReader, Reader, SessionReader, read_on};
use super::requests::{get, post};
use super::world::World;

const READERS: usize = 8;
/// Cuts for each kill of the server.
const CUTS_PER_KILL: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_cut_at_any_byte_lose_and_repeat_nothing() {
    let stage = Stage::set(None).await;
    let (cuts, whole) = stage.play(super::count(200)).await.unwrap_or_else(|complaint| panic!("{complaint}"));
    assert!(whole > 0, "no text was shown to its end");
    println!("{cuts} connections cut; {whole} messages were shown to their last byte as they were made");
}

/// A test of the checker: a store that leaves out what comes first behind a cursor.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_leaves_an_event_out_does_not_pass() {
    let stage = Stage::set(Some("skip-replayed")).await;
    let session = stage.session().await;
    stage.say(&session).await;
    let mut reader = SessionReader::of(&session);
    // To the end of the turn, then once more from its first event.
    while !read_on(&mut reader, &stage.client, &stage.server.url, |reader| reader.turns() > 0).await.unwrap() {}
    let mut again = SessionReader::of(&session);
    again.events.push(reader.events[0].clone());
    let complaint = read_on(&mut again, &stage.client, &stage.server.url, |reader| reader.turns() > 0).await;
    assert!(complaint.is_err_and(|complaint| complaint.contains("a gap")), "an event is missing unnoticed");

    let mut of_org = OrgReader { changes: vec![(1, Value::Null)] };
    let complaint = read_on(&mut of_org, &stage.client, &stage.server.url, |reader| reader.changes.len() > 2).await;
    assert!(complaint.is_err(), "a change is missing unnoticed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_a_crash_cut_is_closed_and_made_anew() {
    let mut stage = Stage::set(None).await;
    let proxy = Proxy::start(&stage.server.url).await;
    let mut dice = Dice(11);
    for round in 0..super::count(200).div_ceil(CUTS_PER_KILL) {
        let session = stage.session().await;
        stage.say(&session).await;
        let mut reader = SessionReader::of(&session);
        let bytes = 1 + dice.below(400);
        let seen = read_on(&mut reader, &stage.client, proxy.url(), |reader| reader.shown_bytes() >= bytes).await;
        assert!(
            seen.unwrap_or_else(|complaint| panic!("round {round}: {complaint}")),
            "the connection broke by itself"
        );
        let cut = reader.shown.clone().expect("a text is being shown").0;

        stage.start_anew().await;
        proxy.point_to(&stage.server.url);
        let ended = async {
            while !read_on(&mut reader, &stage.client, proxy.url(), |reader| reader.turns() > 0).await? {}
            stage.check(&reader).await
        };
        ended.await.unwrap_or_else(|complaint| panic!("round {round}: {complaint}"));
        assert_eq!(reader.closed, [cut], "round {round}");
    }
}

/// A server and what is around it.
struct Stage {
    folder: TempDir,
    world: World,
    server: Server,
    agent: String,
    client: Client,
}

impl Stage {
    async fn set(planted: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let world = World::start().await;
        let server = Server::start(&folder.path().join("data"), world.url(), planted).await;
        let client = http();
        let agent = post(&client, &server.url, "/v1/agents", json!({ "name": "talker", "model": "mock/m" })).await;
        let agent = agent.expect("an agent")["id"].as_str().expect("an id").to_owned();
        Self { folder, world, server, agent, client }
    }

    /// `kill -9`, and a new server on the same data.
    async fn start_anew(&mut self) {
        let data = self.folder.path().join("data");
        self.server.kill();
        self.server = Server::start(&data, self.world.url(), None).await;
    }

    async fn session(&self) -> String {
        let made = post(&self.client, &self.server.url, "/v1/sessions", json!({ "agent": self.agent })).await;
        made.expect("a session")["id"].as_str().expect("an id").to_owned()
    }

    /// Has the model tell a long story.
    async fn say(&self, session: &str) {
        let message = json!({ "type": "user.message", "content": [{ "type": "text", "text": "tell" }] });
        let path = format!("/v1/sessions/{session}/events");
        post(&self.client, &self.server.url, &path, json!({ "events": [message] })).await.expect("it is taken");
    }

    /// Readers of sessions and of the organization, until so many connections were cut; how
    /// many were, and how many messages were shown to their end.
    async fn play(&self, cuts: usize) -> Result<(usize, usize), String> {
        let is_over = Arc::new(AtomicBool::new(false));
        let of_sessions = async {
            let reading = (0..READERS).map(|number| self.read_sessions(number, cuts.div_ceil(READERS)));
            let read = futures::future::join_all(reading).await;
            is_over.store(true, Ordering::Relaxed);
            // Whoever follows the organization sees this one last.
            (read, self.session().await)
        };
        let ((read, last), mut of_org) = tokio::join!(of_sessions, self.read_org(&is_over));
        let (mut cut, mut whole) = (0, 0);
        for of_one in read {
            let (cuts, shown) = of_one?;
            (cut, whole) = (cut + cuts, whole + shown);
        }
        let of_org = of_org.as_mut().map_err(std::mem::take)?;
        self.finish_org(of_org, &last).await?;
        Ok((cut, whole))
    }

    /// One reader: turn after turn, each over connections that are cut.
    async fn read_sessions(&self, number: usize, cuts: usize) -> Result<(usize, usize), String> {
        let proxy = Proxy::start(&self.server.url).await;
        let mut dice = Dice(number as u64 + 1);
        let mut reader = SessionReader::of(&self.session().await);
        while proxy.cuts() < cuts {
            let turns = reader.turns();
            self.say(&reader.session).await;
            cut_until(&mut reader, &self.client, &proxy, &mut dice, |reader| reader.turns() > turns).await?;
        }
        self.check(&reader).await?;
        Ok((proxy.cuts(), reader.whole))
    }

    /// The changes of the organization, over connections that are cut, while sessions are read.
    async fn read_org(&self, is_over: &AtomicBool) -> Result<OrgReader, String> {
        let proxy = Proxy::start(&self.server.url).await;
        let (mut reader, mut dice) = (OrgReader::default(), Dice(99));
        let is_enough = |_: &OrgReader| is_over.load(Ordering::Relaxed);
        cut_until(&mut reader, &self.client, &proxy, &mut dice, is_enough).await?;
        Ok(reader)
    }

    /// What was put together is what an unbroken reading gives, and each session's last change
    /// shows where its log ends.
    async fn finish_org(&self, reader: &mut OrgReader, last: &str) -> Result<(), String> {
        let mut unbroken = OrgReader::default();
        for reader in [&mut *reader, &mut unbroken] {
            while !read_on(reader, &self.client, &self.server.url, |reader| reader.has_seen(last)).await? {}
        }
        if reader.order() != unbroken.order() {
            return Err(format!("put together: {:?}\nunbroken: {:?}", reader.order(), unbroken.order()));
        }
        for (_, change) in reader.changes.iter().filter(|(_, change)| change["status"] == "idle") {
            let stored = get(
                &self.client,
                &self.server.url,
                &format!("/v1/sessions/{}", change["session_id"].as_str().unwrap_or_default()),
            )
            .await;
            if change["seq"].as_u64() > stored["last_seq"].as_u64() {
                return Err(format!("a change that never was: {change}, and the session is {stored}"));
            }
        }
        Ok(())
    }

    /// What a reader put together is what is stored, to the letter.
    async fn check(&self, reader: &SessionReader) -> Result<(), String> {
        let mut stored: Vec<Value> = Vec::new();
        let mut page = String::new();
        loop {
            let path = format!("/v1/sessions/{}/events?limit=1000{page}", reader.session);
            let mut answer = get(&self.client, &self.server.url, &path).await;
            stored.append(answer["data"].as_array_mut().expect("a list"));
            let Some(next) = answer["next_page"].as_str() else { break };
            page = format!("&page={next}");
        }
        match reader.events.iter().zip(&stored).find(|(read, stored)| read != stored) {
            Some((read, stored)) => Err(format!("read was {read}, and stored is {stored}")),
            None if reader.events.len() != stored.len() => {
                Err(format!("{} events were read, and {} are stored", reader.events.len(), stored.len()))
            }
            None => Ok(()),
        }
    }
}

/// Reads over one connection after the other, each cut at a byte of chance.
async fn cut_until<R: Reader>(
    reader: &mut R,
    client: &Client,
    proxy: &Proxy,
    dice: &mut Dice,
    is_enough: impl Fn(&R) -> bool,
) -> Result<(), String> {
    loop {
        // From within the head of the answer to some way into the text.
        let scale = 5 + dice.below(10);
        proxy.cut_after(1 + dice.below(1 << scale));
        if read_on(reader, client, proxy.url(), &is_enough).await? {
            return Ok(());
        }
    }
}

/// Chance that is the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}
