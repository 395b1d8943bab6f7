//! How statements are written down and run.

use rusqlite::{Connection, Params, Row};

use crate::fault::Fault;

/// Declares a noun's statements, and the list by which a test prepares all of them against
/// the migrated schema.
macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        $(const $name: &str = $sql;)*

        #[cfg(test)]
        pub(crate) const STATEMENTS: &[&str] = &[$($name,)*];
    };
}
pub(crate) use statements;

/// The first row of a query, read.
pub(crate) fn one<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// All rows of a query, read.
pub(crate) fn many<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// Runs a statement that gives no rows; the number of rows it changed.
pub(crate) fn run(db: &Connection, sql: &str, params: impl Params) -> Result<usize, Fault> {
    Ok(db.prepare_cached(sql)?.execute(params)?)
}

/// Whether a query gives a row.
pub(crate) fn exists(db: &Connection, sql: &str, params: impl Params) -> Result<bool, Fault> {
    Ok(db.prepare_cached(sql)?.exists(params)?)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    /// Every noun's statements.
    const NOUNS: &[(&str, &[&str])] = &[
        ("agents", crate::agents::STATEMENTS),
        ("aliases", crate::aliases::STATEMENTS),
        ("approval_rules", crate::approval_rules::STATEMENTS),
        ("asking", crate::asking::STATEMENTS),
        ("audit", crate::audit::STATEMENTS),
        ("budgets", crate::budgets::STATEMENTS),
        ("callbacks", crate::callbacks::STATEMENTS),
        ("checks", crate::checks::STATEMENTS),
        ("contents", crate::contents::STATEMENTS),
        ("deletions", crate::deletions::STATEMENTS),
        ("deployments", crate::deployments::STATEMENTS),
        ("deliveries", crate::deliveries::STATEMENTS),
        ("documents", crate::documents::STATEMENTS),
        ("events", crate::events::STATEMENTS),
        ("export", crate::export::STATEMENTS),
        ("import", crate::import::STATEMENTS),
        ("inbox", crate::inbox::STATEMENTS),
        ("inspect", crate::inspect::STATEMENTS),
        ("keys", crate::keys::STATEMENTS),
        ("leases", crate::leases::STATEMENTS),
        ("links", crate::links::STATEMENTS),
        ("logins", crate::logins::STATEMENTS),
        ("members", crate::members::STATEMENTS),
        ("orgs", crate::orgs::STATEMENTS),
        ("persons", crate::persons::STATEMENTS),
        ("positions", crate::positions::STATEMENTS),
        ("projects", crate::projects::STATEMENTS),
        ("provider_numbers", crate::provider_numbers::STATEMENTS),
        ("providers", crate::providers::STATEMENTS),
        ("purposeful", crate::purposeful::STATEMENTS),
        ("requests", crate::requests::STATEMENTS),
        ("retention", crate::retention::STATEMENTS),
        ("rollouts", crate::rollouts::STATEMENTS),
        ("runs", crate::runs::STATEMENTS),
        ("samples", crate::samples::STATEMENTS),
        ("sessions", crate::sessions::STATEMENTS),
        ("spending", crate::spending::STATEMENTS),
        ("subscribed", crate::subscribed::STATEMENTS),
        ("tools", crate::tools::STATEMENTS),
        ("watches", crate::watches::STATEMENTS),
        ("webhooks", crate::webhooks::STATEMENTS),
    ];

    /// What may be read from end to end: there are few, and all are asked for. The constant
    /// row is that of an insert on a condition.
    const SCANNED: &[&str] = &["orgs", "json_each", "callbacks", "CONSTANT ROW"];

    /// What may be sorted for a page: it is looked for only among what is under way.
    const SORTED: &[&str] = &["q.asks_since is not null and q.org = :org"];

    fn migrated() -> Connection {
        let mut db = Connection::open_in_memory().unwrap();
        crate::migrations::migrate(&mut db, 0).unwrap();
        db
    }

    #[test]
    fn every_statement_fits_the_schema() {
        let db = migrated();
        for (noun, sql) in NOUNS.iter().flat_map(|(noun, all)| all.iter().map(move |sql| (noun, sql))) {
            if let Err(error) = db.prepare(sql) {
                panic!("{noun}: {error} in: {sql}");
            }
        }
    }

    #[test]
    fn every_statement_finds_its_rows_by_an_index() {
        let db = migrated();
        for (noun, sql) in NOUNS.iter().flat_map(|(noun, all)| all.iter().map(move |sql| (noun, sql))) {
            let mut explained = db.prepare(&format!("explain query plan {sql}")).unwrap();
            // Parameters are left unbound: the plan does not depend on them.
            let mut rows = explained.raw_query();
            while let Some(row) = rows.next().unwrap() {
                let step: String = row.get("detail").unwrap();
                // Walking an index in its order is what `limit` stops.
                let walks = step.contains(" USING ") && sql.contains("limit");
                let is_small = SCANNED.iter().any(|table| step.contains(table));
                let reads_all = step.starts_with("SCAN") && !walks && !is_small;
                // A page must not sort all there is to give its few rows.
                let are_few = SORTED.iter().any(|part| sql.contains(part));
                let sorts = step.contains("TEMP B-TREE") && sql.contains("limit") && !are_few;
                assert!(!reads_all && !sorts, "{noun}: {step} in: {sql}");
            }
        }
    }
}
