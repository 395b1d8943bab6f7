//! What has been kept for long enough is found, and what goes on is not.

use domain::change::Change;
use domain::session::SessionStatus;
use domain::{SessionId, Timestamp};
use ports::store::{RestingFilter, RestingPage};

use super::approvals;
use super::stage::{appends, now, said, state, waiting};
use super::{Stage, Tenant};

/// All pages of so many, as one, and how many there were.
async fn resting(of: &Tenant, before: Timestamp, limit: usize) -> (RestingPage, usize) {
    let (mut all, mut pages, mut after) = (RestingPage::default(), 0, None);
    loop {
        let page = of.store.list_resting(RestingFilter { before, after, limit }).await.unwrap();
        all.sessions.extend(page.sessions);
        all.next_at = all.next_at.into_iter().chain(page.next_at).min();
        (pages, after) = (pages + 1, page.next);
        if after.is_none() {
            return (all, pages);
        }
    }
}

pub async fn sessions_at_rest_are_found_by_their_last_word(stage: Stage) {
    let (ours, fence) = (&stage.ours, stage.fence);
    let first = ours.session().await;
    let archived = ours.session().await.id;
    ours.commit([Change::ArchiveSession { session: archived, at: now() }]).await;
    let (queued, held, waits) = (ours.session().await, ours.session().await, ours.session().await);
    ours.queued_run(&queued).await;
    ours.running_run(&held, fence).await;
    let parked = ours.running_run(&waits, fence).await;
    let idle = state(SessionStatus::Idle, Some(parked.id));
    let rests = Change::Append { session: waits.id, events: vec![], state: Some(idle) };
    ours.commit([rests, Change::PutRun(waiting(parked))]).await;
    approvals::stored(ours, 0).await;
    let (last, spoke) = (ours.session().await.id, ours.session().await.id);
    let before = now();
    let word = said("still here");
    let spoke_at = word.at;
    ours.commit([appends(spoke, vec![word])]).await;
    ours.session().await;

    let stage = stage.reopen().await;
    let expected: [SessionId; 3] = [first.id, archived, last];
    for (limit, pages) in [(100, 1), (3, 3), (1, 9)] {
        let (found, read) = resting(&stage.ours, before, limit).await;
        assert_eq!((&found.sessions[..], read), (&expected[..], pages), "in pages of {limit}");
        assert_eq!(found.next_at, Some(spoke_at), "the next one to come");
    }
    let (none, _) = resting(&stage.ours, first.created_at, 100).await;
    assert_eq!((none.sessions, none.next_at), (vec![], Some(first.created_at)));
    assert_eq!(resting(&stage.theirs, before, 100).await.0.sessions, [], "another's are theirs");
    let later = now();
    let (found, _) = resting(&stage.ours, later, 100).await;
    assert_eq!((found.sessions.len(), found.next_at), (5, None), "those that spoke, and that were young");
}
