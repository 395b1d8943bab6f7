//! Budgets: what they must satisfy, and those that the operator sets.

use domain::agent::ModelChoice;
use domain::audit::{Act, Action};
use domain::budget::{Account, AccountId, Budget};
use domain::key::Key;
use domain::model::ModelName;
use domain::{Change, ChangeSet, KeyId, OrgId};

use crate::error::{Error, Faults, FieldError};
use crate::{App, Ctx, Operator};

impl App {
    /// What an account may spend and has spent; `None` if it has no budget.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find_account(
        &self,
        _operator: &Operator,
        org: OrgId,
        account: AccountId,
    ) -> Result<Option<Account>, Error> {
        Ok(self.store(org).find_account(account).await?)
    }

    /// Sets what all runs of an organization may spend together, from now on; `None` lifts
    /// the bound and forgets what was spent of it.
    ///
    /// # Errors
    /// The budget breaks a rule, or the store failed.
    pub async fn set_org_budget(&self, operator: &Operator, org: OrgId, budget: Option<Budget>) -> Result<(), Error> {
        let act = Act::new(Action::BudgetSet, org);
        self.set_budget(operator, org, AccountId::Organization(org), budget, act).await
    }

    /// Sets what all runs that are begun with a key may spend together, as
    /// [`App::set_org_budget`].
    ///
    /// # Errors
    /// The key is not there, the budget breaks a rule, or the store failed.
    pub async fn set_key_budget(
        &self,
        operator: &Operator,
        org: OrgId,
        key: KeyId,
        budget: Option<Budget>,
    ) -> Result<Key, Error> {
        let found = self.store(org).find_key(key).await?.ok_or_else(|| Error::not_found(key))?;
        let act = Act::new(Action::BudgetSet, key).with("name", found.name.clone());
        self.set_budget(operator, org, AccountId::Key(key), budget, act).await?;
        Ok(found)
    }

    async fn set_budget(
        &self,
        operator: &Operator,
        org: OrgId,
        account: AccountId,
        budget: Option<Budget>,
        act: Act,
    ) -> Result<(), Error> {
        let mut faults = Faults::default();
        self.check_budget(budget.as_ref(), &mut faults);
        faults.into_result()?;
        let act = act.with("budget", serde_json::to_value(budget).unwrap_or_default());
        let recorded = self.audited(&operator.acting_for(org, self.now()), act);
        let changes = ChangeSet::of([Change::SetBudget { account, budget }]).with(recorded);
        crate::commit_in_time(&*self.store(org), changes).await?.ok_or_else(|| Error::contended("budget"))?;
        Ok(())
    }

    /// The rules of budgets, whosever they are.
    pub(crate) fn check_budget(&self, budget: Option<&Budget>, faults: &mut Faults) {
        let Some(Budget { money, tokens, steps, tool_calls, active_ms }) = budget else { return };
        let bounds = [*tokens, *steps, *tool_calls, *active_ms, money.map(|money| money.micros)];
        faults.check(bounds.iter().any(Option::is_some), "budget", "must bound something");
        faults.check(!bounds.contains(&Some(0)), "budget", "must have bounds of at least 1");
        let currency = self.ports().models.currency();
        if let Some(money) = money.filter(|money| money.currency != currency) {
            let message = format!("must be in {currency}, as the prices here are, not in {}", money.currency);
            faults.add("budget.max_list_cost.currency", message);
        }
    }

    /// A budget of money goes only with models that have a price: it could not hold with
    /// others.
    pub(crate) async fn check_budgetable(
        &self,
        ctx: &Ctx,
        budget: Option<&Budget>,
        model: &ModelChoice,
        faults: &mut Faults,
    ) -> Result<(), Error> {
        if budget.is_none_or(|budget| budget.money.is_none()) {
            return Ok(());
        }
        let offering = self.ports().models.of(ctx.org).await?;
        let has_price = |name: &String| ModelName::parse(name).and_then(|name| offering.price(&name)).is_some();
        if let Some(unpriced) = offering.chain(model).into_iter().find(|name| !has_price(name)) {
            let message = format!("no price is known of {unpriced}: bound tokens instead");
            faults.push(FieldError::new("budget.max_list_cost", message).code("model_not_budgetable"));
        }
        Ok(())
    }
}
