//! `/v1/links`: links by which people come in, and `/v1/members/…`: making them. Ours.

use app::{App, Error, LinkView, NewLink, UseLink};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use axum::{Extension, Json};
use domain::person::LinkKind;
use domain::{MemberId, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Caller, ClientAddress, Shared};

use crate::body::StrangersBody;
use crate::error::{ApiError, ErrorEnvelope};
use crate::login::{CurrentLogin, browser, welcome};
use crate::path_id::PathId;

/// What a link is for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenLink {
    kind: LinkKindView,
    org: LinkOrg,
    /// The address that they will log in with.
    email: String,
    /// As they are called so far.
    name: String,
    /// Whether somebody logs in with this address already. Then an invitation asks for the
    /// password they have.
    has_account: bool,
}

/// The kinds of link.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LinkKindView {
    /// For a member who cannot log in yet.
    Invitation,
    /// For one who can: sets another password.
    Reset,
    /// For the first owner.
    Owner,
}

/// The organization that a link lets in to.
#[derive(Debug, Serialize, ToSchema)]
struct LinkOrg {
    name: String,
}

/// How somebody comes in.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ComeIn {
    /// Another name than the one in the link; not for a reset.
    #[serde(default)]
    name: Option<String>,
    /// Another address than the one in the link; for the first owner alone.
    #[serde(default)]
    email: Option<String>,
    /// The password they will have, of 10 to 256 characters; of whoever has an account, the one
    /// they have. Whoever is logged in and leaves it out comes in as who they are.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    password: Option<SecretString>,
}

/// A new link. It is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewLinkView {
    /// What to send to the person: whoever has it comes in as them, once.
    url: String,
    expires_at: Timestamp,
}

/// An answer with a secret: nobody is to keep it.
type Unkept<T> = ([(HeaderName, &'static str); 1], Json<T>);

fn unkept<T>(view: T) -> Unkept<T> {
    ([(CACHE_CONTROL, "no-store")], Json(view))
}

impl From<LinkView> for OpenLink {
    fn from(LinkView { kind, org, member, email, has_account }: LinkView) -> Self {
        let kind = match kind {
            LinkKind::Invitation => LinkKindView::Invitation,
            LinkKind::Reset => LinkKindView::Reset,
            LinkKind::Owner => LinkKindView::Owner,
        };
        Self { kind, org: LinkOrg { name: org.name }, email, name: member.name, has_account }
    }
}

/// The link in a path. What is no text is no link.
fn token(path: Result<Path<String>, axum::extract::rejection::PathRejection>) -> Result<String, ApiError> {
    path.map(|Path(token)| token).map_err(|_| no_link())
}

/// One answer for a link that was used, one that is over and one that never was.
fn no_link() -> ApiError {
    ApiError::not_found("This link is not good any more, or never was: ask for a new one.")
}

fn said(error: Error) -> ApiError {
    match error {
        Error::NotFound(_) => no_link(),
        other => other.into(),
    }
}

/// What a link is for
///
/// Looking does not use it up.
#[utoipa::path(get, path = "/v1/links/{token}", tag = "people", params(("token" = String, Path)), security(()),
    responses((status = 200, body = OpenLink), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_link(
    State(app): State<App>,
    path: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Unkept<OpenLink>, ApiError> {
    let found = app.find_link(&token(path)?).await.map_err(said)?;
    Ok(unkept(found.into()))
}

/// Come in by a link
///
/// Uses it up, and logs in. After a reset every login of before is over.
#[utoipa::path(post, path = "/v1/links/{token}", tag = "people", params(("token" = String, Path)),
    request_body = ComeIn, security(()),
    responses((status = 200, body = CurrentLogin), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn use_link(
    State(app): State<App>,
    Extension(shared): Extension<Shared>,
    path: Result<Path<String>, axum::extract::rejection::PathRejection>,
    address: ClientAddress,
    headers: HeaderMap,
    StrangersBody(come_in): StrangersBody<ComeIn>,
) -> Result<Response, ApiError> {
    let site = &shared.site;
    site.check_not_foreign(&headers)?;
    let ComeIn { name, email, password } = come_in;
    // Only who leaves the password out is taken for who is logged in.
    let as_person = match site.shown_login(&headers).filter(|_| password.is_none()) {
        Some(shown) => {
            site.check_own(&Method::POST, &headers)?;
            match app.authenticate_login(shown).await {
                Ok(ctx) => Some(ctx),
                Err(app::Error::Unauthenticated(_)) => None,
                Err(error) => return Err(error.into()),
            }
        }
        None => None,
    };
    let browser = browser(site, address, &headers);
    let using = UseLink { name, email, password, as_person, browser };
    let logged_in = app.use_link(&token(path)?, using).await.map_err(said)?;
    welcome(&app, &shared, logged_in).await
}

/// Invite a member
///
/// A link by which a member who cannot log in yet can, for seven days. A link from before is
/// over. For whoever administers the organization; owners are invited by owners.
#[utoipa::path(post, path = "/v1/members/{member}/invitation", tag = "people", params(("member" = String, Path)),
    responses((status = 200, body = NewLinkView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn invite_member(
    State(app): State<App>,
    Extension(shared): Extension<Shared>,
    caller: Caller,
    PathId(member): PathId<MemberId>,
) -> Result<Unkept<NewLinkView>, ApiError> {
    Ok(shown(&shared, app.invite_member(caller.ctx(), member).await?))
}

/// Let a member set another password
///
/// A link, for one day. A link from before is over. Of somebody who is in other organizations
/// too, only whoever runs the server can make one: `sortie members reset`.
#[utoipa::path(post, path = "/v1/members/{member}/reset", tag = "people", params(("member" = String, Path)),
    responses((status = 200, body = NewLinkView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn offer_reset(
    State(app): State<App>,
    Extension(shared): Extension<Shared>,
    caller: Caller,
    PathId(member): PathId<MemberId>,
) -> Result<Unkept<NewLinkView>, ApiError> {
    Ok(shown(&shared, app.offer_reset(caller.ctx(), member).await?))
}

fn shown(shared: &Shared, link: NewLink) -> Unkept<NewLinkView> {
    unkept(NewLinkView { url: shared.site.link(link.token.reveal()), expires_at: link.expires_at })
}
