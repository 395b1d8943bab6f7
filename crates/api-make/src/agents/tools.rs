//! An agent's tools in Make's words: scenarios and MCP configurations.

use domain::agent::AgentTool;
use domain::tool::Permission;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::reading::{ANY_NUMBER, At, ENTRIES_MAX};

/// What is shown as the name of an MCP connection that is not there.
const NO_CONNECTION: &str = "Invalid MCP Connection";

/// A scenario that an agent may run: a tool of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Scenario)]
pub(crate) struct ScenarioChoice {
    /// Its number.
    #[schema(minimum = 1)]
    make_scenario_id: u64,
    /// Whether a person is asked each time.
    #[serde(rename = "approvalMode")]
    #[schema(required = false)]
    approval_mode: ApprovalMode,
}

/// Whether a person is asked before a scenario runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum ApprovalMode {
    /// It runs at once.
    AutoRun,
    /// A person is asked.
    ApprovalRequired,
}

/// Tools of an MCP connection that an agent may call.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(as = McpConfigInput, rename_all = "camelCase")]
pub(crate) struct McpChoice {
    /// The connection.
    #[schema(minimum = 1)]
    mcp_connection_id: u64,
    /// The tools; all if absent.
    #[schema(nullable = false)]
    tool_ids: Option<Vec<String>>,
}

/// Tools of an MCP connection, as lists show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = McpConfig)]
pub(crate) struct McpConfigView {
    /// The connection.
    mcp_connection_id: u64,
    /// The tools chosen.
    tool_ids: Vec<String>,
    /// The connection's name, or `Invalid MCP Connection` if it is gone or broken.
    name: String,
}

/// Tools of an MCP connection, as the detail shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = McpConfigDetail)]
pub(crate) struct McpConfigDetail {
    #[serde(flatten)]
    config: McpConfigView,
    /// The tools chosen.
    tools: Vec<McpTool>,
}

/// A tool of an MCP connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct McpTool {
    /// Its name at the server.
    id: String,
    /// Whether it was chosen and is no longer offered.
    is_deprecated: bool,
}

/// Which of the keys of an MCP configuration may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum McpKeys {
    /// Both: without a connection the entry means nothing and is dropped.
    Optional,
    /// None.
    Required,
}

/// Reads `scenarios[]`.
pub(crate) fn read_scenarios(at: &At<'_>) -> Option<Vec<ScenarioChoice>> {
    at.list(0..=ENTRIES_MAX, |at| {
        at.object()?;
        let make_scenario_id = at.field("makeScenarioId").required(|at| at.integer(ANY_NUMBER));
        let approval_mode = at.field("approvalMode").optional(read_approval_mode).unwrap_or(ApprovalMode::AutoRun);
        Some(ScenarioChoice { make_scenario_id: make_scenario_id?, approval_mode })
    })
}

fn read_approval_mode(at: &At<'_>) -> Option<ApprovalMode> {
    match at.value().and_then(Value::as_str) {
        Some("auto-run") => Some(ApprovalMode::AutoRun),
        Some("approval-required") => Some(ApprovalMode::ApprovalRequired),
        _ => {
            at.fault("must be auto-run or approval-required");
            None
        }
    }
}

/// Reads `mcpConfigs[]`.
pub(crate) fn read_mcp_configs(at: &At<'_>, keys: McpKeys) -> Option<Vec<McpChoice>> {
    let choices = at.list(0..=ENTRIES_MAX, |at| {
        at.object()?;
        let connection = at.field("mcpConnectionId");
        let tools = at.field("toolIds");
        if keys == McpKeys::Required {
            connection.required(|_| Some(()));
            tools.required(|_| Some(()));
        }
        let connection = connection.optional(|at| at.integer(ANY_NUMBER));
        let tool_ids = tools.optional(read_tool_ids);
        Some(connection.map(|mcp_connection_id| McpChoice { mcp_connection_id, tool_ids }))
    })?;
    Some(choices.into_iter().flatten().collect())
}

fn read_tool_ids(at: &At<'_>) -> Option<Vec<String>> {
    at.list(0..=ENTRIES_MAX, |at| at.text(1..=255).map(str::to_owned))
}

