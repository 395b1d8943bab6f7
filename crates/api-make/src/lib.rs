//! The Make-compatible API, /api/v2.
