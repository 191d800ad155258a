//! The rejected rows of a file: where, why, and what to do; as pages and as
//! the report that people mend their file with.

use std::fmt;
use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::ids::UploadId;
use domain::{Channel, ReasonCode};
use engine::uploads::{Privacy, Refused, ReportForm};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::access::Permission;
use store::rejections::{RejectionCursor, RejectionFilter};
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
    /// The column of the file, from 0, whose cell can be written anew in place
    /// (`POST …/corrections`); absent where the row must be mended in the file.
    column: Option<usize>,
    /// The row under the headers of the file; absent like `value`, and where its
    /// cells do not stand under them.
    cells: Option<Vec<String>>,
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

fn show(refused: Refused, with_cell: bool) -> Rejection {
    let Refused {
        rejection,
        column,
        cells,
    } = refused;
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
        column: column.filter(|_| with_cell),
        cells: cells.filter(|_| with_cell),
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
    let filter = RejectionFilter {
        code: filter.code,
        ..RejectionFilter::default()
    };
    let after = paging.after::<Place>()?.map(|place| place.0);
    let rows = app
        .engine
        .refused_rows(caller.firm, id, &filter, after, paging.rows()?)
        .await?;
    let with_cell = sees_rows(&caller);
    paging
        .page(
            rows,
            |row| Place(row.rejection.cursor()).to_string(),
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
    let kind = match form {
        ReportForm::Csv => "text/csv; charset=utf-8",
        ReportForm::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    };
    let name = format!("{id}-reddedilenler.{}", form.ending());
    Ok(crate::download::download(
        &name,
        kind,
        move |mut into| async move {
            app.engine
                .upload_report(caller.firm, id, form, privacy, &mut into)
                .await
        },
    ))
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
