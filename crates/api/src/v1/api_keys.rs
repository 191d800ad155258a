//! `/api-keys`: keys of programs. The text of a key is shown once.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::Timestamp;
use domain::ids::ApiKeyId;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::access::{self, Permission, Role};
use store::token::ApiKeySecret;
use utoipa::ToSchema;
use validator::Validate;

use super::users::may_give;
use crate::app::{App, randomness};
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::checks::not_blank;
use crate::creation::Creation;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem, ProblemKind};
use crate::words;

/// A key, without its text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKey {
    #[schema(value_type = String, example = "key_10000")]
    id: ApiKeyId,
    /// What it is for.
    name: String,
    #[schema(value_type = words::Role)]
    role: Role,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// From when on it no longer works.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Since when it was withdrawn.
    #[schema(value_type = Option<String>, format = DateTime)]
    disabled_at: Option<Timestamp>,
}

impl From<access::ApiKey> for ApiKey {
    fn from(key: access::ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            role: key.role,
            created_at: key.created_at,
            expires_at: key.expires_at,
            disabled_at: key.disabled_at,
        }
    }
}

/// A key to be made.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApiKey {
    /// What it is for.
    #[validate(length(min = 1, max = 200), custom(function = "not_blank"))]
    name: String,
    #[schema(value_type = words::Role)]
    role: Role,
    /// From when on it no longer works; never unless given.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// A key that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssuedApiKey {
    /// Its text, shown this once: `Authorization: Bearer izk_…`.
    key: String,
    api_key: ApiKey,
}

/// The only change of a key: its end.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiKeyChange {
    /// True withdraws the key; it cannot be taken back.
    disabled: bool,
}

/// The keys of the firm, withdrawn ones included.
#[utoipa::path(
    get, path = "/api-keys", operation_id = "api_keys", tag = "api-keys", params(Paging),
    responses((status = 200, description = "Oldest first", body = Page<ApiKey>)),
)]
pub(crate) async fn api_keys(
    State(app): State<App>,
    caller: Caller,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<ApiKey>>, Problem> {
    caller.needs(Permission::ManageKeys)?;
    let rows = app
        .read()
        .await?
        .api_keys(caller.firm, paging.after()?, paging.rows()?)
        .await?;
    paging
        .page(rows, |key| key.id.to_string(), ApiKey::from)
        .map(Json)
}

/// Makes a key and shows its text this once.
#[utoipa::path(
    post, path = "/api-keys", operation_id = "create_api_key", tag = "api-keys",
    params(crate::openapi::IdempotencyKey), request_body = NewApiKey,
    responses((status = 201, description = "Made", body = IssuedApiKey)),
)]
pub(crate) async fn create_api_key(
    State(app): State<App>,
    caller: Caller,
    creation: Creation<NewApiKey>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ManageKeys)?;
    may_give(&caller, creation.wanted().role)?;
    if creation
        .wanted()
        .expires_at
        .is_some_and(|at| at <= app.now())
    {
        return Err(Problem::field("expires_at", "past"));
    }
    let secret = ApiKeySecret::generate(&mut randomness()?);
    let (firm, actor) = (caller.firm, caller.actor.clone());
    creation
        .in_transaction(&app, &caller, async move |mut writer, wanted: NewApiKey| {
            let NewApiKey {
                name,
                role,
                expires_at,
            } = wanted;
            let made = writer
                .create_api_key(firm, &name, role, expires_at, &secret)
                .await?;
            let detail = json!({ "role": role, "expires_at": expires_at });
            writer
                .append_audit(
                    firm,
                    &actor,
                    "api_key.create",
                    &made.id.to_string(),
                    &detail,
                )
                .await?;
            let key = secret.text().expose_secret().to_owned();
            Ok((
                writer,
                IssuedApiKey {
                    key,
                    api_key: made.into(),
                },
            ))
        })
        .await
}

/// Withdraws a key.
#[utoipa::path(
    patch, path = "/api-keys/{id}", operation_id = "change_api_key", tag = "api-keys",
    params(("id" = String, Path, description = "The key")), request_body = ApiKeyChange,
    responses((status = 200, description = "The key as it is now", body = ApiKey)),
)]
pub(crate) async fn change_api_key(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApiKeyId>,
    Checked(change): Checked<ApiKeyChange>,
) -> Result<Json<ApiKey>, Problem> {
    caller.needs(Permission::ManageKeys)?;
    let mut writer = app.write().await?;
    // A page of one, beginning just before the key.
    let before = ApiKeyId::from_db(id.as_db().saturating_sub(1));
    let found = writer.api_keys(caller.firm, Some(before), 1).await?;
    let mut key = found.into_iter().find(|key| key.id == id).or_not_found()?;
    may_give(&caller, key.role)?;
    match (change.disabled, key.disabled_at) {
        (true, None) => {
            writer.disable_api_key(caller.firm, id).await?;
            key.disabled_at = Some(app.now());
            let subject = id.to_string();
            writer
                .append_audit(
                    caller.firm,
                    &caller.actor,
                    "api_key.disable",
                    &subject,
                    &json!({}),
                )
                .await?;
            writer.commit().await?;
        }
        (true, Some(_)) | (false, None) => {}
        (false, Some(_)) => {
            return Err(Problem::new(ProblemKind::Conflict)
                .with_detail("a withdrawn key stays withdrawn; make a new one"));
        }
    }
    Ok(Json(key.into()))
}
