//! `/event-types`: what the firm says of the events that its programs send.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::Timestamp;
use domain::event::{self, EventShape, FieldKind};
use domain::ids::EventTypeId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::access::Permission;
use store::event_types;
use utoipa::ToSchema;
use validator::Validate;

use crate::app::App;
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::creation::Creation;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem, Where};
use crate::reason::Reason;
use crate::words;

/// A kind of event (*olay türü*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventType {
    #[schema(value_type = String, example = "ety_10000")]
    id: EventTypeId,
    /// Its name in calls and rules; never changes.
    #[schema(example = "satin_alma")]
    name: String,
    /// Empty while nobody described it, as is the next.
    label_tr: String,
    label_en: String,
    /// The fields of its body that mean something.
    fields: Vec<EventField>,
    /// Whether somebody described it; events of other names are kept all the
    /// same (*tanımsız olay*).
    is_defined: bool,
    /// When the last one happened.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A field of an event's body.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventField {
    /// Its name at the top of the body.
    #[schema(example = "tutar")]
    name: String,
    #[schema(value_type = words::EventFieldKind)]
    kind: FieldKind,
}

impl EventType {
    fn of(held: event_types::EventType, last_at: Option<Timestamp>) -> Self {
        let fields = held.shape.fields.into_iter().map(|field| EventField {
            name: field.name,
            kind: field.kind,
        });
        Self {
            id: held.id,
            name: held.name,
            label_tr: held.shape.label_tr,
            label_en: held.shape.label_en,
            fields: fields.collect(),
            is_defined: held.is_defined,
            last_at,
            created_at: held.created_at,
            updated_at: held.updated_at,
        }
    }
}

/// A kind of event to be described. A name that was only ever sent is taken over.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEventType {
    /// In any spelling; kept in the form that events have it.
    #[validate(length(min = 1, max = 120))]
    #[schema(example = "satin_alma")]
    name: String,
    #[validate(length(min = 1, max = 60))]
    label_tr: String,
    #[validate(length(min = 1, max = 60))]
    label_en: String,
    #[serde(default)]
    #[validate(length(max = 50))]
    fields: Vec<EventField>,
}

/// What is said of a kind of event from now on; all of it is replaced.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventTypeDescription {
    #[validate(length(min = 1, max = 60))]
    label_tr: String,
    #[validate(length(min = 1, max = 60))]
    label_en: String,
    #[validate(length(max = 50))]
    fields: Vec<EventField>,
}

impl EventTypeDescription {
    fn checked(self) -> Result<EventShape, Problem> {
        let fields = self.fields.into_iter().map(|field| event::EventField {
            name: field.name.trim().to_owned(),
            kind: field.kind,
        });
        let shape = EventShape {
            label_tr: self.label_tr.trim().to_owned(),
            label_en: self.label_en.trim().to_owned(),
            fields: fields.collect(),
        };
        shape.check().map_err(|error| {
            Problem::invalid(vec![Where::new(error.field(), "unreadable")])
                .with_detail(error.to_string())
        })?;
        Ok(shape)
    }
}

fn detail(held: &event_types::EventType) -> serde_json::Value {
    let fields = held.shape.fields.iter().map(|field| &field.name);
    json!({ "name": held.name, "fields": fields.collect::<Vec<_>>() })
}

/// The kinds of events of the firm, also those that nobody described.
#[utoipa::path(
    get, path = "/event-types", operation_id = "event_types", tag = "events", params(Paging),
    responses((status = 200, description = "By name", body = Page<EventType>)),
)]
pub(crate) async fn event_types(
    State(app): State<App>,
    caller: Caller,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<EventType>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let after = paging.after::<String>()?;
    let rows = app
        .read()
        .await?
        .event_types(caller.firm, after.as_deref(), paging.rows()?)
        .await?;
    paging
        .page(
            rows,
            |(held, _)| held.name.clone(),
            |(held, last_at)| EventType::of(held, last_at),
        )
        .map(Json)
}

/// Describes a kind of event.
#[utoipa::path(
    post, path = "/event-types", operation_id = "create_event_type", tag = "events",
    params(crate::openapi::IdempotencyKey), request_body = NewEventType,
    responses((status = 201, description = "Described", body = EventType)),
)]
pub(crate) async fn create_event_type(
    State(app): State<App>,
    caller: Caller,
    creation: Creation<NewEventType>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ManageBrands)?;
    let (firm, actor) = (caller.firm, caller.actor.clone());
    creation
        .in_transaction(
            &app,
            &caller,
            async move |mut writer, wanted: NewEventType| {
                let name = event::event_name(&wanted.name).ok_or_else(|| {
                    let value = ("value".to_owned(), wanted.name.clone());
                    let reason = Reason::with(domain::ReasonCode::R903, &[value]);
                    Problem::invalid(vec![Where::told(
                        "name",
                        reason.code.to_string(),
                        format!("{} {}", reason.text_tr, reason.next_tr),
                        format!("{} {}", reason.text_en, reason.next_en),
                    )])
                })?;
                let description = EventTypeDescription {
                    label_tr: wanted.label_tr,
                    label_en: wanted.label_en,
                    fields: wanted.fields,
                };
                let made = writer
                    .define_event_type(firm, &name, description.checked()?)
                    .await?;
                let (subject, detail) = (made.id.to_string(), detail(&made));
                writer
                    .append_audit(firm, &actor, "event_type.create", &subject, &detail)
                    .await?;
                Ok((writer, EventType::of(made, None)))
            },
        )
        .await
}

/// Replaces what is said of a kind of event. Its name stays, and so do the
/// events that came in before.
#[utoipa::path(
    put, path = "/event-types/{id}", operation_id = "set_event_type", tag = "events",
    params(("id" = String, Path, description = "The kind of event")),
    request_body = EventTypeDescription,
    responses((status = 200, description = "As it is now", body = EventType)),
)]
pub(crate) async fn set_event_type(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<EventTypeId>,
    Checked(wanted): Checked<EventTypeDescription>,
) -> Result<Json<EventType>, Problem> {
    caller.needs(Permission::ManageBrands)?;
    let shape = wanted.checked()?;
    let mut writer = app.write().await?;
    let mut held = writer.event_type(caller.firm, id).await?.or_not_found()?;
    held.shape = shape;
    let saved = writer.save_event_type(caller.firm, &held).await?;
    let (subject, detail) = (id.to_string(), detail(&saved));
    writer
        .append_audit(
            caller.firm,
            &caller.actor,
            "event_type.change",
            &subject,
            &detail,
        )
        .await?;
    writer.commit().await?;
    Ok(Json(EventType::of(saved, None)))
}
