//! What was measured, with what it should be, as a table or as JSON.

use std::fmt;

use serde_json::{Value, json};

/// The figures of one call of the benchmark, in the order they were taken.
#[derive(Default)]
pub(crate) struct Figures(Vec<Figure>);

struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    wanted: Option<Wanted>,
}

/// What a figure should be.
#[derive(Clone, Copy)]
pub(crate) enum Wanted {
    Below(f64),
    AtLeast(f64),
}

impl Figures {
    pub(crate) fn add(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.0.push(Figure { name: name.into(), value, unit, wanted: None });
    }

    pub(crate) fn add_wanted(&mut self, name: impl Into<String>, value: f64, unit: &'static str, wanted: Wanted) {
        self.0.push(Figure { name: name.into(), value, unit, wanted: Some(wanted) });
    }

    pub(crate) fn to_json(&self) -> Value {
        self.0.iter().map(Figure::to_json).collect()
    }
}

impl Wanted {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::Below(limit) => value < limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }
}

impl Figure {
    fn to_json(&self) -> Value {
        let wanted = self.wanted.map(|wanted| match wanted {
            Wanted::Below(limit) => json!({ "below": limit, "holds": wanted.holds(self.value) }),
            Wanted::AtLeast(limit) => json!({ "at_least": limit, "holds": wanted.holds(self.value) }),
        });
        json!({ "name": self.name, "value": self.value, "unit": self.unit, "wanted": wanted })
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|figure| figure.name.chars().count()).max().unwrap_or(0);
        for Figure { name, value, unit, wanted } in &self.0 {
            write!(f, "{name:<width$}  {:>10} {unit:<6}", rounded(*value))?;
            if let Some(wanted) = wanted {
                let word = if wanted.holds(*value) { "holds" } else { "MISSED" };
                match wanted {
                    Wanted::Below(limit) => write!(f, "  < {:<8} {word}", rounded(*limit))?,
                    Wanted::AtLeast(limit) => write!(f, "  ≥ {:<8} {word}", rounded(*limit))?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Three digits that count, as a person would write them.
fn rounded(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_figure_says_so_in_both_forms() {
        let mut figures = Figures::default();
        figures.add_wanted("start", 151.0, "ms", Wanted::Below(150.0));
        figures.add_wanted("runs", 3000.0, "/s", Wanted::AtLeast(3000.0));
        let table = figures.to_string();
        assert!(table.contains("MISSED") && table.contains("holds"), "{table}");
        let json = figures.to_json();
        assert_eq!(json[0]["wanted"], json!({ "below": 150.0, "holds": false }));
        assert_eq!(json[1]["wanted"], json!({ "at_least": 3000.0, "holds": true }));
    }
}
