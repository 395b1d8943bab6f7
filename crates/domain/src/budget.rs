//! Budgets: how much a session, an agent, a key or an organization may spend in all, over
//! however many runs.
//!
//! A [`crate::limits::Limits`] bounds one run; a [`Budget`] bounds everything that is put on
//! one *account*. What a run spends goes on the accounts of its session, its agent, the key
//! that began it and its organization, as far as they have a budget, and each of them can
//! stop it: the tightest wins. A call is *reserved* before it is made, in the commit that
//! stores its intent ([`crate::Change::Reserve`]): the store counts it and refuses it in one
//! step, whatever runs beside it. Model calls and tool calls are therefore never more than
//! allowed; tokens, money and time, which nobody knows before, are over by at most the calls
//! that were under way.

use serde::{Deserialize, Serialize};

use crate::id::{AgentId, KeyId, OrgId, SessionId};
use crate::limits::Unit;
use crate::money::{self, Money};

/// What may be spent in all. Absent is unbounded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Money, by the operator's prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
    /// Tokens, read and written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Model calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Tool calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<u64>,
    /// Milliseconds in which workers hold the runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_ms: Option<u64>,
}

/// What was spent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Money; `None` as long as nothing that has a price was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
    /// Tokens of all finished model calls.
    pub tokens: u64,
    /// Model calls begun.
    pub steps: u64,
    /// Tool calls begun.
    pub tool_calls: u64,
    /// Milliseconds in which workers held the runs.
    pub active_ms: u64,
}

/// A call, or calls side by side, about to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// One model call.
    ModelCall,
    /// So many tool calls.
    ToolCalls(u64),
}

/// Whose a budget is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// One session.
    Session,
    /// An agent: all its sessions, of all versions.
    Agent,
    /// A key: all runs that were begun with it.
    Key,
    /// The organization.
    Organization,
}

impl Holder {
    /// As it stands in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Holder::Session => "session",
            Holder::Agent => "agent",
            Holder::Key => "key",
            Holder::Organization => "organization",
        }
    }
}

/// An account, by what it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountId {
    /// A session's.
    Session(SessionId),
    /// An agent's.
    Agent(AgentId),
    /// A key's.
    Key(KeyId),
    /// An organization's.
    Organization(OrgId),
}

impl AccountId {
    /// Whose it is.
    pub fn holder(self) -> Holder {
        match self {
            AccountId::Session(_) => Holder::Session,
            AccountId::Agent(_) => Holder::Agent,
            AccountId::Key(_) => Holder::Key,
            AccountId::Organization(_) => Holder::Organization,
        }
    }
}

/// On whose accounts a run goes, beside its organization's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payers {
    /// The session; `None` to leave its own budget out of the question.
    pub session: Option<SessionId>,
    /// The agent.
    pub agent: AgentId,
    /// The key that began the run.
    pub key: Option<KeyId>,
}

impl Payers {
    /// The accounts of a run of this organization.
    pub fn accounts(&self, org: OrgId) -> impl Iterator<Item = AccountId> + use<> {
        let session = self.session.map(AccountId::Session);
        let key = self.key.map(AccountId::Key);
        [session, Some(AccountId::Agent(self.agent)), key, Some(AccountId::Organization(org))].into_iter().flatten()
    }
}

/// A budget and what was spent of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Whose.
    pub holder: Holder,
    /// What may be spent.
    pub budget: Budget,
    /// What was, since the budget was first set.
    pub spent: Totals,
}

/// What stops a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedUp {
    /// What there is no more of.
    pub unit: Unit,
    /// Whose budget it is.
    pub holder: Holder,
}

impl Budget {
    /// Whether it bounds nothing.
    pub fn is_empty(&self) -> bool {
        *self == Budget::default()
    }

