//! What begins a deployment's runs, as clients write it and as it is shown.

use app::{Error, Missing};
use domain::deployment::{Condition, Embed, RolloutMonitor, Schedule, Signature, SignatureScheme, Trigger, Webhook};
use domain::monitor::MonitorSpec;
use domain::secret::Secret;
use domain::{DeploymentId, ProjectId};
use indexmap::IndexMap;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// What begins the runs.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum TriggerParam {
    /// The clock; the same as `schedule`.
    Schedule {
        /// Minute, hour, day of the month, month, day of the week.
        expression: String,
        /// IANA name of the time zone; `UTC` if absent.
        #[serde(default)]
        timezone: Option<String>,
    },
    /// A message from outside.
    Webhook(WebhookParam),
    /// A visitor of a page.
    Embed(EmbedParam),
    /// A rollout that a pipeline reports: it is watched.
    RolloutMonitor(RolloutMonitorParam),
}

/// A clock.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ScheduleParam {
    #[serde(rename = "type")]
    kind: ScheduleType,
    /// Minute, hour, day of the month, month, day of the week.
    expression: String,
    /// IANA name of the time zone; `UTC` if absent.
    #[serde(default)]
    timezone: Option<String>,
}

/// How a clock is written.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ScheduleType {
    Cron,
}

impl ScheduleParam {
    pub(super) fn read(self) -> Trigger {
        let ScheduleType::Cron = self.kind;
        schedule(self.expression, self.timezone)
    }
}

/// A message from outside.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct WebhookParam {
    /// What the agent is told: text in which `{{name}}` stands for a field. The whole message
    /// if absent.
    #[serde(default)]
    template: Option<String>,
    /// Where the fields of the template stand in the message, as JSON pointers.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::HashMap<String, String>>)]
    fields: Option<IndexMap<String, String>>,
    /// What a message must be like; another begins nothing.
    #[serde(default)]
    filter: Option<Vec<ConditionParam>>,
    /// Where the name of a message stands in it, as a JSON pointer: one name begins one run
    /// within a day.
    #[serde(default)]
    dedupe: Option<String>,
    /// How a sender proves who they are.
    #[serde(default)]
    signature: Option<SignatureParam>,
    /// Whether a sender needs an API key.
    #[serde(default)]
    requires_key: bool,
    /// Whether the answer waits for the end of the run.
    #[serde(default)]
    returns_results: bool,
}

/// What a message must be like.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct ConditionParam {
    /// Where to look, as a JSON pointer.
    field: String,
    /// One of these must stand there.
    one_of: Vec<Value>,
}

/// How a sender proves who they are.
#[derive(Debug, Clone, Deserialize, ToSchema)]
struct SignatureParam {
    scheme: SchemeParam,
    /// Never shown again.
    secret: String,
}

/// Whose way of signing.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SchemeParam {
    StandardWebhooks,
    Github,
}

/// A chat on a page.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct EmbedParam {
    /// The sites that may show it: `scheme://host[:port]`, `https://*.example.org`; at most 50.
    #[serde(default)]
    allowed_origins: Option<Vec<String>>,
    /// Whether a visitor needs a token that the site's back end asked for.
    #[serde(default)]
    secure: bool,
    /// `light`, `dark` or `auto`.
    #[serde(default)]
    theme: Option<String>,
    /// The colour of what can be pressed, as `#rrggbb`.
    #[serde(default)]
    color: Option<String>,
    /// The corner that its button floats in: `right` or `left`.
    #[serde(default)]
    position: Option<String>,
    /// What stands there before anything is said.
    #[serde(default)]
    greeting: Option<String>,
    /// What a visitor might begin with; at most 10.
    #[serde(default)]
    starters: Option<Vec<String>>,
}

/// A monitor of rollouts.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct RolloutMonitorParam {
    /// Whose rollouts; those of all projects that have no monitor of their own if absent.
    #[serde(default)]
    project_id: Option<String>,
    /// When they are looked at, and what at, as the page on rollouts describes it; the usual
    /// schedule and no signals if absent.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    monitor: Option<Value>,
}

impl RolloutMonitorParam {
    fn read(self) -> Result<RolloutMonitor, Error> {
        let project = self.project_id.map(|id| id.parse::<ProjectId>().map_err(|_| Missing::new("project", id)));
        let monitor = serde_path_to_error::deserialize(self.monitor.unwrap_or_else(|| json!({})));
        let monitor = monitor
            .map_err(|error| Error::invalid(format!("trigger.monitor.{}", error.path()), error.inner().to_string()))?;
        Ok(RolloutMonitor { project: project.transpose().map_err(Error::NotFound)?, monitor })
    }
}

