//! The schema and its history: forward only; a migration is added, never edited.

use rusqlite::{Connection, TransactionBehavior};

/// All migrations, in order. The schema's version is how many of them were applied.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/0001_first_light.sql")];

/// The version of a database on which all migrations were applied.
pub(crate) const NEWEST: i64 = MIGRATIONS.len() as i64;

/// `sort` in ASCII, in the header of every database of ours.
pub(crate) const APPLICATION_ID: i64 = 0x736f_7274;

/// Applies what is missing, each migration with its version in one transaction.
pub(crate) fn migrate(db: &mut Connection, version: i64) -> rusqlite::Result<()> {
    for (migration, number) in MIGRATIONS.iter().zip(1i64..).filter(|(_, number)| *number > version) {
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(migration)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", number)?;
        tx.commit()?;
        tracing::info!(schema.version = number, "the database was migrated");
    }
    Ok(())
}
