//! `/brands/{id}/sending-rules` and the stop switches: what holds for every
//! campaign of a brand or over an account.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use domain::Timestamp;
use domain::gate::Basis;
use domain::hours;
use domain::ids::{BrandId, CampaignId, ConnectorId};
use engine::campaigns::{HaltOf, Halted};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::sending_rules::{Halt, HaltScope};
use utoipa::ToSchema;
use validator::Validate;

use crate::app::App;
use crate::body::{Checked, Id};
use crate::caller::Caller;
use crate::checks::not_blank;
use crate::problem::Problem;
use crate::v1::campaigns::LeftOver;
use crate::words;

/// A brand's rules for sending, beside its hours. A PUT replaces all of them.
///
/// `{"quiet_dates":["2026-07-15"],"rests_on_holidays":true,"per_day":1,"per_week":3}`
#[derive(Debug, Default, Serialize, Deserialize, Validate, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SendingRules {
    /// Dates on which nothing commercial leaves, as `2026-07-15`.
    quiet_dates: Vec<String>,
    /// Whether public holidays are quiet too; half days from 13:00.
    rests_on_holidays: bool,
    /// Most commercial messages to one person in one Turkish day (S301).
    per_day: Option<i64>,
    /// In any seven days.
    per_week: Option<i64>,
    /// In any thirty days.
    per_month: Option<i64>,
    /// Whether the same text reaches a person at most once in one Turkish day
    /// (S302); commercial messages only.
    same_text_once_a_day: bool,
    /// Whether somebody else than its writer approves every campaign.
    needs_approval: bool,
    /// Whether somebody approves what an API key writes or launches: its launch
    /// then submits the campaign.
    api_needs_approval: bool,
    /// Whether a campaign needs a recorded electronic signature before launch.
    /// Off, the firm itself sees to the regulator's rule of 1 April 2026.
    needs_signature: bool,
    /// What one part costs, millionths of a lira.
    part_price_micros: Option<i64>,
    /// The same over some accounts, instead of that price: `{"con_…":250000}`.
    #[schema(value_type = std::collections::HashMap<String, i64>)]
    route_prices: BTreeMap<ConnectorId, i64>,
    /// In which order a campaign's accounts are taken, by legal ground.
    route_orders: Vec<RouteOrder>,
    /// Hours of their own for some purposes, instead of the brand's.
    purpose_windows: Vec<PurposeWindow>,
    /// Oldest answer of İYS on which a campaign's message may leave, minutes
    /// (S104): 10 to 525600; null is 60. The brand's `freshness_hours` holds as well.
    campaign_answer_minutes: Option<i64>,
}

/// In which order campaigns on one ground take their accounts: their own and
/// those that may step in. Those that are not named come behind.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteOrder {
    #[schema(value_type = words::Basis)]
    basis: Basis,
    /// The first is taken first.
    #[schema(value_type = Vec<String>)]
    connectors: Vec<ConnectorId>,
}

/// Hours in which commercial messages of one purpose may leave, in Turkish time.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PurposeWindow {
    /// The purpose (*kategori*), in any letter case.
    purpose: String,
    /// First minute of the day inside, 0–1439.
    from_minute: i64,
    /// First minute after it, up to 1440.
    to_minute: i64,
}

impl From<hours::SendingRules> for SendingRules {
    fn from(rules: hours::SendingRules) -> Self {
        Self {
            quiet_dates: rules.quiet_dates,
            rests_on_holidays: rules.rests_on_holidays,
            per_day: rules.per_day,
            per_week: rules.per_week,
            per_month: rules.per_month,
            same_text_once_a_day: rules.same_text_once_a_day,
            needs_approval: rules.needs_approval,
            api_needs_approval: rules.api_needs_approval,
            needs_signature: rules.needs_signature,
            part_price_micros: rules.part_price_micros,
            campaign_answer_minutes: rules.campaign_answer_minutes,
            route_prices: rules.route_prices,
            route_orders: rules
                .route_orders
                .into_iter()
                .map(|order| RouteOrder {
                    basis: order.basis,
                    connectors: order.connectors,
                })
                .collect(),
            purpose_windows: rules
                .purpose_windows
                .into_iter()
                .map(|one| PurposeWindow {
                    purpose: one.purpose,
                    from_minute: one.from_minute,
                    to_minute: one.to_minute,
                })
                .collect(),
        }
    }
}

impl From<SendingRules> for hours::SendingRules {
    fn from(rules: SendingRules) -> Self {
        Self {
            quiet_dates: rules.quiet_dates,
            rests_on_holidays: rules.rests_on_holidays,
            per_day: rules.per_day,
            per_week: rules.per_week,
            per_month: rules.per_month,
            same_text_once_a_day: rules.same_text_once_a_day,
            needs_approval: rules.needs_approval,
            api_needs_approval: rules.api_needs_approval,
            needs_signature: rules.needs_signature,
            part_price_micros: rules.part_price_micros,
            campaign_answer_minutes: rules.campaign_answer_minutes,
            route_prices: rules.route_prices,
            route_orders: rules
                .route_orders
                .into_iter()
                .map(|order| hours::RouteOrder {
                    basis: order.basis,
                    connectors: order.connectors,
                })
                .collect(),
            purpose_windows: rules
                .purpose_windows
                .into_iter()
                .map(|one| hours::PurposeWindow {
                    purpose: one.purpose,
                    from_minute: one.from_minute,
                    to_minute: one.to_minute,
                })
                .collect(),
        }
    }
}

