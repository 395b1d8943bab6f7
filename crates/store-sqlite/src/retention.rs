//! Finding what has been kept for long enough. It is looked for beside the writer, which is then
//! told what to let go of, a bite at a time.

use domain::{OrgId, Timestamp};
use ports::store::{RestingFilter, RestingPage, RestingPlace};
use rusqlite::{Connection, Row, named_params};

use crate::columns::{id, limit, micros, time};
use crate::fault::Fault;
use crate::sql::{many, one, statements};

/// Rows of a kind that go at once.
pub(crate) const BITE: usize = 250;

statements! {
    // Those made before the time, in the order of their index, whenever something was last said
    // in them: an index of that would be written with every event.
    LIST = "select s.created_at, s.number, s.id, s.updated_at,
          case when s.updated_at >= :before or s.active_run is not null or s.status not in ('idle', 'terminated')
            then 0
            else not exists (select 1 from runs r where r.session = s.number and r.status = 'queued')
              and not exists (select 1 from rollouts q where q.session = s.id and q.approval_due_at is not null)
              and not exists (select 1 from watches w where w.session = s.id and w.due_at is not null)
          end
        from sessions s
        where s.org = :org and s.created_at < :before and (s.created_at, s.number) > (:at, :number)
        order by s.created_at, s.number limit :limit";
    FIRST_YOUNG = "select created_at from sessions where org = ?1 and created_at >= ?2 order by created_at limit 1";
}

/// A session that was looked at.
struct Looked {
    place: RestingPlace,
    session: domain::SessionId,
    last_at: Timestamp,
    rests: bool,
}

pub(crate) fn list_resting(db: &Connection, org: OrgId, filter: &RestingFilter) -> Result<RestingPage, Fault> {
    let before = micros(filter.before);
    let RestingPlace([at, number]) = filter.after.unwrap_or(RestingPlace([i64::MIN; 2]));
    let params = named_params! {
        ":org": org.0,
        ":before": before,
        ":at": at,
        ":number": number,
        ":limit": limit(Some(filter.limit)),
    };
    let looked = many(db, LIST, params, read)?;
    let next = looked.last().filter(|_| looked.len() == filter.limit).map(|last| last.place);
    let young = looked.iter().map(|looked| looked.last_at).filter(|at| *at >= filter.before).min();
    let unseen = match next {
        Some(_) => None,
        None => one(db, FIRST_YOUNG, (org.0, before), |row| time(row.get(0)?))?,
    };
    let sessions = looked.into_iter().filter(|looked| looked.rests).map(|looked| looked.session).collect();
    Ok(RestingPage { sessions, next_at: young.into_iter().chain(unseen).min(), next })
}

fn read(row: &Row<'_>) -> Result<Looked, Fault> {
    let place = RestingPlace([row.get(0)?, row.get(1)?]);
    Ok(Looked { place, session: id(row, 2)?, last_at: time(row.get(3)?)?, rests: row.get(4)? })
}

/// What is older than a time, by its place, a bite of it; and of when the oldest is that is left.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Old {
    pub(crate) places: Vec<i64>,
    pub(crate) oldest_left: Option<Timestamp>,
}

impl Old {
    /// Takes as many of the rows as are old, or as there is room for. They come oldest first.
    pub(crate) fn take<E>(
        &mut self,
        before: Timestamp,
        rows: impl IntoIterator<Item = Result<(i64, Timestamp), E>>,
    ) -> Result<(), E> {
        for row in rows {
            let (place, at) = row?;
            if at >= before || self.places.len() == BITE {
                self.oldest_left = self.oldest_left.into_iter().chain([at]).min();
                break;
            }
            self.places.push(place);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn a_bite_is_bounded_and_tells_how_old_the_rest_is() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let rows = |from: i64, many: i64| (from..from + many).map(move |n| Ok::<_, Infallible>((n, at(n))));
        let mut old = Old::default();
        old.take(at(100), rows(90, 30)).unwrap();
        assert_eq!((old.places.len(), old.oldest_left), (10, Some(at(100))), "up to the first that is young");
        old.take(at(100), rows(95, 3)).unwrap();
        assert_eq!((old.places.len(), old.oldest_left), (13, Some(at(100))), "all of another's");
        old.take(at(9_000), rows(1_000, 1_000)).unwrap();
        assert_eq!((old.places.len(), old.oldest_left), (BITE, Some(at(100))));
        old.take(at(100), rows(5, 1)).unwrap();
        assert_eq!((old.places.len(), old.oldest_left), (BITE, Some(at(5))), "there is more to take");
    }
}
