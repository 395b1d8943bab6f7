//! Usage: what runs have spent, added up from the runs' own rows when somebody asks.
//!
//! A run counts on the day on which a worker first took it, by the organization's clock, with
//! all that it has spent since. What the caller may not see is not counted.

use std::collections::HashMap;

use domain::key::Scope;
use domain::model::Usage;
use domain::money::{self, Money};
use domain::run::{Share, shares};
use domain::{AgentId, KeyId, OrgId, ProjectId, Timestamp};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use ports::store::{RunSpending, SpendingFilter};
use tokio::sync::Mutex;

use crate::agents::only_reachable;
use crate::error::Error;
use crate::{App, Ctx};

/// Most days that are added up at once.
pub const USAGE_DAYS_MAX: i32 = 400;

/// Days that are added up if nobody says which: those up to today.
const DAYS_DEFAULT: i32 = 30;

/// Runs that are read at a time.
const PAGE: usize = 1_000;

/// Most rows of a report; the smallest are left out beyond it.
const ROWS_MAX: usize = 1_000;

/// By what usage is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageBy {
    /// The agent.
    Agent,
    /// The key that began the run.
    Key,
    /// The model that was asked.
    Model,
    /// The day.
    Day,
    /// The project.
    Project,
}

/// Whose usage a row is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsageOf {
    /// An agent's.
    Agent(AgentId),
    /// A key's; `None` of runs that no key began, or one that the caller does not see.
    Key(Option<KeyId>),
    /// A model's; `None` of runs that asked none.
    Model(Option<String>),
    /// A day's.
    Day(Date),
    /// A project's.
    Project(ProjectId),
}

/// Which usage.
#[derive(Debug, Clone, Copy)]
pub struct UsageQuery {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub to: Option<Date>,
    /// By what it is told apart.
    pub by: UsageBy,
}

/// What was used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// Runs. One that asked several models counts with each of them.
    pub runs: u64,
    /// Model calls begun.
    pub model_calls: u64,
    /// Tool calls begun; of a model nobody knows.
    pub tool_calls: u64,
    /// Tokens.
    pub usage: Usage,
    /// What they cost, as far as the models have a price.
    pub cost: Option<Money>,
    /// Milliseconds in which workers held the runs; of a model nobody knows.
    pub active_ms: u64,
}

/// A row of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// Whose it is.
    pub of: UsageOf,
    /// What that is called.
    pub name: Option<String>,
    /// What was used.
    pub used: Used,
}

/// What was used in some days.
#[derive(Debug, Clone)]
pub struct UsageReport {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// By whose clock days are.
    pub time_zone: String,
    /// Days in their order, each of them; other rows by cost and tokens, the largest first.
    pub rows: Vec<UsageRow>,
    /// Whether rows were left out, since there are too many.
    pub is_cut: bool,
    /// All together, what was left out included.
    pub total: Used,
}

/// Reports of an organization are made one after the other, so that they hold up each other
/// before they hold up what else is read.
#[derive(Default)]
pub(crate) struct UsageTurns([Mutex<()>; 16]);

impl UsageTurns {
    fn of(&self, org: OrgId) -> &Mutex<()> {
        &self.0[org.0.as_u128() as usize % self.0.len()]
    }
}

impl App {
    /// What the runs that the caller may see have used.
    ///
    /// # Errors
    /// The days are not in their order or too many (at `from`), the scope is missing, or the
    /// store failed.
    pub async fn report_usage(&self, ctx: &Ctx, query: UsageQuery) -> Result<UsageReport, Error> {
        ctx.require(Scope::UsageRead)?;
        let org = self.org(ctx).await?;
        let zone = org.zone();
        let days = Days::of(&query, ctx.now.to_zoned(zone.clone()).date(), &zone)?;
        let mut sums = Sums { by: query.by, zone, rows: HashMap::new(), total: Used::default() };
        if query.by == UsageBy::Day {
            sums.rows.extend(days.each().map(|day| (UsageOf::Day(day), Used::default())));
        }
        self.add_up(ctx, &days, &mut sums).await?;
        let Sums { rows, total, .. } = sums;
        let is_of_keys = rows.keys().any(|of| matches!(of, UsageOf::Key(Some(_))));
        let keys = if is_of_keys { self.keys_seen(ctx).await? } else { HashMap::new() };
        let rows = hide_keys(rows, &keys);
        let mut rows: Vec<(UsageOf, Used)> = rows.into_iter().collect();
        rows.sort_by(|(one, of_one), (other, of_other)| match (one, other) {
            (UsageOf::Day(one), UsageOf::Day(other)) => one.cmp(other),
            _ => of_other.weight().cmp(&of_one.weight()).then_with(|| one.cmp(other)),
        });
        let is_cut = rows.len() > ROWS_MAX;
        rows.truncate(ROWS_MAX);
        let rows = self.named(ctx, rows, &keys).await?;
        Ok(UsageReport { from: days.first, to: days.last, time_zone: org.time_zone.clone(), rows, is_cut, total })
    }

