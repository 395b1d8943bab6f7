//! Visitors of embeds: who they are, and what they may do.
//!
//! A visitor is whoever holds a secret that their own browser made, and, where the embed asks
//! for one, a token of the site. Nothing is stored of somebody who says nothing: the
//! conversation bears the keyed hash of the secret as its name, and so is found by it alone.

use std::sync::Arc;

use domain::agent::AgentRefusal;
use domain::deployment::{Begun, Cause, Deployment, Embed, Trigger};
use domain::key::Scope;
use domain::model::Block;
use domain::session::{Origin, Session, SessionAgent};
use domain::turn::Input;
use domain::{ChangeSet, DeploymentId, EventBody, EventId, Guard, OrgId, Timestamp};
use sha2::{Digest, Sha256};
use uuid::{Uuid, Variant};

use super::begin::{Occasion, recorded};
use crate::entry::{Entered, Entry};
use crate::error::{AuthFault, Error};
use crate::sessions::check_open;
use crate::{App, Ctx, Operator, TRIES, input_rules};

/// Longest message of a visitor, in characters.
pub const MESSAGE_CHARS_MAX: usize = 8_000;

/// How long a secret may be, in characters.
const SECRET_CHARS: std::ops::RangeInclusive<usize> = 32..=128;

/// An embed that takes visitors.
#[derive(Debug, Clone)]
pub struct OpenEmbed {
    pub(super) org: OrgId,
    pub(super) deployment: Deployment,
    pub(super) embed: Embed,
}

impl OpenEmbed {
    /// Its deployment.
    pub fn id(&self) -> DeploymentId {
        self.deployment.id
    }

    /// Whose it is.
    pub fn org(&self) -> OrgId {
        self.org
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.deployment.name
    }

    /// How it looks, and where it may stand.
    pub fn embed(&self) -> &Embed {
        &self.embed
    }
}

/// Somebody who may talk to an embed's agent.
#[derive(Clone)]
pub struct Visitor {
    name: [u8; 32],
    /// When their token ends, if they needed one.
    until: Option<Timestamp>,
}

impl Visitor {
    /// What they are counted by.
    pub fn id(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.name[..16]);
        Uuid::from_bytes(bytes)
    }

    /// When they may no longer read along, if that is known.
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// The name of their conversation.
    fn thread(&self) -> String {
        let digits: String = self.name.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("embed:{digits}")
    }

    /// The id of a message of theirs. The same message has the same id, so that it is said once
    /// however often it is sent; and only who knows their name can make one, so that it shows
    /// whose message it is.
    fn event(&self, message: Uuid) -> EventId {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.digest(b"message", message.as_bytes())[..8]);
        let first = as_id(bytes);
        bytes[8..].copy_from_slice(&self.seal(first));
        EventId(as_id(bytes))
    }

    /// Whether a message is theirs. What the embed begins its sessions with, and what people of
    /// the organization say in them, is not.
    pub(super) fn said(&self, event: EventId) -> bool {
        let mut bytes = *event.0.as_bytes();
        bytes[8..].copy_from_slice(&self.seal(event.0));
        as_id(bytes) == event.0
    }

    /// The second half of an id, of its first.
    fn seal(&self, id: Uuid) -> [u8; 8] {
        let mut half = [0; 8];
        half.copy_from_slice(&self.digest(b"seal", &id.as_bytes()[..8])[..8]);
        half
    }

    fn digest(&self, purpose: &[u8], bytes: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(self.name).chain_update(purpose).chain_update(bytes).finalize().into()
    }
}

/// A visitor's name opens their conversation: it is never printed.
impl std::fmt::Debug for Visitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visitor").field("until", &self.until).finish_non_exhaustive()
    }
}

/// With the bits that every id of ours has, so that it has all its spellings.
fn as_id(bytes: [u8; 16]) -> Uuid {
    let mut builder = uuid::Builder::from_bytes(bytes);
    builder.set_variant(Variant::RFC4122).set_version(uuid::Version::SortRand);
    builder.into_uuid()
}

