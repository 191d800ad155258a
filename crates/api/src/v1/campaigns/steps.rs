//! The steps of a campaign: submit, approve, launch, pause, resume.

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use domain::ids::CampaignId;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use store::access::Permission;
use store::campaign_flow::WhenShort;
use utoipa::ToSchema;
use validator::Validate;

use super::Campaign;
use crate::app::App;
use crate::body::{Id, Wanted, is_json};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::words;

/// A step that was begun, and the campaign after it.
type Stepped = Result<(StatusCode, Json<Campaign>), Problem>;

macro_rules! step {
    (
        $(#[doc = $doc:literal])*
        $name:ident, $path:literal, $operation:literal, $permission:ident, $method:ident
    ) => {
        $(#[doc = $doc])*
        #[utoipa::path(
            post, path = $path, operation_id = $operation, tag = "campaigns",
            params(("id" = String, Path, description = "The campaign")),
            responses((status = 202, description = "The campaign as it is now", body = Campaign)),
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            caller: Caller,
            Id(id): Id<CampaignId>,
        ) -> Stepped {
            caller.needs(Permission::$permission)?;
            let moved = app.engine.$method(caller.firm, id, &caller.actor).await?;
            Ok((StatusCode::ACCEPTED, Json(Campaign::of(&caller, moved))))
        }
    };
}

step! {
    /// Hands a draft to an approver.
    submit_campaign, "/campaigns/{id}/submit", "submit_campaign", ManageCampaigns, submit
}
step! {
    /// Nothing new leaves until it is resumed; requests under way end.
    pause_campaign, "/campaigns/{id}/pause", "pause_campaign", LaunchCampaigns, pause
}
step! {
    /// Goes on after a pause.
    resume_campaign, "/campaigns/{id}/resume", "resume_campaign", LaunchCampaigns, resume
}

/// What a step is told; nothing by default.
fn said<T: Wanted + Default>(headers: &HeaderMap, body: &Bytes) -> Result<T, Problem> {
    if body.is_empty() {
        return Ok(T::default());
    }
    is_json(headers)?;
    T::read(body)
}

/// What is approved.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Approve {
    /// The GO page's `content_hash`: the approval is refused when the campaign
    /// says something else by now.
    #[validate(length(min = 64, max = 64))]
    content_hash: Option<String>,
}

/// Approves a campaign that somebody else wrote, as it is now: a launch of
/// anything else is refused.
#[utoipa::path(
    post, path = "/campaigns/{id}/approve", operation_id = "approve_campaign", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")),
    request_body = Option<Approve>,
    responses((status = 202, description = "The campaign as it is now", body = Campaign)),
)]
pub(crate) async fn approve_campaign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
    headers: HeaderMap,
    body: Bytes,
) -> Stepped {
    caller.needs(Permission::ApproveCampaigns)?;
    let approve: Approve = said(&headers, &body)?;
    let seen = approve.content_hash.as_deref();
    let moved = app
        .engine
        .approve(caller.firm, id, seen, &caller.actor)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(Campaign::of(&caller, moved))))
}

/// How it is launched.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Launch {
    /// What becomes of those whom the credit at the provider does not reach:
    /// `wait` or `cut` (S502, drawn by lot). Needed only where it does not reach
    /// everybody; the GO page tells (`credit_short`).
    #[schema(value_type = Option<words::WhenShort>)]
    when_credit_short: Option<WhenShort>,
}

/// Lets it go: the audience is checked at İYS where answers are old, then frozen, then sent.
///
/// Where the credit at the provider does not reach everybody, the call is
/// refused with S502 until it says what becomes of the others.
#[utoipa::path(
    post, path = "/campaigns/{id}/launch", operation_id = "launch_campaign", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")),
    request_body = Option<Launch>,
    responses((status = 202, description = "The campaign as it is now", body = Campaign)),
)]
pub(crate) async fn launch_campaign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
    headers: HeaderMap,
    body: Bytes,
) -> Stepped {
    caller.needs(Permission::LaunchCampaigns)?;
    let launch: Launch = said(&headers, &body)?;
    let moved = app
        .engine
        .launch_with(caller.firm, id, launch.when_credit_short, &caller.actor)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(Campaign::of(&caller, moved))))
}
