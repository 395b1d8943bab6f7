//! The real binary, as people and programs meet it.

mod battery;
mod configuration;
mod faults;
mod keys;
mod serving;
mod sortie;
mod talking;
