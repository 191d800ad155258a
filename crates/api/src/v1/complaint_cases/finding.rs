//! What was found about a complaint, and branches that brought several.

use axum::Json;
use axum::extract::State;
use domain::ids::{BrandId, CampaignId, CaseId, EventId, UploadId};
use domain::{Channel, Source, Status, Timestamp};
use engine::complaints::{BranchPattern, ConsentFact, Finding, FoundMessage};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::access::Permission;
use store::branch_watches;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::App;
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::page::Page;
use crate::problem::{OrNotFound, Problem};
use crate::words;

/// What was found about a complaint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaseFinding {
    scope: FindingScope,
    /// Messages around the citizen's hour, the nearest first; none when
    /// nothing is on record.
    messages: Vec<CaseMessage>,
    pattern: Option<CasePattern>,
    /// An answer with the facts, in Turkish, to be read and changed.
    draft: String,
}

/// Where was looked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingScope {
    /// Every brand of the firm.
    brands: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
    /// Messages to the number at any time.
    messages: usize,
}

/// A message that may be the one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaseMessage {
    #[schema(example = "a1-3-7f")]
    id: String,
    #[schema(value_type = String, format = DateTime)]
    sent_at: Timestamp,
    sender: String,
    brand_name: String,
    #[schema(value_type = words::Channel)]
    channel: Channel,
    text: Option<String>,
    #[schema(value_type = String)]
    campaign_id: CampaignId,
    campaign_name: String,
    /// What it was sent on: `commercial` or an exempt ground.
    basis: String,
    /// The last receipt as a word.
    receipt: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    receipt_at: Option<Timestamp>,
    /// What held at that minute, as it was known then.
    consent: Option<CaseConsent>,
    /// İYS's transaction of the record.
    transaction: Option<String>,
    /// When İYS had confirmed it before the message left.
    #[schema(value_type = Option<String>, format = DateTime)]
    confirmed_at: Option<Timestamp>,
    /// When the person refused later, and where.
    #[schema(value_type = Option<String>, format = DateTime)]
    refused_at: Option<Timestamp>,
    #[schema(value_type = Option<String>)]
    refused_source: Option<Source>,
}

/// The consent that held at a minute.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaseConsent {
    #[schema(value_type = String)]
    event_id: EventId,
    #[schema(value_type = words::ConsentStatus)]
    status: Status,
    #[schema(value_type = String, format = DateTime)]
    consent_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Timestamp,
    #[schema(value_type = String)]
    source: Source,
    /// The form or text that it was given on.
    evidence: Option<String>,
    actor: String,
    #[schema(value_type = Option<String>)]
    upload_id: Option<UploadId>,
    file_name: Option<String>,
    line: Option<i64>,
    branch: Option<String>,
}

/// How many complaints a branch brought.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CasePattern {
    #[schema(value_type = String)]
    brand_id: BrandId,
    branch: String,
    complaints: i64,
    days: i64,
    /// Whether files with consents of it need somebody else's approval.
    is_watched: bool,
}

impl From<FoundMessage> for CaseMessage {
    fn from(found: FoundMessage) -> Self {
        let proof = found.proof;
        let receipt = proof.receipt;
        let (refused_at, refused_source) = found.refused_later.unzip();
        Self {
            id: proof.message,
            sent_at: found.sent_at,
            sender: found.sender,
            brand_name: proof.brand_name,
            channel: proof.channel,
            text: found.text,
            campaign_id: proof.campaign,
            campaign_name: proof.campaign_name,
            basis: proof.basis,
            receipt_at: receipt.as_ref().map(|receipt| receipt.happened_at),
            receipt: receipt.map(|receipt| receipt.state),
            consent: found.consent.map(CaseConsent::from),
            transaction: found.transaction,
            confirmed_at: proof.registry.checked_at,
            refused_at,
            refused_source,
        }
    }
}

impl From<ConsentFact> for CaseConsent {
    fn from(fact: ConsentFact) -> Self {
        let (upload_id, file_name) = fact.file.unzip();
        Self {
            event_id: fact.event,
            status: fact.status,
            consent_at: fact.consent_at,
            recorded_at: fact.recorded_at,
            source: fact.source,
            evidence: fact.evidence,
            actor: fact.actor,
            upload_id,
            file_name,
            line: fact.line,
            branch: fact.branch,
        }
    }
}

