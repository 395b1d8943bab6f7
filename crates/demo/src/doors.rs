//! How the agents of the demo are put to use, who is told of what happens, and whose word is
//! needed.

use app::{App, CreateDeployment, Ctx};
use domain::approval::{Approvers, RuleSpec};
use domain::deployment::{Condition, Deployment, Embed, Schedule, Trigger, Webhook};
use domain::model::Block;
use domain::monitor::{Direction, Measure, MonitorSpec, Policy, RollbackSpec, Signal, Source};
use domain::org::{Project, Role};
use domain::webhook::{EventType, WebhookSettings};
use domain::{AgentId, EventBody, ProjectId};
use indexmap::IndexMap;
use serde_json::json;

use crate::agents::Agents;
use crate::people::People;
use crate::world::{CHECKOUT_ERRORS, CHECKOUT_LATENCY, DECLINED, ORDERS, PAYMENT_LATENCY, SEARCH_LATENCY};
use crate::{DemoError, TIME_ZONE};

/// Where the numbers are said to come from. Nobody asks there.
const METRICS: &str = "https://metrics.kestrel.example";

/// Opens a page, sets clocks, and waits for messages; gives the page.
pub(crate) async fn open(app: &App, ctx: &Ctx, agents: &Agents) -> Result<Deployment, DemoError> {
    let embed = Embed {
        allowed_origins: vec!["https://www.kestrel.example".to_owned()],
        theme: Some("auto".to_owned()),
        color: Some("#0f766e".to_owned()),
        position: Some("right".to_owned()),
        greeting: Some("Hello! Ask about an order, or about what to take along.".to_owned()),
        starters: vec!["Where is my order?".to_owned(), "Which sleeping bag keeps me warm at −5 °C?".to_owned()],
        ..Embed::default()
    };
    let page = deploy(app, ctx, agents.support.id, "Chat of the shop", Trigger::Embed(embed), None).await?;
    let morning = schedule("30 7 * * *");
    let said = "Read the settlement of yesterday and say what is open.";
    deploy(app, ctx, agents.reconciler.id, "Settlement, every morning", morning, Some(said)).await?;
    let monday = schedule("0 9 * * MON");
    let said = "Sum up the reviews of this week.";
    deploy(app, ctx, agents.support.id, "Reviews, on Mondays", monday, Some(said)).await?;
    let alerts = Webhook {
        template: Some("An alert came in: {{title}}. Look into it.".to_owned()),
        fields: IndexMap::from([("title".to_owned(), "/alert/title".to_owned())]),
        filter: vec![Condition { field: "/alert/state".to_owned(), one_of: vec![json!("firing")] }],
        dedupe: Some("/alert/id".to_owned()),
        requires_key: true,
        ..Webhook::default()
    };
    deploy(app, ctx, agents.reconciler.id, "Alerts", Trigger::Webhook(alerts), None).await?;
    Ok(page)
}

async fn deploy(
    app: &App,
    ctx: &Ctx,
    agent: AgentId,
    name: &str,
    trigger: Trigger,
    said: Option<&str>,
) -> Result<Deployment, DemoError> {
    let message = |text| EventBody::UserMessage { content: vec![Block::text(text)], dropped: false };
    let create = CreateDeployment {
        agent,
        name: name.to_owned(),
        trigger,
        initial_events: said.map(message).into_iter().collect(),
        metadata: IndexMap::new(),
        budget: None,
    };
    Ok(app.create_deployment(ctx, create).await?)
}

fn schedule(expression: &str) -> Trigger {
    Trigger::Schedule(Schedule { expression: expression.to_owned(), timezone: TIME_ZONE.to_owned() })
}

/// Has the rollouts of the shop watched, and taken back on somebody's word.
pub(crate) fn watch_of_shop() -> MonitorSpec {
    let input = json!({ "service": "checkout", "commit": "{commit}" });
    let tool = Some("roll_back".to_owned());
    MonitorSpec {
        signals: vec![
            signal("Checkout latency p99", CHECKOUT_LATENCY),
            Signal {
                measure: Measure { counts_errors: true, ..Measure::default() },
                ..signal("Errors of checkout", CHECKOUT_ERRORS)
            },
            Signal {
                measure: Measure { direction: Direction::LessIsWorse, ..Measure::default() },
                ..signal("Orders a minute", ORDERS)
            },
        ],
        rollback: RollbackSpec { policy: Policy::Propose, after: 2, tool, input, ..RollbackSpec::default() },
        ..watch()
    }
}

pub(crate) fn watch_of_payments() -> MonitorSpec {
    let signals = vec![signal("Declined payments", DECLINED), signal("Latency of payments p95", PAYMENT_LATENCY)];
    MonitorSpec { signals, ..watch() }
}

pub(crate) fn watch_of_search() -> MonitorSpec {
    MonitorSpec { signals: vec![signal("Search latency p99", SEARCH_LATENCY)], ..watch() }
}

fn watch() -> MonitorSpec {
    let schedule = domain::monitor::Schedule {
        gaps: vec![30, 120, 180],
        every: 300,
        cool_down: 600,
        cool_down_gaps: vec![120],
        cool_down_every: 300,
    };
    MonitorSpec { schedule, ..MonitorSpec::default() }
}

fn signal(name: &str, query: &str) -> Signal {
    let source = Source::Prometheus { url: METRICS.to_owned(), query: query.to_owned() };
    Signal { name: name.to_owned(), measure: Measure::default(), source }
}

/// Whose word a rollout needs.
pub(crate) async fn rule(app: &App, ctx: &Ctx, payments: &Project, people: &People) -> Result<(), DemoError> {
    let roles = vec![Role::Admin, Role::Owner];
    let migrations = RuleSpec {
        name: "Migrations of payments".to_owned(),
        project: Some(payments.id),
        paths: vec!["migrations/**".to_owned()],
        branches: Vec::new(),
        window: None,
        approvers: Approvers { members: Vec::new(), roles: roles.clone() },
        min_count: 1,
        allow_own: false,
        expires_after: 24 * 3_600,
    };
    let hotfixes = RuleSpec {
        name: "Hotfixes need two".to_owned(),
        project: None,
        paths: Vec::new(),
        branches: vec!["hotfix/**".to_owned()],
        approvers: Approvers { members: vec![people.lena], roles },
        min_count: 2,
        expires_after: 3_600,
        ..migrations.clone()
    };
    app.create_approval_rule(ctx, migrations).await?;
    app.create_approval_rule(ctx, hotfixes).await?;
    Ok(())
}

/// Who is told.
pub(crate) async fn tell(app: &App, ctx: &Ctx, payments: ProjectId) -> Result<(), DemoError> {
    let chat = WebhookSettings {
        url: "https://chat.kestrel.example/hooks/on-call".to_owned(),
        event_types: Some(vec![
            EventType::SessionRequiresAction,
            EventType::RunFailed,
            EventType::RolloutApprovalRequested,
            EventType::RolloutApprovalDecided,
            EventType::RolloutLevelRisen,
        ]),
        project: None,
        description: Some("What somebody on call should know".to_owned()),
    };
    let books = WebhookSettings {
        url: "https://books.kestrel.example/events".to_owned(),
        event_types: Some(vec![EventType::RolloutReported, EventType::RolloutWatchEnded]),
        project: Some(payments),
        description: Some("Rollouts of payments, for the auditors".to_owned()),
    };
    app.create_webhook(ctx, chat).await?;
    app.create_webhook(ctx, books).await?;
    Ok(())
}
