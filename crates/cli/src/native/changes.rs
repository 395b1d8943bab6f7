//! Following all sessions of the organization, across broken connections.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::line::Line;
use super::{Native, refusal};
use crate::failure::Failure;

/// The sessions of the organization being followed.
pub(crate) struct Changes {
    native: Native,
    /// The last position that was seen, or where to begin.
    after: Option<String>,
    line: Line,
}

impl Changes {
    /// Follows from now on (`after` absent), from the oldest change that is kept (`start`), or
    /// behind a position.
    pub(crate) async fn begin(native: &Native, after: Option<String>) -> Result<Self, Failure> {
        let mut changes = Self { native: native.clone(), after, line: Line::new(native) };
        let request = changes.request();
        changes.line.connect(request).await?;
        Ok(changes)
    }

    /// The next change, with its position.
    pub(crate) async fn next(&mut self) -> Result<Value, Failure> {
        loop {
            let Some(frame) = self.line.next().await else {
                let request = self.request();
                self.line.reconnect(request).await?;
                continue;
            };
            let mut data: Value = serde_json::from_str(&frame.data)
                .map_err(|error| Failure::other(format!("the server sent what is no JSON: {error}")))?;
            match frame.event.as_str() {
                "error" => return Err(refusal(StatusCode::INTERNAL_SERVER_ERROR, &data)),
                "session.changed" => {
                    data["position"] = json!(frame.id.parse::<u64>().ok());
                    self.after = Some(frame.id);
                    return Ok(data);
                }
                // A sign of life; the first says where the stream begins.
                "ping" if !frame.id.is_empty() => self.after = Some(frame.id),
                // What a later release has to tell.
                _ => {}
            }
        }
    }

    fn request(&self) -> RequestBuilder {
        let request = self.native.request(Method::GET, "stream");
        match &self.after {
            Some(after) => request.query(&[("after", after)]),
            None => request,
        }
    }
}
