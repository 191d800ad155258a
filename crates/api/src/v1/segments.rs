//! `/segments`: rules that say whom a campaign is for, looked at anew each time.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::attribute::Attribute;
use domain::ids::{BrandId, ContactId, RecipientId, SegmentId};
use domain::segment::Rule;
use domain::{Channel, Recipient, RecipientKind, Timestamp};
use engine::segments::SegmentPreview;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::access::Permission;
use store::audience_people::JudgedPerson;
use store::segments;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::App;
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::checks::not_blank;
use crate::creation::Creation;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem};
use crate::reason::{CountedReason, Reason};
use crate::words;

/// Rules with a name (*dinamik segment*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Segment {
    #[schema(value_type = String, example = "seg_10000")]
    id: SegmentId,
    name: String,
    /// A tree of `all` and `any` groups and of conditions, see `NewSegment`.
    #[schema(value_type = Object)]
    rule: Rule,
    /// The rules as a sentence.
    text_tr: String,
    text_en: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl Segment {
    fn of(segment: segments::Segment, attributes: &[Attribute]) -> Self {
        Self {
            id: segment.id,
            name: segment.name,
            text_tr: segment.rule.text_tr(attributes),
            text_en: segment.rule.text_en(attributes),
            rule: segment.rule,
            created_at: segment.created_at,
            updated_at: segment.updated_at,
        }
    }
}

/// A segment to be added.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSegment {
    #[validate(length(min = 1, max = 100), custom(function = "not_blank"))]
    name: String,
    /// Groups `{type: all|any, rules: […]}`, at most 4 deep, over at most 30
    /// conditions: `{type: attribute, code, comparison: is|is_not|contains|below|above|filled|blank, value}`,
    /// `{type: group, name, is_in}` (a tag or list), `{type: consent, channel, status: ONAY|RET|null}`,
    /// `{type: message, history: sent|delivered, days, happened}`,
    /// `{type: event, name, often: at_least|at_most|never, times, days}`, instead of
    /// `days` also `from` and `until` as `2025-06-01`, and with
    /// `field: {name, comparison: is|is_not|below|above, value}` only those whose body holds that.
    #[schema(value_type = Object)]
    rule: Rule,
}

/// Changes of a segment; what is absent stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SegmentChange {
    #[validate(length(min = 1, max = 100), custom(function = "not_blank"))]
    name: Option<String>,
    #[schema(value_type = Option<Object>)]
    rule: Option<Rule>,
}

/// Rules to be looked at.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewedSegment {
    #[schema(value_type = String)]
    brand_id: BrandId,
    #[schema(value_type = words::Channel)]
    channel: Channel,
    #[schema(value_type = words::RecipientKind)]
    kind: RecipientKind,
    /// See `NewSegment`.
    #[schema(value_type = Object)]
    rule: Rule,
}

/// Whom rules find now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SegmentFound {
    /// The rules as a sentence.
    text_tr: String,
    text_en: String,
    /// People with an address of the channel.
    target: i64,
    /// Of them, a commercial message may reach.
    sendable: i64,
    /// Of them, excluded, by headline reason.
    excluded: Vec<CountedReason>,
}

/// For what the people of a segment are judged.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SegmentAbout {
    #[param(value_type = String)]
    brand_id: BrandId,
    #[param(value_type = words::Channel)]
    channel: Channel,
    #[param(value_type = words::RecipientKind)]
    kind: RecipientKind,
}

/// Somebody whom a segment finds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SegmentPerson {
    #[schema(value_type = String, example = "cnt_10000")]
    contact_id: ContactId,
    /// Masked for roles that may not read personal data, as is the name.
    address: String,
    full_name: Option<String>,
    /// Why a commercial message would not reach them now; absent when it would.
    reason: Option<Reason>,
}

async fn attributes(
    reader: &mut store::Reader,
    caller: &Caller,
) -> Result<Vec<Attribute>, Problem> {
    let defined = reader.attributes(caller.firm).await?;
    Ok(defined.into_iter().map(|one| one.attribute).collect())
}

/// The segments of the firm.
#[utoipa::path(
    get, path = "/segments", operation_id = "segments", tag = "segments", params(Paging),
    responses((status = 200, description = "Oldest first", body = Page<Segment>)),
)]
pub(crate) async fn segments(
    State(app): State<App>,
    caller: Caller,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Segment>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let attributes = attributes(&mut reader, &caller).await?;
    let rows = reader
        .segments(caller.firm, paging.after()?, paging.rows()?)
        .await?;
    let page = paging.page(
        rows,
        |segment| segment.id.to_string(),
        |segment| Segment::of(segment, &attributes),
    );
    page.map(Json)
}

