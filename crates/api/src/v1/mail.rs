//! `/campaigns/{id}/mail` and `/templates/{id}/mail`: what an e-mail has
//! besides its text.

use axum::Json;
use axum::extract::State;
use domain::Timestamp;
use domain::ids::{CampaignId, TemplateId};
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::mail_content::{self, MailContent, MailOwner};
use utoipa::ToSchema;
use validator::Validate;

use crate::app::App;
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::checks::not_blank;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem};

/// Subject, pre-header and HTML of an e-mail. The text beside the HTML is the body of the
/// campaign or template.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mail {
    /// One line; variables as in texts, such as `Sayın {{ad}}`.
    #[validate(length(min = 1, max = 200), custom(function = "not_blank"))]
    subject: String,
    /// Variables are escaped. `{{ret_linki}}` is the person's own link to
    /// refuse; where a commercial message has none, it is added at the end.
    #[validate(length(min = 1, max = 100_000))]
    html: Option<String>,
    /// Where replies go, unless to where the account sends them.
    #[validate(length(min = 6, max = 265))]
    reply_to: Option<String>,
    /// What an inbox shows behind the subject (*ön başlık*): one line, hidden at
    /// the top of the HTML, which must be there. Variables as in texts.
    #[validate(length(min = 1, max = 200), custom(function = "not_blank"))]
    preheader: Option<String>,
}

impl From<MailContent> for Mail {
    fn from(content: MailContent) -> Self {
        Self {
            subject: content.subject,
            html: content.html,
            reply_to: content.reply_to,
            preheader: content.preheader,
        }
    }
}

impl From<Mail> for MailContent {
    fn from(mail: Mail) -> Self {
        Self {
            subject: mail.subject,
            html: mail.html,
            reply_to: mail.reply_to,
            preheader: mail.preheader,
        }
    }
}

/// What the e-mail of a template had at one of its versions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MailVersion {
    version: i64,
    subject: String,
    html: Option<String>,
    reply_to: Option<String>,
    preheader: Option<String>,
    /// Who saved it; empty where that was not kept yet.
    saved_by: String,
    #[schema(value_type = String, format = DateTime)]
    saved_at: Timestamp,
}

impl From<mail_content::MailVersion> for MailVersion {
    fn from(held: mail_content::MailVersion) -> Self {
        Self {
            version: held.version,
            subject: held.content.subject,
            html: held.content.html,
            reply_to: held.content.reply_to,
            preheader: held.content.preheader,
            saved_by: held.actor,
            saved_at: held.saved_at,
        }
    }
}

/// What a campaign's e-mail has besides its text.
#[utoipa::path(
    get, path = "/campaigns/{id}/mail", operation_id = "campaign_mail", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")),
    responses((status = 200, description = "The content", body = Mail)),
)]
pub(crate) async fn campaign_mail(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
) -> Result<Json<Mail>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    reader.campaign(caller.firm, id).await?.or_not_found()?;
    let content = reader.mail_content(MailOwner::Campaign(id)).await?;
    Ok(Json(content.or_not_found()?.into()))
}

/// Gives a draft its subject and HTML.
#[utoipa::path(
    put, path = "/campaigns/{id}/mail", operation_id = "set_campaign_mail", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")), request_body = Mail,
    responses((status = 200, description = "As it is now", body = Mail)),
)]
pub(crate) async fn set_campaign_mail(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
    Checked(wanted): Checked<Mail>,
) -> Result<Json<Mail>, Problem> {
    caller.needs(Permission::ManageCampaigns)?;
    let content = MailContent::from(wanted);
    app.engine
        .set_campaign_mail(caller.firm, id, &content, &caller.actor)
        .await?;
    Ok(Json(content.into()))
}

/// What a template's e-mail has besides its text.
#[utoipa::path(
    get, path = "/templates/{id}/mail", operation_id = "template_mail", tag = "templates",
    params(("id" = String, Path, description = "The template")),
    responses((status = 200, description = "The content", body = Mail)),
)]
pub(crate) async fn template_mail(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TemplateId>,
) -> Result<Json<Mail>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    reader.template(caller.firm, id).await?.or_not_found()?;
    let content = reader.mail_content(MailOwner::Template(id)).await?;
    Ok(Json(content.or_not_found()?.into()))
}

/// Gives a template its subject and HTML. Campaigns that begin with it from now
/// on have a copy.
#[utoipa::path(
    put, path = "/templates/{id}/mail", operation_id = "set_template_mail", tag = "templates",
    params(("id" = String, Path, description = "The template")), request_body = Mail,
    responses((status = 200, description = "As it is now", body = Mail)),
)]
pub(crate) async fn set_template_mail(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TemplateId>,
    Checked(wanted): Checked<Mail>,
) -> Result<Json<Mail>, Problem> {
    caller.needs(Permission::ManageTemplates)?;
    let content = MailContent::from(wanted);
    app.engine
        .set_template_mail(caller.firm, id, &content, &caller.actor)
        .await?;
    Ok(Json(content.into()))
}

/// What a template's e-mail had besides its text, at each of its versions.
#[utoipa::path(
    get, path = "/templates/{id}/mail/versions", operation_id = "template_mail_versions",
    tag = "templates",
    params(("id" = String, Path, description = "The template"), Paging),
    responses((status = 200, description = "Newest first", body = Page<MailVersion>)),
)]
pub(crate) async fn template_mail_versions(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TemplateId>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<MailVersion>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    reader.template(caller.firm, id).await?.or_not_found()?;
    let rows = reader
        .mail_versions(id, paging.after()?, paging.rows()?)
        .await?;
    paging
        .page(rows, |held| held.version.to_string(), MailVersion::from)
        .map(Json)
}
