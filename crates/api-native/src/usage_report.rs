//! `/v1/usage`: what runs have used, added up. Ours.

mod table;

use app::{App, UsageBy, UsageOf, UsageQuery, UsageReport, UsageRow, Used};
use axum::Json;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use domain::{AgentId, KeyId, ProjectId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::Caller;

use crate::budget::Money;
use crate::error::{ApiError, ErrorEnvelope};
use crate::query::Query;
use crate::usage::seconds;

const CSV: &str = "text/csv";

/// Which usage to report.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReportUsage {
    /// The first day, as `2026-11-22`; 29 days before the last if absent.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// The last day, less than 400 days after the first; today if absent.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// By what it is told apart; by day if absent.
    #[param(inline)]
    by: Option<ByParam>,
    /// In which form; what the header `Accept` asks for if absent.
    #[param(inline)]
    format: Option<FormatParam>,
}

/// By what usage is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ByParam {
    /// The agent.
    Agent,
    /// The key that began the run.
    Key,
    /// The model that was asked.
    Model,
    /// The day.
    Day,
    /// The project.
    Project,
}

/// In which form a report comes.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FormatParam {
    Json,
    Csv,
}

/// What was used in some days, by the organization's clock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageReportView {
    #[serde(rename = "type")]
    kind: UsageReportType,
    by: ByParam,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    to: Date,
    time_zone: String,
    /// Each day in its order; anything else by cost, then tokens, the largest first.
    data: Vec<UsageRowView>,
    /// Whether rows were left out: there are at most 1,000.
    truncated: bool,
    /// All together, what was left out included.
    total: UsedView,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum UsageReportType {
    UsageReport,
}

/// Whose usage it is, and how much. Of the ids the one that `by` names is there.
#[derive(Debug, Serialize, ToSchema)]
struct UsageRowView {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    agent_id: Option<AgentId>,
    /// Null of runs that no key began, or a key that the caller does not see.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    key_id: Option<Option<KeyId>>,
    /// Null of runs that asked none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    model: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    day: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    project_id: Option<ProjectId>,
    /// What the agent, the key or the project is called.
    name: Option<String>,
    #[serde(flatten)]
    used: UsedView,
}

/// What was used.
#[derive(Debug, Serialize, ToSchema)]
struct UsedView {
    /// Runs. One that asked several models counts with each of them.
    runs: u64,
    model_calls: u64,
    /// 0 by model: a tool call is no model's.
    tool_calls: u64,
    input_tokens: u64,
    output_tokens: u64,
    cache_read_input_tokens: u64,
    cache_creation_input_tokens: u64,
    /// By the operator's prices; null as long as nothing that has a price was used.
    list_cost: Option<Money>,
    /// Seconds of work; 0 by model.
    active_seconds: f64,
}

/// Report usage
///
/// What the runs that the caller may see have used: tokens, money, calls. A run counts on the
/// day on which it was begun, with all that it has used since. Runs of sessions that were
/// deleted are not counted any more. As JSON, or as `text/csv` for spreadsheets.
#[utoipa::path(get, path = "/v1/usage", tag = "usage", params(ReportUsage),
    responses((status = 200, content((UsageReportView = "application/json"), (String = "text/csv"))),
        (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn report_usage(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ReportUsage>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let by = query.by.unwrap_or(ByParam::Day);
    let report = app.report_usage(caller.ctx(), UsageQuery { from: query.from, to: query.to, by: by.into() }).await?;
    let as_csv = match query.format {
        Some(format) => matches!(format, FormatParam::Csv),
        None => prefers_csv(&headers),
    };
    let vary = [(VARY, HeaderValue::from_static("accept"))];
    if !as_csv {
        return Ok((vary, Json(UsageReportView::of(by, report))).into_response());
    }
    let file = format!("attachment; filename=\"usage-by-{}-{}-{}.csv\"", by.as_str(), report.from, report.to);
    let file = HeaderValue::from_str(&file).map_err(|_| ApiError::internal())?;
    let csv = HeaderValue::from_static("text/csv; charset=utf-8");
    Ok((vary, [(CONTENT_TYPE, csv), (CONTENT_DISPOSITION, file)], table::csv(by, &report)).into_response())
}

/// Whether the header asks for a table by name, and for nothing of ours before it.
fn prefers_csv(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut kinds =
        accepted.flat_map(|value| value.split(',')).map(|kind| kind.split(';').next().unwrap_or(kind).trim());
    kinds
        .find(|kind| [CSV, "application/json"].iter().any(|known| kind.eq_ignore_ascii_case(known)))
        .is_some_and(|kind| kind.eq_ignore_ascii_case(CSV))
}

impl ByParam {
    fn as_str(self) -> &'static str {
        match self {
            ByParam::Agent => "agent",
            ByParam::Key => "key",
            ByParam::Model => "model",
            ByParam::Day => "day",
            ByParam::Project => "project",
        }
    }
}

impl From<ByParam> for UsageBy {
    fn from(by: ByParam) -> Self {
        match by {
            ByParam::Agent => UsageBy::Agent,
            ByParam::Key => UsageBy::Key,
            ByParam::Model => UsageBy::Model,
            ByParam::Day => UsageBy::Day,
            ByParam::Project => UsageBy::Project,
        }
    }
}

impl UsageReportView {
    fn of(by: ByParam, report: UsageReport) -> Self {
        Self {
            kind: UsageReportType::UsageReport,
            by,
            from: report.from,
            to: report.to,
            time_zone: report.time_zone,
            data: report.rows.into_iter().map(UsageRowView::from).collect(),
            truncated: report.is_cut,
            total: report.total.into(),
        }
    }
}

impl From<UsageRow> for UsageRowView {
    fn from(UsageRow { of, name, used }: UsageRow) -> Self {
        let mut row =
            Self { agent_id: None, key_id: None, model: None, day: None, project_id: None, name, used: used.into() };
        match of {
            UsageOf::Agent(agent) => row.agent_id = Some(agent),
            UsageOf::Key(key) => row.key_id = Some(key),
            UsageOf::Model(model) => row.model = Some(model),
            UsageOf::Day(day) => row.day = Some(day),
            UsageOf::Project(project) => row.project_id = Some(project),
        }
        row
    }
}

impl From<Used> for UsedView {
    fn from(used: Used) -> Self {
        Self {
            runs: used.runs,
            model_calls: used.model_calls,
            tool_calls: used.tool_calls,
            input_tokens: used.usage.input_tokens,
            output_tokens: used.usage.output_tokens,
            cache_read_input_tokens: used.usage.cache_read_input_tokens,
            cache_creation_input_tokens: used.usage.cache_creation_input_tokens,
            list_cost: used.cost.map(Money::from),
            active_seconds: seconds(used.active_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_given_to_whoever_asks_for_it_first() {
        for (accept, expected) in [
            ("text/csv", true),
            ("TEXT/CSV;q=0.9, */*", true),
            ("text/csv, application/json", true),
            ("application/json, text/csv", false),
            ("*/*", false),
            ("text/html", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(prefers_csv(&headers), expected, "{accept}");
        }
        assert!(!prefers_csv(&HeaderMap::new()));
    }
}
