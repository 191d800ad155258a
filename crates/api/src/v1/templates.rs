//! `/templates`: message texts that campaigns begin with, and how they read
//! and count with given values.

mod history;
mod letters;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::gate::Basis;
use domain::ids::{BrandId, FirmId, TemplateId};
use domain::lettering::Lettering;
use domain::segments::Count;
use domain::template::{MessageText, RenderError, Values, normalise};
use domain::{Channel, ReasonCode, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Reader;
use store::access::Permission;
use store::templates;
use utoipa::ToSchema;
use validator::Validate;

pub(crate) use history::*;
pub(crate) use letters::LetterChange;

use crate::app::App;
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::checks::not_blank;
use crate::creation::Creation;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem, ProblemKind, Where};
use crate::v1::campaigns::TextFinding;
use crate::words;
use letters::{billed, changes_in, lettering_of};

/// A message text (*şablon*) in its present version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Template {
    #[schema(value_type = String, example = "tpl_10000")]
    id: TemplateId,
    #[schema(value_type = String)]
    brand_id: BrandId,
    name: String,
    #[schema(value_type = words::Channel)]
    channel: Channel,
    /// The text with its variables, such as `Sayın {{ad}}`. Those that begin with
    /// `p_` are filled in by a call to `/messages`.
    body: String,
    /// The names it needs.
    variables: Vec<String>,
    /// Counts the changes, from 1.
    version: i64,
    /// What a commercial campaign's text would be told; absent in lists. A text
    /// is saved all the same: who sends it and how to refuse may still come.
    findings: Option<Vec<TextFinding>>,
    /// The owner who let this very text use health data.
    health_approved_by: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<templates::Template> for Template {
    fn from(template: templates::Template) -> Self {
        let text = MessageText::parse(&template.body);
        Self {
            id: template.id,
            brand_id: template.brand,
            name: template.name,
            channel: template.channel,
            variables: text
                .map(|text| text.variables().to_vec())
                .unwrap_or_default(),
            body: template.body,
            version: template.version,
            findings: None,
            health_approved_by: template.health_approved_by,
            created_at: template.created_at,
            updated_at: template.updated_at,
        }
    }
}

impl Template {
    /// One template with what is found in it.
    async fn with_findings(
        app: &App,
        firm: FirmId,
        template: templates::Template,
    ) -> Result<Self, Problem> {
        let found = app
            .engine
            .lint_text(
                firm,
                template.brand,
                &template.body,
                (Basis::Commercial, template.channel),
                Lettering::AsWritten,
            )
            .await?;
        Ok(Self {
            findings: Some(found.into_iter().map(TextFinding::from).collect()),
            ..Self::from(template)
        })
    }
}

/// A text to be added.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTemplate {
    #[schema(value_type = String)]
    brand_id: BrandId,
    #[validate(length(min = 1, max = 100), custom(function = "not_blank"))]
    name: String,
    #[schema(value_type = words::Channel)]
    channel: Channel,
    #[validate(length(min = 1, max = 2_048))]
    body: String,
    /// An owner lets the text use health data; without it such a text is refused (S405).
    #[serde(default)]
    health_approval: bool,
}

/// Changes of a text; what is absent stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateChange {
    /// The version the change was made from: somebody else's change in between is a conflict.
    version: i64,
    #[validate(length(min = 1, max = 100), custom(function = "not_blank"))]
    name: Option<String>,
    #[validate(length(min = 1, max = 2_048))]
    body: Option<String>,
    /// An owner lets the text, as it is after this change, use health data.
    #[serde(default)]
    health_approval: bool,
}

/// Values to read a text with.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewRequest {
    /// By the names of the variables.
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, String>)]
    values: Values,
    /// What is done to the characters of a text message; nothing unless given.
    #[schema(value_type = Option<words::Lettering>)]
    lettering: Option<Lettering>,
}

/// A text as one person would get it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Preview {
    /// The text; absent while values are missing.
    text: Option<String>,
    /// Variables without a value (S401).
    missing: Vec<String>,
    /// How long it is; of the text as written while values are missing.
    length: Length,
    /// Which of its characters leave as another one.
    changes: Vec<LetterChange>,
}

/// How long a text is, and so what it costs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Length {
    /// `GSM-7`, `GSM-7-TR` (with a Turkish table), `UCS-2` or `ISO-8859-9`.
    encoding: &'static str,
    /// Units, the room for the operator's suffix included.
    units: u32,
    /// Parts (*boy*) that are sent and billed.
    parts: u32,
}

impl From<Count> for Length {
    fn from(counted: Count) -> Self {
        use domain::segments::Encoding::{Gsm7, Latin5, Turkish, Ucs2};
        let encoding = match counted.encoding {
            Gsm7 => "GSM-7",
            Turkish => "GSM-7-TR",
            Ucs2 => "UCS-2",
            Latin5 => "ISO-8859-9",
        };
        Self {
            encoding,
            units: counted.units,
            parts: counted.parts,
        }
    }
}

