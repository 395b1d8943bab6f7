//! Every operation of the native document, tried with every role, and the table of it in
//! docs/roles.md.
//!
//! What a role must hold is worked out from what `strangers.rs` says that a route needs and
//! from the one table of rights (`domain/src/rights.rs`).

use std::path::{Path, PathBuf};

use domain::key::Scope;
use domain::org::Role;
use serde_json::Value;
use test_kit::{Caller, TestHouse};

use crate::strangers::{NATIVE, Things, ask, never};

/// Set to write the page anew: `SORTIE_UPDATE=1 cargo test -p test-kit --test it roles`.
const UPDATE: &str = "SORTIE_UPDATE";

/// How the table begins.
const HEAD: &str = "| operation | route | scope | viewer | member | admin | owner |\n|---|---|---|---|---|---|---|\n";

/// An operation of the document.
struct Operation {
    method: String,
    path: String,
    summary: String,
}

/// All of them, in the document's order.
fn operations() -> Vec<Operation> {
    let document = std::fs::read_to_string(repository("openapi/native.json")).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let summary = operation["summary"].as_str().unwrap().to_owned();
            operations.push(Operation { method: method.to_uppercase(), path: path.clone(), summary });
        }
    }
    operations
}

impl Operation {
    /// The scopes each of which it needs.
    fn needs(&self) -> &'static [Scope] {
        let probe = NATIVE.iter().find(|(method, path, _)| (*method, *path) == (&self.method, &self.path));
        probe.unwrap_or_else(|| panic!("{} {} has no probe in strangers.rs", self.method, self.path)).2
    }

    /// Whether a password, a link or a login is asked for, whatever the role: see `logins.rs` and
    /// `links.rs` of the native API's tests.
    fn is_of_logins(&self) -> bool {
        ["/v1/login", "/v1/logout", "/v1/links", "/v1/setup"].iter().any(|begin| self.path.starts_with(begin))
    }

    fn is_open_to(&self, role: Role) -> bool {
        self.needs().iter().all(|scope| role.holds(*scope))
    }

    fn row(&self) -> String {
        let scopes: Vec<String> = self.needs().iter().map(|scope| format!("`{scope}`")).collect();
        let roles = Role::ALL.map(|role| if self.is_open_to(role) { " yes |" } else { " |" });
        let Self { method, path, summary } = self;
        format!("| {summary} | `{method} {path}` | {} |{}\n", scopes.join(", "), roles.concat()).replace("|  |", "| |")
    }
}

#[test]
fn the_table_says_what_the_rights_say() {
    let page = repository("docs/roles.md");
    let stands = std::fs::read_to_string(&page).unwrap_or_default();
    let prose = stands.split_once(HEAD).map_or(stands.as_str(), |(prose, _)| prose);
    let rows: String = operations().iter().map(Operation::row).collect();
    let written = format!("{prose}{HEAD}{rows}");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&page, &written).unwrap();
        return;
    }
    assert!(stands == written, "docs/roles.md is stale: {UPDATE}=1 cargo test -p test-kit --test it roles");
}

#[tokio::test]
async fn every_operation_is_open_to_the_roles_that_hold_its_scope_and_to_no_others() {
    let house = TestHouse::new().start().await;
    let things = Things::of(&house).await;
    // Of what is not there nothing is changed, and nothing is somebody's own.
    let nothing: Vec<_> = things.ids.iter().map(|(name, id)| (*name, never(name, id))).collect();
    for role in Role::ALL {
        let caller = house.person(role.as_str(), role).await;
        for operation in operations().into_iter().filter(|operation| !operation.is_of_logins()) {
            let Operation { method, path, .. } = &operation;
            if operation.is_open_to(role) {
                let status = answered(&caller, method, path, &nothing).await;
                assert!(![401, 403].contains(&status) && status < 500, "{method} {path} as {role:?}: {status}");
            } else {
                let refused = ask(&caller, method, path, "", &things.ids).await;
                assert_eq!(refused.status, 403, "{method} {path} as {role:?}: {refused}");
            }
        }
    }
}

/// The status of an answer, also of one that goes on.
async fn answered(caller: &Caller, method: &str, path: &str, ids: &[(&'static str, String)]) -> u16 {
    if path == "/v1/stream" {
        return caller.stream(path).await.status.as_u16();
    }
    ask(caller, method, path, "", ids).await.status.as_u16()
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}
