//! How good an answer is, by rules.

use serde::Serialize;

use crate::case::Case;
use crate::investigation::Found;

/// What an investigation is worth: four parts that count alike.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Score {
    /// Whether the category is right, and something sensible is to be done.
    pub(crate) is_right: bool,
    /// Signals that had to be read and were,
    pub(crate) evidence_read: usize,
    /// of so many.
    pub(crate) evidence_wanted: usize,
    /// What should not have been concluded, and was.
    pub(crate) forbidden: Vec<String>,
    /// Whether it took no more steps than it may.
    pub(crate) is_brief: bool,
}

/// Judges what was found. Whoever gives no verdict has concluded nothing: that is not worth
/// the parts for restraint and brevity either.
pub(crate) fn score(case: &Case, found: &Found) -> Score {
    let expected = &case.expected;
    let read = expected.evidence.iter().filter(|name| found.read.contains(*name)).count();
    let (evidence_read, evidence_wanted) = (read, expected.evidence.len());
    let Some(verdict) = &found.verdict else {
        let forbidden = vec!["no verdict".to_owned()];
        return Score { is_right: false, evidence_read, evidence_wanted, forbidden, is_brief: false };
    };
    let is_right = verdict.category == expected.category && expected.actions.contains(&verdict.action);
    let conclusion = verdict.conclusion.to_lowercase();
    let mut forbidden: Vec<String> =
        expected.forbidden.iter().filter(|words| conclusion.contains(*words)).cloned().collect();
    if verdict.rollout_is_cause && !expected.blames_rollout {
        forbidden.push("blames the rollout".to_owned());
    }
    Score { is_right, evidence_read, evidence_wanted, forbidden, is_brief: found.steps <= expected.steps_max }
}

impl Score {
    /// From 0 to 1.
    pub(crate) fn points(&self) -> f64 {
        let evidence = match self.evidence_wanted {
            0 => 1.0,
            wanted => self.evidence_read as f64 / wanted as f64,
        };
        let parts =
            [f64::from(self.is_right), evidence, f64::from(self.forbidden.is_empty()), f64::from(self.is_brief)];
        parts.iter().sum::<f64>() / parts.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::investigation::Verdict;

    fn case() -> Case {
        Case::all().unwrap().into_iter().find(|case| case.name == "wrong-commit").unwrap()
    }

    /// What the case's own script comes to.
    fn good(case: &Case) -> Found {
        let verdict = Verdict {
            category: case.expected.category.clone(),
            rollout_is_cause: case.expected.blames_rollout,
            action: case.script.action.clone(),
            conclusion: case.script.conclusion.clone(),
        };
        let read = case.script.reads.iter().cloned().collect();
        Found { verdict: Some(verdict), read, steps: case.expected.steps_max, ..Found::default() }
    }

    #[test]
    fn every_script_earns_full_points() {
        for case in Case::all().unwrap() {
            assert_eq!(score(&case, &good(&case)).points(), 1.0, "{}", case.name);
        }
    }

    #[test]
    fn each_part_is_lost_by_itself() {
        let case = case();
        type Spoil = fn(&mut Found);
        let spoilt: [(&str, Spoil); 5] = [
            ("category", |found| found.verdict.as_mut().unwrap().category = "healthy".into()),
            ("action", |found| found.verdict.as_mut().unwrap().action = "roll_back".into()),
            ("evidence", |found| found.read.clear()),
            ("blame", |found| found.verdict.as_mut().unwrap().rollout_is_cause = true),
            ("steps", |found| found.steps += 1),
        ];
        for (part, spoil) in spoilt {
            let mut found = good(&case);
            spoil(&mut found);
            assert_eq!(score(&case, &found).points(), 0.75, "{part}");
        }
    }

    #[test]
    fn silence_is_worth_what_was_read() {
        let case = case();
        let silent = Found { verdict: None, ..good(&case) };
        assert_eq!(score(&case, &silent).points(), 0.25);
        assert_eq!(score(&case, &Found::default()).points(), 0.0);
    }
}
