//! What an operator may set about the store.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::planted::Planted;

/// The embedded store. The defaults suit one machine of any size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StoreOptions {
    /// How many long reads (lists, logs, documents) go on at once; others wait. Short reads
    /// do not count.
    ///
    /// Since 0.1.
    pub readers: usize,

    /// How many changes of one organization may wait to be written. When more come, they
    /// are refused as busy.
    ///
    /// Since 0.1.
    pub queue_max_per_org: usize,

    /// How many changes share one flush to disk at most.
    ///
    /// Since 0.1.
    pub batch_max: usize,

    /// Pages (of 4 KiB) that the write-ahead log holds before they are moved into the
    /// database file.
    ///
    /// Since 0.1.
    pub checkpoint_pages: u32,

    /// The SQLite file layer to use instead of the system's; for tests.
    #[serde(skip)]
    pub vfs: Option<String>,

    /// A promise to break; for tests of the tests.
    #[serde(skip)]
    pub planted: Planted,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            readers: 4,
            queue_max_per_org: 4096,
            batch_max: 256,
            checkpoint_pages: 4096,
            vfs: None,
            planted: Planted::default(),
        }
    }
}
