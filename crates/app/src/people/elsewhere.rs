//! Logging in elsewhere: the browser goes to an issuer and comes back with its word.
//!
//! What the browser must bring back besides is given to it, sealed, and kept nowhere here: no
//! stranger who begins a thousand attempts takes anybody's place, and one under way survives a
//! restart. What is kept is which attempts came back, so that each does once.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use domain::key::KeyHash;
use domain::secret::{Place, Sealed};
use domain::{OrgId, PersonId, Timestamp};
use jiff::SignedDuration;
use lru::LruCache;
use ports::IssuerFault;
use ports::issuer::{Answer, Challenge};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::{Browser, LoggedIn, TrustedIssuer};
use crate::App;
use crate::error::{AuthFault, Error};
use crate::known;
use crate::secret::{NewSecret, random};

/// How long somebody may take to log in at the issuer.
const LASTS: SignedDuration = SignedDuration::from_mins(10);

/// Attempts that came back, remembered: many more than come back in that time.
const SPENT_MAX: NonZeroUsize = NonZeroUsize::new(20_000).expect("not zero");

/// Questions to one issuer that are out at once. Anybody can have them asked; one that hangs takes
/// nobody's place at another.
const ASKED_MAX: usize = 64;

/// What the browser keeps is sealed for this place, which no row has.
const PLACE: Place<'static> =
    Place { org: OrgId(Uuid::nil()), row: Uuid::nil(), origin: "login", name: "attempt elsewhere" };

/// What is known of attempts at issuers.
pub(crate) struct Elsewhere {
    spent: Mutex<LruCache<KeyHash, ()>>,
    /// By the names of issuers.
    asked: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Default for Elsewhere {
    fn default() -> Self {
        Self { spent: Mutex::new(known::at_most(SPENT_MAX)), asked: Mutex::default() }
    }
}

impl Elsewhere {
    /// Whether this attempt comes back for the first time.
    fn spend(&self, attempt: KeyHash) -> bool {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner).put(attempt, ()).is_none()
    }

    fn ask(&self, trusted: &TrustedIssuer) -> Result<OwnedSemaphorePermit, NotLetIn> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let places = asked.entry(trusted.name.clone()).or_insert_with(|| Arc::new(Semaphore::new(ASKED_MAX)));
        Arc::clone(places).try_acquire_owned().map_err(|_| NotLetIn::Busy)
    }
}

/// An attempt that has begun.
#[derive(Debug, Clone)]
pub struct BegunElsewhere {
    /// Where the browser goes.
    pub page: String,
    /// What it keeps for the way back.
    pub attempt: SecretString,
}

/// A browser that comes back.
#[derive(Debug, Clone, Default)]
pub struct CameBack {
    /// What it was given to keep.
    pub attempt: Option<SecretString>,
    /// What the issuer was given to send back.
    pub state: Option<SecretString>,
    /// What the issuer gives its word for.
    pub code: Option<SecretString>,
    /// Whom the answer says that it is from.
    pub issuer: Option<String>,
    /// The issuer's word for why there is no code.
    pub error: Option<String>,
    /// Where it came back to.
    pub redirect: String,
    /// Where it is, and what it shows so far.
    pub browser: Browser,
}

/// Somebody who has logged in elsewhere.
#[derive(Debug, Clone)]
pub struct CameIn {
    /// They.
    pub logged_in: LoggedIn,
    /// Where they were going.
    pub return_to: Option<String>,
}

/// Somebody who is not let in.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{why}")]
pub struct TurnedAway {
    /// Why.
    pub why: NotLetIn,
    /// Where they were going, if that is known.
    pub return_to: Option<String>,
}

/// Why somebody who logs in elsewhere is not let in.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotLetIn {
    /// There is no such issuer, or not any more.
    #[error("no issuer of this name is trusted here")]
    UnknownIssuer,
    /// Nothing was begun in this browser that the answer belongs to.
    #[error("this browser began no such login, or another one since")]
    Lost,
    /// It took too long.
    #[error("the login was begun too long ago")]
    Expired,
    /// The answer came for the second time.
    #[error("this answer was used already")]
    Used,
    /// They, or the issuer, did not want to.
    #[error("it was called off at the issuer")]
    Declined,
    /// The issuer does not answer.
    #[error("the issuer cannot be asked")]
    IssuerDown,
    /// What it answers is of no use.
    #[error("the issuer's answer is of no use")]
    IssuerWrong,
    /// It names no address, and knows nobody whom we know.
    #[error("the issuer names no e-mail address")]
    NoEmail,
    /// It has not seen that the address is theirs.
    #[error("the issuer has not verified the e-mail address")]
    EmailNotVerified,
    /// Their address is of a domain that does not let in.
    #[error("addresses of this domain do not let in")]
    OtherDomain,
    /// Nobody has added them.
    #[error("nobody of this address is a member")]
    Nobody,
    /// Somebody else has proved the address before, as another account of this issuer or of
    /// another.
    #[error("the address is that of a person who is known by another account")]
    AddressTaken,
    /// They may do nothing for now.
    #[error("the person is suspended")]
    Suspended,
    /// They have left.
    #[error("the person has left")]
    Left,
    /// Too many do the same.
    #[error("the server is too busy")]
    Busy,
    /// Our own fault.
    #[error(transparent)]
    Failed(Error),
}

