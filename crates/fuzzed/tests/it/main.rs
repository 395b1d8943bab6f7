//! The stored inputs of the fuzz targets, and mutations of them.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected is to end there")]

mod replay;
