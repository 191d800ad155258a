//! The steps of a campaign: submit, approve, launch, pause, resume.

use axum::Json;
use axum::extract::State;
use domain::ids::CampaignId;
use http::StatusCode;
use store::access::Permission;

use super::Campaign;
use crate::app::App;
use crate::body::Id;
use crate::caller::Caller;
use crate::problem::Problem;

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
    /// Approves a campaign that somebody else wrote.
    approve_campaign, "/campaigns/{id}/approve", "approve_campaign", ApproveCampaigns, approve
}
step! {
    /// Lets it go: the audience is checked at İYS where answers are old, then frozen, then sent.
    launch_campaign, "/campaigns/{id}/launch", "launch_campaign", LaunchCampaigns, launch
}
step! {
    /// Nothing new leaves until it is resumed; requests under way end.
    pause_campaign, "/campaigns/{id}/pause", "pause_campaign", LaunchCampaigns, pause
}
step! {
    /// Goes on after a pause.
    resume_campaign, "/campaigns/{id}/resume", "resume_campaign", LaunchCampaigns, resume
}
