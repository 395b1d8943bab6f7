//! What has happened in thirty days.

use domain::Timestamp;
use domain::agent::Agent;
use domain::session::Origin;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};

use crate::chance::Chance;
use crate::company::Company;
use crate::people::Who;
use crate::rollouts::{Course, Of, Plan};
use crate::talks::{self, Talk};
use crate::travel::Travel;
use crate::world::World;
use crate::{DemoError, TIME_ZONE};

/// How long it is.
pub(crate) const LASTS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What is under way in the present begins so long before it.
pub(crate) const PRESENT: SignedDuration = SignedDuration::from_mins(75);

/// Any seed would do.
const SEED: u64 = 30;

/// Something that happens.
enum Happening {
    Talk(Occasion),
    Rollout(Plan),
    Deed(Deed),
}

/// A conversation that somebody begins.
#[derive(Clone, Copy)]
struct Occasion {
    with: With,
    by: Who,
    title: &'static str,
    said: &'static str,
    over: Origin,
    /// Whether a call that waits is denied.
    is_denied: bool,
}

#[derive(Clone, Copy)]
pub(crate) enum With {
    Support,
    Operator,
    Notes,
    Reconciler,
}

/// What administrators do now and then.
#[derive(Clone, Copy)]
enum Deed {
    /// Makes a better version of an agent.
    Instruct(&'static str),
    /// Makes a key and takes it back.
    TryKey,
}

const fn asks(title: &'static str, said: &'static str) -> Occasion {
    Occasion { with: With::Support, by: Who::Desk, title, said, over: Origin::Native, is_denied: false }
}

/// What customers want, the usual more often.
const CUSTOMERS: [Occasion; 9] = [
    asks("Where is order {n}?", "Where is order {n}? I am waiting for it."),
    asks("Where is my parcel?", "Hello, I ordered last week. Where is order {n}?"),
    asks("Change of address", "Can I change the address of order {n}? I have moved."),
    asks("Invoice without VAT", "I need an invoice for order {n}, without VAT please."),
    asks("How long can I return it?", "How long do I have to return a sleeping bag?"),
    asks("A bag for −5 °C", "Which one keeps me warm at −5 °C? I look for a sleeping bag."),
    asks("A mug came broken", "A mug of order {n} came broken."),
    Occasion { over: Origin::Cassidy, ..asks("Where is order {n}?", "Where is order {n}?") },
    Occasion { over: Origin::Make, ..asks("Invoice for the books", "Please send the invoice of order {n}.") },
];

/// What those want who run the shop.
const STAFF: [Occasion; 5] = [
    Occasion {
        with: With::Notes,
        by: Who::Lena,
        ..asks("Release notes of the week", "Write the release notes of this week.")
    },
    Occasion {
        with: With::Operator,
        by: Who::Ravi,
        ..asks("checkout-7d9f-2 is slow", "Look at checkout, one instance is slow.")
    },
    Occasion {
        with: With::Operator,
        by: Who::Lena,
        is_denied: true,
        ..asks("Checkout before the sale", "Look at checkout before the sale begins.")
    },
    Occasion {
        with: With::Reconciler,
        by: Who::Ravi,
        ..asks("Declined payments", "An alert came in: more payments than usual are declined. Look into it.")
    },
    Occasion {
        with: With::Operator,
        by: Who::Ravi,
        ..asks("Slow pages, with a screenshot", "Which are the slowest queries? See the picture.")
    },
];

/// Rollouts, by how many days and hours before the present they begin.
const ROLLOUTS: [(i64, i64, Plan); 11] = [
    (16, 4, Plan::new(Of::Storefront, 1_851, "Larger pictures of products", Course::Well)),
    (13, 2, Plan::new(Of::Search, 611, "Find words with umlauts either way", Course::Well)),
    (11, 6, Plan::new(Of::Payments, 402, "Send receipts in the customer's language", Course::Well)),
    (9, 3, Plan::new(Of::Storefront, 1_858, "Show the stock of all warehouses", Course::Well)),
    (7, 5, Plan::new(Of::Search, 618, "Rank by what was bought, not by what was seen", Course::Uneasy)),
    (6, 2, Plan::new(Of::Payments, 407, "Move receipts into a table of their own", Course::Fails)),
    (4, 7, Plan::new(Of::Storefront, 1_866, "Reserve stock when an order is placed", Course::TakenBack)),
    (3, 4, Plan::new(Of::Payments, 411, "Upgrade the terminal library to 4.2", Course::Uneasy)),
    (2, 6, Plan::new(Of::Storefront, 1_871, "Delivery days for each country", Course::Well)),
    (1, 5, REFUSED),
    (0, 8, Plan::new(Of::Search, 624, "Answer from memory what is asked often", Course::Well)),
];

const REFUSED: Plan = Plan {
    paths: &["migrations/0044_receipts.sql", "src/receipts.rs"],
    ..Plan::new(Of::Payments, 414, "Index receipts by order", Course::Refused)
};

/// Deeds, by how many days before the present.
const DEEDS: [(i64, Deed); 4] = [
    (21, Deed::Instruct("Name the carrier, and where the parcel was seen last.")),
    (15, Deed::TryKey),
    (12, Deed::Instruct("Up to EUR 20 are given back without asking for the thing.")),
    (5, Deed::Instruct("If somebody is angry, say sorry once and come to the point.")),
];

/// Lets it happen.
pub(crate) async fn play(
    company: &Company,
    travel: &Travel,
    world: &World,
    began_at: Timestamp,
) -> Result<(), DemoError> {
    let end = travel.end().checked_sub(PRESENT).unwrap_or(began_at);
    let mut chance = Chance::new(SEED);
    let mut all = conversations(&mut chance, began_at, end);
    let ago = |days: i64, hours: i64| travel.end().checked_sub(SignedDuration::from_hours(24 * days + hours)).ok();
    all.extend(
        ROLLOUTS.iter().filter_map(|(days, hours, plan)| Some((ago(*days, *hours)?, Happening::Rollout(*plan)))),
    );
    all.extend(DEEDS.iter().filter_map(|(days, deed)| Some((ago(*days, 3)?, Happening::Deed(*deed)))));
    all.sort_by_key(|(at, _)| *at);
    for (at, happening) in all {
        travel.to(at).await?;
        match happening {
            Happening::Talk(occasion) => occasion.happen(company, travel, &mut chance).await?,
            Happening::Rollout(plan) => plan.take_course(company, travel, world).await?,
            Happening::Deed(deed) => deed.happen(company).await?,
        }
    }
    travel.to(end).await
}

/// Some on every day, few on those of a weekend, and more from week to week.
fn conversations(chance: &mut Chance, began_at: Timestamp, end: Timestamp) -> Vec<(Timestamp, Happening)> {
    let zone = TimeZone::get(TIME_ZONE).unwrap_or(TimeZone::UTC);
    let first = began_at.to_zoned(zone.clone()).date();
    let mut all = Vec::new();
    for day in 0..=30_i64 {
        let Ok(date) = first.checked_add(day.days()) else { break };
        let is_weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        let customers = if is_weekend { 1 } else { 2 + chance.below(2) + day.unsigned_abs() / 12 };
        let staff = if is_weekend { 0 } else { chance.below(2) };
        let of_day = (0..customers).map(|_| &CUSTOMERS[..]).chain((0..staff).map(|_| &STAFF[..]));
        let of_day: Vec<&[Occasion]> = of_day.collect();
        for occasions in of_day {
            let minute = 8 * 60 + chance.below(11 * 60);
            let at = date.to_zoned(zone.clone()).map(|midnight| midnight.timestamp());
            let at = at.ok().and_then(|at| at.checked_add(SignedDuration::from_mins(minute as i64)).ok());
            if let (Some(at), Some(occasion)) = (at.filter(|at| *at > began_at && *at < end), chance.one_of(occasions))
            {
                all.push((at, Happening::Talk(*occasion)));
            }
        }
    }
    all
}

impl Occasion {
    async fn happen(&self, company: &Company, travel: &Travel, chance: &mut Chance) -> Result<(), DemoError> {
        let (app, ctx) = (&company.app, company.ctx(self.by).await?);
        let number = (48_000 + chance.below(4_000)).to_string();
        let (title, said) = (self.title.replace("{n}", &number), self.said.replace("{n}", &number));
        let talk = Talk { over: self.over, ..Talk::of(&title, &said) };
        let session = talks::begin(app, &ctx, self.with.agent(company), talk).await?;
        travel.rest().await?;
        travel.on(std::time::Duration::from_secs(40 + chance.below(400))).await?;
        let ravi = company.ctx(Who::Ravi).await?;
        match self.is_denied {
            true => talks::deny(app, &ravi, session, "Not during the day. It can wait until tonight.").await?,
            false => talks::allow(app, &ravi, session).await?,
        }
        travel.rest().await
    }
}

impl With {
    pub(crate) fn agent(self, company: &Company) -> &Agent {
        let agents = &company.agents;
        match self {
            With::Support => &agents.support,
            With::Operator => &agents.operator,
            With::Notes => &agents.notes,
            With::Reconciler => &agents.reconciler,
        }
    }
}

impl Deed {
    async fn happen(self, company: &Company) -> Result<(), DemoError> {
        let (app, ravi) = (&company.app, company.ctx(Who::Ravi).await?);
        match self {
            Deed::Instruct(more) => {
                let id = company.agents.support.id;
                let better = |spec: &domain::agent::AgentSpec| {
                    let before = spec.instructions.clone().unwrap_or_default();
                    Ok(domain::agent::AgentSpec { instructions: Some(format!("{before} {more}")), ..spec.clone() })
                };
                app.update_agent(&ravi, id, None, better).await?;
            }
            Deed::TryKey => {
                let made = company.people.try_key(app, &ravi).await?;
                app.revoke_key(&ravi, made).await?;
            }
        }
        Ok(())
    }
}
