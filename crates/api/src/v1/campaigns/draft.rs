//! Drafts: made, changed, listed, and what one would come to now.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::gate::Basis;
use domain::ids::{BrandId, CampaignId, ConnectorId, PromotionId, SegmentId, TemplateId};
use domain::lettering::Lettering;
use domain::{Channel, Recipient, RecipientKind, Timestamp};
use engine::campaigns::LaunchObstacle;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::campaigns;
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::{Campaign, Plan, TextFinding};
use crate::app::App;
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::checks::{address, fault, not_blank};
use crate::creation::Creation;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem};
use crate::reason::CountedReason;
use crate::v1::templates::{Length, LetterChange};
use crate::words;

/// Whom a campaign is for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Audience {
    /// Everyone of the firm with an address of the channel.
    All,
    /// Everyone with this tag.
    Tag {
        /// The tag's name.
        tag: String,
    },
    /// Whom a segment finds when the campaign is launched.
    Segment {
        #[schema(value_type = String)]
        segment_id: SegmentId,
    },
    /// These addresses, as far as the firm knows them.
    Addresses {
        /// Normalised, at most 10,000; masked for roles that may not read personal data.
        addresses: Vec<String>,
    },
    /// The people of these accounts (*cari kodu*), at the address that they have
    /// when it is launched; the dry run lists those that nobody has (R406).
    Accounts {
        /// The firm's own numbers of its people, at most 10,000.
        codes: Vec<String>,
    },
}

impl Audience {
    pub(super) fn of(caller: &Caller, audience: campaigns::Audience) -> Self {
        match audience {
            campaigns::Audience::All => Self::All,
            campaigns::Audience::Tag { tag } => Self::Tag { tag },
            campaigns::Audience::Segment { segment_id } => Self::Segment { segment_id },
            campaigns::Audience::Accounts { codes } => Self::Accounts { codes },
            campaigns::Audience::Addresses { addresses } => Self::Addresses {
                addresses: addresses
                    .iter()
                    .map(|address| caller.shows_address(address))
                    .collect(),
            },
        }
    }

    pub(crate) fn into_store(self) -> campaigns::Audience {
        match self {
            Self::All => campaigns::Audience::All,
            Self::Tag { tag } => campaigns::Audience::Tag { tag },
            Self::Segment { segment_id } => campaigns::Audience::Segment { segment_id },
            Self::Accounts { codes } => campaigns::Audience::Accounts { codes },
            Self::Addresses { addresses } => campaigns::Audience::Addresses {
                addresses: addresses
                    .iter()
                    .filter_map(|text| Recipient::from_normalised(text).ok())
                    .collect(),
            },
        }
    }
}

fn is_audience(audience: &Audience) -> Result<(), ValidationError> {
    match audience {
        Audience::All | Audience::Segment { .. } => Ok(()),
        Audience::Tag { tag } => not_blank(tag),
        Audience::Addresses { addresses } => {
            is_list(addresses.len())?;
            addresses.iter().try_for_each(|text| address(text))
        }
        Audience::Accounts { codes } => {
            is_list(codes.len())?;
            codes.iter().try_for_each(|code| not_blank(code))
        }
    }
}

fn is_list(count: usize) -> Result<(), ValidationError> {
    if (1..=campaigns::ADDRESSES_MAX).contains(&count) {
        return Ok(());
    }
    let mut error = fault("count");
    error.add_param("min".into(), &1);
    error.add_param("max".into(), &campaigns::ADDRESSES_MAX);
    Err(error)
}

