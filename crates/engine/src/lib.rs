//! The agent loop: claims runs, calls models and tools, appends events.