/// A text to be read for what it lacks and should not hold.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextToCheck {
    #[schema(value_type = String)]
    brand_id: BrandId,
    #[schema(value_type = words::Channel)]
    channel: Channel,
    #[schema(value_type = words::Basis)]
    basis: Basis,
    #[validate(length(min = 1, max = 2_048))]
    body: String,
    /// What is done to the characters of a text message; nothing unless given.
    #[schema(value_type = Option<words::Lettering>)]
    lettering: Option<Lettering>,
}

/// What was found in a text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckedText {
    /// The text in our own form: `{@alan}` becomes `{{alan}}`.
    body: String,
    /// What was changed.
    notes: Vec<String>,
    /// The names it needs.
    variables: Vec<String>,
    findings: Vec<TextFinding>,
    /// Length as it leaves, as Turkish providers bill it.
    length: Length,
    /// The text as it leaves, its variables not filled in yet.
    leaves_as: String,
    /// Which of its characters leave as another one.
    changes: Vec<LetterChange>,
}

/// Reads a text for mandatory content, promotion and cost while it is written.
/// Changes nothing.
#[utoipa::path(
    post, path = "/texts/check", operation_id = "check_text", tag = "templates",
    request_body = TextToCheck,
    responses((status = 200, description = "What was found", body = CheckedText)),
)]
pub(crate) async fn check_text(
    State(app): State<App>,
    caller: Caller,
    Checked(asked): Checked<TextToCheck>,
) -> Result<Json<CheckedText>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let (body, notes) = normalise(&asked.body);
    let text = is_a_text(&body)?;
    let lettering = lettering_of(asked.lettering, asked.channel);
    let lengths = billed(lettering);
    let findings = app
        .engine
        .lint_text(
            caller.firm,
            asked.brand_id,
            &body,
            (asked.basis, asked.channel),
            lettering,
        )
        .await?;
    Ok(Json(CheckedText {
        notes,
        variables: text.variables().to_vec(),
        findings: findings.into_iter().map(TextFinding::from).collect(),
        length: lengths.count(&body).into(),
        leaves_as: lettering.apply(&body).into_owned(),
        changes: changes_in(&body, lettering),
        body,
    }))
}

/// The texts of the firm.
#[utoipa::path(
    get, path = "/templates", operation_id = "templates", tag = "templates", params(Paging),
    responses((status = 200, description = "Oldest first", body = Page<Template>)),
)]
pub(crate) async fn templates(
    State(app): State<App>,
    caller: Caller,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Template>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let rows = app
        .read()
        .await?
        .templates(caller.firm, paging.after()?, paging.rows()?)
        .await?;
    paging
        .page(rows, |template| template.id.to_string(), Template::from)
        .map(Json)
}

/// Adds a text.
#[utoipa::path(
    post, path = "/templates", operation_id = "create_template", tag = "templates",
    params(crate::openapi::IdempotencyKey), request_body = NewTemplate,
    responses((status = 201, description = "Added", body = Template)),
)]
pub(crate) async fn create_template(
    State(app): State<App>,
    caller: Caller,
    creation: Creation<NewTemplate>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ManageTemplates)?;
    let body = normalise(&creation.wanted().body).0;
    let text = is_a_text(&body)?;
    app.engine
        .check_template_names(caller.firm, "body", text.variables())
        .await?;
    let approver = may_approve_health(&caller, creation.wanted().health_approval)?;
    let (firm, actor) = (caller.firm, caller.actor.clone());
    let reader = app.clone();
    creation
        .in_transaction(
            &app,
            &caller,
            async move |mut writer, wanted: NewTemplate| {
                writer.brand(firm, wanted.brand_id).await?.or_not_found()?;
                let text = is_a_text(&wanted.body)?;
                let uses_health = uses_health(&mut writer, firm, &text).await?;
                let health_approved_by = approval(uses_health, approver, None)?;
                let new = templates::NewTemplate {
                    brand: wanted.brand_id,
                    name: wanted.name,
                    channel: wanted.channel,
                    body: normalise(&wanted.body).0,
                    health_approved_by,
                };
                let made = writer.create_template(firm, new).await?;
                let subject = made.id.to_string();
                writer
                    .append_audit(firm, &actor, "template.create", &subject, &json!({}))
                    .await?;
                let shown = Template::with_findings(&reader, firm, made).await?;
                Ok((writer, shown))
            },
        )
        .await
}

/// One text.
#[utoipa::path(
    get, path = "/templates/{id}", operation_id = "template", tag = "templates",
    params(("id" = String, Path, description = "The text")),
    responses((status = 200, description = "The text", body = Template)),
)]
pub(crate) async fn template(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TemplateId>,
) -> Result<Json<Template>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let found = app
        .read()
        .await?
        .template(caller.firm, id)
        .await?
        .or_not_found()?;
    Template::with_findings(&app, caller.firm, found)
        .await
        .map(Json)
}

