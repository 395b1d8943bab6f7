//! Writing the file.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use ports::transfer::{LeftOut, Record};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{End, Head, LINE_BYTES_MAX, LastLine};

/// A file being written.
pub(super) struct Writing {
    lines: GzEncoder<BufWriter<File>>,
    hash: Sha256,
    records: u64,
}

impl Writing {
    /// Begins a file that only its owner may read.
    pub(super) fn begin(path: &Path, head: &Head) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let lines = GzEncoder::new(BufWriter::new(file), Compression::default());
        let mut writing = Self { lines, hash: Sha256::new(), records: 0 };
        writing.lines.write_all(&line(head)?)?;
        Ok(writing)
    }

    pub(super) fn put(&mut self, record: &Record) -> io::Result<()> {
        let line = line(record)?;
        if line.len() > LINE_BYTES_MAX {
            return Err(io::Error::other(format!("{} is too large for the file", record.name())));
        }
        self.hash.update(&line);
        self.records += 1;
        self.lines.write_all(&line)
    }

    /// Writes the end. It is on disk when this returns.
    pub(super) fn finish(&mut self, left_out: LeftOut) -> io::Result<End> {
        let sha256 = hex(std::mem::take(&mut self.hash));
        let end = End { records: self.records, sha256, left_out };
        self.lines.write_all(&line(&LastLine { end: end.clone() })?)?;
        self.lines.try_finish()?;
        let file = self.lines.get_mut();
        file.flush()?;
        file.get_ref().sync_all()?;
        Ok(end)
    }
}

fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// The hash as text.
pub(super) fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
