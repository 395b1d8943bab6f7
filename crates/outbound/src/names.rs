//! From names to addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::ResolverConfig;
use hickory_resolver::net::runtime::TokioRuntimeProvider;

use crate::guard::is_localhost;

/// Resolves names as the system's configuration says (`/etc/resolv.conf`, `/etc/hosts`).
///
/// The configuration is read at the first look-up, so that a start does not wait for it.
pub(crate) enum Names {
    /// The system's.
    System(Box<OnceLock<TokioResolver>>),
    /// A fixed table, to test what a hostile name server could answer.
    #[cfg(test)]
    Table(std::collections::HashMap<String, Vec<IpAddr>>),
}

impl Names {
    /// The system's names.
    pub(crate) fn system() -> Self {
        Self::System(Box::default())
    }

    /// All addresses of a name. An error says why there are none.
    pub(crate) async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        match self {
            #[cfg(test)]
            Self::Table(table) => table.get(name).cloned().ok_or_else(|| "no such name".to_owned()),
            // Answered here so that it works without a name server, and cannot be
            // answered by one.
            Self::System(_) if is_localhost(name) => Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]),
            Self::System(resolver) => {
                let resolver = match resolver.get() {
                    Some(resolver) => resolver,
                    None => {
                        let built = system_resolver()?;
                        resolver.get_or_init(|| built)
                    }
                };
                let found = resolver.lookup_ip(name).await.map_err(|error| {
                    match error.is_nx_domain() || error.is_no_records_found() {
                        true => "there is no such name".to_owned(),
                        false => error.to_string(),
                    }
                })?;
                Ok(found.iter().collect())
            }
        }
    }
}

fn system_resolver() -> Result<TokioResolver, String> {
    // A machine without /etc/resolv.conf still has /etc/hosts.
    let builder = TokioResolver::builder_tokio().unwrap_or_else(|error| {
        tracing::warn!(%error, "no system configuration of name servers; only the hosts file is used");
        TokioResolver::builder_with_config(ResolverConfig::default(), TokioRuntimeProvider::default())
    });
    let built = builder.build();
    built.map_err(|error| format!("the system's resolver configuration cannot be used: {error}"))
}
