//! What hostile bytes may not do.
//!
//! Each function takes any bytes, hands them to one reader of what comes from outside, and
//! panics if that breaks a promise: by a panic of its own, by taking more than it may, by
//! reading the same in two ways, or by letting something pass that must not. The fuzz targets
//! (`fuzz/fuzz_targets`) call them with what the fuzzer makes up; the test of this crate with
//! the stored corpora (`fuzz/corpus`) and thousands of seeded mutations of them.
//!
//! Nothing here ships. One more target: a function here and a row in [`TARGETS`], a file below
//! `fuzz/fuzz_targets` with its entry in `fuzz/Cargo.toml`, and a folder of seeds.

mod addresses;
mod configuration;
mod cursors;
mod guard;
mod keys;
mod mutations;
mod streams;

pub use configuration::configuration;
pub use cursors::cursors;
pub use guard::url_guard;
pub use keys::keys;
pub use mutations::Mutations;
pub use streams::{messages_stream, openai_stream};

/// A reader and what must hold of it, for any bytes.
pub type Target = fn(&[u8]);

/// Every target, by the name of its folder of seeds.
pub const TARGETS: [(&str, Target); 6] = [
    ("configuration", configuration),
    ("cursors", cursors),
    ("keys", keys),
    ("messages_stream", messages_stream),
    ("openai_stream", openai_stream),
    ("url_guard", url_guard),
];
