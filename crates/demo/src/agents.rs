//! The agents of the demo and what they can call.

use app::{AddDocument, AddOrgDocument, App, Ctx, DocumentSource, HttpTool};
use domain::agent::{Agent, AgentSpec, AgentTool, ModelChoice};
use domain::budget::Budget;
use domain::limits::Limits;
use domain::money::{Currency, Money};
use domain::org::Project;
use domain::secret::Secret;
use domain::tool::Permission;
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::{DemoError, MODEL};

/// The agents that have something to do.
pub(crate) struct Agents {
    pub(crate) support: Agent,
    pub(crate) warehouse: Agent,
    pub(crate) operator: Agent,
    pub(crate) notes: Agent,
    pub(crate) reconciler: Agent,
}

impl Agents {
    /// Makes them, with what they know.
    pub(crate) async fn hire(
        app: &App,
        ctx: &Ctx,
        storefront: &Project,
        payments: &Project,
        care: &Project,
    ) -> Result<Self, DemoError> {
        let hire = async |project: &Project, spec| app.create_agent(ctx, project.id, spec, Vec::new()).await;
        let support = hire(care, support()).await?;
        let read = |name: &str, text: &str| AddDocument {
            project: None,
            agent: support.id,
            name: name.to_owned(),
            source: DocumentSource::Text(text.to_owned()),
            temporary: false,
        };
        app.add_document(ctx, read("returns.md", RETURNS)).await?;
        app.add_document(ctx, read("sleeping-bags.md", SLEEPING_BAGS)).await?;
        let style = AddOrgDocument { title: "How we write".to_owned(), text: STYLE.to_owned(), kind: "md" };
        app.add_org_document(ctx, style).await?;
        app.create_tool(ctx, storefront.id, roll_back()).await?;
        Ok(Self {
            support,
            warehouse: hire(care, warehouse()).await?,
            operator: hire(storefront, operator()).await?,
            notes: hire(storefront, release_notes()).await?,
            reconciler: hire(payments, reconciler()).await?,
        })
    }
}

fn spec(name: &str, description: &str, instructions: &str) -> AgentSpec {
    AgentSpec {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        model: ModelChoice { id: MODEL.to_owned(), ..ModelChoice::default() },
        instructions: Some(instructions.to_owned()),
        ..AgentSpec::default()
    }
}

fn support() -> AgentSpec {
    let money = Money { micros: 250_000_000, currency: Currency::USD };
    AgentSpec {
        tools: vec![
            reads(
                "find_order",
                "Finds an order by its number.",
                "orders/{order}",
                json!({ "order": text("Its number.") }),
            ),
            asks(
                "refund_order",
                "Gives money back for an order.",
                "orders/{order}/refunds",
                json!({ "order": text("Its number."), "amount": text("How much."), "reason": text("Why.") }),
            ),
        ],
        limits: Limits { steps: Some(12), ..Limits::default() },
        budget: Some(Budget { money: Some(money), ..Budget::default() }),
        ..spec(
            "support",
            "Answers customers, and asks before it gives money back.",
            "You answer customers of Kestrel Outfitters. Be brief, friendly and exact. Look up an order before you \
             speak of it. Refunds need a reason and wait for one of us. Cite what you have from our documents.",
        )
    }
}

fn warehouse() -> AgentSpec {
    let scan = AgentTool::Custom {
        name: "scan_shelf".to_owned(),
        description: "Has somebody scan a shelf with the handheld, and gives what is on it.".to_owned(),
        input_schema: schema(json!({ "shelf": text("Which shelf."), "sku": text("What to look for.") })),
    };
    AgentSpec {
        tools: vec![scan],
        ..spec(
            "warehouse",
            "Keeps the stock right, together with whoever holds the scanner.",
            "You keep the stock list of the warehouse right. Where list and count differ, have the shelf scanned.",
        )
    }
}

fn operator() -> AgentSpec {
    AgentSpec {
        tools: vec![
            reads(
                "search_logs",
                "Searches the logs of a service.",
                "logs",
                json!({ "service": text("Whose."), "query": text("What for.") }),
            ),
            reads(
                "list_instances",
                "Lists the instances of a service.",
                "instances",
                json!({ "service": text("Whose.") }),
            ),
            reads(
                "list_merged",
                "Lists the changes that were merged.",
                "merged",
                json!({ "repository": text("Of which repository."), "since": text("Since when.") }),
            ),
            asks(
                "restart_instance",
                "Restarts one instance of a service.",
                "restart",
                json!({ "service": text("Which service."), "instance": text("Which instance.") }),
            ),
            AgentTool::Signals { permission: Permission::Allow },
        ],
        ..spec(
            "operator",
            "Looks after what runs, and asks before it restarts anything.",
            "You look after the services of Kestrel Outfitters. Look before you act, act on one thing at a time, and \
             say what you saw.",
        )
    }
}

