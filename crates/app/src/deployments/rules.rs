//! What a deployment must be like.

use domain::agent::AgentRefusal;
use domain::deployment::{
    Deployment, Embed, ORIGINS_MAX, RolloutMonitor, STARTERS_MAX, Schedule, Signature, Trigger, Webhook,
};
use domain::monitor::{MonitorSpec, Source};
use domain::secret::Place;
use domain::{OrgId, ProjectId};

use super::signatures;
use crate::agent_rules::{check_metadata, check_served};
use crate::error::{Error, Faults, FieldError};
use crate::orgs::is_name;
use crate::{App, Ctx, input_rules};

const TEMPLATE_CHARS_MAX: usize = 100_000;
const TEXT_CHARS_MAX: usize = 2_000;
const FIELDS_MAX: usize = 100;
const CONDITIONS_MAX: usize = 50;
const THEMES: [&str; 3] = ["light", "dark", "auto"];
const CORNERS: [&str; 2] = ["right", "left"];

impl App {
    /// A deployment that keeps to the rules, with its secrets sealed. What is kept of `before`
    /// stays sealed as it is.
    pub(super) async fn ready_deployment(
        &self,
        ctx: &Ctx,
        described: Deployment,
        before: Option<&Deployment>,
    ) -> Result<Deployment, Error> {
        let agent = self.newest_agent(ctx, described.agent).await?;
        if agent.project != described.project {
            return Err(Error::invalid("agent", "must be of the deployment's project"));
        }
        if agent.archived_at.is_some() {
            return Err(AgentRefusal::Archived.into());
        }
        check_served(&agent.spec)?;
        let mut faults = Faults::default();
        faults.check(is_name(&described.name), "name", "must have 1 to 256 characters");
        check_metadata(&described.metadata, &mut faults);
        self.check_budget(described.budget.as_ref(), &mut faults);
        self.check_budgetable(ctx, described.budget.as_ref(), &agent.spec.model, &mut faults).await?;
        let needs_events = matches!(described.trigger, Trigger::Schedule(_));
        if needs_events || !described.initial_events.is_empty() {
            input_rules::check_initial(&described.initial_events)?;
        }
        if let Trigger::RolloutMonitor(monitor) = &described.trigger {
            self.check_rollout_monitor(ctx, &described, monitor).await?;
        }
        let trigger = self.ready_trigger(ctx, &described, before, &mut faults)?;
        faults.into_result()?;
        Ok(Deployment { trigger, ..described })
    }

    fn ready_trigger(
        &self,
        ctx: &Ctx,
        described: &Deployment,
        before: Option<&Deployment>,
        faults: &mut Faults,
    ) -> Result<Trigger, Error> {
        match described.trigger.clone() {
            Trigger::Schedule(Schedule { expression, timezone }) => {
                let checked = Schedule::new(expression, timezone, ctx.now);
                let wrong = |error: domain::deployment::BadSchedule| {
                    let path = match error {
                        domain::deployment::BadSchedule::TimeZone => "schedule.timezone",
                        _ => "schedule.expression",
                    };
                    Error::Invalid(vec![FieldError::new(path, error.to_string()).code("invalid_schedule")])
                };
                checked.map(Trigger::Schedule).map_err(wrong)
            }
            Trigger::Webhook(webhook) => {
                check_webhook(&webhook, faults);
                let stored = before.and_then(|before| match &before.trigger {
                    Trigger::Webhook(webhook) => webhook.signature.as_ref(),
                    _ => None,
                });
                let signature = match webhook.signature {
                    Some(given) => Some(self.ready_signature(ctx.org, described, given, stored)?),
                    None => None,
                };
                Ok(Trigger::Webhook(Webhook { signature, ..webhook }))
            }
            Trigger::Embed(embed) => Ok(Trigger::Embed(ready_embed(embed, faults))),
            Trigger::RolloutMonitor(monitor) => Ok(Trigger::RolloutMonitor(monitor)),
        }
    }

    async fn check_rollout_monitor(
        &self,
        ctx: &Ctx,
        described: &Deployment,
        RolloutMonitor { project, monitor }: &RolloutMonitor,
    ) -> Result<(), Error> {
        super::may_change(ctx, described)?;
        if let Some(project) = *project {
            let found = self.store(ctx.org).find_project(project).await?;
            ctx.reach(found, |project| project.id, project)?;
            if described.project != project {
                return Err(Error::invalid("agent", "must be of the project whose rollouts it watches"));
            }
        }
        if !described.initial_events.is_empty() {
            return Err(Error::invalid("initial_events", "must be empty: a watch begins with the report of a rollout"));
        }
        let fault = self.monitor_fault(ctx, described.project, *project, monitor).await?;
        fault.map_or(Ok(()), |(field, rule)| Err(Error::invalid(format!("trigger.monitor.{field}"), rule)))
    }

