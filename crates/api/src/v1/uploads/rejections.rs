//! The rejected rows of a file: where, why, and what to do; as pages and as
//! the report that people mend their file with.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::ids::{FirmId, UploadId};
use domain::{Channel, ReasonCode};
use engine::uploads::{Privacy, ReportForm};
use futures_util::stream::{once, select};
use futures_util::{Stream, StreamExt, TryStreamExt};
use http::{HeaderValue, header};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::access::Permission;
use store::rejections::{self, RejectionCursor, RejectionFilter};
use tokio_util::io::ReaderStream;
use utoipa::{IntoParams, ToSchema};

use super::sees_rows;
use crate::app::App;
use crate::body::{Asked, Id};
use crate::caller::Caller;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem, ProblemKind};
use crate::reason::Reason;
use crate::words;

/// One refused row, or one channel of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rejection {
    /// Tells apart the rejections of one line.
    number: i64,
    /// Line of the file, as an editor shows it.
    line: i64,
    /// The channel; absent when the whole row was refused.
    #[schema(value_type = Option<words::Channel>)]
    channel: Option<Channel>,
    /// The field that is wrong.
    field: String,
    #[serde(flatten)]
    reason: Reason,
    /// The cell; absent for roles that may not see it.
    value: Option<String>,
}

/// Which rejections.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CodeFilter {
    /// With this code only.
    #[param(value_type = Option<String>, example = "R202")]
    code: Option<ReasonCode>,
}

/// Where a page ended: line and number.
struct Place(RejectionCursor);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0.line, self.0.number)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (line, number) = text.split_once('.').ok_or(())?;
        let line = line.parse().map_err(drop)?;
        Ok(Self(RejectionCursor {
            line,
            number: number.parse().map_err(drop)?,
        }))
    }
}

fn show(rejection: rejections::Rejection, with_cell: bool) -> Rejection {
    let cell = rejection
        .value
        .map(|value| value.expose_secret().to_owned());
    let mut args = rejection.args;
    if !with_cell {
        // The text often quotes the cell.
        args.retain(|(name, _)| name != "value" && name != "suggestion");
    }
    Rejection {
        number: rejection.number,
        line: rejection.line,
        channel: rejection.channel,
        field: rejection.field,
        reason: Reason::with(rejection.code, &args),
        value: cell.filter(|_| with_cell),
    }
}

/// The rejected rows of a file.
#[utoipa::path(
    get, path = "/uploads/{id}/rejections", operation_id = "upload_rejections", tag = "uploads",
    params(("id" = String, Path, description = "The upload"), CodeFilter, Paging),
    responses((status = 200, description = "In the order of the file", body = Page<Rejection>)),
)]
pub(crate) async fn upload_rejections(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UploadId>,
    Asked(filter): Asked<CodeFilter>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Rejection>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    reader.upload(caller.firm, id).await?.or_not_found()?;
    let filter = RejectionFilter {
        code: filter.code,
        ..RejectionFilter::default()
    };
    let after = paging.after::<Place>()?.map(|place| place.0);
    let rows = reader
        .rejections(caller.firm, id, &filter, after, paging.rows()?)
        .await?;
    let with_cell = sees_rows(&caller);
    paging
        .page(
            rows,
            |row| Place(row.cursor()).to_string(),
            |row| show(row, with_cell),
        )
        .map(Json)
}

/// The rejection report: every refused row with line, field, code, explanation
/// and next step, as CSV that Turkish Excel opens with a double click, and that
/// can be mended and uploaded again as it is.
#[utoipa::path(
    get, path = "/uploads/{id}/rejections.csv", operation_id = "upload_rejections_csv", tag = "uploads",
    params(("id" = String, Path, description = "The upload")),
    responses((status = 200, description = "The report", body = String, content_type = "text/csv")),
)]
pub(crate) async fn upload_rejections_csv(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UploadId>,
) -> Result<Response, Problem> {
    download(app, caller, id, ReportForm::Csv).await
}

/// The same report as a workbook: every cell is text, so that a spreadsheet
/// turns no phone into a number; a second sheet counts the codes.
#[utoipa::path(
    get, path = "/uploads/{id}/rejections.xlsx", operation_id = "upload_rejections_xlsx", tag = "uploads",
    params(("id" = String, Path, description = "The upload")),
    responses((
        status = 200, description = "The report", body = String,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )),
)]
pub(crate) async fn upload_rejections_xlsx(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UploadId>,
) -> Result<Response, Problem> {
    download(app, caller, id, ReportForm::Xlsx).await
}

async fn download(
    app: App,
    caller: Caller,
    id: UploadId,
    form: ReportForm,
) -> Result<Response, Problem> {
    caller.needs(Permission::ReadReports)?;
    if !sees_rows(&caller) {
        return Err(Problem::new(ProblemKind::NotPermitted)
            .with_detail("the report holds rows of the file"));
    }
    let upload = app.read().await?.upload(caller.firm, id).await?;
    let upload = upload.or_not_found()?;
    let privacy = privacy_of(&caller, &upload);
    note_download(&app, &caller, id, form, privacy).await?;
    let report = report(app, caller.firm, id, form, privacy);
    let mut response = Body::from_stream(report).into_response();
    let headers = response.headers_mut();
    let kind = match form {
        ReportForm::Csv => "text/csv; charset=utf-8",
        ReportForm::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let ending = form.ending();
    let name = format!("attachment; filename=\"{id}-reddedilenler.{ending}\"");
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// Whoever brought the file in mends it and sees what stands in it; others see
/// addresses only with the right to.
fn privacy_of(caller: &Caller, upload: &store::uploads::Upload) -> Privacy {
    if caller.role.may(Permission::ReadPersonal) || caller.actor == upload.actor {
        Privacy::Open
    } else {
        Privacy::Masked
    }
}

/// Bytes of the report between its writer and the caller: a slow reader slows
/// the writer, and nothing piles up.
const PIPE_BYTES: usize = 64 * 1024;

/// The report as it is written. When it breaks off the connection does too, so
/// that nobody takes it for whole.
fn report(
    app: App,
    firm: FirmId,
    id: UploadId,
    form: ReportForm,
    privacy: Privacy,
) -> impl Stream<Item = Result<Bytes, Box<dyn Error + Send + Sync>>> {
    let (mut into, from) = tokio::io::duplex(PIPE_BYTES);
    // The writer ends with its future, and the reader then sees the end.
    let writing = async move {
        app.engine
            .upload_report(firm, id, form, privacy, &mut into)
            .await
    };
    let broken = once(writing).filter_map(async |written| Some(Err(written.err()?.into())));
    select(
        ReaderStream::new(from).map_err(Into::into),
        Box::pin(broken),
    )
}

/// Who took personal data out stands in the trail.
async fn note_download(
    app: &App,
    caller: &Caller,
    id: UploadId,
    form: ReportForm,
    privacy: Privacy,
) -> Result<(), Problem> {
    let mut writer = app.write().await?;
    writer
        .append_audit(
            caller.firm,
            &caller.actor,
            "upload.report",
            &id.to_string(),
            &json!({ "form": form.ending(), "masked": privacy == Privacy::Masked }),
        )
        .await?;
    writer.commit().await?;
    Ok(())
}
