//! Reads server-sent events out of packets.
//!
//! Our own and not a crate's for two reasons: one event must not take more memory than we
//! say, and a packet with hundreds of events must not be copied for each of them.

use std::ops::Range;

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
    /// Where the data of the event that is being read stands in the packet, if it is one line.
    in_packet: Option<Range<usize>>,
    /// The data lines of the event that is being read, joined by line feeds, if it is not.
    joined: Vec<u8>,
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
            in_packet: None,
            joined: Vec::new(),
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
            self.in_packet = None;
            self.joined.clear();
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
                self.leave_packet();
                return match self.line.len() + self.joined.len() > self.event_max {
                    true => Err(TooLong),
                    false => Ok(None),
                };
            };
            self.after_cr = rest[length] == b'\r';
            let line = self.at..self.at + length;
            self.at = line.end + 1;
            if self.take_line(line) {
                self.handed_out = true;
                return Ok(Some(match &self.in_packet {
                    Some(data) => &self.packet[data.clone()],
                    None => &self.joined,
                }));
            }
            if self.joined.len() > self.event_max || self.in_packet.as_ref().is_some_and(|at| at.len() > self.event_max)
            {
                return Err(TooLong);
            }
        }
    }

    /// Takes one line, of which this part is in the packet: its end, or all of it. Says whether it
    /// ends an event that has data.
    fn take_line(&mut self, part: Range<usize>) -> bool {
        let (until, is_in_packet) = (part.end, self.line.is_empty());
        let mut begun = std::mem::take(&mut self.line);
        let line = match is_in_packet {
            true => &self.packet[part],
            false => {
                begun.extend_from_slice(&self.packet[part]);
                &begun
            }
        };
        let is_end = match read_line(line) {
            Line::End => self.has_data,
            Line::Other => false,
            Line::Data(data) if is_in_packet && !self.has_data => {
                self.in_packet = Some(until - data.len()..until);
                self.has_data = true;
                false
            }
            Line::Data(data) => {
                if let Some(first) = self.in_packet.take() {
                    self.joined.extend_from_slice(&self.packet[first]);
                }
                if self.has_data {
                    self.joined.push(b'\n');
                }
                self.joined.extend_from_slice(data);
                self.has_data = true;
                false
            }
        };
        begun.clear();
        self.line = begun;
        is_end
    }

    /// Lets go of a packet that is read to its end, so that the next one is read into the same room.
    fn leave_packet(&mut self) {
        if let Some(data) = self.in_packet.take() {
            self.joined.extend_from_slice(&self.packet[data]);
        }
        self.packet = Bytes::new();
        self.at = 0;
    }
}

enum Line<'a> {
    /// Of the event.
    End,
    Data(&'a [u8]),
    Other,
}

fn read_line(line: &[u8]) -> Line<'_> {
    // Only a stream's first line can begin with it; elsewhere it would be no field's name.
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    if line.is_empty() {
        return Line::End;
    }
    match line.strip_prefix(b"data") {
        Some(b"") => Line::Data(&[]),
        Some([b':', value @ ..]) => Line::Data(value.strip_prefix(b" ").unwrap_or(value)),
        _ => Line::Other,
    }
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
