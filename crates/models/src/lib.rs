//! Language models over the wire: OpenAI-compatible, and the scripted one.
