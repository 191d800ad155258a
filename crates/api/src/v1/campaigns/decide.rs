//! What a person decides on: the GO page, the signature, the people behind the
//! fix list, the better of two texts, and how much left when it was stopped.

use axum::Json;
use axum::extract::State;
use domain::Timestamp;
use domain::ids::CampaignId;
use domain::plan;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::campaign_flow::{Left, PartCount};
use utoipa::ToSchema;
use validator::Validate;

use super::Campaign;
use crate::app::App;
use crate::body::{Checked, Id};
use crate::caller::Caller;
use crate::checks::not_blank;
use crate::problem::Problem;
use crate::v1::templates::LetterChange;

/// An ended campaign, and how much of it had left.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoppedCampaign {
    #[serde(flatten)]
    campaign: Campaign,
    left: LeftOver,
}

/// How much of a campaign has left.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LeftOver {
    /// People whose request the provider has.
    handed_over: i64,
    /// In a request whose outcome is not known yet.
    under_way: i64,
    /// Not handed over.
    waiting: i64,
}

impl From<Left> for LeftOver {
    fn from(left: Left) -> Self {
        Self {
            handed_over: left.handed_over,
            under_way: left.under_way,
            waiting: left.waiting,
        }
    }
}

/// Ends it: what has not left never will. Tells how much had.
#[utoipa::path(
    post, path = "/campaigns/{id}/stop", operation_id = "stop_campaign", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")),
    responses((status = 202, description = "The campaign as it is now", body = StoppedCampaign)),
)]
pub(crate) async fn stop_campaign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
) -> Result<(StatusCode, Json<StoppedCampaign>), Problem> {
    caller.needs(Permission::LaunchCampaigns)?;
    let stopped = app.engine.stop(caller.firm, id, &caller.actor).await?;
    let shown = StoppedCampaign {
        campaign: Campaign::of(&caller, stopped.campaign),
        left: stopped.left.into(),
    };
    Ok((StatusCode::ACCEPTED, Json(shown)))
}

/// The GO page (*gönderim özeti*): text and its hash, audience, counts per
/// reason, length and cost over the real people, credit after, routes, plan,
/// findings. Taken anew for a draft, kept byte for byte once submitted.
#[utoipa::path(
    get, path = "/campaigns/{id}/go", operation_id = "campaign_go", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")),
    responses((status = 200, description = "What the approver decides on", body = serde_json::Value)),
)]
pub(crate) async fn campaign_go(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
) -> Result<([(http::HeaderName, &'static str); 1], String), Problem> {
    caller.needs(Permission::ReadReports)?;
    let page = app.engine.go(caller.firm, id).await?;
    Ok(([(CONTENT_TYPE, "application/json")], page))
}

/// An electronic signature over a campaign's content.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignSignature {
    /// Who signed.
    #[validate(length(min = 1, max = 200), custom(function = "not_blank"))]
    signer: String,
    /// Such as `e-imza` or `mobil imza`.
    #[validate(length(min = 1, max = 50), custom(function = "not_blank"))]
    method: String,
    /// What was signed: the GO page's `content_hash`.
    #[validate(length(min = 64, max = 64))]
    content_hash: String,
    /// The signature, or where it is kept.
    #[validate(length(min = 1, max = 20_000), custom(function = "not_blank"))]
    evidence: String,
    #[schema(value_type = String, format = DateTime)]
    signed_at: Timestamp,
}

/// A recorded signature.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordedSignature {
    signer: String,
    method: String,
    content_hash: String,
    #[schema(value_type = String, format = DateTime)]
    signed_at: Timestamp,
    recorded_by: String,
}

/// Records an electronic signature; a brand may ask for one before launch.
#[utoipa::path(
    post, path = "/campaigns/{id}/signature", operation_id = "sign_campaign", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")), request_body = CampaignSignature,
    responses((status = 201, description = "Recorded", body = RecordedSignature)),
)]
pub(crate) async fn sign_campaign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
    Checked(new): Checked<CampaignSignature>,
) -> Result<(StatusCode, Json<RecordedSignature>), Problem> {
    caller.needs(Permission::ApproveCampaigns)?;
    let new = engine::campaigns::NewSignature {
        signer: new.signer,
        method: new.method,
        content_hash: new.content_hash,
        evidence: new.evidence,
        signed_at: new.signed_at,
    };
    let kept = app.engine.sign(caller.firm, id, new, &caller.actor).await?;
    let shown = RecordedSignature {
        signer: kept.signer,
        method: kept.method,
        content_hash: hex::encode(&kept.content_hash),
        signed_at: kept.signed_at,
        recorded_by: kept.recorded_by,
    };
    Ok((StatusCode::CREATED, Json(shown)))
}

/// People about whom İYS is being asked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AskedPeople {
    people: i64,
}

