//! What all façades share: caller, SSE, limits, request log.