/// A campaign to be made.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCampaign {
    #[schema(value_type = String)]
    brand_id: BrandId,
    #[validate(length(min = 1, max = 120), custom(function = "not_blank"))]
    name: String,
    #[schema(value_type = words::Channel)]
    channel: Channel,
    #[schema(value_type = words::RecipientKind)]
    kind: RecipientKind,
    #[schema(value_type = words::Basis)]
    basis: Basis,
    /// What it is for (*kategori*).
    #[validate(length(min = 1, max = 100), custom(function = "not_blank"))]
    purpose: String,
    /// The template it begins from; its text is copied, not followed.
    #[schema(value_type = Option<String>)]
    template_id: Option<TemplateId>,
    #[validate(length(min = 1, max = 2_048))]
    body: String,
    #[validate(length(min = 1, max = 50), custom(function = "not_blank"))]
    sender: String,
    #[schema(value_type = String)]
    connector_id: ConnectorId,
    /// The promotion whose codes its people get as `{{promosyon_kodu}}`.
    #[schema(value_type = Option<String>)]
    promotion_id: Option<PromotionId>,
    #[validate(custom(function = "is_audience"))]
    audience: Audience,
    /// Recipients of one request; as many as the provider takes unless given.
    #[validate(range(min = 1, max = 10_000))]
    batch_size: Option<i64>,
    /// How it leaves; at once and to all unless given.
    plan: Option<Plan>,
}

impl NewCampaign {
    fn into_store(self) -> campaigns::NewCampaign {
        campaigns::NewCampaign {
            brand: self.brand_id,
            name: self.name,
            channel: self.channel,
            kind: self.kind,
            basis: self.basis,
            purpose: self.purpose,
            template: self.template_id,
            body: self.body,
            sender: self.sender,
            connector: self.connector_id,
            promotion: self.promotion_id,
            audience: self.audience.into_store(),
            // 0 leaves the size to the engine.
            batch_size: self.batch_size.unwrap_or(0),
            plan: self.plan.map(Into::into).unwrap_or_default(),
        }
    }
}

/// Changes of a draft; what is absent stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignChange {
    #[schema(value_type = Option<String>)]
    brand_id: Option<BrandId>,
    #[validate(length(min = 1, max = 120), custom(function = "not_blank"))]
    name: Option<String>,
    #[schema(value_type = Option<words::Channel>)]
    channel: Option<Channel>,
    #[schema(value_type = Option<words::RecipientKind>)]
    kind: Option<RecipientKind>,
    #[schema(value_type = Option<words::Basis>)]
    basis: Option<Basis>,
    #[validate(length(min = 1, max = 100), custom(function = "not_blank"))]
    purpose: Option<String>,
    #[validate(length(min = 1, max = 2_048))]
    body: Option<String>,
    #[validate(length(min = 1, max = 50), custom(function = "not_blank"))]
    sender: Option<String>,
    #[schema(value_type = Option<String>)]
    connector_id: Option<ConnectorId>,
    /// The promotion whose codes its people get; `null` takes it away.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    promotion_id: Chosen,
    #[validate(custom(function = "is_audience"))]
    audience: Option<Audience>,
    #[validate(range(min = 1, max = 10_000))]
    batch_size: Option<i64>,
    /// Replaces the whole plan.
    plan: Option<Plan>,
}

impl CampaignChange {
    fn over(self, held: campaigns::Campaign) -> campaigns::NewCampaign {
        campaigns::NewCampaign {
            brand: self.brand_id.unwrap_or(held.brand),
            name: self.name.unwrap_or(held.name),
            channel: self.channel.unwrap_or(held.channel),
            kind: self.kind.unwrap_or(held.kind),
            basis: self.basis.unwrap_or(held.basis),
            purpose: self.purpose.unwrap_or(held.purpose),
            template: held.template,
            body: self.body.unwrap_or(held.body),
            sender: self.sender.unwrap_or(held.sender),
            connector: self.connector_id.unwrap_or(held.connector),
            promotion: match self.promotion_id {
                Chosen::Kept => held.promotion,
                Chosen::Anew(promotion) => promotion,
            },
            audience: self.audience.map_or(held.audience, Audience::into_store),
            batch_size: self.batch_size.unwrap_or(held.batch_size),
            plan: self.plan.map_or(held.plan, Into::into),
        }
    }
}

/// A promotion in a change: `null` takes it away, an absent one stays.
#[derive(Debug, Default)]
enum Chosen {
    #[default]
    Kept,
    Anew(Option<PromotionId>),
}

impl<'de> Deserialize<'de> for Chosen {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(Self::Anew)
    }
}

