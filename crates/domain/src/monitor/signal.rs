//! What is looked at: the signals of a monitor, and what one of them showed.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::baseline::{Baseline, Sample, baseline};
use super::level::Measure;
use super::rollback_spec::RollbackSpec;
use super::sampling::{SAMPLE_EVERY, SAMPLE_EVERY_RANGE};
use super::schedule::Schedule;
use super::source::Source;
use super::watch::Evidence;

/// Most signals of a monitor.
pub const SIGNALS_MAX: usize = 20;
const NAME_CHARS_MAX: usize = 100;
/// Characters of what a signal tells besides its number.
const DETAIL_CHARS_MAX: usize = 500;

/// How rollouts are watched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MonitorSpec {
    /// When they are looked at.
    pub schedule: Schedule,
    /// Seconds between two samples of a source that keeps no past.
    pub sample_every: u32,
    /// What is looked at.
    pub signals: Vec<Signal>,
    /// How they are taken back.
    #[serde(skip_serializing_if = "RollbackSpec::is_usual")]
    pub rollback: RollbackSpec,
}

impl Default for MonitorSpec {
    fn default() -> Self {
        Self {
            schedule: Schedule::default(),
            sample_every: SAMPLE_EVERY,
            signals: Vec::new(),
            rollback: RollbackSpec::default(),
        }
    }
}

/// Something that is measured at each look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    /// What it is called, for people; one name for one signal of the monitor.
    pub name: String,
    /// What its numbers mean.
    #[serde(default)]
    pub measure: Measure,
    /// Where they come from.
    pub source: Source,
}

/// What a signal gave at one look.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// The number now, if there is one.
    pub current: Option<f64>,
    /// What it was before the rollout.
    pub before: Vec<Sample>,
    /// What else was seen, or why there is no number; from outside.
    pub detail: Option<String>,
}

impl MonitorSpec {
    /// What is wrong with it: the field, and what it must be.
    pub fn fault(&self) -> Option<(String, String)> {
        if let Some((field, rule)) = self.schedule.fault() {
            return Some((format!("schedule.{field}"), rule));
        }
        if !SAMPLE_EVERY_RANGE.contains(&self.sample_every) {
            let (least, most) = SAMPLE_EVERY_RANGE.into_inner();
            return Some(("sample_every".into(), format!("must be from {least} to {most} seconds")));
        }
        if let Some((field, rule)) = self.rollback.fault() {
            return Some((format!("rollback.{field}"), rule));
        }
        if self.signals.len() > SIGNALS_MAX {
            return Some(("signals".into(), format!("must have at most {SIGNALS_MAX} entries")));
        }
        let mut names = HashSet::new();
        self.signals.iter().enumerate().find_map(|(index, signal)| {
            let fault = signal.fault().or_else(|| {
                let is_first = names.insert(signal.name.as_str());
                (!is_first).then(|| ("name".to_owned(), "must be another signal's".to_owned()))
            });
            fault.map(|(field, rule)| (format!("signals[{index}].{field}"), rule))
        })
    }
}

impl Signal {
    fn fault(&self) -> Option<(String, String)> {
        let name = (1..=NAME_CHARS_MAX).contains(&self.name.chars().count()) && !self.name.contains(char::is_control);
        let rules = [
            (name, "name", format!("must have 1 to {NAME_CHARS_MAX} characters on one line")),
            (self.measure.thresholds.are_sound(), "measure.thresholds", "must be growing numbers above 1".to_owned()),
        ];
        let broken = rules.into_iter().find(|(holds, ..)| !holds).map(|(_, field, rule)| (field.to_owned(), rule));
        broken.or_else(|| self.source.fault().map(|(field, rule)| (format!("source.{field}"), rule)))
    }

