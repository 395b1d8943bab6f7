//! `sortie webhooks`.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::shown_time;
use crate::failure::{Code, Failure};
use crate::native::{Native, part};
use crate::output::{Output, cell};

/// How often, and how many times, a test is looked after: as long as one attempt may take.
const TEST_EVERY: Duration = Duration::from_millis(500);
const TEST_LOOKS: usize = 34;

/// Deliveries that are listed unless more are wanted.
const LISTED: usize = 20;

#[derive(Debug, Subcommand)]
pub(crate) enum Webhooks {
    /// List webhooks.
    List,
    /// Show a webhook. Its secret is never shown again.
    Show {
        /// Its id.
        webhook: String,
    },
    /// Make a webhook. Its secret is printed once.
    Create {
        /// Where deliveries are posted to.
        url: String,
        #[command(flatten)]
        settings: Settings,
        /// The id of the only project whose events it is told, for good.
        #[arg(long, value_name = "ID")]
        project: Option<String>,
    },
    /// Change a webhook: what is given replaces what was.
    Update {
        /// Its id.
        webhook: String,
        /// Where deliveries are posted to since.
        #[arg(long)]
        url: Option<String>,
        #[command(flatten)]
        settings: Settings,
        /// Nothing is sent to it any more, until it is enabled again.
        #[arg(long)]
        disable: bool,
        /// What waits for it, and what comes, is sent again.
        #[arg(long, conflicts_with = "disable")]
        enable: bool,
    },
    /// Delete a webhook with its deliveries.
    Delete {
        /// Its id.
        webhook: String,
    },
    /// Give a webhook another secret, printed once. For a day the one before signs beside it.
    Rotate {
        /// Its id.
        webhook: String,
    },
    /// Send a webhook something to try it out, and wait for what its receiver says.
    Test {
        /// Its id.
        webhook: String,
    },
    /// List what was sent to a webhook, the newest first.
    Deliveries {
        /// Its id.
        webhook: String,
        /// How many.
        #[arg(long, default_value_t = LISTED)]
        limit: usize,
    },
    /// Send a delivery again, whatever came of it, under the same id.
    Redeliver {
        /// The webhook's id.
        webhook: String,
        /// The delivery's id.
        delivery: String,
    },
}

/// What a webhook is told of.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// A type of event it is told of; may be given more than once. `*` is everything, and so is
    /// none at all when it is made.
    #[arg(long = "event", value_name = "TYPE")]
    events: Vec<String>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

impl Settings {
    fn fields(self) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.extend(self.description.map(|text| ("description".to_owned(), text.into())));
        if !self.events.is_empty() {
            fields.insert("event_types".to_owned(), self.events.into());
        }
        fields
    }
}

pub(super) async fn run(native: Native, webhooks: Webhooks, output: Output) -> Result<(), Failure> {
    match webhooks {
        Webhooks::List => list(&native.list("webhooks", None).await?, output),
        Webhooks::Show { webhook } => show(&native.get(&path_of(&webhook)).await?, output),
        Webhooks::Create { url, settings, project } => {
            let mut fields = settings.fields();
            fields.insert("url".to_owned(), url.into());
            fields.extend(project.map(|project| ("project_id".to_owned(), project.into())));
            signed(&native.post("webhooks", &Value::Object(fields)).await?, "made", output)
        }
        Webhooks::Update { webhook, url, settings, disable, enable } => {
            let mut fields = settings.fields();
            fields.extend(url.map(|url| ("url".to_owned(), url.into())));
            if disable || enable {
                fields.insert("disabled".to_owned(), disable.into());
            }
            if fields.is_empty() {
                return Err(Failure::usage("nothing to change was given: see `sortie webhooks update --help`"));
            }
            done(&native.post(&path_of(&webhook), &Value::Object(fields)).await?, "changed", output)
        }
        Webhooks::Delete { webhook } => {
            let gone = native.delete(&path_of(&webhook)).await?;
            output.either(&gone, || format!("deleted: {}", cell(&gone["id"])))
        }
        Webhooks::Rotate { webhook } => {
            signed(&native.post(&format!("{}/rotate_secret", path_of(&webhook)), &json!({})).await?, "rotated", output)
        }
        Webhooks::Test { webhook } => test(&native, &webhook, output).await,
        Webhooks::Deliveries { webhook, limit } => {
            deliveries(&native.list(&format!("{}/deliveries", path_of(&webhook)), Some(limit)).await?, output)
        }
        Webhooks::Redeliver { webhook, delivery } => {
            let path = format!("{}/deliveries/{}/redeliver", path_of(&webhook), part(&delivery));
            let again = native.post(&path, &json!({})).await?;
            output.either(&again, || format!("queued again: {}", cell(&again["id"])))
        }
    }
}

