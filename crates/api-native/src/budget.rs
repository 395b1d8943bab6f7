//! Budgets and money, as clients write them and as they are shown.

use app::Error;
use domain::budget::{Budget, Holder};
use domain::money::{self, Currency};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What may be spent. At least one bound is needed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct BudgetParam {
    #[serde(rename = "type")]
    kind: BudgetType,
    /// Money, by the operator's prices.
    #[serde(default)]
    max_list_cost: Option<MoneyParam>,
    /// Tokens, read and written. Ours.
    #[serde(default)]
    #[schema(minimum = 1)]
    max_tokens: Option<u64>,
    /// Model calls. Ours.
    #[serde(default)]
    #[schema(minimum = 1)]
    max_steps: Option<u64>,
    /// Tool calls. Ours.
    #[serde(default)]
    #[schema(minimum = 1)]
    max_tool_calls: Option<u64>,
    /// Seconds of work; waiting for somebody does not count. Ours.
    #[serde(default)]
    #[schema(minimum = 1)]
    max_active_seconds: Option<u64>,
}

/// What kind of budget it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum BudgetType {
    Limit,
}

/// An amount of money, as clients write it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct MoneyParam {
    /// Minor units (cents), as a whole number in a text.
    amount: String,
    /// Three capital letters.
    currency: String,
}

impl BudgetParam {
    /// The budget.
    ///
    /// # Errors
    /// What is no amount or no currency; every other rule is the application's.
    pub(crate) fn read(&self) -> Result<Budget, Error> {
        let BudgetType::Limit = self.kind;
        let seconds = self.max_active_seconds;
        Ok(Budget {
            money: self.max_list_cost.as_ref().map(MoneyParam::read).transpose()?,
            tokens: self.max_tokens,
            steps: self.max_steps,
            tool_calls: self.max_tool_calls,
            active_ms: seconds.map(|seconds| seconds.saturating_mul(1_000)),
        })
    }
}

impl MoneyParam {
    fn read(&self) -> Result<money::Money, Error> {
        let wrong = |field: &str, message: String| Error::invalid(format!("budget.max_list_cost.{field}"), message);
        let currency: Currency = self.currency.parse().map_err(|error| wrong("currency", format!("{error}")))?;
        let is_whole = !self.amount.is_empty() && self.amount.bytes().all(|byte| byte.is_ascii_digit());
        let minor = self.amount.parse().ok().filter(|_| is_whole);
        let money = minor.and_then(|minor| money::Money::of_minor(minor, currency));
        money.ok_or_else(|| wrong("amount", "must be a whole number of minor units, as a text".to_owned()))
    }
}

/// What may be spent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BudgetView {
    #[serde(rename = "type")]
    kind: BudgetType,
    max_list_cost: Option<Money>,
    /// Tokens, read and written. Ours.
    max_tokens: Option<u64>,
    /// Model calls. Ours.
    max_steps: Option<u64>,
    /// Tool calls. Ours.
    max_tool_calls: Option<u64>,
    /// Seconds of work. Ours.
    max_active_seconds: Option<u64>,
}

impl From<Budget> for BudgetView {
    fn from(budget: Budget) -> Self {
        Self {
            kind: BudgetType::Limit,
            max_list_cost: budget.money.map(Money::from),
            max_tokens: budget.tokens,
            max_steps: budget.steps,
            max_tool_calls: budget.tool_calls,
            max_active_seconds: budget.active_ms.map(|ms| ms / 1_000),
        }
    }
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Money {
    /// Whole minor units (cents).
    amount: String,
    currency: String,
    /// The amount to a millionth of the currency's unit. Ours.
    amount_micros: String,
}

impl From<money::Money> for Money {
    fn from(money: money::Money) -> Self {
        Self {
            amount: money.minor().to_string(),
            currency: money.currency.to_string(),
            amount_micros: money.micros.to_string(),
        }
    }
}

/// Whose budget it is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HolderView {
    Session,
    Agent,
    Key,
    Organization,
}

impl From<Holder> for HolderView {
    fn from(holder: Holder) -> Self {
        match holder {
            Holder::Session => HolderView::Session,
            Holder::Agent => HolderView::Agent,
            Holder::Key => HolderView::Key,
            Holder::Organization => HolderView::Organization,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_budget_is_shown_as_it_was_written() {
        let written = json!({
            "type": "limit", "max_list_cost": { "amount": "150", "currency": "USD" },
            "max_tokens": 10, "max_steps": 2, "max_tool_calls": 3, "max_active_seconds": 4,
        });
        let budget = serde_json::from_value::<BudgetParam>(written.clone()).unwrap().read().unwrap();
        let mut shown = serde_json::to_value(BudgetView::from(budget)).unwrap();
        let micros = shown["max_list_cost"].as_object_mut().unwrap().remove("amount_micros");
        assert_eq!((shown, micros), (written, Some(json!("1500000"))));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for (amount, currency) in
            [("1.5", "USD"), ("-1", "USD"), ("+1", "USD"), ("", "USD"), ("99999999999999999999", "USD"), ("1", "usd")]
        {
            let money = MoneyParam { amount: amount.into(), currency: currency.into() };
            assert!(money.read().is_err(), "{amount} {currency}");
        }
    }
}
