//! `POST /uploads`: a file comes in, streamed to the engine as it arrives.

use axum::body::to_bytes;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{Multipart, State};
use axum::response::Response;
use domain::ids::BrandId;
use domain::{Channel, RecipientKind, Timestamp};
use engine::EngineError;
use engine::uploads::action_of;
use futures_util::TryStreamExt;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::access::Permission;
use store::uploads::{StopScope, UploadAction, UploadPurpose};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt};
use tokio_util::io::StreamReader;
use utoipa::ToSchema;
use validator::Validate;

use super::Upload;
use crate::app::App;
use crate::body::Wanted;
use crate::caller::Caller;
use crate::checks::not_blank;
use crate::creation::{Repeatable, is_replayed, run};
use crate::problem::{OrNotFound, Problem, ProblemKind};
use crate::words;

/// Longest `meta`, bytes.
const META_BYTES_MAX: usize = 256 * 1024;
/// Bytes of a refused file that are still taken off the wire, so that its
/// sender reads the answer; one that sends more is cut off.
const DRAIN_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Longest name of a file that is kept, characters.
const FILE_NAME_CHARS_MAX: usize = 200;

/// The parts of the form. `meta` may come first or last; first is faster.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "the shape of the form, for the API document")]
pub(crate) struct UploadForm {
    meta: UploadMeta,
    #[schema(value_type = String, format = Binary)]
    file: String,
}

/// What is wanted with a file.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UploadMeta {
    /// The brand that the people spoke to.
    #[schema(value_type = String)]
    brand_id: BrandId,
    /// Shown in lists.
    #[validate(length(min = 1, max = 50), custom(function = "not_blank"))]
    name: String,
    /// A tag that everyone in it gets. Names the tag, list or promotion of a file
    /// that is for one.
    #[validate(length(min = 1, max = 50), custom(function = "not_blank"))]
    tag: Option<String>,
    /// What the file is for; people and their consents unless given. Files for
    /// anything else name people that are known, or are codes of a promotion, and
    /// their action is `local`.
    #[schema(value_type = Option<words::UploadPurpose>)]
    purpose: Option<UploadPurpose>,
    /// Of promotion codes: the last Turkish day on which they are of use, such as
    /// `2026-12-31`. A new promotion needs it; given again it moves that day.
    expires_on: Option<String>,
    /// Channel of a blacklist or whitelist; all of them unless given.
    #[schema(value_type = Option<words::Channel>)]
    stop_channel: Option<Channel>,
    /// Whether a blacklist lets messages through that are not commercial.
    spares_mandatory: Option<bool>,
    #[schema(value_type = words::UploadAction)]
    action: UploadAction,
    /// The capacity of rows that do not state one.
    #[schema(value_type = Option<words::RecipientKind>)]
    default_recipient_kind: Option<RecipientKind>,
    /// Column mapping and answers to questions.
    #[schema(value_type = Option<words::AnyObject>)]
    mapping: Option<Value>,
}

/// What was said about a file, with its bytes as they came.
struct Said {
    meta: UploadMeta,
    raw: Vec<u8>,
}

