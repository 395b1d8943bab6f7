//! The queue: which run may be claimed, and when.

use std::sync::Arc;

use domain::RunId;
use domain::agent::Overrides;
use domain::run::{Run, RunStatus};
use domain::{Change, ChangeSet};
use ports::Refusal;
use ports::store::{LateRun, ReadyRun};

use super::Stage;
use super::stage::{claimed, new_run, now, over, waiting};

/// The runs of our organization that may be claimed, oldest first.
async fn ready(stage: &Stage) -> Vec<RunId> {
    let all = stage.store.next_ready(None, 1000).await.unwrap();
    all.into_iter().filter(|ready| ready.org == stage.ours.org).map(|ready| ready.run).collect()
}

pub async fn runs_of_a_session_come_one_after_another(stage: Stage) {
    let session = stage.ours.session().await;
    let first = stage.ours.queued_run(&session).await.id;
    let second = stage.ours.queued_run(&session).await.id;
    let third = stage.ours.queued_run(&session).await.id;
    for run in [first, second, third] {
        assert_eq!(ready(&stage).await, [run]);
        stage.ours.claim(run, stage.fence).await;
        assert_eq!(ready(&stage).await, [], "the session is taken");
        stage.ours.finish(run).await;
    }
    assert_eq!(ready(&stage).await, []);
    let all = stage.ours.store.list_runs(session.id).await.unwrap();
    assert_eq!(all.iter().map(|run| run.id).collect::<Vec<_>>(), [first, second, third]);
    assert!(all.iter().all(|run| run.status == RunStatus::Completed));
}

pub async fn the_oldest_run_is_ready_first(stage: Stage) {
    let mut queued = Vec::new();
    for _ in 0..5 {
        let session = stage.ours.session().await;
        queued.push(stage.ours.queued_run(&session).await.id);
    }
    assert_eq!(ready(&stage).await, queued);
}

pub async fn every_organization_has_its_turn(stage: Stage) {
    // Ten thousand of ours wait; theirs wait since before.
    for _ in 0..100 {
        let mut changes = Vec::new();
        for _ in 0..100 {
            let session = stage.ours.new_session();
            changes.extend([Change::InsertSession(session.clone()), Change::InsertRun(new_run(&session))]);
        }
        stage.ours.commit(changes).await;
    }
    let next = async |after, limit| stage.store.next_ready(after, limit).await.unwrap();
    let orgs = |ready: Vec<ReadyRun>| ready.into_iter().map(|ready| ready.org).collect::<Vec<_>>();
    let (ours, theirs) = (stage.ours.org, stage.theirs.org);

    // Theirs comes within two claims, wherever one begins.
    assert!(orgs(next(None, 2).await).contains(&theirs));
    assert_eq!(orgs(next(Some(ours), 1).await), [theirs]);
    assert_eq!(orgs(next(Some(theirs), 1).await), [ours]);
    assert_eq!(orgs(next(Some(ours), 4).await), [theirs, ours, ours, ours], "theirs has one, ours many");
    let many = next(Some(theirs), 50).await;
    assert_eq!(many.len(), 50);
    assert_eq!(many[1].org, theirs);
    let distinct: std::collections::HashSet<_> = many.iter().map(|ready| ready.run).collect();
    assert_eq!(distinct.len(), 50, "none is named twice");
    assert_eq!(next(None, 0).await, []);
}

pub async fn a_run_put_back_keeps_its_place(stage: Stage) {
    let (one, two) = (stage.ours.session().await, stage.ours.session().await);
    let older = stage.ours.queued_run(&one).await.id;
    let behind = stage.ours.queued_run(&one).await.id;
    let newer = stage.ours.queued_run(&two).await.id;
    let run = stage.ours.claim(older, stage.fence).await;
    assert_eq!(ready(&stage).await, [newer]);

    let back = Run { status: RunStatus::Queued, fence: None, ..run };
    stage.ours.commit([Change::PutRun(back)]).await;

    assert_eq!(ready(&stage).await, [older, newer], "it has its session: {behind} stays behind it");
}

pub async fn a_dropped_run_lets_the_next_one_come(stage: Stage) {
    let session = stage.ours.session().await;
    let first = stage.ours.queued_run(&session).await;
    let second = stage.ours.queued_run(&session).await;
    let third = stage.ours.queued_run(&session).await;

    stage.ours.commit([Change::PutRun(over(second.clone())), Change::Release(session.id)]).await;
    assert_eq!(ready(&stage).await, [first.id]);
    stage.ours.commit([Change::PutRun(over(first)), Change::Release(session.id)]).await;
    assert_eq!(ready(&stage).await, [third.id]);
}

pub async fn deadlines_are_known_of_runs_that_nobody_holds(stage: Stage) {
    let session = stage.ours.session().await;
    let (soon, later) = (now(), now());
    let next = async || stage.store.next_deadline().await.unwrap();
    let late = |run: &Run, deadline| Some(LateRun { org: stage.ours.org, run: run.id, deadline });
    let first = stage.ours.queued_run(&session).await;
    let second = Run { deadline: Some(later), ..new_run(&session) };
    stage.ours.commit([Change::InsertRun(second.clone())]).await;
    assert_eq!(next().await, late(&second, later), "queued behind another");

    let first = stage.ours.claim(first.id, stage.fence).await;
    let first = Run { deadline: Some(soon), ..first };
    stage.ours.commit([Change::PutRun(first.clone())]).await;
    assert_eq!(next().await, late(&second, later), "the first is held: its worker watches its time");

    stage.ours.commit([Change::PutRun(waiting(first.clone()))]).await;
    assert_eq!(next().await, late(&first, soon), "it waits, and nobody holds it");

    stage.ours.commit([Change::PutRun(Run { status: RunStatus::Queued, fence: None, ..first.clone() })]).await;
    assert_eq!(next().await, late(&second, later), "it is ready: whoever claims it sees its time");

    stage.ours.commit([Change::PutRun(over(first)), Change::PutRun(over(second))]).await;
    assert_eq!(next().await, None);
}

