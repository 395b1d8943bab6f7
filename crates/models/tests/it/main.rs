//! The OpenAI-compatible provider against a server that behaves well, badly, or not at all.

#[cfg(test)]
mod faults;
#[cfg(test)]
mod replies;
#[cfg(test)]
mod stub;
