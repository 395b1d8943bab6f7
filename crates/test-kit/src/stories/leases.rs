//! Leases: a run belongs to one worker at a time.

use domain::change::{Change, ChangeSet, Guard};
use domain::run::{Fence, Run, RunStatus};
use domain::session::SessionStatus;
use ports::Refusal;

use super::Stage;
use super::stage::{appends, claimed, ends, event, new_run, now, waiting};

/// A change set as a worker writes it.
fn held(run: &Run, fence: Fence, changes: impl IntoIterator<Item = Change>) -> ChangeSet {
    ChangeSet::of(changes).guarded(Guard::Held { run: run.id, fence })
}

pub async fn a_new_lease_voids_the_one_before(stage: Stage) {
    let ours = &stage.ours;
    let (session, idle) = (ours.session().await, ours.session().await);
    let run = ours.running_run(&session, stage.fence).await;
    let resting = ours.running_run(&idle, stage.fence).await;
    ours.commit([Change::PutRun(waiting(resting.clone()))]).await;

    let next = stage.store.take_lease(now()).await.unwrap();

    assert!(next > stage.fence);
    let queued = ours.run(run.id).await;
    assert_eq!((queued.status, queued.fence, queued.version), (RunStatus::Queued, None, run.version + 1));
    assert_eq!(ours.session_now(session.id).await.state.status, SessionStatus::Rescheduling);
    assert_eq!(ours.session_now(session.id).await.state.active_run, Some(run.id));
    assert_eq!(ours.run(resting.id).await.status, RunStatus::Waiting, "it held no worker");
    let ready: Vec<_> = stage.store.next_ready(None, 9).await.unwrap().iter().map(|ready| ready.run).collect();
    assert!(ready.contains(&run.id) && !ready.contains(&resting.id));
    assert!(!stage.store.renew_lease(stage.fence, now()).await.unwrap());
    assert!(stage.store.renew_lease(next, now()).await.unwrap());

    let late = held(&run, stage.fence, [appends(session.id, vec![event(&run, super::stage::message("late"))])]);
    assert!(matches!(ours.refusal(late).await, Refusal::Guard(Guard::Held { .. })));
    assert_eq!(ours.log(session.id).await.len(), 1);
    let resumed = ours.claim(run.id, next).await;
    assert_eq!((resumed.status, resumed.fence), (RunStatus::Running, Some(next)));
    ours.store.commit(held(&run, next, ends(&resumed))).await.unwrap();
}

pub async fn a_run_is_written_under_its_lease_alone(stage: Stage) {
    let ours = &stage.ours;
    let session = ours.session().await;
    let run = ours.running_run(&session, stage.fence).await;
    let guard = |fence| Guard::Held { run: run.id, fence };
    for other in [Fence(0), Fence(stage.fence.0 - 1), Fence(stage.fence.0 + 1), Fence(u64::MAX)] {
        assert_eq!(ours.refusal(held(&run, other, ends(&run))).await, Refusal::Guard(guard(other)));
    }
    ours.store.commit(held(&run, stage.fence, ends(&run))).await.unwrap();
    let again = held(&run, stage.fence, [Change::Release(session.id)]);
    assert_eq!(ours.refusal(again).await, Refusal::Guard(guard(stage.fence)), "it is over");
}

pub async fn an_ended_lease_gives_its_runs_back(stage: Stage) {
    let ours = &stage.ours;
    let session = ours.session().await;
    let run = ours.running_run(&session, stage.fence).await;

    stage.store.end_lease(Fence(stage.fence.0 + 1)).await.unwrap();
    assert_eq!(ours.run(run.id).await.status, RunStatus::Running, "somebody else's lease");
    stage.store.end_lease(stage.fence).await.unwrap();
    stage.store.end_lease(stage.fence).await.unwrap();

    assert_eq!(ours.run(run.id).await.status, RunStatus::Queued);
    assert!(!stage.store.renew_lease(stage.fence, now()).await.unwrap());
    let next = stage.store.take_lease(now()).await.unwrap();
    assert_eq!(ours.claim(run.id, next).await.fence, Some(next));
}

pub async fn nothing_runs_under_a_lease_that_is_not_good(stage: Stage) {
    let ours = &stage.ours;
    let session = ours.session().await;
    let queued = ours.queued_run(&session).await;
    let next = stage.store.take_lease(now()).await.unwrap();
    let stale = claimed(new_run(&session), stage.fence);
    let unheld = Run { fence: None, ..stale.clone() };
    let stolen = claimed(queued.clone(), stage.fence);

    for change in [Change::InsertRun(stale.clone()), Change::PutRun(stolen.clone())] {
        let refusal = ours.refusal(ChangeSet::of([change])).await;
        assert!(matches!(refusal, Refusal::Guard(Guard::Held { fence, .. }) if fence == stage.fence), "{refusal:?}");
    }
    assert_eq!(ours.refusal(ChangeSet::of([Change::InsertRun(unheld)])).await, Refusal::Missing);
    ours.claim(queued.id, next).await;
}

pub async fn a_store_opened_again_has_everything_and_no_lease(stage: Stage) {
    let session = stage.ours.session().await.id;
    let run = stage.ours.running_run(&stage.ours.session_now(session).await, stage.fence).await;
    stage.ours.commit([appends(session, vec![event(&run, super::stage::message("kept"))])]).await;
    let log = stage.ours.log(session).await;
    let fence = stage.fence;

    let stage = stage.reopen().await;

    assert!(!stage.store.renew_lease(fence, now()).await.unwrap());
    let refusal = stage.ours.refusal(held(&run, fence, ends(&run))).await;
    assert_eq!(refusal, Refusal::Guard(Guard::Held { run: run.id, fence }));
    let next = stage.store.take_lease(now()).await.unwrap();
    assert!(next > fence);
    assert_eq!(stage.ours.log(session).await, log);
    assert_eq!(stage.ours.run(run.id).await.status, RunStatus::Queued);
    let stage = stage.reopen().await;
    assert_eq!(stage.ours.log(session).await, log);
    assert!(stage.store.take_lease(now()).await.unwrap() > next);
    stage.store.check().await.unwrap();
}
