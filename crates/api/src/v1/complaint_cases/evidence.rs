//! What leaves a complaint as a file: its picture and its evidence pack.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::ids::CaseId;
use engine::complaints::picture_type;
use http::{HeaderValue, header};
use serde::Serialize;
use store::access::Permission;
use utoipa::ToSchema;

use crate::app::App;
use crate::body::Id;
use crate::caller::Caller;
use crate::download::file;
use crate::problem::{OrNotFound, Problem};

/// The key that evidence packs are signed with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EvidenceKey {
    /// Ed25519, hexadecimal: give it to whoever verifies a pack.
    public_key: String,
}

/// The picture that a citizen sent; its type is told by its first bytes.
#[utoipa::path(
    get, path = "/complaint-cases/{id}/picture", operation_id = "complaint_picture", tag = "complaints",
    params(("id" = String, Path, description = "The complaint")),
    responses((status = 200, description = "The picture", body = String, content_type = "image/png")),
)]
pub(crate) async fn complaint_picture(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CaseId>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ReadPersonal)?;
    let picture = app.read().await?.case_picture(caller.firm, id).await?;
    let picture = picture.or_not_found()?;
    let kind = picture_type(&picture).or_not_found()?;
    // A stranger's file: shown as a picture and as nothing else.
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; sandbox"),
        ),
    ];
    Ok((headers, picture).into_response())
}

/// The evidence pack of a complaint: one signed archive that
/// `izinli evidence verify` checks on any machine. Making it stands in the
/// case and in the audit trail. Refused until somebody wrote down until when
/// the authority wants its answer.
#[utoipa::path(
    get, path = "/complaint-cases/{id}/pack.zip", operation_id = "evidence_pack", tag = "complaints",
    params(("id" = String, Path, description = "The complaint")),
    responses((status = 200, description = "The archive", body = String, content_type = "application/zip")),
)]
pub(crate) async fn evidence_pack(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CaseId>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    caller.needs(Permission::ReadPersonal)?;
    let pack = app
        .engine
        .evidence_pack(caller.firm, id, &caller.actor)
        .await?;
    Ok(file(&format!("{id}-kanit.zip"), "application/zip", pack))
}

/// The public half of the key that evidence packs are signed with.
#[utoipa::path(
    get, path = "/evidence-key", operation_id = "evidence_key", tag = "complaints",
    responses((status = 200, description = "The key", body = EvidenceKey)),
)]
pub(crate) async fn evidence_key(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<EvidenceKey>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let public_key = app.engine.evidence_public_key().await?;
    Ok(Json(EvidenceKey { public_key }))
}
