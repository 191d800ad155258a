//! `/firms`: the tenant itself. A caller sees their own firm and no other.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::Timestamp;
use domain::ids::FirmId;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::access::{self, Language, Permission, Role};
use utoipa::ToSchema;
use validator::Validate;

use super::session::{CallerAddress, confirmed_by_password};
use super::users::{hashed, wanted_email};
use crate::app::App;
use crate::body::{Checked, Id};
use crate::caller::Caller;
use crate::checks::{email, not_blank};
use crate::creation::Creation;
use crate::page::Page;
use crate::problem::{OrNotFound, Problem, ProblemKind, practice};
use crate::words;

/// A tenant (*firma*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Firm {
    #[schema(value_type = String, example = "frm_10000")]
    id: FirmId,
    /// Unique in the installation.
    name: String,
    /// Whether it still practises: with simulators only, so that nothing
    /// reaches a person.
    practice: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<store::firms::Firm> for Firm {
    fn from(firm: store::firms::Firm) -> Self {
        Self {
            id: firm.id,
            name: firm.name,
            practice: firm.practice,
            created_at: firm.created_at,
        }
    }
}

/// A firm to be made, with the owner who will run it.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFirm {
    #[validate(length(min = 1, max = 200), custom(function = "not_blank"))]
    name: String,
    #[validate(nested)]
    owner: FirstOwner,
    /// Whether it practises until its owner goes live; unless given it does not.
    #[serde(default)]
    practice: bool,
}

/// The first person of a firm.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstOwner {
    #[validate(custom(function = "email"))]
    email: String,
    #[validate(length(min = 1, max = 200), custom(function = "not_blank"))]
    name: String,
    #[schema(value_type = words::Language)]
    language: Language,
    /// 12 characters at least.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// Changes of a firm.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirmChange {
    #[validate(length(min = 1, max = 200), custom(function = "not_blank"))]
    name: String,
}

/// Going live.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoLive {
    /// The password of the person who goes live; a key needs none.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<SecretString>,
}

/// What going live would do, before it is done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LivePreview {
    /// Whether the firm practises.
    practice: bool,
    /// The İYS that it would speak to.
    registry_url: String,
    /// Simulated accounts that would be put aside.
    accounts: usize,
    /// Brands connected to İYS: off after it, until their mode is chosen anew.
    brands: Vec<String>,
    /// What the owner confirms it with: `password`, for this installation has
    /// no route of its own by which it could send a code.
    confirmation: &'static str,
    /// What stands against it; none when the owner may do it now, while the
    /// program runs.
    obstacle: Option<LiveObstacle>,
}

/// Why a firm cannot go live now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveObstacle {
    /// `simulator`: the installation asks a simulator in place of İYS, and must
    /// be told of the real one and started anew; `campaigns_under_way`; `live`.
    code: String,
    text_tr: String,
    text_en: String,
}

/// The caller's firm.
#[utoipa::path(
    get, path = "/firms", operation_id = "firms", tag = "firms",
    responses((status = 200, description = "One firm: the caller's", body = Page<Firm>)),
)]
pub(crate) async fn firms(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Page<Firm>>, Problem> {
    let firm = app.read().await?.firm(caller.firm).await?.or_not_found()?;
    Ok(Json(Page::whole(vec![firm.into()])))
}

/// Makes a firm, where the installation allows it through the API.
#[utoipa::path(
    post, path = "/firms", operation_id = "create_firm", tag = "firms",
    params(crate::openapi::IdempotencyKey), request_body = NewFirm,
    responses((status = 201, description = "Made", body = Firm)),
)]
pub(crate) async fn create_firm(
    State(app): State<App>,
    caller: Caller,
    creation: Creation<NewFirm>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ManageFirm)?;
    if !app.options.firms_by_api {
        return Err(Problem::new(ProblemKind::NotPermitted)
            .with_detail("firms are made with `izinli firm create` on this installation"));
    }
    let password = hashed(&app, &creation.wanted().owner.password, "owner.password").await?;
    let actor = caller.actor.clone();
    creation
        .in_transaction(&app, &caller, async move |mut writer, wanted: NewFirm| {
            let mut firm = writer.create_firm(&wanted.name).await?;
            if wanted.practice {
                writer.begin_practice(firm.id).await?;
                firm.practice = true;
            }
            let owner = access::NewUser {
                email: wanted_email(&wanted.owner.email)?,
                name: wanted.owner.name,
                password,
                role: Role::Owner,
                language: wanted.owner.language,
            };
            let owner = writer.create_user(firm.id, owner).await?;
            let detail = json!({ "owner": owner.id, "practice": wanted.practice });
            writer
                .append_audit(
                    firm.id,
                    &actor,
                    "firm.create",
                    &firm.id.to_string(),
                    &detail,
                )
                .await?;
            Ok((writer, Firm::from(firm)))
        })
        .await
}

