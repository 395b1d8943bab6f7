//! Links by which people come in: one for each member, until it is used or another is made.

use domain::key::KeyHash;
use domain::person::Link;
use domain::{MemberId, OrgId};
use ports::store::LinkOfMember;
use rusqlite::Connection;

use crate::columns::{json, maybe_id, to_json};
use crate::fault::{Fault, found};
use crate::sql::{one, run, statements};
use crate::{members, persons};

statements! {
    PUT = "insert into links (member, org, hash, body) select ?1, ?2, ?3, ?4
        where exists (select 1 from members where id = ?1 and org = ?2)
        on conflict (member) do update set hash = excluded.hash, body = excluded.body";
    TAKE = "delete from links where member = ?1 and org = ?2 and hash = ?3";
    FIND = "select o.number, o.body, m.number, m.body, l.body, m.person from links l
        join members m on m.id = l.member join orgs o on o.id = l.org where l.hash = ?1";
}

pub(crate) fn put(db: &Connection, org: OrgId, link: &Link) -> Result<(), Fault> {
    found(run(db, PUT, (link.member.0, org.0, link.hash.0, to_json(link)?))?)
}

/// Uses a link up. Of two who do so at once, one finds it gone.
pub(crate) fn take(db: &Connection, org: OrgId, member: MemberId, hash: KeyHash) -> Result<(), Fault> {
    found(run(db, TAKE, (member.0, org.0, hash.0))?)
}

pub(crate) fn find(db: &Connection, hash: KeyHash) -> Result<Option<LinkOfMember>, Fault> {
    one(db, FIND, [hash.0], |row| {
        let (org, member) = (persons::org(row)?, members::read(row, 2)?);
        Ok(LinkOfMember { org, link: json(row, 4)?, member, person: maybe_id(row, 5)? })
    })
}