impl App {
    /// The embed of this id, if it takes visitors. Whoever knows the id may ask.
    ///
    /// # Errors
    /// There is none, it is paused or archived, or the store failed.
    pub async fn open_embed(&self, _operator: &Operator, id: DeploymentId) -> Result<OpenEmbed, Error> {
        let found = self.ports().store.find_deployment(id).await?;
        let (org, deployment) = found.ok_or_else(|| Error::not_found(id))?;
        let Trigger::Embed(embed) = deployment.trigger.clone() else { return Err(Error::not_found(id)) };
        deployment.check_open()?;
        Ok(OpenEmbed { org, deployment, embed })
    }

    /// Whether somebody with this token, or with none, may see the embed.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] if it wants a token and this is none that holds, or the store
    /// failed.
    pub async fn check_visit(&self, to: &OpenEmbed, token: Option<&str>) -> Result<(), Error> {
        self.visit(to, token).await.map(|_| ())
    }

    /// The visitor who holds this secret, and this token where the embed wants one. With another
    /// name in the token the same secret is another visitor: a browser may have several users.
    ///
    /// # Errors
    /// The secret is none, or as [`App::check_visit`].
    pub async fn admit_visitor(&self, to: &OpenEmbed, secret: &str, token: Option<&str>) -> Result<Visitor, Error> {
        let claims = self.visit(to, token).await?;
        let is_secret = SECRET_CHARS.contains(&secret.len())
            && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !is_secret {
            let message = "must be 32 to 128 letters, digits, hyphens and underscores";
            return Err(Error::invalid("visitor", message));
        }
        let until = claims.as_ref().and_then(|claims| Timestamp::from_second(claims.exp).ok());
        let user = claims.and_then(|claims| claims.usr).map(|user| format!("{}:{user}", user.len()));
        // No key has a line break in it, so this is the hash of none.
        let described = format!("embed\n{}\n{}\n{secret}", to.id(), user.unwrap_or_default());
        Ok(Visitor { name: self.0.secrets.hash(&described).0, until })
    }

    async fn visit(&self, to: &OpenEmbed, token: Option<&str>) -> Result<Option<super::EmbedClaims>, Error> {
        if !to.embed.secure {
            return Ok(None);
        }
        let token = token.ok_or(Error::Unauthenticated(AuthFault::Missing))?;
        self.check_embed_token(to.org, &to.deployment, token).await.map(Some)
    }

    /// Says something to the embed's agent; the event that it is. `message` is the visitor's own
    /// name for it: sent again under that name it is not said again.
    ///
    /// # Errors
    /// The agent is still answering ([`Error::Conflict`]); the text breaks a rule; a budget is
    /// used up; whoever made the embed may not begin its runs any more; or the store failed.
    pub async fn tell_agent(
        &self,
        to: &OpenEmbed,
        visitor: &Visitor,
        message: Uuid,
        text: &str,
    ) -> Result<EventId, Error> {
        let text = text.trim();
        if !(1..=MESSAGE_CHARS_MAX).contains(&text.chars().take(MESSAGE_CHARS_MAX + 1).count()) {
            return Err(Error::invalid("text", format!("must have 1 to {MESSAGE_CHARS_MAX} characters")));
        }
        let body = EventBody::UserMessage { content: vec![Block::text(text)], dropped: false };
        input_rules::check_conversation(std::slice::from_ref(&body))?;
        let input = Input { id: visitor.event(message), body };
        for _ in 0..TRIES {
            let ctx = self.with_its_rights(to.org, &to.deployment, self.now()).await?;
            ctx.require(Scope::AgentsRun)?;
            let entered = match self.conversation_of(to, visitor).await? {
                Some(session) if self.store(to.org).find_event(session.id, input.id).await?.is_some() => {
                    return Ok(input.id);
                }
                Some(session) => Box::pin(self.go_on(&ctx, to, session, input.clone())).await?,
                None => Box::pin(self.begin_conversation(&ctx, to, visitor, input.clone())).await?,
            };
            match entered {
                Entered::Claimed { .. } | Entered::Queued => return Ok(input.id),
                Entered::TooLate => self.known().agents.forget(&(to.org, to.deployment.agent)),
            }
        }
        Err(Error::contended("conversation"))
    }

