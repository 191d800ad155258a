//! Refused rows mended in place: the changed cells come in, and a file of the
//! mended rows is judged.

use axum::extract::State;
use axum::response::Response;
use domain::ReasonCode;
use domain::ids::UploadId;
use engine::uploads::{CellChange, SameChange};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use utoipa::ToSchema;
use validator::Validate;

use super::{Upload, may_be_for};
use crate::app::App;
use crate::body::Id;
use crate::caller::Caller;
use crate::creation::Creation;
use crate::problem::{OrNotFound, Problem};

/// Longest text of a cell, characters.
const CELL_CHARS_MAX: u64 = 500;

/// What shall stand in the refused rows of a file.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Corrections {
    /// Single cells, at most 1,000.
    #[serde(default)]
    #[validate(length(max = 1_000), nested)]
    cells: Vec<CorrectedCell>,
    /// One word for every row that was refused for a reason and holds another,
    /// at most 100; for status, source, channel and recipient type only.
    #[serde(default)]
    #[validate(length(max = 100), nested)]
    same: Vec<CorrectedWord>,
}

/// A cell of a refused row.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorrectedCell {
    /// Line of the file, as its rejection names it.
    line: u64,
    /// Column of the file, from 0, as its rejection names it.
    column: usize,
    /// What shall stand in it.
    #[validate(length(max = CELL_CHARS_MAX))]
    value: String,
}

/// A word that stands in many refused rows.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorrectedWord {
    /// Why they were refused.
    #[schema(value_type = String, example = "R502")]
    code: ReasonCode,
    /// Column of the file, from 0.
    column: usize,
    /// The word as it stands.
    #[validate(length(max = CELL_CHARS_MAX))]
    from: String,
    /// What shall stand there.
    #[validate(length(max = CELL_CHARS_MAX))]
    to: String,
}

/// Mends refused rows in place: those that are changed become a file of their
/// own with the wishes of this one, and it is judged like any other. A date can
/// be written anew only where it could not be read, one row at a time.
#[utoipa::path(
    post, path = "/uploads/{id}/corrections", operation_id = "correct_upload", tag = "uploads",
    params(("id" = String, Path, description = "The upload"), crate::openapi::IdempotencyKey),
    request_body = Corrections,
    responses((status = 202, description = "The file of the mended rows; a worker judges it", body = Upload)),
)]
pub(crate) async fn correct_upload(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UploadId>,
    creation: Creation<Corrections>,
) -> Result<Response, Problem> {
    caller.needs(Permission::UploadFiles)?;
    let held = app.read().await?.upload(caller.firm, id).await?;
    may_be_for(&caller, held.or_not_found()?.purpose)?;
    let (at, by) = (app.clone(), caller.clone());
    creation
        .by_engine(
            &app,
            &caller,
            StatusCode::ACCEPTED,
            async move |wanted: Corrections| {
                let cells = wanted.cells.into_iter().map(|cell| CellChange {
                    line: cell.line,
                    column: cell.column,
                    value: cell.value,
                });
                let same = wanted.same.into_iter().map(|word| SameChange {
                    code: word.code,
                    column: word.column,
                    from: word.from,
                    to: word.to,
                });
                let made = at
                    .engine
                    .correct_upload(by.firm, id, cells.collect(), same.collect(), &by.actor)
                    .await?;
                Upload::read(&mut at.read().await?, &by, made).await
            },
        )
        .await
}