/// Takes a file in; judging starts at once.
#[utoipa::path(
    post, path = "/uploads", operation_id = "create_upload", tag = "uploads",
    params(crate::openapi::IdempotencyKey),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 202, description = "Taken in; a worker judges it", body = Upload)),
)]
pub(crate) async fn create_upload(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    multipart: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Result<Response, Problem> {
    caller.needs(Permission::UploadFiles)?;
    let mut form = multipart.map_err(|_| {
        Problem::new(ProblemKind::UnsupportedType).with_detail("send multipart/form-data")
    })?;
    let mut said: Option<Said> = None;
    // A file that came before its meta waits on disk.
    let mut waiting: Option<(String, tokio::fs::File)> = None;
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        match (field.name().unwrap_or_default(), said.take()) {
            ("meta", None) => {
                let read = read_meta(field).await?;
                if let Some((name, file)) = waiting.take() {
                    return take_in(&app, &caller, &headers, read, name, file).await;
                }
                said = Some(read);
            }
            ("file", Some(said)) => {
                let name = file_name(&field);
                let body = StreamReader::new(field.map_err(std::io::Error::other));
                return take_in(&app, &caller, &headers, said, name, body).await;
            }
            ("file", None) if waiting.is_none() => {
                let name = file_name(&field);
                waiting = Some((name, set_aside(&app, field).await?));
            }
            (name @ ("meta" | "file"), _) => return Err(Problem::field(name, "repeated")),
            (name, _) => return Err(Problem::field(name, "unknown")),
        }
    }
    let (field, code) = if said.is_some() {
        ("file", "file_missing")
    } else {
        ("meta", "meta_missing")
    };
    Err(Problem::field(field, code))
}

async fn read_meta(mut field: Field<'_>) -> Result<Said, Problem> {
    let mut raw = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|error| broken(&error))? {
        if raw.len() + piece.len() > META_BYTES_MAX {
            return Err(Problem::new(ProblemKind::TooLarge).with_detail("meta"));
        }
        raw.extend_from_slice(&piece);
    }
    Ok(Said {
        meta: UploadMeta::read(&raw)?,
        raw,
    })
}

/// The last part of the name that the sender gave, without a path.
fn file_name(field: &Field<'_>) -> String {
    let given = field.file_name().unwrap_or_default();
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let name: String = last
        .chars()
        .filter(|c| !c.is_control())
        .take(FILE_NAME_CHARS_MAX)
        .collect();
    if name.is_empty() {
        "dosya".to_owned()
    } else {
        name
    }
}

/// Keeps a file that came before its meta, in a file without a name that goes
/// away by itself.
async fn set_aside(app: &App, field: Field<'_>) -> Result<tokio::fs::File, Problem> {
    let failed = |error: std::io::Error| of_io(error);
    let settings = &app.engine.settings().uploads;
    let folder = settings.folder.clone();
    let file = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&folder)?;
        tempfile::tempfile_in(&folder)
    });
    let file = file
        .await
        .map_err(|error| Problem::internal(&error))?
        .map_err(failed)?;
    let mut file = tokio::fs::File::from_std(file);
    // One byte more than allowed: the engine then refuses it by its rule (F102).
    let most = settings.file_bytes_max.saturating_add(1);
    let mut body = StreamReader::new(field.map_err(std::io::Error::other));
    let taken = tokio::io::copy(&mut (&mut body).take(most), &mut file)
        .await
        .map_err(failed)?;
    if taken == most {
        drain(app, body).await;
    }
    file.rewind().await.map_err(failed)?;
    Ok(file)
}

/// Takes the rest of a refused file off the wire: as much again as a file may
/// have, at most.
async fn drain(app: &App, body: impl AsyncRead + Unpin) {
    let most = app.engine.settings().uploads.file_bytes_max;
    let mut rest = body.take(most.min(DRAIN_BYTES_MAX));
    drop(tokio::io::copy(&mut rest, &mut tokio::io::sink()).await);
}

