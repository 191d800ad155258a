//! What a text said before, what may stand in it, and what it would come to
//! over real people.

use axum::Json;
use axum::extract::State;
use domain::attribute::AttributeKind;
use domain::gate::Basis;
use domain::ids::{ConnectorId, TemplateId};
use domain::{RecipientKind, Timestamp};
use engine::variables;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::campaigns::NewCampaign;
use store::templates;
use utoipa::ToSchema;
use validator::Validate;

use crate::app::App;
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem};
use crate::v1::campaigns::{Audience, MeasuredText};
use crate::words;

/// What a text said at one of its versions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TemplateVersion {
    version: i64,
    name: String,
    body: String,
    health_approved_by: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    saved_at: Timestamp,
}

impl From<templates::TemplateVersion> for TemplateVersion {
    fn from(held: templates::TemplateVersion) -> Self {
        Self {
            version: held.version,
            name: held.name,
            body: held.body,
            health_approved_by: held.health_approved_by,
            saved_at: held.saved_at,
        }
    }
}

/// What a text said at each of its versions. Campaigns name the one that they
/// were made of.
#[utoipa::path(
    get, path = "/templates/{id}/versions", operation_id = "template_versions", tag = "templates",
    params(("id" = String, Path, description = "The text"), Paging),
    responses((status = 200, description = "Newest first", body = Page<TemplateVersion>)),
)]
pub(crate) async fn template_versions(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TemplateId>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<TemplateVersion>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    reader.template(caller.firm, id).await?.or_not_found()?;
    let rows = reader
        .template_versions(caller.firm, id, paging.after()?, paging.rows()?)
        .await?;
    paging
        .page(rows, |held| held.version.to_string(), TemplateVersion::from)
        .map(Json)
}

/// A variable that a text may use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TextVariable {
    /// The name that stands in braces.
    #[schema(example = "ad")]
    name: String,
    label_tr: String,
    label_en: String,
    /// What its values are.
    #[schema(value_type = words::AttributeKind)]
    kind: AttributeKind,
    /// `contact`, `attribute`, or `message` for what is made for each message.
    #[schema(example = "contact")]
    from: &'static str,
    is_personal: bool,
    /// Health data: in no text without an owner's approval (S405).
    is_health: bool,
}

impl From<variables::Variable> for TextVariable {
    fn from(one: variables::Variable) -> Self {
        Self {
            name: one.name,
            label_tr: one.label_tr,
            label_en: one.label_en,
            kind: one.kind,
            from: one.from.as_str(),
            is_personal: one.is_personal,
            is_health: one.is_health,
        }
    }
}

/// The variables that the firm's texts may use; any other is refused.
#[utoipa::path(
    get, path = "/variables", operation_id = "text_variables", tag = "templates",
    responses((status = 200, description = "Fields of people, attributes, the own link", body = Page<TextVariable>)),
)]
pub(crate) async fn text_variables(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Page<TextVariable>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let list = app.engine.variables(caller.firm).await?;
    Ok(Json(Page::whole(
        list.into_iter().map(TextVariable::from).collect(),
    )))
}

/// Over whom a text is measured.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeasureWish {
    audience: Audience,
    #[schema(value_type = words::RecipientKind)]
    kind: RecipientKind,
    #[schema(value_type = words::Basis)]
    basis: Basis,
    /// The account whose table and suffix count.
    #[schema(value_type = String)]
    connector_id: ConnectorId,
}

/// Counts the text for everybody of an audience who would get it: worst case,
/// parts, alphabets and cost over the real people.
#[utoipa::path(
    post, path = "/templates/{id}/measure", operation_id = "measure_template", tag = "templates",
    params(("id" = String, Path, description = "The text")), request_body = MeasureWish,
    responses((status = 200, description = "How long it becomes", body = MeasuredText)),
)]
pub(crate) async fn measure_template(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TemplateId>,
    Checked(wish): Checked<MeasureWish>,
) -> Result<Json<MeasuredText>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let held = reader.template(caller.firm, id).await?.or_not_found()?;
    drop(reader);
    let new = NewCampaign {
        promotion: None,
        brand: held.brand,
        name: held.name,
        channel: held.channel,
        kind: wish.kind,
        basis: wish.basis,
        purpose: String::new(),
        template: Some(id),
        body: held.body,
        sender: String::new(),
        connector: wish.connector_id,
        audience: wish.audience.into_store(),
        batch_size: 0,
        plan: domain::plan::Plan::default(),
    };
    let measured = app.engine.measure_imagined(caller.firm, new).await?;
    Ok(Json(MeasuredText::of(&caller, measured)))
}
