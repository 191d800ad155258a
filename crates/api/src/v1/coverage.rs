//! `/brands/{id}/coverage`: how far a brand's consents reach.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use domain::ids::BrandId;
use domain::time::DAY_US;
use domain::{Channel, Timestamp};
use serde::Serialize;
use store::access::Permission;
use store::consent_figures::ConsentFigure;
use utoipa::ToSchema;

use crate::app::App;
use crate::body::Id;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::words;

/// How far a brand's consents reach (*izin kapsamı*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsentCoverage {
    channels: Vec<ChannelCoverage>,
    /// When it was counted last; absent before the first time.
    #[schema(value_type = Option<String>, format = DateTime)]
    taken_at: Option<Timestamp>,
}

/// One channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelCoverage {
    #[schema(value_type = words::Channel)]
    channel: Channel,
    /// Day by day for 30 days, the oldest first; days nobody counted are left out.
    days: Vec<CoverageDay>,
    /// Purposes that people muted on the preference page, most first.
    purposes: Vec<PurposeCoverage>,
}

/// What was on record on a day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoverageDay {
    /// The Turkish day, as `2025-06-23`.
    day: String,
    /// Consents that İYS has confirmed.
    confirmed: i64,
    /// Consents that it has not.
    unconfirmed: i64,
    /// Refusals, ours or İYS's.
    refused: i64,
}

/// A purpose that people muted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PurposeCoverage {
    purpose: String,
    /// How many want nothing for it.
    muted: i64,
}

fn day(figure: &ConsentFigure) -> CoverageDay {
    // Noon, so that the day is the same at any offset.
    let noon = Timestamp::from_micros(figure.day * DAY_US + DAY_US / 2);
    CoverageDay {
        day: noon.to_turkish().date().to_string(),
        confirmed: figure.confirmed,
        unconfirmed: figure.unconfirmed,
        refused: figure.refused,
    }
}

/// How far a brand's consents reach, by channel.
#[utoipa::path(
    get, path = "/brands/{id}/coverage", operation_id = "consent_coverage", tag = "brands",
    params(("id" = String, Path, description = "The brand")),
    responses((status = 200, description = "By channel", body = ConsentCoverage)),
)]
pub(crate) async fn consent_coverage(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
) -> Result<Json<ConsentCoverage>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let coverage = app.engine.coverage(caller.firm, brand).await?;
    let mut channels: BTreeMap<i64, ChannelCoverage> = BTreeMap::new();
    for figure in &coverage.figures {
        let channel = channels
            .entry(figure.channel.as_db())
            .or_insert_with(|| ChannelCoverage {
                channel: figure.channel,
                days: Vec::new(),
                purposes: Vec::new(),
            });
        channel.days.push(day(figure));
    }
    for muted in coverage.muted {
        if let Some(channel) = channels.get_mut(&muted.channel.as_db()) {
            channel.purposes.push(PurposeCoverage {
                purpose: muted.purpose,
                muted: muted.people,
            });
        }
    }
    Ok(Json(ConsentCoverage {
        channels: channels.into_values().collect(),
        taken_at: coverage.taken_at,
    }))
}
