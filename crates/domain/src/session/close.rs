//! The end of a session's use: archived, or gone.

use jiff::Timestamp;

use super::{Session, SessionRefusal, SessionStatus};
use crate::change::{Change, ChangeSet, Guard};
use crate::run::Outcome;
use crate::turn::{Moment, Queued, Unfinished, end_waiting, with_queue_dropped};

impl Session {
    /// Takes no input and no change from now on; its log stays. A run that waits for someone
    /// ends, since nobody could decide for it any more, and what waits `behind` it is
    /// dropped. Archiving twice changes nothing.
    ///
    /// # Errors
    /// A run is under way.
    pub fn archive(
        self,
        unfinished: Option<Unfinished>,
        behind: Vec<Queued>,
        at: &mut Moment<'_>,
    ) -> Result<(Session, ChangeSet), SessionRefusal> {
        if self.archived_at.is_some() {
            return Ok((self, ChangeSet::default()));
        }
        self.check_rests()?;
        let mut archived = Session { archived_at: Some(at.now), ..self };
        let session = archived.id;
        let ended = match unfinished {
            Some(unfinished) => {
                let (state, budget) = (&mut archived.state, archived.budget);
                let end = end_waiting(unfinished, state, budget, "the session was archived", at);
                with_queue_dropped(end, behind, &Outcome::Interrupted, at)
            }
            None => ChangeSet::default(),
        };
        Ok((archived, ended.and(ChangeSet::of([Change::ArchiveSession { session, at: at.now }]))))
    }

    /// Is gone with everything in it, whatever waits there.
    ///
    /// # Errors
    /// A run is under way.
    pub fn delete(&self, at: &Moment<'_>) -> Result<ChangeSet, SessionRefusal> {
        self.check_rests()?;
        Ok(ChangeSet::of([Change::DeleteSession { session: self.id, at: at.now }]))
    }

    /// Is gone as [`Session::delete`] would have it, if nothing goes on in it and nothing was
    /// said in it since `before`; `None` if it stays. Whatever is said meanwhile keeps it.
    pub fn expire(&self, before: Timestamp, at: &Moment<'_>) -> Option<ChangeSet> {
        if self.state.active_run.is_some() || self.state.updated_at >= before {
            return None;
        }
        let unchanged = Guard::SessionAt { session: self.id, seq: self.state.seq };
        Some(self.delete(at).ok()?.guarded(unchanged))
    }

    /// No worker has it or is about to.
    fn check_rests(&self) -> Result<(), SessionRefusal> {
        match self.state.status {
            SessionStatus::Idle | SessionStatus::Terminated => Ok(()),
            SessionStatus::Running | SessionStatus::Rescheduling => Err(SessionRefusal::Busy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventBody;
    use crate::id::RunId;
    use crate::limits::Limits;
    use crate::run::{Run, RunStatus};
    use crate::session::tests::{at, session};
    use crate::tool::{Effect, Judgement, Ruling};
    use crate::turn::tests::{Desk, asks_for, judged};
    use jiff::SignedDuration;

    #[test]
    fn a_session_under_way_is_neither_archived_nor_deleted() {
        for status in [SessionStatus::Running, SessionStatus::Rescheduling] {
            let mut busy = session();
            busy.state.status = status;
            assert_eq!(at(|at| busy.delete(at)).unwrap_err(), SessionRefusal::Busy);
            assert_eq!(at(|at| busy.archive(None, Vec::new(), at)).unwrap_err(), SessionRefusal::Busy);
        }
    }

    #[test]
    fn archiving_twice_changes_nothing() {
        let (archived, changes) = at(|at| session().archive(None, Vec::new(), at).unwrap());
        assert!(archived.archived_at.is_some() && !changes.is_empty());
        let (again, changes) = at(|at| archived.clone().archive(None, Vec::new(), at).unwrap());
        assert_eq!((again, changes.is_empty()), (archived, true));
    }

    #[test]
    fn only_a_session_at_rest_expires_and_only_as_it_was_seen() {
        let mut rests = session();
        (rests.state.seq, rests.state.updated_at) = (7, Timestamp::UNIX_EPOCH);
        let later = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1);
        assert_eq!(at(|at| rests.expire(Timestamp::UNIX_EPOCH, at)), None, "it is not old enough");
        let changes = at(|at| rests.expire(later, at)).expect("it is over");
        assert_eq!(changes.guards, [Guard::SessionAt { session: rests.id, seq: 7 }]);
        assert!(matches!(changes.changes[..], [Change::DeleteSession { .. }]));

        let mut over = rests.clone();
        over.state.status = SessionStatus::Terminated;
        assert!(at(|at| over.expire(later, at)).is_some());
        for status in [SessionStatus::Running, SessionStatus::Rescheduling] {
            rests.state.status = status;
            assert_eq!(at(|at| rests.expire(later, at)), None);
        }
        (rests.state.status, rests.state.active_run) = (SessionStatus::Idle, Some(RunId(uuid::Uuid::nil())));
        assert_eq!(at(|at| rests.expire(later, at)), None, "a run in it waits for somebody");
    }

    #[test]
    fn a_run_that_waits_ends_with_its_session() {
        let mut desk = Desk::new(Limits::default());
        // The second call stands behind the first and has not begun either.
        let asks = [Ruling::Ask, Ruling::Allow].map(|ruling| judged(Effect::Unsafe, Judgement::Valid(ruling)));
        desk.decide(|turn, at| turn.replied(asks_for(asks.to_vec()), at));
        let mut waits = session();
        (waits.id, waits.state) = (desk.turn.session(), desk.turn.state.clone());
        let run = Run { fence: None, ..desk.turn.run.clone() };
        let unfinished = Unfinished { run: run.clone(), events: desk.log.clone(), inbox: Vec::new() };

        let (archived, changes) = at(|at| waits.archive(Some(unfinished), Vec::new(), at).unwrap());

        assert!(changes.guards.contains(&Guard::RunAt { run: run.id, version: run.version }));
        let over = changes.changes.iter().find_map(|change| match change {
            Change::PutRun(over) => Some(over.status),
            _ => None,
        });
        assert_eq!(over, Some(RunStatus::Cancelled));
        assert_eq!((archived.state.active_run, archived.state.status), (None, SessionStatus::Idle));
        desk.store(changes);
        let names = desk.names();
        let ending = ["agent.tool_result", "agent.tool_result", "session.usage", "session.status_idle"];
        assert_eq!(names[names.len() - ending.len()..], ending);
        let refused = |body: &EventBody| matches!(body, EventBody::AgentToolResult { is_error: true, .. });
        assert_eq!(desk.log.iter().filter(|event| refused(&event.body)).count(), 2);
    }
}
