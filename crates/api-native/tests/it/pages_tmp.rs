use serde_json::json;
use test_kit::TestHouse;

#[tokio::test]
async fn pages() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({ "system": "Be brief indeed." })).await;
    let plain: domain::AgentId = agent.parse().unwrap();
    let path = format!("/api/v2/ai-agents/v1/agents/{}/run?teamId=1", plain.0);
    let body = || json!({ "messages": [{ "role": "user", "content": "hi" }], "config": {} });
    for _ in 0..5 {
        let reply = owner.post(&path, body()).await;
        assert!(reply.status.is_success(), "{reply}");
    }
    let db = house.file_with("Be brief indeed.").unwrap();
    let wal = db.parent().unwrap().join("sortie.db-wal");
    let mut last = std::fs::metadata(&wal).unwrap().len();
    for _ in 0..6 {
        for _ in 0..8 {
            owner.post(&path, body()).await.ok();
        }
        let now = std::fs::metadata(&wal).unwrap().len();
        eprintln!("pages a run: {}", (now as f64 - last as f64) / 4120.0 / 8.0);
        last = now;
    }
}
