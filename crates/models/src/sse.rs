//! Reads server-sent events out of packets.
//!
//! Our own and not a crate's for two reasons: one event must not take more memory than we
//! say, and a packet with hundreds of events must not be copied for each of them.

use bytes::Bytes;
use memchr::memchr2;

/// A reader of one event stream. Only the data of events is kept; their names, ids and
/// retry times mean nothing to the providers' protocols.
pub(crate) struct Events {
    packet: Bytes,
    /// How much of the packet is read.
    at: usize,
    /// The beginning of a line whose end is not in the packet.
    line: Vec<u8>,
    /// The data lines of the event that is being read, joined by line feeds.
    data: Vec<u8>,
    has_data: bool,
    /// The last event was handed out; its data is to be dropped.
    handed_out: bool,
    /// The last line ended with a carriage return, so a line feed belongs to it.
    after_cr: bool,
    event_max: usize,
}

/// An event is larger than events may be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Events {
    /// Reads a stream whose events are at most this long, in bytes.
    pub(crate) fn new(event_max: usize) -> Self {
        Self {
            packet: Bytes::new(),
            at: 0,
            line: Vec::new(),
            data: Vec::new(),
            has_data: false,
            handed_out: false,
            after_cr: false,
            event_max,
        }
    }

    /// Takes the next packet. The one before must be read to its end, which it is when
    /// [`Events::next_data`] has returned `None`.
    pub(crate) fn feed(&mut self, packet: Bytes) {
        debug_assert!(self.at == self.packet.len(), "the packet before is not used up");
        self.packet = packet;
        self.at = 0;
    }

    /// Takes the end of the stream: a last event without its blank line counts, for there
    /// are servers that forget it.
    pub(crate) fn feed_end(&mut self) {
        self.feed(Bytes::from_static(b"\n\n"));
    }

    /// The data of the next event in the packets so far.
    pub(crate) fn next_data(&mut self) -> Result<Option<&[u8]>, TooLong> {
        if std::mem::take(&mut self.handed_out) {
            self.data.clear();
            self.has_data = false;
        }
        loop {
            if self.after_cr && self.at < self.packet.len() {
                self.after_cr = false;
                if self.packet[self.at] == b'\n' {
                    self.at += 1;
                }
            }
            let rest = &self.packet[self.at..];
            let Some(length) = memchr2(b'\n', b'\r', rest) else {
                self.line.extend_from_slice(rest);
                // Let go, so that the next packet is read into the same room.
                self.packet = Bytes::new();
                self.at = 0;
                return match self.line.len() + self.data.len() > self.event_max {
                    true => Err(TooLong),
                    false => Ok(None),
                };
            };
            self.after_cr = rest[length] == b'\r';
            self.at += length + 1;
            let event_is_whole = if self.line.is_empty() {
                take_line(&rest[..length], &mut self.data, &mut self.has_data)
            } else {
                self.line.extend_from_slice(&rest[..length]);
                let whole = take_line(&self.line, &mut self.data, &mut self.has_data);
                self.line.clear();
                whole
            };
            if self.data.len() > self.event_max {
                return Err(TooLong);
            }
            if event_is_whole {
                self.handed_out = true;
                return Ok(Some(&self.data));
            }
        }
    }
}

/// Takes one line; says whether it ends an event that has data.
fn take_line(line: &[u8], data: &mut Vec<u8>, has_data: &mut bool) -> bool {
    // Only a stream's first line can begin with it; elsewhere it would be no field's name.
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    if line.is_empty() {
        return *has_data;
    }
    let value = match line.strip_prefix(b"data") {
        Some(b"") => &[],
        Some([b':', value @ ..]) => value.strip_prefix(b" ").unwrap_or(value),
        _ => return false,
    };
    if *has_data {
        data.push(b'\n');
    }
    data.extend_from_slice(value);
    *has_data = true;
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(packets: &[&[u8]]) -> Vec<String> {
        let mut events = Events::new(100);
        let mut read = Vec::new();
        let mut drain = |events: &mut Events| {
            while let Some(data) = events.next_data().expect("short enough") {
                read.push(String::from_utf8(data.to_vec()).expect("UTF-8"));
            }
        };
        for packet in packets {
            events.feed(Bytes::copy_from_slice(packet));
            drain(&mut events);
        }
        events.feed_end();
        drain(&mut events);
        read
    }

    #[test]
    fn events_are_read_whatever_the_line_ends() {
        assert_eq!(read(&[b"data: a\n\ndata: b\n\n"]), ["a", "b"]);
        assert_eq!(read(&[b"data:a\r\n\r\ndata:  b\r\n\r\n"]), ["a", " b"]);
        assert_eq!(read(&[b"data: a\r\rdata: b\r\r"]), ["a", "b"]);
        assert_eq!(read(&[b"\xef\xbb\xbfdata: a\n\n"]), ["a"]);
        assert_eq!(read(&[b": hello\n\nevent: x\nid: 1\ndata: a\nretry: 5\n\n"]), ["a"]);
        assert_eq!(read(&[b"data: a\ndata\ndata: b\n\n"]), ["a\n\nb"]);
        assert_eq!(read(&[b"database: no\n\n"]), Vec::<String>::new());
        assert_eq!(read(&[b"data: a\n\ndata: last"]), ["a", "last"]);
    }

    #[test]
    fn packets_may_split_anywhere() {
        let text = "data: zwölf\r\n\r\n: ping\r\n\r\ndata: 雪\n\ndata: 1\ndata: 2\n\n".as_bytes();
        let whole = read(&[text]);
        assert_eq!(whole, ["zwölf", "雪", "1\n2"]);
        for first in 0..text.len() {
            for second in first..text.len() {
                let packets = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(read(&packets), whole, "split at {first} and {second}");
            }
        }
    }

    #[test]
    fn an_endless_event_is_refused_early() {
        let mut events = Events::new(100);
        events.feed(Bytes::from(vec![b'x'; 101]));
        assert_eq!(events.next_data(), Err(TooLong));

        let mut events = Events::new(100);
        let mut refused = false;
        for _ in 0..20 {
            events.feed(Bytes::from_static(b"data: 12345678\n"));
            refused |= events.next_data() == Err(TooLong);
        }
        assert!(refused);
    }
}