    async fn begin_conversation(
        &self,
        ctx: &Ctx,
        to: &OpenEmbed,
        visitor: &Visitor,
        said: Input,
    ) -> Result<Entered, Error> {
        let deployment = &to.deployment;
        let agent = self.living_agent(ctx, to).await?;
        let who = SessionAgent::Following { agent: agent.id };
        let session = Session {
            title: Some(deployment.name.clone()),
            metadata: deployment.metadata.clone(),
            budget: deployment.budget,
            deployment: Some(deployment.id),
            thread: Some(visitor.thread()),
            ..self.new_session(ctx, who, deployment.project, Origin::Native)
        };
        let run = self.new_run(ctx, &session, &agent, Arc::default(), Origin::Native);
        let occasion = Occasion { cause: Cause::Visitor, message: None, name: None, asked_by: None };
        let outcome = Begun::Run { session: session.id, run: run.id };
        let also = recorded(deployment, &occasion, &self.history(deployment, &occasion, outcome, ctx.now), None);
        let first = deployment.initial_events.iter().cloned().map(|body| Input { id: self.fresh(), body });
        let inputs = first.chain([said]).collect();
        let (version, spec) = (agent.version, Arc::clone(&agent.spec));
        self.enter(ctx, Entry { session, is_new: true, newest: agent, version, spec, run, inputs, also }).await
    }

    /// One thing is said after the other: what is said while the agent answers is refused, and
    /// not stored.
    async fn go_on(&self, ctx: &Ctx, to: &OpenEmbed, session: Session, said: Input) -> Result<Entered, Error> {
        check_open(&session)?;
        if self.is_busy(&session, to.org).await? {
            return Err(Error::Conflict("the agent is still answering: wait, or stop it".to_owned()));
        }
        let agent = self.living_agent(ctx, to).await?;
        let run = self.new_run(ctx, &session, &agent, Arc::default(), Origin::Native);
        let free = Guard::SessionFree { session: session.id, seq: session.state.seq };
        let (version, spec, inputs) = (agent.version, Arc::clone(&agent.spec), vec![said]);
        let also = ChangeSet::default();
        let entry = Entry { session, is_new: false, newest: agent, version, spec, run, inputs, also };
        self.enter_while(ctx, entry, free).await
    }

    async fn living_agent(&self, ctx: &Ctx, to: &OpenEmbed) -> Result<domain::agent::Agent, Error> {
        let agent = self.newest_agent(ctx, to.deployment.agent).await?;
        if agent.archived_at.is_some() { Err(AgentRefusal::Archived.into()) } else { Ok(agent) }
    }

    /// Stops the answer that is under way; nothing if none is.
    ///
    /// # Errors
    /// As [`App::tell_agent`].
    pub async fn stop_answer(&self, to: &OpenEmbed, visitor: &Visitor) -> Result<(), Error> {
        let Some(session) = self.conversation_of(to, visitor).await? else { return Ok(()) };
        if !self.is_busy(&session, to.org).await? {
            return Ok(());
        }
        let ctx = self.with_its_rights(to.org, &to.deployment, self.now()).await?;
        Box::pin(self.send_events(&ctx, session.id, vec![EventBody::UserInterrupt {}])).await.map(|_| ())
    }

    async fn is_busy(&self, session: &Session, org: OrgId) -> Result<bool, Error> {
        Ok(session.state.active_run.is_some() || self.store(org).find_queued_run(session.id).await?.is_some())
    }

    /// What the visitor has said here so far was said in this session.
    pub(super) async fn conversation_of(&self, to: &OpenEmbed, visitor: &Visitor) -> Result<Option<Session>, Error> {
        let Deployment { id, project, agent, .. } = to.deployment;
        let found = self.store(to.org).find_thread(project, agent, &visitor.thread()).await?;
        Ok(found.filter(|session| session.deployment == Some(id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(byte: u8) -> Visitor {
        Visitor { name: [byte; 32], until: None }
    }

    #[test]
    fn a_message_shows_whose_it_is() {
        let (one, other) = (visitor(1), visitor(2));
        let ids = (0..100).map(Uuid::from_u128).map(|message| one.event(message)).collect::<Vec<_>>();
        assert!(ids.iter().all(|id| one.said(*id) && !other.said(*id)));
        assert_eq!(one.event(Uuid::from_u128(7)), ids[7], "the same message has the same id");
        assert_ne!(other.event(Uuid::from_u128(7)), ids[7]);
        assert!(!one.said(EventId(Uuid::from_u128(7))));
        // In every spelling: the bits that an id of ours always has are there.
        assert_eq!(ids[3].compact().parse(), Ok(ids[3]));
    }
}
