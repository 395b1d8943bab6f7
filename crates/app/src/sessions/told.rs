//! What a list of sessions tells of each, beside what it is: where it stands, and its last line.

use domain::event::EventBody;
use domain::key::Scope;
use domain::model::text_of;
use domain::session::{Session, Standing};
use domain::text::cut;

use crate::error::Error;
use crate::{App, Ctx};

/// Characters of a last line.
const LINE_CHARS_MAX: usize = 200;

/// What a list tells of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionTelling {
    /// Where it stands.
    pub standing: Standing,
    /// What was said last in it, if that was wanted and is not long ago in its log.
    pub last_line: Option<LastLine>,
}

/// What was said last in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastLine {
    /// Who said it.
    pub by: Speaker,
    /// The end of it: its last line, cut to 200 characters.
    pub text: String,
}

/// Who says something in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The agent.
    Agent,
    /// Whoever uses it.
    User,
    /// Sortie: a fault, or a look at a rollout.
    System,
}

impl App {
    /// What is told of sessions that the caller was given, each at its place. One that was
    /// deleted meanwhile has ended.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn tell_sessions(
        &self,
        ctx: &Ctx,
        sessions: &[Session],
        with_last_line: bool,
    ) -> Result<Vec<SessionTelling>, Error> {
        ctx.require(Scope::SessionsRead)?;
        let ids = sessions.iter().map(|session| session.id).collect();
        let told = self.store(ctx.org).tell_sessions(ids, with_last_line).await?;
        let telling = told.into_iter().map(|told| {
            let Some(told) = told else { return SessionTelling { standing: Standing::Ended, last_line: None } };
            SessionTelling { standing: told.standing, last_line: told.last_said.and_then(LastLine::of) }
        });
        Ok(telling.collect())
    }
}

impl LastLine {
    fn of(said: EventBody) -> Option<Self> {
        let (by, text) = match said {
            EventBody::AgentMessage { content, .. } => (Speaker::Agent, text_of(&content)),
            EventBody::UserMessage { content, .. } => (Speaker::User, text_of(&content)),
            EventBody::Error { message: text, .. }
            | EventBody::MonitorUpdate { summary: text, .. }
            | EventBody::MonitorEnded { summary: text, .. } => (Speaker::System, text),
            _ => return None,
        };
        let line = text.lines().map(str::trim).rfind(|line| !line.is_empty())?;
        Some(Self { by, text: cut(line, LINE_CHARS_MAX) })
    }
}

#[cfg(test)]
mod tests {
    use domain::model::Block;

    use super::*;

    #[test]
    fn the_last_line_is_one_and_short() {
        let said = |text: &str| LastLine::of(EventBody::said(vec![Block::text(text)])).map(|line| line.text);
        assert_eq!(said("one\n\n  two  \n \n").as_deref(), Some("two"));
        assert_eq!(said(" \n"), None);
        let long = said(&"é".repeat(500)).unwrap();
        assert_eq!((long.chars().count(), long.ends_with('…')), (201, true));
        assert_eq!(LastLine::of(EventBody::StatusRunning {}), None);
    }
}