    /// The unit, if any, that forbids the call after this was spent.
    pub fn forbids(&self, spent: &Totals, call: Reservation) -> Option<Unit> {
        let over = |max: Option<u64>, with_call: u64| max.is_some_and(|max| with_call > max);
        let used_up = |max: Option<u64>, spent: u64| max.is_some_and(|max| spent >= max);
        match call {
            // The answer of a model that has used up tokens or money may still be acted on.
            Reservation::ToolCalls(count) if over(self.tool_calls, spent.tool_calls.saturating_add(count)) => {
                Some(Unit::ToolCalls)
            }
            Reservation::ToolCalls(_) => used_up(self.active_ms, spent.active_ms).then_some(Unit::Time),
            Reservation::ModelCall if over(self.steps, spent.steps.saturating_add(1)) => Some(Unit::Steps),
            Reservation::ModelCall if used_up(self.tokens, spent.tokens) => Some(Unit::Tokens),
            Reservation::ModelCall if self.money.is_some_and(|max| max.less(spent.cost).micros == 0) => {
                Some(Unit::Money)
            }
            Reservation::ModelCall => used_up(self.active_ms, spent.active_ms).then_some(Unit::Time),
        }
    }

    /// The first unit whose bound is not above what was spent: a budget that would stop the
    /// next call.
    pub fn reached(&self, spent: &Totals) -> Option<Unit> {
        let model_call = self.forbids(spent, Reservation::ModelCall);
        model_call.or_else(|| self.forbids(spent, Reservation::ToolCalls(1)))
    }
}

impl Totals {
    /// Both together. Sums stop at the top: a provider's counts may be absurd, and must not
    /// wrap around to what a budget would let pass.
    #[must_use]
    pub fn plus(self, other: Totals) -> Totals {
        Totals {
            cost: money::sum(self.cost, other.cost),
            tokens: self.tokens.saturating_add(other.tokens),
            steps: self.steps.saturating_add(other.steps),
            tool_calls: self.tool_calls.saturating_add(other.tool_calls),
            active_ms: self.active_ms.saturating_add(other.active_ms),
        }
    }

    /// With this call counted as begun.
    #[must_use]
    pub fn with(self, call: Reservation) -> Totals {
        let begun = match call {
            Reservation::ModelCall => Totals { steps: 1, ..Totals::default() },
            Reservation::ToolCalls(count) => Totals { tool_calls: count, ..Totals::default() },
        };
        self.plus(begun)
    }
}

impl Account {
    /// What forbids the call, if anything does, after `pending` was spent besides.
    pub fn forbids(&self, pending: &Totals, call: Reservation) -> Option<UsedUp> {
        let unit = self.budget.forbids(&self.spent.plus(*pending), call)?;
        Some(UsedUp { unit, holder: self.holder })
    }

    /// What is left, of each unit that is bounded.
    pub fn left(&self) -> Budget {
        let Account { budget, spent, .. } = self;
        let left = |max: Option<u64>, spent: u64| max.map(|max| max.saturating_sub(spent));
        Budget {
            money: budget.money.map(|max| max.less(spent.cost)),
            tokens: left(budget.tokens, spent.tokens),
            steps: left(budget.steps, spent.steps),
            tool_calls: left(budget.tool_calls, spent.tool_calls),
            active_ms: left(budget.active_ms, spent.active_ms),
        }
    }

    /// How many more tool calls it allows after `pending`; `None` is no bound.
    pub fn tool_calls_left(&self, pending: &Totals) -> Option<u64> {
        Account { spent: self.spent.plus(*pending), ..*self }.left().tool_calls
    }
}

/// What forbids the call on any of the accounts: the tightest wins.
pub fn forbids(accounts: &[Account], pending: &Totals, call: Reservation) -> Option<UsedUp> {
    accounts.iter().find_map(|account| account.forbids(pending, call))
}

/// A session's budget cannot be changed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BudgetRefusal {
    /// It has none, and is not given one later.
    #[error("the session has no budget: one is given when a session is made, and is gone once removed")]
    CreateOnly,
    /// The new bound would stop the session at once.
    #[error("the bound on {} is not above what is spent already", .0.as_str())]
    NotRaised(Unit),
}

