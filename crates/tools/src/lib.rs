//! What an agent can call, and the text in the files it is given.
//!
//! [`http`] makes the calls of HTTP tools, through the guarded client and no other way;
//! [`signals`] asks for the numbers by which rollouts are judged, in the same way;
//! [`webhooks`] sends what happens to the addresses that want to know, likewise;
//! [`extract`] gets the text out of uploaded files.
//!
//! This crate knows nothing of runs, permissions or budgets: whether a tool can be called as
//! it is written and whether a call may be made is decided before it gets here, and what its
//! outcome means afterwards.
//!
//! One more kind of tool: a module with a [`ports::ToolRunner`]. One more kind of file: a
//! variant of the extractor's kinds, and a reader; in the child process unless reading it
//! is no more than decoding text.

pub mod extract;
pub mod http;
pub mod signals;
pub mod webhooks;

pub use self::http::HttpTools;
pub use extract::{ExtractOptions, Extractor};
pub use signals::Signals;
pub use webhooks::Webhooks;
