//! Pages of a session's events: its log, and behind it what waits.

use app::{App, Ctx, Error, EventFilter, Order};
use domain::session::InboxItem;
use domain::{Event, EventId, SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::event_view::EventView;
use super::{Cursor, cursor, unknown_cursor};
use crate::error::ApiError;
use crate::page::{self, Page, Pages};
use crate::query::{OrderParam, after, before};
use crate::sessions::earliest;

const LIMIT_DEFAULT: u32 = 100;
const LIMIT_MAX: u32 = 1_000;

/// Which events to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListEvents {
    /// Things on a page: 1 to 1000, 100 if absent.
    #[serde(skip_serializing)]
    limit: Option<u32>,
    /// `next_page` of the page before.
    #[serde(skip_serializing)]
    page: Option<String>,
    /// Of these types only.
    #[serde(default)]
    #[param(rename = "types[]")]
    types: Vec<String>,
    /// The oldest first if absent.
    #[param(inline)]
    order: Option<OrderParam>,
    /// Processed at or after.
    #[serde(rename = "created_at[gte]")]
    created_from: Option<Timestamp>,
    /// Processed after.
    #[serde(rename = "created_at[gt]")]
    created_after: Option<Timestamp>,
    /// Processed at or before.
    #[serde(rename = "created_at[lte]")]
    created_until: Option<Timestamp>,
    /// Processed before.
    #[serde(rename = "created_at[lt]")]
    created_before: Option<Timestamp>,
    /// From this `seq` on, in either order. Ours.
    #[serde(rename = "seq[gte]")]
    first_seq: Option<u64>,
    /// Up to this `seq`, in either order. Ours.
    #[serde(rename = "seq[lte]")]
    last_seq: Option<u64>,
    /// Only what was stored after this event; `start` is everything. Not with `page`. Ours.
    after: Option<String>,
}

impl ListEvents {
    /// The page that is asked for.
    pub(crate) async fn read(&self, app: &App, ctx: &Ctx, session: SessionId) -> Result<Page<EventView>, ApiError> {
        let limit = page::limit_within(self.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        let pages = Pages::of(format!("events of {session}"), self);
        let position = match pages.position(self.page.as_deref())? {
            Some(position) => position,
            None => Position { seq: self.after_seq(app, ctx, session).await?, waiting: None },
        };
        // The inbox first: what is taken from it meanwhile is then found in the log.
        let mut waiting = app.list_inbox(ctx, session).await?;
        let mut log = app.list_events(ctx, session, self.filter(position.seq, limit + 1)).await?;
        let more_log = page::cut(&mut log, limit);
        self.keep_waiting(&mut waiting, &log, position);
        let more_waiting = page::cut(&mut waiting, limit - log.len());
        let next = Position {
            seq: log.last().map(|event| event.seq).or(position.seq),
            waiting: waiting.last().map(|item| item.id).or(position.waiting),
        };
        if more_log {
            waiting.clear();
        }
        let data = log.iter().map(EventView::from).chain(waiting.iter().map(EventView::from)).collect();
        Ok(Page::new(data, (more_log || more_waiting).then(|| pages.text(next))))
    }

    async fn after_seq(&self, app: &App, ctx: &Ctx, session: SessionId) -> Result<Option<u64>, ApiError> {
        let Some(text) = &self.after else { return Ok(None) };
        if self.order == Some(OrderParam::Desc) {
            return Err(ApiError::invalid("after", "goes only with the order asc"));
        }
        match cursor(text)? {
            Cursor::Start => Ok(None),
            Cursor::Event(id) => match app.find_event(ctx, session, id).await {
                Ok(event) => Ok(Some(event.seq)),
                Err(Error::NotFound(missing)) if missing.what == "event" => Err(unknown_cursor()),
                Err(error) => Err(error.into()),
            },
        }
    }

    fn filter(&self, after_seq: Option<u64>, limit: usize) -> EventFilter {
        EventFilter {
            run: None,
            types: self.types.clone(),
            after: after_seq,
            first: self.first_seq,
            last: self.last_seq,
            from: self.created_from.max(self.created_after.map(after)),
            until: earliest(self.created_until, self.created_before.map(before)),
            order: self.order.map_or(Order::OldestFirst, Order::from),
            limit: Some(limit),
        }
    }

    /// Leaves of what waits only what belongs on this page or a later one.
    fn keep_waiting(&self, waiting: &mut Vec<InboxItem>, log: &[Event], position: Position) {
        let by_time = self.created_from.or(self.created_after).or(self.created_until).or(self.created_before);
        if by_time.is_some() || self.first_seq.or(self.last_seq).is_some() {
            // Times are those of processing, which these have not seen; nor have they a `seq`.
            return waiting.clear();
        }
        if let Some(shown) = position.waiting.and_then(|last| waiting.iter().position(|item| item.id == last)) {
            waiting.drain(..=shown);
        }
        let is_asked_for = |name: &str| self.types.is_empty() || self.types.iter().any(|asked| asked == name);
        waiting.retain(|item| is_asked_for(item.body.name()) && !log.iter().any(|event| event.id == item.id));
    }
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    /// The last `seq` shown.
    seq: Option<u64>,
    /// The last waiting event shown, once the log was through.
    waiting: Option<EventId>,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(seq) = self.seq {
            write!(f, "{seq}")?;
        }
        match self.waiting {
            Some(id) => write!(f, ":{id}"),
            None => Ok(()),
        }
    }
}

impl std::str::FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (seq, waiting) = match text.split_once(':') {
            Some((seq, waiting)) => (seq, Some(waiting.parse().map_err(|_| ())?)),
            None => (text, None),
        };
        let seq = match seq {
            "" => None,
            seq => Some(seq.parse().map_err(|_| ())?),
        };
        Ok(Self { seq, waiting })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back() {
        let id = EventId(Default::default());
        for position in [
            Position { seq: None, waiting: Some(id) },
            Position { seq: Some(7), waiting: None },
            Position { seq: Some(7), waiting: Some(id) },
        ] {
            assert_eq!(position.to_string().parse(), Ok(position));
        }
        assert!("x".parse::<Position>().is_err());
        assert!("1:x".parse::<Position>().is_err());
    }
}
