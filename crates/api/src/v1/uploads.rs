//! `/uploads`: files of contacts and consents: received, judged, applied; what
//! was rejected and why; and how far it has come, live.

mod correct;
mod decide;
mod receive;
mod rejections;
mod scores;
mod summary;

use std::convert::Infallible;

use axum::Json;
use axum::extract::State;
use axum::response::sse::{Event, Sse};
use domain::ids::{BrandId, UploadId};
use domain::{Channel, RecipientKind, Timestamp};
use engine::uploads::notices;
use futures_util::Stream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Reader;
use store::access::Permission;
use store::registry_work::QueueFigures;
use store::uploads::{self, Hold, UploadAction, UploadPurpose};
use utoipa::{IntoParams, ToSchema};

pub(crate) use correct::*;
pub(crate) use decide::*;
pub(crate) use receive::*;
pub(crate) use rejections::*;
pub(crate) use scores::*;
pub(crate) use summary::UploadSummary;

use crate::app::App;
use crate::body::{Asked, Id};
use crate::caller::Caller;
use crate::live::{Seen, follow};
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem};
use crate::reason::Reason;
use crate::words;

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UploadState {
    /// The bytes are here; nobody has looked at them.
    Received,
    /// A worker reads and judges.
    Judging,
    /// Judged, and ready to be applied.
    Judged,
    /// Judged, and a person must look before it is applied (*onay bekliyor*).
    WaitingForPerson,
    /// A worker writes the accepted rows.
    Applying,
    /// Everything accepted is in the ledger.
    Applied,
    /// The file stopped as a whole; `refusal` says why.
    Refused,
    /// Something of ours broke.
    Failed,
    /// A person withdrew it before it was applied.
    Cancelled,
}

impl From<uploads::UploadState> for UploadState {
    fn from(state: uploads::UploadState) -> Self {
        use uploads::UploadState as Stored;
        match state {
            Stored::Received => Self::Received,
            Stored::Judging => Self::Judging,
            Stored::Judged => Self::Judged,
            Stored::Waiting => Self::WaitingForPerson,
            Stored::Applying => Self::Applying,
            Stored::Applied => Self::Applied,
            Stored::Refused => Self::Refused,
            Stored::Failed => Self::Failed,
            Stored::Cancelled => Self::Cancelled,
        }
    }
}

/// A file and everything judged from it (*dosya aktarımı*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Upload {
    #[schema(value_type = String, example = "upl_10000")]
    id: UploadId,
    #[schema(value_type = String)]
    brand_id: BrandId,
    /// As the user called it.
    name: String,
    /// As the file was called.
    file_name: String,
    /// A tag that everyone in it gets; the list or promotion it is for.
    tag: Option<String>,
    #[schema(value_type = words::UploadPurpose)]
    purpose: UploadPurpose,
    /// Of promotion codes: the last Turkish day on which they are of use.
    expires_on: Option<String>,
    /// Channel of a blacklist or whitelist; all of them when absent.
    #[schema(value_type = Option<words::Channel>)]
    stop_channel: Option<Channel>,
    /// Whether a blacklist lets messages through that are not commercial.
    spares_mandatory: bool,
    #[schema(value_type = words::UploadAction)]
    action: UploadAction,
    state: UploadState,
    /// Why the file was stopped as a whole (F codes).
    refusal: Option<Reason>,
    size_bytes: i64,
    read_bytes: i64,
    rows_read: i64,
    /// Pairs of row and channel that were judged.
    pairs_judged: i64,
    pairs_rejected: i64,
    /// Accepted records, and how many of them are in the ledger.
    records_total: i64,
    records_applied: i64,
    /// New people.
    created: i64,
    /// People of whom something changed.
    updated: i64,
    /// Nothing new (W804).
    unchanged: i64,
    /// Rejected, by judging or by the ledger.
    rejected: i64,
    /// Those of them that only the ledger refused, when they were applied.
    rejected_late: i64,
    /// Records, counted above too, whose consent was known already (W804).
    known: i64,
    /// Why a person must look before it is applied.
    holds: Vec<Remark>,
    /// What people must know before they let it in.
    notices: Vec<Remark>,
    /// Where what was applied differs from the preview.
    discrepancies: Vec<Discrepancy>,
    /// The column mapping and answers in use.
    #[schema(value_type = Option<words::AnyObject>)]
    mapping: Option<Value>,
    /// The capacity of rows that do not state one.
    #[schema(value_type = Option<words::RecipientKind>)]
    default_recipient_kind: Option<RecipientKind>,
    /// The upload whose confirmed answers were used.
    #[schema(value_type = Option<String>)]
    answers_from: Option<UploadId>,
    /// What İYS is still asked or told because of it.
    registry: UploadRegistry,
    /// What was recognised; empty before it was judged.
    summary: UploadSummary,
    /// Who uploaded it.
    actor: String,
    /// Who let it be applied.
    approver: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

