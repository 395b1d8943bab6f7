//! A report as a table for spreadsheets.
//!
//! Names are other people's texts: one that a spreadsheet would take for a formula is made
//! plain text by an apostrophe in front.

use app::{UsageOf, UsageReport, UsageRow, Used};
use domain::money::Money;

use super::ByParam;

const COLUMNS: &str = "name,runs,model_calls,tool_calls,input_tokens,output_tokens,cache_read_input_tokens,\
    cache_creation_input_tokens,cost,currency,active_seconds";

/// The table, a row for each row of the report.
pub(super) fn csv(by: ByParam, report: &UsageReport) -> String {
    let key = match by {
        ByParam::Agent => "agent_id",
        ByParam::Key => "key_id",
        ByParam::Model => "model",
        ByParam::Day => "day",
        ByParam::Project => "project_id",
    };
    let mut table = format!("{key},{COLUMNS}\r\n");
    for row in &report.rows {
        table.push_str(&line(row));
        table.push_str("\r\n");
    }
    table
}

fn line(UsageRow { of, name, used }: &UsageRow) -> String {
    let of = match of {
        UsageOf::Agent(agent) => agent.to_string(),
        UsageOf::Key(key) => key.map(|key| key.to_string()).unwrap_or_default(),
        UsageOf::Model(model) => model.clone().unwrap_or_default(),
        UsageOf::Day(day) => day.to_string(),
        UsageOf::Project(project) => project.to_string(),
    };
    let Used { runs, model_calls, tool_calls, usage, cost, active_ms } = used;
    let numbers = [
        *runs,
        *model_calls,
        *tool_calls,
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_input_tokens,
        usage.cache_creation_input_tokens,
    ];
    let mut cells = vec![cell(&of), cell(name.as_deref().unwrap_or_default())];
    cells.extend(numbers.map(|number| number.to_string()));
    cells.push(cost.map(amount).unwrap_or_default());
    cells.push(cost.map(|cost| cost.currency.to_string()).unwrap_or_default());
    cells.push(format!("{}.{:03}", active_ms / 1_000, active_ms % 1_000));
    cells.join(",")
}

/// To a millionth of the currency's unit.
fn amount(cost: Money) -> String {
    format!("{}.{:06}", cost.micros / 1_000_000, cost.micros % 1_000_000)
}

/// A text as a cell.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let plain = if is_formula { format!("'{text}") } else { text.to_owned() };
    match plain.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{}\"", plain.replace('"', "\"\"")),
        false => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_breaks_its_line() {
        for (text, expected) in [
            ("Ada", "Ada"),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("a,b", "\"a,b\""),
            ("a\r\n=b", "\"a\r\n=b\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }
}
