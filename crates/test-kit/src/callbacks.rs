//! Results sent to the addresses that callers name, through the guarded client.

use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderValue};
use outbound::{Outbound, Request};

/// The way out for callbacks.
pub(crate) struct GuardedCallbacks(pub(crate) Outbound);

impl api_make::Callbacks for GuardedCallbacks {
    fn post<'a>(&'a self, url: &'a str, body: Bytes, timeout: Duration) -> BoxFuture<'a, Result<(), String>> {
        async move {
            let url = self.0.check_url(url).map_err(|error| error.to_string())?;
            let request = Request::new(Method::POST, url)
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .body(body)
                .timeout(timeout);
            let answer = self.0.send(request).await.map_err(|error| error.to_string())?;
            match answer.status() {
                status if status.is_success() => Ok(()),
                status => Err(format!("the other side answered {status}")),
            }
        }
        .boxed()
    }
}
