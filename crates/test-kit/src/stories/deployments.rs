//! Deployments: kept as they are described, due in their order, each occasion used once.

use domain::change::{Change, ChangeSet, Guard};
use domain::deployment::{Begun, Cause, Deployment, DeploymentRun, Schedule, Trigger, Webhook};
use domain::{DeploymentId, Timestamp};
use jiff::SignedDuration;
use ports::Refusal;
use ports::store::{DeploymentFilter, DeploymentRunFilter, Order};

use super::stage::{fresh, never, now};
use super::{Stage, Tenant};

pub(super) fn deployment(of: &Tenant, trigger: Trigger) -> Deployment {
    let at = now();
    Deployment {
        id: fresh(),
        project: of.project.id,
        agent: of.agent.id,
        name: "one".into(),
        acts_as: Some(of.owner.id),
        trigger,
        initial_events: Vec::new(),
        metadata: Default::default(),
        budget: None,
        version: 0,
        created_at: at,
        updated_at: at,
        archived_at: None,
        paused_at: None,
        last_run_at: None,
        next_run_at: None,
    }
}

fn hook() -> Trigger {
    Trigger::Webhook(Webhook::default())
}

fn begun(of: &Deployment, cause: Cause, at: Timestamp) -> DeploymentRun {
    let outcome = Begun::Run { session: fresh(), run: fresh() };
    DeploymentRun { id: fresh(), deployment: of.id, cause, at, outcome }
}

fn kept(begun: &DeploymentRun, name: Option<&str>) -> ChangeSet {
    let name = name.map(str::to_owned);
    ChangeSet::of([Change::InsertDeploymentRun { begun: begun.clone(), name, next_due: None }])
}

async fn stored(of: &Tenant, trigger: Trigger) -> Deployment {
    let (new, changes) = deployment(of, trigger).create();
    of.store.commit(changes).await.unwrap();
    new
}

pub async fn a_deployment_is_changed_as_it_was_and_listed_in_pages(stage: Stage) {
    let ours = &stage.ours;
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(stored(ours, hook()).await);
    }
    let found = async |id| ours.store.find_deployment(id).await.unwrap();
    assert_eq!(found(all[0].id).await.as_ref(), Some(&all[0]));
    let (renamed, changes) =
        all[0].clone().update(Deployment { name: "two".into(), ..all[0].clone() }, None, now()).unwrap();
    ours.store.commit(changes.clone()).await.unwrap();
    assert_eq!(found(all[0].id).await, Some(renamed));
    assert!(matches!(ours.refusal(changes).await, Refusal::Guard(Guard::DeploymentAt { .. })), "from an old version");

    let (_, archived) = all[1].clone().archive(now());
    ours.store.commit(archived).await.unwrap();
    let list = async |filter| {
        let listed: Vec<Deployment> = ours.store.list_deployments(filter).await.unwrap();
        listed.iter().map(|one| one.id).collect::<Vec<DeploymentId>>()
    };
    let base = DeploymentFilter::default;
    assert_eq!(list(base()).await, [all[0].id, all[2].id]);
    assert_eq!(
        list(DeploymentFilter { include_archived: true, limit: Some(2), ..base() }).await,
        [all[0].id, all[1].id]
    );
    let after = Some(all[2].id);
    assert_eq!(list(DeploymentFilter { after, order: Order::NewestFirst, ..base() }).await, [all[0].id]);
    assert_eq!(list(DeploymentFilter { kind: Some("embed"), ..base() }).await, []);
    assert_eq!(ours.store.count_deployments().await.unwrap(), 2);
}

pub async fn what_is_due_first_is_found_first(stage: Stage) {
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    assert_eq!(stage.store.next_due_deployment().await.unwrap(), None);
    let clock = |expression: &str| Trigger::Schedule(Schedule::new(expression.into(), "UTC".into(), now()).unwrap());
    let yearly = stored(ours, clock("0 0 1 1 *")).await;
    let hourly = stored(theirs, clock("0 * * * *")).await;
    let next =
        async || stage.store.next_due_deployment().await.unwrap().map(|due| (due.org, due.deployment, Some(due.due)));
    assert_eq!(next().await, Some((theirs.org, hourly.id, hourly.next_run_at)));

    // What it began moves its clock on, in the same commit; what it began by hand does not.
    let by_hand = begun(&hourly, Cause::Manual, now());
    theirs.store.commit(kept(&by_hand, None)).await.unwrap();
    assert_eq!(next().await, Some((theirs.org, hourly.id, hourly.next_run_at)));
    let due = hourly.next_run_at.unwrap();
    let by_clock = begun(&hourly, Cause::Schedule { scheduled_at: due }, due);
    let next_due = hourly.due_after(due);
    theirs.commit([Change::InsertDeploymentRun { begun: by_clock.clone(), name: None, next_due }]).await;
    assert_eq!(next().await, Some((theirs.org, hourly.id, next_due)));
    let now_is = theirs.store.find_deployment(hourly.id).await.unwrap().unwrap();
    assert_eq!((now_is.last_run_at, now_is.next_run_at), (Some(due), next_due));

    theirs.commit([Change::SetDue { deployment: hourly.id, due: None }]).await;
    assert_eq!(next().await, Some((ours.org, yearly.id, yearly.next_run_at)));
}

