//! The end of a session's use: archived, or gone.

use super::{Session, SessionRefusal, SessionStatus};
use crate::change::{Change, ChangeSet};
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
    use crate::change::Guard;
    use crate::event::EventBody;
    use crate::limits::Limits;
    use crate::run::{Run, RunStatus};
    use crate::session::tests::{at, session};
    use crate::tool::{Effect, Judgement, Ruling};
    use crate::turn::tests::{Desk, asks_for, judged};

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
