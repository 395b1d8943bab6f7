//! The embedded store: SQLite, one writer that groups commits, pooled readers.
