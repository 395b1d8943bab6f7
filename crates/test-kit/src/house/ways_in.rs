//! How people log in to a test house.

use std::sync::Arc;

use app::{Joining, TrustedIssuer};
use oidc::{ClientSecret, OidcOptions, OpenId};

use crate::house::HouseBuilder;
use crate::issuer_stub::{self, IssuerStub};

impl HouseBuilder {
    /// People log in at this issuer too, which stands on this machine.
    #[must_use]
    pub fn trusting(mut self, name: &str, issuer: &IssuerStub, change: impl FnOnce(&mut OidcOptions)) -> Self {
        let mut options = OidcOptions {
            issuer: issuer.url(),
            client_id: issuer_stub::CLIENT.0.to_owned(),
            client_secret: Some(ClientSecret::new(issuer_stub::CLIENT.1)),
            allow_private: true,
            ..OidcOptions::default()
        };
        change(&mut options);
        let issuer = OpenId::new(name, &options, &self.outbound).expect("an issuer");
        self.ways_in.issuers.push(TrustedIssuer {
            name: name.to_owned(),
            title: options.title(name),
            domains: options.domains.clone(),
            joining: options.join.clone().map(|join| Joining { org: join.org, role: join.role.into() }),
            issuer: Arc::new(issuer),
        });
        self
    }

    /// Nobody logs in with a password.
    #[must_use]
    pub fn without_passwords(mut self) -> Self {
        self.ways_in.passwords = false;
        self
    }
}
