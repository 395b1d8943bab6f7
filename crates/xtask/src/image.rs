//! The image, built and used as its users use it: read-only, without rights, asked from outside,
//! stopped, and begun again with what it kept; and then the same by the compose file.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::builds::Builds;
use crate::{machine, process};

pub(crate) const CONTAINERFILE: &str = "deploy/Containerfile";
pub(crate) const COMPOSE: &str = "deploy/compose.yaml";
/// What the image, the container, its volume and the compose project are called while they are tried.
const NAME: &str = "sortie-tried";
/// The port inside, and that of the compose file outside.
const PORT: &str = "7717";
/// How long a server may take to be well.
const WELL_WITHIN: Duration = Duration::from_secs(120);
/// What a drain is given before a kill, as in the compose file.
const GRACE_SECONDS: &str = "40";

/// A program that builds images and runs containers.
#[derive(Clone, Copy)]
pub(crate) struct Engine(pub(crate) &'static str);

impl Engine {
    /// The one that answers, if one does.
    pub(crate) fn find() -> Option<Self> {
        ["docker", "podman"].into_iter().find(|name| process::succeeds(Command::new(name).arg("info"))).map(Self)
    }

    fn command(self, words: &[&str]) -> Command {
        let mut command = Command::new(self.0);
        command.args(words);
        command
    }

    fn build(self, root: &Path) -> Result<()> {
        let mut build = self.command(&["build"]);
        if self.0 == "podman" {
            // Its own format has no place for a health check.
            build.args(["--format", "docker"]);
        }
        process::run(build.current_dir(root).args(["-f", CONTAINERFILE, "-t", NAME, "."]))?;
        let described = process::read(&mut self.command(&["image", "inspect", NAME]))?;
        let described: Value = serde_json::from_str(&described).context("what the engine says of the image")?;
        let image = &described[0];
        let asks = [&image["Config"]["Healthcheck"], &image["HealthCheck"], &image["Healthcheck"]];
        ensure!(asks.iter().any(|ask| ask.is_object()), "the image has lost its health check");
        let mebibytes = image["Size"].as_u64().unwrap_or_default() >> 20;
        println!("the image: {mebibytes} MiB, as {} counts", self.0);
        Ok(())
    }

    /// The ways that this machine has of reading a compose file; the first is the best.
    fn compose(self) -> Option<Vec<&'static str>> {
        let own = vec![self.0, "compose"];
        let beside = if self.0 == "podman" { "podman-compose" } else { "docker-compose" };
        if process::succeeds(self.command(&["compose", "version"]).arg("--short")) {
            return Some(own);
        }
        machine::finds(beside).then(|| vec![beside])
    }
}

/// Builds the image, and tries it and the compose file.
pub(crate) fn check(builds: &Builds) -> Result<()> {
    let engine = Engine::find().context("no container engine answers: docker or podman is needed")?;
    engine.build(builds.root())?;
    let key = made_up_key()?;
    let volume = Volume::make(engine)?;
    try_container(&Container::start(engine, &volume, Some(&key))?, &key)?;
    // Another container, told nothing, on what the first one kept.
    try_container(&Container::start(engine, &volume, None)?, &key)?;
    println!("the image served, ended as it was told, and served again with what it had kept");
    drop(volume);
    let program = engine.compose();
    if let Some(program) = &program {
        // What a trial that was killed has left holds the port, and another key's data.
        compose_clears(builds.root(), program)?;
    }
    match program {
        Some(_) if TcpListener::bind(format!("127.0.0.1:{PORT}")).is_err() => {
            println!("not tried: {COMPOSE}, since 127.0.0.1:{PORT} is taken");
            Ok(())
        }
        Some(program) => try_compose(builds.root(), &program, &key),
        None => {
            println!("not tried: {COMPOSE}, since {} has no `compose`", engine.0);
            Ok(())
        }
    }
}

/// A key for one trial.
fn made_up_key() -> Result<String> {
    let mut bytes = [0; 24];
    std::fs::File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut bytes)).context("randomness")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Is well, is nobody of importance, answers to the key from outside, and ends well.
fn try_container(container: &Container, key: &str) -> Result<()> {
    container.until_well().with_context(|| container.logs())?;
    let user = process::read(&mut container.inside(&["id", "-u"]))?;
    ensure!(user.trim() != "0", "the image runs as root");
    process::run(&mut container.inside(&["sortie", "keys", "list"]))?;
    let address = process::read(&mut container.engine.command(&["port", NAME, PORT]))?;
    ensure_answer(address.lines().next().unwrap_or_default(), key)?;
    ensure!(!container.succeeds(&["sortie", "health", "--server", "http://127.0.0.1:1"]), "nobody is well");
    container.stop()
}

/// A word to the compose file, of the image that was tried and under that name.
fn composed(root: &Path, program: &[&str], words: &[&str]) -> Command {
    let mut command = Command::new(program[0]);
    command.current_dir(root).args(&program[1..]).args(["-p", NAME, "-f", COMPOSE]).args(words);
    command.env("SORTIE_IMAGE", NAME);
    command
}

/// Takes down what is up, with its volume.
fn compose_clears(root: &Path, program: &[&str]) -> Result<()> {
    process::run(&mut composed(root, program, &["down", "--volumes"]))
}