pub async fn a_scheduled_time_and_a_name_begin_one_run(stage: Stage) {
    let ours = &stage.ours;
    let (one, other) = (stored(ours, hook()).await, stored(ours, hook()).await);
    let at = now();
    let scheduled = Cause::Schedule { scheduled_at: at };
    let first = begun(&one, scheduled, at);
    ours.store.commit(kept(&first, None)).await.unwrap();
    assert_eq!(ours.refusal(kept(&begun(&one, scheduled, now()), None)).await, Refusal::Exists);
    ours.store.commit(kept(&begun(&other, scheduled, now()), None)).await.unwrap();

    let named = begun(&one, Cause::Webhook, at);
    ours.store.commit(kept(&named, Some("m1"))).await.unwrap();
    assert_eq!(ours.refusal(kept(&begun(&one, Cause::Webhook, now()), Some("m1"))).await, Refusal::Exists);
    ours.store.commit(kept(&begun(&other, Cause::Webhook, now()), Some("m1"))).await.unwrap();
    let find = async |name, now| ours.store.find_named_run(one.id, name, now).await.unwrap().map(|run| run.id);
    assert_eq!((find("m1", now()).await, find("m2", now()).await), (Some(named.id), None));
    let next_day = at.checked_add(SignedDuration::from_hours(25)).unwrap();
    assert_eq!(find("m1", next_day).await, None);
    ours.store.commit(kept(&begun(&one, Cause::Webhook, next_day), Some("m1"))).await.unwrap();

    let list = async |filter| ours.store.list_deployment_runs(filter).await.unwrap().len();
    let of_one = || DeploymentRunFilter { deployment: Some(one.id), ..DeploymentRunFilter::default() };
    assert_eq!((list(DeploymentRunFilter::default()).await, list(of_one()).await), (5, 3));
    assert_eq!(list(DeploymentRunFilter { cause: Some("webhook"), ..of_one() }).await, 2);
    assert_eq!(list(DeploymentRunFilter { has_error: Some(true), ..of_one() }).await, 0);
    assert_eq!(list(DeploymentRunFilter { limit: Some(1), ..of_one() }).await, 1);
    let page = ours.store.list_deployment_runs(of_one()).await.unwrap();
    assert_eq!(page[0].at, next_day, "the newest first");
    assert_eq!(list(DeploymentRunFilter { after: Some(page[1].id), ..of_one() }).await, 1);
    assert_eq!(ours.store.find_deployment_run(first.id).await.unwrap(), Some(first));

    // What is older than 90 days goes with what comes.
    let much_later = at.checked_add(SignedDuration::from_hours(91 * 24)).unwrap();
    ours.store.commit(kept(&begun(&one, Cause::Manual, much_later), None)).await.unwrap();
    assert_eq!(list(DeploymentRunFilter::default()).await, 2);
}

pub async fn a_foreign_deployment_is_as_one_that_never_was(stage: Stage) {
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    let foreign = stored(theirs, hook()).await;
    let run = begun(&foreign, Cause::Manual, now());
    theirs.store.commit(kept(&run, Some("m"))).await.unwrap();

    assert_eq!(ours.store.find_deployment(foreign.id).await.unwrap(), None);
    assert_eq!(ours.store.list_deployments(DeploymentFilter::default()).await.unwrap(), []);
    assert_eq!(ours.store.find_deployment_run(run.id).await.unwrap(), None);
    assert_eq!(ours.store.find_named_run(foreign.id, "m", now()).await.unwrap(), None);
    for filter in
        [DeploymentRunFilter::default(), DeploymentRunFilter { deployment: Some(foreign.id), ..Default::default() }]
    {
        assert_eq!(ours.store.list_deployment_runs(filter).await.unwrap(), []);
    }
    assert_eq!(stage.store.find_deployment(foreign.id).await.unwrap().map(|(org, _)| org), Some(theirs.org));
    assert_eq!(stage.store.find_deployment(never()).await.unwrap(), None);
    for change in [
        Change::PutDeployment(Box::new(foreign.clone())),
        Change::SetDue { deployment: foreign.id, due: Some(now()) },
        Change::InsertDeploymentRun { begun: begun(&foreign, Cause::Manual, now()), name: None, next_due: None },
        Change::InsertDeployment(Box::new(Deployment { agent: theirs.agent.id, ..deployment(ours, hook()) })),
    ] {
        assert_eq!(ours.refusal(ChangeSet::of([change])).await, Refusal::Missing);
    }
}
