//! The flags of a budget, and how one is shown.

use clap::Args;
use domain::budget::{Budget, Totals};
use domain::money::{Currency, Money, micros_of};
use server::admin::views::BudgetView;

/// What may be spent. What is not named is not bounded.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Budget")]
pub(crate) struct BudgetFlags {
    /// Tokens, read and written.
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u64).range(1..))]
    budget_tokens: Option<u64>,
    /// Model calls.
    #[arg(long, value_name = "CALLS", value_parser = clap::value_parser!(u64).range(1..))]
    budget_steps: Option<u64>,
    /// Tool calls.
    #[arg(long, value_name = "CALLS", value_parser = clap::value_parser!(u64).range(1..))]
    budget_tool_calls: Option<u64>,
    /// Seconds of work; waiting for somebody does not count.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    budget_active_seconds: Option<u64>,
    /// Money by the configured prices, with or without its currency: `25`, `0.50 EUR`.
    #[arg(long, value_name = "AMOUNT", value_parser = money)]
    budget_cost: Option<Money>,
}

impl BudgetFlags {
    /// The budget; `None` if no flag was given.
    pub(crate) fn budget(&self) -> Option<Budget> {
        let budget = Budget {
            money: self.budget_cost,
            tokens: self.budget_tokens,
            steps: self.budget_steps,
            tool_calls: self.budget_tool_calls,
            active_ms: self.budget_active_seconds.map(|seconds| seconds.saturating_mul(1_000)),
        };
        (!budget.is_empty()).then_some(budget)
    }
}

/// The flags of [`BudgetFlags`].
const BOUNDS: [&str; 5] =
    ["budget_tokens", "budget_steps", "budget_tool_calls", "budget_active_seconds", "budget_cost"];

/// What an update does to a budget.
#[derive(Debug, Clone, Args)]
pub(crate) struct BudgetChange {
    #[command(flatten)]
    flags: BudgetFlags,
    /// Lift every bound, and forget what was spent.
    // A group would leave out what is flattened into it, so the flags are named.
    #[arg(long, required_unless_present_any = BOUNDS, conflicts_with_all = BOUNDS)]
    no_budget: bool,
}

impl BudgetChange {
    /// The budget there is to be.
    pub(crate) fn budget(&self) -> Option<Budget> {
        self.flags.budget().filter(|_| !self.no_budget)
    }
}

/// A budget in a cell: of each unit that is bounded, what was spent and what may be.
pub(crate) fn cell(budget: Option<&BudgetView>) -> String {
    let Some(BudgetView { limits, spent, .. }) = budget else { return String::new() };
    let Totals { cost, tokens, steps, tool_calls, active_ms } = *spent;
    let count = |what: &str, spent: u64, max: Option<u64>| max.map(|max| format!("{spent}/{max} {what}"));
    let money = limits.money.map(|max| {
        let spent = Money { micros: cost.map_or(0, |cost| cost.micros), ..max };
        format!("{}/{} {}", units(spent), units(max), max.currency)
    });
    let parts = [
        money,
        count("tokens", tokens, limits.tokens),
        count("steps", steps, limits.steps),
        count("tool calls", tool_calls, limits.tool_calls),
        count("s", active_ms / 1_000, limits.active_ms.map(|ms| ms / 1_000)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A budget in words.
pub(crate) fn said(budget: Option<&BudgetView>) -> String {
    match budget {
        Some(budget) => format!("spent {}", cell(Some(budget))),
        None => "no budget".to_owned(),
    }
}

/// An amount in units of its currency, to the millionth.
fn units(money: Money) -> String {
    let text = format!("{}.{:06}", money.micros / 1_000_000, money.micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn money(text: &str) -> Result<Money, String> {
    let (amount, currency) = text.split_once(' ').unwrap_or((text, "USD"));
    let currency: Currency = currency.parse().map_err(|error| format!("{error}"))?;
    let micros = micros_of(amount).filter(|micros| *micros > 0);
    let micros = micros.ok_or("give an amount above 0 with at most six places, such as 25 or 0.50 EUR")?;
    Ok(Money { micros, currency })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_an_amount_with_or_without_its_currency() {
        assert_eq!(money("25").unwrap(), Money { micros: 25_000_000, currency: Currency::USD });
        assert_eq!(money("0.50 EUR").unwrap(), Money { micros: 500_000, currency: "EUR".parse().unwrap() });
        for wrong in ["", "0", "-1", "1,5", "1 euro", "1  EUR"] {
            assert!(money(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_budget_is_shown_by_what_was_spent_of_each_bound() {
        let limits = Budget { money: Some(money("1.50").unwrap()), steps: Some(10), ..Budget::default() };
        let spent = Totals { cost: Some(money("0.25").unwrap()), steps: 4, tokens: 99, ..Totals::default() };
        let view = BudgetView { limits, spent, left: Budget::default() };
        assert_eq!(cell(Some(&view)), "0.25/1.5 USD, 4/10 steps");
        assert_eq!(cell(None), "");
    }
}
