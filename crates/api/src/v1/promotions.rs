//! `/promotions`: lists of codes that people get with a campaign. Codes come in
//! as uploads with the purpose `promotion`; the first one makes the list.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::Timestamp;
use domain::ids::PromotionId;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::promotions;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::App;
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::download::export;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem};
use crate::v1::campaigns::FileForm;

/// A list of codes (*promosyon*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Promotion {
    #[schema(value_type = String, example = "prm_10000")]
    id: PromotionId,
    name: String,
    /// The last Turkish day on which its codes are of use.
    #[schema(example = "2026-12-31")]
    expires_on: String,
    /// Whether that day is over.
    is_expired: bool,
    /// Codes in it.
    codes: i64,
    /// Codes that people have, for good.
    given: i64,
    /// Codes that nobody has: `pool_left` and those kept for one person each.
    left: i64,
    /// Codes that anybody may still get.
    pool_left: i64,
    /// Characters of the longest code: a text is counted with it.
    longest: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl Promotion {
    fn of(held: promotions::Promotion, now: Timestamp) -> Self {
        Self {
            id: held.id,
            expires_on: held.expires_at.last_turkish_day(),
            is_expired: held.is_expired(now),
            codes: held.codes,
            given: held.given,
            left: held.left(),
            pool_left: held.pool_left(),
            longest: held.chars_max,
            created_at: held.created_at,
            updated_at: held.updated_at,
            name: held.name,
        }
    }
}

/// Changes of a promotion.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PromotionChange {
    /// The last Turkish day on which its codes are of use; not before today.
    #[schema(example = "2026-12-31")]
    expires_on: String,
}

/// As what kind of file.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CodesQuery {
    #[param(inline)]
    #[serde(default)]
    form: FileForm,
}

/// The end of a Turkish day such as `2026-12-31`.
pub(crate) fn end_of_day(text: &str) -> Result<Timestamp, Problem> {
    Timestamp::end_of_turkish_day(text).ok_or_else(|| Problem::field("expires_on", "unreadable"))
}

/// The promotions of the firm.
#[utoipa::path(
    get, path = "/promotions", operation_id = "promotions", tag = "promotions", params(Paging),
    responses((status = 200, description = "By name", body = Page<Promotion>)),
)]
pub(crate) async fn promotions(
    State(app): State<App>,
    caller: Caller,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Promotion>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let after = paging.after::<String>()?;
    let mut reader = app.read().await?;
    let now = reader.now();
    let rows = reader
        .promotions(caller.firm, after.as_deref(), paging.rows()?)
        .await?;
    let show = |held| Promotion::of(held, now);
    paging.page(rows, |held| held.name.clone(), show).map(Json)
}

/// One promotion.
#[utoipa::path(
    get, path = "/promotions/{id}", operation_id = "promotion", tag = "promotions",
    params(("id" = String, Path, description = "The promotion")),
    responses((status = 200, description = "The promotion", body = Promotion)),
)]
pub(crate) async fn promotion(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PromotionId>,
) -> Result<Json<Promotion>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let now = reader.now();
    let held = reader.promotion(caller.firm, id).await?.or_not_found()?;
    Ok(Json(Promotion::of(held, now)))
}

/// Moves the last day of a promotion.
#[utoipa::path(
    patch, path = "/promotions/{id}", operation_id = "change_promotion", tag = "promotions",
    params(("id" = String, Path, description = "The promotion")), request_body = PromotionChange,
    responses((status = 200, description = "The promotion as it is now", body = Promotion)),
)]
pub(crate) async fn change_promotion(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PromotionId>,
    Checked(change): Checked<PromotionChange>,
) -> Result<Json<Promotion>, Problem> {
    caller.needs(Permission::ManageCampaigns)?;
    let expires_at = end_of_day(&change.expires_on)?;
    let moved = app
        .engine
        .move_promotion_end(caller.firm, id, expires_at, &caller.actor)
        .await?;
    let now = app.read().await?.now();
    Ok(Json(Promotion::of(moved, now)))
}

/// Forgets a promotion of which nobody has a code and which no campaign is
/// going to use.
#[utoipa::path(
    delete, path = "/promotions/{id}", operation_id = "delete_promotion", tag = "promotions",
    params(("id" = String, Path, description = "The promotion")),
    responses((status = 204, description = "Forgotten with its codes")),
)]
pub(crate) async fn delete_promotion(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PromotionId>,
) -> Result<StatusCode, Problem> {
    caller.needs(Permission::ManageCampaigns)?;
    app.engine
        .delete_promotion(caller.firm, id, &caller.actor)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The codes that were given, and to whom, as a file. Addresses are masked for
/// roles that may not read personal data; every export stands in the audit trail.
#[utoipa::path(
    get, path = "/promotions/{id}/codes", operation_id = "export_promotion_codes",
    tag = "promotions",
    params(("id" = String, Path, description = "The promotion"), CodesQuery),
    responses((
        status = 200, description = "The file, written while it is sent", body = String,
        content_type = "text/csv",
    )),
)]
pub(crate) async fn export_promotion_codes(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PromotionId>,
    Asked(query): Asked<CodesQuery>,
) -> Result<Response, Problem> {
    // Codes are worth money: seeing counts is not enough.
    caller.needs(Permission::ManageCampaigns)?;
    let mut reader = app.read().await?;
    reader.promotion(caller.firm, id).await?.or_not_found()?;
    drop(reader);
    let stem = format!("{id}-verilen-kodlar");
    let (firm, form) = (caller.firm, query.form.form());
    Ok(export(
        &caller,
        &stem,
        form,
        move |wish, mut into| async move {
            app.engine
                .export_promotion(firm, id, &wish, &mut into)
                .await
        },
    ))
}
