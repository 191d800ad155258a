//! `/registry/{brand_id}/history` and `/registry/{brand_id}/retailers`: what a
//! person looks up at İYS, or puts down there, by hand.

use axum::Json;
use axum::extract::{Path, State};
use domain::consent::ConsentKey;
use domain::ids::BrandId;
use domain::{Channel, Recipient, RecipientKind, Source, Status, Timestamp};
use engine::registry::desk::{NewRetailer, Place, Retailer, RetailerStatus};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::registry_histories::{KeptHistory, PastMovement};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::asking::key_of;
use crate::app::App;
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::problem::{Problem, ProblemKind};
use crate::words;
use crate::written::address_of;

/// Which record.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// A phone number as people write it, or an e-mail address.
    address: String,
    #[param(value_type = words::Channel)]
    channel: Channel,
    /// BIREYSEL unless given.
    #[param(value_type = Option<words::RecipientKind>)]
    kind: Option<RecipientKind>,
}

/// Whose movements are asked for.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistoryWanted {
    /// A phone number as people write it, or an e-mail address.
    #[validate(length(min = 1, max = 320))]
    address: String,
    #[schema(value_type = words::Channel)]
    channel: Channel,
    /// BIREYSEL unless given.
    #[schema(value_type = Option<words::RecipientKind>)]
    kind: Option<RecipientKind>,
}

/// One movement, as İYS tells it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordMovement {
    #[schema(value_type = words::ConsentStatus)]
    status: Status,
    /// `HS_…`: by the firm; `IYS_…`: by the citizen.
    #[schema(value_type = Option<String>)]
    source: Option<Source>,
    #[schema(value_type = Option<String>, format = DateTime)]
    consent_at: Option<Timestamp>,
    /// When İYS wrote it.
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Timestamp>,
    /// İYS's number of it.
    transaction: Option<String>,
}

impl From<PastMovement> for RecordMovement {
    fn from(held: PastMovement) -> Self {
        Self {
            status: held.status,
            source: held.source,
            consent_at: held.consent_date,
            created_at: held.created,
            transaction: held.transaction,
        }
    }
}

/// The movements of one record, as İYS told them when it was asked last.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct RecordHistory {
    /// When İYS told; none while nobody has asked.
    #[schema(value_type = Option<String>, format = DateTime)]
    asked_at: Option<Timestamp>,
    /// Who asked.
    asked_by: Option<String>,
    /// How many movements there are at İYS, when it said so.
    total: Option<i64>,
    /// Rows of its answer that could not be read.
    unreadable: i64,
    /// The newest consent date first; at most 100.
    items: Vec<RecordMovement>,
}

impl From<KeptHistory> for RecordHistory {
    fn from(kept: KeptHistory) -> Self {
        Self {
            asked_at: Some(kept.asked_at),
            asked_by: Some(kept.actor),
            total: kept.total,
            unreadable: kept.unreadable,
            items: kept
                .movements
                .into_iter()
                .map(RecordMovement::from)
                .collect(),
        }
    }
}

async fn record_of(
    app: &App,
    caller: &Caller,
    brand: BrandId,
    address: &str,
    channel: Channel,
    kind: Option<RecipientKind>,
) -> Result<(ConsentKey, Recipient), Problem> {
    let kind = kind.unwrap_or(RecipientKind::Bireysel);
    let key = key_of(app, caller, brand, address, channel, kind).await?;
    let recipient = address_of(address).ok_or_else(|| Problem::field("address", "address"))?;
    Ok((key, recipient))
}

/// What İYS told last about the movements of one record; İYS is not asked.
#[utoipa::path(
    get, path = "/registry/{brand_id}/history", operation_id = "registry_history", tag = "registry",
    params(("brand_id" = String, Path, description = "The brand"), HistoryQuery),
    responses((status = 200, description = "What it told, and when", body = RecordHistory)),
)]
pub(crate) async fn registry_history(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
    Asked(asked): Asked<HistoryQuery>,
) -> Result<Json<RecordHistory>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let HistoryQuery {
        address,
        channel,
        kind,
    } = asked;
    let (key, _) = record_of(&app, &caller, brand, &address, channel, kind).await?;
    let kept = app.read().await?.kept_history(key).await?;
    Ok(Json(kept.map(RecordHistory::from).unwrap_or_default()))
}

/// Asks İYS about the movements of one record, and keeps its answer with the
/// time. İYS allows 100 such questions an hour.
#[utoipa::path(
    post, path = "/registry/{brand_id}/history", operation_id = "ask_registry_history",
    tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    request_body = HistoryWanted,
    responses((status = 200, description = "What it tells now", body = RecordHistory)),
)]
pub(crate) async fn ask_registry_history(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
    Checked(wanted): Checked<HistoryWanted>,
) -> Result<Json<RecordHistory>, Problem> {
    caller.needs(Permission::ReadPersonal)?;
    let HistoryWanted {
        address,
        channel,
        kind,
    } = wanted;
    let (key, recipient) = record_of(&app, &caller, brand, &address, channel, kind).await?;
    let told = app
        .engine
        .ask_history(caller.firm, key, &recipient, &caller.actor)
        .await?;
    Ok(Json(told.into()))
}

