//! The operations over a real store and engine, with a scripted model.

mod desk;
mod idempotency;
mod keys;
mod monitors;
mod people;
mod providers;
mod retention;
mod rollouts;
mod runs;
mod schedules;
mod send;
mod streams;
mod tenants;
mod threads;