impl From<ScenarioChoice> for AgentTool {
    fn from(choice: ScenarioChoice) -> Self {
        let permission = match choice.approval_mode {
            ApprovalMode::AutoRun => Permission::Allow,
            ApprovalMode::ApprovalRequired => Permission::Ask,
        };
        AgentTool::Project { number: choice.make_scenario_id, permission }
    }
}

impl From<McpChoice> for AgentTool {
    fn from(choice: McpChoice) -> Self {
        let connection = choice.mcp_connection_id.to_string();
        AgentTool::Mcp { connection, tools: choice.tool_ids, settings: Value::Null }
    }
}

/// An agent's tools with its scenarios, its MCP configurations or both replaced. What Make
/// has no word for stays.
pub(crate) fn replaced(
    tools: &[AgentTool],
    scenarios: Option<&[ScenarioChoice]>,
    mcp_configs: Option<&[McpChoice]>,
) -> Vec<AgentTool> {
    let kept = |keep: fn(&AgentTool) -> bool| tools.iter().filter(move |tool| keep(tool)).cloned();
    let mut all: Vec<AgentTool> = match scenarios {
        Some(chosen) => chosen.iter().cloned().map(AgentTool::from).collect(),
        None => kept(|tool| matches!(tool, AgentTool::Project { .. })).collect(),
    };
    match mcp_configs {
        Some(chosen) => all.extend(chosen.iter().cloned().map(AgentTool::from)),
        None => all.extend(kept(|tool| matches!(tool, AgentTool::Mcp { .. }))),
    }
    all.extend(kept(|tool| !matches!(tool, AgentTool::Project { .. } | AgentTool::Mcp { .. })));
    all
}

/// An agent's tools and those of one run, whose entry wins where both have one.
pub(crate) fn joined(tools: &[AgentTool], added: Vec<AgentTool>) -> Vec<AgentTool> {
    let is_replaced = |tool: &&AgentTool| added.iter().any(|new| same(tool, new));
    let mut all: Vec<AgentTool> = tools.iter().filter(|tool| !is_replaced(tool)).cloned().collect();
    all.extend(added.iter().cloned());
    all
}

fn same(one: &AgentTool, other: &AgentTool) -> bool {
    match (one, other) {
        (AgentTool::Project { number, .. }, AgentTool::Project { number: other, .. }) => number == other,
        (AgentTool::Mcp { connection, .. }, AgentTool::Mcp { connection: other, .. }) => connection == other,
        _ => false,
    }
}

/// The scenarios among an agent's tools.
pub(crate) fn scenarios(tools: &[AgentTool]) -> Vec<ScenarioChoice> {
    let scenario = |tool: &AgentTool| match tool {
        AgentTool::Project { number, permission } => Some(ScenarioChoice {
            make_scenario_id: *number,
            approval_mode: match permission {
                Permission::Allow => ApprovalMode::AutoRun,
                Permission::Ask | Permission::Auto | Permission::Deny => ApprovalMode::ApprovalRequired,
            },
        }),
        _ => None,
    };
    tools.iter().filter_map(scenario).collect()
}

/// The MCP configurations among an agent's tools. No connection of this kind can be made
/// yet, so each is shown as one that is gone. Servers that another façade named by a text
/// have no number to be shown by.
pub(crate) fn mcp_configs(tools: &[AgentTool]) -> Vec<McpConfigView> {
    let config = |tool: &AgentTool| match tool {
        AgentTool::Mcp { connection, tools, .. } => Some(McpConfigView {
            mcp_connection_id: connection.parse().ok()?,
            tool_ids: tools.clone().unwrap_or_default(),
            name: NO_CONNECTION.to_owned(),
        }),
        _ => None,
    };
    tools.iter().filter_map(config).collect()
}

