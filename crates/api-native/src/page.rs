//! Pages of lists: limits, and the opaque texts that lead from one page to the next.
//!
//! A page text names a thing of the list, not a number of things, so that inserts do not
//! shift it.

use serde::Serialize;
use utoipa::ToSchema;
use web::paging;

use crate::error::ApiError;

/// Default and maximum of most lists.
const LIMIT_DEFAULT: u32 = 20;
const LIMIT_MAX: u32 = 100;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    data: Vec<T>,
    /// To be sent as `page` for what follows; null on the last page.
    next_page: Option<String>,
}

impl<T> Page<T> {
    /// These things, and where the next ones are.
    pub(crate) fn new(data: Vec<T>, next_page: Option<String>) -> Self {
        Self { data, next_page }
    }

    /// All there is.
    pub(crate) fn all(data: Vec<T>) -> Self {
        Self::new(data, None)
    }
}

/// How many things a page holds.
///
/// # Errors
/// Below 1 or above the maximum.
pub(crate) fn limit(asked: Option<u32>) -> Result<usize, ApiError> {
    limit_within(asked, LIMIT_DEFAULT, LIMIT_MAX)
}

/// As [`limit`], for a list with bounds of its own.
///
/// # Errors
/// Below 1 or above the maximum.
pub(crate) fn limit_within(asked: Option<u32>, default: u32, max: u32) -> Result<usize, ApiError> {
    match asked.unwrap_or(default) {
        limit if (1..=max).contains(&limit) => Ok(limit as usize),
        _ => Err(ApiError::invalid("limit", format!("must be 1 to {max}"))),
    }
}

/// Makes and reads the page texts of one list under one set of filters.
#[derive(Debug)]
pub(crate) struct Pages {
    list: String,
    filters: String,
}

impl Pages {
    /// Of this list, as filtered by `filters` (the query without `limit` and `page`).
    pub(crate) fn of(list: impl Into<String>, filters: &impl Serialize) -> Self {
        Self { list: list.into(), filters: serde_json::to_string(filters).unwrap_or_default() }
    }

    /// The text that leads to what is behind `position`.
    pub(crate) fn text(&self, position: impl std::fmt::Display) -> String {
        paging::encode(&self.list, &self.filters, &position.to_string())
    }

    /// The position that a page text leads to.
    ///
    /// # Errors
    /// It is no page text of this list and these filters.
    pub(crate) fn position<P: std::str::FromStr>(&self, page: Option<&str>) -> Result<Option<P>, ApiError> {
        let Some(page) = page else { return Ok(None) };
        let position = paging::decode(&self.list, &self.filters, page).and_then(|position| position.parse().ok());
        position
            .map(Some)
            .ok_or_else(|| ApiError::invalid("page", "is not a page of this list, or was given for other filters"))
    }
}

/// Cuts what was read beyond the page (one more than its limit), and says whether there was.
pub(crate) fn cut<T>(things: &mut Vec<T>, limit: usize) -> bool {
    let more = things.len() > limit;
    things.truncate(limit);
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_text_leads_back_to_its_list_alone() {
        let pages = Pages::of("agents", &["a"]);
        let text = pages.text(17);
        assert_eq!(pages.position::<u32>(Some(&text)).unwrap(), Some(17));
        assert_eq!(pages.position::<u32>(None).unwrap(), None);
        assert!(Pages::of("agents", &["b"]).position::<u32>(Some(&text)).is_err());
        assert!(pages.position::<u32>(Some(&pages.text("x"))).is_err());
    }

    #[test]
    fn limits_have_bounds() {
        assert_eq!(limit(None).unwrap(), 20);
        assert_eq!(limit(Some(100)).unwrap(), 100);
        for wrong in [0, 101] {
            assert!(limit(Some(wrong)).is_err());
        }
    }
}