/// One firm.
#[utoipa::path(
    get, path = "/firms/{id}", operation_id = "firm", tag = "firms",
    params(("id" = String, Path, description = "The firm")),
    responses((status = 200, description = "The firm", body = Firm)),
)]
pub(crate) async fn firm(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<FirmId>,
) -> Result<Json<Firm>, Problem> {
    own(&caller, id)?;
    let firm = app.read().await?.firm(id).await?.or_not_found()?;
    Ok(Json(firm.into()))
}

/// Gives a firm another name.
#[utoipa::path(
    patch, path = "/firms/{id}", operation_id = "change_firm", tag = "firms",
    params(("id" = String, Path, description = "The firm")), request_body = FirmChange,
    responses((status = 200, description = "The firm as it is now", body = Firm)),
)]
pub(crate) async fn change_firm(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<FirmId>,
    Checked(change): Checked<FirmChange>,
) -> Result<Json<Firm>, Problem> {
    own(&caller, id)?;
    caller.needs(Permission::ManageFirm)?;
    let mut writer = app.write().await?;
    writer.rename_firm(id, &change.name).await?;
    let firm = writer.firm(id).await?.or_not_found()?;
    let detail = json!({ "name": change.name });
    writer
        .append_audit(id, &caller.actor, "firm.rename", &id.to_string(), &detail)
        .await?;
    writer.commit().await?;
    Ok(Json(firm.into()))
}

/// What going live would do, and what stands against it.
#[utoipa::path(
    get, path = "/firms/{id}/live", operation_id = "live_preview", tag = "firms",
    params(("id" = String, Path, description = "The firm")),
    responses((status = 200, description = "What would happen", body = LivePreview)),
)]
pub(crate) async fn live_preview(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<FirmId>,
) -> Result<Json<LivePreview>, Problem> {
    own(&caller, id)?;
    caller.needs(Permission::ManageFirm)?;
    let seen = app.engine.preview_live(id).await?;
    let obstacle = seen.obstacle.as_ref().map(practice);
    Ok(Json(LivePreview {
        practice: seen.firm.practice,
        registry_url: seen.registry_url,
        accounts: seen.accounts,
        brands: seen.brands,
        confirmation: "password",
        obstacle: obstacle.map(|told| LiveObstacle {
            code: told.code.into_owned(),
            text_tr: told.text_tr,
            text_en: told.text_en,
        }),
    }))
}

/// Ends practice for good, while the program runs: from now on real accounts
/// and the real İYS. The firm's simulated accounts are put aside, what a
/// simulator told in place of İYS is forgotten, and connected brands are off
/// until their mode is chosen anew.
#[utoipa::path(
    post, path = "/firms/{id}/live", operation_id = "go_live", tag = "firms",
    params(("id" = String, Path, description = "The firm")), request_body = GoLive,
    responses((status = 200, description = "The firm, live", body = Firm)),
)]
pub(crate) async fn go_live(
    State(app): State<App>,
    caller: Caller,
    address: CallerAddress,
    Id(id): Id<FirmId>,
    Checked(wanted): Checked<GoLive>,
) -> Result<Json<Firm>, Problem> {
    own(&caller, id)?;
    caller.needs(Permission::ManageFirm)?;
    confirmed_by_password(&app, &caller, address, wanted.password).await?;
    let firm = app.engine.go_live(id, &caller.actor).await?;
    Ok(Json(firm.into()))
}

/// Another firm does not exist for a caller.
fn own(caller: &Caller, id: FirmId) -> Result<(), Problem> {
    (caller.firm == id).then_some(()).or_not_found()
}
