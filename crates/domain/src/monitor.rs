//! The deploy monitor's arithmetic and rules: when a rollout is looked at, what a number
//! means beside the same number from before, how it ends, and when it is rolled back.
//!
//! All of it is plain: no model is asked, and the same numbers always give the same levels.
//! Whoever measures is elsewhere, and so is whoever waits.

mod baseline;
pub mod briefing;
mod json_path;
mod level;
mod placeholders;
mod probe;
pub mod remedy;
mod rollback;
mod rollback_spec;
mod sampling;
mod schedule;
mod signal;
mod source;
mod watch;

pub use baseline::{Baseline, SAMPLES_MIN, Sample, WEEK_SAMPLES_MIN, Window, baseline, windows};
pub use level::{Direction, Level, Measure, Thresholds};
pub use probe::{Answered, ExpectedJson, Expects, Gives, HttpProbe, NotAnswered, ProbeMethod};
pub use remedy::{Remedy, RollbackStep};
pub use rollback::{Policy, Rollback};
pub use rollback_spec::RollbackSpec;
pub use sampling::{SAMPLE_EVERY, SAMPLES_KEPT_FOR, SampledSource, Samples, moment, next_moment};
pub use schedule::{Course, LATE_BY_MAX, Next, Schedule};
pub use signal::{MonitorSpec, Reading, SIGNALS_MAX, Signal};
pub use source::{Measured, Source, SourceDigest, ToolProbe};
pub use watch::{Calls, Evidence, Finding, FollowUp, Seen, Watch, WatchEnd, WatchState, Watcher};