/// The same, as the detail shows them: a server that is gone offers nothing any more.
pub(crate) fn mcp_config_details(tools: &[AgentTool]) -> Vec<McpConfigDetail> {
    let deprecated = |id: &String| McpTool { id: id.clone(), is_deprecated: true };
    let detail =
        |config: McpConfigView| McpConfigDetail { tools: config.tool_ids.iter().map(deprecated).collect(), config };
    mcp_configs(tools).into_iter().map(detail).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{Fault, Faults};
    use serde_json::json;

    fn read<T>(value: Value, read: impl Fn(&At<'_>) -> Option<T>) -> Result<T, Vec<String>> {
        let faults = Faults::default();
        let read = read(&At::root(&value, &faults));
        faults.unless_any(read).map_err(|faults| faults.iter().map(Fault::to_string).collect())
    }

    fn tools(scenarios: Value, configs: Value) -> Vec<AgentTool> {
        let scenarios = read(scenarios, read_scenarios).unwrap();
        let configs = read(configs, |at| read_mcp_configs(at, McpKeys::Optional)).unwrap();
        replaced(&[], Some(&scenarios), Some(&configs))
    }

    #[test]
    fn only_the_two_modes_of_the_contract_are_taken() {
        assert_eq!(
            read(json!([{"makeScenarioId": 7, "approvalMode": "manual-approval"}]), read_scenarios).unwrap_err(),
            ["[0].approvalMode: must be auto-run or approval-required"]
        );
        let shown = serde_json::to_value(scenarios(&tools(json!([{"makeScenarioId": 7}]), json!([])))).unwrap();
        assert_eq!(shown, json!([{"makeScenarioId": 7, "approvalMode": "auto-run"}]));
    }

    #[test]
    fn an_mcp_entry_without_connection_is_dropped_or_refused() {
        let entry = json!([{"toolIds": ["a"]}, {"mcpConnectionId": 3}]);
        let configs = mcp_configs(&tools(json!([]), entry.clone()));
        assert_eq!(
            serde_json::to_value(configs).unwrap(),
            json!([
                {"mcpConnectionId": 3, "toolIds": [], "name": "Invalid MCP Connection"}
            ])
        );
        assert_eq!(
            read(entry, |at| read_mcp_configs(at, McpKeys::Required)).unwrap_err(),
            ["[0].mcpConnectionId: required", "[1].toolIds: required"]
        );
    }

    #[test]
    fn a_detail_shows_what_a_gone_server_no_longer_offers() {
        let tools = tools(json!([]), json!([{"mcpConnectionId": 3, "toolIds": ["a"]}]));
        assert_eq!(
            serde_json::to_value(mcp_config_details(&tools)).unwrap(),
            json!([{
                "mcpConnectionId": 3, "toolIds": ["a"], "name": "Invalid MCP Connection",
                "tools": [{"id": "a", "isDeprecated": true}],
            }])
        );
    }

    #[test]
    fn a_run_adds_tools_and_its_entry_wins() {
        let own = tools(json!([{"makeScenarioId": 1}, {"makeScenarioId": 2}]), json!([]));
        let added = tools(
            json!([{"makeScenarioId": 2, "approvalMode": "approval-required"}, {"makeScenarioId": 3}]),
            json!([]),
        );
        let modes: Vec<(u64, ApprovalMode)> =
            scenarios(&joined(&own, added)).iter().map(|s| (s.make_scenario_id, s.approval_mode)).collect();
        assert_eq!(
            modes,
            [(1, ApprovalMode::AutoRun), (2, ApprovalMode::ApprovalRequired), (3, ApprovalMode::AutoRun)]
        );
    }

    #[test]
    fn replacing_one_kind_keeps_the_others() {
        let toolset = AgentTool::Toolset { settings: Value::Null };
        let mut own = vec![toolset.clone()];
        own.extend(tools(json!([{"makeScenarioId": 1}]), json!([{"mcpConnectionId": 3, "toolIds": ["a"]}])));
        let chosen = read(json!([{"makeScenarioId": 5}]), read_scenarios).unwrap();
        let after = replaced(&own, Some(&chosen), None);
        assert_eq!((scenarios(&after).len(), mcp_configs(&after).len(), after.last()), (1, 1, Some(&toolset)));
        assert_eq!(replaced(&own, None, Some(&[])).len(), 2);
    }
}
