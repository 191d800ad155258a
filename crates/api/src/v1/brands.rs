//! `/brands`: the sender identities of the firm, their rules, and how each
//! works with İYS.

mod change;
mod new;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::ids::{BrandId, FirmId};
use domain::time::HOUR_US;
use domain::{RegistryMode, Timestamp};
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::{Reader, brands};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

pub(crate) use change::BrandChange;
pub(crate) use new::NewBrand;

use crate::app::{App, randomness};
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::checks::{fault, minutes, time_of_day};
use crate::creation::Creation;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem};
use crate::words;

/// A sender identity (*marka*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Brand {
    #[schema(value_type = String, example = "brd_10000")]
    id: BrandId,
    #[schema(value_type = String)]
    firm_id: FirmId,
    /// Unique in the firm.
    name: String,
    /// As registered at İYS: citizens write "RET <short name>" to 3338.
    short_name: String,
    /// Printed in every commercial text (Regulation art. 8).
    trade_name: String,
    /// Central registry number, 16 digits.
    mersis: String,
    #[schema(value_type = words::RegistryMode)]
    registry_mode: RegistryMode,
    /// The owner's signed reason to send without İYS; read in mode off only.
    off_reason: Option<String>,
    /// The firm's number at İYS.
    iys_code: Option<i64>,
    /// The brand's number at İYS.
    brand_code: Option<i64>,
    /// The account that speaks to İYS.
    iys_username: Option<String>,
    /// Whether İYS is spoken to by the installation's partner account instead.
    uses_partner_account: bool,
    /// Whether everything an İYS call needs was entered.
    iys_configured: bool,
    /// From here on, consents older than three business days are refused (H467).
    #[schema(value_type = Option<String>, format = DateTime)]
    activation_at: Option<Timestamp>,
    /// Oldest İYS answer that is relied on, hours.
    freshness_hours: i64,
    /// Hours in which commercial messages may leave.
    window: Window,
    /// Whether a renewed consent is told to İYS again (W804).
    sends_renewals: bool,
    /// ISO codes of the countries whose numbers are taken.
    countries: Vec<String>,
    /// Share of rejected rows, 0–100, above which an upload waits for a person.
    brake_percent: i64,
    /// Whether a file must be let in by somebody else than its uploader.
    needs_other_approver: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Hours of the day, in Turkish time.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[validate(schema(function = "opens_before_it_closes"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Window {
    /// First minute inside, as `09:00`.
    #[validate(custom(function = "is_time_of_day"))]
    #[schema(example = "09:00")]
    from: String,
    /// First minute after, as `20:00`; `24:00` is the end of the day.
    #[validate(custom(function = "is_time_of_day"))]
    #[schema(example = "20:00")]
    to: String,
}

fn is_time_of_day(text: &str) -> Result<(), ValidationError> {
    minutes(text).map(drop).ok_or_else(|| fault("time_of_day"))
}

fn opens_before_it_closes(window: &Window) -> Result<(), ValidationError> {
    match (minutes(&window.from), minutes(&window.to)) {
        (Some(from), Some(to)) if from >= to => Err(fault("window")),
        _ => Ok(()),
    }
}

impl Window {
    /// The window in minutes; none when a time cannot be read, which checking excludes.
    fn parsed(&self) -> Option<domain::gate::SendingWindow> {
        let (from_minute, to_minute) = (minutes(&self.from)?, minutes(&self.to)?);
        Some(domain::gate::SendingWindow {
            from_minute,
            to_minute,
        })
    }
}

/// A brand with what only its sealed part tells.
async fn show(reader: &mut Reader, brand: brands::Brand) -> Result<Brand, Problem> {
    let iys_configured = reader.brand_credentials(brand.id).await?.is_some();
    Ok(Brand {
        id: brand.id,
        firm_id: brand.firm,
        name: brand.name,
        short_name: brand.short_name,
        trade_name: brand.trade_name,
        mersis: brand.mersis,
        registry_mode: brand.mode,
        off_reason: brand.off_reason,
        iys_code: brand.iys_code,
        brand_code: brand.brand_code,
        iys_username: brand.iys_username,
        uses_partner_account: brand.uses_partner,
        iys_configured,
        activation_at: brand.activation,
        freshness_hours: brand.freshness_us / HOUR_US,
        window: Window {
            from: time_of_day(brand.window.from_minute),
            to: time_of_day(brand.window.to_minute),
        },
        sends_renewals: brand.sends_renewals,
        countries: brand.countries,
        brake_percent: brand.brake_percent,
        needs_other_approver: brand.needs_other_approver,
        created_at: brand.created_at,
    })
}

/// The brands of the firm.
#[utoipa::path(
    get, path = "/brands", operation_id = "brands", tag = "brands", params(Paging),
    responses((status = 200, description = "Oldest first", body = Page<Brand>)),
)]
pub(crate) async fn brands(
    State(app): State<App>,
    caller: Caller,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Brand>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let rows = reader
        .brands(caller.firm, paging.after()?, paging.rows()?)
        .await?;
    let page = paging.page(rows, |brand| brand.id.to_string(), |brand| brand)?;
    let mut items = Vec::with_capacity(page.items.len());
    for brand in page.items {
        items.push(show(&mut reader, brand).await?);
    }
    Ok(Json(Page {
        items,
        next: page.next,
    }))
}

/// Makes a brand.
#[utoipa::path(
    post, path = "/brands", operation_id = "create_brand", tag = "brands",
    params(crate::openapi::IdempotencyKey), request_body = NewBrand,
    responses((status = 201, description = "Made", body = Brand)),
)]
pub(crate) async fn create_brand(
    State(app): State<App>,
    caller: Caller,
    creation: Creation<NewBrand>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ManageBrands)?;
    let path_key = store::token::path_key(&mut randomness()?);
    let by = caller.clone();
    creation
        .in_transaction(&app, &caller, async move |mut writer, wanted: NewBrand| {
            let (identity, settings) = wanted.split(path_key);
            settings.may_be_made_by(&by)?;
            let made = writer.create_brand(by.firm, identity).await?;
            let brand = settings
                .apply(&mut writer, made, &by, "brand.create")
                .await?;
            let shown = show(&mut writer, brand).await?;
            Ok((writer, shown))
        })
        .await
}

/// One brand.
#[utoipa::path(
    get, path = "/brands/{id}", operation_id = "brand", tag = "brands",
    params(("id" = String, Path, description = "The brand")),
    responses((status = 200, description = "The brand", body = Brand)),
)]
pub(crate) async fn brand(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BrandId>,
) -> Result<Json<Brand>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let brand = reader.brand(caller.firm, id).await?.or_not_found()?;
    show(&mut reader, brand).await.map(Json)
}

/// Changes a brand.
#[utoipa::path(
    patch, path = "/brands/{id}", operation_id = "change_brand", tag = "brands",
    params(("id" = String, Path, description = "The brand")), request_body = BrandChange,
    responses((status = 200, description = "The brand as it is now", body = Brand)),
)]
pub(crate) async fn change_brand(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BrandId>,
    Checked(change): Checked<BrandChange>,
) -> Result<Json<Brand>, Problem> {
    caller.needs(Permission::ManageBrands)?;
    change.may_be_made_by(&caller)?;
    let mut writer = app.write().await?;
    let held = writer
        .brand_to_change(caller.firm, id)
        .await
        .or_not_found()?;
    change.may_change_mode(&mut writer, &held).await?;
    let brand = change
        .apply(&mut writer, held, &caller, "brand.change")
        .await?;
    let shown = show(&mut writer, brand).await?;
    writer.commit().await?;
    Ok(Json(shown))
}
