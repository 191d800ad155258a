//! `/campaigns`: drafts and what they would come to, the way from draft to
//! finished, and what became of everybody.

mod conversions;
mod days;
mod decide;
mod draft;
mod export;
mod forecast;
mod people;
mod plan;
mod report;
mod steps;

use domain::gate::Basis;
use domain::ids::{BrandId, CampaignId, ConnectorId, PromotionId, TemplateId};
use domain::{Channel, RecipientKind, Timestamp};
use serde::Serialize;
use store::campaigns::{self, CampaignState};
use utoipa::ToSchema;

pub(crate) use conversions::*;
pub(crate) use days::*;
pub(crate) use decide::*;
pub(crate) use draft::*;
pub(crate) use export::*;
pub(crate) use forecast::*;
pub(crate) use people::*;
pub(crate) use plan::*;
pub(crate) use report::*;
pub(crate) use steps::*;

use crate::caller::Caller;
use crate::words;

/// A campaign (*kampanya*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Campaign {
    #[schema(value_type = String, example = "cmp_10000")]
    id: CampaignId,
    #[schema(value_type = String)]
    brand_id: BrandId,
    /// For people inside.
    name: String,
    #[schema(value_type = words::Channel)]
    channel: Channel,
    #[schema(value_type = words::RecipientKind)]
    kind: RecipientKind,
    #[schema(value_type = words::Basis)]
    basis: Basis,
    /// What it is for (*kategori*).
    purpose: String,
    /// The template it began from.
    #[schema(value_type = Option<String>)]
    template_id: Option<TemplateId>,
    /// Which version of it.
    template_version: Option<i64>,
    /// The text with its variables.
    body: String,
    /// Sender name approved at the provider.
    sender: String,
    #[schema(value_type = String)]
    connector_id: ConnectorId,
    /// The promotion whose codes its people get as `{{promosyon_kodu}}`.
    #[schema(value_type = Option<String>)]
    promotion_id: Option<PromotionId>,
    audience: Audience,
    #[schema(value_type = words::CampaignState)]
    state: CampaignState,
    /// Who wrote it.
    author: String,
    /// Who approved it.
    approver: Option<String>,
    /// Recipients of one request.
    batch_size: i64,
    /// How it leaves.
    plan: Plan,
    /// How far its canary or its trial of two texts has come.
    progress: CampaignProgress,
    /// When a launched campaign begins, where that is later.
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<Timestamp>,
    /// People in the frozen audience; 0 before launch.
    target: i64,
    /// Of them, excluded when it was frozen.
    excluded: i64,
    /// Of them, planned.
    planned: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    launched_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl Campaign {
    /// A campaign as this caller may see it.
    fn of(caller: &Caller, campaign: campaigns::Campaign) -> Self {
        Self {
            id: campaign.id,
            brand_id: campaign.brand,
            name: campaign.name,
            channel: campaign.channel,
            kind: campaign.kind,
            basis: campaign.basis,
            purpose: campaign.purpose,
            template_id: campaign.template,
            template_version: campaign.template_version,
            body: campaign.body,
            sender: campaign.sender,
            connector_id: campaign.connector,
            promotion_id: campaign.promotion,
            audience: Audience::of(caller, campaign.audience),
            state: campaign.state,
            author: campaign.author,
            approver: campaign.approver,
            batch_size: campaign.batch_size,
            plan: campaign.plan.into(),
            progress: campaign.progress.into(),
            starts_at: campaign.starts_at,
            target: campaign.target,
            excluded: campaign.excluded,
            planned: campaign.planned,
            created_at: campaign.created_at,
            launched_at: campaign.launched_at,
            finished_at: campaign.finished_at,
        }
    }
}
