//! `/registry/{brand_id}/holds`: consents given after a citizen's own refusal,
//! and the second person who decides on them (R807).

use std::fmt;
use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use domain::ids::{BrandId, EventId, HoldId};
use domain::{Channel, Origin, RecipientKind, Source, Timestamp};
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::consent;
use store::consent::HoldState;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::App;
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem, ProblemKind};
use crate::words;

/// A consent that waits, or waited, for a second person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Hold {
    #[schema(value_type = String, example = "hld_10000")]
    id: HoldId,
    #[schema(value_type = String)]
    brand_id: BrandId,
    /// Masked for roles that may not read personal data.
    address: String,
    #[schema(value_type = words::Channel)]
    channel: Channel,
    #[schema(value_type = words::RecipientKind)]
    kind: RecipientKind,
    /// When it was said.
    #[schema(value_type = String, format = DateTime)]
    consent_at: Timestamp,
    #[schema(value_type = String, example = "HS_WEB")]
    source: Source,
    #[schema(value_type = words::Origin)]
    origin: Origin,
    /// Pointer to the proof: what the second person must look at.
    evidence: String,
    asked_by: String,
    #[schema(value_type = String, format = DateTime)]
    asked_at: Timestamp,
    #[schema(value_type = words::HoldState)]
    state: HoldState,
    decided_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<Timestamp>,
    note: Option<String>,
    /// The ledger event that it became.
    #[schema(value_type = Option<String>, example = "evt_10000")]
    event_id: Option<EventId>,
}

fn show(caller: &Caller, hold: consent::Hold) -> Hold {
    Hold {
        id: hold.id,
        brand_id: hold.key.brand,
        address: caller.shows_address(&hold.address),
        channel: hold.key.channel,
        kind: hold.key.kind,
        consent_at: hold.consent_date,
        source: hold.source,
        origin: hold.origin,
        evidence: hold.evidence,
        asked_by: hold.asked_by,
        asked_at: hold.asked_at,
        state: hold.state,
        decided_by: hold.decided_by,
        decided_at: hold.decided_at,
        note: hold.note,
        event_id: hold.event,
    }
}

/// Which holds.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HoldQuery {
    /// Those that wait unless given.
    #[param(value_type = Option<words::HoldState>)]
    state: Option<HoldState>,
}

/// A second person's decision.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldDecision {
    /// Whether the evidence shows a consent given after the refusal.
    approve: bool,
    /// What was looked at.
    #[validate(length(min = 3, max = 500))]
    note: String,
}

/// Where a page ended.
struct Place((i64, i64));

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0.0, self.0.1)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (asked, id) = text.split_once('.').ok_or(())?;
        Ok(Self((
            asked.parse().map_err(drop)?,
            id.parse().map_err(drop)?,
        )))
    }
}

/// Consents that wait for a second person.
#[utoipa::path(
    get, path = "/registry/{brand_id}/holds", operation_id = "consent_holds", tag = "registry",
    params(("brand_id" = String, Path, description = "The brand"), HoldQuery, Paging),
    responses((status = 200, description = "The oldest first", body = Page<Hold>)),
)]
pub(crate) async fn consent_holds(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
    Asked(query): Asked<HoldQuery>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Hold>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let after = paging.after::<Place>()?.map(|place| place.0);
    let state = query.state.unwrap_or(HoldState::Waiting);
    let mut reader = app.read().await?;
    reader.brand(caller.firm, brand).await?.or_not_found()?;
    let rows = reader.holds(brand, state, after, paging.rows()?).await?;
    drop(reader);
    let place =
        |hold: &consent::Hold| Place((hold.asked_at.as_micros(), hold.id.as_db())).to_string();
    let page = paging.page(rows, place, |hold| show(&caller, hold))?;
    super::note_view(&app, &caller, "consent.holds.view", brand, page.items.len()).await?;
    Ok(Json(page))
}

/// Decides on a held consent. A person decides, and another than the one who
/// brought it.
#[utoipa::path(
    post, path = "/consents/holds/{id}/decision", operation_id = "decide_hold", tag = "consents",
    params(("id" = String, Path, description = "The held consent")), request_body = HoldDecision,
    responses((status = 200, description = "Decided", body = Hold)),
)]
pub(crate) async fn decide_hold(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<HoldId>,
    Checked(wanted): Checked<HoldDecision>,
) -> Result<Json<Hold>, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    if !caller.is_person {
        return Err(Problem::new(ProblemKind::NotPermitted)
            .with_detail("a person must look at the evidence; a key cannot"));
    }
    let decided = app
        .engine
        .decide_hold(caller.firm, id, wanted.approve, &caller.actor, &wanted.note)
        .await?;
    Ok(Json(show(&caller, decided)))
}
