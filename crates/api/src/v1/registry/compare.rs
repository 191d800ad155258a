//! `/registry/{brand_id}/compare`: everybody of a brand is asked about at İYS.

use axum::Json;
use axum::extract::State;
use domain::Timestamp;
use domain::ids::{BrandId, SweepId};
use engine::registry::sweep::SweepWish;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::registry_sweep::{Sweep, SweepPurpose, SweepState};
use utoipa::ToSchema;
use validator::Validate;

use super::connected;
use crate::app::App;
use crate::body::{Checked, Id};
use crate::caller::Caller;
use crate::problem::{OrNotFound as _, Problem};
use crate::words;

/// A walk over everybody of a brand, asking İYS about 1,000 at a time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Comparison {
    #[schema(value_type = String)]
    id: SweepId,
    #[schema(value_type = words::SweepPurpose)]
    purpose: SweepPurpose,
    #[schema(value_type = words::SweepState)]
    state: SweepState,
    /// People and channels passed so far.
    asked: i64,
    /// How many there were when it began.
    total: i64,
    /// Whether it lets business hours pass.
    rests_in_business_hours: bool,
    /// Minutes until it goes on; none while it may work.
    rests_for_minutes: Option<i64>,
    /// Who wanted it.
    actor: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    done_at: Option<Timestamp>,
}

impl Comparison {
    pub(super) fn of(app: &App, sweep: Sweep) -> Self {
        Self {
            rests_for_minutes: app.engine.sweep_rests_minutes(&sweep),
            id: SweepId::from_db(sweep.id),
            purpose: sweep.purpose,
            state: sweep.state,
            asked: sweep.asked,
            total: sweep.total,
            rests_in_business_hours: sweep.rests_in_business_hours,
            actor: sweep.actor,
            created_at: sweep.created_at,
            done_at: sweep.done_at,
        }
    }
}

/// How everybody is to be asked.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ComparisonWanted {
    /// Let business hours pass, so that campaigns do not share the calls with it.
    rests_in_business_hours: bool,
}

/// What a person wants of a comparison under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ComparisonTurn {
    /// Nothing new is asked until it is resumed.
    Pause,
    /// Go on.
    Resume,
    /// End it.
    Stop,
}

/// Changes of a comparison; what is absent stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ComparisonChange {
    turn: Option<ComparisonTurn>,
    rests_in_business_hours: Option<bool>,
}

/// Begins to ask İYS about everybody of the brand.
#[utoipa::path(
    post, path = "/registry/{brand_id}/compare", operation_id = "registry_compare", tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    request_body = ComparisonWanted,
    responses((status = 202, description = "It has begun", body = Comparison)),
)]
pub(crate) async fn registry_compare(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
    Checked(wanted): Checked<ComparisonWanted>,
) -> Result<(StatusCode, Json<Comparison>), Problem> {
    connected(&app, &caller, brand).await?;
    let sweep = app
        .engine
        .begin_sweep(
            caller.firm,
            brand,
            SweepPurpose::Asked,
            wanted.rests_in_business_hours,
            &caller.actor,
        )
        .await?;
    Ok((StatusCode::ACCEPTED, Json(Comparison::of(&app, sweep))))
}

/// How far the last comparison or first load has come.
#[utoipa::path(
    get, path = "/registry/{brand_id}/compare", operation_id = "registry_comparison",
    tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    responses((status = 200, description = "The newest one", body = Comparison)),
)]
pub(crate) async fn registry_comparison(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
) -> Result<Json<Comparison>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    reader.brand(caller.firm, brand).await?.or_not_found()?;
    let sweep = reader.last_sweep(brand).await?.or_not_found()?;
    Ok(Json(Comparison::of(&app, sweep)))
}

/// Pauses, resumes or stops it.
#[utoipa::path(
    patch, path = "/registry/{brand_id}/compare", operation_id = "change_registry_comparison",
    tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    request_body = ComparisonChange,
    responses((status = 200, description = "As it is now", body = Comparison)),
)]
pub(crate) async fn change_registry_comparison(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
    Checked(change): Checked<ComparisonChange>,
) -> Result<Json<Comparison>, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    let rests = change
        .rests_in_business_hours
        .map(SweepWish::RestInBusinessHours);
    let turn = change.turn.map(|turn| match turn {
        ComparisonTurn::Pause => SweepWish::Pause,
        ComparisonTurn::Resume => SweepWish::Resume,
        ComparisonTurn::Stop => SweepWish::Stop,
    });
    for wish in [rests, turn].into_iter().flatten() {
        app.engine
            .change_sweep(caller.firm, brand, wish, &caller.actor)
            .await?;
    }
    let mut reader = app.read().await?;
    reader.brand(caller.firm, brand).await?.or_not_found()?;
    let sweep = reader.last_sweep(brand).await?.or_not_found()?;
    Ok(Json(Comparison::of(&app, sweep)))
}
