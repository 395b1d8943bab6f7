//! What whoever runs a server does beside it: watch, examine, back up.

mod backup;
mod doctor;
mod metrics;
mod tail;
