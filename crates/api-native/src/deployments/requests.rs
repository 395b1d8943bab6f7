//! What clients send about deployments.

use app::Error;
use domain::AgentId;
use domain::deployment::{Deployment, Trigger, Webhook};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::triggers::{ScheduleParam, TriggerParam};
use crate::agents::requests::Metadata;
use crate::budget::BudgetParam;
use crate::events::sent::{EventParam, into_bodies};
use crate::patch::Patch;
use crate::sessions::requests::check_environment;

/// A new deployment.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateDeployment {
    /// 1–256 characters.
    name: String,
    agent: AgentRef,
    /// `env_default` if absent, and nothing else in this release.
    #[serde(default)]
    environment_id: Option<String>,
    /// What each session begins with: 1 to 50 messages. May be absent unless it goes by the
    /// clock.
    #[serde(default)]
    initial_events: Option<Vec<EventParam>>,
    /// When it is due. This or `trigger` is needed.
    #[serde(default)]
    schedule: Option<ScheduleParam>,
    /// What begins its runs. Ours.
    #[serde(default)]
    trigger: Option<TriggerParam>,
    /// What each of its sessions may spend.
    #[serde(default)]
    budget: Option<BudgetParam>,
    /// At most 16 pairs.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::HashMap<String, String>>)]
    metadata: Option<Metadata>,
    /// Not available in this release: empty.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    resources: Option<Vec<Value>>,
    /// Not available in this release: empty.
    #[serde(default)]
    vault_ids: Option<Vec<String>>,
}

/// An agent: its id, or an object that names it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum AgentRef {
    /// Its id.
    Id(String),
    /// An object.
    Named {
        /// `agent`.
        #[serde(rename = "type")]
        kind: AgentRefType,
        /// Its id.
        id: String,
    },
}

/// What is named.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AgentRefType {
    Agent,
}

impl AgentRef {
    fn read(&self) -> Result<AgentId, Error> {
        let id = match self {
            AgentRef::Id(id) => id,
            AgentRef::Named { kind: AgentRefType::Agent, id } => id,
        };
        id.parse().map_err(|_| Error::NotFound(app::Missing::new("agent", id)))
    }
}

impl CreateDeployment {
    pub(super) fn read(self) -> Result<app::CreateDeployment, Error> {
        check_environment(self.environment_id.as_deref())?;
        refuse_later(self.resources.as_deref(), self.vault_ids.as_deref())?;
        Ok(app::CreateDeployment {
            agent: self.agent.read()?,
            name: self.name,
            trigger: one_trigger(self.schedule, self.trigger)?
                .ok_or_else(|| Error::invalid("schedule", "is required, unless there is a trigger"))?,
            initial_events: into_bodies(self.initial_events.unwrap_or_default(), "initial_events")?,
            metadata: self.metadata.unwrap_or_default(),
            budget: self.budget.as_ref().map(BudgetParam::read).transpose()?,
        })
    }
}

/// A change of a deployment. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateDeployment {
    /// 1–256 characters.
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    agent: Option<AgentRef>,
    /// Replaces all of them.
    #[serde(default)]
    initial_events: Option<Vec<EventParam>>,
    /// Another clock.
    #[serde(default)]
    schedule: Option<ScheduleParam>,
    /// Replaces what begins its runs. Ours.
    #[serde(default)]
    trigger: Option<TriggerParam>,
    /// What each session that begins from now on may spend; null lifts the bound.
    #[serde(default)]
    #[schema(value_type = Option<BudgetParam>)]
    budget: Patch<BudgetParam>,
    /// A text sets the key, null removes it; other keys stay.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::HashMap<String, Option<String>>>)]
    metadata: Option<IndexMap<String, Option<String>>>,
}

impl UpdateDeployment {
    /// The deployment as it is to be.
    ///
    /// # Errors
    /// A field cannot be read.
    pub(super) fn apply(&self, current: &Deployment) -> Result<Deployment, Error> {
        let mut next = current.clone();
        if let Some(name) = &self.name {
            next.name.clone_from(name);
        }
        if let Some(agent) = &self.agent {
            next.agent = agent.read()?;
        }
        if let Some(events) = &self.initial_events {
            next.initial_events = into_bodies(events.clone(), "initial_events")?;
        }
        if let Some(trigger) = one_trigger(self.schedule.clone(), self.trigger.clone())? {
            next.trigger = with_known_fields(trigger, &current.trigger);
        }
        match &self.budget {
            Patch::Keep => {}
            Patch::Clear => next.budget = None,
            Patch::Set(budget) => next.budget = Some(budget.read()?),
        }
        for (key, value) in self.metadata.iter().flatten() {
            match value {
                Some(value) => next.metadata.insert(key.clone(), value.clone()),
                None => next.metadata.shift_remove(key),
            };
        }
        Ok(next)
    }
}

/// What was seen of messages stays when a webhook is described anew.
fn with_known_fields(trigger: Trigger, before: &Trigger) -> Trigger {
    match (trigger, before) {
        (Trigger::Webhook(webhook), Trigger::Webhook(before)) => {
            Trigger::Webhook(Webhook { known_fields: before.known_fields.clone(), ..webhook })
        }
        (trigger, _) => trigger,
    }
}

fn one_trigger(schedule: Option<ScheduleParam>, trigger: Option<TriggerParam>) -> Result<Option<Trigger>, Error> {
    match (schedule, trigger) {
        (Some(_), Some(_)) => Err(Error::invalid("trigger", "cannot be given with a schedule")),
        (Some(schedule), None) => Ok(Some(schedule.read())),
        (None, trigger) => trigger.map(TriggerParam::read).transpose(),
    }
}

fn refuse_later(resources: Option<&[Value]>, vault_ids: Option<&[String]>) -> Result<(), Error> {
    let not_served = |field| Err(Error::invalid(field, "is not available in this release"));
    match (resources, vault_ids) {
        (Some([_, ..]), _) => not_served("resources"),
        (_, Some([_, ..])) => not_served("vault_ids"),
        _ => Ok(()),
    }
}
