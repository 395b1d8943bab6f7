//! Runs side by side that spend from the same budgets, under every order of happenings: no
//! budget is overdrawn by more than the calls under way, and each total is the sum of what
//! its runs spent.

use std::cell::RefCell;
use std::rc::Rc;

use proptest::prelude::*;

use crate::budget::{Account, Budget, Holder, Reservation, Totals};
use crate::change::{Change, ChangeSet};
use crate::event::{EventBody, StopReason};
use crate::limits::{Limits, Unit};
use crate::money::{Currency, Money};
use crate::run::Outcome;
use crate::tool::{Effect, Judgement, Ruling};
use crate::turn::tests::{Desk, Happening, asks_for, check_log, happen, happening, judged, says, started};
use crate::turn::{Doing, Reply};

/// Accounts as a store keeps them: one for all desks that share it.
#[derive(Debug, Clone, Default)]
pub(in crate::turn) struct Bank(Rc<RefCell<Vec<Account>>>);

impl Bank {
    fn of(accounts: impl IntoIterator<Item = (Holder, Budget)>) -> Self {
        let account = |(holder, budget)| Account { holder, budget, spent: Totals::default() };
        Bank(Rc::new(RefCell::new(accounts.into_iter().map(account).collect())))
    }

    /// Whether the accounts allow the change set; all of it is counted, or nothing.
    pub(in crate::turn) fn pay(&self, changes: &ChangeSet) -> bool {
        let mut after = self.accounts();
        for change in &changes.changes {
            match change {
                Change::Spend { amount, .. } => {
                    after.iter_mut().for_each(|account| account.spent = account.spent.plus(*amount));
                }
                Change::Reserve { call, .. } => {
                    if after.iter().any(|account| account.forbids(&Totals::default(), *call).is_some()) {
                        return false;
                    }
                    after.iter_mut().for_each(|account| account.spent = account.spent.with(*call));
                }
                _ => {}
            }
        }
        *self.0.borrow_mut() = after;
        true
    }

    pub(in crate::turn) fn accounts(&self) -> Vec<Account> {
        self.0.borrow().clone()
    }

    fn spent(&self) -> Totals {
        self.0.borrow()[0].spent
    }
}

fn desk(budget: Budget) -> Desk {
    Desk::at(&Bank::of([(Holder::Session, budget)]), 0, Limits::default()).unwrap()
}

fn looping() -> Reply {
    let calls = vec![judged(Effect::Read, Judgement::Valid(Ruling::Allow)); 2];
    let cost = Some(Money { micros: 5, currency: Currency::USD });
    Reply { cost, ..Reply { calls, ..says("again") } }
}

fn answer_all(desk: &mut Desk) {
    for _ in started(desk) {
        happen(desk, &Happening::Answers(0));
    }
}

#[test]
fn a_looping_run_stops_at_each_budget_by_its_name() {
    let money = |micros| Some(Money { micros, currency: Currency::USD });
    for (budget, unit, most) in [
        (Budget { steps: Some(3), ..Budget::default() }, Unit::Steps, 3),
        (Budget { tool_calls: Some(3), ..Budget::default() }, Unit::ToolCalls, 3),
        (Budget { tokens: Some(4), ..Budget::default() }, Unit::Tokens, 6),
        (Budget { money: money(6), ..Budget::default() }, Unit::Money, 10),
    ] {
        let mut desk = desk(budget);
        for _ in 0..10 {
            desk.decide(|turn, at| turn.replied(looping(), at));
            answer_all(&mut desk);
        }
        assert_eq!(desk.turn.run.outcome, Some(Outcome::LimitReached { unit, budget: Some(Holder::Session) }));
        let spent = desk.bank.spent();
        let used = match unit {
            Unit::Steps => spent.steps,
            Unit::ToolCalls => spent.tool_calls,
            Unit::Tokens => spent.tokens,
            _ => spent.cost.map_or(0, |cost| cost.micros),
        };
        assert_eq!(used, most, "{unit:?}");
        let last = desk.log.last().map(|event| event.body.clone());
        let stop_reason = StopReason::BudgetReached { unit, budget: Some(Holder::Session) };
        assert_eq!(last, Some(EventBody::StatusIdle { stop_reason }));
        check_log(&desk).unwrap();
    }
}

