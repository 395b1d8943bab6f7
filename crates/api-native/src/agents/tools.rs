//! The tools of an agent on the wire.

use domain::agent::AgentTool;
use domain::secret::Secret;
use domain::tool::{Effect, HttpTool, Permission};
use indexmap::IndexMap;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Whether a tool may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Policy {
    /// Yes.
    AlwaysAllow,
    /// A person is asked each time.
    AlwaysAsk,
    /// A judging model decides; without one, a person is asked.
    Auto,
    /// No. Ours, for tools that another API of this server has switched off.
    AlwaysDeny,
}

impl From<Policy> for Permission {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::AlwaysAllow => Permission::Allow,
            Policy::AlwaysAsk => Permission::Ask,
            Policy::Auto => Permission::Auto,
            Policy::AlwaysDeny => Permission::Deny,
        }
    }
}

impl From<Permission> for Policy {
    fn from(permission: Permission) -> Self {
        match permission {
            Permission::Allow => Policy::AlwaysAllow,
            Permission::Ask => Policy::AlwaysAsk,
            Permission::Auto => Policy::Auto,
            Permission::Deny => Policy::AlwaysDeny,
        }
    }
}

/// What a call does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EffectParam {
    /// Changes nothing.
    Read,
    /// May be repeated under the same `Idempotency-Key`.
    Idempotent,
    /// Must not be repeated.
    Unsafe,
}

impl From<EffectParam> for Effect {
    fn from(effect: EffectParam) -> Self {
        match effect {
            EffectParam::Read => Effect::Read,
            EffectParam::Idempotent => Effect::Idempotent,
            EffectParam::Unsafe => Effect::Unsafe,
        }
    }
}

impl From<Effect> for EffectParam {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Read => EffectParam::Read,
            Effect::Idempotent => EffectParam::Idempotent,
            Effect::Unsafe => EffectParam::Unsafe,
        }
    }
}

/// A tool as a client describes it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub(crate) enum ToolParam {
    /// The client runs it.
    #[serde(rename = "custom")]
    Custom(CustomTool),
    /// The built-in set.
    #[serde(rename = "agent_toolset_20260401")]
    AgentToolset(ToolsetParam),
    /// The tools of an MCP server.
    #[serde(rename = "mcp_toolset")]
    McpToolset {
        /// The name of one of the agent's `mcp_servers`.
        mcp_server_name: String,
        #[serde(flatten)]
        toolset: ToolsetParam,
    },
    /// The server calls it over HTTP.
    #[serde(rename = "http")]
    Http {
        #[serde(flatten)]
        tool: HttpToolParam,
        /// Whether it may be called; allowed if absent.
        #[serde(default)]
        permission_policy: Option<Policy>,
    },
    /// A tool of the project, by its number.
    #[serde(rename = "project_tool")]
    ProjectTool {
        /// The tool's number.
        number: u64,
        /// Whether it may be called; allowed if absent.
        #[serde(default)]
        permission_policy: Option<Policy>,
    },
    /// `list_signals` and `read_signal`, which read the signals that the project's rollouts
    /// are watched by. They are offered where it has some.
    #[serde(rename = "signals")]
    Signals {
        /// Whether they may be called; allowed if absent.
        #[serde(default)]
        permission_policy: Option<Policy>,
    },
}

/// A tool that the client runs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct CustomTool {
    /// 1–128 letters, digits, `_`, `-`.
    name: String,
    /// What it does, for the model.
    description: String,
    /// JSON Schema of the arguments, `type: object`.
    #[schema(value_type = Object)]
    input_schema: Value,
}

/// A tool that the server calls over HTTP.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct HttpToolParam {
    /// 1–128 letters, digits, `_`, `-`.
    name: String,
    /// What it does, for the model.
    description: String,
    /// JSON Schema of the arguments, `type: object`; an object without properties if absent.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    input_schema: Option<Value>,
    /// `GET`, `POST`, `PUT`, `PATCH`, `DELETE` or `HEAD`.
    method: String,
    /// Address; `{name}` stands for the argument of that name.
    url: String,
    /// Headers sent with each call. Their values are kept encrypted and never shown again: a
    /// value that is sent back as it is shown stays as it is.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::HashMap<String, String>>)]
    headers: Option<IndexMap<String, SecretString>>,
    /// How long one call may take, in milliseconds.
    #[serde(default)]
    timeout_ms: Option<u64>,
    /// What a call does to the world; by the method if absent.
    #[serde(default)]
    effect: Option<EffectParam>,
}

impl From<HttpToolParam> for HttpTool {
    fn from(param: HttpToolParam) -> Self {
        let method = param.method.to_ascii_uppercase();
        let effect = param.effect.map_or_else(|| HttpTool::effect_of(&method), Effect::from);
        let headers = param.headers.unwrap_or_default().into_iter();
        HttpTool {
            name: param.name,
            description: param.description,
            input_schema: param.input_schema.unwrap_or_else(|| serde_json::json!({ "type": "object" })),
            method,
            url: param.url,
            headers: headers.map(|(name, value)| (name, Secret::from_caller(value))).collect(),
            timeout_ms: param.timeout_ms.unwrap_or(HttpTool::DEFAULT_TIMEOUT_MS),
            effect,
        }
    }
}

