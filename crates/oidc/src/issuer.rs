//! One issuer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use domain::Timestamp;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod};
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret as ShownSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
};
use outbound::{Outbound, OutboundOptions};
use ports::issuer::{Answer, Challenge, Issuer, IssuerFault, Vouched};
use secrecy::ExposeSecret;
use tokio::sync::Mutex;

use crate::document::{Document, Known};
use crate::fault;
use crate::options::{BadIssuer, ClientSecret, OidcOptions};
use crate::token::{self, Told};
use crate::transport::Transport;

/// The protocol's client, as a document sets it up.
pub(crate) type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// An issuer that the operator trusts.
pub struct OpenId {
    url: String,
    issuer: IssuerUrl,
    client_id: ClientId,
    /// What is wrong with it, if it was promised and is not there.
    secret: Result<Option<ClientSecret>, IssuerFault>,
    scopes: Vec<Scope>,
    trusts_email: bool,
    needs_tls: bool,
    transport: Transport,
    known: Mutex<Option<Result<Arc<Known>, IssuerFault>>>,
    /// How often it was asked about itself.
    readings: AtomicU64,
}

/// What an issuer serves, for whoever looks whether it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// How many keys it may sign with.
    pub keys: usize,
}

impl OpenId {
    /// Sets an issuer up. It is asked nothing: one that is not there now may be when somebody
    /// logs in.
    ///
    /// # Errors
    /// The options cannot be followed.
    pub fn new(name: &str, options: &OidcOptions, outbound: &OutboundOptions) -> Result<Self, BadIssuer> {
        options.check(name)?;
        let wrong = |why: String| BadIssuer { name: name.to_owned(), why };
        let outbound =
            Outbound::for_provider(options.allow_private, outbound).map_err(|error| wrong(error.to_string()))?;
        outbound.check_url(&options.issuer).map_err(|error| wrong(error.to_string()))?;
        let issuer = IssuerUrl::new(options.issuer.clone()).map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            url: options.issuer.clone(),
            issuer,
            client_id: ClientId::new(options.client_id.clone()),
            secret: secret_of(name, options),
            scopes: options.scopes.iter().cloned().map(Scope::new).collect(),
            trusts_email: options.trust_email,
            needs_tls: !options.allow_private,
            transport: Transport(outbound),
            known: Mutex::new(None),
            readings: AtomicU64::new(0),
        })
    }

    /// What it serves about itself at this moment.
    ///
    /// # Errors
    /// Why nobody could log in.
    pub async fn look(&self, now: Timestamp) -> Result<Served, IssuerFault> {
        self.secret.clone()?;
        let known = Known::read(&self.issuer, &self.transport, self.needs_tls, now).await?;
        Ok(Served { keys: known.document.jwks().keys().len() })
    }

    /// What it serves, as remembered, or read now.
    async fn known(&self, now: Timestamp) -> Result<Arc<Known>, IssuerFault> {
        let readings = self.readings.load(Ordering::Acquire);
        let mut known = self.known.lock().await;
        match known.as_ref() {
            Some(Ok(known)) if known.is_fresh(now) => Ok(Arc::clone(known)),
            // Whoever waited for others to ask in vain does not ask in vain as well.
            Some(Err(fault)) if self.readings.load(Ordering::Acquire) > readings => Err(fault.clone()),
            _ => self.read_into(&mut known, now).await,
        }
    }

    /// What it serves since it served this.
    async fn known_since(&self, before: &Arc<Known>, now: Timestamp) -> Result<Arc<Known>, IssuerFault> {
        let mut known = self.known.lock().await;
        match known.as_ref() {
            Some(Ok(known)) if !Arc::ptr_eq(known, before) => Ok(Arc::clone(known)),
            _ => self.read_into(&mut known, now).await,
        }
    }

    async fn read_into(
        &self,
        known: &mut Option<Result<Arc<Known>, IssuerFault>>,
        now: Timestamp,
    ) -> Result<Arc<Known>, IssuerFault> {
        let read = Known::read(&self.issuer, &self.transport, self.needs_tls, now).await;
        self.readings.fetch_add(1, Ordering::Release);
        *known = Some(read.clone());
        read
    }

    fn client(&self, document: &Document, redirect: &str) -> Result<Client, IssuerFault> {
        let secret = self.secret.clone()?.map(|secret| ShownSecret::new(secret.expose().to_owned()));
        let redirect = RedirectUrl::new(redirect.to_owned());
        let redirect = redirect.map_err(|error| IssuerFault::Refused(format!("server.public_url: {error}")))?;
        let client = CoreClient::from_provider_metadata(document.clone(), self.client_id.clone(), secret);
        Ok(client.set_redirect_uri(redirect).set_auth_type(auth_type(document)))
    }

    /// Whom a code stands for, by what the issuer signed.
    async fn read_token(
        &self,
        known: Arc<Known>,
        answer: &Answer,
        challenge: &Challenge,
        now: Timestamp,
    ) -> Result<Vouched, IssuerFault> {
        let mut client = self.client(&known.document, &challenge.redirect)?;
        let unset = |_| IssuerFault::Unreachable("its document names no token_endpoint".to_owned());
        let code = AuthorizationCode::new(answer.code.expose_secret().to_owned());
        let verifier = PkceCodeVerifier::new(challenge.verifier.expose_secret().to_owned());
        let exchange = client.exchange_code(code).map_err(unset)?.set_pkce_verifier(verifier);
        let given = exchange.request_async(&self.transport).await.map_err(fault::of_exchange)?;
        let nonce = Nonce::new(challenge.nonce.expose_secret().to_owned());
        let claims = match token::claims(&client, &given, &nonce, now) {
            Err(error) if error.is_of_keys() => {
                // It signs with a key that it did not have when it was asked.
                let newer = self.known_since(&known, now).await?;
                client = self.client(&newer.document, &challenge.redirect)?;
                token::claims(&client, &given, &nonce, now)
            }
            other => other,
        };
        let claims = claims.map_err(token::NotProved::into_fault)?;
        let told = Told::by_token(claims);
        let told = match told.is_enough(self.trusts_email) {
            true => told,
            false => told.completed_by(token::person(&client, &given, claims, &self.transport).await?),
        };
        Ok(told.vouched(claims.subject().to_string(), self.trusts_email))
    }
}