/// Of calls asked for together, as many are made as the budget has room for.
#[test]
fn the_last_tool_calls_are_made_before_the_run_stops() {
    let mut desk = desk(Budget { tool_calls: Some(3), ..Budget::default() });
    let reply = asks_for(vec![judged(Effect::Read, Judgement::Valid(Ruling::Allow)); 5]);
    desk.decide(|turn, at| turn.replied(reply, at));
    assert_eq!(started(&desk).len(), 3);
    answer_all(&mut desk);
    assert_eq!((desk.turn.doing(), desk.turn.run.spent.tool_calls), (Doing::Over, 3));
    let unmade = desk.log.iter().filter(
        |event| matches!(&event.body, EventBody::AgentToolResult { content, is_error: true, .. } if format!("{content:?}").contains("not made")),
    );
    assert_eq!(unmade.count(), 2, "the model is told of each call that was not made");
}

#[test]
fn a_call_that_is_refused_leaves_no_trace() {
    let mut desk = desk(Budget { steps: Some(1), ..Budget::default() });
    desk.decide(|turn, at| turn.replied(looping(), at));
    answer_all(&mut desk);
    let begun = desk.log.iter().filter(|event| matches!(event.body, EventBody::ModelRequestStart { .. })).count();
    assert_eq!((begun, desk.turn.run.spent.steps, desk.bank.spent().steps), (1, 1, 1));
}

const DESKS: usize = 3;

fn budget() -> impl Strategy<Value = Budget> {
    let bound = || proptest::option::of(1..12u64);
    (bound(), bound(), bound()).prop_map(|(tokens, steps, tool_calls)| Budget {
        tokens,
        steps,
        tool_calls,
        ..Budget::default()
    })
}

proptest! {
    #[test]
    fn budgets_hold_whoever_spends_and_count_exactly(
        budgets in (budget(), budget()),
        happenings in proptest::collection::vec((0..DESKS, happening()), 0..80),
    ) {
        let bank = Bank::of([(Holder::Agent, budgets.0), (Holder::Organization, budgets.1)]);
        let mut desks: Vec<Desk> =
            (0..DESKS as u128).filter_map(|number| Desk::at(&bank, number, Limits::default())).collect();
        for (at, happening) in &happenings {
            let Some(desk) = desks.get_mut(*at) else { continue };
            if desk.turn.doing() == Doing::Over {
                continue;
            }
            happen(desk, happening);
            check_log(desk)?;
            if let Some(Outcome::LimitReached { budget, unit }) = desk.turn.run.outcome {
                let accounts = bank.accounts();
                // The deadline is the run's own.
                let stopped_by = accounts.iter().find(|account| Some(account.holder) == budget);
                prop_assert!(stopped_by.is_some() || unit == Unit::Time);
            }
        }

        let sum = desks.iter().fold(Totals::default(), |sum, desk| {
            let spent = desk.turn.run.spent;
            sum.plus(Totals {
                cost: spent.cost,
                tokens: spent.usage.total(),
                steps: u64::from(spent.steps),
                tool_calls: u64::from(spent.tool_calls),
                active_ms: spent.active_ms,
            })
        });
        for Account { budget, spent, .. } in bank.accounts() {
            prop_assert_eq!(spent, sum);
            prop_assert!(budget.steps.is_none_or(|max| spent.steps <= max));
            prop_assert!(budget.tool_calls.is_none_or(|max| spent.tool_calls <= max));
            // Each reply has three tokens, and each desk at most one call under way.
            prop_assert!(budget.tokens.is_none_or(|max| spent.tokens < max + 3 * DESKS as u64));
        }
    }

    #[test]
    fn what_is_not_forbidden_is_within(budget in budget(), tokens in 0..15u64, steps in 0..15u64, calls in 1..4u64) {
        let spent = Totals { tokens, steps, tool_calls: steps, ..Totals::default() };
        let model_call = budget.forbids(&spent, Reservation::ModelCall).is_none();
        prop_assert_eq!(
            model_call,
            budget.steps.is_none_or(|max| steps < max) && budget.tokens.is_none_or(|max| tokens < max)
        );
        let tool_calls = budget.forbids(&spent, Reservation::ToolCalls(calls)).is_none();
        prop_assert_eq!(tool_calls, budget.tool_calls.is_none_or(|max| steps + calls <= max));
    }
}
