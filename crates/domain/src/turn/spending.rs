//! What a run spends, whose budgets allow it, and what becomes of a call that they refuse.
//!
//! A turn does not know what the accounts of its agent, key and organization hold: other runs
//! spend from them at the same time. It decides as if they allowed everything, and names the
//! call it begins in its change set ([`Change::Reserve`]), where the store refuses it if a
//! budget is used up. Then, and only then, the turn is shown the accounts and decides again.

#[cfg(test)]
pub(super) mod tests;

use super::{CallState, Change, ChangeSet, Guard, Moment, Phase, Turn};
use crate::budget::{self, Account, Reservation, Totals, UsedUp};
use crate::id::EventId;
use crate::limits::Unit;
use crate::model::Usage;
use crate::money::{self, Money};
use crate::run::{Outcome, Share};

/// What a turn spends, between one commit and the next.
#[derive(Debug, Clone, Default)]
pub(super) struct Spending {
    /// What no change set has named yet.
    unbilled: Totals,
    /// The call that begins, not named in a change set yet.
    beginning: Option<Beginning>,
    /// The call that begins with the commit under way.
    begun: Option<Beginning>,
    /// The accounts, while the turn decides again.
    accounts: Vec<Account>,
}

/// A call that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Beginning {
    ModelCall(EventId),
    ToolCalls(Vec<EventId>),
}

impl Beginning {
    fn reservation(&self) -> Reservation {
        match self {
            Beginning::ModelCall(_) => Reservation::ModelCall,
            Beginning::ToolCalls(calls) => Reservation::ToolCalls(calls.len() as u64),
        }
    }
}

impl Turn {
    /// A change set of this turn was refused because a budget is used up
    /// ([`Change::Reserve`]): decides again about the call that was to begin, by what its
    /// accounts hold now. The rest of what was decided stands. Gives the whole change set
    /// that takes the place of the refused one.
    pub fn reconsider(&mut self, refused: ChangeSet, accounts: Vec<Account>, at: &mut Moment<'_>) -> ChangeSet {
        let mut kept = refused;
        let is_claim = !kept.guards.iter().any(|guard| matches!(guard, Guard::Held { .. }));
        let begun = self.take_back(&mut kept);
        self.spending.accounts = accounts;
        match begun {
            _ if self.phase == Phase::Over => {}
            Some(Beginning::ModelCall(_)) => self.begin_model_call(at),
            Some(Beginning::ToolCalls(_)) => self.advance(at),
            None => {}
        }
        self.spending.accounts.clear();
        // What stands is named again as it is now.
        kept.guards
            .retain(|guard| !matches!(guard, Guard::Held { .. } | Guard::NoInput { .. } | Guard::AgentLives { .. }));
        let mut again = self.take_changes();
        again.guards.retain(|guard| !(is_claim && matches!(guard, Guard::Held { .. })));
        kept.and(again)
    }

    /// Takes what was begun, and what was spent, out of a change set that was not applied.
    fn take_back(&mut self, refused: &mut ChangeSet) -> Option<Beginning> {
        refused.changes.retain(|change| match change {
            Change::Spend { amount, .. } => {
                self.spending.unbilled = self.spending.unbilled.plus(*amount);
                false
            }
            // The run is put again, as it is after all.
            Change::Reserve { .. } | Change::PutRun(_) => false,
            _ => true,
        });
        let begun = self.spending.begun.take()?;
        match &begun {
            _ if self.phase == Phase::Over => {}
            Beginning::ModelCall(start) => {
                for change in &mut refused.changes {
                    if let Change::Append { events, .. } = change {
                        events.retain(|event| event.id != *start);
                    }
                }
                self.run.spent.steps -= 1;
                self.state.steps = self.state.steps.saturating_sub(1);
                let model = self.model().to_owned();
                self.run.uncharge_call(&model);
                self.phase = Phase::InTools;
            }
            Beginning::ToolCalls(ids) => {
                for call in self.calls.iter_mut().filter(|call| ids.contains(&call.id)) {
                    call.state = CallState::Ready;
                }
                self.run.spent.tool_calls -= ids.len() as u32;
            }
        }
        Some(begun)
    }

