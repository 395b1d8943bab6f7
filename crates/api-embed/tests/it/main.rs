//! Embeds as a browser meets them, through the real router over the real engine and store.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected is to end there")]

mod conversations;
mod limits;
mod pages;
mod site;
mod tokens;