fn path_of(webhook: &str) -> String {
    format!("webhooks/{}", part(webhook))
}

fn list(webhooks: &[Value], output: Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(&webhooks);
    }
    let row = |webhook: &Value| {
        vec![cell(&webhook["id"]), cell(&webhook["url"]), types_of(webhook), state_of(webhook).to_owned()]
    };
    output.table(&["id", "address", "events", "state"], &webhooks.iter().map(row).collect::<Vec<_>>())
}

fn show(webhook: &Value, output: Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(webhook);
    }
    let pairs = [
        ("id", cell(&webhook["id"])),
        ("address", cell(&webhook["url"])),
        ("events", types_of(webhook)),
        ("project", cell(&webhook["project_id"])),
        ("description", cell(&webhook["description"])),
        ("state", state_of(webhook).to_owned()),
        ("disabled", shown_time(&webhook["disabled_at"])),
        ("because", cell(&webhook["notice"])),
        ("failing since", shown_time(&webhook["failing_since"])),
        ("old secret until", shown_time(&webhook["previous_secret_until"])),
        ("made", shown_time(&webhook["created_at"])),
        ("changed", shown_time(&webhook["updated_at"])),
    ];
    let known: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    output.line(&output.pairs(&known))
}

fn types_of(webhook: &Value) -> String {
    let types = webhook["event_types"].as_array().map(Vec::as_slice).unwrap_or_default();
    types.iter().map(cell).collect::<Vec<_>>().join(", ")
}

fn state_of(webhook: &Value) -> &'static str {
    match (&webhook["disabled"], &webhook["failing_since"]) {
        (Value::Bool(true), _) => "disabled",
        (_, Value::Null) => "enabled",
        _ => "failing",
    }
}

fn signed(webhook: &Value, what: &str, output: Output) -> Result<(), Failure> {
    done(webhook, what, output)?;
    if !output.is_json() {
        output.line(&format!("secret: {}", cell(&webhook["secret"])))?;
        output.note("keep the secret: it is not shown again");
    }
    Ok(())
}

fn done(webhook: &Value, what: &str, output: Output) -> Result<(), Failure> {
    output.either(webhook, || format!("{what}: {} for {}", cell(&webhook["id"]), cell(&webhook["url"])))
}

/// Queues a test and looks after it until it was sent.
async fn test(native: &Native, webhook: &str, output: Output) -> Result<(), Failure> {
    let queued = native.post(&format!("{}/test", path_of(webhook)), &json!({})).await?;
    let list = format!("{}/deliveries", path_of(webhook));
    let mut delivery = queued.clone();
    for _ in 0..TEST_LOOKS {
        tokio::time::sleep(TEST_EVERY).await;
        let listed = native.list(&list, Some(100)).await?;
        delivery = listed.into_iter().find(|listed| listed["id"] == queued["id"]).unwrap_or(delivery);
        if !delivery["last_attempt"].is_null() {
            break;
        }
    }
    let taken = delivery["status"] == "delivered";
    if taken || output.is_json() {
        output.either(&delivery, || format!("taken: {}", said_of(&delivery)))?;
    }
    match (taken, delivery["last_attempt"].is_null()) {
        (true, _) => Ok(()),
        (false, true) => Err(Failure::new(Code::Failed, "it was not sent yet: see `sortie webhooks deliveries`")),
        (false, false) => Err(Failure::new(Code::Failed, format!("not taken: {}", said_of(&delivery)))),
    }
}

fn deliveries(deliveries: &[Value], output: Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(&deliveries);
    }
    let row = |delivery: &Value| {
        vec![
            cell(&delivery["id"]),
            cell(&delivery["event_type"]),
            cell(&delivery["status"]),
            cell(&delivery["attempts"]),
            shown_time(&delivery["created_at"]),
            shown_time(&delivery["next_attempt_at"]),
            said_of(delivery),
        ]
    };
    let headings = ["id", "event", "status", "attempts", "made", "next", "last answer"];
    output.table(&headings, &deliveries.iter().map(row).collect::<Vec<_>>())
}

/// What the receiver said the last time.
fn said_of(delivery: &Value) -> String {
    let last = &delivery["last_attempt"];
    match &last["status"] {
        Value::Null => cell(&last["error"]),
        status => format!("{} {}", cell(status), cell(&last["response"])).trim_end().to_owned(),
    }
}