    /// Counts a model call that begins.
    pub(super) fn count_model_call(&mut self, start: EventId) {
        let model = self.model().to_owned();
        self.run.charge(&model, Share::CALL);
        self.run.spent.steps += 1;
        self.state.steps = self.state.steps.saturating_add(1);
        self.spending.beginning = Some(Beginning::ModelCall(start));
    }

    /// Counts tool calls that begin.
    pub(super) fn count_tool_calls(&mut self, calls: Vec<EventId>) {
        if calls.is_empty() {
            return;
        }
        self.run.spent.tool_calls += calls.len() as u32;
        self.spending.beginning = Some(Beginning::ToolCalls(calls));
    }

    /// Counts what a model call used.
    pub(super) fn count_usage(&mut self, usage: Usage, cost: Option<Money>) {
        let model = self.model().to_owned();
        self.run.charge(&model, Share { calls: 0, usage, cost });
        self.run.spent.usage += usage;
        self.run.spent.cost = money::sum(self.run.spent.cost, cost);
        self.state.usage += usage;
        self.state.cost = money::sum(self.state.cost, cost);
        let amount = Totals { cost, tokens: usage.total(), ..Totals::default() };
        self.spending.unbilled = self.spending.unbilled.plus(amount);
    }

    /// Counts the time since it was last counted.
    pub(super) fn count_time(&mut self, now: jiff::Timestamp) {
        let held = u64::try_from(now.duration_since(self.held_since).as_millis()).unwrap_or(0);
        if held == 0 {
            return;
        }
        self.run.spent.active_ms = self.run.spent.active_ms.saturating_add(held);
        self.state.active_ms = self.state.active_ms.saturating_add(held);
        self.spending.unbilled = self.spending.unbilled.plus(Totals { active_ms: held, ..Totals::default() });
        let counted = jiff::SignedDuration::from_millis(held.cast_signed());
        self.held_since = self.held_since.checked_add(counted).unwrap_or(now);
    }

    /// What forbids one more model call, if anything does: a limit of the run, or a budget.
    pub(super) fn forbids_model_call(&self) -> Option<Outcome> {
        let limit = self.limits.forbids_model_call(&self.run.spent);
        limit.map(limit_reached).or_else(|| self.forbidden(Reservation::ModelCall).map(budget_reached))
    }

    /// How many tool calls may begin; if none, what forbids them.
    pub(super) fn tool_calls_left(&self) -> Result<usize, Outcome> {
        let limit = self.limits.tool_calls_left(&self.run.spent).map(u64::from);
        if limit == Some(0) {
            return Err(limit_reached(Unit::ToolCalls));
        }
        if let Some(used_up) = self.forbidden(Reservation::ToolCalls(1)) {
            return Err(budget_reached(used_up));
        }
        let Spending { accounts, unbilled, .. } = &self.spending;
        let budgets = accounts.iter().filter_map(|account| account.tool_calls_left(unbilled));
        let left = budgets.chain(limit).min();
        Ok(left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX)))
    }

    fn forbidden(&self, call: Reservation) -> Option<UsedUp> {
        budget::forbids(&self.spending.accounts, &self.spending.unbilled, call)
    }

    /// What was spent and what begins, as changes; a run that is over begins nothing.
    pub(super) fn bill(&mut self) -> impl Iterator<Item = Change> + use<> {
        let payers = self.run.payers();
        let amount = std::mem::take(&mut self.spending.unbilled);
        let spent = (amount != Totals::default()).then_some(Change::Spend { payers, amount });
        let beginning = self.spending.beginning.take().filter(|_| self.phase != Phase::Over);
        let reserved = beginning.as_ref().map(|begins| Change::Reserve { payers, call: begins.reservation() });
        if beginning.is_some() {
            self.spending.begun = beginning;
        }
        spent.into_iter().chain(reserved)
    }

    /// What has begun has begun.
    pub(super) fn bill_is_committed(&mut self) {
        self.spending.begun = None;
    }
}

fn limit_reached(unit: Unit) -> Outcome {
    Outcome::LimitReached { unit, budget: None }
}

fn budget_reached(UsedUp { unit, holder }: UsedUp) -> Outcome {
    Outcome::LimitReached { unit, budget: Some(holder) }
}
