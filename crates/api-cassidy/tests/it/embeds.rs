//! Tokens for visitors of embeds.

use app::AuthFault;
use domain::Timestamp;
use domain::deployment::Deployment;
use domain::org::Role;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use test_kit::conversation::id_of;
use test_kit::sources::StoppedClock;
use test_kit::{Caller, TestHouse};

use crate::house::{Cast, echo, refused, refused_for};

const MINT: &str = "/api/assistants/embed/token/create";

async fn embed(cast: &Cast, secure: bool) -> String {
    let trigger = json!({ "type": "embed", "secure": secure, "allowed_origins": ["https://site.test"] });
    let new = json!({ "name": "chat", "agent": cast.a1, "trigger": trigger });
    id_of(&cast.house.owner().post("/v1/deployments", new).await.ok())
}

async fn mint(caller: &Caller, deployment: &str, fields: Value) -> test_kit::Reply {
    let mut body = json!({ "deployment_key": deployment });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    caller.post(MINT, body).await
}

async fn stored(cast: &Cast, id: &str) -> Deployment {
    let owner = cast.house.owner_ctx().await;
    cast.house.app().find_deployment(&owner, id.parse().unwrap()).await.unwrap()
}

/// Cases 31 and 32.
#[tokio::test]
async fn a_token_says_whose_it_is_and_until_when() {
    let cast = Cast::echoing().await;
    let e1 = embed(&cast, true).await;
    let (app, org) = (cast.house.app(), cast.house.owner_ctx().await.org);
    let deployment = stored(&cast, &e1).await;
    for (fields, lasts) in [
        (json!({}), 3_600),
        (json!({ "expires_in_seconds": null, "user": null }), 3_600),
        (json!({ "expires_in_seconds": 5 }), 60),
        (json!({ "expires_in_seconds": 999_999 }), 86_400),
        (json!({ "expires_in_seconds": 100.5 }), 100),
    ] {
        let minted = mint(&cast.p, &e1, fields).await.ok();
        let claims = app.check_embed_token(org, &deployment, minted["token"].as_str().unwrap()).await.unwrap();
        assert_eq!((claims.iss.as_str(), claims.exp - claims.iat), ("sortie", lasts));
        assert_eq!((claims.sub, claims.org, claims.usr), (deployment.id.compact(), org.compact(), None));
        let expires_at: Timestamp = minted["expires_at"].as_str().unwrap().parse().unwrap();
        assert_eq!(expires_at.as_second(), claims.exp);
    }
    let minted = mint(&cast.p, &e1, json!({ "user": "visitor 7" })).await.ok();
    let claims = app.check_embed_token(org, &deployment, minted["token"].as_str().unwrap()).await.unwrap();
    assert_eq!(claims.usr.as_deref(), Some("visitor 7"));

    refused_for(&mint(&cast.p, &e1, json!({ "expires_in_seconds": "abc" })).await, &["expires_in_seconds"]);
    refused_for(&mint(&cast.p, &e1, json!({ "user": "x".repeat(257) })).await, &["user"]);
    refused_for(&cast.p.post(MINT, json!({})).await, &["deployment_key"]);
    refused(&mint(&cast.p, "none", json!({})).await, 404, "NOT_FOUND");
    let open = embed(&cast, false).await;
    let body = refused(&mint(&cast.p, &open, json!({})).await, 400, "BAD_REQUEST");
    assert_eq!(body["message"], "Secure token mode is off");
    let viewer = cast.house.person("vera", Role::Viewer).await;
    refused(&mint(&viewer, &e1, json!({})).await, 403, "FORBIDDEN");
}

/// The rules of case 33, before there is a page.
#[tokio::test]
async fn a_token_holds_for_its_deployment_and_its_time_alone() {
    let clock = Arc::new(StoppedClock::default());
    let house = TestHouse::new().answering(echo).clock(Arc::clone(&clock) as Arc<dyn ports::Clock>);
    let mut cast = Cast::in_house(house).await;
    let (e1, other) = (embed(&cast, true).await, embed(&cast, true).await);
    let token =
        mint(&cast.p, &e1, json!({ "expires_in_seconds": 60 })).await.ok()["token"].as_str().unwrap().to_owned();
    let org = cast.house.owner_ctx().await.org;
    let (its, others) = (stored(&cast, &e1).await, stored(&cast, &other).await);
    let fault = async |cast: &Cast, deployment: &Deployment, token: &str| match cast
        .house
        .app()
        .check_embed_token(org, deployment, token)
        .await
    {
        Ok(_) => None,
        Err(app::Error::Unauthenticated(fault)) => Some(fault),
        Err(other) => panic!("{other}"),
    };
    assert_eq!(fault(&cast, &its, &token).await, None);
    assert_eq!(fault(&cast, &others, &token).await, Some(AuthFault::BadSignature));
    let mut forged = token.clone();
    forged.replace_range(forged.len() - 4.., "AAAA");
    let none = format!("eyJhbGciOiJub25lIn0.{}.", token.split('.').nth(1).unwrap());
    for wrong in [forged.as_str(), none.as_str(), "", "a.b.c"] {
        assert_eq!(fault(&cast, &its, wrong).await, Some(AuthFault::BadSignature), "{wrong}");
    }
    // The secret is kept, sealed, and the same after a restart.
    cast.house.restart().await;
    assert_eq!(fault(&cast, &its, &token).await, None);
    clock.advance(Duration::from_secs(59));
    assert_eq!(fault(&cast, &its, &token).await, None);
    clock.advance(Duration::from_secs(1));
    assert_eq!(fault(&cast, &its, &token).await, Some(AuthFault::Expired));
}
