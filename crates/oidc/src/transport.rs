//! How an issuer is asked: through the guarded client, in bounded time, for answers of bounded
//! size.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use outbound::{Outbound, OutboundError, Request};

/// How long a question may take. Somebody looks at an empty page meanwhile.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest answer that is read: documents and keys are a few kilobytes.
const ANSWER_BYTES_MAX: usize = 512 << 10;

/// The guarded client, as `openidconnect` wants one.
pub(crate) struct Transport(pub(crate) Outbound);

/// A question that got no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAnswered {
    /// The way out failed.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The answer cannot be handed on.
    #[error("its answer is no answer of HTTP")]
    Malformed(#[from] http::Error),
}

impl<'c> AsyncHttpClient<'c> for Transport {
    type Error = NotAnswered;
    type Future = BoxFuture<'c, Result<HttpResponse, NotAnswered>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        async move {
            let (head, body) = request.into_parts();
            let url = self.0.check_url(&head.uri.to_string())?;
            let request = Request::new(head.method, url).headers(head.headers).body(body);
            let answer = self.0.send(request.timeout(TIMEOUT).bytes_max(ANSWER_BYTES_MAX)).await?;
            let mut response = http::Response::builder().status(answer.status());
            if let Some(headers) = response.headers_mut() {
                headers.clone_from(answer.headers());
            }
            Ok(response.body(answer.bytes().await?.to_vec())?)
        }
        .boxed()
    }
}
