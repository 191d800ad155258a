//! `/alarms`: what somebody must look at, and who took it on.

use axum::Json;
use axum::extract::State;
use domain::Timestamp;
use domain::alarm::{AlarmCode, Severity};
use domain::ids::{AlarmId, BrandId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::access::Permission;
use store::alarms;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::App;
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::page::{Page, Paging, Place};
use crate::problem::{OrNotFound, Problem};
use crate::words;

/// What somebody must look at (*uyarı*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alarm {
    #[schema(value_type = String, example = "alm_10000")]
    id: AlarmId,
    /// None when it concerns the whole firm.
    #[schema(value_type = Option<String>)]
    brand_id: Option<BrandId>,
    #[schema(value_type = words::AlarmCode)]
    code: AlarmCode,
    #[schema(value_type = words::Severity)]
    severity: Severity,
    text_tr: String,
    text_en: String,
    next_tr: &'static str,
    next_en: &'static str,
    #[schema(value_type = String, format = DateTime)]
    raised_at: Timestamp,
    /// When it was last seen.
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
    /// How often it was seen.
    seen: i64,
    #[schema(value_type = Option<String>, format = DateTime)]
    acknowledged_at: Option<Timestamp>,
    acknowledged_by: Option<String>,
    note: Option<String>,
    /// When its cause was gone.
    #[schema(value_type = Option<String>, format = DateTime)]
    cleared_at: Option<Timestamp>,
}

impl From<alarms::Alarm> for Alarm {
    fn from(alarm: alarms::Alarm) -> Self {
        let values: Vec<(&str, &str)> = alarm
            .detail
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let info = alarm.code.info();
        Self {
            id: alarm.id,
            brand_id: alarm.brand,
            code: alarm.code,
            severity: alarm.severity,
            text_tr: alarm.code.render_tr(&values),
            text_en: alarm.code.render_en(&values),
            next_tr: info.next_tr,
            next_en: info.next_en,
            raised_at: alarm.raised_at,
            last_at: alarm.last_at,
            seen: alarm.seen,
            acknowledged_at: alarm.acknowledged_at,
            acknowledged_by: alarm.acknowledged_by,
            note: alarm.note,
            cleared_at: alarm.cleared_at,
        }
    }
}

/// Which alarms.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AlarmQuery {
    /// Those whose cause is gone as well.
    #[serde(default)]
    with_cleared: bool,
}

/// Taking an alarm on.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acknowledgement {
    /// In the words of who takes it on.
    #[validate(length(min = 1, max = 500))]
    note: Option<String>,
}

/// The firm's alarms.
#[utoipa::path(
    get, path = "/alarms", operation_id = "alarms", tag = "alarms", params(AlarmQuery, Paging),
    responses((status = 200, description = "Newest first", body = Page<Alarm>)),
)]
pub(crate) async fn alarms(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<AlarmQuery>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Alarm>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let before = paging.after::<Place<2>>()?.map(|Place([at, id])| (at, id));
    let rows = app
        .read()
        .await?
        .alarms(caller.firm, query.with_cleared, before, paging.rows()?)
        .await?;
    let place =
        |alarm: &alarms::Alarm| Place([alarm.raised_at.as_micros(), alarm.id.as_db()]).to_string();
    paging.page(rows, place, Alarm::from).map(Json)
}

/// Takes an alarm on: others see who looks after it.
#[utoipa::path(
    post, path = "/alarms/{id}/acknowledge", operation_id = "acknowledge_alarm", tag = "alarms",
    params(("id" = String, Path, description = "The alarm")), request_body = Acknowledgement,
    responses((status = 200, description = "Taken on", body = Alarm)),
)]
pub(crate) async fn acknowledge_alarm(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<AlarmId>,
    Checked(wanted): Checked<Acknowledgement>,
) -> Result<Json<Alarm>, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    let mut writer = app.write().await?;
    writer.alarm(caller.firm, id).await?.or_not_found()?;
    writer
        .acknowledge_alarm(caller.firm, id, &caller.actor, wanted.note.as_deref())
        .await?;
    let taken = writer.alarm(caller.firm, id).await?.or_not_found()?;
    writer
        .append_audit(
            caller.firm,
            &caller.actor,
            "alarm.acknowledge",
            &id.to_string(),
            &json!({ "code": taken.code, "note": wanted.note }),
        )
        .await?;
    writer.commit().await?;
    Ok(Json(taken.into()))
}
