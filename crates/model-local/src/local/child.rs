//! The model process, seen from the server.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use tokio::process::{self, ChildStdin, ChildStdout, Command};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

use super::ChildProgram;
use crate::wire::{FromChild, MESSAGE_BYTES_MAX, ToChild};

/// How long a process may take to end once its pipe is closed.
const FAREWELL: Duration = Duration::from_secs(2);

/// A running model process.
pub(super) struct Child {
    process: process::Child,
    to: FramedWrite<ChildStdin, LengthDelimitedCodec>,
    from: FramedRead<ChildStdout, LengthDelimitedCodec>,
}

impl Child {
    pub(super) fn start(program: &ChildProgram) -> io::Result<Self> {
        let mut process = Command::new(&program.path)
            .args(&program.arguments)
            // The server's environment may hold keys, which are none of a model's business.
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()?;
        let no_pipe = || io::Error::other("no pipe to the model process");
        let codec = LengthDelimitedCodec::builder().max_frame_length(MESSAGE_BYTES_MAX).new_codec();
        let to = FramedWrite::new(process.stdin.take().ok_or_else(no_pipe)?, codec.clone());
        let from = FramedRead::new(process.stdout.take().ok_or_else(no_pipe)?, codec);
        Ok(Self { process, to, from })
    }

    pub(super) async fn say(&mut self, message: &ToChild) -> io::Result<()> {
        let message = serde_json::to_vec(message)?;
        SinkExt::<Bytes>::send(&mut self.to, message.into()).await
    }

    /// The next message. An error, the end of the pipe included, means the process is lost.
    pub(super) async fn hear(&mut self) -> io::Result<FromChild> {
        match self.from.next().await {
            Some(message) => Ok(serde_json::from_slice(&message?)?),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Returns when the process has ended by itself.
    pub(super) async fn ended(&mut self) {
        // An error means that there is nothing to wait for.
        let _ = self.process.wait().await;
    }

    /// Ends the process and says how it ended.
    pub(super) async fn end(self) -> String {
        let Self { mut process, to, from } = self;
        drop((to, from));
        let status = match tokio::time::timeout(FAREWELL, process.wait()).await {
            Ok(status) => status,
            Err(_) => match process.kill().await {
                Ok(()) => process.wait().await,
                Err(error) => Err(error),
            },
        };
        status.map_or_else(|error| error.to_string(), |status| status.to_string())
    }
}