/// A brand's rules for sending.
#[utoipa::path(
    get, path = "/brands/{id}/sending-rules", operation_id = "sending_rules", tag = "brands",
    params(("id" = String, Path, description = "The brand")),
    responses((status = 200, description = "The rules", body = SendingRules)),
)]
pub(crate) async fn sending_rules(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BrandId>,
) -> Result<Json<SendingRules>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let rules = app.engine.sending_rules(caller.firm, id).await?;
    Ok(Json(rules.into()))
}

/// Replaces a brand's rules for sending; they hold from the next request on.
#[utoipa::path(
    put, path = "/brands/{id}/sending-rules", operation_id = "set_sending_rules", tag = "brands",
    params(("id" = String, Path, description = "The brand")), request_body = SendingRules,
    responses((status = 200, description = "The rules as they are now", body = SendingRules)),
)]
pub(crate) async fn set_sending_rules(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BrandId>,
    Checked(rules): Checked<SendingRules>,
) -> Result<Json<SendingRules>, Problem> {
    caller.needs(Permission::ManageBrands)?;
    let rules: hours::SendingRules = rules.into();
    app.engine
        .set_sending_rules(caller.firm, id, &rules, &caller.actor)
        .await?;
    Ok(Json(rules.into()))
}

/// Why somebody presses a stop switch.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HaltReason {
    #[validate(length(min = 1, max = 500), custom(function = "not_blank"))]
    reason: String,
}

/// What a pressed switch came upon.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HaltReport {
    /// The running campaigns.
    campaigns: Vec<HaltedCampaign>,
}

/// A running campaign that a switch stopped.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HaltedCampaign {
    #[schema(value_type = String)]
    id: CampaignId,
    name: String,
    left: LeftOver,
}

impl From<Halted> for HaltReport {
    fn from(halted: Halted) -> Self {
        let campaigns = halted
            .campaigns
            .into_iter()
            .map(|(id, name, left)| HaltedCampaign {
                id,
                name,
                left: left.into(),
            })
            .collect();
        Self { campaigns }
    }
}

/// A stop switch that is pressed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PressedHalt {
    /// `brand` or `connector`.
    scope: &'static str,
    /// The brand or account.
    subject_id: String,
    reason: String,
    by: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl From<Halt> for PressedHalt {
    fn from(halt: Halt) -> Self {
        let subject_id = match halt.scope {
            HaltScope::Brand => BrandId::from_db(halt.subject).to_string(),
            HaltScope::Connector => ConnectorId::from_db(halt.subject).to_string(),
        };
        Self {
            scope: halt.scope.as_str(),
            subject_id,
            reason: halt.reason,
            by: halt.by,
            at: halt.at,
        }
    }
}

/// The stop switches that are pressed.
#[utoipa::path(
    get, path = "/halts", operation_id = "halts", tag = "campaigns",
    responses((status = 200, description = "The pressed switches", body = Vec<PressedHalt>)),
)]
pub(crate) async fn halts(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Vec<PressedHalt>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let pressed = app.engine.halts(caller.firm).await?;
    Ok(Json(pressed.into_iter().map(PressedHalt::from).collect()))
}

macro_rules! switch {
    (
        $(#[doc = $halt_doc:literal])*
        $halt:ident, $halt_id:literal,
        $(#[doc = $release_doc:literal])*
        $release:ident, $release_id:literal,
        $path:literal, $id:ty, $of:ident, $tag:literal
    ) => {
        $(#[doc = $halt_doc])*
        #[utoipa::path(
            post, path = $path, operation_id = $halt_id, tag = $tag,
            params(("id" = String, Path, description = "What to stop")), request_body = HaltReason,
            responses((status = 202, description = "Stopped", body = HaltReport)),
        )]
        pub(crate) async fn $halt(
            State(app): State<App>,
            caller: Caller,
            Id(id): Id<$id>,
            Checked(why): Checked<HaltReason>,
        ) -> Result<(StatusCode, Json<HaltReport>), Problem> {
            caller.needs(Permission::LaunchCampaigns)?;
            let halted = app
                .engine
                .halt(caller.firm, HaltOf::$of(id), &why.reason, &caller.actor)
                .await?;
            Ok((StatusCode::ACCEPTED, Json(halted.into())))
        }

        $(#[doc = $release_doc])*
        #[utoipa::path(
            delete, path = $path, operation_id = $release_id, tag = $tag,
            params(("id" = String, Path, description = "What was stopped")),
            responses((status = 204, description = "Released")),
        )]
        pub(crate) async fn $release(
            State(app): State<App>,
            caller: Caller,
            Id(id): Id<$id>,
        ) -> Result<StatusCode, Problem> {
            caller.needs(Permission::ApproveCampaigns)?;
            app.engine
                .release(caller.firm, HaltOf::$of(id), &caller.actor)
                .await?;
            Ok(StatusCode::NO_CONTENT)
        }
    };
}

switch! {
    /// Stops everything in a brand's name: its running campaigns are paused.
    /// Tells how much of each has left.
    halt_brand, "halt_brand",
    /// Lets a stopped brand go on; its campaigns are resumed one by one.
    release_brand, "release_brand",
    "/brands/{id}/halt", BrandId, Brand, "brands"
}
switch! {
    /// Stops everything over a provider account: requests wait, or take another
    /// allowed route. Tells how much of each campaign has left.
    halt_connector, "halt_connector",
    /// Lets a stopped account go on.
    release_connector, "release_connector",
    "/connectors/{id}/halt", ConnectorId, Connector, "connectors"
}
