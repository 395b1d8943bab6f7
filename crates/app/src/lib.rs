//! The operations: allow, load, decide, commit.
