//! What commands print: tables and words for people, JSON for programs.
//!
//! Texts that come from agents and other people are never let loose on a terminal: control
//! characters could rewrite what stands there.

use std::io::{IsTerminal, Write};

use domain::text::cut;
use serde::Serialize;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::failure::Failure;

/// Where a command prints to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    colours: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
        Self { json, colours: wanted && std::io::stdout().is_terminal() }
    }

    /// Whether a program reads it.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// One JSON document, indented for a terminal.
    pub(crate) fn json(self, value: &impl Serialize) -> Result<(), Failure> {
        let text = match std::io::stdout().is_terminal() {
            true => serde_json::to_string_pretty(value),
            false => serde_json::to_string(value),
        };
        self.line(&text.map_err(|error| Failure::other(error.to_string()))?)
    }

    /// JSON for programs, else these lines.
    pub(crate) fn either(self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
        if self.json { self.json(value) } else { self.line(&text()) }
    }

    /// A line as it is.
    pub(crate) fn line(self, text: &str) -> Result<(), Failure> {
        self.text(&format!("{text}\n"))
    }

    /// Text as it is, at once.
    pub(crate) fn text(self, text: &str) -> Result<(), Failure> {
        let mut stdout = std::io::stdout().lock();
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        written.map_err(|error| match error.kind() {
            // `| head` has seen enough.
            std::io::ErrorKind::BrokenPipe => std::process::exit(0),
            _ => Failure::from(error),
        })
    }

    /// Something that is not the answer itself.
    pub(crate) fn note(self, text: &str) {
        let faint = self.colours && std::io::stderr().is_terminal();
        // A note that nobody reads is no failure.
        let _ = match faint {
            true => writeln!(std::io::stderr(), "\x1b[2m{}\x1b[0m", printable(text)),
            false => writeln!(std::io::stderr(), "{}", printable(text)),
        };
    }

    /// Rows under headings.
    pub(crate) fn table(self, headings: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        let mut all = vec![headings.iter().map(|heading| heading.to_uppercase()).collect::<Vec<_>>()];
        all.extend(rows.iter().map(|row| row.iter().map(|cell| one_line(cell)).collect()));
        let width = |column: usize| {
            let cells = all.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.width()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..headings.len()).map(width).collect();
        let text: Vec<String> = all.iter().enumerate().map(|(at, row)| self.row(row, &widths, at == 0)).collect();
        self.line(&text.join("\n"))?;
        if rows.is_empty() {
            self.note("nothing here yet");
        }
        Ok(())
    }

    fn row(self, row: &[String], widths: &[usize], is_heading: bool) -> String {
        let padded = row.iter().zip(widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
        let text = padded.collect::<Vec<_>>().join("  ").trim_end().to_owned();
        if is_heading && self.colours { format!("\x1b[1m{text}\x1b[0m") } else { text }
    }

    /// Names and values, one pair a line.
    pub(crate) fn pairs(self, pairs: &[(&str, String)]) -> String {
        let width = pairs.iter().map(|(name, _)| name.width()).max().unwrap_or_default();
        let line = |(name, value): &(&str, String)| {
            let value = printable(value).replace('\n', &format!("\n{}", " ".repeat(width + 2)));
            format!("{name}{}  {value}", " ".repeat(width - name.width()))
        };
        pairs.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// A text without what could move a terminal's cursor or change its colours.
pub(crate) fn printable(text: &str) -> String {
    let is_harmless = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().filter(is_harmless).collect()
}

fn one_line(text: &str) -> String {
    /// Longer cells would break every row on a terminal.
    const CHARS_MAX: usize = 80;
    cut(&printable(text).replace(['\n', '\t'], " "), CHARS_MAX)
}

/// A field as a cell: texts as they are, nothing for null.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_text_cannot_move_the_cursor() {
        assert_eq!(printable("a\x1b[2Jb\u{9b}31mc\r\n\td"), "a[2Jb31mc\n\td");
    }

    #[test]
    fn a_cell_is_one_line_of_bounded_length() {
        assert_eq!(one_line("a\nb\tc"), "a b c");
        assert_eq!(one_line(&"é".repeat(100)).chars().count(), 81);
    }

    #[test]
    fn columns_line_up_whatever_the_script() {
        let output = Output { json: false, colours: false };
        let row = output.row(&["日本".into(), "b".into()], &[5, 1], false);
        assert_eq!(row, "日本   b");
    }
}
