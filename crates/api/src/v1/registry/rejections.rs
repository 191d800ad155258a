//! `/registry/{brand_id}/rejections`: what İYS would not take, by answer, who
//! must act and by when; the people behind each; and what may lawfully be done.

use std::fmt;
use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use domain::ids::{BrandId, EventId};
use domain::{Channel, ReasonCode, RecipientKind, Status, Timestamp};
use engine::worklist::{RejectionAction, StepDue, WorkGroup, actor_texts};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::registry_rejections::{Rejection, RejectionCursor};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::App;
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem};
use crate::reason::Reason;
use crate::words;

/// Records refused with one answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RejectionGroup {
    /// Our code, its meaning and the next step.
    reason: Reason,
    /// İYS's own code.
    #[schema(example = "H467")]
    iys_code: Option<String>,
    /// İYS's own words.
    iys_text: Option<String>,
    /// What İYS's code means, in Turkish.
    meaning_tr: Option<&'static str>,
    /// What İYS's code means, in English.
    meaning_en: Option<&'static str>,
    /// What comes next after İYS's code, in Turkish; nearer to the case than the
    /// step of the reason.
    step_tr: Option<&'static str>,
    /// What comes next after İYS's code, in English.
    step_en: Option<&'static str>,
    /// By when somebody must take that step: `none`, `now`, `three_business_days`.
    #[schema(value_type = Option<String>, example = "three_business_days")]
    step_due: Option<StepDue>,
    /// Who must act, in Turkish.
    actor_tr: Option<&'static str>,
    /// Who must act, in English.
    actor_en: Option<&'static str>,
    /// The nearest legal date among them.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    /// `son tarih 25.06.2025 14:05`.
    due_text_tr: Option<String>,
    count: i64,
    /// What may be done; nothing else may.
    #[schema(value_type = Vec<String>, example = json!(["resend"]))]
    actions: Vec<RejectionAction>,
}

/// Which refused records.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CodeQuery {
    /// Our code.
    #[param(value_type = String, example = "I120")]
    code: ReasonCode,
}

/// One refused record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RejectedRecord {
    /// Masked for roles that may not read personal data.
    address: String,
    #[schema(value_type = words::Channel)]
    channel: Channel,
    #[schema(value_type = words::RecipientKind)]
    kind: RecipientKind,
    #[schema(value_type = Option<words::ConsentStatus>)]
    status: Option<Status>,
    #[schema(value_type = Option<String>, format = DateTime)]
    said_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, example = "evt_10000")]
    event_id: Option<EventId>,
    iys_code: Option<String>,
    iys_text: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    answered_at: Option<Timestamp>,
    /// The legal date of this declaration.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
}

/// Records to be sent again.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resending {
    /// Our code.
    #[schema(value_type = String, example = "I500")]
    code: ReasonCode,
}

/// What came of sending again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Resent {
    /// Queued; each is looked up at İYS before it is sent.
    queued: usize,
    /// Left alone: İYS takes them no more.
    expired: usize,
    /// More of this code wait for another call.
    has_more: bool,
}

/// A place in the list, as it travels.
struct Place(RejectionCursor);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0.0, self.0.1, self.0.2)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text
            .split('.')
            .map(|part| part.parse::<i64>().map_err(drop));
        let mut next = || parts.next().ok_or(())?;
        let place = (next()?, next()?, next()?);
        Ok(Self(place))
    }
}

impl From<WorkGroup> for RejectionGroup {
    fn from(work: WorkGroup) -> Self {
        let actor = work.info.map(|info| actor_texts(info.actor));
        Self {
            reason: Reason::of(work.group.code),
            iys_code: work.group.iys_code,
            iys_text: work.group.iys_text,
            meaning_tr: work.info.map(|info| info.meaning_tr),
            meaning_en: work.info.map(|info| info.meaning_en),
            step_tr: work.info.map(|info| info.step.tr),
            step_en: work.info.map(|info| info.step.en),
            step_due: work.info.map(|info| info.step.due),
            actor_tr: actor.map(|(tr, _)| tr),
            actor_en: actor.map(|(_, en)| en),
            due_at: work.due,
            due_text_tr: work
                .due
                .map(|due| format!("son tarih {}", due.to_turkish_text())),
            count: work.group.count,
            actions: work.actions,
        }
    }
}

/// What İYS would not take, by answer.
#[utoipa::path(
    get, path = "/registry/{brand_id}/rejections", operation_id = "registry_rejections", tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    responses((status = 200, description = "On one page", body = Page<RejectionGroup>)),
)]
pub(crate) async fn registry_rejections(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
) -> Result<Json<Page<RejectionGroup>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let groups = app.engine.work_groups(caller.firm, brand).await?;
    let groups: Vec<RejectionGroup> = groups.into_iter().map(RejectionGroup::from).collect();
    let action = "registry.rejections.groups.view";
    super::note_view(&app, &caller, action, brand, groups.len()).await?;
    Ok(Json(Page::whole(groups)))
}

/// The people behind a code.
#[utoipa::path(
    get, path = "/registry/{brand_id}/rejections/people", operation_id = "registry_rejected_people",
    tag = "registry",
    params(("brand_id" = String, Path, description = "The brand"), CodeQuery, Paging),
    responses((status = 200, description = "In the order of their numbers", body = Page<RejectedRecord>)),
)]
pub(crate) async fn registry_rejected_people(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
    Asked(query): Asked<CodeQuery>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<RejectedRecord>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let after = paging.after::<Place>()?.map(|place| place.0);
    let mut reader = app.read().await?;
    reader.brand(caller.firm, brand).await?.or_not_found()?;
    let rows = reader
        .registry_rejections(brand, query.code, after, paging.rows()?)
        .await?;
    drop(reader);
    let counting = app.engine.counting();
    let show = |row: Rejection| RejectedRecord {
        address: caller.shows_address(&row.address),
        channel: row.channel,
        kind: row.kind,
        status: row.status,
        said_at: row.said_at,
        event_id: row.event,
        iys_code: row.iys_code,
        iys_text: row.iys_text,
        answered_at: row.answered_at,
        due_at: row.said_at.map(|at| counting.due_dates(at).legal),
    };
    let page = paging.page(rows, |row| Place(row.cursor()).to_string(), show)?;
    super::note_view(
        &app,
        &caller,
        "registry.rejections.view",
        brand,
        page.items.len(),
    )
    .await?;
    Ok(Json(page))
}

/// Sends refused records of a code again, as they are: each is looked up at
/// İYS first. Codes that are final are refused.
#[utoipa::path(
    post, path = "/registry/{brand_id}/rejections/resend", operation_id = "registry_resend",
    tag = "registry", params(("brand_id" = String, Path, description = "The brand")),
    request_body = Resending,
    responses((status = 202, description = "Queued", body = Resent)),
)]
pub(crate) async fn registry_resend(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
    Checked(wanted): Checked<Resending>,
) -> Result<(StatusCode, Json<Resent>), Problem> {
    caller.needs(Permission::ManageRegistry)?;
    let resent = app
        .engine
        .resend_rejected(caller.firm, brand, wanted.code, &caller.actor)
        .await?;
    let engine::worklist::Resent {
        queued,
        expired,
        has_more,
    } = resent;
    let body = Resent {
        queued,
        expired,
        has_more,
    };
    Ok((StatusCode::ACCEPTED, Json(body)))
}
