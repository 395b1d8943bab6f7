//! What is so when somebody looks first: something in every state.

use std::time::Duration;

use app::Operator;
use domain::agent::Agent;
use domain::budget::Budget;
use domain::rollout::RolloutStatus;
use jiff::SignedDuration;
use uuid::Uuid;

use crate::DemoError;
use crate::company::Company;
use crate::people::Who;
use crate::rollouts::{Course, Of, Plan};
use crate::talks::{self, Talk};
use crate::travel::Travel;
use crate::world::World;

/// A change of the schema, which waits for somebody's word.
const WAITS: Plan = Plan {
    paths: &["migrations/0045_receipts.sql", "src/receipts.rs"],
    ..Plan::new(Of::Payments, 416, "Index receipts by order, in small steps", Course::Well)
};

/// Does harm: somebody is asked whether to take it back.
const HARMS: Plan = Plan {
    paths: &["src/orders/place.rs", "src/stock/reserve.rs"],
    ..Plan::new(Of::Storefront, 1_882, "Reserve stock when an order is placed, again", Course::TakenBack)
};

/// Is under way, and goes through soon after.
pub(crate) const RUNS: Plan =
    Plan { paths: &["src/suggest.rs"], ..Plan::new(Of::Search, 627, "Suggest what others searched for", Course::Well) };

/// Tokens that somebody thought would do.
const TOO_FEW: u64 = 6_000;

/// Lets it come about, up to the present.
pub(crate) async fn play(company: &Company, travel: &Travel, world: &World) -> Result<(), DemoError> {
    let stage = Stage { company, travel };
    let (operator, support) = (&company.agents.operator, &company.agents.support);
    stage
        .talk(
            64,
            Who::Lena,
            operator,
            Talk::of("Slow pages, with a screenshot", "Which are the slowest queries? See the picture."),
        )
        .await?;
    let budget = Some(Budget { tokens: Some(TOO_FEW), ..Budget::default() });
    let quarter = Talk::of("Errors of the quarter", "Go through every log line of the quarter and sort the errors.");
    stage.talk(57, Who::Ravi, operator, Talk { budget, ..quarter }).await?;
    stage.at(41).await?;
    WAITS.report(company, RolloutStatus::Pending).await?;
    let shelf = Talk::of("Stock of the Ridgeline tent", "Which shelf has the Ridgeline tents, and how many are there?");
    stage.talk(36, Who::Lena, &company.agents.warehouse, shelf).await?;
    let torn =
        Talk::of("Tent torn after one night", "My tent of order 51877 was torn after one night. I want my money back.");
    stage.talk(27, Who::Desk, support, torn).await?;
    stage.at(17).await?;
    HARMS.harm(travel, world);
    HARMS.report(company, RolloutStatus::Running).await?;
    let instance =
        Talk::of("checkout-7d9f-2 fails its health check", "Look at checkout: one instance fails its health check.");
    stage.talk(8, Who::Ravi, operator, instance).await?;
    stage.at(6).await?;
    stage.visit().await?;
    stage.at(5).await?;
    RUNS.report(company, RolloutStatus::Running).await?;
    let report =
        Talk::of("Checkout after this morning's release", "Write the report about checkout, of the last two hours.");
    stage.talk(3, Who::Lena, operator, report).await?;
    let partners = Talk::of("Changelog for partners", "Write the changelog for our partners, of this release.");
    stage.talk(1, Who::Lena, &company.agents.notes, partners).await?;
    travel.to(travel.end()).await
}

struct Stage<'a> {
    company: &'a Company,
    travel: &'a Travel,
}

impl Stage<'_> {
    /// So many minutes before the present.
    async fn at(&self, minutes: i64) -> Result<(), DemoError> {
        let at = self.travel.end().checked_sub(SignedDuration::from_mins(minutes));
        self.travel.to(at.unwrap_or(self.travel.end())).await
    }

    async fn talk(&self, minutes: i64, who: Who, agent: &Agent, talk: Talk) -> Result<(), DemoError> {
        self.at(minutes).await?;
        let ctx = self.company.ctx(who).await?;
        talks::begin(&self.company.app, &ctx, agent, talk).await?;
        self.travel.rest().await
    }

    /// Somebody on the shop's pages.
    async fn visit(&self) -> Result<(), DemoError> {
        let app = &self.company.app;
        let page = app.open_embed(&Operator::of_this_installation(), self.company.page.id).await?;
        let visitor = app.admit_visitor(&page, "a-visitor-of-the-demo-who-is-made-up", None).await?;
        let message = |number: u128| Uuid::from_u128(0x4000_8000_0000_0000_0000 | number);
        app.tell_agent(&page, &visitor, message(1), "Where is order 51902?").await?;
        self.travel.on(Duration::from_secs(25)).await?;
        app.tell_agent(&page, &visitor, message(2), "Thank you! How long can I return it?").await?;
        self.travel.rest().await
    }
}