/// Checks another budget for a session that has `current` and has spent this. No budget at
/// all lifts every bound.
///
/// # Errors
/// See [`BudgetRefusal`].
pub fn check_change(current: Option<&Budget>, next: Option<&Budget>, spent: &Totals) -> Result<(), BudgetRefusal> {
    match (current, next) {
        (None, Some(_)) => Err(BudgetRefusal::CreateOnly),
        (Some(_), Some(next)) => next.reached(spent).map_or(Ok(()), |unit| Err(BudgetRefusal::NotRaised(unit))),
        (_, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn usd(micros: u64) -> Money {
        Money { micros, currency: Currency::USD }
    }

    fn spent() -> Totals {
        Totals { cost: Some(usd(10)), tokens: 10, steps: 10, tool_calls: 10, active_ms: 10 }
    }

    #[test]
    fn each_unit_forbids_by_its_name_at_its_bound_and_not_before() {
        let none = Budget::default();
        for (reached, open, call, unit) in [
            (Budget { money: Some(usd(10)), ..none }, Budget { money: Some(usd(11)), ..none }, 0, Unit::Money),
            (Budget { tokens: Some(10), ..none }, Budget { tokens: Some(11), ..none }, 0, Unit::Tokens),
            (Budget { steps: Some(10), ..none }, Budget { steps: Some(11), ..none }, 0, Unit::Steps),
            (Budget { active_ms: Some(10), ..none }, Budget { active_ms: Some(11), ..none }, 0, Unit::Time),
            (Budget { active_ms: Some(10), ..none }, Budget { active_ms: Some(11), ..none }, 1, Unit::Time),
            (Budget { tool_calls: Some(12), ..none }, Budget { tool_calls: Some(13), ..none }, 3, Unit::ToolCalls),
        ] {
            let call = if call == 0 { Reservation::ModelCall } else { Reservation::ToolCalls(call) };
            assert_eq!(reached.forbids(&spent(), call), Some(unit));
            assert_eq!(open.forbids(&spent(), call), None, "{unit:?}");
        }
    }

    #[test]
    fn what_a_model_asked_for_is_done_though_its_tokens_were_the_last() {
        let budget = Budget { tokens: Some(1), money: Some(usd(1)), steps: Some(1), ..Budget::default() };
        assert_eq!(budget.forbids(&spent(), Reservation::ToolCalls(1)), None);
    }

    #[test]
    fn the_tightest_account_stops_and_is_named() {
        let account = |holder, steps| Account {
            holder,
            budget: Budget { steps: Some(steps), ..Budget::default() },
            spent: spent(),
        };
        let accounts = [account(Holder::Session, 99), account(Holder::Agent, 10), account(Holder::Organization, 99)];
        let stopped = forbids(&accounts, &Totals::default(), Reservation::ModelCall);
        assert_eq!(stopped, Some(UsedUp { unit: Unit::Steps, holder: Holder::Agent }));
        let pending = Totals { steps: 89, ..Totals::default() };
        let stopped = forbids(&accounts[..1], &pending, Reservation::ModelCall);
        assert_eq!(stopped, Some(UsedUp { unit: Unit::Steps, holder: Holder::Session }));
        assert_eq!(forbids(&[], &spent(), Reservation::ModelCall), None);
    }

    #[test]
    fn a_sessions_budget_is_raised_or_removed_and_never_added() {
        let budget = |tokens| Budget { tokens: Some(tokens), ..Budget::default() };
        let (low, high) = (budget(10), budget(11));
        assert_eq!(check_change(None, Some(&high), &spent()), Err(BudgetRefusal::CreateOnly));
        assert_eq!(check_change(Some(&high), Some(&low), &spent()), Err(BudgetRefusal::NotRaised(Unit::Tokens)));
        assert_eq!(check_change(Some(&low), Some(&high), &spent()), Ok(()));
        assert_eq!(check_change(Some(&low), None, &spent()), Ok(()));
        assert_eq!(check_change(None, None, &spent()), Ok(()));
    }
}
