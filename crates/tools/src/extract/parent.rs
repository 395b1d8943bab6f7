//! The side of the server: starts a child for one file, and waits for it, but not for ever.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::Stdio;

use ports::tool::ExtractError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::ExtractOptions;
use super::child::{MARK, NO_TEXT, TEXT};
use super::kind::Kind;

/// How the child is started.
#[derive(Debug, Clone)]
pub struct ChildCommand {
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl ChildCommand {
    /// This binary's hidden command.
    pub(super) fn of_this_binary() -> io::Result<Self> {
        Ok(Self::new(std::env::current_exe()?, ["extract-text-child"]))
    }

    /// Another program that calls [`child_main`](super::child_main).
    pub fn new(program: PathBuf, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self { program, arguments: arguments.into_iter().map(Into::into).collect() }
    }
}

/// What the child is told before the file; one line of numbers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) kind: Kind,
    pub(super) memory_bytes_max: u64,
    pub(super) seconds_max: u64,
    pub(super) text_bytes_max: usize,
}

impl Order {
    fn line(&self) -> String {
        let kind = self.kind.as_str();
        format!("{kind} {} {} {}\n", self.memory_bytes_max, self.seconds_max, self.text_bytes_max)
    }

    /// Reads the line, and not a byte more.
    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        const LINE_MAX: usize = 100;
        let wrong = || io::Error::new(io::ErrorKind::InvalidInput, "this command is not for people");
        let mut line = Vec::new();
        loop {
            let mut byte = [0];
            from.read_exact(&mut byte).map_err(|_| wrong())?;
            match byte[0] {
                b'\n' => break,
                _ if line.len() == LINE_MAX => return Err(wrong()),
                byte => line.push(byte),
            }
        }
        let line = String::from_utf8(line).map_err(|_| wrong())?;
        let read = || {
            let mut words = line.split(' ');
            let kind = words.next()?;
            Some(Self {
                kind: Kind::ALL.into_iter().find(|known| known.as_str() == kind)?,
                memory_bytes_max: words.next()?.parse().ok()?,
                seconds_max: words.next()?.parse().ok()?,
                text_bytes_max: words.next()?.parse().ok()?,
            })
        };
        read().ok_or_else(wrong)
    }
}

/// The text of a file, read by a child.
pub(super) async fn read(
    command: &ChildCommand,
    options: &ExtractOptions,
    kind: Kind,
    file: Vec<u8>,
) -> Result<String, ExtractError> {
    let order = Order {
        kind,
        memory_bytes_max: options.memory_mib_max << 20,
        // Of the processor's time; the clock is watched here.
        seconds_max: options.timeout.as_secs() + 1,
        text_bytes_max: options.text_bytes_max,
    };
    let asking = ask(command, &order, &file, options.text_bytes_max);
    match tokio::time::timeout(options.timeout, asking).await {
        // Dropping the child has killed it.
        Err(_) => Err(unreadable(&format!("it took longer than {:?}", options.timeout))),
        Ok(Err(error)) => {
            tracing::error!(%error, program = %command.program.display(), "no child could be started to read a file");
            Err(unreadable("the reader could not be started"))
        }
        Ok(Ok(output)) => understand(&output),
    }
}

async fn ask(command: &ChildCommand, order: &Order, file: &[u8], text_bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut child = Command::new(&command.program)
        .args(&command.arguments)
        // The environment may hold keys, and the reader of a hostile file needs none.
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::other("the child has no pipes"));
    };
    let feeding = async {
        // A child that ends early has said why, or will be found dead.
        let _ = stdin.write_all(order.line().as_bytes()).await;
        let _ = stdin.write_all(file).await;
        drop(stdin);
    };
    let mut output = Vec::new();
    // Room for the greeting before the mark, and one byte to tell "too much" from "all".
    let most = text_bytes_max.saturating_add(64 << 10);
    let mut bounded = stdout.take(most as u64);
    let (_, read) = tokio::join!(feeding, bounded.read_to_end(&mut output));
    read?;
    // It may still be writing what is not wanted.
    child.kill().await?;
    Ok(output)
}

fn understand(output: &[u8]) -> Result<String, ExtractError> {
    let found = output.windows(MARK.len()).position(|window| window == MARK);
    let answer = found.map(|at| &output[at + MARK.len()..]);
    match answer.and_then(<[u8]>::split_first) {
        Some((&TEXT, text)) => match std::str::from_utf8(text) {
            Ok(text) => Ok(text.to_owned()),
            // Only a bound that was reached cuts a character.
            Err(_) => Err(unreadable("its text is too long")),
        },
        Some((&NO_TEXT, wrong)) => Err(unreadable(&String::from_utf8_lossy(wrong))),
        // Killed by a limit, or by a defect of the reader.
        _ => Err(unreadable("it is damaged, or reading it takes too much memory")),
    }
}

/// At most one line: what libraries say about a file may quote the file.
fn unreadable(wrong: &str) -> ExtractError {
    const MESSAGE_MAX: usize = 200;
    let line = wrong.lines().next().unwrap_or_default();
    ExtractError::Unreadable(line.chars().filter(|c| !c.is_control()).take(MESSAGE_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_reads_as_it_was_written() {
        let order = Order { kind: Kind::Docx, memory_bytes_max: 1 << 30, seconds_max: 31, text_bytes_max: 1000 };
        let line = order.line() + "file";
        let mut rest = line.as_bytes();
        assert_eq!(Order::read(&mut rest).expect("an order"), order);
        assert_eq!(rest, b"file");
        for wrong in ["", "\n", "exe 1 1 1\n", "pdf 1 1\n", "pdf 1 1 x\n", &"x".repeat(1000)] {
            assert!(Order::read(&mut wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
