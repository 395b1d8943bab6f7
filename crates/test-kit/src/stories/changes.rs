//! The order of an organization's commits: every change of a session has its place in it.

use std::time::Duration;

use domain::change::{Change, ChangeSet, Guard};
use domain::session::SessionState;
use domain::{NewEvent, SessionId, Timestamp};
use ports::store::{CHANGES_KEPT, ChangeFilter, SessionChange};

use super::stage::{appends, never, now, said};
use super::{Stage, Tenant};

async fn changes(of: &Tenant, after: u64, limit: usize) -> Vec<SessionChange> {
    of.store.list_changes(ChangeFilter { after, since: None, limit }).await.unwrap()
}

fn positions(changes: &[SessionChange]) -> Vec<u64> {
    changes.iter().map(|change| change.position).collect()
}

fn sessions(changes: &[SessionChange]) -> Vec<SessionId> {
    changes.iter().map(|change| change.session.as_ref().expect("it is there").id).collect()
}

/// A commit of this time to a session.
async fn changed_at(of: &Tenant, session: SessionId, at: Timestamp) {
    of.commit([appends(session, vec![NewEvent { at, ..said("x") }])]).await;
}

pub async fn a_changed_session_has_its_place_in_commit_order(stage: Stage) {
    let ours = &stage.ours;
    assert_eq!(ours.store.last_position().await.unwrap(), 0);
    assert_eq!(changes(ours, 0, 10).await, []);
    let (first, second) = (ours.session().await.id, ours.session().await.id);
    ours.commit([appends(second, vec![said("a"), said("b")])]).await;
    let refused = ChangeSet::of([appends(first, vec![said("no")])]);
    ours.refusal(refused.guarded(Guard::SessionAt { session: first, seq: 99 })).await;
    ours.commit([appends(first, vec![said("c")]), appends(first, vec![said("d")])]).await;
    stage.theirs.session().await;

    let all = changes(ours, 0, 10).await;

    assert_eq!(positions(&all), [1, 2, 3, 4], "one for each commit, none for a refused one");
    assert_eq!(sessions(&all), [first, second, second, first]);
    let now: Vec<&SessionState> = all.iter().map(|change| &change.session.as_ref().unwrap().state).collect();
    assert_eq!(now.iter().map(|state| state.seq).collect::<Vec<_>>(), [2, 2, 2, 2], "each as it is now");
    assert_eq!(ours.store.last_position().await.unwrap(), 4);
    assert_eq!(positions(&changes(ours, 1, 2).await), [2, 3]);
    assert_eq!(changes(ours, 4, 10).await, []);
    assert_eq!(changes(ours, u64::MAX, 10).await, []);
    assert_eq!(ours.store.find_change(3).await.unwrap(), Some(all[2].at));
    for unknown in [0, 5, u64::MAX] {
        assert_eq!(ours.store.find_change(unknown).await.unwrap(), None, "{unknown}");
    }
    let later = ChangeFilter { after: 0, since: Some(all[2].at), limit: 10 };
    assert_eq!(positions(&ours.store.list_changes(later).await.unwrap()), [3, 4]);
}

pub async fn positions_have_no_gap_whoever_commits(stage: Stage) {
    let ours = &stage.ours;
    let mut told = stage.feed.watch_changes(ours.org);
    let mut made = Vec::new();
    for _ in 0..8 {
        made.push(ours.session().await.id);
    }
    let commits = made.iter().flat_map(|session| (0..8).map(|_| ours.commit([appends(*session, vec![said("x")])])));
    futures::future::join_all(commits).await;

    let last = ours.store.last_position().await.unwrap();
    let all = changes(ours, 0, 1_000).await;

    assert_eq!(positions(&all), (1..=last).collect::<Vec<_>>());
    assert!(made.iter().all(|session| sessions(&all).iter().filter(|changed| *changed == session).count() >= 2));
    assert_eq!(*told.borrow_and_update(), last, "whoever follows was told");
    let missing = ours.refusal(ChangeSet::of([Change::Release(never())])).await;
    assert!(!told.has_changed().unwrap(), "{missing}: nothing came of it");
}

pub async fn an_order_begins_with_the_first_that_is_young_enough_and_has_no_gap(stage: Stage) {
    let ours = &stage.ours;
    let (session, at) = (ours.session().await.id, now());
    let first = ours.store.last_position().await.unwrap();
    let late = Duration::from_secs(60);
    // Times are given before a commit's turn comes.
    for time in [at, at + late, at, at + late] {
        changed_at(ours, session, time).await;
    }
    let since = ChangeFilter { after: 0, since: Some(at + late), limit: 10 };
    let listed = ours.store.list_changes(since).await.unwrap();
    assert_eq!(positions(&listed), [first + 2, first + 3, first + 4]);
    let later = ChangeFilter { since: Some(at + late + late), ..since };
    assert_eq!(ours.store.list_changes(later).await.unwrap(), []);
}

pub async fn old_changes_are_let_go_of_but_for_the_last(stage: Stage) {
    let (old, session) = (now(), stage.ours.session().await.id);
    for _ in 0..20 {
        changed_at(&stage.ours, session, old).await;
    }
    let last = stage.ours.store.last_position().await.unwrap();
    let young = old + CHANGES_KEPT + Duration::from_hours(1);
    // The first change of a process lets go of what is old, after it was answered.
    let stage = stage.reopen().await;
    changed_at(&stage.ours, session, young).await;
    stage.store.check().await.unwrap();

    assert_eq!(positions(&changes(&stage.ours, 0, 100).await), [last + 1]);
    assert_eq!(stage.ours.store.find_change(last).await.unwrap(), None);
    let theirs = stage.theirs.store.last_position().await.unwrap();
    assert_eq!(positions(&changes(&stage.theirs, 0, 100).await), [theirs], "the last one is what is counted from");
    changed_at(&stage.ours, session, young).await;
    assert_eq!(stage.ours.store.last_position().await.unwrap(), last + 2);
}
