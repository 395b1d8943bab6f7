//! The MCP servers of an agent on the wire, and the rules that tie them to its toolsets.

use app::FieldError;
use domain::agent::AgentTool;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

const NAME_CHARS_MAX: usize = 255;

/// An MCP server reached over HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub(crate) enum McpServer {
    /// By its address.
    #[serde(rename = "url")]
    Url {
        /// 1–255 characters, unique in the agent; toolsets name it.
        name: String,
        /// Its address.
        url: String,
    },
}

impl McpServer {
    fn name(&self) -> &str {
        let McpServer::Url { name, .. } = self;
        name
    }
}

/// What is wrong with these servers beside these tools.
pub(crate) fn faults(servers: &[McpServer], tools: &[AgentTool]) -> Vec<FieldError> {
    let mut faults = Vec::new();
    for (index, server) in servers.iter().enumerate() {
        let name = server.name();
        let fault = if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            format!("must be 1 to {NAME_CHARS_MAX} characters")
        } else if servers[..index].iter().any(|other| other.name() == name) {
            "is the name of another server of this agent".to_owned()
        } else if !toolsets(tools).any(|(_, connection)| connection == name) {
            "is used by no mcp_toolset of this agent".to_owned()
        } else {
            continue;
        };
        faults.push(FieldError::new(format!("mcp_servers[{index}].name"), fault));
    }
    for (index, connection) in toolsets(tools) {
        if !servers.iter().any(|server| server.name() == connection) {
            let path = format!("tools[{index}].mcp_server_name");
            faults.push(FieldError::new(path, "names none of the agent's mcp_servers"));
        }
    }
    faults
}

fn toolsets(tools: &[AgentTool]) -> impl Iterator<Item = (usize, &str)> {
    tools.iter().enumerate().filter_map(|(index, tool)| match tool {
        AgentTool::Mcp { connection, .. } => Some((index, connection.as_str())),
        _ => None,
    })
}

/// The servers as they are stored.
pub(crate) fn stored(servers: &[McpServer]) -> Vec<Value> {
    servers.iter().filter_map(|server| serde_json::to_value(server).ok()).collect()
}

/// The stored servers that are of this API's form; others belong to another API.
pub(crate) fn read(stored: &[Value]) -> Vec<McpServer> {
    stored.iter().filter_map(|server| serde_json::from_value(server.clone()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(name: &str) -> McpServer {
        McpServer::Url { name: name.to_owned(), url: "https://mcp.example".to_owned() }
    }

    fn toolset(name: &str) -> AgentTool {
        AgentTool::Mcp { connection: name.to_owned(), tools: None, settings: Value::Null }
    }

    fn check(servers: &[&str], toolsets: &[&str], expected: &[&str]) {
        let servers: Vec<McpServer> = servers.iter().map(|name| server(name)).collect();
        let tools: Vec<AgentTool> = toolsets.iter().map(|name| toolset(name)).collect();
        let found: Vec<String> = faults(&servers, &tools).iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (fault, part) in found.iter().zip(expected) {
            assert!(fault.contains(part), "{fault}");
        }
    }

    #[test]
    fn servers_and_toolsets_must_match() {
        check(&["a", "b"], &["b", "a", "a"], &[]);
        check(&["a"], &[], &["used by no"]);
        check(&[], &["a"], &["names none"]);
        check(&["a", "a"], &["a"], &["mcp_servers[1].name: is the name of another"]);
        check(&[""], &[""], &["1 to 255"]);
    }
}