/// Hands the file to the engine.
async fn take_in(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    said: Said,
    file_name: String,
    mut body: impl AsyncRead + Unpin + Send,
) -> Result<Response, Problem> {
    let Said { meta, raw } = said;
    let purpose = meta.purpose.unwrap_or(UploadPurpose::Contacts);
    may_be_for(caller, purpose)?;
    app.read()
        .await?
        .brand(caller.firm, meta.brand_id)
        .await?
        .or_not_found()?;
    let repeatable = Repeatable::upload(headers, &[b"upload", &raw, file_name.as_bytes()])?;
    let new = engine::uploads::NewFile {
        firm: caller.firm,
        brand: meta.brand_id,
        name: meta.name,
        file_name,
        tag: meta.tag,
        expires_at: expires_at(meta.expires_on.as_deref())?,
        purpose,
        stops: StopScope {
            channel: meta.stop_channel,
            spares_mandatory: meta.spares_mandatory.unwrap_or(false),
        },
        action: action_of(meta.action),
        default_kind: meta.default_recipient_kind,
        mapping: meta.mapping.unwrap_or(Value::Null),
        actor: caller.actor.clone(),
    };
    let from = &mut body;
    let response = run(
        app,
        caller,
        repeatable,
        StatusCode::ACCEPTED,
        async move || {
            let upload = app.engine.receive(new, from).await.map_err(not_received)?;
            Upload::read(&mut app.read().await?, caller, upload).await
        },
    )
    .await;
    match response {
        Ok(response) if is_replayed(&response) => same_file(app, caller, response, body).await,
        Ok(response) => Ok(response),
        Err(problem) => {
            // A sender that is cut off while it writes never reads the answer.
            drain(app, body).await;
            Err(problem)
        }
    }
}

fn expires_at(day: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    day.map(crate::v1::promotions::end_of_day).transpose()
}

/// A file does not do what its uploader may not do one by one.
pub(super) fn may_be_for(caller: &Caller, purpose: UploadPurpose) -> Result<(), Problem> {
    match purpose {
        UploadPurpose::Contacts => Ok(()),
        UploadPurpose::TagAdd | UploadPurpose::TagRemove | UploadPurpose::List => {
            caller.needs(Permission::ManageTags)
        }
        UploadPurpose::Promotion => caller.needs(Permission::ManageCampaigns),
        UploadPurpose::Blacklist | UploadPurpose::Whitelist => {
            caller.needs(Permission::ManageBlacklist)
        }
    }
}

/// Longest answer that is looked into.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A repeat is answered without taking its file in. The file is still read: a
/// sender that is cut off takes the answer for a fault, and another file under
/// the same key must not be lost in silence.
async fn same_file(
    app: &App,
    caller: &Caller,
    response: Response,
    mut body: impl AsyncRead + Unpin + Send,
) -> Result<Response, Problem> {
    let (parts, answer) = response.into_parts();
    let answer = to_bytes(answer, ANSWER_BYTES_MAX)
        .await
        .map_err(|e| Problem::internal(&e))?;
    let first: Value = serde_json::from_slice(&answer).map_err(|e| Problem::internal(&e))?;
    let id = first["id"].as_str().and_then(|id| id.parse().ok());
    let upload = match id {
        Some(id) => app.read().await?.upload(caller.firm, id).await?,
        None => None,
    };
    let sha256 = digest_of(&mut body).await.map_err(of_io)?;
    if upload.is_some_and(|upload| upload.sha256 == sha256) {
        return Ok(Response::from_parts(parts, answer.into()));
    }
    Err(Problem::new(ProblemKind::KeyReused).with_detail("the file is another one"))
}

async fn digest_of(body: &mut (impl AsyncRead + Unpin)) -> std::io::Result<[u8; 32]> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0_u8; 64 * 1024];
    loop {
        let count = body.read(&mut buffer).await?;
        match buffer.get(..count) {
            None | Some([]) => return Ok(hasher.finalize().into()),
            Some(piece) => hasher.update(piece),
        }
    }
}

fn not_received(error: EngineError) -> Problem {
    match error {
        EngineError::File { source, .. } => of_io(source),
        error => error.into(),
    }
}

/// Whether the sender or the disk was at fault.
fn of_io(error: std::io::Error) -> Problem {
    let sender = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<MultipartError>());
    sender.map_or_else(|| Problem::internal(&error), broken)
}

/// A form that broke off, or is larger than allowed.
fn broken(error: &MultipartError) -> Problem {
    let kind = match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ProblemKind::TooLarge,
        status if status.is_client_error() => ProblemKind::Unreadable,
        _ => return Problem::internal(error),
    };
    Problem::new(kind).with_detail(error.body_text())
}
