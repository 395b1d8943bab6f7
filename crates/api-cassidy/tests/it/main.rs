//! The contract's acceptance cases, through the real router over the real engine and store.
//! Each test names the cases it holds.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected is to end there")]

mod answers;
mod callers;
mod citations;
mod document;
mod embeds;
mod house;
mod messages;
mod threads;
mod webhooks;

#[test]
#[ignore = "not a test: the child process in which other tests read documents"]
fn extract_text_child() {
    test_kit::extract_text_child();
}
