//! The fixtures of the contract: organization `one` with a project, organization `two` with two.

use std::sync::Arc;
use std::time::Duration;

use app::ProjectPatch;
use serde_json::{Value, json};
use test_kit::sources::StoppedClock;
use test_kit::{Caller, HouseBuilder, Reply, TestHouse};

pub(crate) struct Two {
    pub(crate) house: TestHouse,
    pub(crate) one: Caller,
    pub(crate) two: Caller,
    pub(crate) clock: Arc<StoppedClock>,
}

impl Two {
    pub(crate) async fn new() -> Self {
        Self::of(TestHouse::new()).await
    }

    pub(crate) async fn of(house: HouseBuilder) -> Self {
        let clock = Arc::new(StoppedClock::default());
        let mut house = house.clock(clock.clone()).start().await;
        let (one, two) = (house.owner(), house.other_org().await);
        for (caller, second) in [(&one, false), (&two, true)] {
            let (app, ctx) = (house.app(), house.app().authenticate(caller.key()).await.unwrap());
            let first = app.list_projects(&ctx).await.unwrap()[0].id;
            let repository = Some(Some("acme/shop".parse().unwrap()));
            app.update_project(&ctx, first, ProjectPatch { repository, ..ProjectPatch::default() }).await.unwrap();
            if second {
                app.create_project(&ctx, "Api".into(), Some("acme/api".parse().unwrap())).await.unwrap();
            }
        }
        Self { house, one, two, clock }
    }

    /// Organization `one` reports a deployment.
    pub(crate) async fn deploy(&self, body: Value) -> Value {
        deploy(&self.one, body).await.expect(201)
    }

    /// Moves the clock on, and wakes who sleeps.
    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.house.feed().timer_is_set();
        self.house.feed().approval_waits();
    }
}

/// Reports a deployment with these fields besides or instead.
pub(crate) async fn deploy(caller: &Caller, fields: Value) -> Reply {
    let mut body = json!({ "deployment_request": "Deploy 2.5.1" });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    caller.post("/api/v1/deployments/", body).await
}

/// The texts of an error, which must be the same, and a string.
#[track_caller]
pub(crate) fn refused(reply: &Reply, status: u16) -> Value {
    let body = reply.expect(status);
    assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{reply}");
    assert_eq!(body["detail"], body["error"], "{reply}");
    assert_eq!(reply.header("content-type"), Some("application/json"), "{reply}");
    body
}

/// Whether it is a UUID of version 4, in lower case.
pub(crate) fn is_alias(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        let uuid = text.parse::<uuid::Uuid>();
        uuid.is_ok_and(|uuid| uuid.get_version_num() == 4 && uuid.to_string() == text)
    })
}

/// Whether it is like `2026-11-22T10:00:00Z`.
pub(crate) fn is_time(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.len() == 20 && text.ends_with('Z') && text.parse::<domain::Timestamp>().is_ok())
}
