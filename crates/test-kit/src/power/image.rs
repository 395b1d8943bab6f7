//! The files as a disk might hold them after a power cut.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::Recording;
use super::recording::Entry;

/// A disk writes whole sectors; a torn write ends between two.
const SECTOR: usize = 512;

/// A power cut at one point of a recording.
#[derive(Debug)]
pub struct Cut {
    /// What callers had been told by then.
    pub acknowledged: BTreeSet<u64>,
    files: BTreeMap<String, File>,
}

/// One file: what is certainly on the disk, and what was under way.
#[derive(Debug, Default)]
struct File {
    durable: Option<Vec<u8>>,
    /// With the number of each entry.
    pending: Vec<(usize, Entry)>,
}

impl Cut {
    /// Cuts the power after the first `after` entries. `seed` decides what becomes of each
    /// write that was not flushed.
    pub fn at(recording: &Recording, after: usize, seed: u64) -> Self {
        let mut chance = Chance(seed | 1);
        let mut cut = Self { acknowledged: BTreeSet::new(), files: BTreeMap::new() };
        for (number, entry) in recording.lock().iter().take(after).enumerate() {
            match entry {
                Entry::Acknowledged(what) => {
                    cut.acknowledged.insert(*what);
                }
                Entry::Flush { file, covers } => {
                    cut.file(file).flush(*covers);
                    cut.settle_deletions(*covers);
                }
                Entry::Write { file, .. } | Entry::Truncate { file, .. } | Entry::Delete { file } => {
                    cut.file(file).pending.push((number, entry.clone()));
                }
            }
        }
        cut.files.values_mut().for_each(|file| file.lose_power(&mut chance));
        cut
    }

    /// Writes the files into a directory.
    ///
    /// # Errors
    /// If the directory cannot be written.
    pub fn write_to(&self, dir: &Path) -> std::io::Result<()> {
        for (name, file) in &self.files {
            if let Some(bytes) = &file.durable {
                std::fs::write(dir.join(name), bytes)?;
            }
        }
        Ok(())
    }

    /// A file system that keeps a journal of names has every earlier deletion on the disk
    /// once it has flushed anything.
    fn settle_deletions(&mut self, covers: usize) {
        for file in self.files.values_mut() {
            let deleted = |(number, entry): &(usize, Entry)| *number < covers && matches!(entry, Entry::Delete { .. });
            if let Some(last) = file.pending.iter().rposition(deleted) {
                file.pending.drain(..=last);
                file.durable = None;
            }
        }
    }

    fn file(&mut self, name: &str) -> &mut File {
        self.files.entry(name.to_owned()).or_default()
    }
}

impl File {
    fn flush(&mut self, covers: usize) {
        for (number, entry) in std::mem::take(&mut self.pending) {
            if number < covers {
                self.apply(entry);
            } else {
                self.pending.push((number, entry));
            }
        }
        self.durable.get_or_insert_default();
    }

    /// Each pending change is kept, lost or torn, on its own.
    fn lose_power(&mut self, chance: &mut Chance) {
        for (_, entry) in std::mem::take(&mut self.pending) {
            match (chance.below(3), entry) {
                (0, _) => {}
                (1, Entry::Write { file, offset, bytes }) => {
                    let kept = chance.below(bytes.len() / SECTOR + 1) * SECTOR;
                    let torn = bytes[..kept].to_vec();
                    self.apply(Entry::Write { file, offset, bytes: torn });
                }
                (_, entry) => self.apply(entry),
            }
        }
    }

    fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Write { offset, bytes, .. } => {
                let content = self.durable.get_or_insert_default();
                let end = offset + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[offset..end].copy_from_slice(&bytes);
            }
            Entry::Truncate { size, .. } => self.durable.get_or_insert_default().resize(size, 0),
            Entry::Delete { .. } => self.durable = None,
            Entry::Flush { .. } | Entry::Acknowledged(_) => {}
        }
    }
}

/// A small generator of chance (xorshift64*), so that a seed is the whole bug report.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound.max(1)
    }
}