/// A remark on a whole file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Remark {
    /// Stable.
    code: String,
    text_tr: String,
    text_en: String,
}

/// A number that came out otherwise than the preview said.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Discrepancy {
    /// Which: `judged`, `records`, `accepted`, `rejected`, `rejections`.
    figure: String,
    foreseen: i64,
    actual: i64,
}

impl From<Hold> for Remark {
    fn from(hold: Hold) -> Self {
        match hold {
            Hold::Brake { percent, limit } => Self {
                code: "brake".to_owned(),
                text_tr: format!(
                    "Satırların yüzde {percent} kadarı reddedildi; markanın sınırı yüzde {limit}."
                ),
                text_en: format!(
                    "{percent}% of the rows were rejected; the brand allows {limit}%."
                ),
            },
            Hold::Pattern {
                code,
                text_tr,
                text_en,
            } => Self {
                code,
                text_tr,
                text_en,
            },
            Hold::Branch { branch } => Self {
                code: "branch".to_owned(),
                text_tr: format!(
                    "{branch} şubesi hakkında şikâyetler var; dosyayı yükleyenden başka biri onaylamalı."
                ),
                text_en: format!(
                    "People complained about the branch {branch}; somebody else than the uploader must approve the file."
                ),
            },
        }
    }
}

/// Records of an upload by how far İYS has answered about them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UploadRegistry {
    pending: i64,
    in_flight: i64,
    waiting: i64,
    parked: i64,
    done: i64,
    last_error: Option<String>,
    /// Records that İYS has confirmed.
    confirmed: i64,
    /// Records that İYS holds as refused, or would not take.
    refused: i64,
    /// How often what went wrong was tried.
    tries: i64,
    /// When it is tried again.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_try_at: Option<Timestamp>,
}

impl From<QueueFigures> for UploadRegistry {
    fn from(figures: QueueFigures) -> Self {
        Self {
            pending: figures.pending,
            in_flight: figures.in_flight,
            waiting: figures.waiting,
            parked: figures.parked,
            done: figures.done,
            last_error: figures.last_error,
            confirmed: figures.confirmed,
            refused: figures.refused,
            tries: figures.tries,
            next_try_at: figures.next_try_at,
        }
    }
}

impl Upload {
    /// An upload as this caller may see it.
    async fn read(
        reader: &mut Reader,
        caller: &Caller,
        upload: uploads::Upload,
    ) -> Result<Self, Problem> {
        let registry = reader
            .queue_figures(upload.brand, Some(upload.id))
            .await?
            .into();
        let summary = UploadSummary::of(&upload, sees_rows(caller));
        let brand = reader.brand(caller.firm, upload.brand).await?;
        let notices = brand.map_or_else(Vec::new, |brand| notices(&upload, &brand));
        let is_judged = !matches!(
            upload.state,
            uploads::UploadState::Received | uploads::UploadState::Judging
        );
        Ok(Self {
            expires_on: upload.expires_at.map(Timestamp::last_turkish_day),
            purpose: upload.purpose,
            stop_channel: upload.stops.channel,
            spares_mandatory: upload.stops.spares_mandatory,
            rejected_late: if is_judged {
                (upload.counts.rejected - upload.progress.pairs_rejected).max(0)
            } else {
                0
            },
            known: upload.counts.known,
            holds: upload.holds.into_iter().map(Remark::from).collect(),
            notices: notices
                .into_iter()
                .map(|notice| Remark {
                    code: notice.code.to_owned(),
                    text_tr: notice.text_tr,
                    text_en: notice.text_en,
                })
                .collect(),
            discrepancies: upload
                .discrepancies
                .into_iter()
                .map(|one| Discrepancy {
                    figure: one.figure,
                    foreseen: one.foreseen,
                    actual: one.actual,
                })
                .collect(),
            mapping: Some(upload.options).filter(|mapping| !mapping.is_null()),
            default_recipient_kind: upload.default_kind,
            answers_from: upload.answers_from,
            id: upload.id,
            brand_id: upload.brand,
            name: upload.name,
            file_name: upload.file_name,
            tag: upload.tag,
            action: upload.action,
            state: upload.state.into(),
            refusal: upload
                .refusal
                .map(|refusal| Reason::with(refusal.code, &refusal.args)),
            size_bytes: upload.size_bytes,
            read_bytes: upload.progress.read_bytes,
            rows_read: upload.progress.rows_read,
            pairs_judged: upload.progress.pairs_judged,
            pairs_rejected: upload.progress.pairs_rejected,
            records_total: upload.records_total,
            records_applied: upload.records_applied,
            created: upload.counts.created,
            updated: upload.counts.updated,
            unchanged: upload.counts.unchanged,
            rejected: upload.counts.rejected,
            registry,
            summary,
            actor: upload.actor,
            approver: upload.approver,
            created_at: upload.created_at,
            started_at: upload.started_at,
            finished_at: upload.finished_at,
        })
    }