/// Brings it up, down and up again, with the image that was tried and under that name.
fn try_compose(root: &Path, program: &[&str], key: &str) -> Result<()> {
    let compose = |words: &[&str]| composed(root, program, words);
    let up = |given: Option<&str>| {
        let mut up = compose(&["up", "-d"]);
        up.env_remove("SORTIE_BOOTSTRAP_KEY").envs(given.map(|key| ("SORTIE_BOOTSTRAP_KEY", key)));
        process::run(&mut up)?;
        within(WELL_WITHIN, || process::succeeds(&mut compose(&["exec", "-T", "sortie", "sortie", "health"])))?;
        ensure_answer(&format!("127.0.0.1:{PORT}"), key)
    };
    let tried = up(Some(key)).and_then(|()| process::run(&mut compose(&["down"]))).and_then(|()| up(None));
    let cleared = compose_clears(root, program);
    tried.and(cleared)?;
    println!("{COMPOSE} went up, down, and up again with what it had kept");
    Ok(())
}

fn within(limit: Duration, mut is_so: impl FnMut() -> bool) -> Result<()> {
    let began = Instant::now();
    while !is_so() {
        ensure!(began.elapsed() < limit, "not well after {} s", limit.as_secs());
        std::thread::sleep(Duration::from_millis(500));
    }
    Ok(())
}

/// Asks from outside, with the key and with a wrong one.
fn ensure_answer(address: &str, key: &str) -> Result<()> {
    for (key, expected) in [(key, "200"), ("none-that-was-ever-made-by-anybody", "401")] {
        let status = ask(address, key).with_context(|| format!("asking {address}"))?;
        ensure!(status == expected, "{address} answers {status}, not {expected}");
    }
    Ok(())
}

fn ask(address: &str, key: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET /v1/agents HTTP/1.1\r\nHost: {address}\r\nX-Api-Key: {key}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.split(' ').nth(1).context("no answer")?.to_owned())
}

/// Gone when it is dropped.
struct Container {
    engine: Engine,
}

impl Container {
    fn start(engine: Engine, volume: &Volume, key: Option<&str>) -> Result<Self> {
        let mut start = engine.command(&["run", "--detach", "--name", NAME, "--read-only", "--tmpfs", "/tmp"]);
        start.args(["--cap-drop", "ALL", "--security-opt", "no-new-privileges"]);
        start.args(["--publish", &format!("127.0.0.1::{PORT}")]);
        start.args(["--volume", &format!("{}:/var/lib/sortie", volume.name)]);
        if let Some(key) = key {
            // By name alone, so that it is on no command line.
            start.args(["--env", "SORTIE_BOOTSTRAP_KEY"]).env("SORTIE_BOOTSTRAP_KEY", key);
        }
        let container = Self { engine };
        process::run(start.arg(NAME))?;
        Ok(container)
    }

    fn inside(&self, words: &[&str]) -> Command {
        let mut command = self.engine.command(&["exec", NAME]);
        command.args(words);
        command
    }

    fn succeeds(&self, words: &[&str]) -> bool {
        process::succeeds(&mut self.inside(words))
    }

    fn until_well(&self) -> Result<()> {
        within(WELL_WITHIN, || self.succeeds(&["sortie", "health"]) || !self.runs())?;
        ensure!(self.runs(), "the container ended by itself");
        Ok(())
    }

    fn runs(&self) -> bool {
        let mut asked = self.engine.command(&["inspect", "--format", "{{.State.Running}}", NAME]);
        process::read(&mut asked).is_ok_and(|runs| runs.trim() == "true")
    }

    fn logs(&self) -> String {
        let logs = self.engine.command(&["logs", NAME]).output();
        logs.map(|logs| String::from_utf8_lossy(&logs.stderr).into_owned()).unwrap_or_default()
    }

    /// SIGTERM, as whoever stops a container sends it, and the end that follows.
    fn stop(&self) -> Result<()> {
        process::run(&mut self.engine.command(&["stop", "-t", GRACE_SECONDS, NAME]))?;
        let ended = process::read(&mut self.engine.command(&["inspect", "--format", "{{.State.ExitCode}}", NAME]))?;
        match ended.trim() {
            "0" => Ok(()),
            code => bail!("it ended with {code}:\n{}", self.logs()),
        }
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // One that was never made cannot be removed.
        process::succeeds(&mut self.engine.command(&["rm", "--force", NAME]));
    }
}

/// Gone when it is dropped, with what is in it.
struct Volume {
    engine: Engine,
    name: &'static str,
}

impl Volume {
    fn make(engine: Engine) -> Result<Self> {
        // One that a trial left which was killed.
        process::succeeds(&mut engine.command(&["rm", "--force", NAME]));
        process::succeeds(&mut engine.command(&["volume", "rm", NAME]));
        process::run(&mut engine.command(&["volume", "create", NAME]))?;
        Ok(Self { engine, name: NAME })
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        process::succeeds(&mut self.engine.command(&["volume", "rm", self.name]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufRead;

    /// Answers two requests as a server does that knows one key, or any.
    fn server(knows: fn(&str) -> bool) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            for stream in listener.incoming().take(2) {
                let mut stream = stream.unwrap();
                let lines = std::io::BufReader::new(&stream).lines().map_while(Result::ok);
                let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                let key = head.iter().find_map(|line| line.strip_prefix("X-Api-Key: ")).unwrap();
                let status = if knows(key) { "200 OK" } else { "401 Unauthorized" };
                write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").unwrap();
            }
        });
        address
    }

    #[test]
    fn a_server_that_takes_any_key_or_none_is_found() {
        ensure_answer(&server(|key| key == "right"), "right").unwrap();
        let any = ensure_answer(&server(|_| true), "right").unwrap_err().to_string();
        assert!(any.contains("answers 200, not 401"), "{any}");
        let none = ensure_answer(&server(|_| false), "right").unwrap_err().to_string();
        assert!(none.contains("answers 401, not 200"), "{none}");
    }
}
