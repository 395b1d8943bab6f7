//! A made-up organization that lives: `sortie serve --demo`.
//!
//! Nothing of it is written past the rules. Its thirty days of history are made when it starts,
//! by the same operations and the same engine that serve everybody, under a clock that stands in
//! the past ([`clock`]) and moves from one thing that is due to the next ([`travel`]). What its
//! agents say is written down ([`stories`]), what their tools answer and what its signals measure
//! is worked out ([`tools`], [`world`]), and nothing that it does leaves the machine.
//!
//! This crate knows the operations and the ports, and neither HTTP nor SQL. One more thing to
//! show: a story in [`stories`] and a line in [`history`] (it has happened), [`present`] (it is so
//! now) or [`life`] (it happens again and again).

mod agents;
mod chance;
mod clock;
mod company;
mod doors;
mod history;
mod ids;
mod life;
mod model;
mod people;
mod present;
mod receivers;
mod rollouts;
mod script;
mod stories;
mod talks;
mod tools;
mod travel;
mod world;

use std::sync::Arc;
use std::time::Duration;

use app::App;
use domain::Timestamp;
use domain::money::{Currency, Price, Prices};
use ports::{Clock, Feed, IdSource, Model, SignalReader, Store, StoreError, ToolRunner, WebhookSender};
use secrecy::SecretString;

use crate::clock::DemoClock;
use crate::company::Company;
use crate::ids::DemoIds;
use crate::travel::Travel;
use crate::world::World;

/// The name of the provider whose models play the stories.
pub const PROVIDER: &str = "demo";

/// The model of its agents.
pub const MODEL: &str = "demo/large";

/// What the organization is called.
pub const ORG_NAME: &str = "Kestrel Outfitters";

/// Its time zone.
pub const TIME_ZONE: &str = "Europe/Berlin";

/// Who owns it.
pub const OWNER_NAME: &str = "Dana Okafor";

/// The address that they log in with.
pub const OWNER_EMAIL: &str = "demo@sortie.example";

/// Why a demo did not come to be.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// An operation refused what the demo does.
    #[error("the demo could not be made: {0}")]
    Refused(#[from] app::Error),
    /// The store failed.
    #[error("the demo could not be made: {0}")]
    Store(#[from] StoreError),
    /// What it waited for did not come.
    #[error("the demo could not be made: what it began did not end within {0:?}")]
    Stuck(Duration),
    /// It is not written down as it should be.
    #[error("the demo could not be made: {0}")]
    Miswritten(&'static str),
}

/// What a demo stands on: a whole Sortie with its first organization and nothing else.
#[derive(Clone)]
pub struct Place {
    /// Its operations.
    pub app: App,
    /// Its store, to know what is due.
    pub store: Arc<dyn Store>,
    /// Its feed, to wake whoever waits for a time when the clock has moved.
    pub feed: Feed,
}

/// How somebody comes in who looks at it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The owner's address.
    pub email: String,
    /// Their password.
    pub password: SecretString,
}

/// A demo: what takes the place of the world outside, and what happens in it.
pub struct Demo {
    clock: Arc<DemoClock>,
    ids: Arc<DemoIds>,
    world: Arc<World>,
    began_at: Timestamp,
}

impl Demo {
    /// A demo whose history ends now.
    pub fn ending_at(now: Timestamp) -> Self {
        let began_at = now.checked_sub(history::LASTS).unwrap_or(Timestamp::MIN);
        let clock = Arc::new(DemoClock::standing(began_at, now));
        Self { ids: Arc::new(DemoIds::of(Arc::clone(&clock))), world: Arc::new(World::new()), clock, began_at }
    }

    /// What time it is: of the past until the history is made, and the machine's then.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }

    /// Ids, the same with each start as long as the history is made.
    pub fn ids(&self) -> Arc<dyn IdSource> {
        Arc::clone(&self.ids) as Arc<dyn IdSource>
    }

    /// The provider named [`PROVIDER`].
    pub fn model(&self) -> Arc<dyn Model> {
        Arc::new(model::Storyteller::new(Arc::clone(&self.clock)))
    }

    /// What its models cost.
    pub fn prices(&self) -> Prices {
        let dollars = |amount: u64| amount * 1_000_000;
        let cache_read = dollars(3) / 10;
        let price = Price { input: dollars(3), output: dollars(15), cache_read, ..Price::nothing(Currency::USD) };
        Prices { by_model: [("large".to_owned(), price)].into(), others: None }
    }

    /// What answers the calls of tools.
    pub fn tools(&self) -> Arc<dyn ToolRunner> {
        Arc::new(tools::Workshop::new(Arc::clone(&self.clock), Arc::clone(&self.world)))
    }

    /// What answers the questions of monitors.
    pub fn signals(&self) -> Arc<dyn SignalReader> {
        Arc::new(world::Gauges::new(Arc::clone(&self.world)))
    }

    /// What takes the deliveries to webhooks.
    pub fn webhooks(&self) -> Arc<dyn WebhookSender> {
        Arc::new(receivers::Receivers)
    }

    /// Makes people, agents and thirty days of history, and lets the clock go. The key is that of
    /// the organization's owner.
    ///
    /// # Errors
    /// An operation refused something, or what was begun did not end.
    pub async fn furnish(&self, place: &Place, key: &str, password: SecretString) -> Result<Life, DemoError> {
        let travel = Travel::new(place.clone(), Arc::clone(&self.clock));
        let company = Box::pin(Company::found(place, &travel, key, password)).await?;
        history::play(&company, &travel, &self.world, self.began_at).await?;
        present::play(&company, &travel, &self.world).await?;
        self.clock.go_on();
        travel.wake();
        Ok(Life { company })
    }
}

/// What goes on happening.
pub struct Life {
    company: Company,
}

impl Life {
    /// How somebody comes in.
    pub fn entry(&self) -> &Entry {
        &self.company.entry
    }

    /// Goes on until `stopping`.
    pub async fn go_on(self, stopping: impl Future<Output = ()>) {
        life::go_on(&self.company, stopping).await;
    }
}
