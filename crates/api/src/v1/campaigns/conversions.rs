//! What people did after a campaign's message had arrived.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use domain::event::{event_name, is_field};
use domain::ids::CampaignId;
use domain::time::MINUTE_US;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::conversions::ConversionQuestion;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::body::{Asked, Id};
use crate::caller::Caller;
use crate::problem::{OrNotFound, Problem, Where};

/// Longest deadline: 30 days.
const WITHIN_MINUTES_MAX: i64 = 43_200;

/// What counts as a conversion.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConversionQuery {
    /// The event that people were to cause, such as `satin_alma`.
    event: String,
    /// At the latest so long after the message had arrived.
    #[param(minimum = 1, maximum = 43_200)]
    within_minutes: i64,
    /// A field of the event's body whose numbers are summed up, such as `tutar`.
    field: Option<String>,
}

/// What people did after a campaign's message had arrived (*dönüşüm*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignConversions {
    event: String,
    within_minutes: i64,
    /// Messages that arrived.
    delivered: i64,
    /// People who did it in time, each once.
    people: i64,
    /// How often they did it in time.
    events: i64,
    /// The field that was summed up.
    field: Option<String>,
    /// Its sum; absent where no event had a number in it.
    revenue: Option<f64>,
}

/// Counts what people did after the campaign's message had arrived: an event
/// of that name with the campaign's brand, not before the arrival and within
/// the deadline.
#[utoipa::path(
    get, path = "/campaigns/{id}/conversions", operation_id = "campaign_conversions",
    tag = "campaigns",
    params(("id" = String, Path, description = "The campaign"), ConversionQuery),
    responses((status = 200, description = "Counted now", body = CampaignConversions)),
)]
pub(crate) async fn campaign_conversions(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
    Asked(query): Asked<ConversionQuery>,
) -> Result<Json<CampaignConversions>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let event = event_name(&query.event).ok_or_else(|| Problem::field("event", "unreadable"))?;
    if !(1..=WITHIN_MINUTES_MAX).contains(&query.within_minutes) {
        return Err(Problem::invalid(vec![Where::told(
            "within_minutes",
            "range",
            format!("1 ile {WITHIN_MINUTES_MAX} arasında olmalı."),
            format!("Must be from 1 to {WITHIN_MINUTES_MAX}."),
        )]));
    }
    if query.field.as_deref().is_some_and(|name| !is_field(name)) {
        return Err(Problem::field("field", "unreadable"));
    }
    let mut reader = app.read().await?;
    let campaign = reader.campaign(caller.firm, id).await?.or_not_found()?;
    let names = BTreeSet::from([event.as_str()]);
    let named = reader.event_types_named(caller.firm, &names).await?;
    let kind = named.get(&event).or_not_found()?.id;
    let counted = reader
        .campaign_conversions(&ConversionQuestion {
            campaign: id,
            brand: campaign.brand,
            kind,
            within_us: query.within_minutes * MINUTE_US,
            field: query.field.as_deref(),
        })
        .await?;
    Ok(Json(CampaignConversions {
        event,
        within_minutes: query.within_minutes,
        delivered: counted.delivered,
        people: counted.people,
        events: counted.events,
        field: query.field,
        revenue: counted.sum,
    }))
}
