//! The desk: what runs spent, and what waits for people.

use std::collections::BTreeSet;

use domain::RunId;
use domain::Timestamp;
use domain::change::Change;
use domain::run::{Need, Run, RunStatus, Waiting};
use domain::session::{Session, SessionState};
use ports::store::{AskingFilter, SpendingFilter};

use super::stage::{fresh, new_run, over};
use super::{Stage, Tenant};

/// So many seconds behind a moment long before all others.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

/// A session that was begun then, and changed long after.
async fn early_session(of: &Tenant) -> Session {
    let session = Session { created_at: at(-5), state: SessionState::new(at(2_000)), ..of.new_session() };
    of.commit([Change::InsertSession(session.clone())]).await;
    session
}

/// A run that began then, and is over.
async fn ran(of: &Tenant, session: &Session, began: Timestamp) -> RunId {
    let run = Run { started_at: Some(began), ..over(new_run(session)) };
    let id = run.id;
    of.commit([Change::InsertRun(run)]).await;
    id
}

pub async fn what_runs_spent_is_read_page_by_page(stage: Stage) {
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    let mut expected = BTreeSet::new();
    for _ in 0..3 {
        let session = early_session(ours).await;
        for second in 0..3 {
            expected.insert((session.id, at(second)));
            ran(ours, &session, at(second)).await;
        }
        // Never taken by a worker, and at another time.
        ours.commit([Change::InsertRun(Run { started_at: None, ..over(new_run(&session)) })]).await;
        ran(ours, &session, at(1_000)).await;
    }
    let foreign = early_session(theirs).await;
    ran(theirs, &foreign, at(0)).await;
    let base = || SpendingFilter { project: None, open_to: None, from: at(0), until: at(10), after: None, limit: 100 };
    for limit in [1, 2, 5, 100] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = ours.store.list_spending(SpendingFilter { after, limit, ..base() }).await.unwrap();
            assert!(page.runs.len() <= limit);
            seen.extend(page.runs.iter().map(|run| (run.session, run.started_at)));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen.len(), expected.len(), "each once, by {limit}");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected);
    }
    let none = SpendingFilter { project: Some(fresh()), ..base() };
    assert_eq!(ours.store.list_spending(none).await.unwrap().runs, []);
    let earlier = SpendingFilter { from: at(-10), until: at(0), ..base() };
    assert_eq!(ours.store.list_spending(earlier).await.unwrap().runs, []);
}

pub async fn what_asks_is_found_by_how_long_it_waits(stage: Stage) {
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    let asks = async |of: &Tenant, since: Option<Timestamp>, need: Need| {
        let session = of.session().await;
        let waiting = vec![Waiting { tool_use: fresh(), need }];
        let run = Run { status: RunStatus::Waiting, waiting, asks_since: since, ..new_run(&session) };
        of.commit([Change::InsertRun(run.clone())]).await;
        run
    };
    let second = asks(ours, Some(at(2)), Need::Approval).await;
    let first = asks(ours, Some(at(1)), Need::Resolution).await;
    asks(ours, None, Need::ClientResult).await;
    asks(theirs, Some(at(1)), Need::Approval).await;
    let list = async |filter: AskingFilter| {
        let asking = ours.store.list_asking_runs(filter).await.unwrap();
        asking.into_iter().map(|asking| (asking.run.id, asking.since)).collect::<Vec<_>>()
    };
    let base = || AskingFilter { limit: 10, ..AskingFilter::default() };
    let both = [(first.id, at(1)), (second.id, at(2))];
    assert_eq!(list(base()).await, both);
    assert_eq!(list(AskingFilter { from: Some((at(1), first.id.0)), ..base() }).await, both);
    assert_eq!(list(AskingFilter { from: Some((at(2), uuid::Uuid::nil())), ..base() }).await, both[1..]);
    assert_eq!(list(AskingFilter { limit: 1, ..base() }).await, both[..1]);
    assert_eq!(list(AskingFilter { agent: Some(fresh()), ..base() }).await, []);
    // One that is taken up again waits no more, whatever it says.
    ours.commit([Change::PutRun(Run { status: RunStatus::Queued, ..first })]).await;
    assert_eq!(list(base()).await, both[1..]);
}