/// What a campaign would come to if it left now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DryRun {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// People in the audience.
    target: i64,
    /// Of them, the gate would let pass now.
    sendable: i64,
    /// Of them, sendable but for the hour.
    held: i64,
    /// When the sending window opens, while it is closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    held_until: Option<Timestamp>,
    /// Of them, excluded, by headline reason; most frequent first.
    excluded: Vec<CountedReason>,
    /// Length of the text as it leaves, before variables are filled.
    length: Length,
    /// What is done to its characters: the campaign's choice, or its account's.
    #[schema(value_type = words::Lettering)]
    lettering: Lettering,
    /// Which characters of the texts leave as another one, variables aside.
    changes: Vec<LetterChange>,
    /// What the texts lack and should not hold.
    findings: Vec<TextFinding>,
    /// What could be done about the excluded (*düzeltme listesi*).
    fixes: Vec<CampaignFix>,
    /// Its routes, in their order.
    routes: Vec<CampaignRoute>,
    /// When it would begin: the first open moment from its time on.
    #[schema(value_type = String, format = DateTime)]
    starts_at: Timestamp,
    /// When the last one would have left, at the pace of its first open route.
    #[schema(value_type = Option<String>, format = DateTime)]
    finishes_at: Option<Timestamp>,
    /// People whom it would not reach before `expires_at` (S306).
    lost: i64,
    /// Why somebody else must approve it before launch.
    second_person: Option<String>,
    /// Whether the brand wants a recorded electronic signature before launch.
    needs_signature: bool,
    /// Why a launch would be refused now: `expired`, `halted`, `approval`, `signature`,
    /// `health`, `promotion_missing`, `promotion_ends` or `approval_void` (it was
    /// changed after it was approved).
    launch_obstacle: Option<&'static str>,
    /// What is left of the promotion whose codes its text uses.
    promotion: Option<CodesLeft>,
    /// Of an audience of accounts, those that nobody of the firm has, or whose
    /// person has no address of the channel (R406); they are not in `target`.
    unknown_accounts: Vec<String>,
}

/// What is left of a campaign's promotion.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodesLeft {
    #[schema(value_type = String)]
    id: PromotionId,
    name: String,
    /// The last Turkish day on which its codes are of use.
    expires_on: String,
    /// Codes that anybody may still get.
    pool: i64,
    /// Codes that are kept for one person each.
    meant: i64,
    /// People of the audience for whom none is left (S406).
    short: i64,
    /// A code that is none, as long as the longest: for previews.
    sample: String,
}

impl From<engine::campaigns::CodesLeft> for CodesLeft {
    fn from(codes: engine::campaigns::CodesLeft) -> Self {
        Self {
            id: codes.id,
            expires_on: codes.expires_at.last_turkish_day(),
            pool: codes.pool,
            meant: codes.meant,
            short: codes.short,
            sample: codes.sample,
            name: codes.name,
        }
    }
}

/// Something that could be done about some of the excluded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignFix {
    /// `ask_registry` (see `ask-registry`), `collect_consent`, `other_kind`,
    /// `complete_data`, `complete_text`, `shorten_text`, `other_route`, `raise_limit`
    /// or `add_codes`.
    action: &'static str,
    /// The people it is about.
    #[serde(flatten)]
    reason: CountedReason,
}

/// One account that the campaign may leave over.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignRoute {
    #[schema(value_type = String)]
    connector_id: ConnectorId,
    name: String,
    /// `not_active`, `halted`, `other_channel`, `no_commercial` (the provider
    /// forbids commercial texts to Turkey), `batch_too_large`, `no_fail_over` or
    /// `sender_not_approved` (S503: its provider does not list the sender).
    obstacle: Option<&'static str>,
    /// Sends from abroad, where texts with a link are not delivered (S403).
    is_foreign: bool,
}

