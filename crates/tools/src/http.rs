//! HTTP tools.

mod credentials;
mod outcome;

use async_trait::async_trait;
use bytes::Bytes;
use domain::OrgId;
use domain::secret::{SealingKey, Secret};
use domain::tool::{CarriedTool, ToolOutcome, UrlTemplate, argument_text};
use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderName, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use outbound::{Outbound, Request};
use ports::ToolRunner;
use ports::tool::ToolRun;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use url::Url;

use self::credentials::Credentials;

/// The largest answer a model is given; the rest is left out, and it is told so.
pub const ANSWER_BYTES_MAX: usize = 256 << 10;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Makes the calls of HTTP tools.
#[derive(Debug, Clone)]
pub struct HttpTools {
    outbound: Outbound,
    key: SealingKey,
}

impl HttpTools {
    /// Calls go out through this client, with credentials that this key opens.
    pub fn new(outbound: Outbound, key: SealingKey) -> Self {
        Self { outbound, key }
    }
}

#[async_trait]
impl ToolRunner for HttpTools {
    async fn run(&self, call: ToolRun) -> ToolOutcome {
        let (request, credentials) = match self.request_of(&call) {
            Ok(request) => request,
            // The model may do better with the next call.
            Err(wrong) => {
                return ToolOutcome::Answered { content: format!("not called: {wrong}"), is_error: true };
            }
        };
        let outcome = match self.outbound.send(request.timeout(call.timeout)).await {
            Ok(response) => outcome::of_response(response, call.tool.http.method == "HEAD").await,
            Err(error) => outcome::of_error(&error),
        };
        credentials.left_out_of(outcome)
    }
}

impl HttpTools {
    /// The request for a call, and what it carries in secret; or why there can be none.
    fn request_of(&self, call: &ToolRun) -> Result<(Request, Credentials), String> {
        let tool = &call.tool.http;
        let method = tool.method.parse::<Method>().map_err(|_| format!("`{}` is no method", tool.method))?;
        let Value::Object(arguments) = &call.input else {
            return Err("the arguments are no object".to_owned());
        };
        let mut arguments = arguments.clone();
        let mut url = UrlTemplate::parse(&tool.url)?.fill(&mut arguments)?;
        let mut headers = self.headers_of(call.org, &call.tool)?;
        let credentials = Credentials::of(&headers);
        let use_id = HeaderValue::try_from(call.use_id.to_string()).map_err(|error| error.to_string())?;
        headers.insert(IDEMPOTENCY_KEY, use_id);

        let has_body = matches!(method, Method::POST | Method::PUT | Method::PATCH);
        let body = if has_body {
            let json = HeaderValue::from_static("application/json");
            headers.entry(CONTENT_TYPE).or_insert(json);
            Bytes::from(Value::Object(arguments).to_string())
        } else {
            into_query(&mut url, &arguments);
            Bytes::new()
        };
        Ok((Request::new(method, url).headers(headers).body(body), credentials))
    }

    /// The tool's own headers. All but the plainest may be credentials, which a redirect must
    /// not carry to another origin, so they are marked as such.
    fn headers_of(&self, org: OrgId, tool: &CarriedTool) -> Result<HeaderMap, String> {
        let origin = tool.http.origin();
        let mut headers = HeaderMap::with_capacity(tool.http.headers.len() + 3);
        for (name, value) in &tool.http.headers {
            let Secret::Sealed(sealed) = value else { return Err(format!("the header `{name}` is not sealed")) };
            let value = self.key.open(sealed, tool.place(org, &origin, name));
            let value = value.map_err(|error| format!("the header `{name}` cannot be sent: {error}"))?;
            let name: HeaderName = name.parse().map_err(|_| format!("`{name}` is no name for a header"))?;
            // Not named in the message: the value may be a secret.
            let value = HeaderValue::from_str(value.expose_secret());
            let mut value = value.map_err(|_| format!("the header `{name}` holds characters that no header may"))?;
            value.set_sensitive(![ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, USER_AGENT].contains(&name));
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

/// Adds arguments to the query: a list as one pair for each item, nothing for `null`.
fn into_query(url: &mut Url, arguments: &Map<String, Value>) {
    if arguments.is_empty() {
        return;
    }
    let mut query = url.query_pairs_mut();
    for (name, value) in arguments {
        match value {
            Value::Null => {}
            Value::Array(items) => {
                for item in items {
                    query.append_pair(name, &argument_text(item));
                }
            }
            value => {
                query.append_pair(name, &argument_text(value));
            }
        }
    }
}
