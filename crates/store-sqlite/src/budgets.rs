//! Accounts: budgets, and what was spent of them.

use std::collections::HashMap;

use domain::budget::{Account, AccountId, Budget, Holder, Payers, Reservation, Totals};
use domain::{AgentId, OrgId, SessionId};
use ports::Refusal;
use ports::transfer::AccountOf;
use rusqlite::{Connection, Row};
use uuid::Uuid;

use crate::columns::{json, to_json};
use crate::fault::Fault;
use crate::sql::{exists, many, one, run, statements};

statements! {
    ANY = "select 1 from budgets where org = ?1 limit 1";
    SET = "insert into budgets (org, holder, kind, budget, spent) values (?1, ?2, ?3, ?4, ?5)
        on conflict (org, holder) do update set budget = excluded.budget";
    REMOVE = "delete from budgets where org = ?1 and holder = ?2";
    FIND = "select kind, budget, spent from budgets where org = ?1 and holder = ?2";
    // In an order that another installation gives too.
    LIST = "select kind, budget, spent, holder from budgets where org = ?1 order by kind, holder";
    PUT_SPENT = "update budgets set spent = ?3 where org = ?1 and holder = ?2";
}

/// Which organizations have budgets at all, as far as the writer has asked: those that have
/// none must not pay for those that do. One that has none any more may stand here as if it had.
#[derive(Debug, Default)]
pub(crate) struct Budgeted(HashMap<OrgId, bool>);

impl Budgeted {
    fn has(&mut self, db: &Connection, org: OrgId) -> Result<bool, Fault> {
        match self.0.get(&org) {
            Some(has) => Ok(*has),
            None => {
                let has = exists(db, ANY, [org.0])?;
                self.0.insert(org, has);
                Ok(has)
            }
        }
    }

    /// Sets a budget, or removes it with its account.
    pub(crate) fn set(
        &mut self,
        db: &Connection,
        org: OrgId,
        account: AccountId,
        budget: Option<&Budget>,
    ) -> Result<(), Fault> {
        let Some(budget) = budget else {
            run(db, REMOVE, (org.0, key(account)))?;
            return Ok(());
        };
        let spent = to_json(&Totals::default())?;
        run(db, SET, (org.0, key(account), kind_text(account.holder()), to_json(budget)?, spent))?;
        self.0.insert(org, true);
        Ok(())
    }

    /// Puts an account in place, with what was spent elsewhere.
    pub(crate) fn put(
        &mut self,
        db: &Connection,
        org: OrgId,
        account: AccountId,
        budget: &Budget,
        spent: Totals,
    ) -> Result<(), Fault> {
        self.set(db, org, account, Some(budget))?;
        put_spent(db, org, account, spent)
    }

    /// Counts what was spent.
    pub(crate) fn spend(&mut self, db: &Connection, org: OrgId, payers: Payers, amount: Totals) -> Result<(), Fault> {
        if !self.has(db, org)? {
            return Ok(());
        }
        for account in payers.accounts(org) {
            if let Some(Account { spent, .. }) = find(db, org, account)? {
                put_spent(db, org, account, spent.plus(amount))?;
            }
        }
        Ok(())
    }

    /// Counts a call that is about to be made, unless a budget forbids it.
    pub(crate) fn reserve(
        &mut self,
        db: &Connection,
        org: OrgId,
        payers: Payers,
        call: Reservation,
    ) -> Result<(), Fault> {
        if !self.has(db, org)? {
            return Ok(());
        }
        for id in payers.accounts(org) {
            let Some(account) = find(db, org, id)? else { continue };
            if account.forbids(&Totals::default(), call).is_some() {
                return Err(Refusal::OverBudget.into());
            }
            put_spent(db, org, id, account.spent.with(call))?;
        }
        Ok(())
    }

    /// Whether every budget has room for one more model call.
    pub(crate) fn affords(&mut self, db: &Connection, org: OrgId, payers: Payers) -> Result<bool, Fault> {
        if !self.has(db, org)? {
            return Ok(true);
        }
        let accounts = list(db, org, payers)?;
        Ok(domain::budget::forbids(&accounts, &Totals::default(), Reservation::ModelCall).is_none())
    }
}

/// All budgets of an organization but those of keys.
pub(crate) fn list_portable(db: &Connection, org: OrgId) -> Result<Vec<(AccountOf, Account)>, Fault> {
    let all = many(db, LIST, [org.0], |row| Ok((read(row)?, row.get::<_, Uuid>(3)?)))?;
    let portable = all.into_iter().filter_map(|(account, holder)| {
        let of = match account.holder {
            Holder::Organization => AccountOf::Organization,
            Holder::Agent => AccountOf::Agent { agent: AgentId(holder) },
            Holder::Session => AccountOf::Session { session: SessionId(holder) },
            Holder::Key => return None,
        };
        Some((of, account))
    });
    Ok(portable.collect())
}

pub(crate) fn find(db: &Connection, org: OrgId, account: AccountId) -> Result<Option<Account>, Fault> {
    one(db, FIND, (org.0, key(account)), read)
}

/// Those of the accounts that have a budget.
pub(crate) fn list(db: &Connection, org: OrgId, payers: Payers) -> Result<Vec<Account>, Fault> {
    payers.accounts(org).filter_map(|account| find(db, org, account).transpose()).collect()
}

fn put_spent(db: &Connection, org: OrgId, account: AccountId, spent: Totals) -> Result<(), Fault> {
    run(db, PUT_SPENT, (org.0, key(account), to_json(&spent)?))?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Account, Fault> {
    let holder = kind(row.get_ref(0)?.as_str().map_err(Fault::damaged)?)?;
    Ok(Account { holder, budget: json(row, 1)?, spent: json(row, 2)? })
}

fn key(account: AccountId) -> Uuid {
    match account {
        AccountId::Session(id) => id.0,
        AccountId::Agent(id) => id.0,
        AccountId::Key(id) => id.0,
        AccountId::Organization(id) => id.0,
    }
}

fn kind_text(holder: Holder) -> &'static str {
    match holder {
        Holder::Session => "session",
        Holder::Agent => "agent",
        Holder::Key => "key",
        Holder::Organization => "organization",
    }
}

fn kind(text: &str) -> Result<Holder, Fault> {
    match text {
        "session" => Ok(Holder::Session),
        "agent" => Ok(Holder::Agent),
        "key" => Ok(Holder::Key),
        "organization" => Ok(Holder::Organization),
        other => Err(Fault::damaged(format!("account of {other:?}"))),
    }
}
