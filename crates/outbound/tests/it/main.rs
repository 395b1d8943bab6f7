//! The guarded client against servers on this machine.

#[cfg(test)]
mod calls;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod redirects;
#[cfg(test)]
mod tls;
