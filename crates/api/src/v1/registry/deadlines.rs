//! `/registry/{brand_id}/deadlines`: what the firm owes by when, what will be
//! due on the coming business days, and complaints that are closed.

use std::fmt;
use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use domain::deadline::{Duty, Urgency};
use domain::ids::BrandId;
use domain::{Channel, RecipientKind, Timestamp, Verdict};
use engine::deadlines::{Forecast, Owed, OwedQuestion};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::access::Permission;
use store::deadlines::DutyCursor;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::App;
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::checks::address;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem, ProblemKind};
use crate::reason::Reason;
use crate::words;

/// Business days that a forecast tells of.
const FORECAST_DAYS: usize = 5;

/// Which duties.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DutyQuery {
    /// Only this duty.
    #[param(value_type = Option<words::Duty>)]
    duty: Option<Duty>,
    /// Consents that no reading of the rule takes any more, instead of those
    /// that can still be told.
    #[serde(default)]
    expired: bool,
}

/// One thing that is owed, and by when.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deadline {
    #[schema(value_type = words::Duty)]
    duty: Duty,
    /// Masked for roles that may not read personal data.
    address: String,
    /// None for a complaint about all channels.
    #[schema(value_type = Option<words::Channel>)]
    channel: Option<Channel>,
    #[schema(value_type = Option<words::RecipientKind>)]
    kind: Option<RecipientKind>,
    /// When it happened: the clock runs from here.
    #[schema(value_type = String, format = DateTime)]
    event_at: Timestamp,
    /// The four dates.
    due: Due,
    #[schema(value_type = words::Urgency)]
    urgency: Urgency,
    /// Business days left until the legal date.
    business_days_left: usize,
    /// `son tarih 25.06.2025 14:05`.
    text_tr: String,
    /// `due 25.06.2025 14:05`.
    text_en: String,
    /// What to do, in Turkish.
    next_tr: &'static str,
    /// What to do, in English.
    next_en: &'static str,
    /// What İYS let us know last.
    #[schema(value_type = Option<words::Verdict>)]
    verdict: Option<Verdict>,
    /// Why İYS refused our record.
    refusal: Option<Reason>,
}

/// The four readings of three business days.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Due {
    /// 72 hours: our own limit.
    #[schema(value_type = String, format = DateTime)]
    sla: Timestamp,
    /// Three weekdays: at risk after it.
    #[schema(value_type = String, format = DateTime)]
    strict: Timestamp,
    /// Three business days: the date that is shown.
    #[schema(value_type = String, format = DateTime)]
    legal: Timestamp,
    /// The most generous reading: void after it.
    #[schema(value_type = String, format = DateTime)]
    grace: Timestamp,
}

/// What is due on the coming business days.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadlineForecast {
    days: Vec<DeadlineDay>,
    /// Consents past the legal date that İYS may still take.
    consents_overdue: i64,
    /// Consents that no reading of the rule takes any more.
    consents_expired: i64,
    /// Refusals past the legal date.
    refusals_overdue: i64,
}

/// One business day. Counts stop at 10,000.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadlineDay {
    /// The day, in Turkish time.
    #[schema(example = "2025-06-25")]
    day: String,
    /// Consents that are void after it unless İYS is told.
    consents: i64,
    /// Refusals that must have reached İYS by then.
    refusals: i64,
}

/// A complaint to be closed.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComplaintDone {
    /// Normalised, as `+905321234567`.
    #[validate(custom(function = "address"))]
    address: String,
    /// The channel of the complaint; none for all of them.
    #[schema(value_type = Option<words::Channel>)]
    channel: Option<Channel>,
    /// What was answered or done.
    #[validate(length(min = 3, max = 500))]
    note: String,
}

/// A place in the list, as it travels.
struct Place(DutyCursor);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (event, duty, recipient, channel, kind) = self.0;
        write!(f, "{event}.{duty}.{recipient}.{channel}.{kind}")
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text
            .split('.')
            .map(|part| part.parse::<i64>().map_err(drop));
        let mut next = || parts.next().ok_or(())?;
        let place = (next()?, next()?, next()?, next()?, next()?);
        Ok(Self(place))
    }
}