impl From<Error> for NotLetIn {
    fn from(error: Error) -> Self {
        match error {
            Error::Unauthenticated(AuthFault::Suspended) => NotLetIn::Suspended,
            Error::Unauthenticated(AuthFault::Left) => NotLetIn::Left,
            Error::Busy => NotLetIn::Busy,
            other => NotLetIn::Failed(other),
        }
    }
}

impl From<ports::StoreError> for NotLetIn {
    fn from(error: ports::StoreError) -> Self {
        Error::from(error).into()
    }
}

/// An attempt, as the browser keeps it sealed.
#[derive(Serialize, Deserialize)]
struct Attempt {
    issuer: String,
    state: String,
    nonce: String,
    verifier: String,
    return_to: Option<String>,
    /// Who was logged in when it began, on a page of ours: who they may want to go on being.
    person: Option<PersonId>,
    began_at: Timestamp,
}

impl Attempt {
    fn new(issuer: &str, return_to: Option<String>, person: Option<PersonId>, now: Timestamp) -> Result<Self, Error> {
        let fresh = || NewSecret::token().map(|token| token.reveal().to_owned());
        let (state, nonce, verifier) = (fresh()?, fresh()?, fresh()?);
        Ok(Self { issuer: issuer.to_owned(), state, nonce, verifier, return_to, person, began_at: now })
    }

    fn challenge(&self, redirect: String) -> Challenge {
        let Self { state, nonce, verifier, .. } = self;
        Challenge {
            state: state.as_str().into(),
            nonce: nonce.as_str().into(),
            verifier: verifier.as_str().into(),
            redirect,
        }
    }

    /// Whether an answer with this state, to an issuer of this name, is the answer to it.
    fn is_answered_by(&self, issuer: &str, state: Option<&SecretString>) -> bool {
        let same = |state: &SecretString| bool::from(state.expose_secret().as_bytes().ct_eq(self.state.as_bytes()));
        self.issuer == issuer && state.is_some_and(same)
    }

    /// A clock that was set back makes none last longer than it would have.
    fn is_under_way(&self, now: Timestamp) -> bool {
        now.duration_since(self.began_at).abs() < LASTS
    }
}

impl App {
    /// Sends a browser to the issuer of this name, to come back to `redirect`. `login` is what it
    /// shows of one, unless a page elsewhere has sent it here.
    ///
    /// # Errors
    /// There is no such issuer, it cannot be asked, or there is no randomness.
    pub async fn begin_elsewhere(
        &self,
        name: &str,
        redirect: String,
        return_to: Option<String>,
        login: Option<SecretString>,
    ) -> Result<BegunElsewhere, TurnedAway> {
        let begun = self.send_elsewhere(name, redirect, return_to.clone(), login.as_ref()).await;
        begun.map_err(|why| TurnedAway { why, return_to })
    }

    async fn send_elsewhere(
        &self,
        name: &str,
        redirect: String,
        return_to: Option<String>,
        login: Option<&SecretString>,
    ) -> Result<BegunElsewhere, NotLetIn> {
        let (trusted, now) = (self.trusted(name)?, self.now());
        let attempt = Attempt::new(name, return_to, self.person_shown(login).await?, now)?;
        let _place = self.0.elsewhere.ask(trusted)?;
        let page = trusted.issuer.page_for(&attempt.challenge(redirect), now).await;
        let page = page.map_err(|fault| told(trusted, &fault))?;
        Ok(BegunElsewhere { page, attempt: self.seal_attempt(&attempt)? })
    }

