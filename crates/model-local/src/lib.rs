//! The built-in language model, and how its file is fetched.
