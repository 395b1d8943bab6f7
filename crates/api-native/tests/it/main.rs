//! The native API as its clients see it: through the real router, over the real store and
//! engine. The numbers in comments are the acceptance cases of the contract.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected is to end there")]

mod agents;
mod approvals;
mod browser;
mod budgets;
mod callers;
mod compaction;
mod cursors;
mod deployments;
mod desk;
mod document;
mod events;
mod idempotency;
mod inbox;
mod issuers;
mod knowledge;
mod links;
mod logins;
mod mission;
mod models;
mod monitors;
mod org_stream;
mod paths;
mod places;
mod providers;
mod python;
mod resume;
mod runs;
mod secrets;
mod session_changes;
mod sessions;
mod steering;
mod stream;
mod structured;
mod tools;
mod usage;
mod wait;
mod webhook_faults;
mod webhooks;
mod webhooks_doc;
