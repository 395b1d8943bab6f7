//! The documents against the server: a property-based tester sends what they allow and what
//! they do not. No answer is an error of the server's, and none is undeclared.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::json;
use test_kit::conversation::id_of;
use test_kit::{Caller, TestHouse};
use tokio::process::Command;

/// Names the interpreter beside which the tester is installed; `cargo xtask test` makes one.
const PYTHON: &str = "SORTIE_TEST_PYTHON";

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

/// Case 44.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_a_declared_one() {
    let Some(tester) = tester() else { return };
    let unlimited = |web: &mut web::WebOptions| {
        (web.make_per_minute, web.cassidy_per_minute, web.cased_per_minute) = (0, 0, 0);
    };
    let folder = tempfile::tempdir().unwrap();
    for document in ["/openapi.json", "/api/v2/openapi.json", "/api/openapi.json", "/api/v1/openapi.json"] {
        // One each: what is done by one document's operations is not in the next one's way.
        let mut house = TestHouse::new().web(unlimited).start().await;
        let url = house.listen().await;
        let settings = folder.path().join("schemathesis.toml");
        std::fs::write(&settings, ids(&house.owner()).await).unwrap();
        let mut command = Command::new(&tester);
        command.arg("--config-file").arg(&settings).args(["run", &format!("{url}{document}"), "--checks", CHECKS]);
        command.args(["--header", &format!("Authorization: Bearer {}", house.owner().key())]);
        // Each stream answers as long as it likes, and is tested where streams are.
        command.args(["--exclude-path-regex", "/stream$", "--phases", "coverage,fuzzing", "--max-examples", "8"]);
        // The same every time: a test that fails must fail again.
        command.args(["--seed", "1", "--generation-database", "none", "--continue-on-failure", "--no-color"]);
        command.args(["--warnings", "off", "--request-timeout", "30"]).current_dir(folder.path());
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{document}\n{said}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Things that are there, so that more than 404 is seen.
async fn ids(owner: &Caller) -> String {
    let agent = owner.agent(json!({})).await;
    let session = owner.session(&agent).await;
    owner.turn(&session, "hi").await;
    let run = id_of(&owner.get(&format!("/v1/sessions/{session}/runs")).await.ok()["data"][0]);
    let event = id_of(&owner.events(&session).await[0]);
    let rollout = json!({ "deployment_request": "Deploy 2.5.1" });
    let rollout = owner.post("/api/v1/deployments", rollout).await.expect(201);
    let (rollout_id, watch) = (&rollout["id"], &rollout["session_id"]);
    let rule = id_of(&owner.post("/v1/approval_rules", json!({ "name": "all" })).await.ok());
    let waiting = json!({ "deployment_request": "Deploy 2.5.2", "status": "pending" });
    let waiting = owner.post("/api/v1/deployments", waiting).await.expect(201)["id"].clone();
    let plain: domain::AgentId = agent.parse().unwrap();
    let thread = owner.post("/api/assistants/thread/create", json!({ "assistant_id": agent })).await.ok();
    let new = json!({ "name": "d", "agent": agent, "trigger": { "type": "embed", "secure": true } });
    let deployment = id_of(&owner.post("/v1/deployments", new).await.ok());
    // Nobody is there: what becomes of its deliveries does not matter.
    let webhook = id_of(&owner.post("/v1/webhooks", json!({ "url": "http://127.0.0.1:9/" })).await.ok());
    let delivery = id_of(&owner.post(&format!("/v1/webhooks/{webhook}/test"), json!({})).await.ok());
    // Somebody else's, so that what is done to them does not lock the tester out.
    let ada = json!({ "name": "Ada", "email": "ada@house.example", "role": "viewer" });
    let ada = id_of(&owner.post("/v1/members", ada).await.ok());
    let key = json!({ "name": "k", "scopes": ["agents:read"], "member_id": ada });
    let key = id_of(&owner.post("/v1/keys", key).await.ok());
    let project = id_of(&owner.get("/v1/projects").await.ok()["data"][0]);
    let document = json!({ "agent_id": agent, "name": "a.txt", "content": "a" });
    let document = id_of(&owner.post("/v1/knowledge", document).await.ok());
    let (thread, plain) = (thread["thread_id"].as_str().unwrap().to_owned(), plain.0);
    format!(
        "[parameters]\n\"path.agent_id\" = \"{agent}\"\n\"path.session_id\" = \"{session}\"\n\"path.run_id\" = \"{run}\"\n\
         \"path.event_id\" = \"{event}\"\n\
         \"path.agentId\" = \"{plain}\"\n\"path.teamId\" = 1\n\"query.teamId\" = 1\n\"query.organizationId\" = 1\n\
         \"path.deployment_id\" = {rollout_id}\n\"path.agent_session_id\" = {watch}\n\
         \"query.wait\" = 1\n\"query.thread_id\" = \"{thread}\"\n\"path.deployment\" = \"{deployment}\"\n\
         \"path.rollout_id\" = {waiting}\n\"path.rule_id\" = \"{rule}\"\n\
         \"path.key\" = \"{key}\"\n\"path.member\" = \"{ada}\"\n\"path.project\" = \"{project}\"\n\
         \"path.document\" = \"{document}\"\n\
         \"path.webhook_id\" = \"{webhook}\"\n\"path.delivery_id\" = \"{delivery}\"\n"
    )
}

/// The tester. Without one the test is passed over on a developer's machine, aloud, and fails
/// where everything must run.
fn tester() -> Option<PathBuf> {
    let Some(python) = std::env::var_os(PYTHON) else {
        assert!(std::env::var_os("CI").is_none(), "{PYTHON} must name an interpreter with the tester");
        eprintln!("left out: {PYTHON} is not set");
        return None;
    };
    Some(PathBuf::from(python).with_file_name("schemathesis"))
}
