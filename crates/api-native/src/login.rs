//! `/v1/login`: people log in with a browser, which keeps it in a cookie. Ours.

use app::{App, Browser, LogIn, LogOut, LoggedIn, LoginView, TrustedIssuer};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::{Extension, Json};
use domain::key::Scope;
use domain::org::{Org, Role};
use domain::{MemberId, OrgId, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Caller, ClientAddress, Shared, Site};

use crate::approval_rules::RoleView;
use crate::body::{Body, StrangersBody};
use crate::error::{ApiError, ErrorEnvelope};

/// Who is logged in, or whose key it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CurrentLogin {
    member: LoginMember,
    org: LoginOrg,
    /// The organizations they can log in to; a key's is its own.
    orgs: Vec<ReachableOrg>,
    /// What they may do, each right by itself.
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Scope>,
    /// When the login or key stops working by itself. A login that is not used for seven days is
    /// over before that.
    expires_at: Option<Timestamp>,
    /// Whether what is here is made up: `sortie serve --demo`.
    demo: bool,
}

/// The member they are.
#[derive(Debug, Serialize, ToSchema)]
struct LoginMember {
    #[schema(value_type = String)]
    id: MemberId,
    name: String,
    email: String,
    role: RoleView,
}

/// The organization they are logged in to.
#[derive(Debug, Serialize, ToSchema)]
struct LoginOrg {
    #[schema(value_type = String)]
    id: OrgId,
    name: String,
    /// IANA name: `Europe/Berlin`.
    time_zone: String,
}

/// An organization they can log in to.
#[derive(Debug, Serialize, ToSchema)]
struct ReachableOrg {
    #[schema(value_type = String)]
    id: OrgId,
    name: String,
    /// Theirs in it.
    role: RoleView,
}

/// An address and its password.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Credentials {
    email: String,
    #[schema(value_type = String)]
    password: SecretString,
    /// The organization; the first that they joined, if absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    org: Option<OrgId>,
}

/// Where to go.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SwitchOrg {
    #[schema(value_type = String)]
    org: OrgId,
}

/// How far a log-out goes.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct EndLogin {
    /// Every browser's login of the same person too.
    #[serde(default)]
    everywhere: bool,
}

/// Another password.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChangePassword {
    #[schema(value_type = String)]
    old: SecretString,
    /// 10 to 256 characters.
    #[schema(value_type = String)]
    new: SecretString,
}

/// How people log in, and whether anybody can yet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Setup {
    /// No owner of the first organization can: the link that `sortie serve` printed, or that
    /// `sortie members reset --owner` prints, lets them in.
    owner_needed: bool,
    /// Whether with a password.
    passwords: bool,
    /// Who vouches for people elsewhere.
    issuers: Vec<IssuerView>,
}

/// An issuer at which people log in.
#[derive(Debug, Serialize, ToSchema)]
struct IssuerView {
    /// A browser that is sent to `/login/oidc/{name}` logs in there; `return_to` is the path
    /// that it comes back to.
    name: String,
    /// What people call it.
    title: String,
}

impl From<&TrustedIssuer> for IssuerView {
    fn from(trusted: &TrustedIssuer) -> Self {
        Self { name: trusted.name.clone(), title: trusted.title.clone() }
    }
}

impl CurrentLogin {
    fn of(LoginView { caller, orgs, expires_at }: LoginView, shared: &Shared) -> Self {
        let (member, org) = (caller.member, caller.org);
        let reachable = |(org, role): (Org, Role)| ReachableOrg { id: org.id, name: org.name, role: role.into() };
        Self {
            member: LoginMember { id: member.id, name: member.name, email: member.email, role: member.role.into() },
            org: LoginOrg { id: org.id, name: org.name.clone(), time_zone: org.time_zone.clone() },
            orgs: orgs.into_iter().map(reachable).collect(),
            scopes: Scope::ALL.iter().copied().filter(|scope| caller.scopes.hold(*scope)).collect(),
            expires_at,
            demo: shared.is_demo,
        }
    }
}

/// What the browser of a request shows.
pub(crate) fn browser(site: &Site, ClientAddress(address): ClientAddress, headers: &HeaderMap) -> Browser {
    Browser { address, login: site.shown_login(headers).map(SecretString::from) }
}

/// The answer to whoever has logged in: who they are, with the cookie.
pub(crate) async fn welcome(app: &App, shared: &Shared, logged_in: LoggedIn) -> Result<Response, ApiError> {
    let view = CurrentLogin::of(app.view_login(&logged_in.ctx).await?, shared);
    let cookie = shared.site.set_login(logged_in.token.reveal()).ok_or_else(ApiError::internal)?;
    Ok((unkept(cookie), Json(view)).into_response())
}

