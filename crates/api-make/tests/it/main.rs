//! The contract's acceptance cases, through the real router over the real engine and store.
//! Each test names the cases it holds.

mod agents;
mod approvals;
mod auth;
mod budgets;
mod callbacks;
mod contexts;
mod drawn;
mod lookups;
mod openapi;
mod parser;
mod runs;
mod sdk;
mod streams;
mod team;
mod threads;
mod tools;
mod traps;

#[test]
#[ignore = "not a test: the child process in which other tests read documents"]
fn extract_text_child() {
    test_kit::extract_text_child();
}