/// A retailer (*bayi*) as İYS lists it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RetailerShown {
    /// Its number at İYS, 8 digits.
    code: u32,
    title: String,
    /// In İYS's word.
    status: Option<String>,
}

impl From<Retailer> for RetailerShown {
    fn from(retailer: Retailer) -> Self {
        Self {
            code: retailer.code,
            title: retailer.title,
            status: retailer.status,
        }
    }
}

/// The retailers of a brand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Retailers {
    /// At most 100.
    items: Vec<RetailerShown>,
}

/// Where a page of retailers begins.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RetailersQuery {
    /// Retailers to pass over.
    #[serde(default)]
    offset: usize,
}

/// A province or district with its code at İYS.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceCode {
    code: String,
    name: String,
}

impl From<PlaceCode> for Place {
    fn from(place: PlaceCode) -> Self {
        Self {
            code: place.code,
            name: place.name,
        }
    }
}

impl From<Place> for PlaceCode {
    fn from(place: Place) -> Self {
        Self {
            code: place.code,
            name: place.name,
        }
    }
}

/// A retailer to be registered.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetailerNew {
    /// Trade name.
    #[validate(length(min = 1, max = 200))]
    title: String,
    alias: Option<String>,
    /// First and last name of a tradesman.
    name: Option<String>,
    /// Identity number of a tradesman, 11 digits; İYS keeps it, we do not.
    #[validate(length(equal = 11))]
    tckn: Option<String>,
    mobile: Option<String>,
    #[validate(length(equal = 16))]
    mersis: Option<String>,
    #[validate(length(min = 10, max = 11))]
    tin: Option<String>,
    city: PlaceCode,
    town: PlaceCode,
}

/// The number of a retailer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RetailerCode {
    code: u32,
}

/// Provinces and districts by their codes at İYS.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RetailerPlaces {
    provinces: Vec<PlaceCode>,
    districts: Vec<PlaceCode>,
}

/// The brand's retailers at İYS.
#[utoipa::path(
    get, path = "/registry/{brand_id}/retailers", operation_id = "registry_retailers", tag = "registry",
    params(("brand_id" = String, Path, description = "The brand"), RetailersQuery),
    responses((status = 200, description = "A page of them", body = Retailers)),
)]
pub(crate) async fn registry_retailers(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
    Asked(asked): Asked<RetailersQuery>,
) -> Result<Json<Retailers>, Problem> {
    // Whoever writes a declaration down names the retailer that took it.
    caller.needs(Permission::RecordConsents)?;
    let page = app
        .engine
        .retailers(caller.firm, brand, asked.offset)
        .await?;
    Ok(Json(Retailers {
        items: page.into_iter().map(RetailerShown::from).collect(),
    }))
}

/// Registers a retailer at İYS.
#[utoipa::path(
    post, path = "/registry/{brand_id}/retailers", operation_id = "add_registry_retailer",
    tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    request_body = RetailerNew,
    responses((status = 200, description = "Its number", body = RetailerCode)),
)]
pub(crate) async fn add_registry_retailer(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
    Checked(new): Checked<RetailerNew>,
) -> Result<Json<RetailerCode>, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    let retailer = NewRetailer {
        title: new.title,
        alias: new.alias,
        name: new.name,
        tckn: new.tckn,
        mobile: new.mobile,
        mersis: new.mersis,
        tin: new.tin,
        city: new.city.into(),
        town: new.town.into(),
        status: RetailerStatus::Active,
    };
    let code = app
        .engine
        .add_retailer(caller.firm, brand, &retailer, &caller.actor)
        .await?;
    Ok(Json(RetailerCode { code }))
}

/// Removes a retailer to which no consent is linked.
#[utoipa::path(
    delete, path = "/registry/{brand_id}/retailers/{code}", operation_id = "remove_registry_retailer",
    tag = "registry",
    params(
        ("brand_id" = String, Path, description = "The brand"),
        ("code" = u32, Path, description = "The retailer's number"),
    ),
    responses((status = 204, description = "Removed")),
)]
pub(crate) async fn remove_registry_retailer(
    State(app): State<App>,
    caller: Caller,
    Path((brand, code)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    let nothing = || Problem::new(ProblemKind::NotFound);
    let brand: BrandId = brand.parse().map_err(|_| nothing())?;
    let code: u32 = code.parse().map_err(|_| nothing())?;
    app.engine
        .remove_retailer(caller.firm, brand, code, &caller.actor)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The codes of provinces and districts that a retailer's record names.
#[utoipa::path(
    get, path = "/registry/{brand_id}/retailer-places", operation_id = "registry_retailer_places",
    tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    responses((status = 200, description = "Their codes", body = RetailerPlaces)),
)]
pub(crate) async fn registry_retailer_places(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
) -> Result<Json<RetailerPlaces>, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    let (provinces, districts) = app.engine.retailer_places(caller.firm, brand).await?;
    let shown = |places: Vec<Place>| places.into_iter().map(PlaceCode::from).collect();
    Ok(Json(RetailerPlaces {
        provinces: shown(provinces),
        districts: shown(districts),
    }))
}
