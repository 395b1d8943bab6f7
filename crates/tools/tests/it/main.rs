//! HTTP tools against a server on this machine; files against the child process.

#[cfg(test)]
mod extracting;
#[cfg(test)]
mod http_tools;
