//! Sortie's own API, /v1, in the managed-agents shape.
