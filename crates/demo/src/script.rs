//! The parts that stories are made of.

use domain::model::FaultKind;

/// What an agent answers to something that is said to it: a turn for each time its model is
/// asked.
#[derive(Debug)]
pub(crate) struct Story {
    /// It is the answer to what holds all of these.
    pub(crate) to: &'static [&'static str],
    pub(crate) turns: &'static [Turn],
}

/// One reply of a model. In its texts `{n}` is the first long number of what was asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) thinks: &'static str,
    pub(crate) says: &'static str,
    pub(crate) calls: &'static [Call],
    pub(crate) end: End,
}

/// A call of a tool, with its arguments as JSON.
pub(crate) type Call = (&'static str, &'static str);

/// How a reply goes on behind its text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    /// It is over.
    Natural,
    /// History ends here, and it goes on in the present with this.
    InThePresent(&'static str),
    /// It fails.
    Fails(FaultKind, &'static str),
}

/// Says this.
pub(crate) const fn says(text: &'static str) -> Turn {
    Turn { thinks: "", says: text, calls: &[], end: End::Natural }
}

/// Calls these tools at once.
pub(crate) const fn calls(calls: &'static [Call]) -> Turn {
    Turn { calls, ..says("") }
}

/// Fails like this.
pub(crate) const fn fails(kind: FaultKind, message: &'static str) -> Turn {
    Turn { end: End::Fails(kind, message), ..says("") }
}

impl Turn {
    /// With this thought in front.
    pub(crate) const fn thinking(self, text: &'static str) -> Turn {
        Turn { thinks: text, ..self }
    }

    /// With this text in front of the calls.
    pub(crate) const fn saying(self, text: &'static str) -> Turn {
        Turn { says: text, ..self }
    }

    /// And goes on with this in the present.
    pub(crate) const fn going_on(self, text: &'static str) -> Turn {
        Turn { end: End::InThePresent(text), ..self }
    }
}
