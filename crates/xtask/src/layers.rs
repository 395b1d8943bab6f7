//! Who may import whom, checked over the manifests (`cargo metadata`).
//!
//! A new crate gets a row in [`LAYERS`]; a crate without one is an error, so that its place is
//! decided when it is made and not found out later.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::builds::Builds;
use crate::process;

/// What a crate may import of our own crates, in its shipped code.
enum MayImport {
    These(&'static [&'static str]),
    /// Everything that ships; itself imported by nobody but the command line.
    AllBelow,
    /// Anything; never imported by what ships.
    Anything,
}

use MayImport::{AllBelow, Anything, These};

const LAYERS: &[(&str, MayImport)] = &[
    ("domain", These(&[])),
    ("ports", These(&["domain"])),
    ("seldom", These(&[])),
    ("app", These(&["domain", "ports", "seldom"])),
    ("engine", These(&["domain", "ports", "seldom"])),
    ("outbound", These(&["domain"])),
    ("store-sqlite", These(&["domain", "ports"])),
    ("models", These(&["domain", "ports", "outbound"])),
    ("model-local", These(&["domain", "ports"])),
    ("telemetry", These(&["domain", "ports"])),
    ("demo", These(&["domain", "ports", "app"])),
    ("tools", These(&["domain", "ports", "outbound"])),
    ("oidc", These(&["domain", "ports", "outbound"])),
    ("web", These(&["domain", "app", "seldom"])),
    ("api-native", These(&["domain", "app", "web"])),
    ("api-make", These(&["domain", "app", "web"])),
    ("api-cassidy", These(&["domain", "app", "web"])),
    ("api-cased", These(&["domain", "app", "web"])),
    ("console", These(&[])),
    ("api-embed", These(&["domain", "app", "web"])),
    // Whichever crates own an `Options`.
    (
        "config",
        These(&[
            "domain",
            "app",
            "engine",
            "outbound",
            "store-sqlite",
            "models",
            "model-local",
            "tools",
            "oidc",
            "telemetry",
            "web",
        ]),
    ),
    ("server", AllBelow),
    // The command line administers a data directory by `app`'s operations when no server runs.
    ("cli", These(&["config", "server", "domain", "app"])),
    ("test-kit", Anything),
    ("bench", Anything),
    ("eval", These(&[])),
    ("fuzzed", Anything),
    ("xtask", These(&[])),
];

/// Never shipped: only other such crates, and tests, may import them.
const NEVER_SHIPPED: &[&str] = &["test-kit", "bench", "eval", "fuzzed", "xtask"];

/// Foreign crates that only some of ours may import, tests included.
const KEPT_TO: &[(&str, &[&str])] = &[
    ("rusqlite", &["store-sqlite", "test-kit", "bench"]),
    ("llama-cpp-2", &["model-local", "bench"]),
    ("figment", &["config"]),
    ("clap", &["cli"]),
    ("pdf-extract", &["tools"]),
    ("hickory-resolver", &["outbound"]),
    ("opentelemetry-otlp", &["telemetry"]),
    ("openidconnect", &["oidc", "test-kit"]),
    ("prometheus-client", &["ports"]),
];

/// Everything foreign that `domain` may import: none of it does I/O or is asynchronous.
const DOMAIN_MAY_IMPORT: &[&str] = &[
    "chacha20poly1305",
    "croner",
    "fast32",
    "globset",
    "indexmap",
    "jiff",
    "jsonschema",
    "percent-encoding",
    "secrecy",
    "serde",
    "serde_json",
    "serde_json_path",
    "sha2",
    "thiserror",
    "url",
    "uuid",
];

/// HTTP words stop in the façades: these crates never meet them.
const KNOW_NO_HTTP: &[&str] = &["domain", "ports", "app", "engine", "store-sqlite"];
const HTTP: &[&str] = &["axum", "http", "hyper", "hyper-util", "reqwest", "tower-http", "utoipa", "utoipa-axum"];

/// Fails with every import that breaks a layer.
pub(crate) fn check(builds: &Builds) -> Result<()> {
    let manifests = manifests(&read_metadata(builds)?)?;
    let broken = broken_rules(&manifests);
    if !broken.is_empty() {
        bail!("the layering is broken:\n  {}", broken.join("\n  "));
    }
    println!("{} crates keep to their layers", manifests.len());
    Ok(())
}

/// A crate's imports: our own and foreign ones, shipped and for tests.
#[derive(Default)]
struct Manifest {
    imports: Vec<Import>,
}

struct Import {
    name: String,
    ours: bool,
    shipped: bool,
}

fn read_metadata(builds: &Builds) -> Result<Value> {
    let text = process::read(builds.cargo().args(["metadata", "--format-version", "1", "--no-deps"]))?;
    serde_json::from_str(&text).context("reading the output of `cargo metadata`")
}

fn manifests(metadata: &Value) -> Result<BTreeMap<String, Manifest>> {
    let packages = metadata["packages"].as_array().context("`cargo metadata` names no packages")?;
    packages.iter().map(|package| Ok((name_of(package)?, Manifest { imports: imports(package)? }))).collect()
}