    /// Whether nothing more will become of it: done, and İYS has answered.
    fn is_final(&self) -> bool {
        use UploadState::{Applied, Cancelled, Failed, Refused};
        let UploadRegistry {
            pending,
            in_flight,
            waiting,
            ..
        } = self.registry;
        match self.state {
            Refused | Failed | Cancelled => true,
            Applied => pending + in_flight + waiting == 0,
            _ => false,
        }
    }
}

/// Whether a caller may see cells of the file: whoever uploads files mends
/// them too, others need the permission to read personal data.
fn sees_rows(caller: &Caller) -> bool {
    caller.role.may(Permission::UploadFiles) || caller.role.may(Permission::ReadPersonal)
}

/// Which uploads.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UploadFilter {
    /// Of this brand only.
    #[param(value_type = Option<String>)]
    brand_id: Option<BrandId>,
}

/// Uploads looked at for one page of one brand.
const LOOKED_AT_MAX: usize = 2_000;

/// The uploads of the firm.
#[utoipa::path(
    get, path = "/uploads", operation_id = "uploads", tag = "uploads", params(UploadFilter, Paging),
    responses((status = 200, description = "Newest first", body = Page<Upload>)),
)]
pub(crate) async fn uploads(
    State(app): State<App>,
    caller: Caller,
    Asked(filter): Asked<UploadFilter>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Upload>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let rows = of_brand(&mut reader, &caller, filter.brand_id, &paging).await?;
    let page = paging.page(rows, |upload| upload.id.to_string(), |upload| upload)?;
    let mut items = Vec::with_capacity(page.items.len());
    for upload in page.items {
        items.push(Upload::read(&mut reader, &caller, upload).await?);
    }
    Ok(Json(Page {
        items,
        next: page.next,
    }))
}

/// The rows of a page and one more. The list is the firm's; a brand's are
/// picked from it, within a bound.
async fn of_brand(
    reader: &mut Reader,
    caller: &Caller,
    brand: Option<BrandId>,
    paging: &Paging,
) -> Result<Vec<uploads::Upload>, Problem> {
    let wanted = paging.rows()?;
    let mut before = paging.after::<UploadId>()?;
    let mut found = Vec::new();
    let mut looked_at = 0;
    while found.len() < wanted && looked_at < LOOKED_AT_MAX {
        let rows = reader.uploads(caller.firm, before, wanted).await?;
        looked_at += rows.len();
        let is_last = rows.len() < wanted;
        before = rows.last().map(|upload| upload.id);
        found.extend(
            rows.into_iter()
                .filter(|upload| brand.is_none_or(|id| id == upload.brand)),
        );
        if is_last {
            break;
        }
    }
    found.truncate(wanted);
    Ok(found)
}

async fn look(app: &App, caller: &Caller, id: UploadId) -> Result<Upload, Problem> {
    let mut reader = app.read().await?;
    let upload = reader.upload(caller.firm, id).await?.or_not_found()?;
    Upload::read(&mut reader, caller, upload).await
}

/// One upload.
#[utoipa::path(
    get, path = "/uploads/{id}", operation_id = "upload", tag = "uploads",
    params(("id" = String, Path, description = "The upload")),
    responses((status = 200, description = "The upload", body = Upload)),
)]
pub(crate) async fn upload(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UploadId>,
) -> Result<Json<Upload>, Problem> {
    caller.needs(Permission::ReadReports)?;
    look(&app, &caller, id).await.map(Json)
}

/// The upload, live: `progress` events while it changes, then `end`.
#[utoipa::path(
    get, path = "/uploads/{id}/progress", operation_id = "upload_progress", tag = "uploads",
    params(("id" = String, Path, description = "The upload")),
    responses((
        status = 200, description = "Events `progress`, each an upload, and `end`",
        body = Upload, content_type = "text/event-stream",
    )),
)]
pub(crate) async fn upload_progress(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UploadId>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let watched = app.clone();
    follow(app, move || {
        let (app, caller) = (watched.clone(), caller.clone());
        async move {
            let now = look(&app, &caller, id).await?;
            let is_final = now.is_final();
            Ok(Seen { now, is_final })
        }
    })
    .await
}
