//! `/attributes`: what the firm keeps of people beyond name and address.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::Timestamp;
use domain::attribute::{self, AttributeKind};
use domain::ids::AttributeId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::access::Permission;
use store::attributes::Defined;
use utoipa::ToSchema;
use validator::Validate;

use crate::app::App;
use crate::body::{Checked, Id};
use crate::caller::Caller;
use crate::creation::Creation;
use crate::page::Page;
use crate::problem::{OrNotFound, Problem, Where};
use crate::words;

/// An attribute of people (*özel alan*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Attribute {
    #[schema(value_type = String, example = "atr_10000")]
    id: AttributeId,
    /// Its name in texts (`{{semt}}`), files and calls; never changes.
    code: String,
    label_tr: String,
    label_en: String,
    /// What its values are; never changes.
    #[schema(value_type = words::AttributeKind)]
    kind: AttributeKind,
    /// Whether a person may have several values.
    is_array: bool,
    /// Personal data: masked for roles that may not read it.
    is_personal: bool,
    /// Health data: masked too, and in no text without an owner's approval (S405).
    is_health: bool,
    /// The words of a choice.
    choices: Vec<String>,
    /// Its place in lists, ascending.
    position: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Defined> for Attribute {
    fn from(defined: Defined) -> Self {
        let one = defined.attribute;
        Self {
            id: defined.id,
            code: one.code,
            label_tr: one.label_tr,
            label_en: one.label_en,
            kind: one.kind,
            is_array: one.is_array,
            is_personal: one.is_personal,
            is_health: one.is_health,
            choices: one.choices,
            position: one.position,
            created_at: defined.created_at,
            updated_at: defined.updated_at,
        }
    }
}

/// An attribute to be added.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAttribute {
    /// 1 to 40 lower-case letters, digits and `_`, beginning with a letter.
    #[validate(length(min = 1, max = 40))]
    code: String,
    #[validate(length(min = 1, max = 60))]
    label_tr: String,
    #[validate(length(min = 1, max = 60))]
    label_en: String,
    #[schema(value_type = words::AttributeKind)]
    kind: AttributeKind,
    #[serde(default)]
    is_array: bool,
    #[serde(default)]
    is_personal: bool,
    #[serde(default)]
    is_health: bool,
    /// 1 to 100 words for a choice, none for other types.
    #[serde(default)]
    #[validate(length(max = 100))]
    choices: Vec<String>,
    #[serde(default)]
    #[validate(range(min = 0, max = 10_000))]
    position: i64,
}

/// Changes of an attribute; what is absent stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttributeChange {
    #[validate(length(min = 1, max = 60))]
    label_tr: Option<String>,
    #[validate(length(min = 1, max = 60))]
    label_en: Option<String>,
    /// Taking this mark or the next away needs an owner.
    is_personal: Option<bool>,
    is_health: Option<bool>,
    #[validate(length(max = 100))]
    choices: Option<Vec<String>>,
    #[validate(range(min = 0, max = 10_000))]
    position: Option<i64>,
}

/// The attributes of the firm.
#[utoipa::path(
    get, path = "/attributes", operation_id = "attributes", tag = "attributes",
    responses((status = 200, description = "All of them, by place and code", body = Page<Attribute>)),
)]
pub(crate) async fn attributes(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Page<Attribute>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let rows = app.read().await?.attributes(caller.firm).await?;
    Ok(Json(Page::whole(
        rows.into_iter().map(Attribute::from).collect(),
    )))
}

/// Adds an attribute.
#[utoipa::path(
    post, path = "/attributes", operation_id = "create_attribute", tag = "attributes",
    params(crate::openapi::IdempotencyKey), request_body = NewAttribute,
    responses((status = 201, description = "Added", body = Attribute)),
)]
pub(crate) async fn create_attribute(
    State(app): State<App>,
    caller: Caller,
    creation: Creation<NewAttribute>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ManageBrands)?;
    let (firm, actor) = (caller.firm, caller.actor.clone());
    creation
        .in_transaction(
            &app,
            &caller,
            async move |mut writer, wanted: NewAttribute| {
                let new = attribute::Attribute {
                    code: wanted.code,
                    label_tr: wanted.label_tr.trim().to_owned(),
                    label_en: wanted.label_en.trim().to_owned(),
                    kind: wanted.kind,
                    is_array: wanted.is_array,
                    is_personal: wanted.is_personal,
                    is_health: wanted.is_health,
                    choices: wanted.choices,
                    position: wanted.position,
                };
                checked(&new)?;
                let made = writer.create_attribute(firm, new).await?;
                let (subject, detail) = (made.id.to_string(), detail(&made));
                writer
                    .append_audit(firm, &actor, "attribute.create", &subject, &detail)
                    .await?;
                Ok((writer, Attribute::from(made)))
            },
        )
        .await
}

/// Changes an attribute. Its code and type stay.
#[utoipa::path(
    patch, path = "/attributes/{id}", operation_id = "change_attribute", tag = "attributes",
    params(("id" = String, Path, description = "The attribute")), request_body = AttributeChange,
    responses((status = 200, description = "The attribute as it is now", body = Attribute)),
)]
pub(crate) async fn change_attribute(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<AttributeId>,
    Checked(change): Checked<AttributeChange>,
) -> Result<Json<Attribute>, Problem> {
    caller.needs(Permission::ManageBrands)?;
    let mut writer = app.write().await?;
    let mut held = writer.attribute(caller.firm, id).await?.or_not_found()?;
    let one = &mut held.attribute;
    let lifts = |held: bool, wanted: Option<bool>| held && wanted == Some(false);
    if lifts(one.is_personal, change.is_personal) || lifts(one.is_health, change.is_health) {
        caller.needs(Permission::ManageFirm)?;
    }
    let trimmed = |text: String| text.trim().to_owned();
    one.label_tr = change
        .label_tr
        .map_or_else(|| one.label_tr.clone(), trimmed);
    one.label_en = change
        .label_en
        .map_or_else(|| one.label_en.clone(), trimmed);
    one.is_personal = change.is_personal.unwrap_or(one.is_personal);
    one.is_health = change.is_health.unwrap_or(one.is_health);
    one.choices = change.choices.unwrap_or_else(|| one.choices.clone());
    one.position = change.position.unwrap_or(one.position);
    checked(one)?;
    let saved = writer.save_attribute(caller.firm, &held).await?;
    let detail = detail(&saved);
    let subject = id.to_string();
    writer
        .append_audit(
            caller.firm,
            &caller.actor,
            "attribute.change",
            &subject,
            &detail,
        )
        .await?;
    writer.commit().await?;
    Ok(Json(saved.into()))
}

fn checked(attribute: &attribute::Attribute) -> Result<(), Problem> {
    attribute.check().map_err(|error| {
        Problem::invalid(vec![Where::new(error.field(), "unreadable")])
            .with_detail(error.to_string())
    })
}

fn detail(defined: &Defined) -> serde_json::Value {
    let one = &defined.attribute;
    json!({
        "code": one.code, "kind": one.kind, "is_personal": one.is_personal,
        "is_health": one.is_health,
    })
}
