//! Reading the file. It may come from anybody: no line is longer than one may be, and what
//! is not exactly as it was written is refused.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;
use ports::transfer::Record;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::writing::hex;
use super::{End, FORMAT, Head, LINE_BYTES_MAX, LastLine, VERSION};

/// How the last line begins, and no record does.
const END: &[u8] = b"{\"end\":";

/// A file being read. Gives the records; the last thing it gives is an error unless the file
/// is whole.
pub(super) struct Reading {
    lines: BufReader<GzDecoder<BufReader<File>>>,
    line: Vec<u8>,
    hash: Sha256,
    records: u64,
    end: Option<End>,
    is_over: bool,
}

impl Reading {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let lines = BufReader::new(GzDecoder::new(BufReader::new(File::open(path)?)));
        let (line, hash) = (Vec::new(), Sha256::new());
        let mut reading = Self { lines, line, hash, records: 0, end: None, is_over: false };
        reading.read_head().map_err(io::Error::other)?;
        Ok(reading)
    }

    /// What the last line said, once it was read.
    pub(super) fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    fn read_head(&mut self) -> Result<(), String> {
        const FOREIGN: &str = "it is no export of Sortie";
        self.read_line().map_err(|_| FOREIGN)?;
        #[derive(Deserialize)]
        struct Versioned {
            format: String,
            version: u32,
        }
        let Versioned { format, version } = serde_json::from_slice(&self.line).map_err(|_| FOREIGN)?;
        if format != FORMAT {
            return Err(FOREIGN.to_owned());
        }
        if version > VERSION {
            return Err(format!("its version is {version}, and this Sortie knows {VERSION}: use a newer one"));
        }
        serde_json::from_slice::<Head>(&self.line).map(drop).map_err(|error| format!("its first line: {error}"))
    }

    fn read_record(&mut self) -> Result<Option<Record>, String> {
        self.read_line()?;
        if self.line.starts_with(END) {
            return self.read_end().map(|()| None);
        }
        self.hash.update(&self.line);
        self.records += 1;
        let number = self.records;
        serde_json::from_slice(&self.line).map(Some).map_err(|error| format!("record {number}: {error}"))
    }

    fn read_end(&mut self) -> Result<(), String> {
        let LastLine { end } = serde_json::from_slice(&self.line).map_err(|error| format!("its last line: {error}"))?;
        if end.records != self.records || end.sha256 != hex(std::mem::take(&mut self.hash)) {
            return Err("its content is not what was exported: its checksum is wrong".to_owned());
        }
        let has_more = |reader: &mut dyn BufRead| reader.fill_buf().map(|more| !more.is_empty());
        // The decoder compares its own checksum when it is asked for more.
        let more = has_more(&mut self.lines).and_then(|more| Ok(more || has_more(self.lines.get_mut().get_mut())?));
        match more {
            Ok(false) => {
                self.end = Some(end);
                Ok(())
            }
            Ok(true) => Err("something stands behind its end".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Reads one whole line.
    fn read_line(&mut self) -> Result<(), String> {
        self.line.clear();
        let mut bounded = (&mut self.lines).take(LINE_BYTES_MAX as u64);
        let read = bounded.read_until(b'\n', &mut self.line);
        match read {
            Ok(_) if self.line.ends_with(b"\n") => Ok(()),
            Ok(bytes) if bytes >= LINE_BYTES_MAX => Err("a line of it is longer than any may be".to_owned()),
            Ok(_) => Err("it ends in the middle: it was cut off".to_owned()),
            Err(error) => Err(format!("it is damaged: {error}")),
        }
    }
}

impl Iterator for Reading {
    type Item = Result<Record, String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let read = self.read_record();
        self.is_over = !matches!(read, Ok(Some(_)));
        read.transpose()
    }
}