impl TriggerParam {
    pub(super) fn read(self) -> Result<Trigger, Error> {
        Ok(match self {
            TriggerParam::Schedule { expression, timezone } => schedule(expression, timezone),
            TriggerParam::Webhook(webhook) => Trigger::Webhook(webhook.read()),
            TriggerParam::Embed(embed) => Trigger::Embed(Embed {
                allowed_origins: embed.allowed_origins.unwrap_or_default(),
                secure: embed.secure,
                theme: embed.theme,
                color: embed.color,
                position: embed.position,
                greeting: embed.greeting,
                starters: embed.starters.unwrap_or_default(),
            }),
            TriggerParam::RolloutMonitor(monitor) => Trigger::RolloutMonitor(monitor.read()?),
        })
    }
}

impl WebhookParam {
    fn read(self) -> Webhook {
        let condition = |condition: ConditionParam| Condition { field: condition.field, one_of: condition.one_of };
        Webhook {
            template: self.template,
            fields: self.fields.unwrap_or_default(),
            filter: self.filter.unwrap_or_default().into_iter().map(condition).collect(),
            dedupe: self.dedupe,
            signature: self.signature.map(|signature| Signature {
                scheme: match signature.scheme {
                    SchemeParam::StandardWebhooks => SignatureScheme::StandardWebhooks,
                    SchemeParam::Github => SignatureScheme::Github,
                },
                secret: Secret::from_caller(SecretString::from(signature.secret)),
            }),
            requires_key: self.requires_key,
            returns_results: self.returns_results,
            known_fields: None,
        }
    }
}

fn schedule(expression: String, timezone: Option<String>) -> Trigger {
    Trigger::Schedule(Schedule { expression, timezone: timezone.unwrap_or_else(|| "UTC".to_owned()) })
}

/// What begins the runs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum TriggerView {
    /// The clock.
    Schedule {
        /// Minute, hour, day of the month, month, day of the week.
        expression: String,
        /// IANA name of the time zone.
        timezone: String,
    },
    /// A message from outside.
    Webhook(WebhookTriggerView),
    /// A visitor of a page.
    Embed(EmbedView),
    /// A rollout that a pipeline reports: it is watched.
    RolloutMonitor(RolloutMonitorView),
}

/// A monitor of rollouts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RolloutMonitorView {
    /// Whose rollouts; null is those of all projects that have no monitor of their own.
    #[schema(value_type = Option<String>)]
    project_id: Option<ProjectId>,
    /// When they are looked at, and what at.
    #[schema(value_type = Object)]
    monitor: MonitorSpec,
}

/// A message from outside.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookTriggerView {
    /// Where messages are to be sent, below this server's address.
    path: String,
    template: Option<String>,
    #[schema(value_type = std::collections::HashMap<String, String>)]
    fields: IndexMap<String, String>,
    filter: Vec<ConditionParam>,
    dedupe: Option<String>,
    signature: Option<SignatureView>,
    requires_key: bool,
    returns_results: bool,
    /// The fields of the first message that came, as JSON pointers; null before it.
    known_fields: Option<Vec<String>>,
}

/// How a sender proves who they are.
#[derive(Debug, Serialize, ToSchema)]
struct SignatureView {
    scheme: SchemeParam,
    /// Stands for the secret, which is not shown.
    secret: &'static str,
}

/// A chat on a page.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EmbedView {
    allowed_origins: Vec<String>,
    secure: bool,
    theme: Option<String>,
    color: Option<String>,
    position: Option<String>,
    greeting: Option<String>,
    starters: Vec<String>,
}

impl TriggerView {
    pub(super) fn of(id: DeploymentId, trigger: Trigger) -> Self {
        match trigger {
            Trigger::Schedule(Schedule { expression, timezone }) => TriggerView::Schedule { expression, timezone },
            Trigger::Webhook(webhook) => TriggerView::Webhook(WebhookTriggerView::of(id, webhook)),
            Trigger::Embed(Embed { allowed_origins, secure, theme, color, position, greeting, starters }) => {
                let look = EmbedView { allowed_origins, secure, theme, color, position, greeting, starters };
                TriggerView::Embed(look)
            }
            Trigger::RolloutMonitor(RolloutMonitor { project, monitor }) => {
                TriggerView::RolloutMonitor(RolloutMonitorView { project_id: project, monitor })
            }
        }
    }
}

impl WebhookTriggerView {
    fn of(id: DeploymentId, webhook: Webhook) -> Self {
        let condition = |condition: Condition| ConditionParam { field: condition.field, one_of: condition.one_of };
        let scheme = |scheme| match scheme {
            SignatureScheme::StandardWebhooks => SchemeParam::StandardWebhooks,
            SignatureScheme::Github => SchemeParam::Github,
        };
        let signature =
            webhook.signature.map(|signature| SignatureView { scheme: scheme(signature.scheme), secret: Secret::MASK });
        Self {
            path: format!("/api/webhook/workflows/{}", id.compact()),
            template: webhook.template,
            fields: webhook.fields,
            filter: webhook.filter.into_iter().map(condition).collect(),
            dedupe: webhook.dedupe,
            signature,
            requires_key: webhook.requires_key,
            returns_results: webhook.returns_results,
            known_fields: webhook.known_fields,
        }
    }
}
