//! Opens connections, to checked addresses only.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use futures::FutureExt;
use futures::future::BoxFuture;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::{Service, service_fn};

use crate::guard::Guard;
use crate::names::Names;

type BoxError = Box<dyn Error + Send + Sync>;

const TCP_KEEPALIVE: Duration = Duration::from_secs(60);

/// Resolves, checks, and connects to what was checked: the name is not asked for again,
/// so a name server cannot answer differently the second time.
#[derive(Clone)]
pub(crate) struct GuardedConnector {
    pub(crate) guard: Arc<Guard>,
    pub(crate) names: Arc<Names>,
    pub(crate) timeout: Duration,
}

/// The guard's refusal, to be found again beneath hyper's error.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) &'static str);

/// No address; told apart from a refusal.
#[derive(Debug)]
struct NotFound(String);

impl GuardedConnector {
    /// The addresses that may be connected to.
    pub(crate) async fn addresses(&self, host: &str, port: u16) -> Result<Vec<IpAddr>, BoxError> {
        let host = host.trim_matches(['[', ']']);
        if let Ok(ip) = host.parse::<IpAddr>() {
            return match self.guard.check_address(ip, port) {
                Ok(()) => Ok(vec![ip]),
                Err(why) => Err(Refused(why).into()),
            };
        }
        let resolving = tokio::time::timeout(self.timeout, self.names.resolve(host));
        let Ok(found) = resolving.await else {
            return Err(NotFound("finding its address took too long".to_owned()).into());
        };
        let mut found = found.map_err(|why| NotFound(format!("its address was not found: {why}")))?;
        if self.guard.allows_name(host, port) {
            return Ok(found);
        }
        let mut refused = None;
        found.retain(|ip| match self.guard.check_address(*ip, port) {
            Ok(()) => true,
            Err(why) => {
                refused = Some(why);
                false
            }
        });
        match (found.is_empty(), refused) {
            (false, _) => Ok(found),
            (true, Some(why)) => Err(Refused(why).into()),
            (true, None) => Err(NotFound("its name has no address".to_owned()).into()),
        }
    }

    async fn connect(self, uri: Uri) -> Result<TokioIo<TcpStream>, BoxError> {
        let host = uri.host().unwrap_or_default();
        let default_port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(default_port);
        let addresses = self.addresses(host, port).await?;

        // hyper's connector brings racing of IPv4 and IPv6; made anew for each connection
        // because it is handed the addresses in place of a resolver.
        let pinned: Vec<SocketAddr> = addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
        let mut tcp = HttpConnector::new_with_resolver(service_fn(move |_name: Name| {
            let pinned: vec::IntoIter<SocketAddr> = pinned.clone().into_iter();
            async { Ok::<_, std::io::Error>(pinned) }
        }));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(TCP_KEEPALIVE));
        tcp.set_connect_timeout(Some(self.timeout));
        Ok(tcp.call(uri).await?)
    }
}

impl Service<Uri> for GuardedConnector {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        self.clone().connect(uri).boxed()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused: it is {}", self.0)
    }
}

impl Error for Refused {}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for NotFound {}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// What a name leads to when a name server answers this.
    async fn addresses(answer: &[&str], allow: &[&str]) -> Result<Vec<IpAddr>, String> {
        let answer = answer.iter().map(|ip| ip.parse().expect("an address")).collect();
        let allow: Vec<String> = allow.iter().map(|entry| (*entry).to_owned()).collect();
        let connector = GuardedConnector {
            guard: Arc::new(Guard::new(&allow).expect("readable")),
            names: Arc::new(Names::Table(HashMap::from([("evil.test".to_owned(), answer)]))),
            timeout: Duration::from_secs(10),
        };
        let found = connector.addresses("evil.test", 80).await;
        found.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_name_leads_to_public_addresses_only() {
        assert!(addresses(&["127.0.0.1"], &[]).await.is_err_and(|why| why.contains("loopback")));
        assert!(addresses(&["10.0.0.1", "::1"], &[]).await.is_err());
        assert!(addresses(&["169.254.169.254"], &[]).await.is_err());
        assert!(addresses(&[], &[]).await.is_err());
        // One bad address among good ones is left out, and never connected to.
        let found = addresses(&["127.0.0.1", "8.8.8.8", "::ffff:10.0.0.1"], &[]).await;
        assert_eq!(found, Ok(vec!["8.8.8.8".parse().expect("an address")]));
    }

    #[tokio::test]
    async fn what_the_operator_allows_passes() {
        assert!(addresses(&["127.0.0.1"], &["evil.test"]).await.is_ok());
        assert!(addresses(&["127.0.0.1"], &["evil.test:80"]).await.is_ok());
        assert!(addresses(&["127.0.0.1"], &["evil.test:81"]).await.is_err());
        assert!(addresses(&["10.0.0.1"], &["10.0.0.0/24"]).await.is_ok());
        assert!(addresses(&["10.0.1.1"], &["10.0.0.0/24"]).await.is_err());
        // Allowing what `localhost` is called does not allow where it leads.
        assert!(addresses(&["127.0.0.1"], &["localhost"]).await.is_err());
    }
}
