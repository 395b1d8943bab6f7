//! The built-in language model, and how its file is fetched.

pub mod catalogue;
pub mod folder;
pub mod pull;
