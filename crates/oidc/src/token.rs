//! What an issuer signed of a person, and what else it says of them.

use chrono::{DateTime, Utc};
use domain::Timestamp;
use openidconnect::core::{CoreGenderClaim, CoreIdTokenClaims, CoreJwsSigningAlgorithm, CoreTokenResponse};
use openidconnect::{
    AccessTokenHash, ClaimsVerificationError, EmptyAdditionalClaims, LocalizedClaim, Nonce, OAuth2TokenResponse,
    TokenResponse, UserInfoClaims,
};
use ports::IssuerFault;
use ports::issuer::Vouched;

use crate::fault;
use crate::issuer::Client;
use crate::transport::Transport;

/// What a token may be signed with: keys of which the issuer alone has the secret half. Not with
/// the secret of this server, and not with nothing.
const SIGNED_WITH: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// OpenID Connect Core, section 2.
const SUBJECT_BYTES_MAX: usize = 255;

/// Why a token proves nothing.
pub(crate) enum NotProved {
    Claims(ClaimsVerificationError),
    Other(&'static str),
}

impl NotProved {
    /// Whether other keys may help.
    pub(crate) fn is_of_keys(&self) -> bool {
        matches!(self, Self::Claims(error) if fault::is_of_keys(error))
    }

    pub(crate) fn into_fault(self) -> IssuerFault {
        match self {
            Self::Claims(error) => fault::of_claims(&error),
            Self::Other(why) => IssuerFault::Untrusted(why.to_owned()),
        }
    }
}

/// The claims of the ID token that came for a code, checked: issuer, audience, time, nonce and
/// signature by the protocol's own client; the rest here.
pub(crate) fn claims<'t>(
    client: &Client,
    given: &'t CoreTokenResponse,
    nonce: &Nonce,
    now: Timestamp,
) -> Result<&'t CoreIdTokenClaims, NotProved> {
    let token = given.id_token().ok_or(NotProved::Other("it gave no ID token: is `openid` a scope of this client?"))?;
    let at = DateTime::<Utc>::from_timestamp(now.as_second(), 0).ok_or(NotProved::Other("the clock is wrong"))?;
    let verifier = client.id_token_verifier().set_allowed_algs(SIGNED_WITH).set_time_fn(move || at);
    let claims = token.claims(&verifier, nonce).map_err(NotProved::Claims)?;
    if claims.authorized_party().is_some_and(|party| party != client.client_id()) {
        return Err(NotProved::Other("its token was made for another client"));
    }
    if claims.subject().is_empty() || claims.subject().len() > SUBJECT_BYTES_MAX {
        return Err(NotProved::Other("it calls the person nothing, or something too long"));
    }
    if let Some(promised) = claims.access_token_hash() {
        let unreadable = |_| NotProved::Other("the hash in its token cannot be checked");
        let key = token.signing_key(&verifier).map_err(|_| NotProved::Other("its key is gone"))?;
        let alg = token.signing_alg().map_err(|_| NotProved::Other("its token is not signed"))?;
        let found = AccessTokenHash::from_token(given.access_token(), alg, key).map_err(unreadable)?;
        if found != *promised {
            return Err(NotProved::Other("its tokens do not belong together"));
        }
    }
    Ok(claims)
}

type Person = UserInfoClaims<EmptyAdditionalClaims, CoreGenderClaim>;

/// What the issuer says of the same person besides, if it says more anywhere.
pub(crate) async fn person(
    client: &Client,
    given: &CoreTokenResponse,
    claims: &CoreIdTokenClaims,
    transport: &Transport,
) -> Result<Option<Told>, IssuerFault> {
    let Ok(asking) = client.user_info(given.access_token().clone(), Some(claims.subject().clone())) else {
        return Ok(None);
    };
    let person: Person = asking.request_async(transport).await.map_err(fault::of_person)?;
    Ok(Some(Told {
        email: person.email().map(|email| email.to_string()),
        is_verified: person.email_verified(),
        name: plain(person.name()).or_else(|| person.preferred_username().map(|name| name.to_string())),
    }))
}

/// What an issuer tells of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    email: Option<String>,
    is_verified: Option<bool>,
    name: Option<String>,
}

impl Told {
    pub(crate) fn by_token(claims: &CoreIdTokenClaims) -> Self {
        Self {
            email: claims.email().map(|email| email.to_string()),
            is_verified: claims.email_verified(),
            name: plain(claims.name()).or_else(|| claims.preferred_username().map(|name| name.to_string())),
        }
    }

    /// Whether there is nothing to ask for.
    pub(crate) fn is_enough(&self, trusts_email: bool) -> bool {
        self.email.is_some() && (self.is_verified.is_some() || trusts_email)
    }

    /// With what was told elsewhere. An address is verified by whoever names it.
    pub(crate) fn completed_by(self, more: Option<Told>) -> Self {
        let Some(more) = more else { return self };
        let name = self.name.or(more.name);
        match more.email {
            Some(email) => Self { email: Some(email), is_verified: more.is_verified, name },
            None => Self { name, ..self },
        }
    }

    /// An issuer that says no is believed; one that says nothing, if the operator says so.
    pub(crate) fn vouched(self, subject: String, trusts_email: bool) -> Vouched {
        let Self { email, is_verified, name } = self;
        Vouched { subject, email, is_email_verified: is_verified.unwrap_or(trusts_email), name }
    }
}

fn plain<T: std::ops::Deref<Target = String>>(claim: Option<&LocalizedClaim<T>>) -> Option<String> {
    claim.and_then(|claim| claim.get(None)).map(|name| name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(email: Option<&str>, is_verified: Option<bool>) -> Told {
        Told { email: email.map(str::to_owned), is_verified, name: None }
    }

    #[test]
    fn an_address_is_verified_by_whoever_names_it() {
        let (first, second) = ("ada@corp.example", "ada@home.example");
        for (token, more, email, is_verified) in [
            (told(Some(first), None), Some(told(Some(second), Some(true))), Some(second), Some(true)),
            (told(Some(first), None), Some(told(None, Some(true))), Some(first), None),
            (told(None, Some(true)), Some(told(Some(second), None)), Some(second), None),
            (told(Some(first), Some(false)), None, Some(first), Some(false)),
        ] {
            let whole = token.completed_by(more);
            assert_eq!((whole.email.as_deref(), whole.is_verified), (email, is_verified));
        }
    }

    #[test]
    fn what_an_issuer_does_not_say_the_operator_may() {
        for (said, trusts, is_verified) in
            [(Some(true), false, true), (Some(false), true, false), (None, true, true), (None, false, false)]
        {
            let vouched = told(Some("ada@corp.example"), said).vouched("1".to_owned(), trusts);
            assert_eq!(vouched.is_email_verified, is_verified, "{said:?} {trusts}");
        }
    }
}
