//! `GET /uploads/scores`: which files brought people who refuse or complain;
//! `GET /uploads/scores/sources`: which forms and branches did.

use axum::Json;
use axum::extract::State;
use domain::Timestamp;
use domain::ids::{BrandId, UploadId};
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::source_scores;
use store::upload_scores::UploadScore;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::body::Asked;
use crate::caller::Caller;
use crate::page::Page;
use crate::problem::{OrNotFound, Problem};

/// What became of the people a file brought.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceScore {
    #[schema(value_type = String)]
    upload_id: UploadId,
    name: String,
    file_name: String,
    /// Who uploaded it.
    actor: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Consents looked at: all that it brought, or its first 20,000.
    consents: i64,
    /// Those of them whose person refuses now, here or at İYS.
    refused: i64,
    /// Those of them whose person complained.
    complained: i64,
    /// Pairs of row and channel in the file, and those that were invalid.
    pairs_judged: i64,
    pairs_rejected: i64,
    /// Parts of 100.
    refused_percent: f64,
    complained_percent: f64,
    invalid_percent: f64,
}

/// Of which brand.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfBrand {
    #[param(value_type = String)]
    brand_id: BrandId,
}

/// The newest 50 applied files of a brand, the worst source first.
#[utoipa::path(
    get, path = "/uploads/scores", operation_id = "upload_scores", tag = "uploads", params(OfBrand),
    responses((status = 200, description = "Worst first", body = Page<SourceScore>)),
)]
pub(crate) async fn upload_scores(
    State(app): State<App>,
    caller: Caller,
    Asked(of): Asked<OfBrand>,
) -> Result<Json<Page<SourceScore>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let brand = reader.brand(caller.firm, of.brand_id).await?;
    let brand = brand.or_not_found()?;
    let scores = reader.upload_scores(caller.firm, brand.id).await?;
    Ok(Json(Page::whole(
        scores.into_iter().map(SourceScore::from).collect(),
    )))
}

/// What stands behind files.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SourceKind {
    /// Files of one header.
    Form,
    /// The branch or dealer that rows name.
    Branch,
}

/// Of which brand, by what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SourcesOfBrand {
    #[param(value_type = String)]
    brand_id: BrandId,
    #[param(inline)]
    by: SourceKind,
}

/// What became of the people that a form or a branch brought.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupedScore {
    /// The branch as rows name it, or the name of the newest file of a form.
    name: String,
    /// Files it stands behind, of the newest 50 of the brand.
    uploads: i64,
    /// Consents looked at.
    consents: i64,
    /// Those of them whose person refuses now, here or at İYS.
    refused: i64,
    /// Those of them whose person complained.
    complained: i64,
    /// Parts of 100.
    refused_percent: f64,
    complained_percent: f64,
    /// Invalid pairs of row and channel; absent for a branch, of which only consents are kept.
    invalid_percent: Option<f64>,
}

impl From<source_scores::SourceScore> for GroupedScore {
    fn from(score: source_scores::SourceScore) -> Self {
        Self {
            name: score.name,
            uploads: score.uploads,
            consents: score.consents,
            refused: score.refused,
            complained: score.complained,
            refused_percent: percent(score.refused, score.consents),
            complained_percent: percent(score.complained, score.consents),
            invalid_percent: (score.pairs_judged > 0)
                .then(|| percent(score.pairs_rejected, score.pairs_judged)),
        }
    }
}

/// The newest 50 applied files of a brand by form or branch, the worst first.
#[utoipa::path(
    get, path = "/uploads/scores/sources", operation_id = "source_scores", tag = "uploads",
    params(SourcesOfBrand),
    responses((status = 200, description = "Worst first", body = Page<GroupedScore>)),
)]
pub(crate) async fn source_scores(
    State(app): State<App>,
    caller: Caller,
    Asked(of): Asked<SourcesOfBrand>,
) -> Result<Json<Page<GroupedScore>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let brand = reader.brand(caller.firm, of.brand_id).await?;
    let brand = brand.or_not_found()?;
    let scores = match of.by {
        SourceKind::Form => reader.form_scores(caller.firm, brand.id).await?,
        SourceKind::Branch => reader.branch_scores(caller.firm, brand.id).await?,
    };
    Ok(Json(Page::whole(
        scores.into_iter().map(GroupedScore::from).collect(),
    )))
}

impl From<UploadScore> for SourceScore {
    fn from(score: UploadScore) -> Self {
        let UploadScore {
            upload,
            consents,
            refused,
            complained,
        } = score;
        let progress = upload.progress;
        Self {
            upload_id: upload.id,
            name: upload.name,
            file_name: upload.file_name,
            actor: upload.actor,
            created_at: upload.created_at,
            consents,
            refused,
            complained,
            pairs_judged: progress.pairs_judged,
            pairs_rejected: progress.pairs_rejected,
            refused_percent: percent(refused, consents),
            complained_percent: percent(complained, consents),
            invalid_percent: percent(progress.pairs_rejected, progress.pairs_judged),
        }
    }
}

/// A share for people, with two places behind the point.
fn percent(part: i64, whole: i64) -> f64 {
    let hundredths = part.saturating_mul(10_000) / whole.max(1);
    f64::from(i32::try_from(hundredths).unwrap_or(i32::MAX)) / 100.0
}
