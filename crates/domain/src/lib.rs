//! What Sortie decides, and nothing else.
//!
//! Plain types and rules for agents, sessions, runs and their events. A decision takes
//! what is known and returns what changes ([`ChangeSet`]); it reads no clock, draws no
//! random number, does no I/O and never waits, so a property test can take it a million
//! times a second. Time and ids are handed in.
//!
//! This crate knows no other crate of the workspace. A new noun gets a module of its own
//! here, its id in [`id`], and its changes in [`change`].

pub mod agent;
pub mod alias;
pub mod approval;
pub mod audit;
pub mod budget;
pub mod change;
pub mod citation;
pub mod deployment;
pub mod event;
pub mod id;
pub mod idempotency;
pub mod key;
pub mod knowledge;
pub mod limits;
pub mod model;
pub mod money;
pub mod monitor;
pub mod org;
pub mod output;
pub mod person;
pub mod provider;
pub mod repository;
pub mod retention;
pub mod retry;
pub mod rights;
pub mod rollout;
pub mod run;
pub mod secret;
pub mod session;
pub mod text;
pub mod tool;
pub mod trace;
pub mod transcript;
pub mod turn;
pub mod untrusted;
pub mod webhook;

pub use change::{Change, ChangeSet, Guard};
pub use event::{Event, EventBody, NewEvent};
pub use id::*;
pub use jiff::Timestamp;
