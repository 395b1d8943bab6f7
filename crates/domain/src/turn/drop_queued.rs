//! Ending a run that has not begun, whatever the session is doing.

use super::{Change, ChangeSet, Guard, Moment};
use crate::event::{EventBody, NewEvent};
use crate::run::{Outcome, Run};
use crate::session::InboxItem;

/// Ends a queued run that has not begun. Its input is kept in the log as dropped; the
/// session's state stays as it is, since another run may have it.
pub fn drop_queued(run: Run, inbox: Vec<InboxItem>, outcome: Outcome, at: &mut Moment<'_>) -> ChangeSet {
    let entry = |id, body| NewEvent { id, run: Some(run.id), at: at.now, body };
    let items = inbox.iter().map(|item| item.id).collect();
    let mut events: Vec<NewEvent> = inbox.into_iter().map(|item| entry(item.id, dropped(item.body))).collect();
    events.push(entry((at.ids)(), EventBody::RunDropped { outcome: outcome.clone() }));
    let guard = Guard::RunAt { run: run.id, version: run.version };
    let session = run.session;
    let over = Run { status: outcome.status(), ended_at: Some(at.now), outcome: Some(outcome), ..run };
    ChangeSet::of([
        Change::TakeInput { session, items },
        Change::Append { session, events, state: None },
        Change::PutRun(over),
        Change::Release(session),
    ])
    .guarded(guard)
}

fn dropped(body: EventBody) -> EventBody {
    match body {
        EventBody::UserMessage { content, .. } => EventBody::UserMessage { content, dropped: true },
        other => other,
    }
}
