//! The one guarded way out: resolve, check, pin, limit.
