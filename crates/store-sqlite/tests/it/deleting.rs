//! What a deleted session leaves behind is cleared away, a bite at a time, whatever happens.

use std::sync::Arc;

use domain::agent::{Agent, AgentSpec};
use domain::change::{Change, ChangeSet};
use domain::model::Block;
use domain::org::{Org, Project};
use domain::session::{Origin, Session, SessionAgent, SessionState};
use domain::{EventBody, NewEvent, OrgId, SessionId, Timestamp};
use ports::time::SystemSources;
use ports::{Feed, IdSource, OrgStore, Store};
use rusqlite::Connection;
use store_sqlite::{SqliteStore, StoreOptions};
use tempfile::TempDir;
use uuid::Uuid;

fn fresh<T: From<Uuid>>() -> T {
    T::from(SystemSources.uuid_v7())
}

fn open(dir: &TempDir) -> Arc<SqliteStore> {
    SqliteStore::open(dir.path(), &StoreOptions::default(), Feed::default()).unwrap()
}

/// An organization with a session of so many events that all say this word, one of them often.
async fn furnish(store: &SqliteStore, org: OrgId, word: &str, events: usize) -> SessionId {
    let at = Timestamp::UNIX_EPOCH;
    let rollouts = Default::default();
    let named = Org { id: org, number: 0, name: "o".into(), time_zone: "UTC".into(), rollouts, created_at: at };
    let project = Project { id: fresh(), number: 0, name: "p".into(), repository: None, version: 0, created_at: at };
    let (agent, inserted) = Agent::create(fresh(), project.id, AgentSpec::default(), at);
    let session = Session {
        id: fresh(),
        alias: SystemSources.uuid_v4(),
        project: project.id,
        agent: SessionAgent::Following { agent: agent.id },
        origin: Origin::Native,
        purpose: None,
        thread: None,
        owner: None,
        deployment: None,
        title: Some(format!("of {word}")),
        metadata: Default::default(),
        version: 0,
        created_at: at,
        archived_at: None,
        budget: None,
        state: SessionState::new(at),
    };
    let said = |n: usize| {
        let text = if n == 0 { word.repeat(100_000) } else { format!("{word} {n}") };
        let body = EventBody::UserMessage { content: vec![Block::text(text)], dropped: false };
        NewEvent { id: fresh(), run: None, at, body }
    };
    let log = Change::Append { session: session.id, events: (0..events).map(said).collect(), state: None };
    let id = session.id;
    let made = [Change::InsertOrg(named), Change::InsertProject(project)];
    let set = ChangeSet::of(made).and(inserted).and(ChangeSet::of([Change::InsertSession(session), log]));
    store.of(org).commit(set).await.unwrap();
    id
}

async fn delete(view: &dyn OrgStore, session: SessionId) {
    let gone = Change::DeleteSession { session, at: Timestamp::UNIX_EPOCH };
    view.commit(ChangeSet::of([gone])).await.unwrap();
}

/// Rows of the closed store.
fn rows(dir: &TempDir, table: &str) -> i64 {
    let db = Connection::open(dir.path().join("sortie.db")).unwrap();
    db.query_row(&format!("select count(*) from {table}"), [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn what_a_deleted_session_left_is_cleared_away_over_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let org: OrgId = fresh();
    let store = open(&dir);
    let session = furnish(&store, org, "mum's the word", 2_000).await;
    delete(&*store.of(org), session).await;
    // How far the clearing came by now is the machine's affair.
    store.close().await;

    // Each batch that is written clears a bite away.
    let store = open(&dir);
    for _ in 0..10 {
        store.check().await.unwrap();
    }
    let kept = furnish(&store, fresh(), "spread the word", 3).await;
    store.close().await;
    assert_eq!((rows(&dir, "events"), rows(&dir, "contents")), (3, 1), "only the other session's is left");
    assert_ne!(kept, session);
    assert_eq!(test_kit::file_with(dir.path(), "mum's the word"), None, "and nobody finds it in the files");
    assert!(test_kit::file_with(dir.path(), "spread the word").is_some());
}
