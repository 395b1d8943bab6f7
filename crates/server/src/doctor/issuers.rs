//! The issuers at which people log in: each is asked for what it serves about itself.

use config::Config;
use futures::future::join_all;
use oidc::{OidcOptions, OpenId};
use ports::Clock;
use ports::issuer::IssuerFault;
use ports::time::SystemSources;

use super::Finding;
use crate::first_start;

/// All of them, side by side.
pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    let mut found = join_all(config.login.oidc.iter().map(|(name, options)| issuer(name, options, config))).await;
    found.extend(reached_from_elsewhere(config));
    found
}

async fn issuer(name: &str, options: &OidcOptions, config: &Config) -> Finding {
    let check = format!("login with {name}");
    let issuer = match OpenId::new(name, options, &config.outbound) {
        Ok(issuer) => issuer,
        Err(error) => return Finding::fail(check, error.to_string(), "correct the configuration"),
    };
    match issuer.look(SystemSources.now()).await {
        Ok(served) if served.keys == 0 => {
            Finding::fail(check, "it serves no key that can be used", "see what its jwks_uri serves")
        }
        Ok(served) => {
            let back = web::Site::new(&first_start::url_of(config)).callback(name);
            Finding::ok(check, format!("answers, with {} keys; it must send people back to {back}", served.keys))
        }
        Err(fault @ IssuerFault::Unreachable(_)) => {
            Finding::fail(check, fault.to_string(), format!("check login.oidc.{name}.issuer, and the network to there"))
        }
        Err(fault) => Finding::fail(check, fault.to_string(), format!("check login.oidc.{name}")),
    }
}

/// Issuers send people back to one address, which must be the one that they use.
fn reached_from_elsewhere(config: &Config) -> Option<Finding> {
    let is_known = config.server.public_url.is_some() || config.server.listen.ip().is_loopback();
    (!config.login.oidc.is_empty() && !is_known).then(|| {
        let message = "people are sent back to an address of this machine, which is not where they come from";
        Finding::warn("login elsewhere", message, "set `server.public_url`")
    })
}
