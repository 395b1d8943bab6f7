//! HTTP tools and signals against a server on this machine; files against the child process.

#[cfg(test)]
mod extracting;
#[cfg(test)]
mod http_tools;
#[cfg(test)]
mod signals;
