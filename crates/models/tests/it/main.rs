//! The OpenAI-compatible provider against a server that behaves well, badly, or not at all.

mod faults;
mod replies;
mod stub;
