//! `POST /messages` and `/templates/{id}/api`: messages that programs send one
//! by one, by a template's key.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::api_message::{ApiMessage, Overridable};
use domain::gate::{Basis, SendingWindow};
use domain::ids::{CampaignId, ConnectorId, TemplateId};
use domain::template::Values;
use domain::{Recipient, RecipientKind, Timestamp};
use engine::campaigns::{Addressee, ApiMessages, Asked, Overrides};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::api_messages::KeyedTemplate;
use utoipa::ToSchema;
use validator::Validate;

use crate::app::App;
use crate::body::{Checked, Id};
use crate::caller::Caller;
use crate::checks::not_blank;
use crate::creation::Creation;
use crate::problem::{OrNotFound, Problem, Where};
use crate::words;
use crate::written::address_of;

/// What holds for the messages that programs send by a template's key. A PUT
/// replaces all of it.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageSettings {
    /// By which programs name it: a–z, 0–9 and `_ . -`; one of the firm's.
    #[validate(length(min = 1, max = 64))]
    #[schema(example = "siparis.kargoda")]
    key: String,
    /// On which ground; `COMMERCIAL` is refused. No call can change it.
    #[schema(value_type = words::Basis)]
    basis: Basis,
    /// What it is for (*kategori*).
    #[validate(length(min = 1, max = 100), custom(function = "not_blank"))]
    purpose: String,
    #[schema(value_type = words::RecipientKind)]
    kind: RecipientKind,
    #[validate(length(min = 1, max = 50), custom(function = "not_blank"))]
    sender: String,
    #[schema(value_type = String)]
    connector_id: ConnectorId,
    /// What a call may say otherwise; everything else in `overrides` is refused.
    #[serde(default)]
    #[schema(value_type = Vec<words::Overridable>)]
    overridable: BTreeSet<Overridable>,
    /// Most messages in `limit_hours`, to everybody together.
    total_limit: Option<i64>,
    /// Most messages to one person in that time.
    person_limit: Option<i64>,
    /// Over how many hours the limits count; 24 unless given.
    #[serde(default = "one_day")]
    limit_hours: i64,
    /// Hours in which it leaves; what is asked for outside of them waits.
    window: Option<MessageWindow>,
    /// After so many minutes it is of no use and never leaves (S306).
    expires_minutes: Option<i64>,
}

const fn one_day() -> i64 {
    24
}

/// Hours of the day, in Turkish time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageWindow {
    /// First minute of the day inside, 0–1439.
    from_minute: i64,
    /// First minute after it, up to 1440.
    to_minute: i64,
}

impl From<MessageSettings> for ApiMessage {
    fn from(said: MessageSettings) -> Self {
        Self {
            key: said.key,
            basis: said.basis,
            purpose: said.purpose,
            kind: said.kind,
            sender: said.sender,
            connector: said.connector_id,
            overridable: said.overridable,
            total_limit: said.total_limit,
            person_limit: said.person_limit,
            limit_hours: said.limit_hours,
            window: said.window.map(|window| SendingWindow {
                from_minute: window.from_minute,
                to_minute: window.to_minute,
            }),
            expires_minutes: said.expires_minutes,
        }
    }
}

impl From<KeyedTemplate> for MessageSettings {
    fn from(held: KeyedTemplate) -> Self {
        let said = held.message;
        Self {
            key: said.key,
            basis: said.basis,
            purpose: said.purpose,
            kind: said.kind,
            sender: said.sender,
            connector_id: said.connector,
            overridable: said.overridable,
            total_limit: said.total_limit,
            person_limit: said.person_limit,
            limit_hours: said.limit_hours,
            window: said.window.map(|window| MessageWindow {
                from_minute: window.from_minute,
                to_minute: window.to_minute,
            }),
            expires_minutes: said.expires_minutes,
        }
    }
}

/// Messages to be sent by key.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessagesToSend {
    /// Which message, as in the template's settings for programs.
    #[schema(example = "siparis.kargoda")]
    key: String,
    /// To whom, each address once.
    #[validate(length(min = 1, max = 100), nested)]
    messages: Vec<MessageToSend>,
    /// What the call says otherwise than the template: only what its settings
    /// allow, or the call is refused with `override_not_allowed`.
    #[validate(nested)]
    overrides: Option<MessageOverrides>,
}

/// One message.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageToSend {
    /// A phone number as people write it, or an e-mail address; who it is need
    /// not be on record.
    #[validate(length(min = 3, max = 265))]
    to: String,
    /// Values of the text's parameters, the variables that begin with `p_`.
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, String>)]
    parameters: Values,
}

/// What a call says otherwise than the template.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MessageOverrides {
    /// Another text (`text`).
    #[validate(length(min = 1, max = 2_048))]
    text: Option<String>,
    /// Another subject of an e-mail (`subject`).
    #[validate(length(min = 1, max = 200))]
    subject: Option<String>,
    /// Another sender (`sender`).
    #[validate(length(min = 1, max = 50))]
    sender: Option<String>,
    /// The limits of the key do not hold (`limits`).
    ignores_limits: bool,
    /// It leaves outside of the hours too (`window`).
    ignores_window: bool,
}

/// What became of the messages of a call, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessagesAsked {
    messages: Vec<MessageAsked>,
}