#[async_trait]
impl Issuer for OpenId {
    fn url(&self) -> &str {
        &self.url
    }

    async fn page_for(&self, challenge: &Challenge, now: Timestamp) -> Result<String, IssuerFault> {
        let known = self.known(now).await?;
        let client = self.client(&known.document, &challenge.redirect)?;
        let verifier = PkceCodeVerifier::new(challenge.verifier.expose_secret().to_owned());
        let state = CsrfToken::new(challenge.state.expose_secret().to_owned());
        let nonce = Nonce::new(challenge.nonce.expose_secret().to_owned());
        let request = client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce);
        let request = request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        let (url, _, _) = request.add_scopes(self.scopes.clone()).url();
        Ok(url.into())
    }

    async fn redeem(&self, answer: &Answer, challenge: &Challenge, now: Timestamp) -> Result<Vouched, IssuerFault> {
        let known = self.known(now).await?;
        let says_so = known.document.additional_metadata().authorization_response_iss_parameter_supported;
        match &answer.issuer {
            Some(from) if *from != self.url => {
                return Err(IssuerFault::Untrusted("it says that it is from another issuer".to_owned()));
            }
            None if says_so => {
                return Err(IssuerFault::Untrusted("it does not say whom it is from, as all of its do".to_owned()));
            }
            _ => {}
        }
        self.read_token(known, answer, challenge, now).await
    }
}

/// How this server shows its secret: as the standard has it, unless the issuer takes it in the
/// body alone.
fn auth_type(document: &Document) -> AuthType {
    match document.token_endpoint_auth_methods_supported() {
        Some(methods)
            if !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
                && methods.contains(&CoreClientAuthMethod::ClientSecretPost) =>
        {
            AuthType::RequestBody
        }
        _ => AuthType::BasicAuth,
    }
}

/// The secret, if there is one. One that is promised by the environment and absent is no reason
/// not to start: there are other ways in. It fails each login, and says why.
fn secret_of(name: &str, options: &OidcOptions) -> Result<Option<ClientSecret>, IssuerFault> {
    let variable = match (&options.client_secret, &options.client_secret_env) {
        (Some(secret), _) => return Ok(Some(secret.clone())),
        (None, None) => return Ok(None),
        (None, Some(variable)) => variable,
    };
    std::env::var(variable).map(|secret| Some(ClientSecret::new(secret))).map_err(|_| {
        let why = format!(
            "its secret is missing: the environment variable {variable} (login.oidc.{name}.client_secret_env) is not set"
        );
        tracing::warn!("login.oidc.{name}: {why}");
        IssuerFault::Refused(why)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_on_a_private_network_is_asked_only_where_the_operator_says_so() {
        let set_up = |issuer: &str, allow_private: bool| {
            let options = OidcOptions {
                issuer: issuer.to_owned(),
                client_id: "sortie".to_owned(),
                allow_private,
                ..OidcOptions::default()
            };
            OpenId::new("corp", &options, &OutboundOptions::default()).map(drop).map_err(|error| error.to_string())
        };
        for issuer in ["https://127.0.0.1", "https://10.0.0.7/realms/corp", "https://[::1]:8443"] {
            let refused = set_up(issuer, false).expect_err(issuer);
            assert!(refused.contains("login.oidc.corp") && refused.contains("not allowed"), "{refused}");
            assert_eq!(set_up(issuer, true), Ok(()));
        }
        assert_eq!(set_up("https://id.example.com", false), Ok(()));
    }
}