    /// Lets in whoever comes back from the issuer of this name with its word.
    ///
    /// # Errors
    /// See [`NotLetIn`].
    pub async fn finish_elsewhere(&self, name: &str, back: CameBack) -> Result<CameIn, TurnedAway> {
        let attempt = back.attempt.as_ref().and_then(|kept| self.open_attempt(kept));
        let return_to = attempt.as_ref().and_then(|attempt| attempt.return_to.clone());
        match self.take_back(name, attempt, back).await {
            Ok(logged_in) => Ok(CameIn { logged_in, return_to }),
            Err(why) => Err(TurnedAway { why, return_to }),
        }
    }

    async fn take_back(&self, name: &str, attempt: Option<Attempt>, back: CameBack) -> Result<LoggedIn, NotLetIn> {
        let (trusted, now) = (self.trusted(name)?, self.now());
        let attempt = attempt.filter(|attempt| attempt.is_answered_by(name, back.state.as_ref()));
        let attempt = attempt.ok_or(NotLetIn::Lost)?;
        if !attempt.is_under_way(now) {
            return Err(NotLetIn::Expired);
        }
        let code = match (back.code, back.error) {
            (_, Some(error)) => Err(called_off(trusted, &error)),
            (None, None) => Err(NotLetIn::IssuerWrong),
            (Some(code), None) => Ok(code),
        };
        // Who finds no place can come back with the same answer.
        let place = code.is_ok().then(|| self.0.elsewhere.ask(trusted)).transpose()?;
        if !self.0.elsewhere.spend(self.0.secrets.hash(&attempt.state)) {
            return Err(NotLetIn::Used);
        }
        let code = code?;
        let (answer, began_as) = (Answer { code, issuer: back.issuer }, attempt.person);
        let vouched = trusted.issuer.redeem(&answer, &attempt.challenge(back.redirect), now).await;
        drop(place);
        let vouched = vouched.map_err(|fault| told(trusted, &fault))?;
        self.enter_vouched(trusted, vouched, back.browser, began_as).await
    }

    /// Whose login a browser shows; `None` if it shows none, or one that opens nothing.
    pub(super) async fn person_shown(&self, login: Option<&SecretString>) -> Result<Option<PersonId>, NotLetIn> {
        let Some(shown) = login else { return Ok(None) };
        match self.authenticate_login(shown.expose_secret()).await {
            Ok(ctx) => Ok(ctx.login.map(|login| login.person)),
            Err(Error::Unauthenticated(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn trusted(&self, name: &str) -> Result<&TrustedIssuer, NotLetIn> {
        let mut issuers = self.ways_in().issuers.iter();
        issuers.find(|trusted| trusted.name == name).ok_or(NotLetIn::UnknownIssuer)
    }

    fn seal_attempt(&self, attempt: &Attempt) -> Result<SecretString, Error> {
        let text = serde_json::to_string(attempt);
        let text = text.map_err(|error| Error::Store(ports::StoreError::Failed(error.to_string())))?;
        Ok(self.sealing_key().seal(&text.into(), PLACE, random()?).text().into())
    }

    /// What was sealed here; anything else is nothing.
    fn open_attempt(&self, kept: &SecretString) -> Option<Attempt> {
        let opened = self.sealing_key().open(&Sealed::from_text(kept.expose_secret()), PLACE).ok()?;
        serde_json::from_str(opened.expose_secret()).ok()
    }
}

/// What an issuer says instead of giving a code.
fn called_off(trusted: &TrustedIssuer, error: &str) -> NotLetIn {
    /// What it says of a person who did not want to, or may not.
    const BY_PERSON: [&str; 4] = ["access_denied", "consent_required", "interaction_required", "login_required"];
    if BY_PERSON.contains(&error) {
        return NotLetIn::Declined;
    }
    // It comes by way of the browser, so anybody can have written it.
    let error: String = error.chars().filter(char::is_ascii_graphic).take(64).collect();
    tracing::warn!(issuer = trusted.name, error, "an issuer sent somebody back without a code");
    if error == "temporarily_unavailable" { NotLetIn::IssuerDown } else { NotLetIn::IssuerWrong }
}

/// What those who log in are told of a fault; what it is exactly is for the log.
fn told(trusted: &TrustedIssuer, fault: &IssuerFault) -> NotLetIn {
    tracing::warn!(issuer = trusted.name, %fault, "an issuer vouched for nobody");
    match fault {
        IssuerFault::Unreachable(_) => NotLetIn::IssuerDown,
        IssuerFault::Refused(_) | IssuerFault::Untrusted(_) => NotLetIn::IssuerWrong,
    }
}
