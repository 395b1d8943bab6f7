//! The document that describes this API is checked in, so that a change of it is seen.

use std::path::Path;

/// Set to write the document anew: `SORTIE_UPDATE=1 cargo test -p api-native document`.
const UPDATE: &str = "SORTIE_UPDATE";

#[test]
fn the_checked_in_document_is_what_the_handlers_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/native.json");
    let document = format!("{}\n", api_native::openapi().to_pretty_json().unwrap());
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(document == checked_in, "openapi/native.json is stale: {UPDATE}=1 cargo test -p api-native document");
}

#[tokio::test]
async fn the_document_is_served_and_names_every_operation() {
    let house = test_kit::TestHouse::new().start().await;
    let document = house.nobody().get("/openapi.json").await.ok();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = document["paths"].as_object().unwrap();
    let operations: usize = paths.values().map(|path| path.as_object().unwrap().len()).sum();
    assert_eq!((paths.len(), operations), (68, 100));
    for operation in paths.values().flat_map(|path| path.as_object().unwrap().values()) {
        assert!(
            operation["summary"].is_string()
                && ["200", "204"].iter().any(|status| operation["responses"][*status].is_object()),
            "{operation}"
        );
    }
}
