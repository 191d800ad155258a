//! `/users`: the people who sign in. Nobody gives or touches more than they
//! have themselves.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::ids::UserId;
use domain::{EmailAddress, Timestamp};
use rand::RngCore;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::access::{self, Language, PasswordError, PasswordHash, Permission, Role, hash_password};
use utoipa::ToSchema;
use validator::Validate;

use crate::app::{App, randomness};
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::checks::{email, not_blank};
use crate::creation::Creation;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem};
use crate::words;

/// A person who works in the panel (*kullanıcı*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct User {
    #[schema(value_type = String, example = "usr_10000")]
    id: UserId,
    /// What they sign in with.
    #[schema(value_type = String)]
    email: EmailAddress,
    name: String,
    #[schema(value_type = words::Role)]
    role: Role,
    #[schema(value_type = words::Language)]
    language: Language,
    /// Since when they may not sign in.
    #[schema(value_type = Option<String>, format = DateTime)]
    disabled_at: Option<Timestamp>,
}

impl From<access::User> for User {
    fn from(user: access::User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            role: user.role,
            language: user.language,
            disabled_at: user.disabled_at,
        }
    }
}

/// A person to be added.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    #[validate(custom(function = "email"))]
    email: String,
    #[validate(length(min = 1, max = 200), custom(function = "not_blank"))]
    name: String,
    #[schema(value_type = words::Role)]
    role: Role,
    #[schema(value_type = words::Language)]
    language: Language,
    /// 12 characters at least.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// Changes of a person; what is absent stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChange {
    #[validate(length(min = 1, max = 200), custom(function = "not_blank"))]
    name: Option<String>,
    #[schema(value_type = Option<words::Role>)]
    role: Option<Role>,
    #[schema(value_type = Option<words::Language>)]
    language: Option<Language>,
    /// True signs them out everywhere and keeps them out.
    disabled: Option<bool>,
    /// A new password; signs them out everywhere.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<SecretString>,
}

/// The people of the firm.
#[utoipa::path(
    get, path = "/users", operation_id = "users", tag = "users", params(Paging),
    responses((status = 200, description = "Oldest account first", body = Page<User>)),
)]
pub(crate) async fn users(
    State(app): State<App>,
    caller: Caller,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<User>>, Problem> {
    caller.needs(Permission::ManageUsers)?;
    let rows = app
        .read()
        .await?
        .users(caller.firm, paging.after()?, paging.rows()?)
        .await?;
    paging
        .page(rows, |user| user.id.to_string(), User::from)
        .map(Json)
}

/// Adds a person.
#[utoipa::path(
    post, path = "/users", operation_id = "create_user", tag = "users",
    params(crate::openapi::IdempotencyKey), request_body = NewUser,
    responses((status = 201, description = "Added", body = User)),
)]
pub(crate) async fn create_user(
    State(app): State<App>,
    caller: Caller,
    creation: Creation<NewUser>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ManageUsers)?;
    may_give(&caller, creation.wanted().role)?;
    let password = hashed(&app, &creation.wanted().password, "password").await?;
    let (firm, actor) = (caller.firm, caller.actor.clone());
    creation
        .in_transaction(&app, &caller, async move |mut writer, wanted: NewUser| {
            let new = access::NewUser {
                email: wanted_email(&wanted.email)?,
                name: wanted.name,
                password,
                role: wanted.role,
                language: wanted.language,
            };
            let user = writer.create_user(firm, new).await?;
            let detail = json!({ "role": user.role });
            writer
                .append_audit(firm, &actor, "user.create", &user.id.to_string(), &detail)
                .await?;
            Ok((writer, User::from(user)))
        })
        .await
}

/// Changes a person. Everybody may change their own name and language.
#[utoipa::path(
    patch, path = "/users/{id}", operation_id = "change_user", tag = "users",
    params(("id" = String, Path, description = "The person")), request_body = UserChange,
    responses((status = 200, description = "The person as they are now", body = User)),
)]
pub(crate) async fn change_user(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UserId>,
    Checked(change): Checked<UserChange>,
) -> Result<Json<User>, Problem> {
    let is_harmless =
        change.role.is_none() && change.disabled.is_none() && change.password.is_none();
    let is_oneself = caller.actor == format!("user:{id}");
    if !(is_oneself && is_harmless) {
        caller.needs(Permission::ManageUsers)?;
    }
    let password = match &change.password {
        Some(plain) => Some(hashed(&app, plain, "password").await?),
        None => None,
    };
    let detail = changed_fields(&change);
    let mut writer = app.write().await?;
    let mut user = writer
        .user_to_change(caller.firm, id)
        .await
        .or_not_found()?;
    if !is_oneself {
        may_give(&caller, user.role)?;
    }
    if let Some(role) = change.role {
        may_give(&caller, role)?;
        user.role = role;
    }
    user.name = change.name.unwrap_or(user.name);
    user.language = change.language.unwrap_or(user.language);
    match change.disabled {
        Some(true) => user.disabled_at = user.disabled_at.or(Some(app.now())),
        Some(false) => user.disabled_at = None,
        None => {}
    }
    writer.save_user(&user).await?;
    if let Some(password) = password {
        writer.set_password(caller.firm, id, &password).await?;
    }
    writer
        .append_audit(
            caller.firm,
            &caller.actor,
            "user.change",
            &id.to_string(),
            &detail,
        )
        .await?;
    writer.commit().await?;
    Ok(Json(user.into()))
}

/// What the trail keeps of a change: fields, and no personal data.
fn changed_fields(change: &UserChange) -> Value {
    json!({
        "name": change.name.is_some(),
        "role": change.role,
        "language": change.language,
        "disabled": change.disabled,
        "password": change.password.is_some(),
    })
}

/// Nobody makes a person or key that may do more than they may.
pub(super) fn may_give(caller: &Caller, role: Role) -> Result<(), Problem> {
    if caller.role.may_give(role) {
        Ok(())
    } else {
        Err(Problem::field("role", "role"))
    }
}

/// An e-mail address whose form was checked.
pub(super) fn wanted_email(text: &str) -> Result<EmailAddress, Problem> {
    EmailAddress::from_normalised(text).ok_or_else(|| Problem::field("email", "email"))
}

/// The hash of a new password; one of few that are computed at a time.
pub(super) async fn hashed(
    app: &App,
    password: &SecretString,
    field: &'static str,
) -> Result<PasswordHash, Problem> {
    let _one_of_few = app
        .hashing
        .acquire()
        .await
        .map_err(|error| Problem::internal(&error))?;
    let mut salt = [0_u8; 16];
    randomness()?.fill_bytes(&mut salt);
    let password = password.clone();
    let hash = tokio::task::spawn_blocking(move || hash_password(&password, salt))
        .await
        .map_err(|error| Problem::internal(&error))?;
    hash.map_err(|error| match error {
        PasswordError::TooShort => Problem::field(field, "password_short"),
        PasswordError::TooLong => Problem::field(field, "password_long"),
        PasswordError::Failed => Problem::internal(&error),
    })
}