    async fn add_up(&self, ctx: &Ctx, days: &Days, sums: &mut Sums) -> Result<(), Error> {
        let Some(project) = only_reachable(ctx, None) else { return Ok(()) };
        let _turn = self.0.usage.of(ctx.org).lock().await;
        let store = self.store(ctx.org);
        let open_to = ctx.restricted();
        let (from, until) = (days.from, days.until);
        let mut after = None;
        loop {
            let filter = SpendingFilter { project, open_to, from, until, after, limit: PAGE };
            let page = store.list_spending(filter).await?;
            page.runs.iter().for_each(|run| sums.add(run));
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Names of the keys that the caller sees.
    async fn keys_seen(&self, ctx: &Ctx) -> Result<HashMap<KeyId, String>, Error> {
        match self.list_keys(ctx).await {
            Ok(keys) => Ok(keys.into_iter().map(|key| (key.id, key.name)).collect()),
            Err(Error::Forbidden { .. }) => Ok(HashMap::new()),
            Err(error) => Err(error),
        }
    }

    async fn named(
        &self,
        ctx: &Ctx,
        rows: Vec<(UsageOf, Used)>,
        keys: &HashMap<KeyId, String>,
    ) -> Result<Vec<UsageRow>, Error> {
        let mut named = Vec::with_capacity(rows.len());
        for (of, used) in rows {
            let name = match &of {
                UsageOf::Agent(agent) => self.agent_name(ctx, *agent).await?,
                UsageOf::Key(key) => key.and_then(|key| keys.get(&key).cloned()),
                UsageOf::Model(model) => model.clone(),
                UsageOf::Day(_) => None,
                UsageOf::Project(project) => {
                    self.store(ctx.org).find_project(*project).await?.map(|project| project.name)
                }
            };
            named.push(UsageRow { of, name, used });
        }
        Ok(named)
    }
}

/// Rows of keys that are not among those, as one row that names none.
fn hide_keys(rows: HashMap<UsageOf, Used>, seen: &HashMap<KeyId, String>) -> HashMap<UsageOf, Used> {
    let mut shown: HashMap<UsageOf, Used> = HashMap::new();
    for (of, used) in rows {
        let of = match of {
            UsageOf::Key(Some(key)) if !seen.contains_key(&key) => UsageOf::Key(None),
            of => of,
        };
        shown.entry(of).or_default().add(&used);
    }
    shown
}

/// The days of a report.
struct Days {
    first: Date,
    last: Date,
    from: Timestamp,
    until: Timestamp,
}

impl Days {
    fn of(query: &UsageQuery, today: Date, zone: &TimeZone) -> Result<Self, Error> {
        let last = query.to.unwrap_or(today);
        let earlier = |days: i32| last.checked_sub(days.days()).unwrap_or(Date::MIN);
        let first = query.from.unwrap_or_else(|| earlier(DAYS_DEFAULT - 1));
        if first > last {
            return Err(Error::invalid("from", "must not be after to"));
        }
        if last.checked_sub(USAGE_DAYS_MAX.days()).is_ok_and(|bound| first <= bound) {
            return Err(Error::invalid("from", format!("must be less than {USAGE_DAYS_MAX} days before to")));
        }
        let begin = |day: Date| day.to_zoned(zone.clone()).map(|at| at.timestamp());
        let until = last.tomorrow().and_then(begin).unwrap_or(Timestamp::MAX);
        Ok(Self { first, last, from: begin(first).unwrap_or(Timestamp::MIN), until })
    }

    fn each(&self) -> impl Iterator<Item = Date> + use<> {
        let last = self.last;
        self.first.series(Span::new().days(1)).take_while(move |day| *day <= last)
    }
}

/// What is being added up.
struct Sums {
    by: UsageBy,
    zone: TimeZone,
    rows: HashMap<UsageOf, Used>,
    total: Used,
}

impl Sums {
    fn add(&mut self, run: &RunSpending) {
        let used = Used::by_run(run);
        self.total.add(&used);
        let of = match self.by {
            UsageBy::Agent => UsageOf::Agent(run.agent),
            UsageBy::Key => UsageOf::Key(run.key),
            UsageBy::Project => UsageOf::Project(run.project),
            UsageBy::Day => UsageOf::Day(run.started_at.to_zoned(self.zone.clone()).date()),
            UsageBy::Model => return self.add_models(run),
        };
        self.rows.entry(of).or_default().add(&used);
    }

    fn add_models(&mut self, run: &RunSpending) {
        if run.asked.is_empty() {
            return self.rows.entry(UsageOf::Model(None)).or_default().add(&Used::by_run(run));
        }
        for (model, Share { calls, usage, cost }) in shares(&run.spent, &run.asked) {
            let used = Used { runs: 1, model_calls: u64::from(calls), usage, cost, ..Used::default() };
            self.rows.entry(UsageOf::Model(Some(model.to_owned()))).or_default().add(&used);
        }
    }
}

impl Used {
    fn by_run(run: &RunSpending) -> Self {
        let spent = &run.spent;
        Self {
            runs: 1,
            model_calls: u64::from(spent.steps),
            tool_calls: u64::from(spent.tool_calls),
            usage: spent.usage,
            cost: spent.cost,
            active_ms: spent.active_ms,
        }
    }

    /// Sums stop at the top: what providers count is theirs to say.
    fn add(&mut self, more: &Used) {
        self.runs = self.runs.saturating_add(more.runs);
        self.model_calls = self.model_calls.saturating_add(more.model_calls);
        self.tool_calls = self.tool_calls.saturating_add(more.tool_calls);
        self.usage += more.usage;
        self.cost = money::sum(self.cost, more.cost);
        self.active_ms = self.active_ms.saturating_add(more.active_ms);
    }

    fn weight(&self) -> (u64, u64, u64) {
        (self.cost.map_or(0, |cost| cost.micros), self.usage.total(), self.runs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn days(from: Option<&str>, to: Option<&str>) -> Result<Days, Error> {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let query = UsageQuery { from: from.map(day), to: to.map(day), by: UsageBy::Day };
        Days::of(&query, day("2026-03-30"), &zone)
    }

    #[test]
    fn days_begin_at_midnight_where_the_organization_is() {
        // The clock is put forward on the 29th, which has 23 hours.
        let found = days(Some("2026-03-29"), Some("2026-03-29")).unwrap();
        let expected = ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"].map(|at| at.parse::<Timestamp>().unwrap());
        assert_eq!([found.from, found.until], expected);
        assert_eq!(days(None, None).unwrap().each().count(), 30);
        assert_eq!(days(None, Some("2026-01-01")).unwrap().first, day("2025-12-03"));
    }

    #[test]
    fn days_have_an_order_and_a_bound() {
        assert!(days(Some("2026-03-02"), Some("2026-03-01")).is_err());
        assert!(days(Some("2026-03-31"), None).is_err(), "after today");
        assert!(days(Some("2025-02-24"), Some("2026-03-30")).is_ok(), "400 days");
        assert!(days(Some("2025-02-23"), Some("2026-03-30")).is_err());
        assert!(days(Some("-009999-01-01"), Some("9999-12-31")).is_err());
        assert!(days(Some("9999-12-31"), Some("9999-12-31")).is_ok());
        assert!(days(Some("-009999-01-01"), Some("-009999-01-01")).is_ok());
    }
}
