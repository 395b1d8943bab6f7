//! What a visitor does: says something, follows the conversation, stops an answer.

use app::{Conversation, From};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::EventId;
use futures::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::sse;

use crate::door::Guest;
use crate::error::ApiError;
use crate::streams::Place;
use crate::{Embeds, frames};

/// Most bytes of a message, as the panel writes it: no more than needs no place among the large
/// bodies, which are for those who have a key.
const BYTES_MAX: usize = 64 << 10;

/// The header in which a stream says where it left off.
const LAST_EVENT_ID: &str = "last-event-id";

/// What is said.
#[derive(Deserialize)]
struct Message {
    /// The visitor's own name for it: sent again, it is not said again.
    id: Uuid,
    text: String,
}

/// It was taken.
#[derive(Serialize)]
struct Taken {
    id: EventId,
}

/// Says something.
pub(crate) async fn say(State(embeds): State<Embeds>, guest: Guest, request: Request) -> Result<Response, ApiError> {
    embeds.shared.limits.check_visit(guest.visit, embeds.app.now())?;
    let Message { id, text } = read(&guest, request).await?;
    let id = embeds.app.tell_agent(&guest.embed, &guest.visitor, id, &text).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Taken { id })).into_response())
}

async fn read(guest: &Guest, request: Request) -> Result<Message, ApiError> {
    let (parts, body) = request.into_parts();
    if !web::body::is_json(&parts.headers) {
        return Err(web::Rejection::NotSaidToBeJson.into());
    }
    // Whoever sends it, it takes a place of the embed's organization.
    let bytes = web::body::read(body, BYTES_MAX, Some(guest.embed.org())).await?;
    Ok(web::body::parse_json(&bytes)?)
}

/// Follows the conversation; 204 if nothing was said yet.
pub(crate) async fn follow(
    State(embeds): State<Embeds>,
    guest: Guest,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let from = from(&headers)?;
    let place = embeds.streams.take(&guest.visit)?;
    let of_org = embeds.shared.limits.take_stream(guest.embed.org())?;
    let followed = embeds.app.follow_conversation(&guest.embed, &guest.visitor, from).await?;
    let Some(conversation) = followed else {
        return Ok((StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response());
    };
    Ok(sse::response(rendered(conversation, place), &embeds.shared.drain, frames::manners(of_org)))
}

fn rendered(conversation: Conversation, place: Place) -> impl Stream<Item = Bytes> + Send + Unpin + 'static {
    let request = web::RequestId::current();
    conversation.map(move |told| {
        // Held as long as the stream is.
        let _ = &place;
        match told {
            Ok(told) => frames::told(&told),
            Err(error) => {
                let mut failure = ApiError::of_visit(error).failure().clone();
                failure.request_id = request.to_string();
                frames::fault(&failure)
            }
        }
    })
}

fn from(headers: &HeaderMap) -> Result<From, ApiError> {
    let Some(last) = headers.get(LAST_EVENT_ID) else { return Ok(From::Start) };
    let id = last.to_str().ok().and_then(|text| text.parse().ok());
    id.map(From::After).ok_or_else(|| ApiError::bad_request("The header last-event-id is none of ours."))
}

/// Stops the answer that is being written.
pub(crate) async fn stop(State(embeds): State<Embeds>, guest: Guest) -> Result<StatusCode, ApiError> {
    embeds.shared.limits.check_visit(guest.visit, embeds.app.now())?;
    embeds.app.stop_answer(&guest.embed, &guest.visitor).await?;
    Ok(StatusCode::NO_CONTENT)
}