/// An HTTP tool as it is shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct HttpToolView {
    name: String,
    description: String,
    #[schema(value_type = Object)]
    input_schema: Value,
    method: String,
    url: String,
    /// Their names; the values are not shown.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    headers: IndexMap<String, &'static str>,
    timeout_ms: u64,
    effect: EffectParam,
}

impl From<HttpTool> for HttpToolView {
    fn from(tool: HttpTool) -> Self {
        Self {
            name: tool.name,
            description: tool.description,
            input_schema: tool.input_schema,
            method: tool.method,
            url: tool.url,
            headers: tool.headers.into_keys().map(|name| (name, Secret::MASK)).collect(),
            timeout_ms: tool.timeout_ms,
            effect: tool.effect.into(),
        }
    }
}

/// Which tools of a set may be called, and how.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub(crate) struct ToolsetParam {
    /// For the tools that are not listed.
    #[serde(default)]
    default_config: Option<DefaultConfigParam>,
    /// For single tools.
    #[serde(default)]
    configs: Option<Vec<ToolConfigParam>>,
}

/// For the tools of a set that are not listed.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub(crate) struct DefaultConfigParam {
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    permission_policy: Option<Policy>,
}

/// For one tool of a set.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ToolConfigParam {
    name: String,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    permission_policy: Option<Policy>,
    /// What only this tool knows, as sent.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    rest: Map<String, Value>,
}

/// A set of tools with nothing left to be assumed. Shown and stored in this form, so that
/// sending back what was shown changes nothing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct ToolsetView {
    configs: Vec<ToolConfigView>,
    default_config: DefaultConfigView,
}

/// For the tools of a set that are not listed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct DefaultConfigView {
    enabled: bool,
    permission_policy: Policy,
}

/// For one tool of a set.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct ToolConfigView {
    name: String,
    enabled: bool,
    permission_policy: Policy,
    #[serde(flatten)]
    #[schema(value_type = Object)]
    rest: Map<String, Value>,
}

impl ToolsetParam {
    /// With everything filled in that was left out.
    fn resolved(self, unless_said: Policy) -> ToolsetView {
        let default = self.default_config.unwrap_or_default();
        let default_config = DefaultConfigView {
            enabled: default.enabled.unwrap_or(true),
            permission_policy: default.permission_policy.unwrap_or(unless_said),
        };
        let configs = self.configs.unwrap_or_default().into_iter().map(|config| ToolConfigView {
            name: config.name,
            enabled: config.enabled.unwrap_or(default_config.enabled),
            permission_policy: config.permission_policy.unwrap_or(default_config.permission_policy),
            rest: config.rest,
        });
        ToolsetView { configs: configs.collect(), default_config }
    }
}

impl ToolsetView {
    /// Reads the stored form. A set that another API stored says only which tools it chose.
    fn read(settings: &Value, chosen: Option<&[String]>, unless_said: Policy) -> Self {
        if let Ok(view) = serde_json::from_value(settings.clone()) {
            return view;
        }
        let config = |name: &String| ToolConfigView {
            name: name.clone(),
            enabled: true,
            permission_policy: unless_said,
            rest: Map::new(),
        };
        ToolsetView {
            configs: chosen.unwrap_or_default().iter().map(config).collect(),
            default_config: DefaultConfigView { enabled: chosen.is_none(), permission_policy: unless_said },
        }
    }