fn unkept(cookie: HeaderValue) -> AppendHeaders<[(axum::http::HeaderName, HeaderValue); 2]> {
    AppendHeaders([(SET_COOKIE, cookie), (CACHE_CONTROL, HeaderValue::from_static("no-store"))])
}

/// Who is logged in
///
/// With a key: whose it is.
#[utoipa::path(get, path = "/v1/login", tag = "people",
    responses((status = 200, body = CurrentLogin), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_login(
    State(app): State<App>,
    Extension(shared): Extension<Shared>,
    caller: Caller,
) -> Result<Json<CurrentLogin>, ApiError> {
    Ok(Json(CurrentLogin::of(app.view_login(caller.ctx()).await?, &shared)))
}

/// Log in
///
/// The answer sets a cookie that scripts cannot read. It is over after 30 days, or after seven
/// in which it was not used. After five wrong passwords for an address, or from one, the next
/// attempt is answered with 429 until the time in `Retry-After` has passed.
#[utoipa::path(post, path = "/v1/login", tag = "people", request_body = Credentials, security(()),
    responses((status = 200, body = CurrentLogin), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn log_in(
    State(app): State<App>,
    Extension(shared): Extension<Shared>,
    address: ClientAddress,
    headers: HeaderMap,
    StrangersBody(credentials): StrangersBody<Credentials>,
) -> Result<Response, ApiError> {
    shared.site.check_not_foreign(&headers)?;
    let Credentials { email, password, org } = credentials;
    let browser = browser(&shared.site, address, &headers);
    let logged_in = app.log_in(LogIn { email, password, org, browser }).await?;
    welcome(&app, &shared, logged_in).await
}

/// Go to another organization
///
/// The answer sets another cookie, and the login from before is over.
#[utoipa::path(post, path = "/v1/login/switch", tag = "people", request_body = SwitchOrg,
    responses((status = 200, body = CurrentLogin), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn switch_org(
    State(app): State<App>,
    Extension(shared): Extension<Shared>,
    caller: Caller,
    address: ClientAddress,
    headers: HeaderMap,
    Body(switch): Body<SwitchOrg>,
) -> Result<Response, ApiError> {
    let browser = browser(&shared.site, address, &headers);
    let logged_in = app.switch_org(caller.ctx(), switch.org, &browser).await?;
    welcome(&app, &shared, logged_in).await
}

/// Change the password
///
/// Every other login of the person is over, and this browser is given a new one.
#[utoipa::path(post, path = "/v1/login/password", tag = "people", request_body = ChangePassword,
    responses((status = 200, body = CurrentLogin), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn change_password(
    State(app): State<App>,
    Extension(shared): Extension<Shared>,
    caller: Caller,
    address: ClientAddress,
    headers: HeaderMap,
    Body(change): Body<ChangePassword>,
) -> Result<Response, ApiError> {
    let browser = browser(&shared.site, address, &headers);
    let logged_in = app.change_password(caller.ctx(), &change.old, &change.new, &browser).await?;
    welcome(&app, &shared, logged_in).await
}

/// Log out
///
/// Whoever is not logged in is not afterwards either. What the login has open ends.
#[utoipa::path(post, path = "/v1/logout", tag = "people", request_body = EndLogin, security(()),
    responses((status = 204, description = "Logged out."), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn log_out(
    State(app): State<App>,
    Extension(shared): Extension<Shared>,
    headers: HeaderMap,
    StrangersBody(EndLogin { everywhere }): StrangersBody<EndLogin>,
) -> Result<Response, ApiError> {
    let site = &shared.site;
    if let Some(shown) = site.shown_login(&headers) {
        site.check_own(&Method::POST, &headers)?;
        app.log_out(shown, if everywhere { LogOut::Everywhere } else { LogOut::Here }).await?;
    }
    let gone = site.unset_login().ok_or_else(ApiError::internal)?;
    Ok((StatusCode::NO_CONTENT, unkept(gone)).into_response())
}

/// How people log in
///
/// And whether the first owner's account is still to be made.
#[utoipa::path(get, path = "/v1/setup", tag = "people", security(()),
    responses((status = 200, body = Setup), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_setup(State(app): State<App>) -> Result<Json<Setup>, ApiError> {
    let ways_in = app.ways_in();
    let issuers = ways_in.issuers.iter().map(IssuerView::from).collect();
    Ok(Json(Setup { owner_needed: app.is_owner_needed().await?, passwords: ways_in.passwords, issuers }))
}
