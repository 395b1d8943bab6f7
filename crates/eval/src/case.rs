//! The cases: what happened, what can be seen of it, and what a good answer is.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What a trouble may come from: the words an answer chooses among.
pub(crate) const CATEGORIES: [&str; 9] = [
    "bad_config",
    "bad_code",
    "slow_query",
    "memory_leak",
    "dependency_down",
    "flaky_endpoint",
    "several_causes",
    "healthy",
    "not_enough_data",
];

/// What may be done about it.
pub(crate) const ACTIONS: [&str; 4] = ["nothing", "watch", "fix_forward", "roll_back"];

/// A trouble, frozen.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// The name of its file.
    #[serde(skip)]
    pub(crate) name: String,
    /// What really happened, for people.
    #[serde(rename = "story")]
    pub(crate) _story: String,
    /// What the investigator is asked.
    pub(crate) task: String,
    /// What it is given besides.
    pub(crate) context: Map<String, Value>,
    /// What can be measured.
    #[serde(default)]
    pub(crate) signals: Vec<Signal>,
    pub(crate) expected: Expected,
    pub(crate) script: Script,
}

/// What a signal shows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signal {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) kind: Kind,
    /// Before the rollout.
    #[serde(default)]
    pub(crate) before: f64,
    /// Since.
    #[serde(default)]
    pub(crate) now: f64,
    /// On the way from the one to the other.
    #[serde(default)]
    pub(crate) shape: Shape,
    /// Lines of a log.
    #[serde(default)]
    pub(crate) lines: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    #[default]
    Prometheus,
    Logs,
}

/// How a number moves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shape {
    /// At once, with the rollout.
    #[default]
    Step,
    /// Steadily, from the rollout on.
    Ramp,
    /// To and fro, from minute to minute, since the rollout.
    Wobble,
    /// It was as it is now long before the rollout.
    Always,
    /// Nobody measures it.
    Missing,
}

/// What a good answer is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) category: String,
    /// Any of these.
    pub(crate) actions: Vec<String>,
    /// Signals that must have been read.
    #[serde(default)]
    pub(crate) evidence: Vec<String>,
    /// What must not be concluded: words of the conclusion, in lower case.
    #[serde(default)]
    pub(crate) forbidden: Vec<String>,
    /// Whether the rollout may be called the cause.
    pub(crate) blames_rollout: bool,
    /// Calls of the model and of tools.
    pub(crate) steps_max: usize,
}

/// What a good investigator does: it asks what there is, reads these and concludes this.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    #[serde(default)]
    pub(crate) reads: Vec<String>,
    pub(crate) action: String,
    pub(crate) conclusion: String,
}

impl Case {
    /// All of them, by name.
    pub(crate) fn all() -> Result<Vec<Case>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
        let mut cases = Vec::new();
        for entry in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
            let path = entry?.path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let case = fs::read_to_string(&path)
                .map_err(anyhow::Error::from)
                .and_then(|text| Case::parse(name, &text))
                .with_context(|| format!("reading {}", path.display()))?;
            cases.push(case);
        }
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(cases)
    }

    fn parse(name: String, text: &str) -> Result<Case> {
        let case = Case { name, ..toml::from_str(text)? };
        if !CATEGORIES.contains(&case.expected.category.as_str()) {
            bail!("`{}` is no category", case.expected.category);
        }
        let actions = case.expected.actions.iter().chain([&case.script.action]);
        if let Some(action) = actions.into_iter().find(|action| !ACTIONS.contains(&action.as_str())) {
            bail!("`{action}` is no action");
        }
        let named = case.expected.evidence.iter().chain(&case.script.reads);
        match named.into_iter().find(|name| case.signal(name).is_none()) {
            Some(name) => bail!("there is no signal `{name}`"),
            None => Ok(case),
        }
    }

    pub(crate) fn signal(&self, name: &str) -> Option<&Signal> {
        self.signals.iter().find(|signal| signal.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_a_dozen_cases_and_each_category_has_one() {
        let cases = Case::all().unwrap();
        assert!(cases.len() >= 12, "{}", cases.len());
        for category in CATEGORIES {
            assert!(cases.iter().any(|case| case.expected.category == category), "{category}");
        }
    }

    #[test]
    fn a_script_that_reads_what_is_not_there_is_refused() {
        let text = r#"
            story = "s"
            task = "t"
            context = {}
            [expected]
            category = "healthy"
            actions = ["nothing"]
            blames_rollout = false
            steps_max = 4
            [script]
            reads = ["nowhere"]
            action = "nothing"
            conclusion = "c"
        "#;
        assert!(Case::parse("x".into(), text).unwrap_err().to_string().contains("nowhere"));
        assert!(Case::parse("x".into(), &text.replace("reads = [\"nowhere\"]", "")).is_ok());
    }
}
