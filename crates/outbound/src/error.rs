//! How a call to the outside fails.

use std::path::PathBuf;
use std::time::Duration;

/// A call that did not succeed. Messages name the host, never the whole URL: paths and
/// queries may hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The URL is not one that may be called at all.
    #[error("{0}")]
    BadUrl(String),
    /// The guard refused the address; nothing was sent.
    #[error(
        "`{host}` is not allowed: it is {why}; an operator can allow it by name in the configuration (outbound.allow)"
    )]
    NotAllowed {
        /// Host and port as the URL names them.
        host: String,
        /// What kind of address it is.
        why: &'static str,
    },
    /// No connection came about; nothing was sent.
    #[error("`{host}` could not be reached: {why}")]
    NotReached {
        /// Host and port as the URL names them.
        host: String,
        /// What went wrong.
        why: String,
    },
    /// The request may have been sent; no answer came. What the other side did is unknown.
    #[error("`{host}` gave no answer: {why}")]
    NoAnswer {
        /// Host and port as the URL names them.
        host: String,
        /// What went wrong.
        why: String,
    },
    /// The other side was silent for too long, before or within its answer.
    #[error("`{host}` was silent for too long (over {after:?})")]
    Silent {
        /// Host and port as the URL names them.
        host: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The call as a whole took too long.
    #[error("`{host}` took too long")]
    TimedOut {
        /// Host and port as the URL names them.
        host: String,
    },
    /// The answer ended in the middle.
    #[error("the answer of `{host}` ended in the middle: {why}")]
    Cut {
        /// Host and port as the URL names them.
        host: String,
        /// What went wrong.
        why: String,
    },
    /// The answer is larger than may be read.
    #[error("the answer of `{host}` is larger than {max} bytes")]
    TooLarge {
        /// Host and port as the URL names them.
        host: String,
        /// The bound.
        max: usize,
    },
    /// One redirect too many.
    #[error("`{host}` redirects more than {max} times")]
    TooManyRedirects {
        /// Host and port of the last redirect.
        host: String,
        /// The bound.
        max: usize,
    },
    /// The first address answered with a redirect, and following it failed.
    #[error("a redirect could not be followed: {0}")]
    Redirected(Box<OutboundError>),
}

impl OutboundError {
    /// Whether it is certain that no request left this machine, so that nothing can have
    /// happened on the other side.
    pub fn nothing_was_sent(&self) -> bool {
        matches!(self, Self::BadUrl(_) | Self::NotAllowed { .. } | Self::NotReached { .. })
    }
}

/// Options that cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum BadOptions {
    /// An entry of `allow` is none of the accepted forms.
    #[error("`{0}` in outbound.allow is no host, host:port, address or network")]
    Allow(String),
    /// The file of certificate authorities cannot be used.
    #[error("the certificates in {path} (outbound.ca_file) cannot be used: {why}")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}
