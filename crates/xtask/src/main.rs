//! The project's chores: `cargo xtask start`, `cargo xtask test`, and the rest.
fn main() {}