fn release_notes() -> AgentSpec {
    AgentSpec {
        tools: vec![reads(
            "list_merged",
            "Lists the changes that were merged.",
            "merged",
            json!({ "repository": text("Of which repository."), "since": text("Since when.") }),
        )],
        ..spec(
            "release-notes",
            "Writes down what is new, for customers and for partners.",
            "You write release notes. Begin with what changes for those who read them. Leave out what nobody notices.",
        )
    }
}

fn reconciler() -> AgentSpec {
    AgentSpec {
        tools: vec![
            reads(
                "read_settlement",
                "Reads the settlement of a day.",
                "settlements/{day}",
                json!({ "day": text("Which day.") }),
            ),
            reads(
                "search_logs",
                "Searches the logs of a service.",
                "logs",
                json!({ "service": text("Whose."), "query": text("What for.") }),
            ),
            does(
                "open_ticket",
                "Opens a ticket for a team.",
                "tickets",
                json!({ "title": text("What it is about."), "team": text("For whom.") }),
            ),
        ],
        ..spec(
            "reconciler",
            "Compares what was captured with what was settled, every morning.",
            "You compare payments with their settlement. Name what is open, since when, and what likely became of it.",
        )
    }
}

/// By which a rollout of the shop is taken back.
fn roll_back() -> HttpTool {
    let fields = json!({ "service": text("Which service."), "commit": text("The commit that is taken back.") });
    HttpTool {
        method: "PUT".to_owned(),
        effect: HttpTool::effect_of("PUT"),
        ..http("roll_back", "Takes a rollout back.", "rollback", fields)
    }
}

fn reads(name: &str, description: &str, path: &str, fields: Value) -> AgentTool {
    AgentTool::Http { tool: http(name, description, path, fields), permission: Permission::Allow }
}

fn does(name: &str, description: &str, path: &str, fields: Value) -> AgentTool {
    AgentTool::Http { tool: posted(http(name, description, path, fields)), permission: Permission::Allow }
}

fn asks(name: &str, description: &str, path: &str, fields: Value) -> AgentTool {
    AgentTool::Http { tool: posted(http(name, description, path, fields)), permission: Permission::Ask }
}

fn posted(tool: HttpTool) -> HttpTool {
    let authorization = Secret::from_caller("Bearer made-up-token".to_owned().into());
    let headers = IndexMap::from([("authorization".to_owned(), authorization)]);
    HttpTool { method: "POST".to_owned(), effect: HttpTool::effect_of("POST"), headers, ..tool }
}

fn http(name: &str, description: &str, path: &str, fields: Value) -> HttpTool {
    HttpTool {
        name: name.to_owned(),
        description: description.to_owned(),
        input_schema: schema(fields),
        method: "GET".to_owned(),
        url: format!("https://internal.kestrel.example/{path}"),
        headers: IndexMap::new(),
        timeout_ms: HttpTool::DEFAULT_TIMEOUT_MS,
        effect: HttpTool::effect_of("GET"),
    }
}

fn schema(fields: Value) -> Value {
    let required: Vec<&String> = fields.as_object().into_iter().flat_map(|fields| fields.keys()).collect();
    json!({ "type": "object", "properties": fields.clone(), "required": required })
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

const RETURNS: &str = "# Sending things back\n\nCustomers have 60 days from the day on which a parcel came. Tents \
    and sleeping bags may have been slept in once. Knives and stoves must be unused. A label is in each parcel. The \
    money is with the customer three days after the parcel has come to us.\n\nUp to EUR 20 are given back without \
    sending anything.\n";

const SLEEPING_BAGS: &str = "# Sleeping bags\n\n| model | comfort | limit | weight |\n|---|---|---|---|\n| Tarn 350 \
    | +1 °C | -5 °C | 790 g |\n| Tarn 500 | -6 °C | -12 °C | 1,080 g |\n| Fell 900 | -15 °C | -23 °C | 1,540 g \
    |\n\nWho is easily cold goes by comfort, not by limit.\n";

const STYLE: &str = "# How we write\n\nShort sentences. No exclamation marks. Prices with their currency in front: \
    EUR 14.50. We say *sorry* once, and then what happens next.\n";
