//! The simulated power cut.
//!
//! A [`Recording`] stands between SQLite and the files and writes down, in one order, every
//! write, truncation, deletion and flush, and every acknowledgement that the test notes in
//! between. From it a [`Cut`] builds the files as a disk might hold them had the power gone
//! at any point: what was flushed is there; of the rest, each write is there, missing or
//! torn, by chance. One load thus gives as many power cuts as one likes.

mod image;
mod recording;
mod vfs;

pub use image::Cut;
pub use recording::Recording;
