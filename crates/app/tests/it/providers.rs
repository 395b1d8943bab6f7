//! Providers of models, as an organization sees them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use app::Error;
use async_trait::async_trait;
use domain::model::{FaultKind, ModelFault, ModelInfo, ModelRequest};
use ports::{Clock, Model, ModelStream};
use test_kit::sources::StoppedClock;
use test_kit::{Act, ProviderStub, TestHouse};

#[tokio::test]
async fn a_burst_of_questions_asks_a_provider_once() {
    let stub = ProviderStub::start([Act::HtmlPage]).await;
    let clock = Arc::new(StoppedClock::default());
    let house = TestHouse::new().openai("mock", &stub.base_url()).clock(Arc::clone(&clock) as Arc<dyn Clock>);
    let house = house.start().await;
    let ask = async || house.app().list_models(&house.owner_ctx().await, "mock").await.unwrap();

    assert_eq!(ask().await, ask().await);
    assert_eq!((ask().await[0].model.as_str(), stub.listed()), ("stub", 1));
    clock.advance(Duration::from_secs(14));
    ask().await;
    assert_eq!(stub.listed(), 1);
    clock.advance(Duration::from_secs(1));
    ask().await;
    assert_eq!(stub.listed(), 2, "models come and go");
}

/// A provider whose first answer is a fault.
#[derive(Default)]
struct Waking(AtomicUsize);

#[async_trait]
impl Model for Waking {
    async fn stream(&self, _request: ModelRequest) -> Result<ModelStream, ModelFault> {
        Err(ModelFault::new(FaultKind::Unreachable, "asleep"))
    }

    async fn list(&self) -> Result<Vec<ModelInfo>, ModelFault> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Err(ModelFault::new(FaultKind::Unreachable, "asleep")),
            _ => Ok(Vec::new()),
        }
    }
}

#[tokio::test]
async fn a_provider_that_comes_back_is_soon_asked_again() {
    let (waking, clock) = (Arc::new(Waking::default()), Arc::new(StoppedClock::default()));
    let house = TestHouse::new()
        .provider("waking", "openai", Arc::clone(&waking) as Arc<dyn Model>)
        .clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .start()
        .await;
    let ask = async |provider: &str| house.app().list_models(&house.owner_ctx().await, provider).await;

    for _ in 0..2 {
        assert!(matches!(ask("waking").await, Err(Error::Provider(_))));
    }
    assert_eq!(waking.0.load(Ordering::Relaxed), 1, "a burst waits for it once");
    assert!(matches!(ask("absent").await, Err(Error::NotFound(_))));
    clock.advance(Duration::from_secs(5));
    assert_eq!(ask("waking").await.unwrap(), []);
}
