//! The one binary: the server, and the client of a running one.
fn main() {}