pub async fn releasing_twice_is_as_once(stage: Stage) {
    let session = stage.ours.session().await;
    let first = stage.ours.queued_run(&session).await.id;
    let second = stage.ours.queued_run(&session).await.id;
    stage.ours.commit([Change::Release(session.id), Change::Release(session.id)]).await;
    assert_eq!(ready(&stage).await, [first], "only one is ready");
    stage.ours.claim(first, stage.fence).await;
    stage.ours.commit([Change::Release(session.id)]).await;
    assert_eq!(ready(&stage).await, [], "a run has the session");
    stage.ours.finish(first).await;
    stage.ours.commit([Change::Release(session.id)]).await;
    assert_eq!(ready(&stage).await, [second]);
}

pub async fn a_queued_run_is_found_until_it_begins(stage: Stage) {
    let session = stage.ours.session().await;
    let last = async || stage.ours.store.find_queued_run(session.id).await.unwrap().map(|run| run.id);
    assert_eq!(last().await, None);
    let first = stage.ours.queued_run(&session).await.id;
    assert_eq!(last().await, Some(first));
    let second = stage.ours.queued_run(&session).await.id;
    assert_eq!(last().await, Some(second), "the last one");
    stage.ours.claim(first, stage.fence).await;
    stage.ours.finish(first).await;
    let begun = stage.ours.claim(second, stage.fence).await;
    assert_eq!(last().await, None);
    stage.ours.commit([Change::PutRun(Run { status: RunStatus::Queued, fence: None, ..begun })]).await;
    assert_eq!(last().await, None, "put back, but it has begun");
}

pub async fn what_is_queued_behind_a_run_is_listed(stage: Stage) {
    let session = stage.ours.session().await;
    let list = async || {
        let queued = stage.ours.store.list_queued_runs(session.id).await.unwrap();
        queued.iter().map(|run| run.id).collect::<Vec<_>>()
    };
    assert_eq!(list().await, []);
    let mut runs = Vec::new();
    for _ in 0..3 {
        runs.push(stage.ours.queued_run(&session).await.id);
    }
    assert_eq!(list().await, runs);
    let begun = stage.ours.claim(runs[0], stage.fence).await;
    assert_eq!(list().await, runs[1..]);
    stage.ours.commit([Change::PutRun(Run { status: RunStatus::Queued, fence: None, ..begun })]).await;
    assert_eq!(list().await, runs[1..], "put back, but it has begun");
}

pub async fn what_a_run_overrides_is_kept_and_never_rewritten(stage: Stage) {
    let session = stage.ours.session().await;
    for instructions in ["be brief".to_owned(), "be thorough. ".repeat(50_000)] {
        let overrides = Arc::new(Overrides { instructions: Some(Some(instructions)), ..Overrides::default() });
        let run = claimed(Run { overrides: Arc::clone(&overrides), ..new_run(&session) }, stage.fence);
        stage.ours.commit([Change::InsertRun(run.clone())]).await;
        assert!(stage.ours.run(run.id).await == run, "as it was inserted");
        let stripped = Run { overrides: Arc::default(), failed_attempts: 3, ..run.clone() };
        stage.ours.commit([Change::PutRun(stripped)]).await;
        let kept = stage.ours.run(run.id).await;
        assert!(kept == Run { version: 1, failed_attempts: 3, ..run }, "all but what it overrides was rewritten");
        stage.ours.commit([Change::PutRun(over(kept))]).await;
    }
}

pub async fn an_address_is_remembered_until_it_was_told(stage: Stage) {
    let session = stage.ours.session().await;
    let add = |run, url: &str| Change::AddCallback { run, url: url.to_owned() };
    let list = async |stage: &Stage| {
        let due = stage.store.list_callbacks().await.unwrap();
        due.into_iter().map(|due| (due.org, due.run, due.url)).collect::<Vec<_>>()
    };
    let (first, second) = (new_run(&session), new_run(&session));
    for (run, url) in [(&first, "https://a.example/"), (&second, "https://b.example/")] {
        stage.ours.commit([Change::InsertRun(run.clone()), add(run.id, url)]).await;
    }
    assert_eq!(stage.theirs.refusal(ChangeSet::of([add(first.id, "x")])).await, Refusal::Missing);
    assert_eq!(stage.ours.refusal(ChangeSet::of([add(first.id, "x")])).await, Refusal::Exists);
    stage.theirs.commit([Change::CallbackMade(first.id)]).await;
    let ours = stage.ours.org;
    let (one, other) =
        ((ours, first.id, "https://a.example/".to_owned()), (ours, second.id, "https://b.example/".to_owned()));
    assert_eq!(list(&stage).await, [one, other.clone()]);
    stage.ours.commit([Change::CallbackMade(first.id)]).await;
    stage.ours.commit([Change::CallbackMade(first.id)]).await;
    let stage = stage.reopen().await;
    assert_eq!(list(&stage).await, [other]);
}
