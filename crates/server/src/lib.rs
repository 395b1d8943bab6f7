//! Wiring only: build the adapters, start, drain, stop.
