//! The inbox: input waits in order, and is taken once.

use domain::change::{Change, ChangeSet};
use domain::session::InboxItem;
use ports::Refusal;

use super::Stage;
use super::stage::{input, over};

pub async fn input_waits_in_order_until_it_is_taken(stage: Stage) {
    let ours = &stage.ours;
    let session = ours.session().await;
    let (first, second) = (ours.queued_run(&session).await, ours.queued_run(&session).await);
    let items: Vec<InboxItem> =
        [(&first, "a"), (&second, "b"), (&first, "c")].map(|(run, text)| input(run, text)).into();
    for item in &items {
        ours.commit([Change::Enqueue(item.clone())]).await;
    }
    let of_first = vec![items[0].clone(), items[2].clone()];
    assert_eq!(ours.store.list_inbox(first.id).await.unwrap(), of_first);
    assert_eq!(ours.store.list_session_inbox(session.id).await.unwrap(), items);

    ours.commit([Change::TakeInput { session: session.id, items: vec![items[0].id, items[1].id] }]).await;

    assert_eq!(ours.store.list_session_inbox(session.id).await.unwrap(), items[2..]);
    assert_eq!(ours.store.list_inbox(second.id).await.unwrap(), []);
}

pub async fn input_is_taken_once(stage: Stage) {
    let ours = &stage.ours;
    let session = ours.session().await;
    let run = ours.queued_run(&session).await;
    let item = input(&run, "once");
    ours.commit([Change::Enqueue(item.clone())]).await;
    assert_eq!(ours.refusal(ChangeSet::of([Change::Enqueue(item.clone())])).await, Refusal::Exists);
    let take = |items| ChangeSet::of([Change::TakeInput { session: session.id, items }]);

    assert_eq!(ours.refusal(take(vec![item.id, item.id])).await, Refusal::Missing);
    assert_eq!(ours.store.list_inbox(run.id).await.unwrap().len(), 1, "a refused taking takes nothing");
    let elsewhere = ours.session().await;
    let from_elsewhere = Change::TakeInput { session: elsewhere.id, items: vec![item.id] };
    assert_eq!(ours.refusal(ChangeSet::of([from_elsewhere])).await, Refusal::Missing);

    ours.store.commit(take(vec![item.id])).await.unwrap();
    assert_eq!(ours.refusal(take(vec![item.id])).await, Refusal::Missing);
    ours.store.commit(take(vec![])).await.unwrap();
}

pub async fn a_run_that_is_over_takes_no_input(stage: Stage) {
    let ours = &stage.ours;
    let session = ours.session().await;
    let run = ours.running_run(&session, stage.fence).await;
    ours.commit([Change::Enqueue(input(&run, "while it runs"))]).await;
    ours.commit([Change::PutRun(over(run.clone()))]).await;
    assert_eq!(ours.refusal(ChangeSet::of([Change::Enqueue(input(&run, "too late"))])).await, Refusal::Missing);

    let another = ours.session().await;
    let stray = InboxItem { session: another.id, ..input(&ours.queued_run(&session).await, "elsewhere") };
    assert_eq!(ours.refusal(ChangeSet::of([Change::Enqueue(stray)])).await, Refusal::Missing);
}
