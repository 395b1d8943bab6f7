//! The embedded store: SQLite, one writer that groups commits, readers beside it.
//!
//! It keeps what it is told and owns the order; it decides nothing. It may know `domain`
//! and `ports`, and nobody else may know SQL. What holds, and where:
//!
//! - acknowledged means durable: `writer` answers and publishes after `COMMIT`, with
//!   `synchronous=FULL`;
//! - a change set is applied whole or not at all: `changes`, each in its savepoint;
//! - a run belongs to one lease: `changes` checks the fence, `writer::desk` knows which
//!   lease is good;
//! - one organization never sees another: every statement in the nouns' files names it.
//!
//! One file holds one noun, its statements on top. A new noun: a table in a new migration,
//! a file with `statements!`, its name in the list of the tests of `sql`, its queries in
//! `view`, its changes in `changes`.

mod agents;
mod aliases;
mod approval_rules;
mod asking;
mod audit;
mod budgets;
mod callbacks;
mod changes;
mod checkpoint;
mod checks;
mod columns;
mod contents;
mod copy;
mod deletions;
mod deliveries;
mod deployments;
mod documents;
mod events;
mod export;
mod fault;
mod import;
mod inbox;
mod inspect;
mod keys;
mod leases;
mod links;
mod logins;
mod members;
mod migrations;
mod open;
mod options;
mod orgs;
mod people;
mod persons;
mod places;
mod planted;
mod positions;
mod projects;
mod provider_numbers;
mod providers;
mod purposeful;
mod readers;
mod requests;
mod restore;
mod retention;
mod rollouts;
mod runs;
mod samples;
mod sessions;
mod spending;
mod sql;
mod store;
mod subscribed;
mod tools;
mod view;
mod watches;
mod webhooks;
mod writer;

pub use inspect::{Inspection, inspect, is_held};
pub use open::OpenError;
pub use options::StoreOptions;
pub use planted::{Planted, PlantedBug};
pub use restore::{RestoreError, Restoring};
pub use store::SqliteStore;