/// Adds a segment.
#[utoipa::path(
    post, path = "/segments", operation_id = "create_segment", tag = "segments",
    params(crate::openapi::IdempotencyKey), request_body = NewSegment,
    responses((status = 201, description = "Added", body = Segment)),
)]
pub(crate) async fn create_segment(
    State(app): State<App>,
    caller: Caller,
    creation: Creation<NewSegment>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ManageCampaigns)?;
    let (firm, rule) = (caller.firm, &creation.wanted().rule);
    app.engine.check_rule(firm, rule).await?;
    let by = caller.clone();
    creation
        .in_transaction(
            &app,
            &caller,
            async move |mut writer, wanted: NewSegment| {
                let name = wanted.name.trim();
                let made = writer.create_segment(firm, name, wanted.rule).await?;
                let attributes = attributes(&mut writer, &by).await?;
                let (subject, detail) = (made.id.to_string(), json!({ "name": made.name }));
                writer
                    .append_audit(firm, &by.actor, "segment.create", &subject, &detail)
                    .await?;
                Ok((writer, Segment::of(made, &attributes)))
            },
        )
        .await
}

/// One segment.
#[utoipa::path(
    get, path = "/segments/{id}", operation_id = "segment", tag = "segments",
    params(("id" = String, Path, description = "The segment")),
    responses((status = 200, description = "The segment", body = Segment)),
)]
pub(crate) async fn segment(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<SegmentId>,
) -> Result<Json<Segment>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let found = reader.segment(caller.firm, id).await?.or_not_found()?;
    let attributes = attributes(&mut reader, &caller).await?;
    Ok(Json(Segment::of(found, &attributes)))
}

/// Changes a segment. Campaigns that were launched keep the people they had.
#[utoipa::path(
    patch, path = "/segments/{id}", operation_id = "change_segment", tag = "segments",
    params(("id" = String, Path, description = "The segment")), request_body = SegmentChange,
    responses((status = 200, description = "The segment as it is now", body = Segment)),
)]
pub(crate) async fn change_segment(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<SegmentId>,
    Checked(change): Checked<SegmentChange>,
) -> Result<Json<Segment>, Problem> {
    caller.needs(Permission::ManageCampaigns)?;
    if let Some(rule) = &change.rule {
        app.engine.check_rule(caller.firm, rule).await?;
    }
    let mut writer = app.write().await?;
    let mut held = writer.segment(caller.firm, id).await?.or_not_found()?;
    if let Some(name) = change.name {
        name.trim().clone_into(&mut held.name);
    }
    held.rule = change.rule.unwrap_or(held.rule);
    let saved = writer.save_segment(caller.firm, &held).await?;
    let attributes = attributes(&mut writer, &caller).await?;
    let detail: Value = json!({ "name": saved.name });
    writer
        .append_audit(
            caller.firm,
            &caller.actor,
            "segment.change",
            &id.to_string(),
            &detail,
        )
        .await?;
    writer.commit().await?;
    Ok(Json(Segment::of(saved, &attributes)))
}

/// Whom a segment finds now, for a brand and a channel.
#[utoipa::path(
    get, path = "/segments/{id}/people", operation_id = "segment_people", tag = "segments",
    params(("id" = String, Path, description = "The segment"), SegmentAbout, Paging),
    responses((status = 200, description = "In the order in which addresses became known", body = Page<SegmentPerson>)),
)]
pub(crate) async fn segment_people(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<SegmentId>,
    Asked(about): Asked<SegmentAbout>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<SegmentPerson>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let about = SegmentPreview {
        brand: about.brand_id,
        channel: about.channel,
        kind: about.kind,
    };
    let after = paging.after::<RecipientId>()?;
    let rows = app
        .engine
        .segment_people(caller.firm, id, about, after, paging.rows()?)
        .await?;
    let show = |person: JudgedPerson| SegmentPerson {
        contact_id: person.contact,
        // What the store holds is normalised; should it not be, it is not shown.
        address: Recipient::from_normalised(&person.address).map_or_else(
            |_| "***".to_owned(),
            |address| caller.shows_address(&address),
        ),
        full_name: person.name.map(|name| caller.shows_name(name)),
        reason: person.code.map(Reason::of),
    };
    paging
        .page(rows, |person| person.recipient.to_string(), show)
        .map(Json)
}

/// Whom rules find now, for a brand and a channel. Keeps nothing.
#[utoipa::path(
    post, path = "/segments/preview", operation_id = "preview_segment", tag = "segments",
    request_body = PreviewedSegment,
    responses((status = 200, description = "Whom they find", body = SegmentFound)),
)]
pub(crate) async fn preview_segment(
    State(app): State<App>,
    caller: Caller,
    Checked(asked): Checked<PreviewedSegment>,
) -> Result<Json<SegmentFound>, Problem> {
    caller.needs(Permission::ManageCampaigns)?;
    let about = SegmentPreview {
        brand: asked.brand_id,
        channel: asked.channel,
        kind: asked.kind,
    };
    let found = app
        .engine
        .preview_segment(caller.firm, about, asked.rule)
        .await?;
    Ok(Json(SegmentFound {
        text_tr: found.text_tr,
        text_en: found.text_en,
        target: found.judged.target,
        sendable: found.judged.sendable,
        excluded: found
            .judged
            .excluded
            .into_iter()
            .map(|(code, count)| CountedReason::of(code, count))
            .collect(),
    }))
}
