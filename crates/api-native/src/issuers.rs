//! `/login/oidc/…`: browsers are sent to an issuer to log in, and come back. Ours.
//!
//! Every answer sends the browser on: to the issuer, to where its person was going, or to the
//! login page with a word for what went wrong and the request's name. What travels in addresses
//! between us and the issuer, a code and a state, is in none of ours and in no log.

use app::{App, CameBack, NotLetIn, TurnedAway};
use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use web::{ClientAddress, Query, RequestId, Shared, Site, is_own_path, is_sent_from_elsewhere};

use crate::error::ApiError;
use crate::login::browser;

/// The page on which people choose how to log in.
const LOGIN_PAGE: &str = "/login?";

/// The name of an issuer in a path. What is no text is no name.
type IssuerName = Result<Path<String>, PathRejection>;

fn name_in(path: IssuerName) -> String {
    path.map(|Path(name)| name).unwrap_or_default()
}

/// Sends a browser to an issuer; `return_to` is where its person was going.
pub(crate) async fn begin(
    State(app): State<App>,
    Extension(shared): Extension<Shared>,
    path: IssuerName,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, ApiError> {
    let (site, name) = (&shared.site, name_in(path));
    // Whoever is logged in may link another account to theirs. No page elsewhere begins that.
    let login = site.shown_login(&headers).filter(|_| !is_sent_from_elsewhere(&headers)).map(SecretString::from);
    let return_to = query.find("return_to").filter(|path| is_own_path(path)).map(str::to_owned);
    match app.begin_elsewhere(&name, site.callback(&name), return_to, login).await {
        Ok(begun) => sent_to(&begun.page, [site.set_attempt(begun.attempt.expose_secret())]),
        Err(turned_away) => turned_back(site, &turned_away),
    }
}

/// Lets in whoever comes back from an issuer with its word.
pub(crate) async fn finish(
    State(app): State<App>,
    Extension(shared): Extension<Shared>,
    path: IssuerName,
    address: ClientAddress,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, ApiError> {
    let (site, name) = (&shared.site, name_in(path));
    let secret = |name: &str| query.find(name).map(SecretString::from);
    let back = CameBack {
        attempt: site.shown_attempt(&headers).map(SecretString::from),
        state: secret("state"),
        code: secret("code"),
        issuer: query.find("iss").map(str::to_owned),
        error: query.find("error").map(str::to_owned),
        redirect: site.callback(&name),
        browser: browser(site, address, &headers),
    };
    match app.finish_elsewhere(&name, back).await {
        Ok(came_in) => {
            let login = site.set_login(came_in.logged_in.token.reveal());
            sent_to(came_in.return_to.as_deref().unwrap_or("/"), [login, site.unset_attempt()])
        }
        Err(turned_away) => turned_back(site, &turned_away),
    }
}

fn turned_back(site: &Site, turned_away: &TurnedAway) -> Result<Response, ApiError> {
    let page = login_page(turned_away);
    match turned_away.why {
        // The answer may be given again.
        NotLetIn::Busy => sent_to(&page, []),
        _ => sent_to(&page, [site.unset_attempt()]),
    }
}

/// The login page, which says what went wrong and what to do.
fn login_page(TurnedAway { why, return_to }: &TurnedAway) -> String {
    tracing::info!(%why, "somebody who logs in elsewhere is not let in");
    let mut query = form_urlencoded::Serializer::for_suffix(LOGIN_PAGE.to_owned(), LOGIN_PAGE.len());
    query.append_pair("problem", word_for(why)).append_pair("request", &RequestId::current().to_string());
    if let Some(next) = return_to {
        query.append_pair("next", next);
    }
    query.finish()
}

/// What the login page knows a problem by (`console/src/features/login/problems.ts`).
fn word_for(why: &NotLetIn) -> &'static str {
    match why {
        NotLetIn::UnknownIssuer => "unknown_issuer",
        NotLetIn::Lost => "lost",
        NotLetIn::Expired => "expired",
        NotLetIn::Used => "used",
        NotLetIn::Declined => "declined",
        NotLetIn::IssuerDown => "issuer_down",
        NotLetIn::IssuerWrong => "issuer_wrong",
        NotLetIn::NoEmail => "no_email",
        NotLetIn::EmailNotVerified => "email_not_verified",
        NotLetIn::OtherDomain => "other_domain",
        NotLetIn::Nobody => "nobody",
        NotLetIn::AddressTaken => "address_taken",
        NotLetIn::Suspended => "suspended",
        NotLetIn::Left => "left",
        NotLetIn::Busy => "busy",
        NotLetIn::Failed(_) => "failed",
    }
}

/// An answer that nobody keeps, and of which no page elsewhere learns.
fn sent_to<const N: usize>(page: &str, cookies: [Option<HeaderValue>; N]) -> Result<Response, ApiError> {
    let page = HeaderValue::from_str(page).map_err(|_| ApiError::internal())?;
    let mut headers = vec![
        (LOCATION, page),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    for cookie in cookies {
        headers.push((SET_COOKIE, cookie.ok_or_else(ApiError::internal)?));
    }
    Ok((StatusCode::SEE_OTHER, AppendHeaders(headers)).into_response())
}
