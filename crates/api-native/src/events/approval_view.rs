//! What became of a rollout's approval, as it is shown in events.

use domain::MemberId;
use domain::approval::Outcome;

/// What is shown of it.
pub(super) struct Told {
    pub(super) outcome: &'static str,
    pub(super) member: Option<MemberId>,
    pub(super) name: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) still_needed: Option<u32>,
}

impl From<Outcome> for Told {
    fn from(outcome: Outcome) -> Self {
        let nobody = |outcome, reason: &str| Self {
            outcome,
            member: None,
            name: None,
            reason: Some(reason.to_owned()),
            still_needed: None,
        };
        match outcome {
            Outcome::Approved { by, name, reason, still_needed } => Self {
                outcome: "approved",
                member: Some(by),
                name: Some(name),
                reason,
                still_needed: Some(still_needed),
            },
            Outcome::Rejected { by, name, reason } => {
                Self { outcome: "rejected", member: Some(by), name: Some(name), reason, still_needed: None }
            }
            Outcome::Expired => nobody("rejected", "expired"),
            Outcome::Void { cause } => nobody("void", cause.as_str()),
        }
    }
}
