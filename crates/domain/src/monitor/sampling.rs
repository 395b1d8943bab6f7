//! Samples of sources that keep no past of their own.

use jiff::{SignedDuration, Timestamp};

use super::source::{Source, SourceDigest};
use crate::id::{OrgId, ProjectId};

/// How long a sample is kept: what was a week and an hour before a rollout is still there when
/// the rollout is looked at for the last time.
pub const SAMPLES_KEPT_FOR: SignedDuration = SignedDuration::from_hours(8 * 24);

/// Seconds between two samples, unless a monitor says otherwise.
pub const SAMPLE_EVERY: u32 = 60;

/// What a monitor may say.
pub(super) const SAMPLE_EVERY_RANGE: std::ops::RangeInclusive<u32> = 10..=3_600;

/// A source that is sampled, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampledSource {
    /// Whose it is.
    pub org: OrgId,
    /// The project that watches it, and has the tools that it may call.
    pub project: ProjectId,
    /// What is asked.
    pub source: Source,
    /// Seconds between two samples.
    pub every: u32,
}

/// What the sources of an organization gave at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// When.
    pub at: Timestamp,
    /// The numbers; there is none of a source that gave none.
    pub values: Vec<(SourceDigest, f64)>,
}

/// The last moment up to now at which an organization's sources are sampled that often. All
/// of them share it, so that their numbers are kept by one commit; organizations are apart.
pub fn moment(org: OrgId, every: u32, now: Timestamp) -> Timestamp {
    let every = i64::from(every.max(1));
    // The id's last bits are random.
    let offset = i64::from(org.0.as_u128() as u32) % every;
    let second = now.as_second();
    Timestamp::from_second(second - (second - offset).rem_euclid(every)).unwrap_or(now)
}

/// The first moment after that.
pub fn next_moment(org: OrgId, every: u32, now: Timestamp) -> Timestamp {
    let gap = SignedDuration::from_secs(every.max(1).into());
    moment(org, every, now).saturating_add(gap).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    proptest! {
        #[test]
        fn moments_follow_each_other_and_are_shared(org: u128, every in 10u32..3_600, second in 0i64..4_000_000_000, later in 0i64..3_600) {
            let org = OrgId(Uuid::from_u128(org));
            let now = Timestamp::from_second(second).unwrap();
            let (this, next) = (moment(org, every, now), next_moment(org, every, now));
            prop_assert!(this <= now && now < next);
            prop_assert_eq!(next.duration_since(this).as_secs(), i64::from(every));
            prop_assert_eq!(moment(org, every, next), next);
            let later = (now + SignedDuration::from_secs(later)).min(next - SignedDuration::from_nanos(1));
            prop_assert_eq!(moment(org, every, later), this);
        }
    }

    #[test]
    fn the_ends_of_time_are_no_trouble() {
        for now in [Timestamp::MIN, Timestamp::MAX] {
            moment(OrgId(Uuid::max()), 3_600, now);
            next_moment(OrgId(Uuid::max()), 3_600, now);
        }
    }
}
