//! Issuers: those who say elsewhere who somebody is, over OpenID Connect.

use async_trait::async_trait;
use domain::Timestamp;
use secrecy::SecretString;

/// What stands for one attempt to log in, and proves that it is the same one that comes back.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// Comes back with the answer, by way of the browser.
    pub state: SecretString,
    /// Stands in what the issuer signs.
    pub nonce: SecretString,
    /// Its hash goes out with the browser, and it itself with the code: whoever took the code
    /// from the browser has not this.
    pub verifier: SecretString,
    /// Where the browser comes back to.
    pub redirect: String,
}

/// What a browser brings back from an issuer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What the issuer gives its word for, once.
    pub code: SecretString,
    /// Whom the answer says that it is from, if it says so.
    pub issuer: Option<String>,
}

/// Somebody whom an issuer vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// What it calls them, for ever.
    pub subject: String,
    /// Their address.
    pub email: Option<String>,
    /// Whether the issuer has seen that it is theirs.
    pub is_email_verified: bool,
    /// Their name.
    pub name: Option<String>,
}

/// Why an issuer vouches for nobody. What it says is for the log: it holds neither a code nor a
/// token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssuerFault {
    /// It does not answer, or not in a way that can be read: it may later.
    #[error("it cannot be asked: {0}")]
    Unreachable(String),
    /// It does not know the code, or not from us.
    #[error("it refused: {0}")]
    Refused(String),
    /// Its answer proves nothing.
    #[error("its answer cannot be trusted: {0}")]
    Untrusted(String),
}

/// One who says who somebody is.
#[async_trait]
pub trait Issuer: Send + Sync + 'static {
    /// The address by which it is known for ever.
    fn url(&self) -> &str;

    /// Where a browser goes so that its person proves there who they are.
    ///
    /// # Errors
    /// It cannot be asked where that is.
    async fn page_for(&self, challenge: &Challenge, now: Timestamp) -> Result<String, IssuerFault>;

    /// Whom it vouches for. Asked once for each answer.
    ///
    /// # Errors
    /// See [`IssuerFault`].
    async fn redeem(&self, answer: &Answer, challenge: &Challenge, now: Timestamp) -> Result<Vouched, IssuerFault>;
}
