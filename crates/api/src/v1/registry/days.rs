//! `/registry/{brand_id}/drift`: the daily agreement with İYS, day by day and
//! down to the person.

use axum::Json;
use axum::extract::{Path, State};
use domain::Timestamp;
use domain::ids::BrandId;
use engine::registry::agreement::{date_of, day_of_date};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::access::Permission;
use store::registry_days::{self, DayState, DriftCause};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::body::{Asked, Id};
use crate::caller::Caller;
use crate::problem::{OrNotFound as _, Problem, ProblemKind};
use crate::words;

/// Days of one answer.
const DAYS: usize = 60;
/// Differences of one page.
const ROWS: usize = 500;

/// One day as İYS has it, held against what we hold.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgreementDay {
    #[schema(example = "2026-03-02")]
    day: String,
    #[schema(value_type = words::DayState)]
    state: DayState,
    /// Movements in İYS's file.
    rows: Option<i64>,
    /// SHA-384 of the archived file, with its header line.
    hash_whole: Option<String>,
    /// The same without the header line.
    hash_bare: Option<String>,
    /// İYS's own; a day is confirmed only when it is one of ours.
    hash_registry: Option<String>,
    /// Where the file is archived.
    archived_at: Option<String>,
    /// Whether İYS's time stamp is archived with it.
    is_stamped: bool,
    /// People in whom both sides differed.
    differences: Option<i64>,
    /// Totals per source and channel of both sides, counts of differences by
    /// cause, and how many movements were taken over from the file.
    #[schema(value_type = Option<words::AnyObject>)]
    comparison: Option<Value>,
    problem: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    compared_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    confirmed_at: Option<Timestamp>,
    confirmed_by: Option<String>,
}

impl From<registry_days::RegistryDay> for AgreementDay {
    fn from(day: registry_days::RegistryDay) -> Self {
        let (rows, hash_whole, hash_bare, archived_at, is_stamped) = match day.file {
            Some(file) => (
                Some(file.rows),
                Some(file.hash_whole),
                Some(file.hash_bare),
                Some(file.path),
                file.stamp_path.is_some(),
            ),
            None => (None, None, None, None, false),
        };
        Self {
            day: date_of(day.day).to_string(),
            state: day.state,
            rows,
            hash_whole,
            hash_bare,
            hash_registry: day.hash_theirs,
            archived_at,
            is_stamped,
            differences: day.differences,
            comparison: day.comparison,
            problem: day.problem,
            compared_at: day.compared_at,
            confirmed_at: day.confirmed_at,
            confirmed_by: day.confirmed_by,
        }
    }
}

/// Somebody in whom both sides differed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DriftRow {
    number: i64,
    #[schema(value_type = words::DriftCause)]
    cause: DriftCause,
    /// Masked for those who may not see addresses.
    recipient: String,
    channel: String,
    kind: String,
    transaction: Option<String>,
    /// What İYS's file says.
    theirs: Option<String>,
    /// What we held.
    ours: Option<String>,
}

/// A day and the people in whom both sides differed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DriftReport {
    day: AgreementDay,
    people: Vec<DriftRow>,
    /// Give this as `after` for the next page; none at the end.
    next: Option<i64>,
}

/// Days of a brand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgreementDays {
    items: Vec<AgreementDay>,
}

/// Which page of differences.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DriftPage {
    /// The `next` of the page before.
    after: Option<i64>,
}

fn parts(brand: &str, day: &str) -> Result<(BrandId, i64), Problem> {
    let nothing = || Problem::new(ProblemKind::NotFound);
    let brand = brand.parse().map_err(|_| nothing())?;
    let day = day_of_date(day).ok_or_else(nothing)?;
    Ok((brand, day))
}

/// The days that were held against İYS's, newest first.
#[utoipa::path(
    get, path = "/registry/{brand_id}/drift", operation_id = "registry_drift", tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    responses((status = 200, description = "Up to 60 days", body = AgreementDays)),
)]
pub(crate) async fn registry_drift(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
) -> Result<Json<AgreementDays>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    reader.brand(caller.firm, brand).await?.or_not_found()?;
    let days = reader.registry_days(brand, DAYS).await?;
    let items = days.into_iter().map(AgreementDay::from).collect();
    Ok(Json(AgreementDays { items }))
}

