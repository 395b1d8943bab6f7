//! The scores, as a table or as JSON.

use std::fmt;

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::investigation::Found;
use crate::score::Score;

/// A case and what came of it.
pub(crate) struct Judged {
    pub(crate) case: String,
    pub(crate) found: Found,
    pub(crate) score: Score,
}

/// All of them.
pub(crate) struct Report {
    pub(crate) model: String,
    pub(crate) judged: Vec<Judged>,
}

impl Report {
    /// Whether nothing was lost.
    pub(crate) fn is_full(&self) -> bool {
        self.judged.iter().all(|judged| judged.score.points() >= 1.0)
    }

    fn points(&self) -> f64 {
        let sum: f64 = self.judged.iter().map(|judged| judged.score.points()).sum();
        sum / self.judged.len().max(1) as f64
    }

    pub(crate) fn to_json(&self) -> Value {
        let cases = self.judged.iter().map(|Judged { case, found, score }| {
            json!({ "case": case, "points": score.points(), "score": score, "found": found })
        });
        json!({ "model": self.model, "points": self.points(), "cases": cases.collect::<Vec<_>>() })
    }
}

impl Judged {
    fn row(&self) -> [String; 6] {
        let Judged { case, found, score } = self;
        let said = match (&found.verdict, &found.fault) {
            (Some(verdict), _) => format!("{}, {}", verdict.category, verdict.action),
            (None, Some(fault)) => fault.chars().take(40).collect(),
            (None, None) => "no verdict".to_owned(),
        };
        let mark = if score.is_right { "✓" } else { "✗" };
        let forbidden = if score.forbidden.is_empty() { "none".to_owned() } else { score.forbidden.join(", ") };
        let brief = if score.is_brief { "" } else { " ✗" };
        [
            case.clone(),
            format!("{mark} {said}"),
            format!("{} of {}", score.evidence_read, score.evidence_wanted),
            forbidden,
            format!("{}{brief}", found.steps),
            percent(score.points()),
        ]
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["case", "category, action", "evidence", "forbidden", "steps", "score"].map(str::to_owned);
        let rows: Vec<[String; 6]> = std::iter::once(heads).chain(self.judged.iter().map(Judged::row)).collect();
        for row in &rows {
            for (column, cell) in row.iter().enumerate() {
                let width = rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
                write!(f, "{cell}{:gap$}", "", gap = width + 2 - cell.width())?;
            }
            writeln!(f)?;
        }
        write!(f, "\n{} with {}: {}", count(self.judged.len()), self.model, percent(self.points()))
    }
}

fn count(cases: usize) -> String {
    format!("{cases} case{}", if cases == 1 { "" } else { "s" })
}

fn percent(points: f64) -> String {
    format!("{:.0} %", points * 100.0)
}