    /// What is wrong with how rollouts (of this project, or of all) are to be watched: the
    /// field, and why. What is asked may be asked, and the tools that signals name are those of
    /// the project `tools_of`, and only read.
    pub(crate) async fn monitor_fault(
        &self,
        ctx: &Ctx,
        tools_of: ProjectId,
        project: Option<ProjectId>,
        monitor: &MonitorSpec,
    ) -> Result<Option<(String, String)>, Error> {
        if let Some(fault) = monitor.fault() {
            return Ok(Some(fault));
        }
        let mut tools = None;
        for (index, signal) in monitor.signals.iter().enumerate() {
            let wrong = |field: &str, rule: String| Ok(Some((format!("signals[{index}].source.{field}"), rule)));
            if let Some(Err(why)) = signal.source.address().map(|url| self.check_url(url)) {
                return wrong("url", why.to_string());
            }
            if let Source::Tool(probe) = &signal.source {
                let tools = match &tools {
                    Some(tools) => tools,
                    None => tools.insert(self.store(ctx.org).list_tools(Some(tools_of)).await?),
                };
                let tool = tools.iter().find(|tool| tool.http.name == probe.tool);
                if let Some((field, rule)) = probe.unserved_by(tool.map(|tool| &tool.http)) {
                    return wrong(field, rule);
                }
            }
        }
        let fault = self.rollback_fault(ctx, project, &monitor.rollback).await?;
        Ok(fault.map(|(field, rule)| (format!("rollback.{field}"), rule)))
    }

    fn ready_signature(
        &self,
        org: OrgId,
        described: &Deployment,
        given: Signature,
        stored: Option<&Signature>,
    ) -> Result<Signature, Error> {
        const PATH: &str = "trigger.signature.secret";
        let Signature { scheme, secret } = given;
        signatures::check_secret(scheme, &secret).map_err(|why| Error::invalid(PATH, why))?;
        let kept = stored.filter(|stored| stored.scheme == scheme).map(|stored| &stored.secret);
        let secret = self.seal(secret, kept, signature_place(org, described, scheme.as_str()), PATH)?;
        Ok(Signature { scheme, secret })
    }
}

/// Where the secret of a webhook's signature is sealed for.
pub(super) fn signature_place<'a>(org: OrgId, of: &Deployment, scheme: &'a str) -> Place<'a> {
    Place { org, row: of.id.0, origin: scheme, name: "signature" }
}

fn check_webhook(webhook: &Webhook, faults: &mut Faults) {
    for (place, fault) in webhook.faults() {
        faults.add(format!("trigger.{place}"), fault.to_string());
    }
    let chars = webhook.template.as_ref().map_or(1, |template| template.chars().count());
    let is_fit = (1..=TEMPLATE_CHARS_MAX).contains(&chars);
    faults.check(is_fit, "trigger.template", "must have 1 to 100,000 characters");
    faults.check(webhook.fields.len() <= FIELDS_MAX, "trigger.fields", "must have at most 100 entries");
    faults.check(webhook.filter.len() <= CONDITIONS_MAX, "trigger.filter", "must have at most 50 entries");
    for (index, condition) in webhook.filter.iter().enumerate() {
        let path = format!("trigger.filter[{index}].one_of");
        faults.check((1..=CONDITIONS_MAX).contains(&condition.one_of.len()), &path, "must have 1 to 50 entries");
    }
}

fn ready_embed(embed: Embed, faults: &mut Faults) -> Embed {
    let is_fit = embed.allowed_origins.len() <= ORIGINS_MAX;
    faults.check(is_fit, "trigger.allowed_origins", "must have at most 50 entries");
    let mut allowed_origins = Vec::new();
    for (index, text) in embed.allowed_origins.iter().enumerate().take(ORIGINS_MAX) {
        match Embed::origin(text) {
            Ok(origin) => allowed_origins.push(origin),
            Err(error) => faults.add(format!("trigger.allowed_origins[{index}]"), error.to_string()),
        }
    }
    let theme = embed.theme.as_deref();
    let is_theme = theme.is_none_or(|theme| THEMES.contains(&theme));
    faults.check(is_theme, "trigger.theme", "must be light, dark or auto");
    let is_color = embed.color.as_deref().is_none_or(Embed::is_color);
    faults.check(is_color, "trigger.color", "must be a colour as #rrggbb");
    let is_corner = embed.position.as_deref().is_none_or(|corner| CORNERS.contains(&corner));
    faults.check(is_corner, "trigger.position", "must be right or left");
    let is_short = |text: &String| (1..=TEXT_CHARS_MAX).contains(&text.chars().count());
    let greets = embed.greeting.as_ref().is_none_or(is_short);
    faults.check(greets, "trigger.greeting", "must have 1 to 2,000 characters");
    let starts = embed.starters.len() <= STARTERS_MAX && embed.starters.iter().all(is_short);
    faults.check(starts, "trigger.starters", "must have at most 10 entries of 1 to 2,000 characters");
    Embed { allowed_origins, ..embed }
}
