//! Where a page of a list begins, for lists that are ordered by time and then by number.

use ports::store::Order;
use rusqlite::{Connection, Params};

use crate::fault::Fault;
use crate::sql::one;

/// What stands before the page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// When it was made.
    pub(crate) at: i64,
    /// Its number.
    pub(crate) number: i64,
}

/// The place of the thing that a page follows, which `find` gives the time and number of;
/// without one, the place before all in this order. `None` if that thing is not there: what
/// comes after it is nothing.
pub(crate) fn place(
    db: &Connection,
    find: &str,
    after: Option<impl Params>,
    order: Order,
) -> Result<Option<Place>, Fault> {
    let before_all = match order {
        Order::OldestFirst => i64::MIN,
        Order::NewestFirst => i64::MAX,
    };
    match after {
        Some(thing) => one(db, find, thing, |row| Ok(Place { at: row.get(0)?, number: row.get(1)? })),
        None => Ok(Some(Place { at: before_all, number: before_all })),
    }
}