/// The campaigns of the firm.
#[utoipa::path(
    get, path = "/campaigns", operation_id = "campaigns", tag = "campaigns", params(Paging),
    responses((status = 200, description = "Newest first", body = Page<Campaign>)),
)]
pub(crate) async fn campaigns(
    State(app): State<App>,
    caller: Caller,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Campaign>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let rows = app
        .read()
        .await?
        .campaigns(caller.firm, paging.after()?, paging.rows()?)
        .await?;
    let show = |campaign| Campaign::of(&caller, campaign);
    paging
        .page(rows, |campaign| campaign.id.to_string(), show)
        .map(Json)
}

/// Makes a draft.
#[utoipa::path(
    post, path = "/campaigns", operation_id = "create_campaign", tag = "campaigns",
    params(crate::openapi::IdempotencyKey), request_body = NewCampaign,
    responses((status = 201, description = "Made", body = Campaign)),
)]
pub(crate) async fn create_campaign(
    State(app): State<App>,
    caller: Caller,
    creation: Creation<NewCampaign>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ManageCampaigns)?;
    let (engine, by) = (app.engine.clone(), caller.clone());
    creation
        .by_engine(
            &app,
            &caller,
            StatusCode::CREATED,
            async move |wanted: NewCampaign| {
                let made = engine
                    .create_campaign(by.firm, wanted.into_store(), &by.actor)
                    .await?;
                Ok(Campaign::of(&by, made))
            },
        )
        .await
}

/// One campaign.
#[utoipa::path(
    get, path = "/campaigns/{id}", operation_id = "campaign", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")),
    responses((status = 200, description = "The campaign", body = Campaign)),
)]
pub(crate) async fn campaign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
) -> Result<Json<Campaign>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let found = app
        .read()
        .await?
        .campaign(caller.firm, id)
        .await?
        .or_not_found()?;
    Ok(Json(Campaign::of(&caller, found)))
}

/// Changes a draft.
#[utoipa::path(
    patch, path = "/campaigns/{id}", operation_id = "change_campaign", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")), request_body = CampaignChange,
    responses((status = 200, description = "The draft as it is now", body = Campaign)),
)]
pub(crate) async fn change_campaign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
    Checked(change): Checked<CampaignChange>,
) -> Result<Json<Campaign>, Problem> {
    caller.needs(Permission::ManageCampaigns)?;
    let held = app
        .read()
        .await?
        .campaign(caller.firm, id)
        .await?
        .or_not_found()?;
    let changed = app
        .engine
        .change_campaign(caller.firm, id, change.over(held), &caller.actor)
        .await?;
    Ok(Json(Campaign::of(&caller, changed)))
}

/// What the campaign would come to if it left now. Freezes nothing.
#[utoipa::path(
    post, path = "/campaigns/{id}/dry-run", operation_id = "dry_run_campaign", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")),
    responses((status = 200, description = "Who would get it and who not, and why", body = DryRun)),
)]
pub(crate) async fn dry_run_campaign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
) -> Result<Json<DryRun>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let run = app.engine.dry_run(caller.firm, id).await?;
    Ok(Json(DryRun {
        at: run.at,
        target: run.target,
        sendable: run.sendable,
        held: run.held,
        held_until: run.held_until,
        excluded: super::by_reason(&run.excluded),
        length: run.length.into(),
        lettering: run.lettering,
        changes: run.changes.into_iter().map(LetterChange::from).collect(),
        findings: run.findings.into_iter().map(TextFinding::from).collect(),
        fixes: run
            .fixes
            .into_iter()
            .map(|fix| CampaignFix {
                action: fix.action.as_str(),
                reason: CountedReason::of(fix.code, fix.people),
            })
            .collect(),
        routes: run
            .routes
            .into_iter()
            .map(|route| CampaignRoute {
                connector_id: route.account.id,
                name: route.account.name,
                obstacle: route.obstacle.map(|obstacle| obstacle.as_str()),
                is_foreign: route.is_foreign,
            })
            .collect(),
        starts_at: run.starts_at,
        finishes_at: run.finishes_at,
        lost: run.lost,
        second_person: run.second_person,
        needs_signature: run.needs_signature,
        launch_obstacle: run.launch_obstacle.as_ref().map(LaunchObstacle::as_str),
        promotion: run.promotion.map(CodesLeft::from),
        unknown_accounts: run.unknown_accounts,
    }))
}
