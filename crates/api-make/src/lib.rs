//! wip
pub(crate) mod output_parser;
pub(crate) mod reading;
pub(crate) mod steps;
