//! File, environment and flags, gathered into each component's options.
