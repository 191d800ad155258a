//! `/audit`: who did what, chained so that a changed entry shows.

use axum::Json;
use axum::extract::State;
use domain::Timestamp;
use domain::ids::AuditId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::access::Permission;
use store::audit::{self, AuditFilter};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::body::Asked;
use crate::caller::Caller;
use crate::page::{Page, Paging};
use crate::problem::Problem;

/// One thing that somebody did (*denetim kaydı*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    #[schema(value_type = String, example = "aud_10000")]
    id: AuditId,
    /// Where it stands in the firm's chain, from 1.
    number: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who did it: `user:usr_…`, `key:key_…`, or a worker.
    actor: String,
    /// What was done, such as `campaign.launch`.
    action: String,
    /// To what: a printed number.
    subject: String,
    /// What else matters.
    detail: Value,
}

impl From<audit::AuditEntry> for AuditEntry {
    fn from(entry: audit::AuditEntry) -> Self {
        Self {
            id: entry.id,
            number: entry.number,
            at: entry.at,
            actor: entry.actor,
            action: entry.action,
            subject: entry.subject,
            detail: entry.detail,
        }
    }
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Of one actor, as entries name them.
    actor: Option<String>,
    /// Of one kind, such as `campaign.launch`.
    action: Option<String>,
    /// Done to one thing, by its printed number.
    subject: Option<String>,
    /// At this instant or after.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

/// The firm's trail.
#[utoipa::path(
    get, path = "/audit", operation_id = "audit", tag = "audit", params(AuditQuery, Paging),
    responses((status = 200, description = "Newest first", body = Page<AuditEntry>)),
)]
pub(crate) async fn audit(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<AuditQuery>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<AuditEntry>>, Problem> {
    caller.needs(Permission::ReadAudit)?;
    let filter = AuditFilter {
        actor: query.actor.as_deref(),
        action: query.action.as_deref(),
        subject: query.subject.as_deref(),
        from: query.from,
        to: query.to,
    };
    let rows = app
        .read()
        .await?
        .audit_trail(caller.firm, filter, paging.after()?, paging.rows()?)
        .await?;
    paging
        .page(rows, |entry| entry.number.to_string(), AuditEntry::from)
        .map(Json)
}
