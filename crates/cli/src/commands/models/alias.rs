//! `sortie models alias`.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::native::{Native, part};
use crate::output::{Output, cell};

#[derive(Debug, Subcommand)]
pub(crate) enum Alias {
    /// List aliases: the organization's own, and the operator's.
    List,
    /// Let a name mean a model, whether it meant something before or not.
    Set {
        /// The name that agents may write, without a slash.
        name: String,
        /// The model, as `provider/model`.
        model: String,
    },
    /// Take a name's meaning away.
    Delete {
        /// The name.
        name: String,
    },
}

pub(super) async fn run(native: Native, alias: Alias, output: Output) -> Result<(), Failure> {
    match alias {
        Alias::List => {
            let aliases = native.list("model_aliases", None).await?;
            if output.is_json() {
                return output.json(&aliases);
            }
            let columns = ["name", "model", "owner"];
            let row = |alias: &Value| columns.map(|name| cell(&alias[name])).to_vec();
            output.table(&columns, &aliases.iter().map(row).collect::<Vec<_>>())
        }
        Alias::Set { name, model } => {
            let set = native.post(&path_of(&name), &json!({ "model": model })).await?;
            output.either(&set, || format!("{name} means {model}"))
        }
        Alias::Delete { name } => {
            let gone = native.delete(&path_of(&name)).await?;
            output.either(&gone, || format!("deleted: {name:?}"))
        }
    }
}

fn path_of(name: &str) -> String {
    format!("model_aliases/{}", part(name))
}