impl From<BranchPattern> for CasePattern {
    fn from(pattern: BranchPattern) -> Self {
        Self {
            brand_id: pattern.brand,
            branch: pattern.branch,
            complaints: pattern.complaints,
            days: pattern.days,
            is_watched: pattern.is_watched,
        }
    }
}

/// What was sent to the number in all brands around the citizen's hour, and
/// what it rested on.
#[utoipa::path(
    get, path = "/complaint-cases/{id}/finding", operation_id = "complaint_finding", tag = "complaints",
    params(("id" = String, Path, description = "The complaint")),
    responses((status = 200, description = "What was found", body = CaseFinding)),
)]
pub(crate) async fn complaint_finding(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CaseId>,
) -> Result<Json<CaseFinding>, Problem> {
    caller.needs(Permission::ReadPersonal)?;
    let case = app.engine.complaint(caller.firm, id).await?;
    let Finding {
        scope,
        messages,
        pattern,
        draft,
    } = app.engine.complaint_finding(&case).await?;
    let mut writer = app.write().await?;
    let detail = json!({ "messages": messages.len() });
    writer
        .append_audit(
            caller.firm,
            &caller.actor,
            "complaint.finding",
            &id.to_string(),
            &detail,
        )
        .await?;
    writer.commit().await?;
    Ok(Json(CaseFinding {
        scope: FindingScope {
            brands: scope.brands,
            from: scope.from,
            to: scope.to,
            messages: scope.messages,
        },
        messages: messages.into_iter().map(CaseMessage::from).collect(),
        pattern: pattern.map(CasePattern::from),
        draft,
    }))
}

/// A branch whose files need somebody else's approval.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BranchWatch {
    #[schema(value_type = String)]
    brand_id: BrandId,
    branch: String,
    reason: String,
    opened_by: String,
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
}

/// A branch to be watched.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBranchWatch {
    #[schema(value_type = String)]
    brand_id: BrandId,
    /// As the rows of files name it.
    #[validate(length(min = 1, max = 200))]
    branch: String,
    /// Why.
    #[validate(length(min = 3, max = 500))]
    reason: String,
}

/// A watch to be ended.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndedBranchWatch {
    #[schema(value_type = String)]
    brand_id: BrandId,
    #[validate(length(min = 1, max = 200))]
    branch: String,
}

/// Of which brand.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WatchesOf {
    #[param(value_type = String)]
    brand_id: BrandId,
}

/// The branches of a brand whose files need somebody else's approval.
#[utoipa::path(
    get, path = "/branch-watches", operation_id = "branch_watches", tag = "complaints",
    params(WatchesOf),
    responses((status = 200, description = "By name", body = Page<BranchWatch>)),
)]
pub(crate) async fn branch_watches(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<WatchesOf>,
) -> Result<Json<Page<BranchWatch>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    reader
        .brand(caller.firm, query.brand_id)
        .await?
        .or_not_found()?;
    let watches = reader.branch_watches(caller.firm, query.brand_id).await?;
    let show = |watch: branch_watches::BranchWatch| BranchWatch {
        brand_id: watch.brand,
        branch: watch.branch,
        reason: watch.reason,
        opened_by: watch.opened_by,
        opened_at: watch.opened_at,
    };
    Ok(Json(Page {
        items: watches.into_iter().map(show).collect(),
        next: None,
    }))
}

/// Opens a case for a branch: files that bring consents of it are let in by
/// somebody else than who uploads them.
#[utoipa::path(
    post, path = "/branch-watches", operation_id = "watch_branch", tag = "complaints",
    request_body = NewBranchWatch,
    responses((status = 204, description = "Watched")),
)]
pub(crate) async fn watch_branch(
    State(app): State<App>,
    caller: Caller,
    Checked(wanted): Checked<NewBranchWatch>,
) -> Result<StatusCode, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    app.engine
        .watch_branch(
            caller.firm,
            wanted.brand_id,
            &wanted.branch,
            &wanted.reason,
            &caller.actor,
        )
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the watch over a branch.
#[utoipa::path(
    delete, path = "/branch-watches", operation_id = "end_branch_watch", tag = "complaints",
    request_body = EndedBranchWatch,
    responses((status = 204, description = "Ended")),
)]
pub(crate) async fn end_branch_watch(
    State(app): State<App>,
    caller: Caller,
    Checked(wanted): Checked<EndedBranchWatch>,
) -> Result<StatusCode, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    app.engine
        .end_branch_watch(caller.firm, wanted.brand_id, &wanted.branch, &caller.actor)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
