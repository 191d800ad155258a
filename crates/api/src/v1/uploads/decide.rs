//! What people decide about a judged file: they answer its questions, let it
//! in, or withdraw it.

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use domain::RecipientKind;
use domain::ids::UploadId;
use engine::uploads::{AnswersGiven, LeaveOpen};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use store::access::Permission;
use utoipa::ToSchema;
use validator::Validate;

use super::{Upload, may_be_for};
use crate::app::App;
use crate::body::{Checked, Id, Wanted};
use crate::caller::Caller;
use crate::problem::{OrNotFound, Problem};
use crate::words;

/// What is wanted with a judged file.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ApplyWish {
    /// Questions that are left open knowingly, by their codes: rows that hang
    /// on them stay refused.
    #[validate(length(max = 50))]
    leave_open: Vec<String>,
    /// Leaves open whatever was asked.
    leave_all_open: bool,
}

/// Answers to the questions of a preview.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UploadAnswers {
    /// Parts of the mapping, laid over the one in use: objects are merged, a
    /// null takes an entry out. Its fields: `columns`, `attributes`, `polarity`,
    /// `date_orders` (header of the column → `day_first` or `month_first`;
    /// `date_order` for all columns it does not name), `status_channels`,
    /// `sources`, `kinds`, `brands`, `phone_zeros_are_real`, `update_people`,
    /// `default_country`, `encoding`, `sheet`, `delimiter`.
    #[schema(value_type = Option<words::AnyObject>)]
    mapping: Option<Value>,
    /// The capacity of rows that do not state one.
    #[schema(value_type = Option<words::RecipientKind>)]
    default_recipient_kind: Option<RecipientKind>,
}

/// Lets a judged file into the ledger. A body is needed only to leave
/// questions open.
#[utoipa::path(
    post, path = "/uploads/{id}/apply", operation_id = "apply_upload", tag = "uploads",
    params(("id" = String, Path, description = "The upload")),
    request_body(content = Option<ApplyWish>, description = "What is left open; nothing by default"),
    responses((status = 202, description = "A worker applies it", body = Upload)),
)]
pub(crate) async fn apply_upload(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UploadId>,
    body: Bytes,
) -> Result<(StatusCode, Json<Upload>), Problem> {
    caller.needs(Permission::ApplyUploads)?;
    let wish = if body.is_empty() {
        ApplyWish::default()
    } else {
        ApplyWish::read(&body)?
    };
    let held = app.read().await?.upload(caller.firm, id).await?;
    may_be_for(&caller, held.or_not_found()?.purpose)?;
    let leave_open = if wish.leave_all_open {
        LeaveOpen::All
    } else {
        LeaveOpen::These(wish.leave_open)
    };
    let upload = app
        .engine
        .approve_upload(caller.firm, id, &caller.actor, &leave_open)
        .await?;
    let shown = Upload::read(&mut app.read().await?, &caller, upload).await?;
    Ok((StatusCode::ACCEPTED, Json(shown)))
}

/// Answers questions about a file that was not applied; it is judged again.
#[utoipa::path(
    post, path = "/uploads/{id}/answers", operation_id = "answer_upload", tag = "uploads",
    params(("id" = String, Path, description = "The upload")), request_body = UploadAnswers,
    responses((status = 202, description = "A worker judges it again", body = Upload)),
)]
pub(crate) async fn answer_upload(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UploadId>,
    Checked(answers): Checked<UploadAnswers>,
) -> Result<(StatusCode, Json<Upload>), Problem> {
    caller.needs(Permission::UploadFiles)?;
    let given = AnswersGiven {
        mapping: answers.mapping.unwrap_or(Value::Null),
        default_kind: answers.default_recipient_kind,
    };
    let upload = app
        .engine
        .answer_upload(caller.firm, id, given, &caller.actor)
        .await?;
    let shown = Upload::read(&mut app.read().await?, &caller, upload).await?;
    Ok((StatusCode::ACCEPTED, Json(shown)))
}

/// Withdraws a file. What was applied of it already stays, and
/// `records_applied` tells how much.
#[utoipa::path(
    post, path = "/uploads/{id}/cancel", operation_id = "cancel_upload", tag = "uploads",
    params(("id" = String, Path, description = "The upload")),
    responses((status = 202, description = "Withdrawn", body = Upload)),
)]
pub(crate) async fn cancel_upload(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UploadId>,
) -> Result<(StatusCode, Json<Upload>), Problem> {
    caller.needs(Permission::UploadFiles)?;
    let upload = app
        .engine
        .cancel_upload(caller.firm, id, &caller.actor)
        .await?;
    let shown = Upload::read(&mut app.read().await?, &caller, upload).await?;
    Ok((StatusCode::ACCEPTED, Json(shown)))
}
