//! Who is let in to an embed: from which page they come, who they are, how often they may.

use std::net::IpAddr;

use app::{OpenEmbed, Operator, Visitor};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use domain::DeploymentId;
use domain::deployment::Embed;
use uuid::Uuid;
use web::{ClientAddress, Site, Visit};

use crate::Embeds;
use crate::error::ApiError;

/// The header with the visitor's secret.
const VISITOR: &str = "sortie-visitor";

/// The header in which the panel names the page that it stands in.
const AROUND: &str = "sortie-embedded-in";

/// An embed that somebody asks for, from a page that may show it.
pub(crate) struct Host {
    pub(crate) embed: OpenEmbed,
}

/// A visitor of an embed, known by their secret and their token.
pub(crate) struct Guest {
    pub(crate) embed: OpenEmbed,
    pub(crate) visitor: Visitor,
    /// What is counted for them when they say something.
    pub(crate) visit: Visit,
}

impl FromRequestParts<Embeds> for Host {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, embeds: &Embeds) -> Result<Self, ApiError> {
        let embed = open(parts, embeds).await?;
        check_page(&embeds.shared.site, &parts.headers, embed.embed())?;
        Ok(Self { embed })
    }
}

impl FromRequestParts<Embeds> for Guest {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, embeds: &Embeds) -> Result<Self, ApiError> {
        let Host { embed } = Host::from_request_parts(parts, embeds).await?;
        let secret = text(&parts.headers, VISITOR)
            .ok_or_else(|| ApiError::bad_request(format!("The header {VISITOR} is missing.")))?;
        let admitted = embeds.app.admit_visitor(&embed, secret, token(&parts.headers)).await;
        let visitor = admitted.map_err(ApiError::of_visit)?;
        let Ok(from) = ClientAddress::from_request_parts(parts, &()).await;
        let visit = Visit { visitor: visitor.id(), address: counted(from), embed: embed.id().0 };
        Ok(Self { embed, visitor, visit })
    }
}

/// The embed that the path names.
pub(crate) async fn open(parts: &mut Parts, embeds: &Embeds) -> Result<OpenEmbed, ApiError> {
    let params = RawPathParams::from_request_parts(parts, embeds).await.map_err(|_| ApiError::not_found())?;
    let id = params.iter().find_map(|(name, value)| (name == "id").then_some(value)).unwrap_or_default();
    let id: DeploymentId = id.parse().map_err(|_| ApiError::not_found())?;
    let embed = embeds.app.open_embed(&Operator::of_this_installation(), id).await?;
    tracing::Span::current().record("org.id", tracing::field::display(embed.org()));
    Ok(embed)
}

/// A token in `Authorization: Bearer`.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = text(headers, "authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Only our own page asks, and it stands where it may. A browser says the first by itself; the
/// second it keeps to by the page's policy, and the page says it here once more.
fn check_page(site: &Site, headers: &HeaderMap, embed: &Embed) -> Result<(), ApiError> {
    let is_own = site.check_not_foreign(headers).is_ok();
    let may_stand_there = match headers.get(AROUND) {
        Some(around) => around.to_str().is_ok_and(|around| embed.lets(around)),
        // In a window of its own.
        None => true,
    };
    if is_own && may_stand_there { Ok(()) } else { Err(ApiError::wrong_origin()) }
}

/// What those who come from one address are counted by.
fn counted(ClientAddress(from): ClientAddress) -> Uuid {
    Uuid::from_u128(match from.map(app::network_of) {
        Some(IpAddr::V4(address)) => u128::from(address.to_bits()),
        Some(IpAddr::V6(address)) => address.to_bits(),
        None => 0,
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
