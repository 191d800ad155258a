//! `/campaigns/calendar` and `/holidays`: what leaves on which day, and which
//! days are free.

use axum::Json;
use axum::extract::State;
use domain::Timestamp;
use domain::calendar::{Date, HolidayPart};
use domain::time::DAY_US;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::campaigns;
use utoipa::{IntoParams, ToSchema};

use super::Campaign;
use crate::app::App;
use crate::body::Asked;
use crate::caller::Caller;
use crate::problem::Problem;

/// Longest time of one answer, days.
const DAYS_MAX: i64 = 400;
/// Most campaigns of one answer.
const CAMPAIGNS_MAX: usize = 500;
/// Most campaigns looked at that nobody has launched.
const UNLAUNCHED_MAX: usize = 500;

/// A time, of at most 400 days.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DaysAsked {
    /// First day, in Turkish time, such as `2026-07-01`.
    #[param(example = "2026-07-01")]
    from: String,
    /// Last day.
    #[param(example = "2026-07-31")]
    to: String,
}

impl DaysAsked {
    /// The first and the last day.
    fn days(&self) -> Result<(Date, Date), Problem> {
        let day = |text: &str, field| {
            let read = (text.len() == 10).then(|| text.parse::<Date>().ok());
            read.flatten()
                .ok_or_else(|| Problem::field(field, "unreadable"))
        };
        let (from, to) = (day(&self.from, "from")?, day(&self.to, "to")?);
        let span = Timestamp::midnight_of_date(to).since(Timestamp::midnight_of_date(from));
        if (0..DAYS_MAX * DAY_US).contains(&span) {
            Ok((from, to))
        } else {
            Err(Problem::field("to", "unreadable"))
        }
    }
}

/// Campaigns of a time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignCalendar {
    /// In the order in which they begin.
    items: Vec<PlacedCampaign>,
    /// Whether there are more than are shown.
    is_cut: bool,
}

/// A campaign and when it begins.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlacedCampaign {
    /// When it began or will; of one that nobody has launched, when it is meant to.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    campaign: Campaign,
}

/// What began or is to begin on which day: launched campaigns, and those not
/// launched yet whose plan names a time.
#[utoipa::path(
    get, path = "/campaigns/calendar", operation_id = "campaign_calendar", tag = "campaigns",
    params(DaysAsked),
    responses((status = 200, description = "The campaigns of the time", body = CampaignCalendar)),
)]
pub(crate) async fn campaign_calendar(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<DaysAsked>,
) -> Result<Json<CampaignCalendar>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let (first, last) = asked.days()?;
    let (from, until) = (
        Timestamp::midnight_of_date(first),
        Timestamp::midnight_of_date(last).plus_micros(DAY_US),
    );
    let mut reader = app.read().await?;
    let launched = reader
        .campaigns_within(caller.firm, from, until, CAMPAIGNS_MAX + 1)
        .await?;
    let waiting = reader
        .campaigns_unlaunched(caller.firm, UNLAUNCHED_MAX)
        .await?;
    drop(reader);
    let mut placed: Vec<(Timestamp, campaigns::Campaign)> = launched
        .into_iter()
        .filter_map(|campaign| Some((begun(&campaign)?, campaign)))
        .chain(waiting.into_iter().filter_map(|campaign| {
            let at = campaign.plan.send_at?;
            (at >= from && at < until).then_some((at, campaign))
        }))
        .collect();
    placed.sort_by_key(|(at, campaign)| (*at, campaign.id));
    let is_cut = placed.len() > CAMPAIGNS_MAX;
    placed.truncate(CAMPAIGNS_MAX);
    let items = placed
        .into_iter()
        .map(|(at, campaign)| PlacedCampaign {
            at,
            campaign: Campaign::of(&caller, campaign),
        })
        .collect();
    Ok(Json(CampaignCalendar { items, is_cut }))
}

/// When a launched campaign began or will: whoever launches late begins at once.
fn begun(campaign: &campaigns::Campaign) -> Option<Timestamp> {
    let launched = campaign.launched_at?;
    Some(
        campaign
            .starts_at
            .map_or(launched, |start| start.max(launched)),
    )
}

/// A public holiday (*resmî tatil*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicHoliday {
    #[schema(example = "2026-10-29")]
    date: String,
    name_tr: String,
    name_en: String,
    /// Free from 13:00 only (*arife*, 28 October).
    is_half_day: bool,
}

/// The public holidays of a time, by the calendar that the installation has loaded.
#[utoipa::path(
    get, path = "/holidays", operation_id = "holidays", tag = "campaigns", params(DaysAsked),
    responses((status = 200, description = "Ascending; a day may have two", body = Vec<PublicHoliday>)),
)]
pub(crate) async fn holidays(
    State(app): State<App>,
    _: Caller,
    Asked(asked): Asked<DaysAsked>,
) -> Result<Json<Vec<PublicHoliday>>, Problem> {
    let (first, last) = asked.days()?;
    let calendar = app.engine.counting().calendar;
    let found = (first.year()..=last.year())
        .flat_map(|year| calendar.holidays_in(year))
        .filter(|holiday| holiday.date >= first && holiday.date <= last)
        .map(|holiday| PublicHoliday {
            date: holiday.date.to_string(),
            name_tr: holiday.name_tr.clone(),
            name_en: holiday.name_en.clone(),
            is_half_day: holiday.part == HolidayPart::HalfFrom13,
        })
        .collect();
    Ok(Json(found))
}