/// What became of one message.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct MessageAsked {
    /// What carries it: its report and its people are those of a campaign.
    #[schema(value_type = Option<String>, example = "cmp_10000")]
    id: Option<CampaignId>,
    /// When it leaves, where that is later.
    #[schema(value_type = Option<String>, format = DateTime)]
    leaves_at: Option<Timestamp>,
    /// Why it was not taken: `person_limit` or `total_limit`.
    code: Option<&'static str>,
    text_tr: Option<String>,
    text_en: Option<String>,
}

impl From<Asked> for MessageAsked {
    fn from(asked: Asked) -> Self {
        match asked {
            Asked::Taken(taken) => Self {
                id: Some(taken.campaign),
                leaves_at: taken.leaves_at,
                ..Self::default()
            },
            Asked::Refused(fault) => Self {
                code: Some(fault.code),
                text_tr: Some(fault.text_tr),
                text_en: Some(fault.text_en),
                ..Self::default()
            },
        }
    }
}

/// Sends a template's message to people, on the ground that stands with the
/// template: to everybody at once the same, to each with parameters of their own.
/// The last gate is that of every message: blacklist, dead addresses, and what
/// else keeps a message back, is told by the report of each.
#[utoipa::path(
    post, path = "/messages", operation_id = "send_messages", tag = "messages",
    params(crate::openapi::IdempotencyKey),
    request_body(content = MessagesToSend, example = json!({
        "key": "siparis.kargoda",
        "messages": [{ "to": "+905321234567", "parameters": { "p_siparis_no": "A-1024" } }],
    })),
    responses((
        status = 202, description = "What became of each, in their order", body = MessagesAsked,
        example = json!({
            "messages": [{ "id": "cmp_10000", "leaves_at": null, "code": null, "text_tr": null, "text_en": null }],
        }),
    )),
)]
pub(crate) async fn send_messages(
    State(app): State<App>,
    caller: Caller,
    creation: Creation<MessagesToSend>,
) -> Result<Response, Problem> {
    caller.needs(Permission::SendMessages)?;
    let (engine, by) = (app.engine.clone(), caller.clone());
    let mut people = Vec::with_capacity(creation.wanted().messages.len());
    for (place, message) in creation.wanted().messages.iter().enumerate() {
        people.push(Addressee {
            to: recipient(place, &message.to)?,
            parameters: message.parameters.clone(),
        });
    }
    creation
        .by_engine(
            &app,
            &caller,
            StatusCode::ACCEPTED,
            async move |wanted: MessagesToSend| {
                let said = wanted.overrides.unwrap_or_default();
                let asked = ApiMessages {
                    key: wanted.key,
                    people,
                    overrides: Overrides {
                        text: said.text,
                        subject: said.subject,
                        sender: said.sender,
                        ignores_limits: said.ignores_limits,
                        ignores_window: said.ignores_window,
                    },
                };
                let told = engine.send_by_key(by.firm, asked, &by.actor).await?;
                Ok(MessagesAsked {
                    messages: told.into_iter().map(MessageAsked::from).collect(),
                })
            },
        )
        .await
}

fn recipient(place: usize, text: &str) -> Result<Recipient, Problem> {
    address_of(text).ok_or_else(|| {
        let field = format!("messages[{place}].to");
        Problem::invalid(vec![Where::new(field, "address")])
    })
}

/// What holds for the messages that programs send by a template's key.
#[utoipa::path(
    get, path = "/templates/{id}/api", operation_id = "template_api", tag = "templates",
    params(("id" = String, Path, description = "The template")),
    responses(
        (status = 200, description = "The settings", body = MessageSettings),
        (status = 204, description = "Programs may not send it"),
    ),
)]
pub(crate) async fn template_api(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TemplateId>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    reader.template(caller.firm, id).await?.or_not_found()?;
    let held = reader.api_message(caller.firm, id).await?;
    Ok(held.map_or_else(
        || StatusCode::NO_CONTENT.into_response(),
        |held| Json(MessageSettings::from(held)).into_response(),
    ))
}

/// Lets programs send a template by a key, or says anew what holds for that.
#[utoipa::path(
    put, path = "/templates/{id}/api", operation_id = "set_template_api", tag = "templates",
    params(("id" = String, Path, description = "The template")),
    request_body(content = MessageSettings, example = json!({
        "key": "siparis.kargoda", "basis": "INFORMATIONAL", "purpose": "siparis", "kind": "BIREYSEL",
        "sender": "ORNEK", "connector_id": "con_10000", "overridable": ["sender"],
        "total_limit": 50000, "person_limit": 3, "limit_hours": 24,
        "window": { "from_minute": 540, "to_minute": 1200 }, "expires_minutes": 1440,
    })),
    responses((status = 200, description = "As they are now", body = MessageSettings)),
)]
pub(crate) async fn set_template_api(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TemplateId>,
    Checked(said): Checked<MessageSettings>,
) -> Result<Json<MessageSettings>, Problem> {
    caller.needs(Permission::ManageTemplates)?;
    let held = app
        .engine
        .set_api_message(caller.firm, id, &said.into(), &caller.actor)
        .await?;
    Ok(Json(held.into()))
}

/// Programs may not send the template any more; what was asked for leaves.
#[utoipa::path(
    delete, path = "/templates/{id}/api", operation_id = "end_template_api", tag = "templates",
    params(("id" = String, Path, description = "The template")),
    responses((status = 204, description = "Ended")),
)]
pub(crate) async fn end_template_api(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TemplateId>,
) -> Result<StatusCode, Problem> {
    caller.needs(Permission::ManageTemplates)?;
    app.engine
        .remove_api_message(caller.firm, id, &caller.actor)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
