//! A whole log at a glance: equal parts of it, each as a few counts.
//!
//! Parts are of equal length in events, not in time, so that a session that rested for a week
//! is not mostly rest.

use jiff::Timestamp;

/// A part of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// `seq` of its first event.
    pub first_seq: u64,
    /// `seq` of its last event.
    pub last_seq: u64,
    /// When the first was taken into the log.
    pub from: Timestamp,
    /// When the last was.
    pub to: Timestamp,
    /// How much of that time the session was idle.
    pub rested_ms: u64,
    /// Model calls that began.
    pub model_calls: u32,
    /// Tool calls that were asked for.
    pub tool_calls: u32,
    /// Decisions and results that came from outside: each had been waited for.
    pub waits: u32,
    /// How often a fault interrupted a turn that went on.
    pub retries: u32,
    /// Faults that were told of.
    pub errors: u32,
}

/// The most parts that a log is told in.
pub const STRETCHES_MAX: u64 = 500;

/// Makes parts of a log's events, which come in their order.
#[derive(Debug)]
pub struct Overview {
    stretches: Vec<Stretch>,
    /// Events of each part.
    length: u64,
    begins: u64,
    rests: bool,
}

impl Overview {
    /// Of the events from `first` to `last`, in at most `parts` parts.
    pub fn new(first: u64, last: u64, parts: u64) -> Self {
        let events = last.saturating_sub(first).saturating_add(1);
        let length = events.div_ceil(parts.clamp(1, STRETCHES_MAX));
        Self { stretches: Vec::new(), length, begins: first, rests: false }
    }

    /// Adds the next event, by its name.
    pub fn add(&mut self, seq: u64, at: Timestamp, name: &str) {
        let part = |seq: u64| seq.saturating_sub(self.begins) / self.length;
        let is_same = self.stretches.last().is_some_and(|stretch| part(stretch.first_seq) == part(seq));
        if !is_same {
            self.stretches.push(Stretch::at(seq, at));
        }
        let rests = std::mem::replace(&mut self.rests, name == "session.status_idle");
        let Some(stretch) = self.stretches.last_mut() else { return };
        if is_same && rests {
            let rested = at.duration_since(stretch.to).as_millis();
            stretch.rested_ms = stretch.rested_ms.saturating_add(u64::try_from(rested).unwrap_or_default());
        }
        // Times carry no order: a clock that was set back makes no part that ends before it begins.
        (stretch.last_seq, stretch.to) = (seq, at.max(stretch.to));
        match name {
            "span.model_request_start" => stretch.model_calls += 1,
            "agent.tool_use" | "agent.custom_tool_use" => stretch.tool_calls += 1,
            "user.tool_confirmation" | "user.custom_tool_result" => stretch.waits += 1,
            "session.status_rescheduled" => stretch.retries += 1,
            "session.error" => stretch.errors += 1,
            _ => {}
        }
    }

    /// The parts, in the log's order.
    pub fn into_stretches(self) -> Vec<Stretch> {
        self.stretches
    }
}

impl Stretch {
    fn at(seq: u64, at: Timestamp) -> Self {
        Self {
            first_seq: seq,
            last_seq: seq,
            from: at,
            to: at,
            rested_ms: 0,
            model_calls: 0,
            tool_calls: 0,
            waits: 0,
            retries: 0,
            errors: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(events: &[(i64, &str)], parts: u64) -> Vec<Stretch> {
        let mut overview = Overview::new(1, events.len() as u64, parts);
        for (seq, (second, name)) in (1..).zip(events) {
            overview.add(seq, Timestamp::from_second(*second).unwrap(), name);
        }
        overview.into_stretches()
    }

    #[test]
    fn parts_are_equal_and_hold_every_event() {
        let events = vec![(0, "session.usage"); 1_001];
        for parts in [0, 1, 7, 500, 501, u64::MAX] {
            let stretches = of(&events, parts);
            assert!(stretches.len() as u64 <= parts.clamp(1, STRETCHES_MAX), "{parts}");
            assert_eq!((stretches[0].first_seq, stretches.last().unwrap().last_seq), (1, 1_001));
            assert!(stretches.windows(2).all(|pair| pair[0].last_seq + 1 == pair[1].first_seq));
        }
        assert_eq!(of(&[], 10), []);
    }

    #[test]
    fn a_part_counts_what_is_in_it() {
        let turn = [
            (0, "user.message"),
            (0, "span.model_request_start"),
            (2, "agent.tool_use"),
            (2, "agent.custom_tool_use"),
            (2, "session.status_idle"),
            (62, "user.tool_confirmation"),
            (62, "user.custom_tool_result"),
            (63, "session.error"),
            (63, "session.status_rescheduled"),
            (70, "span.model_request_start"),
        ];
        let [whole] = of(&turn, 1)[..] else { panic!() };
        let counts = [whole.model_calls, whole.tool_calls, whole.waits, whole.retries, whole.errors];
        assert_eq!((counts, whole.rested_ms), ([2, 2, 2, 1, 1], 60_000));
        let [first, second] = of(&turn, 2)[..] else { panic!() };
        assert_eq!((first.to.as_second(), second.from.as_second()), (2, 62));
        assert_eq!(first.rested_ms + second.rested_ms, 0, "the rest lies between them");
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_time_that_is_less_than_none() {
        let [whole] = of(&[(9, "session.status_idle"), (3, "user.message"), (5, "session.error")], 1)[..] else {
            panic!()
        };
        assert_eq!((whole.from.as_second(), whole.to.as_second(), whole.rested_ms), (9, 9, 0));
    }
}
