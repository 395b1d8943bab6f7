//! Keys: made, known, revoked.

use std::sync::Arc;
use std::time::Duration;

use app::{AuthFault, CreateKey, Error, KeyFormat};
use domain::key::Scope;
use test_kit::TestHouse;
use test_kit::sources::StoppedClock;

use crate::desk::{Desk, paths, within};

fn create(scopes: &[Scope]) -> CreateKey {
    CreateKey {
        name: "k".into(),
        scopes: scopes.to_vec(),
        project: None,
        expires_at: None,
        format: KeyFormat::Sortie,
        budget: None,
        member: None,
    }
}

async fn fault(desk: &Desk, key: &str) -> AuthFault {
    match desk.app().authenticate(key).await {
        Err(Error::Unauthenticated(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_key_works_until_it_is_revoked_and_not_once_more() {
    let desk = Desk::at(TestHouse::new()).await;
    for format in [KeyFormat::Sortie, KeyFormat::Uuid] {
        let (key, secret) = desk
            .app()
            .create_key(&desk.ctx, CreateKey { format, ..create(&[Scope::AgentsRead]) })
            .await
            .expect("a key");
        let caller = desk.app().authenticate(secret.reveal()).await.expect("known");
        assert_eq!((caller.key, caller.require(Scope::AgentsRead).is_ok()), (Some(key.id), true));
        assert!(matches!(
            caller.require(Scope::AgentsWrite),
            Err(Error::Forbidden { missing: Some(Scope::AgentsWrite) })
        ));

        desk.app().revoke_key(&desk.ctx, key.id).await.expect("revoked");
        assert_eq!(fault(&desk, secret.reveal()).await, AuthFault::Revoked);
        desk.app().revoke_key(&desk.ctx, key.id).await.expect("revoking twice changes nothing");
    }
}

#[tokio::test]
async fn a_wrong_key_is_told_what_is_wrong_with_it() {
    let desk = Desk::at(TestHouse::new()).await;
    let (_, secret) = desk.app().create_key(&desk.ctx, create(&[Scope::AgentsRead])).await.expect("a key");
    let cut = &secret.reveal()[..secret.reveal().len() - 1];
    assert_eq!(fault(&desk, cut).await, AuthFault::BadChecksum);
    assert_eq!(fault(&desk, "anything").await, AuthFault::Unknown);
    assert_eq!(fault(&desk, "").await, AuthFault::Unknown);
    let stranger = app::NewSecret::sortie().expect("a key of nobody's");
    assert_eq!(fault(&desk, stranger.reveal()).await, AuthFault::Unknown);
}

#[tokio::test]
async fn nobody_makes_a_key_that_may_more_than_they_may() {
    let desk = Desk::at(TestHouse::new()).await;
    let (_, secret) = desk.app().create_key(&desk.ctx, create(&[Scope::KeysWrite])).await.expect("a key");
    let maker = desk.app().authenticate(secret.reveal()).await.expect("known");

    let more = desk.app().create_key(&maker, create(&[Scope::KeysWrite, Scope::Admin])).await;
    assert!(matches!(more, Err(Error::Forbidden { missing: Some(Scope::Admin) })));
    let given = KeyFormat::Given("k".repeat(40).into());
    let chosen = desk.app().create_key(&maker, CreateKey { format: given, ..create(&[Scope::KeysWrite]) }).await;
    assert_eq!(paths(chosen), ["format"]);
    let late = CreateKey { expires_at: Some(maker.now), name: String::new(), ..create(&[]) };
    assert_eq!(paths(desk.app().create_key(&maker, late).await), ["name", "scopes", "expires_at"]);
}

#[tokio::test]
async fn the_last_use_is_noted_at_most_once_a_minute() {
    let clock = Arc::new(StoppedClock::default());
    let desk = Desk::at(TestHouse::new().clock(Arc::clone(&clock) as Arc<dyn ports::Clock>)).await;
    let (key, secret) = desk.app().create_key(&desk.ctx, create(&[Scope::AgentsRead])).await.expect("a key");
    let first = desk.app().now();
    let last_use = async || {
        let keys = desk.app().list_keys(&desk.ctx).await.expect("keys");
        keys.into_iter().find(|listed| listed.id == key.id).and_then(|listed| listed.last_used_at)
    };

    for (pause, expected) in [(0, 0), (59, 0), (2, 61)] {
        clock.advance(Duration::from_secs(pause));
        desk.app().authenticate(secret.reveal()).await.expect("known");
        let noted = first.saturating_add(jiff::SignedDuration::from_secs(expected)).expect("a time");
        within(async {
            while last_use().await != Some(noted) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }
}
