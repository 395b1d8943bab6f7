//! The binary as a process: a server with its own data directory, and commands.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The binary with nothing of this process's environment that it would read, in a directory
/// without a configuration file.
pub(crate) fn sortie(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sortie"));
    let ours = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SORTIE_"));
    ours.for_each(|(name, _)| {
        command.env_remove(name);
    });
    // The agent of a new installation answers by rules: no model's file is needed.
    command.env("SORTIE_BOOTSTRAP__MODEL", "scripted/demo").env("NO_COLOR", "1");
    command.current_dir(directory).stdin(Stdio::null());
    command
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::from(command.output().expect("the binary starts"))
    }

    /// The standard output of a command that must not fail.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, 0, "{self:#?}");
        self.stdout
    }

    #[track_caller]
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.done()).expect("JSON")
    }

    /// The one line of a command that must fail with this code.
    #[track_caller]
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:#?}");
        let lines: Vec<&str> = self.stderr.lines().filter(|line| line.starts_with("sortie: ")).collect();
        assert_eq!(lines.len(), 1, "{self:#?}");
        lines[0]["sortie: ".len()..].to_owned()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("not killed"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

/// A directory to run things in; the data directory is below it.
pub(crate) struct House {
    dir: TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("sortie-data")
    }

    /// A command that runs to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(sortie(self.path()).args(arguments))
    }

    pub(crate) fn serve(&self) -> Server {
        self.serve_with(|_| {})
    }

    /// A server on a free port, ready.
    pub(crate) fn serve_with(&self, set: impl FnOnce(&mut Command)) -> Server {
        self.serve_at("127.0.0.1:0", set)
    }

    pub(crate) fn serve_at(&self, address: &str, set: impl FnOnce(&mut Command)) -> Server {
        let mut command = sortie(self.path());
        command.args(["serve", "--json", "--listen", address]);
        set(&mut command);
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.path().join("log")).expect("a log");
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("the binary starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("readable");
        let started = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not started: {}", self.log()));
        Server { child, started, stdout }
    }

    /// What all servers of this house wrote to their logs.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("log")).unwrap_or_default()
    }
}

/// A running server. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    /// What it printed when it was ready.
    pub(crate) started: Value,
    #[expect(dead_code, reason = "a closed pipe would be an error to whoever writes into it")]
    stdout: BufReader<ChildStdout>,
}

impl Server {
    pub(crate) fn text(&self, name: &str) -> &str {
        self.started[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", self.started))
    }

    pub(crate) fn address(&self) -> &str {
        self.text("listens")
    }

    /// `GET` without a key: status and body.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        get(self.address(), path)
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill is there");
        assert!(sent.success());
    }

    /// Waits for the end that somebody asked for.
    pub(crate) fn ended(mut self) -> i32 {
        self.child.wait().expect("a child").code().expect("not killed")
    }

    /// Ends it in order.
    pub(crate) fn stop(self) {
        self.signal("TERM");
        assert_eq!(self.ended(), 0);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `GET` over plain HTTP: status and body.
pub(crate) fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("reachable");
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("readable");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole answer");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("a status"), body.to_owned())
}
