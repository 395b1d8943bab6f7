//! `/metrics`: what the server counts of itself, for Prometheus.
//!
//! It concerns all organizations at once, so no key opens it; where a request comes from
//! does. Only who is connected counts: what a request says about its way is not believed,
//! and one that came through a proxy is nobody's we know. To everybody else nothing is here.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use config::ServerOptions;
use ipnet::IpNet;
use ports::{Metrics, Store, metrics};

use crate::facades::nothing_here;

/// Headers by which a proxy says that it stands between.
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// Answers whom the configuration lets in.
pub(crate) fn router(store: Arc<dyn Store>, metrics: Metrics, options: &ServerOptions) -> Router {
    let readers = Readers { networks: networks(options), proxies: options.trusted_proxies.clone() };
    Router::new().route("/metrics", get(read)).with_state(Arc::new(Place { store, metrics, readers }))
}

struct Place {
    store: Arc<dyn Store>,
    metrics: Metrics,
    readers: Readers,
}

async fn read(State(place): State<Arc<Place>>, peer: ConnectInfo<SocketAddr>, headers: HeaderMap) -> Response {
    if !place.readers.let_in(peer.0.ip(), &headers) {
        return nothing_here().await.into_response();
    }
    match place.store.count_open_runs().await {
        Ok(open) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], place.metrics.text(open)).into_response(),
        Err(error) => {
            tracing::error!(%error, "runs could not be counted");
            (StatusCode::SERVICE_UNAVAILABLE, "the store could not be read\n").into_response()
        }
    }
}

/// This machine, if nothing else is said; nobody, if the server has an address that it does
/// not listen on itself: then a proxy on this machine would pass strangers off as ours.
fn networks(options: &ServerOptions) -> Vec<IpNet> {
    match &options.metrics_from {
        Some(networks) => networks.clone(),
        None if options.public_url.is_some() || !options.trusted_proxies.is_empty() => Vec::new(),
        None => vec![IpNet::new_assert([127, 0, 0, 0].into(), 8), IpNet::from(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]))],
    }
}

struct Readers {
    networks: Vec<IpNet>,
    proxies: Vec<IpNet>,
}

impl Readers {
    fn let_in(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let peer = peer.to_canonical();
        let is_of = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&peer));
        let is_forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name));
        is_of(&self.networks) && !is_of(&self.proxies) && !is_forwarded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lets_in(options: &ServerOptions, peer: &str, header: Option<&'static str>) -> bool {
        let readers = Readers { networks: networks(options), proxies: options.trusted_proxies.clone() };
        let headers: HeaderMap =
            header.map(|name| (name.parse().unwrap(), "1.2.3.4".parse().unwrap())).into_iter().collect();
        readers.let_in(peer.parse().unwrap(), &headers)
    }

    #[test]
    fn only_this_machine_reads_unless_something_else_is_said() {
        let usual = ServerOptions::default();
        for peer in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            assert!(lets_in(&usual, peer, None), "{peer}");
        }
        assert!(!lets_in(&usual, "192.168.0.2", None));
        for header in FORWARDED {
            assert!(!lets_in(&usual, "127.0.0.1", Some(header)), "{header}");
        }
        let behind_a_proxy = ServerOptions { public_url: Some("https://a.example".parse().unwrap()), ..usual.clone() };
        assert!(!lets_in(&behind_a_proxy, "127.0.0.1", None));
    }

    #[test]
    fn networks_can_be_named_and_a_proxy_is_never_let_in() {
        let networks = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpNet>>();
        let options = ServerOptions {
            metrics_from: Some(networks(&["10.0.0.0/8"])),
            trusted_proxies: networks(&["10.0.0.1/32"]),
            ..ServerOptions::default()
        };
        assert!(lets_in(&options, "10.0.0.2", None));
        assert!(!lets_in(&options, "10.0.0.1", None));
        assert!(!lets_in(&options, "127.0.0.1", None));
        assert!(!lets_in(&ServerOptions { metrics_from: Some(Vec::new()), ..options }, "10.0.0.2", None));
    }
}