/// Asks İYS about everyone of the audience whom it has not confirmed, or long
/// ago: the fix `ask_registry` of a dry run.
#[utoipa::path(
    post, path = "/campaigns/{id}/ask-registry", operation_id = "ask_registry_for_campaign",
    tag = "campaigns", params(("id" = String, Path, description = "The campaign")),
    responses((status = 202, description = "Being asked", body = AskedPeople)),
)]
pub(crate) async fn ask_registry_for_campaign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
) -> Result<(StatusCode, Json<AskedPeople>), Problem> {
    caller.needs(Permission::ManageCampaigns)?;
    let asked = app
        .engine
        .ask_registry_for(caller.firm, id, &caller.actor)
        .await?;
    let people = i64::try_from(asked).unwrap_or(i64::MAX);
    Ok((StatusCode::ACCEPTED, Json(AskedPeople { people })))
}

/// One part of a campaign, and what it has come to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignPart {
    /// `first`, `second` and `rest` of a trial of two texts; `canary` and `whole`.
    #[schema(value_type = String, example = "first")]
    part: plan::Part,
    /// People planned in it.
    planned: i64,
    /// People the provider took.
    accepted: i64,
    delivered: i64,
    failed: i64,
    /// Requests without an outcome.
    open_requests: i64,
}

impl CampaignPart {
    fn of((part, count): (plan::Part, PartCount)) -> Self {
        Self {
            part,
            planned: count.planned,
            accepted: count.accepted,
            delivered: count.delivered,
            failed: count.failed,
            open_requests: count.unsettled,
        }
    }
}

/// What each part of a campaign has come to; empty for one without parts.
#[utoipa::path(
    get, path = "/campaigns/{id}/parts", operation_id = "campaign_parts", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")),
    responses((status = 200, description = "The parts", body = Vec<CampaignPart>)),
)]
pub(crate) async fn campaign_parts(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
) -> Result<Json<Vec<CampaignPart>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let parts = app.engine.parts(caller.firm, id).await?;
    Ok(Json(parts.into_iter().map(CampaignPart::of).collect()))
}

/// Which of two texts the rest gets.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextChoice {
    /// `first` or `second`.
    #[schema(value_type = String, example = "second")]
    part: plan::Part,
}

/// Sends the better of two texts to the rest.
#[utoipa::path(
    post, path = "/campaigns/{id}/choose", operation_id = "choose_campaign_text", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")), request_body = TextChoice,
    responses((status = 202, description = "The campaign as it is now", body = Campaign)),
)]
pub(crate) async fn choose_campaign_text(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
    Checked(choice): Checked<TextChoice>,
) -> Result<(StatusCode, Json<Campaign>), Problem> {
    caller.needs(Permission::LaunchCampaigns)?;
    let moved = app
        .engine
        .choose_text(caller.firm, id, choice.part, &caller.actor)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(Campaign::of(&caller, moved))))
}

/// How long the text becomes over the people who would get it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MeasuredText {
    /// People whose text was counted.
    people: i64,
    /// People who would get it.
    sendable: i64,
    /// Parts of everybody's text together.
    parts_total: i64,
    /// People by parts.
    #[schema(value_type = std::collections::HashMap<String, i64>)]
    by_parts: std::collections::BTreeMap<u32, i64>,
    /// People by alphabet.
    #[schema(value_type = std::collections::HashMap<String, i64>)]
    by_encoding: std::collections::BTreeMap<&'static str, i64>,
    units_min: u32,
    units_max: u32,
    /// What the parts cost, millionths of a lira, where the brand says what one does.
    cost_micros: Option<i64>,
    /// What it would cost if everybody's text were as long as the longest.
    worst_cost_micros: Option<i64>,
    /// Characters that leave as another one, over the counted people.
    letters_changed: i64,
    /// Which, most frequent first.
    changes: Vec<LetterChange>,
    /// The longest text; absent for roles that may not read personal data.
    longest: Option<String>,
    /// How it reads for a few real people; none for those roles.
    samples: Vec<String>,
}

/// Counts the text for everybody who would get it: worst case, parts and
/// alphabets over the real people.
#[utoipa::path(
    post, path = "/campaigns/{id}/measure", operation_id = "measure_campaign", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")),
    responses((status = 200, description = "How long it becomes", body = MeasuredText)),
)]
pub(crate) async fn measure_campaign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
) -> Result<Json<MeasuredText>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let measured = app.engine.measure(caller.firm, id).await?;
    Ok(Json(MeasuredText::of(&caller, measured)))
}

impl MeasuredText {
    pub(crate) fn of(caller: &Caller, measured: engine::campaigns::Measured) -> Self {
        let is_open = caller.needs(Permission::ReadPersonal).is_ok();
        let samples = measured.samples.into_iter().map(|(_, text)| text);
        Self {
            people: measured.people,
            sendable: measured.sendable,
            parts_total: measured.parts_total,
            by_parts: measured.by_parts,
            by_encoding: measured.by_encoding,
            units_min: measured.units_min,
            units_max: measured.units_max,
            cost_micros: measured.cost_micros,
            worst_cost_micros: measured.worst_cost_micros,
            letters_changed: measured.letters_changed,
            changes: measured
                .changes
                .into_iter()
                .map(LetterChange::from)
                .collect(),
            longest: measured.longest.filter(|_| is_open),
            samples: samples.filter(|_| is_open).collect(),
        }
    }
}
