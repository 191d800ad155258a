//! `/complaints`: who complained, and whether somebody has answered. Closing
//! one stands with the deadlines; its stop with the blacklist.

use axum::Json;
use axum::extract::State;
use domain::ids::{CaseId, ContactId};
use domain::{Channel, Timestamp};
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::complaints;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::body::Asked;
use crate::caller::Caller;
use crate::page::{Page, Paging, Place};
use crate::problem::Problem;
use crate::words;

/// A complaint (*şikâyet*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Complaint {
    /// Masked for roles that may not read personal data.
    address: String,
    #[schema(value_type = String)]
    contact_id: ContactId,
    /// About which channel; all of them when absent.
    #[schema(value_type = Option<words::Channel>)]
    channel: Option<Channel>,
    /// When it came in: its clock runs from here.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// In the words of who entered it.
    note: Option<String>,
    actor: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    handled_at: Option<Timestamp>,
    handled_by: Option<String>,
    /// The case that is open about it; it is closed there.
    #[schema(value_type = Option<String>, example = "sik_10000")]
    case_id: Option<CaseId>,
}

/// Which complaints.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ComplaintQuery {
    /// Those that nobody has closed.
    #[serde(default)]
    only_open: bool,
}

/// The firm's complaints.
#[utoipa::path(
    get, path = "/complaints", operation_id = "complaints", tag = "blacklist",
    params(ComplaintQuery, Paging),
    responses((status = 200, description = "The newest first", body = Page<Complaint>)),
)]
pub(crate) async fn complaints(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<ComplaintQuery>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Complaint>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let before = paging.after::<Place<3>>()?;
    let before = before.map(|Place([at, recipient, channel])| (at, recipient, channel));
    let rows = app
        .read()
        .await?
        .complaints(caller.firm, query.only_open, before, paging.rows()?)
        .await?;
    let place = |row: &complaints::Complaint| {
        let (at, recipient, channel) = row.cursor();
        Place([at, recipient, channel]).to_string()
    };
    let show = |row: complaints::Complaint| Complaint {
        address: caller.shows_address(&row.address),
        contact_id: row.contact,
        channel: row.channel,
        at: row.at,
        note: row.note,
        actor: row.actor,
        handled_at: row.handled_at,
        handled_by: row.handled_by,
        case_id: row.case,
    };
    paging.page(rows, place, show).map(Json)
}
