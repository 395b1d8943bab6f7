//! The Cased-compatible API as its clients see it. The numbers in comments are the acceptance
//! cases of the contract.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected is to end there")]

mod approvals;
mod auth;
mod command_line;
mod deployments;
mod docs;
mod document;
mod explanations;
mod login;
mod monitor;
mod monitor_faults;
mod rollback;
mod rollback_order;
mod sampled;
mod sessions;
mod two;
mod watched;