fn show(caller: &Caller, owed: Owed) -> Deadline {
    let Owed {
        duty,
        dates,
        urgency,
        business_days_left,
    } = owed;
    let step = duty.duty.step(urgency);
    Deadline {
        duty: duty.duty,
        address: caller.shows_address(&duty.address),
        channel: duty.channel,
        kind: duty.kind,
        event_at: duty.event_at,
        due: Due {
            sla: dates.sla,
            strict: dates.strict,
            legal: dates.legal,
            grace: dates.grace,
        },
        urgency,
        business_days_left,
        text_tr: dates.text_tr(),
        text_en: dates.text_en(),
        next_tr: step.next_tr,
        next_en: step.next_en,
        verdict: duty.verdict,
        refusal: duty.code.map(Reason::of),
    }
}

/// What a brand owes: consents and refusals that İYS must be told of, and the
/// firm's open complaints. Day by day, the oldest first.
#[utoipa::path(
    get, path = "/registry/{brand_id}/deadlines", operation_id = "registry_deadlines", tag = "registry",
    params(("brand_id" = String, Path, description = "The brand"), DutyQuery, Paging),
    responses((status = 200, description = "The oldest first", body = Page<Deadline>)),
)]
pub(crate) async fn registry_deadlines(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
    Asked(query): Asked<DutyQuery>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Deadline>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let question = OwedQuestion {
        only: query.duty,
        expired: query.expired,
        after: paging.after::<Place>()?.map(|place| place.0),
    };
    let rows = app
        .engine
        .owed(caller.firm, brand, question, paging.rows()?)
        .await?;
    let page = paging.page(
        rows,
        |owed| Place(owed.duty.cursor()).to_string(),
        |owed| show(&caller, owed),
    )?;
    super::note_view(
        &app,
        &caller,
        "registry.deadlines.view",
        brand,
        page.items.len(),
    )
    .await?;
    Ok(Json(page))
}

/// What will be due on today's and the coming business days.
#[utoipa::path(
    get, path = "/registry/{brand_id}/deadlines/forecast", operation_id = "registry_forecast",
    tag = "registry", params(("brand_id" = String, Path, description = "The brand")),
    responses((status = 200, description = "Day by day", body = DeadlineForecast)),
)]
pub(crate) async fn registry_forecast(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
) -> Result<Json<DeadlineForecast>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let Forecast {
        days,
        consents_overdue,
        consents_expired,
        refusals_overdue,
    } = app
        .engine
        .forecast(caller.firm, brand, FORECAST_DAYS)
        .await?;
    let days = days.into_iter().map(|due| DeadlineDay {
        day: due.day.to_string(),
        consents: due.consents,
        refusals: due.refusals,
    });
    Ok(Json(DeadlineForecast {
        days: days.collect(),
        consents_overdue,
        consents_expired,
        refusals_overdue,
    }))
}

/// Closes a complaint: it was answered. The stop itself stays.
#[utoipa::path(
    post, path = "/blacklist/complaints/handled", operation_id = "complaint_handled",
    tag = "blacklist", request_body = ComplaintDone,
    responses((status = 204, description = "Closed")),
)]
pub(crate) async fn complaint_handled(
    State(app): State<App>,
    caller: Caller,
    Checked(wanted): Checked<ComplaintDone>,
) -> Result<StatusCode, Problem> {
    caller.needs(Permission::ManageBlacklist)?;
    let recipient = domain::Recipient::from_normalised(&wanted.address)
        .map_err(|_| Problem::field("address", "address"))?;
    let mut writer = app.write().await?;
    let ids = writer.recipient_ids(caller.firm, &[recipient]).await?;
    let id = ids.into_iter().flatten().next().or_not_found()?;
    if let Some(case) = writer.standing_case_of(caller.firm, id).await?
        && let Some(held) = writer.case(caller.firm, case).await?
        && held.solved_at.is_none()
    {
        return Err(Problem::new(ProblemKind::Conflict)
            .with_detail(format!("the case {case} is open about it; close it there")));
    }
    writer
        .handle_complaint(caller.firm, id, wanted.channel, &caller.actor)
        .await
        .or_not_found()?;
    let detail = json!({ "channel": wanted.channel, "note": wanted.note });
    writer
        .append_audit(
            caller.firm,
            &caller.actor,
            "complaint.handled",
            &id.to_string(),
            &detail,
        )
        .await?;
    writer.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
