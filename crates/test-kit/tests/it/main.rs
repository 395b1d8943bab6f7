//! The batteries: what must hold whatever happens.

mod battery;