/// One day, and in whom both sides differed.
#[utoipa::path(
    get, path = "/registry/{brand_id}/drift/{day}", operation_id = "registry_drift_day",
    tag = "registry",
    params(
        ("brand_id" = String, Path, description = "The brand"),
        ("day" = String, Path, description = "The Turkish day, 2026-03-02"),
        DriftPage,
    ),
    responses((status = 200, description = "Up to 500 people", body = DriftReport)),
)]
pub(crate) async fn registry_drift_day(
    State(app): State<App>,
    caller: Caller,
    Path((brand, day)): Path<(String, String)>,
    Asked(page): Asked<DriftPage>,
) -> Result<Json<DriftReport>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let (brand, day) = parts(&brand, &day)?;
    report(&app, &caller, brand, day, page.after.unwrap_or(0))
        .await
        .map(Json)
}

/// Fetches a day of the last week from İYS again and holds it against ours.
#[utoipa::path(
    post, path = "/registry/{brand_id}/drift/{day}", operation_id = "compare_registry_day",
    tag = "registry",
    params(
        ("brand_id" = String, Path, description = "The brand"),
        ("day" = String, Path, description = "The Turkish day, 2026-03-02"),
    ),
    responses((status = 200, description = "As it is now", body = DriftReport)),
)]
pub(crate) async fn compare_registry_day(
    State(app): State<App>,
    caller: Caller,
    Path((brand, day)): Path<(String, String)>,
) -> Result<Json<DriftReport>, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    let (brand, day) = parts(&brand, &day)?;
    app.engine
        .compare_day_now(caller.firm, brand, day, &caller.actor)
        .await?;
    report(&app, &caller, brand, day, 0).await.map(Json)
}

/// Confirms a day to İYS; only one that matches.
#[utoipa::path(
    post, path = "/registry/{brand_id}/drift/{day}/confirm", operation_id = "confirm_registry_day",
    tag = "registry",
    params(
        ("brand_id" = String, Path, description = "The brand"),
        ("day" = String, Path, description = "The Turkish day, 2026-03-02"),
    ),
    responses((status = 200, description = "Confirmed", body = AgreementDay)),
)]
pub(crate) async fn confirm_registry_day(
    State(app): State<App>,
    caller: Caller,
    Path((brand, day)): Path<(String, String)>,
) -> Result<Json<AgreementDay>, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    let (brand, day) = parts(&brand, &day)?;
    let confirmed = app
        .engine
        .confirm_day(caller.firm, brand, day, &caller.actor)
        .await?;
    Ok(Json(confirmed.into()))
}

async fn report(
    app: &App,
    caller: &Caller,
    brand: BrandId,
    day: i64,
    after: i64,
) -> Result<DriftReport, Problem> {
    let mut reader = app.read().await?;
    reader.brand(caller.firm, brand).await?.or_not_found()?;
    let held = reader.registry_day(brand, day).await?.or_not_found()?;
    let rows = reader.drift_rows(brand, day, after, ROWS).await?;
    drop(reader);
    super::note_view(app, caller, "registry.drift.view", brand, rows.len()).await?;
    let is_full = rows.len() == ROWS;
    let next = rows.last().map(|(number, _)| *number).filter(|_| is_full);
    let people = rows
        .into_iter()
        .map(|(number, row)| DriftRow {
            number,
            cause: row.cause,
            recipient: shown(caller, &row.address),
            channel: row.channel,
            kind: row.kind,
            transaction: row.transaction,
            theirs: row.theirs,
            ours: row.ours,
        })
        .collect();
    Ok(DriftReport {
        day: held.into(),
        people,
        next,
    })
}

/// What is no address is not shown at all: nobody can say what is in it.
fn shown(caller: &Caller, address: &str) -> String {
    domain::Recipient::from_normalised(address).map_or_else(
        |_| "***".to_owned(),
        |recipient| caller.shows_address(&recipient),
    )
}
