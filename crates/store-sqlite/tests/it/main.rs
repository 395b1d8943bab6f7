//! The store, driven as its callers drive it.
