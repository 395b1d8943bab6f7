//! The trace that a request belongs to, as W3C Trace Context writes it (`traceparent`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Who asked, in a trace that began elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace.
    pub trace: u128,
    /// The caller's span in it.
    pub span: u64,
    /// Whether the caller records the trace.
    pub is_sampled: bool,
}

/// A text that is no `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no traceparent: 00-TRACE-SPAN-FLAGS in lower-case hexadecimal digits")]
pub struct NoTraceParent;

impl FromStr for TraceParent {
    type Err = NoTraceParent;

    /// Later versions may add parts behind the flags; those are passed over, as the standard
    /// asks.
    fn from_str(text: &str) -> Result<Self, NoTraceParent> {
        let mut parts = text.splitn(5, '-');
        let mut next = |digits: usize| parts.next().and_then(|part| hex(part, digits)).ok_or(NoTraceParent);
        let (version, trace, span, flags) = (next(2)?, next(32)?, next(16)?, next(2)?);
        let is_whole = version != 0xff && (version > 0 || parts.next().is_none());
        let span = u64::try_from(span).map_err(|_| NoTraceParent)?;
        if !is_whole || trace == 0 || span == 0 {
            return Err(NoTraceParent);
        }
        Ok(Self { trace, span, is_sampled: flags & 1 == 1 })
    }
}

fn hex(part: &str, digits: usize) -> Option<u128> {
    let is_hex = part.len() == digits && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    u128::from_str_radix(part, 16).ok().filter(|_| is_hex)
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.is_sampled))
    }
}

impl Serialize for TraceParent {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TraceParent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn it_is_read_and_written() {
        let parent: TraceParent = TEXT.parse().unwrap();
        assert_eq!((parent.trace, parent.span), (0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c, 0xb7ad_6b71_6920_3331));
        assert!(parent.is_sampled);
        assert_eq!(parent.to_string(), TEXT);
        assert!(!TEXT.replace("-01", "-00").parse::<TraceParent>().unwrap().is_sampled);
        assert_eq!(TEXT.replacen("00-", "cc-", 1).parse(), Ok(parent));
        assert_eq!(format!("{}-more", TEXT.replacen("00-", "cc-", 1)).parse(), Ok(parent));
    }

    #[test]
    fn anything_else_is_refused() {
        let upper = TEXT.to_ascii_uppercase();
        let (longer, of_no_version) = (format!("{TEXT}-more"), TEXT.replacen("00-", "ff-", 1));
        let no_trace = format!("00-{:032x}-b7ad6b7169203331-01", 0);
        let no_span = format!("00-0af7651916cd43dd8448eb211c80319c-{:016x}-01", 0);
        let signed = TEXT.replacen("-b7", "-+7", 1);
        for text in
            ["", "00", "é", &TEXT[1..], &TEXT[..54], &upper, &longer, &of_no_version, &no_trace, &no_span, &signed]
        {
            assert_eq!(text.parse::<TraceParent>(), Err(NoTraceParent), "{text:?}");
        }
    }
}
