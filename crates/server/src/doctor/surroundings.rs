//! Where the server listens, with which certificate, and what stands in front of it.

use std::os::unix::fs::PermissionsExt;

use config::{Config, ServerOptions};
use tokio::net::{TcpListener, TcpStream};

use super::Finding;
use crate::tls;

const LISTEN: &str = "listen address";
const TLS: &str = "TLS";
const PROXIES: &str = "proxies";

pub(super) async fn examine(config: &Config, is_running: bool) -> Vec<Finding> {
    let server = &config.server;
    let mut found = vec![address(server, is_running).await];
    found.extend(exposed(server));
    found.extend(certificate(server));
    found.push(proxies(server));
    found
}

async fn address(server: &ServerOptions, is_running: bool) -> Finding {
    let listen = server.listen;
    if is_running {
        return match TcpStream::connect(listen).await {
            Ok(_) => Finding::ok(LISTEN, format!("{listen} answers")),
            Err(error) => {
                let advice = "is the running server told to listen elsewhere, by a flag or a variable?";
                Finding::warn(LISTEN, format!("{listen}: {error}"), advice)
            }
        };
    }
    match TcpListener::bind(listen).await {
        Ok(_) => Finding::ok(LISTEN, format!("{listen} is free")),
        Err(error) => {
            let advice = "stop what listens there, or choose another with `server.listen`";
            Finding::fail(LISTEN, format!("{listen}: {error}"), advice)
        }
    }
}

/// Keys travel with every request: whoever listens on the way has them.
fn exposed(server: &ServerOptions) -> Option<Finding> {
    let is_covered = server.tls_cert.is_some() || server.public_url.as_ref().is_some_and(|url| url.scheme() == "https");
    (!server.listen.ip().is_loopback() && !is_covered).then(|| {
        let advice = "set tls_cert and tls_key, or put a proxy with TLS in front and say so in public_url";
        Finding::warn(LISTEN, format!("{} can be reached by others without TLS", server.listen), advice)
    })
}

fn certificate(server: &ServerOptions) -> Vec<Finding> {
    let (Some(certificate), Some(key)) = (&server.tls_cert, &server.tls_key) else {
        return vec![Finding::ok(TLS, "off")];
    };
    let mut found = vec![match tls::acceptor(certificate, key) {
        Ok(_) => Finding::ok(TLS, format!("{} and its key fit", certificate.display())),
        Err(error) => Finding::fail(TLS, error.to_string(), "get the certificate's and the key's PEM files in order"),
    }];
    let mode = std::fs::metadata(key).map(|found| found.permissions().mode());
    if mode.is_ok_and(|mode| mode & 0o007 != 0) {
        let advice = format!("chmod o= {}", key.display());
        found.push(Finding::warn(TLS, format!("everybody can read {}", key.display()), advice));
    }
    found
}

fn proxies(server: &ServerOptions) -> Finding {
    let everybody = server.trusted_proxies.iter().find(|network| network.prefix_len() == 0);
    match (&server.public_url, everybody) {
        (_, Some(network)) => {
            let advice = "name the proxies alone: anybody can now say to be anybody";
            Finding::fail(PROXIES, format!("{network} is trusted, which is everybody"), advice)
        }
        (Some(url), None) if server.trusted_proxies.is_empty() && server.tls_cert.is_none() => {
            let advice = "name it in trusted_proxies, or all clients have its address";
            Finding::warn(PROXIES, format!("{url} seems to lead over a proxy, and none is trusted"), advice)
        }
        _ if server.trusted_proxies.is_empty() => Finding::ok(PROXIES, "none"),
        _ => {
            let trusted: Vec<String> = server.trusted_proxies.iter().map(ToString::to_string).collect();
            Finding::ok(PROXIES, trusted.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    fn server(listen: &str, public_url: Option<&str>, proxies: &[&str]) -> ServerOptions {
        ServerOptions {
            listen: listen.parse().unwrap(),
            public_url: public_url.map(|url| url.parse().unwrap()),
            trusted_proxies: proxies.iter().map(|network| network.parse().unwrap()).collect(),
            ..ServerOptions::default()
        }
    }

    #[test]
    fn what_others_can_reach_needs_tls() {
        assert!(exposed(&server("127.0.0.1:1", None, &[])).is_none());
        assert!(exposed(&server("0.0.0.0:1", None, &[])).is_some());
        assert!(exposed(&server("0.0.0.0:1", Some("http://a.example"), &[])).is_some());
        assert!(exposed(&server("0.0.0.0:1", Some("https://a.example"), &[])).is_none());
    }

    #[test]
    fn proxies_are_to_be_named_and_not_too_widely() {
        let verdict =
            |public_url, proxies: &[&str]| super::proxies(&server("127.0.0.1:1", public_url, proxies)).verdict;
        assert_eq!(verdict(None, &[]), Verdict::Ok);
        assert_eq!(verdict(Some("https://a.example"), &[]), Verdict::Warn);
        assert_eq!(verdict(Some("https://a.example"), &["10.0.0.1/32"]), Verdict::Ok);
        assert_eq!(verdict(None, &["::/0"]), Verdict::Fail);
    }

    #[tokio::test]
    async fn an_address_is_free_or_taken() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = taken.local_addr().unwrap().to_string();
        assert_eq!(address(&server(&listen, None, &[]), false).await.verdict, Verdict::Fail);
        assert_eq!(address(&server(&listen, None, &[]), true).await.verdict, Verdict::Ok);
        assert_eq!(address(&server("127.0.0.1:0", None, &[]), false).await.verdict, Verdict::Ok);
    }
}
