//! The credentials of a call, which what is told of it must not repeat.

use domain::secret::Secret;
use domain::tool::ToolOutcome;
use http::HeaderMap;

/// Shorter values are no secrets worth the name, and stand in innocent text too.
const BYTES_MIN: usize = 8;

/// What a call is sent with and nobody but its server is to see.
pub(super) struct Credentials(Vec<String>);

impl Credentials {
    /// Those among these headers.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let sensitive = headers.values().filter(|value| value.is_sensitive()).filter_map(|value| value.to_str().ok());
        // Of `Bearer TOKEN` a server may repeat the token alone.
        let texts = sensitive.flat_map(|value| [Some(value), value.split_once(' ').map(|(_, token)| token)]);
        Self(texts.flatten().filter(|text| text.len() >= BYTES_MIN).map(str::to_owned).collect())
    }

    /// The outcome with the mask wherever a server has repeated them: the model reads it, and
    /// it is stored.
    pub(super) fn left_out_of(&self, outcome: ToolOutcome) -> ToolOutcome {
        match outcome {
            ToolOutcome::Answered { content, is_error } => {
                ToolOutcome::Answered { content: self.masked(content), is_error }
            }
            ToolOutcome::NotReached(why) => ToolOutcome::NotReached(self.masked(why)),
            ToolOutcome::Unknown(why) => ToolOutcome::Unknown(self.masked(why)),
        }
    }

    fn masked(&self, text: String) -> String {
        self.0.iter().fold(text, |text, secret| match text.contains(secret) {
            true => text.replace(secret, Secret::MASK),
            false => text,
        })
    }
}
