//! How the rollouts of a project are taken back: by which call, and by whose word.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::placeholders;
use super::rollback::Policy;
use crate::id::MemberId;
use crate::output::{BadSchema, Schema};

/// Most critical checks that may be asked for.
const AFTER_MAX: u32 = 100;
const INPUT_BYTES_MAX: usize = 16 << 10;
const APPROVERS_MAX: usize = 100;

/// How rollouts are taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RollbackSpec {
    /// Whether, and by whose word.
    pub policy: Policy,
    /// After so many critical checks in a row.
    pub after: u32,
    /// The HTTP tool of the project that takes a rollout back, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// What it is called with: an object, whose strings may name fields of the rollout.
    pub input: Value,
    /// Who may decide about a proposal, besides owners; whoever may decide about other calls,
    /// if nobody is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<MemberId>,
}

impl Default for RollbackSpec {
    fn default() -> Self {
        let input = Value::Object(Map::new());
        Self { policy: Policy::Off, after: 2, tool: None, input, approvers: Vec::new() }
    }
}

impl RollbackSpec {
    /// Whether nobody has said anything.
    pub(super) fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// What is wrong with it: the field, and what it must be.
    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        let names_tool = self.tool.as_ref().is_some_and(|tool| !tool.is_empty());
        let is_small = self.input.to_string().len() <= INPUT_BYTES_MAX;
        let rules = [
            ((1..=AFTER_MAX).contains(&self.after), "after", format!("must be from 1 to {AFTER_MAX}")),
            (
                names_tool || self.policy == Policy::Off,
                "tool",
                "must name the tool that takes a rollout back".to_owned(),
            ),
            (self.input.is_object(), "input", "must be an object".to_owned()),
            (is_small, "input", format!("must have at most {INPUT_BYTES_MAX} bytes")),
            (self.approvers.len() <= APPROVERS_MAX, "approvers", format!("must have at most {APPROVERS_MAX} entries")),
        ];
        let broken = rules.into_iter().find(|(holds, ..)| !holds).map(|(_, field, rule)| (field, rule));
        broken.or_else(|| placeholders::fault(&self.input).map(|why| ("input", why)))
    }

    /// What of its input will not fit a tool's schema, whatever a rollout fills in. What
    /// depends on that is known when it is called.
    ///
    /// # Errors
    /// The schema cannot be used.
    pub fn misfit(&self, input_schema: &Value) -> Result<Option<String>, BadSchema> {
        let places = placeholders::places(&self.input);
        Ok(Schema::new(input_schema)?.check_around(&self.input, &places).err())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(fields: Value) -> RollbackSpec {
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn it_is_checked_field_by_field() {
        assert_eq!(RollbackSpec::default().fault(), None);
        let good = json!({ "policy": "propose", "tool": "rollback", "input": { "to": "{commit}" } });
        assert_eq!(spec(good.clone()).fault(), None);
        for (field, value, wrong) in [
            ("after", json!(0), "after"),
            ("after", json!(101), "after"),
            ("tool", json!(null), "tool"),
            ("tool", json!(""), "tool"),
            ("input", json!([]), "input"),
            ("input", json!({ "a": "{commits}" }), "input"),
            ("input", json!({ "a": "x".repeat(17 << 10) }), "input"),
        ] {
            let mut fields = good.clone();
            fields[field] = value.clone();
            assert_eq!(spec(fields).fault().map(|(field, _)| field), Some(wrong), "{field}: {value}");
        }
        assert!(serde_json::from_value::<RollbackSpec>(json!({ "polcy": "off" })).is_err());
    }

    #[test]
    fn an_input_is_held_against_its_tools_schema_as_far_as_it_is_known() {
        let schema = json!({
            "type": "object", "required": ["to"], "additionalProperties": false,
            "properties": {
                "to": { "type": "string", "pattern": "^[0-9a-f]{7,40}$" },
                "force": { "type": "boolean" },
                "target": { "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } },
            },
        });
        let misfit = |input: Value| spec(json!({ "input": input })).misfit(&schema).unwrap();
        assert_eq!(misfit(json!({ "to": "{commit}" })), None);
        assert_eq!(misfit(json!({ "to": "4f2c1e0", "force": true, "target": { "name": "{environment}" } })), None);
        for wrong in [
            json!({}),
            json!({ "to": "HEAD" }),
            json!({ "to": "{commit}", "force": "yes" }),
            json!({ "to": "{commit}", "why": "{status}" }),
            json!({ "to": "{commit}", "target": { "title": "{environment}" } }),
        ] {
            assert!(misfit(wrong.clone()).is_some(), "{wrong}");
        }
    }
}
