//! What an agent can call: HTTP tools; text extraction for knowledge.
