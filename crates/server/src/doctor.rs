//! `sortie doctor`: is everything here that a server needs, and what to do if not.
//!
//! It looks and changes nothing, but that a secrets file which others could read is closed to
//! them: a running server goes on, and no model is asked for words.
//!
//! One more check: a function that gives [`Finding`]s, in the module of what it looks at, and
//! a line in [`examine`].

mod data;
mod issuers;
mod models;
mod surroundings;
mod webhooks;

use config::Config;
use serde::Serialize;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: String,
    /// Whether it is as it should be.
    pub verdict: Verdict,
    /// What was found.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// Whether something is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is.
    Ok,
    /// It works, and should not stay so.
    Warn,
    /// It does not work.
    Fail,
}

impl Finding {
    fn ok(check: impl Into<String>, message: impl Into<String>) -> Self {
        Self { check: check.into(), verdict: Verdict::Ok, message: message.into(), advice: None }
    }

    fn warn(check: impl Into<String>, message: impl Into<String>, advice: impl Into<String>) -> Self {
        let advice = Some(advice.into());
        Self { check: check.into(), verdict: Verdict::Warn, message: message.into(), advice }
    }

    fn fail(check: impl Into<String>, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, ..Self::warn(check, message, advice) }
    }
}

/// Looks at everything.
pub async fn examine(config: &Config) -> Vec<Finding> {
    let (data, is_running) = data::examine(config).await;
    let can_be_read = data::can_be_read(&data);
    let mut found = data;
    found.extend(surroundings::examine(config, is_running).await);
    found.extend(models::files(config).await);
    found.extend(models::providers(config).await);
    found.extend(issuers::examine(config).await);
    if can_be_read {
        found.extend(models::own_providers(config).await);
        found.extend(webhooks::examine(config).await);
    }
    found
}
