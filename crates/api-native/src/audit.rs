//! `/v1/audit`: who did what to the organization. Ours.

use app::{App, AuditFilter};
use axum::Json;
use axum::extract::State;
use domain::audit::{Action, Actor, AuditEntry};
use domain::{AuditId, KeyId, MemberId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use web::Caller;

use crate::error::{ApiError, ErrorEnvelope};
use crate::page::{self, Page, Pages};
use crate::query::Query;

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditView {
    #[schema(value_type = String)]
    id: AuditId,
    #[serde(rename = "type")]
    kind: AuditType,
    at: Timestamp,
    actor: ActorView,
    /// What was done: `rollout.approved`, `key.created`, …
    action: &'static str,
    /// To what: an id, or a name where there is none.
    subject: String,
    /// More about it. Never a secret.
    #[schema(value_type = Object)]
    details: Map<String, Value>,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AuditType {
    AuditEntry,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ActorView {
    /// A person.
    Member {
        #[schema(value_type = String)]
        member_id: MemberId,
        /// The key they showed.
        #[schema(value_type = Option<String>)]
        key_id: Option<KeyId>,
    },
    /// Whoever runs the installation.
    Operator,
    /// Nobody: a time had come.
    System,
}

/// Which entries to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAudit {
    /// Things on a page: 1 to 100, 20 if absent.
    #[serde(skip_serializing)]
    limit: Option<u32>,
    /// `next_page` of the page before.
    #[serde(skip_serializing)]
    page: Option<String>,
    /// Of these actions only.
    #[serde(default)]
    #[param(rename = "actions[]")]
    actions: Vec<String>,
    /// By this member only, or `operator` or `system`.
    actor: Option<String>,
    /// Done at or after.
    #[serde(rename = "created_at[gte]")]
    from: Option<Timestamp>,
    /// Done at or before.
    #[serde(rename = "created_at[lte]")]
    until: Option<Timestamp>,
}

/// List the audit log
///
/// The newest entry first. For whoever administers the organization.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", params(ListAudit),
    responses((status = 200, body = Page<AuditView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_audit(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListAudit>,
) -> Result<Json<Page<AuditView>>, ApiError> {
    let (limit, pages) = (page::limit(query.limit)?, Pages::of("audit", &query));
    let after: Option<AuditId> = pages.position(query.page.as_deref())?;
    let filter = AuditFilter {
        actions: query.actions()?,
        actor: query.actor()?,
        from: query.from,
        until: query.until,
        after,
        limit: Some(limit + 1),
    };
    let mut entries = app.list_audit(caller.ctx(), filter).await?;
    let more = page::cut(&mut entries, limit);
    let next = entries.last().filter(|_| more).map(|last| pages.text(last.id));
    Ok(Json(Page::new(entries.into_iter().map(AuditView::from).collect(), next)))
}

impl ListAudit {
    fn actions(&self) -> Result<Vec<Action>, ApiError> {
        let read = |name: &String| name.parse().map_err(|_| ApiError::invalid("actions", "names no action"));
        self.actions.iter().map(read).collect()
    }

    /// A member in the one spelling that is stored.
    fn actor(&self) -> Result<Option<String>, ApiError> {
        let Some(name) = self.actor.as_deref() else { return Ok(None) };
        if let Ok(member) = name.parse::<MemberId>() {
            return Ok(Some(member.to_string()));
        }
        match ["operator", "system"].contains(&name) {
            true => Ok(Some(name.to_owned())),
            false => Err(ApiError::invalid("actor", "must be the id of a member, operator or system")),
        }
    }
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        let actor = match entry.actor {
            Actor::Member { member, key } => ActorView::Member { member_id: member, key_id: key },
            Actor::Operator => ActorView::Operator,
            Actor::System => ActorView::System,
        };
        Self {
            id: entry.id,
            kind: AuditType::AuditEntry,
            at: entry.at,
            actor,
            action: entry.act.action.as_str(),
            subject: entry.act.subject,
            details: entry.act.details,
        }
    }
}
