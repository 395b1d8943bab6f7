//! Pages and columns of the lists.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use web::Query;

use crate::error::ApiError;
use crate::query::number_or;
use crate::reading::{Faults, MAX_SAFE_INTEGER};

const LIMIT_DEFAULT: u64 = 50;
const LIMIT_MAX: u64 = 1_000;

/// Which part of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read key by key")]
pub(super) struct TableQuery {
    /// Most entries.
    #[param(rename = "pg[limit]", minimum = 0, maximum = 1000, nullable = false)]
    limit: Option<u64>,
    /// Entries left out at the beginning.
    #[param(rename = "pg[offset]", minimum = 0, nullable = false)]
    offset: Option<u64>,
    /// A column; without one, or with one that is not there, the order is by `id`.
    #[param(rename = "pg[sortBy]", nullable = false)]
    sort_by: Option<String>,
    /// `asc` or `desc`.
    #[param(rename = "pg[sortDir]", nullable = false)]
    sort_dir: Option<String>,
    /// The columns to show; `*`, or none, is all.
    #[param(rename = "cols[]", nullable = false)]
    cols: Option<Vec<String>>,
}

/// Which part of a list was shown.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Page)]
pub(super) struct PageView {
    /// Most entries.
    limit: u64,
    /// Entries left out at the beginning.
    offset: u64,
    /// The column that gives the order.
    sort_by: String,
    /// Its direction.
    sort_dir: SortDir,
    /// Whether no entry comes after these.
    last: bool,
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum SortDir {
    /// Least first.
    Asc,
    /// Greatest first.
    Desc,
}

/// How an entry of a list is described: it has only the columns that were asked for.
#[derive(Debug)]
pub(super) struct Row<T>(PhantomData<T>);

impl<T: PartialSchema> PartialSchema for Row<T> {
    fn schema() -> RefOr<Schema> {
        match T::schema() {
            RefOr::T(Schema::Object(mut whole)) => {
                whole.required.clear();
                RefOr::T(Schema::Object(whole))
            }
            other => other,
        }
    }
}

impl<T: ToSchema> ToSchema for Row<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Row", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

/// The part of a list that a request asks for.
#[derive(Debug)]
pub(super) struct Table {
    limit: u64,
    offset: u64,
    sort_by: String,
    sort_dir: SortDir,
    /// All if empty.
    columns: Vec<String>,
}

impl Table {
    /// Reads `pg[…]` and `cols[]`.
    pub(super) fn of(query: &Query) -> Result<Self, ApiError> {
        let faults = Faults::default();
        let number =
            |part, default, max| number_or(query.part("pg", part), &format!("pg[{part}]"), default, max, &faults);
        let limit = number("limit", LIMIT_DEFAULT, LIMIT_MAX);
        let offset = number("offset", 0, MAX_SAFE_INTEGER);
        let sort_dir = match query.part("pg", "sortDir") {
            None => SortDir::Asc,
            Some(text) if text.eq_ignore_ascii_case("asc") => SortDir::Asc,
            Some(text) if text.eq_ignore_ascii_case("desc") => SortDir::Desc,
            Some(_) => {
                faults.note("pg[sortDir]".to_owned(), "must be asc or desc");
                SortDir::Asc
            }
        };
        let sort_by = query.part("pg", "sortBy").unwrap_or("id").to_owned();
        let columns: Vec<String> = query.list("cols").map(str::to_owned).collect();
        let columns = if columns.iter().any(|column| column == "*") { Vec::new() } else { columns };
        Ok(faults.unless_any(Some(Self { limit, offset, sort_by, sort_dir, columns }))?)
    }

    /// The entries asked for, with what is to be said of the page.
    pub(super) fn page<T: Serialize>(mut self, entries: &[T]) -> (Vec<Value>, PageView) {
        let mut rows: Vec<Value> = entries.iter().filter_map(|entry| serde_json::to_value(entry).ok()).collect();
        if rows.iter().all(|row| row.get(&self.sort_by).is_none()) {
            self.sort_by = "id".to_owned();
        }
        rows.sort_by(|one, other| in_order(&one[&self.sort_by], &other[&self.sort_by]));
        if self.sort_dir == SortDir::Desc {
            rows.reverse();
        }
        let (offset, limit) = (as_len(self.offset), as_len(self.limit));
        let last = rows.len() <= offset.saturating_add(limit);
        let rows = rows.into_iter().skip(offset).take(limit).map(|row| self.cut(row)).collect();
        let Self { limit, offset, sort_by, sort_dir, .. } = self;
        (rows, PageView { limit, offset, sort_by, sort_dir, last })
    }

    /// All entries, cut to the columns asked for.
    pub(super) fn rows<T: Serialize>(&self, entries: &[T]) -> Vec<Value> {
        entries.iter().filter_map(|entry| serde_json::to_value(entry).ok()).map(|row| self.cut(row)).collect()
    }

    /// One entry, cut to the columns asked for.
    fn cut(&self, row: Value) -> Value {
        match row {
            Value::Object(fields) if !self.columns.is_empty() => {
                fields.into_iter().filter(|(name, _)| self.columns.contains(name)).collect()
            }
            row => row,
        }
    }
}

fn in_order(one: &Value, other: &Value) -> std::cmp::Ordering {
    match (one.as_u64(), other.as_u64()) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => one.as_str().unwrap_or_default().to_lowercase().cmp(&other.as_str().unwrap_or_default().to_lowercase()),
    }
}

fn as_len(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page(query: &str) -> (Vec<Value>, Value) {
        let entries = [json!({"id": 2, "name": "b"}), json!({"id": 10, "name": "A"}), json!({"id": 1, "name": "c"})];
        let (rows, page) = Table::of(&Query::parse(query)).unwrap().page(&entries);
        (rows, serde_json::to_value(page).unwrap())
    }

    #[test]
    fn a_page_is_ordered_cut_and_described() {
        let ids = |query| page(query).0.iter().map(|row| row["id"].as_u64().unwrap()).collect::<Vec<_>>();
        assert_eq!(ids(""), [1, 2, 10]);
        assert_eq!(ids("pg[sortBy]=name"), [10, 2, 1]);
        assert_eq!(ids("pg%5BsortDir%5D=desc&pg[limit]=2"), [10, 2]);
        assert_eq!(ids("pg[offset]=1&pg[limit]=1"), [2]);
        assert_eq!(page("cols[]=name&pg[limit]=1").0, [json!({"name": "c"})]);
        assert_eq!(page("cols%5B%5D=*&pg[limit]=1").0, [json!({"id": 1, "name": "c"})]);
        assert_eq!(
            page("pg[limit]=2&pg[sortBy]=nothing").1,
            json!({"limit": 2, "offset": 0, "sortBy": "id", "sortDir": "asc", "last": false})
        );
        assert_eq!(page("").1["last"], json!(true));
    }

    #[test]
    fn what_is_no_page_is_named() {
        let error = Table::of(&Query::parse("pg[limit]=1001&pg[offset]=-1&pg[sortDir]=up")).unwrap_err();
        let shown = serde_json::to_string(error.envelope()).unwrap();
        for key in ["pg[limit]: ", "pg[offset]: ", "pg[sortDir]: "] {
            assert!(shown.contains(key), "{shown}");
        }
    }
}
