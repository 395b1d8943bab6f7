//! Tokens of visitors: what a site's back end asks for, and its pages show.

use domain::deployment::{Deployment, Trigger};
use domain::key::Scope;
use domain::secret::{Place, Secret};
use domain::{Change, ChangeSet, DeploymentId, OrgId, Timestamp};
use fast32::base32::CROCKFORD_LOWER;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use ports::{CommitError, Refusal};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::error::{AuthFault, Error, Refused};
use crate::secret::random;
use crate::{App, Ctx};

/// Who makes the tokens.
const ISSUER: &str = "sortie";

/// How long a token holds, in seconds: what is asked for is brought within these.
const SECONDS: std::ops::RangeInclusive<i64> = 60..=86_400;
const SECONDS_UNASKED: i64 = 3_600;

/// Longest name of a visitor.
const USER_CHARS_MAX: usize = 256;

/// A visitor's token.
#[derive(Clone)]
pub struct EmbedToken {
    /// The token itself.
    pub token: SecretString,
    /// Until when it holds.
    pub expires_at: Timestamp,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbedClaims {
    /// Who made it.
    pub iss: String,
    /// The deployment, in the spelling of the Cassidy-compatible API.
    pub sub: String,
    /// The organization, likewise.
    pub org: String,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// Until when it holds.
    pub exp: i64,
    /// Its name.
    pub jti: String,
    /// What the site calls its visitor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usr: Option<String>,
}

impl App {
    /// Makes a token for a visitor of an embed that the caller may manage.
    ///
    /// # Errors
    /// It is no embed, or its secure mode is off; the visitor's name is too long; the scope is
    /// missing; or as [`App::find_deployment`].
    pub async fn mint_embed_token(
        &self,
        ctx: &Ctx,
        id: DeploymentId,
        seconds: Option<f64>,
        user: Option<String>,
    ) -> Result<EmbedToken, Error> {
        ctx.require(Scope::DeploymentsWrite)?;
        let deployment = self.reachable_deployment(ctx, id).await?;
        let Trigger::Embed(embed) = &deployment.trigger else { return Err(Error::not_found(id)) };
        if deployment.check_open().is_err() {
            return Err(Error::not_found(id));
        }
        if user.as_ref().is_some_and(|user| user.chars().count() > USER_CHARS_MAX) {
            return Err(Error::invalid("user", "must have at most 256 characters"));
        }
        if !embed.secure {
            return Err(Refused::NotSecure.into());
        }
        let (iat, lasts) = (ctx.now.as_second(), seconds.map_or(SECONDS_UNASKED, brought_within));
        let claims = EmbedClaims {
            iss: ISSUER.to_owned(),
            sub: id.compact(),
            org: ctx.org.compact(),
            iat,
            exp: iat + lasts,
            jti: self.fresh_uuid().to_string(),
            usr: user,
        };
        let secret = self.embed_secret(ctx.org).await?;
        let key = EncodingKey::from_secret(secret.expose_secret().as_bytes());
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).map_err(|error| {
            tracing::error!(%error, "a token could not be signed");
            Error::Store(ports::StoreError::Failed("a token could not be signed".to_owned()))
        })?;
        let expires_at = Timestamp::from_second(claims.exp).unwrap_or(Timestamp::MAX);
        Ok(EmbedToken { token: SecretString::from(token), expires_at })
    }

    /// What a visitor's token says, if it is one for this deployment and holds now.
    ///
    /// # Errors
    /// It is none, is another's, or its time is over.
    pub async fn check_embed_token(
        &self,
        org: OrgId,
        deployment: &Deployment,
        token: &str,
    ) -> Result<EmbedClaims, Error> {
        let wrong = || Error::Unauthenticated(AuthFault::BadSignature);
        let secret = self.embed_secret(org).await?;
        let key = DecodingKey::from_secret(secret.expose_secret().as_bytes());
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_issuer(&[ISSUER]);
        // By our own clock, below.
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<EmbedClaims>(token, &key, &rules).map_err(|_| wrong())?.claims;
        let is_for_it = claims.sub == deployment.id.compact() && claims.org == org.compact();
        match claims.exp > self.now().as_second() {
            true if is_for_it => Ok(claims),
            true => Err(wrong()),
            false => Err(Error::Unauthenticated(AuthFault::Expired)),
        }
    }

    /// What the organization's tokens are signed with. Made when it is first needed, and the
    /// same from then on.
    async fn embed_secret(&self, org: OrgId) -> Result<SecretString, Error> {
        let store = self.store(org);
        let place = Place { org, row: org.0, origin: "embed", name: "token" };
        if store.find_embed_secret().await?.is_none() {
            let fresh = SecretString::from(CROCKFORD_LOWER.encode(&random::<32>()?));
            let sealed = Secret::Sealed(self.sealing_key().seal(&fresh, place, random()?));
            match store.commit(ChangeSet::of([Change::KeepEmbedSecret(sealed)])).await {
                // Another request was faster, and its secret is the one.
                Ok(_) | Err(CommitError::Refused(Refusal::Exists)) => {}
                Err(CommitError::Refused(_)) => return Err(Error::not_found(org)),
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        let Some(Secret::Sealed(sealed)) = store.find_embed_secret().await? else {
            return Err(Error::not_found(org));
        };
        self.sealing_key().open(&sealed, place).map_err(|error| {
            tracing::error!(%error, org.id = %org, "the secret of the organization's embeds does not open");
            Error::Store(ports::StoreError::Failed("the secret of the embeds does not open".to_owned()))
        })
    }
}

/// Whole seconds within the bounds.
fn brought_within(seconds: f64) -> i64 {
    // Whatever is no number is brought to the lower bound by the cast.
    (seconds as i64).clamp(*SECONDS.start(), *SECONDS.end())
}

/// Kept for the type's sake: a token is never printed.
impl std::fmt::Debug for EmbedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbedToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_brought_within_the_bounds() {
        for (asked, given) in
            [(5.0, 60), (3_600.9, 3_600), (999_999.0, 86_400), (-1.0, 60), (f64::NAN, 60), (1e300, 86_400)]
        {
            assert_eq!(brought_within(asked), given, "{asked}");
        }
    }
}
