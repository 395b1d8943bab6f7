//! The built-in language model: a small open model on the CPU, and how its file is fetched.
//!
//! Two halves. [`catalogue`], [`folder`] and [`pull`] know the models and their files and
//! need nothing but Rust. [`LocalModel`] is the provider `local`; it talks through a pipe
//! with a process of the same binary ([`child_main`]), in which the engine runs that the
//! feature `llama` compiles in.
//!
//! This crate may not know agents, runs, stores or HTTP; what it is asked is a
//! [`domain::model::ModelRequest`]. It never fetches anything by itself: only [`pull`]
//! does, when a person asks for it.
//!
//! To add a model: an entry in [`catalogue`]. To add a source of files: see [`pull`].

pub mod catalogue;
mod child;
mod conversation;
mod cpu;
#[cfg(feature = "llama")]
mod engine;
pub mod folder;
mod local;
pub mod pull;
#[cfg(any(feature = "llama", test))]
mod rounds;
#[cfg(any(feature = "llama", test))]
mod template;
#[cfg(any(feature = "llama", test))]
mod utf8;
mod wire;

pub use child::{CHILD_ARGUMENT, child_main};
pub use folder::{find, list, model_dir};
pub use local::{ChildProgram, LocalModel, LocalOptions};