/// Changes a text. Campaigns that began from it keep theirs.
#[utoipa::path(
    patch, path = "/templates/{id}", operation_id = "change_template", tag = "templates",
    params(("id" = String, Path, description = "The text")), request_body = TemplateChange,
    responses((status = 200, description = "The text as it is now", body = Template)),
)]
pub(crate) async fn change_template(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TemplateId>,
    Checked(change): Checked<TemplateChange>,
) -> Result<Json<Template>, Problem> {
    caller.needs(Permission::ManageTemplates)?;
    let body = change.body.as_deref().map(|body| normalise(body).0);
    if let Some(body) = &body {
        let text = is_a_text(body)?;
        app.engine
            .check_template_names(caller.firm, "body", text.variables())
            .await?;
    }
    let mut writer = app.write().await?;
    let mut held = writer.template(caller.firm, id).await?.or_not_found()?;
    if held.version != change.version {
        return Err(Problem::new(ProblemKind::Conflict)
            .with_detail(format!("the text is at version {} now", held.version)));
    }
    let approver = may_approve_health(&caller, change.health_approval)?;
    held.name = change.name.unwrap_or(held.name);
    // What was approved are these words and no others.
    let same_words = body.as_ref().is_none_or(|body| *body == held.body);
    held.body = body.unwrap_or(held.body);
    let text = is_a_text(&held.body)?;
    let uses_health = uses_health(&mut writer, caller.firm, &text).await?;
    let earlier = held.health_approved_by.take().filter(|_| same_words);
    held.health_approved_by = approval(uses_health, approver, earlier)?;
    let saved = writer.save_template(&held).await?;
    let detail = json!({ "version": saved.version });
    let subject = id.to_string();
    writer
        .append_audit(
            caller.firm,
            &caller.actor,
            "template.change",
            &subject,
            &detail,
        )
        .await?;
    writer.commit().await?;
    Template::with_findings(&app, caller.firm, saved)
        .await
        .map(Json)
}

/// The text with given values, and how long it is.
#[utoipa::path(
    post, path = "/templates/{id}/preview", operation_id = "preview_template", tag = "templates",
    params(("id" = String, Path, description = "The text")), request_body = PreviewRequest,
    responses((status = 200, description = "As one person would get it", body = Preview)),
)]
pub(crate) async fn preview_template(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TemplateId>,
    Checked(asked): Checked<PreviewRequest>,
) -> Result<Json<Preview>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let found = app
        .read()
        .await?
        .template(caller.firm, id)
        .await?
        .or_not_found()?;
    let text = is_a_text(&found.body)?;
    let has_value = |name: &&String| {
        asked
            .values
            .get(*name)
            .is_some_and(|value| !value.trim().is_empty())
    };
    let missing: Vec<String> = text
        .required()
        .iter()
        .filter(|name| !has_value(name))
        .cloned()
        .collect();
    let rendered = match text.render(&asked.values) {
        Ok(rendered) => Some(rendered),
        Err(RenderError::Missing { .. }) => None,
        Err(RenderError::Failed(problem)) => return Err(no_text(problem)),
    };
    let counted = rendered.as_deref().unwrap_or(&found.body);
    let lettering = lettering_of(asked.lettering, found.channel);
    let length = billed(lettering).count(counted).into();
    let changes = changes_in(counted, lettering);
    Ok(Json(Preview {
        text: rendered.map(|text| lettering.apply(&text).into_owned()),
        missing,
        length,
        changes,
    }))
}

/// The caller as the one who lets a text use health data, where they ask to.
///
/// # Errors
/// [`crate::problem::ProblemKind::NotPermitted`] for whoever is no owner.
fn may_approve_health(caller: &Caller, asked: bool) -> Result<Option<String>, Problem> {
    if !asked {
        return Ok(None);
    }
    caller.needs(Permission::ManageFirm)?;
    Ok(Some(caller.actor.clone()))
}

/// The health attribute that a text uses, by its label.
async fn uses_health(
    reader: &mut Reader,
    firm: FirmId,
    text: &MessageText,
) -> Result<Option<String>, Problem> {
    let defined = reader.attributes(firm).await?;
    let used = defined.into_iter().map(|one| one.attribute);
    let mut health = used.filter(|one| one.is_health && text.variables().contains(&one.code));
    Ok(health.next().map(|one| one.label_tr))
}

/// Who let the text use health data; nobody needs to where it uses none.
///
/// # Errors
/// S405 where it does and nobody did.
fn approval(
    health: Option<String>,
    approver: Option<String>,
    earlier: Option<String>,
) -> Result<Option<String>, Problem> {
    let Some(label) = health else {
        return Ok(None);
    };
    let approved = approver.or(earlier);
    if approved.is_none() {
        let args = [("attribute".to_owned(), label)];
        return Err(Problem::refused(ReasonCode::S405, &args));
    }
    Ok(approved)
}

fn is_a_text(body: &str) -> Result<MessageText, Problem> {
    MessageText::parse(body).map_err(|error| no_text(error.to_string()))
}

fn no_text(problem: String) -> Problem {
    Problem::invalid(vec![Where::new("body", "text")]).with_detail(problem)
}
