//! `sortie providers`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::shown_time;
use crate::failure::{Code, Failure};
use crate::native::{Native, part};
use crate::output::{Output, cell};

/// Where a key may come from that is not to stand on the command line.
const KEY_VARIABLE: &str = "SORTIE_PROVIDER_KEY";

#[derive(Debug, Subcommand)]
pub(crate) enum Providers {
    /// List providers: the organization's own, and the operator's.
    List,
    /// Show a provider. Its key is never shown.
    Show {
        /// Its name or id.
        provider: String,
    },
    /// Make a provider of your organization's own. It is not called: see `test`.
    Create {
        /// What stands before the slash of its models' names.
        name: String,
        /// How it is spoken to: chat completions (`openai`) or the Messages API (`anthropic`).
        #[arg(long = "as", value_name = "KIND", value_parser = ["openai", "anthropic"], default_value = "openai")]
        kind: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// Change a provider of your organization's own: what is given replaces what was.
    Update {
        /// Its name or id.
        provider: String,
        /// Another name.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        settings: Settings,
    },
    /// Delete a provider of your organization's own. Agents that name it stay, and their runs
    /// fail.
    Delete {
        /// Its name or id.
        provider: String,
    },
    /// Ask a provider whether it answers and knows your key. Costs nothing.
    Test {
        /// Its name or id.
        provider: String,
    },
}

/// Where a provider is and what it offers.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// Its address, up to and including the version: `https://api.example.com/v1`.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Its key. Better in the environment: others on this machine can see flags.
    #[arg(long, env = KEY_VARIABLE, hide_env_values = true, value_name = "KEY")]
    api_key: Option<String>,
    /// A model to offer; may be given more than once. Without any the provider is asked.
    #[arg(long = "model", value_name = "NAME")]
    models: Vec<String>,
}

impl Settings {
    fn fields(self) -> Map<String, Value> {
        let texts = [("base_url", self.base_url), ("api_key", self.api_key)];
        let mut fields: Map<String, Value> =
            texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))).collect();
        if !self.models.is_empty() {
            let models = self.models.into_iter().map(|name| json!({ "name": name })).collect();
            fields.insert("models".to_owned(), Value::Array(models));
        }
        fields
    }
}

pub(super) async fn run(native: Native, providers: Providers, output: Output) -> Result<(), Failure> {
    match providers {
        Providers::List => {
            let providers = native.list("providers", None).await?;
            if output.is_json() {
                return output.json(&providers);
            }
            let columns = ["name", "provider", "owner", "base_url", "id"];
            let row = |provider: &Value| columns.map(|name| cell(&provider[name])).to_vec();
            let headings = ["name", "kind", "owner", "address", "id"];
            output.table(&headings, &providers.iter().map(row).collect::<Vec<_>>())
        }
        Providers::Show { provider } => show(&native.get(&path_of(&provider)).await?, output),
        Providers::Create { name, kind, settings } => {
            let mut fields = settings.fields();
            fields.insert("name".to_owned(), name.into());
            fields.insert("provider".to_owned(), kind.into());
            done(&native.post("providers", &Value::Object(fields)).await?, "made", output)
        }
        Providers::Update { provider, name, settings } => {
            let mut fields = settings.fields();
            fields.extend(name.map(|name| ("name".to_owned(), name.into())));
            if fields.is_empty() {
                return Err(Failure::usage("nothing to change was given: see `sortie providers update --help`"));
            }
            done(&native.post(&path_of(&provider), &Value::Object(fields)).await?, "changed", output)
        }
        Providers::Delete { provider } => {
            let gone = native.delete(&path_of(&provider)).await?;
            output.either(&gone, || format!("deleted: {} {provider:?}", cell(&gone["id"])))
        }
        Providers::Test { provider } => {
            let tested = native.post(&format!("{}/test", path_of(&provider)), &json!({})).await?;
            let ok = tested["ok"] == true;
            if ok || output.is_json() {
                output.either(&tested, || format!("{provider} answers and takes the key"))?;
            }
            let message = || cell(&tested["error"]["message"]);
            if ok { Ok(()) } else { Err(Failure::new(Code::Failed, message())) }
        }
    }
}

fn path_of(provider: &str) -> String {
    format!("providers/{}", part(provider))
}

fn show(provider: &Value, output: Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(provider);
    }
    let models = provider["models"].as_array().map(Vec::as_slice).unwrap_or_default();
    let models: Vec<String> = models.iter().map(|model| cell(&model["name"])).collect();
    let pairs = [
        ("name", cell(&provider["name"])),
        ("id", cell(&provider["id"])),
        ("kind", cell(&provider["provider"])),
        ("owner", cell(&provider["owner"])),
        ("address", cell(&provider["base_url"])),
        ("key", cell(&provider["api_key"])),
        ("models", models.join("\n")),
        ("made", shown_time(&provider["created_at"])),
        ("changed", shown_time(&provider["updated_at"])),
    ];
    let known: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    output.line(&output.pairs(&known))
}

fn done(provider: &Value, what: &str, output: Output) -> Result<(), Failure> {
    output.either(provider, || format!("{what}: {} {:?}", cell(&provider["id"]), cell(&provider["name"])))
}
