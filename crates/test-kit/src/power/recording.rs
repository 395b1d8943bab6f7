//! What happened to the files, in one order.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::vfs;

/// One thing that happened.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    Write {
        file: String,
        offset: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        file: String,
        size: usize,
    },
    /// Everything up to entry number `covers` is on the disk: what was written while the
    /// flush was under way may not be.
    Flush {
        file: String,
        covers: usize,
    },
    Delete {
        file: String,
    },
    Acknowledged(u64),
}

/// A running record of everything SQLite does to its files under one name.
#[derive(Debug, Clone)]
pub struct Recording {
    name: String,
    entries: Arc<Mutex<Vec<Entry>>>,
}

impl Recording {
    /// Starts one. Open the store with [`Recording::vfs`].
    ///
    /// # Panics
    /// If the name is taken, or SQLite refuses the file layer.
    pub fn start(name: &str) -> Self {
        let recording = Self { name: name.to_owned(), entries: Arc::default() };
        vfs::register(name, recording.clone());
        recording
    }

    /// The name of the file layer to open the store with.
    pub fn vfs(&self) -> &str {
        &self.name
    }

    /// Notes that a caller has been told of success number `number`.
    pub fn acknowledged(&self, number: u64) {
        self.push(Entry::Acknowledged(number));
    }

    /// How many things have happened.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether nothing has happened.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// After how many things a caller was told of a success, each time.
    pub fn acknowledgements(&self) -> Vec<usize> {
        let entries = self.lock();
        let told = entries.iter().enumerate().filter(|(_, entry)| matches!(entry, Entry::Acknowledged(_)));
        told.map(|(number, _)| number + 1).collect()
    }

    pub(super) fn push(&self, entry: Entry) {
        self.lock().push(entry);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
