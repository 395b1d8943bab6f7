//! Cursors of all kinds as hostile clients write them: the inputs of the fuzz target, over the
//! real routes.

use std::path::Path;

use serde_json::Value;
use test_kit::TestHouse;

/// Whatever stands where a list or a stream is to go on, it is taken or refused.
#[tokio::test]
async fn whatever_a_cursor_says_it_is_taken_or_refused() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(Value::Object(Default::default())).await).await;
    owner.turn(&session, "hi").await;
    let pages = ["/v1/agents?page=", "/v1/sessions?statuses[]=idle&page="].map(str::to_owned);
    let events = format!("/v1/sessions/{session}/events");
    let lists = pages.into_iter().chain([format!("{events}?page="), format!("{events}?after=")]).collect::<Vec<_>>();
    let deltas = format!("{events}/stream?after=start&event_deltas[]=agent.message&delta_after=");
    let streams = [format!("{events}/stream?after="), deltas, "/v1/stream?after=".to_owned()];

    for cursor in inputs() {
        let written: String = form_urlencoded::byte_serialize(&cursor).collect();
        for path in &lists {
            let status = owner.get(&format!("{path}{written}")).await.status.as_u16();
            assert!(matches!(status, 200 | 400), "{path}{written}: {status}");
        }
        for path in &streams {
            let status = owner.stream(&format!("{path}{written}")).await.status.as_u16();
            assert!(matches!(status, 200 | 400 | 410), "{path}{written}: {status}");
        }
    }
}

fn inputs() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/cursors");
    std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}
