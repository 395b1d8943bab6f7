//! What the server and its model process say to each other: JSON, each message behind its
//! length (32 bits, big-endian).

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use domain::model::{FaultKind, StopCause, ToolOffer, Usage};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::conversation::Turn;

/// No message is longer. A conversation that fits the model's window is far shorter.
pub(crate) const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// To the model process.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ToChild {
    /// Generate a reply. One at a time: the next is looked at when this one is over.
    Ask(Box<Ask>),
    /// Nobody waits for the reply to this ask, or an earlier one, any more.
    Cancel { ask: u64 },
}

/// A request for one reply.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ask {
    /// Counts up over the life of the server, so that a late answer is known as such.
    pub(crate) id: u64,
    pub(crate) file: PathBuf,
    /// Tokens the window may hold, prompt and reply together.
    pub(crate) window_tokens: u32,
    /// Threads to compute with; the free cores if absent.
    pub(crate) threads: Option<usize>,
    pub(crate) system: Option<String>,
    pub(crate) turns: Vec<Turn>,
    pub(crate) tools: Vec<Arc<ToolOffer>>,
    pub(crate) output_schema: Option<Arc<Value>>,
    pub(crate) max_tokens: Option<u32>,
}

/// From the model process, about one ask.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FromChild {
    pub(crate) ask: u64,
    pub(crate) said: Said,
}

/// `Stop`, `Fault` or `Dropped` comes exactly once for each ask, and last.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Said {
    /// Still at it: a large file or a long prompt takes its time.
    Working,
    /// The model is loaded and the prompt fits.
    Accepted,
    Text {
        text: String,
    },
    Call {
        name: String,
        arguments: String,
    },
    Usage {
        usage: Usage,
    },
    Stop {
        cause: StopCause,
    },
    Fault {
        kind: FaultKind,
        message: String,
    },
    /// It was cancelled.
    Dropped,
}

/// Reads one message; `None` at the end of the pipe.
pub(crate) fn read<T: DeserializeOwned>(pipe: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match pipe.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > MESSAGE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "message too long"));
    }
    let mut message = vec![0; length];
    pipe.read_exact(&mut message)?;
    Ok(Some(serde_json::from_slice(&message)?))
}

/// Writes one message and flushes it.
pub(crate) fn write<T: Serialize>(pipe: &mut impl Write, message: &T) -> io::Result<()> {
    let body = serde_json::to_vec(message)?;
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    pipe.write_all(&length.to_be_bytes())?;
    pipe.write_all(&body)?;
    pipe.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_through_and_the_end_is_the_end() {
        let mut pipe = Vec::new();
        let said = FromChild { ask: 7, said: Said::Text { text: "grüß".into() } };
        write(&mut pipe, &said).unwrap();

        let mut read_from = pipe.as_slice();
        assert_eq!(read(&mut read_from).unwrap(), Some(said));
        assert_eq!(read::<FromChild>(&mut read_from).unwrap(), None);
    }

    #[test]
    fn a_length_out_of_bounds_is_refused_before_anything_is_allocated() {
        let mut pipe: &[u8] = &[0xff; 8];
        assert_eq!(read::<FromChild>(&mut pipe).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
