//! Budgets: what is spent is counted in the commit that spends it, and what is too much is
//! refused with all that came with it.

use domain::agent::AgentSpec;
use domain::budget::{Account, AccountId, Budget, Holder, Payers, Reservation, Totals};
use domain::money::{Currency, Money};
use domain::{Change, ChangeSet, Guard};
use ports::Refusal;

use super::stage::{Stage, Tenant, fresh, key};

fn steps(max: u64) -> Budget {
    Budget { steps: Some(max), ..Budget::default() }
}

fn payers(of: &Tenant) -> Payers {
    Payers { session: None, agent: of.agent.id, key: None }
}

fn set(account: AccountId, budget: impl Into<Option<Budget>>) -> Change {
    Change::SetBudget { account, budget: budget.into() }
}

fn model_call(payers: Payers) -> Change {
    Change::Reserve { payers, call: Reservation::ModelCall }
}

async fn account(of: &Tenant, id: AccountId) -> Option<Account> {
    of.store.find_account(id).await.unwrap()
}

pub async fn a_call_that_no_budget_allows_is_refused_whole(stage: Stage) {
    let Stage { ours, theirs, .. } = &stage;
    let org = AccountId::Organization(ours.org);
    ours.commit([set(org, steps(2))]).await;
    let payers = payers(ours);
    let amount = Totals { tokens: 7, ..Totals::default() };
    let spends = || Change::Spend { payers, amount };

    ours.commit([spends(), model_call(payers)]).await;
    ours.store.commit(ChangeSet::of([model_call(payers)]).guarded(Guard::Affords(payers))).await.unwrap();
    let refused = ours.refusal(ChangeSet::of([spends(), model_call(payers)])).await;

    assert_eq!(refused, Refusal::OverBudget);
    let spent = account(ours, org).await.unwrap().spent;
    assert_eq!(spent, Totals { steps: 2, tokens: 7, ..Totals::default() }, "a refused change set spends nothing");
    let guarded = ours.refusal(ChangeSet::of([]).guarded(Guard::Affords(payers))).await;
    assert_eq!(guarded, Refusal::Guard(Guard::Affords(payers)));
    let theirs_pay = self::payers(theirs);
    theirs.commit([model_call(theirs_pay), model_call(theirs_pay), model_call(theirs_pay)]).await;
    assert_eq!(account(theirs, AccountId::Organization(theirs.org)).await, None);
    assert_eq!(account(theirs, org).await, None, "another organization's account is not there");
}

pub async fn each_account_counts_its_own(stage: Stage) {
    let Stage { ours, .. } = &stage;
    let bounded = key(fresh(), ours.owner.id);
    let session = domain::session::Session { budget: Some(steps(9)), ..ours.new_session() };
    let ids = [AccountId::Session(session.id), AccountId::Key(bounded.id), AccountId::Organization(ours.org)];
    ours.commit([
        Change::InsertKey(bounded.clone()),
        Change::InsertSession(session.clone()),
        set(ids[1], steps(9)),
        set(ids[2], steps(9)),
    ])
    .await;
    let agent = ours.agent.id;
    let all = Payers { session: Some(session.id), agent, key: Some(bounded.id) };
    let cost = Some(Money { micros: 3, currency: Currency::USD });
    ours.commit([model_call(all), Change::Spend { payers: all, amount: Totals { cost, ..Totals::default() } }]).await;
    ours.commit([model_call(Payers { session: Some(fresh()), agent, key: Some(fresh()) })]).await;

    let holders: Vec<Holder> =
        ours.store.list_accounts(all).await.unwrap().iter().map(|account| account.holder).collect();
    assert_eq!(holders, [Holder::Session, Holder::Key, Holder::Organization]);
    for (id, steps) in ids.into_iter().zip([1, 1, 2]) {
        let spent = account(ours, id).await.unwrap().spent;
        assert_eq!(spent, Totals { steps, cost, ..Totals::default() }, "{id:?}");
    }
}

pub async fn a_budget_that_is_changed_counts_on_and_one_that_is_removed_forgets(stage: Stage) {
    let Stage { ours, .. } = &stage;
    let id = AccountId::Agent(ours.agent.id);
    let version = |version, budget| {
        let spec = AgentSpec { budget, ..AgentSpec::clone(&ours.agent.spec) };
        Change::PutAgentVersion(domain::agent::Agent { version, spec: spec.into(), ..ours.agent.clone() })
    };
    ours.commit([version(2, Some(steps(1))), model_call(payers(ours))]).await;
    assert_eq!(ours.refusal(ChangeSet::of([model_call(payers(ours))])).await, Refusal::OverBudget);
    ours.commit([version(3, Some(steps(2))), model_call(payers(ours))]).await;
    let raised = account(ours, id).await.unwrap();
    assert_eq!((raised.budget, raised.spent.steps), (steps(2), 2));
    ours.commit([version(4, None), model_call(payers(ours))]).await;
    assert_eq!(account(ours, id).await, None);
    ours.commit([version(5, Some(steps(1)))]).await;
    assert_eq!(account(ours, id).await.unwrap().spent, Totals::default());
}

/// What a removal and a refusal in one transaction leave: the budget holds again.
pub async fn a_budget_whose_removal_is_refused_still_holds(stage: Stage) {
    let Stage { ours, .. } = &stage;
    let org = AccountId::Organization(ours.org);
    ours.commit([set(org, steps(1)), model_call(payers(ours))]).await;
    let stage = stage.reopen().await;
    let Stage { ours, .. } = &stage;
    let absent = Change::DeleteTool(fresh());
    let refused = ours.refusal(ChangeSet::of([set(org, None), model_call(payers(ours)), absent])).await;
    assert_eq!(refused, Refusal::Missing);
    assert_eq!(ours.refusal(ChangeSet::of([model_call(payers(ours))])).await, Refusal::OverBudget);
}

pub async fn a_deleted_sessions_account_is_gone(stage: Stage) {
    let Stage { ours, .. } = &stage;
    let session = domain::session::Session { budget: Some(steps(1)), ..ours.new_session() };
    let id = AccountId::Session(session.id);
    ours.commit([Change::InsertSession(session.clone())]).await;
    ours.commit([Change::PutSession(domain::session::Session { budget: Some(steps(5)), ..session.clone() })]).await;
    assert_eq!(account(ours, id).await.map(|account| account.budget), Some(steps(5)));
    ours.commit([Change::DeleteSession { session: session.id, at: super::stage::now() }]).await;
    assert_eq!(account(ours, id).await, None);
}

pub async fn totals_are_there_after_a_restart(stage: Stage) {
    let Stage { ours, .. } = &stage;
    let org = AccountId::Organization(ours.org);
    let key = AccountId::Key(fresh());
    ours.commit([set(org, steps(2)), set(key, steps(9)), model_call(payers(ours))]).await;
    let before = account(ours, org).await;
    let stage = stage.reopen().await;
    let Stage { ours, .. } = &stage;
    assert_eq!(account(ours, org).await, before);
    ours.commit([model_call(payers(ours))]).await;
    assert_eq!(ours.refusal(ChangeSet::of([model_call(payers(ours))])).await, Refusal::OverBudget);
}
