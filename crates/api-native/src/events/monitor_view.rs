//! What the deploy monitor saw, as it is shown in events.

use domain::monitor::{Evidence, WatchEnd};
use serde::Serialize;
use utoipa::ToSchema;

/// What a signal showed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EvidenceView {
    /// The signal's name.
    signal: String,
    /// How bad it is: `none`, `no_data`, `unknown`, `medium`, `high` or `critical`.
    level: &'static str,
    /// The number now.
    current: Option<f64>,
    /// The number before the rollout.
    baseline: Option<f64>,
    /// What else was seen.
    detail: Option<String>,
}

impl From<Evidence> for EvidenceView {
    fn from(evidence: Evidence) -> Self {
        let Evidence { signal, level, current, baseline, detail } = evidence;
        Self { signal, level: level.as_str(), current, baseline, detail }
    }
}

/// How a watch ended, and what it found if it ran its course.
pub(super) fn words_of(end: WatchEnd) -> (&'static str, Option<&'static str>) {
    match end {
        WatchEnd::Completed { finding } => ("completed", Some(finding.as_str())),
        WatchEnd::Cancelled => ("cancelled", None),
        WatchEnd::Failed => ("failed", None),
    }
}