fn imports(package: &Value) -> Result<Vec<Import>> {
    let dependencies = package["dependencies"].as_array().context("a package without a dependency list")?;
    let import = |dependency: &Value| {
        Ok(Import {
            name: name_of(dependency)?,
            ours: dependency["path"].is_string(),
            shipped: dependency["kind"] != "dev",
        })
    };
    dependencies.iter().map(import).collect()
}

fn name_of(value: &Value) -> Result<String> {
    Ok(value["name"].as_str().context("`cargo metadata` names something without a name")?.to_owned())
}

fn broken_rules(manifests: &BTreeMap<String, Manifest>) -> Vec<String> {
    let mut broken = Vec::new();
    for (name, manifest) in manifests {
        let Some((_, layer)) = LAYERS.iter().find(|(known, _)| known == name) else {
            broken.push(format!("`{name}` has no row in the layers table (crates/xtask/src/layers.rs)"));
            continue;
        };
        for import in &manifest.imports {
            let reason = if import.ours { refusal_of_ours(layer, import) } else { refusal_of_foreign(name, import) };
            broken.extend(reason.map(|reason| format!("`{name}` imports `{}`: {reason}", import.name)));
        }
    }
    broken
}

fn refusal_of_ours(layer: &MayImport, import: &Import) -> Option<String> {
    let for_tests = !import.shipped;
    let imported = import.name.as_str();
    if for_tests {
        // A test may stand on anything: the compiler already refuses a circle in shipped code.
        return None;
    }
    match layer {
        Anything => None,
        AllBelow if NEVER_SHIPPED.contains(&imported) => Some("it is never shipped".into()),
        AllBelow if imported == "cli" => Some("the command line is on top".into()),
        AllBelow => None,
        These(allowed) if allowed.contains(&imported) => None,
        These([]) => Some("it may import no crate of ours".into()),
        These(allowed) => Some(format!("it may import {} only", allowed.join(", "))),
    }
}

fn refusal_of_foreign(name: &str, import: &Import) -> Option<String> {
    let imported = import.name.as_str();
    if let Some((_, keepers)) = KEPT_TO.iter().find(|(kept, _)| *kept == imported)
        && !keepers.contains(&name)
    {
        return Some(format!("only {} may", keepers.join(", ")));
    }
    if name == "domain" && import.shipped && !DOMAIN_MAY_IMPORT.contains(&imported) {
        return Some("`domain` has no I/O, async or clock; if this crate has none either, add it to its list".into());
    }
    if KNOW_NO_HTTP.contains(&name) && import.shipped && HTTP.contains(&imported) {
        return Some("HTTP stops in the façades and in `outbound`".into());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_workspace_keeps_its_layers() {
        check(&Builds::local().unwrap()).unwrap();
    }

    /// What is said of one crate with one import.
    fn said(name: &str, dependency: Value) -> Vec<String> {
        let metadata = json!({ "packages": [{ "name": name, "dependencies": [dependency] }] });
        broken_rules(&manifests(&metadata).unwrap())
    }

    fn ours(name: &str) -> Value {
        json!({ "name": name, "kind": null, "path": format!("crates/{name}") })
    }

    fn foreign(name: &str) -> Value {
        json!({ "name": name, "kind": null })
    }

    #[test]
    fn what_breaks_a_layer_is_named() {
        let cases = [
            (said("domain", ours("ports")), "`domain` imports `ports`: it may import no crate of ours"),
            (
                said("api-make", ours("api-native")),
                "`api-make` imports `api-native`: it may import domain, app, web only",
            ),
            (
                said("app", ours("store-sqlite")),
                "`app` imports `store-sqlite`: it may import domain, ports, seldom only",
            ),
            (said("server", ours("test-kit")), "`server` imports `test-kit`: it is never shipped"),
            (said("app", foreign("rusqlite")), "`app` imports `rusqlite`: only store-sqlite, test-kit, bench may"),
            (said("domain", foreign("tokio")), "`domain` imports `tokio`: `domain` has no I/O"),
            (said("engine", foreign("axum")), "`engine` imports `axum`: HTTP stops"),
            (said("newcomer", foreign("serde")), "`newcomer` has no row"),
        ];
        for (said, expected) in cases {
            assert!(said.len() == 1 && said[0].starts_with(expected), "{expected} – said {said:?}");
        }
    }

    #[test]
    fn what_keeps_its_layer_passes() {
        let for_tests = json!({ "name": "test-kit", "kind": "dev", "path": "crates/test-kit" });
        for quiet in [
            said("api-make", ours("web")),
            said("server", ours("store-sqlite")),
            said("web", for_tests),
            said("domain", json!({ "name": "proptest", "kind": "dev" })),
            said("test-kit", foreign("rusqlite")),
        ] {
            assert!(quiet.is_empty(), "{quiet:?}");
        }
    }
}
