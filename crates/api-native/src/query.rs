//! Query strings: typed, forgiving about spelling, strict about values.

use app::Order;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::Timestamp;
use jiff::SignedDuration;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;

/// The query of a request. Lists come as `name[]=a&name[]=b` or `name=a&name=b`; unknown
/// keys are ignored.
#[derive(Debug)]
pub(crate) struct Query<Q>(pub(crate) Q);

impl<Q: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<Q> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn read<Q: DeserializeOwned>(query: &str) -> Result<Q, ApiError> {
    let mut plain = form_urlencoded::Serializer::new(String::new());
    for (key, value) in web::Query::parse(query).pairs() {
        plain.append_pair(key.strip_suffix("[]").unwrap_or(key), value);
    }
    let plain = plain.finish();
    let pairs = serde_html_form::Deserializer::from_bytes(plain.as_bytes());
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let param = error.path().to_string();
        ApiError::invalid(&param, format!("cannot be read: {}", error.inner()))
    })
}

/// In which order a list comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderParam {
    /// The oldest first.
    Asc,
    /// The newest first.
    Desc,
}

impl From<OrderParam> for Order {
    fn from(param: OrderParam) -> Self {
        match param {
            OrderParam::Asc => Order::OldestFirst,
            OrderParam::Desc => Order::NewestFirst,
        }
    }
}

/// The first moment after this one: times here have microseconds.
pub(crate) fn after(time: Timestamp) -> Timestamp {
    time.checked_add(MICROSECOND).unwrap_or(Timestamp::MAX)
}

/// The last moment before this one.
pub(crate) fn before(time: Timestamp) -> Timestamp {
    time.checked_sub(MICROSECOND).unwrap_or(Timestamp::MIN)
}

const MICROSECOND: SignedDuration = SignedDuration::from_micros(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Sample {
        limit: Option<u32>,
        #[serde(default)]
        types: Vec<String>,
        #[serde(rename = "created_at[gte]")]
        created_from: Option<Timestamp>,
        include_archived: Option<bool>,
    }

    #[test]
    fn lists_and_times_come_in_every_spelling() {
        let time = "2026-11-22T10:00:00.000001Z".parse().unwrap();
        for query in [
            "types[]=a&types[]=b&created_at[gte]=2026-11-22T10:00:00.000001Z&limit=3&include_archived=true",
            "types=a&types=b&created_at%5Bgte%5D=2026-11-22T10%3A00%3A00.000001Z&limit=3&include_archived=true",
            "beta=true&types%5B%5D=a&types=b&created_at[gte]=2026-11-22T11:00:00.000001%2B01:00&limit=3&include_archived=true",
        ] {
            let expected = Sample {
                limit: Some(3),
                types: vec!["a".to_owned(), "b".to_owned()],
                created_from: Some(time),
                include_archived: Some(true),
            };
            assert_eq!(read::<Sample>(query).unwrap(), expected, "{query}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (query, param) in [
            ("limit=many", "limit"),
            ("limit=-1", "limit"),
            ("created_at[gte]=yesterday", "created_at[gte]"),
            ("include_archived=perhaps", "include_archived"),
        ] {
            let error = format!("{:?}", read::<Sample>(query).unwrap_err());
            assert!(error.contains(param), "{query}: {error}");
        }
    }
}
