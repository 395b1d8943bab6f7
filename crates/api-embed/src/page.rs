//! The page that stands in a frame of another site, and how it looks.

use app::{MESSAGE_CHARS_MAX, OpenEmbed};
use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use domain::deployment::Embed;
use serde::Serialize;

use crate::door::{self, Host};
use crate::error::ApiError;
use crate::{Embeds, assets};

/// Nothing from elsewhere, nothing inline, and no text ever becomes a script. Who may stand
/// around it is said of each embed.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// What a chat looks like, and what it allows.
#[derive(Serialize)]
struct Look<'a> {
    id: String,
    name: &'a str,
    secure: bool,
    theme: &'a str,
    color: Option<&'a str>,
    position: &'a str,
    greeting: Option<&'a str>,
    starters: &'a [String],
    max_chars: usize,
}

impl<'a> Look<'a> {
    fn of(open: &'a OpenEmbed) -> Self {
        let Embed { secure, theme, color, position, greeting, starters, .. } = open.embed();
        Self {
            id: open.id().to_string(),
            name: open.name(),
            secure: *secure,
            theme: theme.as_deref().unwrap_or("auto"),
            color: color.as_deref(),
            position: position.as_deref().unwrap_or("right"),
            greeting: greeting.as_deref(),
            starters,
            max_chars: MESSAGE_CHARS_MAX,
        }
    }
}

/// The page. Without a token where one is needed it says no more than that, and waits for one
/// from the page around it.
pub(crate) async fn show(State(embeds): State<Embeds>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let open = match door::open(&mut parts, &embeds).await {
        Ok(open) => open,
        Err(error) => return page(error.status(), None, &notice(&error.failure().message)),
    };
    let token = web::Query::from_request_parts(&mut parts, &embeds).await.ok();
    let token = token.as_ref().and_then(|query| query.find("token")).or_else(|| door::token(&parts.headers));
    let embed = Some(open.embed());
    match embeds.app.check_visit(&open, token).await {
        Ok(()) => {
            let look = serde_json::to_string(&Look::of(&open)).unwrap_or_default();
            page(StatusCode::OK, embed, &panel(&format!(r#" data-look="{}""#, escaped(&look)), open.embed(), ""))
        }
        Err(error) => {
            let error = ApiError::of_visit(error);
            let said = notice("This chat needs a visitor's token. Reload the page around it.");
            match error.status() {
                StatusCode::UNAUTHORIZED => page(error.status(), embed, &panel("", open.embed(), &said)),
                status => page(status, embed, &notice(&error.failure().message)),
            }
        }
    }
}

/// How the chat looks, for a page that came without a token and has one now.
pub(crate) async fn look(
    State(embeds): State<Embeds>,
    Host { embed }: Host,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    embeds.app.check_visit(&embed, door::token(&headers)).await.map_err(ApiError::of_visit)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Look::of(&embed))).into_response())
}

/// Where the panel is drawn. It is told which pages around it may hand it a token.
fn panel(look: &str, embed: &Embed, said: &str) -> String {
    let origins = escaped(&embed.allowed_origins.join(" "));
    format!(r#"<div id="chat"{look} data-origins="{origins}">{said}</div>"#)
}

fn notice(text: &str) -> String {
    format!(r#"<main class="notice"><p>{}</p></main>"#, escaped(text))
}

fn page(status: StatusCode, embed: Option<&Embed>, body: &str) -> Response {
    let with_panel = body.starts_with("<div");
    let (head, body) = match assets::panel() {
        Some([script, style]) => {
            let script =
                if with_panel { format!(r#"<script type="module" src="{script}"></script>"#) } else { String::new() };
            (format!(r#"<link rel="stylesheet" href="{style}">{script}"#), body.to_owned())
        }
        None if with_panel => (String::new(), notice(assets::HOW_TO_BUILD)),
        None => (String::new(), body.to_owned()),
    };
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>Chat</title>{head}</head><body>{body}</body></html>\n"
    );
    (status, headers(embed), Html(html)).into_response()
}

/// What browsers keep to. There is no `X-Frame-Options`, which cannot say what the policy says;
/// and a page that demands the like of what it shows may show this one.
fn headers(embed: Option<&Embed>) -> HeaderMap {
    let policy = match embed.and_then(Embed::ancestors) {
        Some(ancestors) => HeaderValue::try_from(format!("{POLICY}; frame-ancestors {ancestors}")),
        None => Ok(HeaderValue::from_static(POLICY)),
    };
    // Origins are checked when they are given; one that were no header would shut the page.
    let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    let mut headers: HeaderMap =
        fixed.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers
}

/// A text as it stands in HTML, between tags or in quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_quotes() {
        let hostile = r#""><script>alert('x')</script>&amp;"#;
        let safe = escaped(hostile);
        assert!(!safe.contains(['<', '>', '"', '\'']), "{safe}");
        assert_eq!(safe, "&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;");
    }
}
