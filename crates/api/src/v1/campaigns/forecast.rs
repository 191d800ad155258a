//! `/campaigns/credit-forecast`: whether what is planned can be paid for.

use axum::Json;
use axum::extract::State;
use domain::Timestamp;
use domain::ids::{CampaignId, ConnectorId};
use engine::campaigns;
use serde::Serialize;
use store::access::Permission;
use utoipa::ToSchema;

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Problem;

/// What one account will have to pay for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreditForecast {
    #[schema(value_type = String)]
    connector_id: ConnectorId,
    name: String,
    /// What it holds now, millionths of `currency`.
    balance_micros: i64,
    /// TRY, or what the account counts in, such as SMS.
    currency: String,
    /// In the order in which they begin.
    campaigns: Vec<ForecastCampaign>,
    /// When the first campaign begins that the credit does not reach whole.
    #[schema(value_type = Option<String>, format = DateTime)]
    short_at: Option<Timestamp>,
}

/// One campaign of a forecast.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ForecastCampaign {
    #[schema(value_type = String)]
    campaign_id: CampaignId,
    name: String,
    #[schema(value_type = String, format = DateTime)]
    begins_at: Timestamp,
    /// People who are still to get it.
    people: i64,
    /// What that takes; absent where nobody knows what a part costs.
    needed_micros: Option<i64>,
    /// What would be left behind it; below zero, the credit does not reach it whole.
    after_micros: i64,
}

/// What the accounts that tell their balance will have to pay for: campaigns
/// on their way, and those launched for a later time, the first 50.
#[utoipa::path(
    get, path = "/campaigns/credit-forecast", operation_id = "credit_forecast", tag = "campaigns",
    responses((status = 200, description = "One entry an account", body = Vec<CreditForecast>)),
)]
pub(crate) async fn credit_forecast(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Vec<CreditForecast>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let forecasts = app.engine.credit_forecast(caller.firm).await?;
    Ok(Json(forecasts.into_iter().map(Into::into).collect()))
}

impl From<campaigns::CreditForecast> for CreditForecast {
    fn from(forecast: campaigns::CreditForecast) -> Self {
        Self {
            connector_id: forecast.connector,
            name: forecast.name,
            balance_micros: forecast.balance.amount_micros,
            currency: forecast.balance.currency,
            campaigns: forecast
                .campaigns
                .into_iter()
                .map(|one| ForecastCampaign {
                    campaign_id: one.id,
                    name: one.name,
                    begins_at: one.begins_at,
                    people: one.people,
                    needed_micros: one.needed_micros,
                    after_micros: one.after_micros,
                })
                .collect(),
            short_at: forecast.short_at,
        }
    }
}