    fn stored(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl From<ToolParam> for AgentTool {
    fn from(param: ToolParam) -> Self {
        match param {
            ToolParam::Custom(CustomTool { name, description, input_schema }) => {
                AgentTool::Custom { name, description, input_schema }
            }
            ToolParam::AgentToolset(toolset) => {
                let mut resolved = toolset.resolved(Policy::AlwaysAllow);
                for config in &mut resolved.configs {
                    // Clients tell these apart by their `type`, which is their name.
                    config.rest.insert("type".to_owned(), Value::String(config.name.clone()));
                }
                AgentTool::Toolset { settings: resolved.stored() }
            }
            ToolParam::McpToolset { mcp_server_name, toolset } => AgentTool::Mcp {
                connection: mcp_server_name,
                tools: None,
                settings: toolset.resolved(Policy::AlwaysAsk).stored(),
            },
            ToolParam::Http { tool, permission_policy } => {
                AgentTool::Http { tool: tool.into(), permission: permission(permission_policy) }
            }
            ToolParam::ProjectTool { number, permission_policy } => {
                AgentTool::Project { number, permission: permission(permission_policy) }
            }
            ToolParam::Signals { permission_policy } => {
                AgentTool::Signals { permission: permission(permission_policy) }
            }
        }
    }
}

fn permission(policy: Option<Policy>) -> Permission {
    policy.unwrap_or(Policy::AlwaysAllow).into()
}

/// A tool as it is shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type")]
pub(crate) enum ToolView {
    /// The client runs it.
    #[serde(rename = "custom")]
    Custom(CustomTool),
    /// The built-in set.
    #[serde(rename = "agent_toolset_20260401")]
    AgentToolset(ToolsetView),
    /// The tools of an MCP server.
    #[serde(rename = "mcp_toolset")]
    McpToolset {
        mcp_server_name: String,
        #[serde(flatten)]
        toolset: ToolsetView,
    },
    /// The server calls it over HTTP.
    #[serde(rename = "http")]
    Http {
        #[serde(flatten)]
        tool: HttpToolView,
        permission_policy: Policy,
    },
    /// A tool of the project.
    #[serde(rename = "project_tool")]
    ProjectTool { number: u64, permission_policy: Policy },
    /// The tools that read the project's signals.
    #[serde(rename = "signals")]
    Signals { permission_policy: Policy },
}

impl From<&AgentTool> for ToolView {
    fn from(tool: &AgentTool) -> Self {
        match tool.clone() {
            AgentTool::Custom { name, description, input_schema } => {
                ToolView::Custom(CustomTool { name, description, input_schema })
            }
            AgentTool::Toolset { settings } => {
                ToolView::AgentToolset(ToolsetView::read(&settings, None, Policy::AlwaysAllow))
            }
            AgentTool::Mcp { connection, tools, settings } => ToolView::McpToolset {
                mcp_server_name: connection,
                toolset: ToolsetView::read(&settings, tools.as_deref(), Policy::AlwaysAsk),
            },
            AgentTool::Http { tool, permission } => {
                ToolView::Http { tool: tool.into(), permission_policy: permission.into() }
            }
            AgentTool::Project { number, permission } => {
                ToolView::ProjectTool { number, permission_policy: permission.into() }
            }
            AgentTool::Signals { permission } => ToolView::Signals { permission_policy: permission.into() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(sent: Value) -> Value {
        let tool = AgentTool::from(serde_json::from_value::<ToolParam>(sent).unwrap());
        serde_json::to_value(ToolView::from(&tool)).unwrap()
    }

    #[test]
    fn what_is_shown_can_be_sent_back_and_is_shown_again() {
        let schema = json!({"type": "object", "properties": {"q": {"type": "string"}}, "x-kept": 1});
        for sent in [
            json!({"type": "custom", "name": "a", "description": "d", "input_schema": schema}),
            json!({"type": "agent_toolset_20260401"}),
            json!({"type": "agent_toolset_20260401", "default_config": {"enabled": false},
                   "configs": [{"name": "bash", "enabled": true}, {"name": "web_fetch", "max_content_tokens": 9}]}),
            json!({"type": "mcp_toolset", "mcp_server_name": "docs", "configs": [{"name": "x"}]}),
            json!({"type": "http", "name": "a", "description": "d", "method": "get", "url": "https://a.example/{q}"}),
            json!({"type": "project_tool", "number": 3, "permission_policy": {"type": "always_ask"}}),
            json!({"type": "project_tool", "number": 3, "permission_policy": {"type": "auto"}}),
            json!({"type": "signals", "permission_policy": {"type": "always_ask"}}),
        ] {
            let first = shown(sent.clone());
            assert_eq!(shown(first.clone()), first, "{sent}");
            let policy = &sent["permission_policy"];
            assert!(policy.is_null() || first["permission_policy"] == *policy, "{first}");
        }
    }

    #[test]
    fn a_set_is_shown_resolved() {
        let sent = json!({"type": "agent_toolset_20260401", "default_config": {"enabled": false},
                          "configs": [{"name": "bash", "enabled": true}]});
        let allow = json!({"type": "always_allow"});
        assert_eq!(
            shown(sent),
            json!({"type": "agent_toolset_20260401", "default_config": {"enabled": false, "permission_policy": allow},
                   "configs": [{"name": "bash", "enabled": true, "permission_policy": allow, "type": "bash"}]})
        );
        let mcp = shown(json!({"type": "mcp_toolset", "mcp_server_name": "docs"}));
        assert_eq!(mcp["default_config"]["permission_policy"]["type"], "always_ask");
    }

    #[test]
    fn the_effect_follows_the_method_unless_it_is_said() {
        let effect = |method: &str, said: Value| {
            let mut sent = json!({"type": "http", "name": "a", "description": "d", "url": "https://a.example",
                                  "method": method});
            sent["effect"] = said;
            shown(sent)["effect"].clone()
        };
        assert_eq!(effect("get", Value::Null), "read");
        assert_eq!(effect("DELETE", Value::Null), "idempotent");
        assert_eq!(effect("POST", Value::Null), "unsafe");
        assert_eq!(effect("POST", json!("idempotent")), "idempotent");
    }
}
