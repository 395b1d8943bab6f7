//! The real binary, as people and programs meet it.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected is to end there")]

mod api_doc;
mod approvals;
mod battery;
mod cassidy_doc;
mod configuration;
mod demo;
mod deployments;
mod faults;
mod full_disk;
mod hostile;
mod keys;
mod members;
mod operations;
mod secrets;
mod serving;
mod sortie;
mod talking;
mod tls;