    /// What a reading means for a rollout that began at `event`.
    pub fn judge(&self, reading: Reading, event: Timestamp) -> Evidence {
        let Reading { current, before, detail } = reading;
        let current = current.filter(|current| current.is_finite());
        let before = baseline(before, event);
        let counts_errors = self.measure.counts_errors || self.source.counts_failures();
        let level = Measure { counts_errors, ..self.measure }.level(current, before);
        let baseline = match before {
            Baseline::Known { value, .. } => Some(value),
            Baseline::TooFew { .. } => None,
        };
        let detail = detail.map(|detail| detail.chars().take(DETAIL_CHARS_MAX).collect());
        Evidence { signal: self.name.clone(), level, current, baseline, detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::{Level, Thresholds};
    use jiff::SignedDuration;
    use serde_json::{Value, json};

    fn signal() -> Value {
        json!({ "name": "latency", "source": { "kind": "prometheus", "url": "https://metrics.example/", "query": "up" } })
    }

    fn spec(signals: Vec<Value>) -> MonitorSpec {
        serde_json::from_value(json!({ "signals": signals })).unwrap()
    }

    #[test]
    fn a_spec_is_checked_field_by_field() {
        assert_eq!(spec(vec![signal()]).fault(), None);
        let with = |change: &dyn Fn(&mut Value)| {
            let mut signal = signal();
            change(&mut signal);
            spec(vec![signal]).fault().map(|(field, _)| field)
        };
        for (field, change) in [
            ("signals[0].name", (&|signal: &mut Value| signal["name"] = json!("")) as &dyn Fn(&mut Value)),
            ("signals[0].source.url", &|signal| signal["source"]["url"] = json!("ftp://x/")),
            ("signals[0].source.url", &|signal| signal["source"]["url"] = json!("no url")),
            ("signals[0].source.gives.number", &|signal| {
                signal["source"] = json!({ "kind": "http", "url": "https://shop.example", "gives": { "number": "x" } });
            }),
            ("signals[0].source.path", &|signal| {
                signal["source"] = json!({ "kind": "tool", "tool": "depth", "path": "x" });
            }),
            ("signals[0].source.query", &|signal| signal["source"]["query"] = json!(" ")),
            ("signals[0].measure.thresholds", &|signal| {
                signal["measure"] = json!({ "thresholds": { "medium": 2.0, "high": 1.5, "critical": 3.0 } });
            }),
        ] {
            assert_eq!(with(change).as_deref(), Some(field));
        }
        assert_eq!(spec(vec![signal(), signal()]).fault().unwrap().0, "signals[1].name");
        assert_eq!(spec(vec![signal(); 21]).fault().unwrap().0, "signals");
        let rarely = MonitorSpec { sample_every: 7_200, ..MonitorSpec::default() };
        assert_eq!(rarely.fault().unwrap().0, "sample_every");
        let hasty = MonitorSpec { schedule: Schedule { every: 1, ..Schedule::default() }, ..MonitorSpec::default() };
        assert_eq!(hasty.fault().unwrap().0, "schedule.every");
    }

    /// Cases 19 and 20, from a reading to its level.
    #[test]
    fn a_reading_is_judged_beside_what_was_before() {
        let event = Timestamp::from_second(1_800_000_000).unwrap();
        let before = |count: i64| {
            (1..=count).map(|n| Sample { at: event - SignedDuration::from_mins(n), value: 100.0 }).collect::<Vec<_>>()
        };
        let signal: Signal = serde_json::from_value(signal()).unwrap();
        let level =
            |current, count| signal.judge(Reading { current, before: before(count), detail: None }, event).level;
        assert_eq!(level(Some(150.0), 20), Level::High);
        assert_eq!(level(Some(150.0), 3), Level::Unknown);
        assert_eq!(level(None, 20), Level::NoData);
        assert_eq!(level(Some(f64::NAN), 20), Level::NoData);
        let strict = Thresholds { medium: 1.1, high: 1.2, critical: 1.3 };
        let strict = Signal { measure: Measure { thresholds: strict, ..Measure::default() }, ..signal };
        let evidence = strict.judge(Reading { current: Some(130.0), before: before(20), detail: None }, event);
        assert_eq!((evidence.level, evidence.current, evidence.baseline), (Level::Critical, Some(130.0), Some(100.0)));
    }

    #[test]
    fn what_the_manual_shows_can_be_set() {
        let manual = include_str!("../../../../docs/rollouts.md");
        let shown: Vec<&str> = manual.split("```json\n").skip(1).filter_map(|part| part.split("```").next()).collect();
        assert_eq!(shown.len(), 2);
        for text in shown {
            let spec: MonitorSpec = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
            assert_eq!(spec.fault(), None, "{text}");
        }
    }

    /// A failure where there was none is an alarm, though nobody said that it counts errors.
    #[test]
    fn a_failing_endpoint_is_critical() {
        let event = Timestamp::from_second(1_800_000_000).unwrap();
        let before = |value| (1..=5).map(|n| Sample { at: event - SignedDuration::from_mins(n), value }).collect();
        let source = json!({ "kind": "http", "url": "https://shop.example/", "gives": "failure" });
        let signal: Signal = serde_json::from_value(json!({ "name": "health", "source": source })).unwrap();
        let level = |current, was| {
            signal.judge(Reading { current: Some(current), before: before(was), detail: None }, event).level
        };
        assert_eq!((level(1.0, 0.0), level(0.0, 0.0), level(1.0, 1.0)), (Level::Critical, Level::None, Level::None));
    }
}
