//! Requests that a client may send again without their work being done twice: those with an
//! `Idempotency-Key`.
//!
//! What a request made is recorded in the commit that makes it, so that neither is there
//! without the other. Its answer is kept before it is sent.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::change::Change;
use crate::id::{
    AgentId, ApprovalRuleId, DeploymentId, DeploymentRunId, DocumentId, EventId, KeyId, MemberId, ProjectId,
    ProviderId, RolloutId, RunId, SessionId, ToolId, WebhookId,
};

/// How long a request is remembered.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Which request is meant, whoever sends it how often.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestName {
    /// The API key it was made with.
    pub key: KeyId,
    /// Where it was sent.
    pub path: String,
    /// The client's name for it.
    pub name: String,
}

/// SHA-256 of a request's body: another body under the same name is another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// What a request made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Made {
    /// A version of an agent.
    AgentVersion {
        /// The agent.
        agent: AgentId,
        /// Its version.
        version: u32,
    },
    /// A session, with what it began with.
    Session {
        /// The session.
        session: SessionId,
    },
    /// Events, in the order they were sent.
    Events {
        /// Where they were sent.
        session: SessionId,
        /// Their ids.
        events: Vec<EventId>,
    },
    /// A decision about a run's calls, or its end.
    Run {
        /// The run.
        run: RunId,
    },
    /// A provider of models.
    Provider {
        /// The provider.
        provider: ProviderId,
    },
    /// A key.
    Key {
        /// The key.
        key: KeyId,
    },
    /// A person.
    Member {
        /// They.
        member: MemberId,
    },
    /// A project.
    Project {
        /// The project.
        project: ProjectId,
    },
    /// A tool of a project.
    Tool {
        /// The tool.
        tool: ToolId,
    },
    /// A rollout, or one more report of it.
    Rollout {
        /// The rollout.
        rollout: RolloutId,
    },
    /// A rule of approvals.
    ApprovalRule {
        /// The rule.
        rule: ApprovalRuleId,
    },
    /// A document.
    Document {
        /// The document.
        document: DocumentId,
    },
    /// A webhook, or another secret of one.
    Webhook {
        /// The webhook.
        webhook: WebhookId,
        /// The version it got, and its secret with it.
        version: u64,
    },
    /// A deployment.
    Deployment {
        /// The deployment.
        deployment: DeploymentId,
    },
    /// A time that a deployment began something, by hand.
    DeploymentRun {
        /// Its place in the history.
        run: DeploymentRunId,
    },
}

/// What a request was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body.
    pub body: String,
}

/// What is kept of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRecord {
    /// Which.
    pub request: RequestName,
    /// Its body's.
    pub fingerprint: Fingerprint,
    /// When it came the first time.
    pub at: Timestamp,
    /// What it made, if anything.
    pub made: Option<Made>,
    /// Its answer; `None` until it has one.
    pub answer: Option<Answer>,
}

/// What to do with a request that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repeat {
    /// Do it: it came for the first time, or the first time did nothing.
    Do,
    /// It made this, and the server fell before it was answered: answer it now.
    Finish(Made),
    /// Answer it as before.
    Replay(Answer),
    /// Refuse it: the name stands for another request.
    OtherBody,
}

impl Made {
    /// The session it is of: the record goes when that is deleted, since the answer may hold
    /// what was said in it.
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Made::Session { session } | Made::Events { session, .. } => Some(*session),
            Made::AgentVersion { .. }
            | Made::Run { .. }
            | Made::Provider { .. }
            | Made::Key { .. }
            | Made::Member { .. }
            | Made::Project { .. }
            | Made::Tool { .. }
            | Made::Rollout { .. }
            | Made::ApprovalRule { .. }
            | Made::Document { .. }
            | Made::Webhook { .. }
            | Made::Deployment { .. }
            | Made::DeploymentRun { .. } => None,
        }
    }
}

impl RequestRecord {
    /// The change that keeps it, instead of what was kept of the request before.
    pub fn kept(self) -> Change {
        Change::KeepRequest(Box::new(self))
    }
}

/// What to do with a request of this body, given what is kept of its name.
pub fn repeat(kept: Option<RequestRecord>, fingerprint: Fingerprint, now: Timestamp) -> Repeat {
    let Some(kept) = kept.filter(|kept| now.duration_since(kept.at) < KEPT_FOR) else { return Repeat::Do };
    match (kept.answer, kept.made) {
        _ if kept.fingerprint != fingerprint => Repeat::OtherBody,
        (Some(answer), _) => Repeat::Replay(answer),
        (None, Some(made)) => Repeat::Finish(made),
        (None, None) => Repeat::Do,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn kept(made: Option<Made>, answer: Option<Answer>) -> Option<RequestRecord> {
        let request = RequestName { key: KeyId(Uuid::nil()), path: "/v1/agents".into(), name: "k".into() };
        Some(RequestRecord { request, fingerprint: Fingerprint([1; 32]), at: Timestamp::UNIX_EPOCH, made, answer })
    }

    #[test]
    fn a_request_is_done_once() {
        let made = || Made::Session { session: SessionId(Uuid::nil()) };
        let answer = || Answer { status: 200, body: "{}".into() };
        let soon = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(23);
        let (same, other) = (Fingerprint([1; 32]), Fingerprint([2; 32]));
        for (kept, body, expected) in [
            (None, same, Repeat::Do),
            (kept(Some(made()), None), same, Repeat::Finish(made())),
            (kept(Some(made()), Some(answer())), same, Repeat::Replay(answer())),
            (kept(None, Some(answer())), same, Repeat::Replay(answer())),
            (kept(Some(made()), None), other, Repeat::OtherBody),
            (kept(None, Some(answer())), other, Repeat::OtherBody),
        ] {
            assert_eq!(repeat(kept, body, soon), expected);
        }
    }

    #[test]
    fn after_a_day_it_is_forgotten() {
        let late = Timestamp::UNIX_EPOCH + KEPT_FOR;
        for body in [Fingerprint([1; 32]), Fingerprint([2; 32])] {
            let kept = kept(None, Some(Answer { status: 200, body: "{}".into() }));
            assert_eq!(repeat(kept, body, late), Repeat::Do);
        }
    }
}
