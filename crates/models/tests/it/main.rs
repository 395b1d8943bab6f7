//! The providers over HTTP against a server that behaves well, badly, or not at all.

#[cfg(test)]
mod faults;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod replies;
#[cfg(test)]
mod stub;
