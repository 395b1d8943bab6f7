//! How long things are kept, as the file says it.

use domain::monitor::SAMPLES_KEPT_FOR;
use domain::retention::{Age, Retention};
use domain::webhook::OVER_KEPT_FOR;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long things are kept; what is not set here is kept for good, or as long as it says.
/// Written `90d`, `8w` or `36h`, an hour at least. What is over goes within six hours, also
/// what had been before there was a rule, and is not to be had back but from a backup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionOptions {
    /// Sessions, from their last event: those in which nothing goes on and nobody is waited
    /// for. They are deleted with all that belongs to them, what they used in reports of usage
    /// included; the audit log names each (`session.expired`).
    ///
    /// Since 0.1.
    #[schemars(with = "Option<String>")]
    pub sessions: Option<Age>,

    /// What sampled sources of signals gave: 8 days if not set, and no longer, since nothing
    /// older is compared with. With less than that, rollouts are compared with less.
    ///
    /// Since 0.1.
    #[schemars(with = "Option<String>")]
    pub samples: Option<Age>,

    /// What was sent to webhooks and is over: 30 days if not set, and no longer; of each
    /// webhook the last 10,000 in any case. What is still to be sent stays.
    ///
    /// Since 0.1.
    #[schemars(with = "Option<String>")]
    pub deliveries: Option<Age>,
}

impl RetentionOptions {
    /// The rules.
    pub fn rules(&self) -> Retention {
        Retention { sessions: self.sessions, samples: self.samples, deliveries: self.deliveries }
    }

    /// What is asked to be kept for longer than it ever is, if anything.
    pub(crate) fn fault(&self) -> Option<String> {
        let bounds = [("samples", self.samples, SAMPLES_KEPT_FOR), ("deliveries", self.deliveries, OVER_KEPT_FOR)];
        let (name, _, most) = bounds.into_iter().find(|(_, age, most)| age.is_some_and(|age| age.exceeds(*most)))?;
        Some(format!("`retention.{name}` can be {}d at most: no {name} are kept for longer", most.as_hours() / 24))
    }
}
