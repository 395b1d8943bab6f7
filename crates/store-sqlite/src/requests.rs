//! Requests that may be sent again, and what came of them.

use domain::OrgId;
use domain::idempotency::{Answer, Fingerprint, KEPT_FOR, Made, RequestName, RequestRecord};
use rusqlite::{Connection, Row, named_params};

use crate::columns::{micros, time, to_json};
use crate::fault::Fault;
use crate::sql::{one, run, statements};

statements! {
    // An answer does not say again what was made.
    KEEP = "insert into requests (org, key, path, name, fingerprint, at, made, session, status, answer)
        values (:org, :key, :path, :name, :fingerprint, :at, :made, :session, :status, :answer)
        on conflict (org, key, path, name) do update set fingerprint = excluded.fingerprint, at = excluded.at,
          made = ifnull(excluded.made, made), session = ifnull(excluded.session, session),
          status = excluded.status, answer = excluded.answer";
    FIND = "select fingerprint, at, made, status, answer from requests
        where org = ?1 and key = ?2 and path = ?3 and name = ?4
          and (session is null or exists (select 1 from sessions where id = requests.session))";
    // A few at a time, more than are added: no commit is held up by a day's requests.
    FORGET = "delete from requests where number in (select number from requests where at < ?1 order by at limit 8)";
}

/// Keeps what came of a request, and forgets some whose day is over.
pub(crate) fn keep(db: &Connection, org: OrgId, record: &RequestRecord) -> Result<(), Fault> {
    let RequestRecord { request, fingerprint, at, made, answer } = record;
    let mut statement = db.prepare_cached(KEEP)?;
    statement.execute(named_params! {
        ":org": org.0,
        ":key": request.key.0,
        ":path": request.path,
        ":name": request.name,
        ":fingerprint": fingerprint.0,
        ":at": micros(*at),
        ":made": made.as_ref().map(to_json).transpose()?,
        ":session": made.as_ref().and_then(Made::session).map(|session| session.0),
        ":status": answer.as_ref().map(|answer| answer.status),
        ":answer": answer.as_ref().map(|answer| &answer.body),
    })?;
    let over = at.saturating_sub(KEPT_FOR).map_err(Fault::damaged)?;
    run(db, FORGET, [micros(over)]).map(|_| ())
}

/// What came of a request. What was said of a session is gone with it, though its row may
/// still have to be cleared away (`deletions`).
pub(crate) fn find(db: &Connection, org: OrgId, request: &RequestName) -> Result<Option<RequestRecord>, Fault> {
    let params = (org.0, request.key.0, &request.path, &request.name);
    one(db, FIND, params, |row| read(row, request.clone()))
}

fn read(row: &Row<'_>, request: RequestName) -> Result<RequestRecord, Fault> {
    let made: Option<String> = row.get(2)?;
    let (status, body): (Option<u16>, Option<String>) = (row.get(3)?, row.get(4)?);
    Ok(RequestRecord {
        request,
        fingerprint: Fingerprint(row.get(0)?),
        at: time(row.get(1)?)?,
        made: made.map(|made| serde_json::from_str(&made)).transpose()?,
        answer: status.zip(body).map(|(status, body)| Answer { status, body }),
    })
}
