//! Campaigns (*kampanya*): what is to be said, to whom, and how far it has come.

use domain::gate::Basis;
use domain::ids::{BrandId, CampaignId, ConnectorId, FirmId, PromotionId, SegmentId, TemplateId};
use domain::plan::Plan;
use domain::{Channel, ReasonCode, Recipient, RecipientKind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::campaign_flow::Progress;
use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{from_json, instant, known, page_rows, to_json};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// How far a campaign has come.
    CampaignState {
        /// Being written; nothing is frozen.
        Draft = 1, "draft";
        /// Waits for an approver.
        Submitted = 2, "submitted";
        /// May be launched.
        Approved = 3, "approved";
        /// The audience is being checked and frozen.
        Launching = 4, "launching";
        /// Batches leave.
        Running = 5, "running";
        /// Nothing new leaves until it is resumed.
        Paused = 6, "paused";
        /// Ended by a person; what had not left never will.
        Stopped = 7, "stopped";
        /// Every batch has an outcome.
        Finished = 8, "finished";
    }
}

vocabulary! {
    /// Whether a campaign stands in lists and reports.
    Aside {
        /// It does.
        Campaign = 0, "campaign";
        /// Shows the text of another one to test recipients.
        Test = 1, "test";
        /// Asks somebody whether they want to be a test recipient.
        Invitation = 2, "invitation";
    }
}

/// Whom a campaign is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Audience {
    /// Everyone of the firm with an address of the channel.
    All,
    /// Everyone with this tag.
    Tag {
        /// The tag's name.
        tag: String,
    },
    /// Whom a segment finds when the campaign is launched.
    Segment {
        /// The segment.
        segment_id: SegmentId,
    },
    /// These addresses, as far as the firm knows them; at most [`ADDRESSES_MAX`].
    Addresses {
        /// The addresses.
        addresses: Vec<Recipient>,
    },
    /// The people of these accounts (*cari kodu*), the firm's own numbers of
    /// them, at the address that they have now; at most [`ADDRESSES_MAX`].
    Accounts {
        /// The numbers.
        codes: Vec<String>,
    },
}

/// Most addresses or accounts of an audience that is spelled out.
pub const ADDRESSES_MAX: usize = 10_000;

/// People by reason code.
pub type Exclusions = std::collections::BTreeMap<ReasonCode, i64>;

/// A campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// Its number.
    pub id: CampaignId,
    /// Whose it is.
    pub firm: FirmId,
    /// In whose name.
    pub brand: BrandId,
    /// For people inside.
    pub name: String,
    /// By which means.
    pub channel: Channel,
    /// Addressed in which capacity.
    pub kind: RecipientKind,
    /// On which legal ground.
    pub basis: Basis,
    /// What it is for (*kategori*).
    pub purpose: String,
    /// The template it began from.
    pub template: Option<TemplateId>,
    /// Which version of it.
    pub template_version: Option<i64>,
    /// The text.
    pub body: String,
    /// Sender name approved at the provider.
    pub sender: String,
    /// The provider account.
    pub connector: ConnectorId,
    /// Whose codes its people get.
    pub promotion: Option<PromotionId>,
    /// Whom it is for.
    pub audience: Audience,
    /// Whether it stands in lists and reports.
    pub aside: Aside,
    /// Of a test, the campaign whose text it shows.
    pub aside_of: Option<CampaignId>,
    /// How far it has come.
    pub state: CampaignState,
    /// Who wrote it.
    pub author: String,
    /// Who approved it.
    pub approver: Option<String>,
    /// Recipients of one request.
    pub batch_size: i64,
    /// How it leaves.
    pub plan: Plan,
    /// How far its parts have come.
    pub progress: Progress,
    /// From when on it may be frozen, once launched; at once when none.
    pub starts_at: Option<Timestamp>,
    /// When the audience was frozen.
    pub snapshot_at: Option<Timestamp>,
    /// SHA-256 of what was frozen besides the people.
    pub content_hash: Option<Vec<u8>>,
    /// People in the frozen audience.
    pub target: i64,
    /// Of them, excluded when it was frozen.
    pub excluded: i64,
    /// Of them, planned.
    pub planned: i64,
    /// Requests planned.
    pub batches: i64,
    /// Why people were excluded when it was frozen.
    pub exclusions: Exclusions,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was launched.
    pub launched_at: Option<Timestamp>,
    /// When every batch had an outcome, or it was stopped.
    pub finished_at: Option<Timestamp>,
}

/// What a campaign begins with.
#[derive(Debug, Clone)]
pub struct NewCampaign {
    /// In whose name.
    pub brand: BrandId,
    /// For people inside.
    pub name: String,
    /// By which means.
    pub channel: Channel,
    /// Addressed in which capacity.
    pub kind: RecipientKind,
    /// On which legal ground.
    pub basis: Basis,
    /// What it is for.
    pub purpose: String,
    /// The template it begins from.
    pub template: Option<TemplateId>,
    /// The text.
    pub body: String,
    /// Sender name.
    pub sender: String,
    /// The provider account.
    pub connector: ConnectorId,
    /// Whose codes its people get.
    pub promotion: Option<PromotionId>,
    /// Whom it is for.
    pub audience: Audience,
    /// Recipients of one request.
    pub batch_size: i64,
    /// How it leaves.
    pub plan: Plan,
}

impl Campaign {
    /// The sender of what leaves over an account: the campaign's own, or that of
    /// a fall-back route.
    pub fn sender_over(&self, connector: ConnectorId) -> &str {
        let own = self.plan.fallback_senders.get(&connector);
        own.unwrap_or(&self.sender)
    }

    /// A campaign that is stored nowhere: to ask what it would come to.
    pub fn imagined(firm: FirmId, new: NewCampaign, now: Timestamp) -> Self {
        Self {
            id: CampaignId::from_db(0),
            firm,
            brand: new.brand,
            name: new.name,
            channel: new.channel,
            kind: new.kind,
            basis: new.basis,
            purpose: new.purpose,
            template: new.template,
            template_version: None,
            body: new.body,
            sender: new.sender,
            connector: new.connector,
            promotion: new.promotion,
            audience: new.audience,
            aside: Aside::Campaign,
            aside_of: None,
            state: CampaignState::Draft,
            author: String::new(),
            approver: None,
            batch_size: new.batch_size,
            plan: new.plan,
            progress: Progress::default(),
            starts_at: None,
            snapshot_at: None,
            content_hash: None,
            target: 0,
            excluded: 0,
            planned: 0,
            batches: 0,
            exclusions: Exclusions::new(),
            created_at: now,
            updated_at: now,
            launched_at: None,
            finished_at: None,
        }
    }
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: i64,
    firm_id: i64,
    brand_id: i64,
    name: String,
    channel: i64,
    kind: i64,
    basis: i64,
    purpose: String,
    template_id: Option<i64>,
    template_version: Option<i64>,
    body: String,
    sender: String,
    connector_id: i64,
    promotion_id: Option<i64>,
    audience: String,
    aside: i64,
    aside_of: Option<i64>,
    state: i64,
    author: String,
    approver: Option<String>,
    batch_size: i64,
    plan: String,
    progress: String,
    start_us: Option<i64>,
    snapshot_us: Option<i64>,
    content_hash: Option<Vec<u8>>,
    target_count: i64,
    excluded_count: i64,
    planned_count: i64,
    batch_count: i64,
    exclusions: String,
    created_us: i64,
    updated_us: i64,
    launched_us: Option<i64>,
    finished_us: Option<i64>,
}

impl TryFrom<Row> for Campaign {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let table = "campaign";
        let id = CampaignId::from_db(row.id);
        Ok(Self {
            id,
            firm: FirmId::from_db(row.firm_id),
            brand: BrandId::from_db(row.brand_id),
            name: row.name,
            channel: known(Channel::from_db(row.channel), table, "channel", id)?,
            kind: known(RecipientKind::from_db(row.kind), table, "kind", id)?,
            basis: known(Basis::from_db(row.basis), table, "basis", id)?,
            purpose: row.purpose,
            template: row.template_id.map(TemplateId::from_db),
            template_version: row.template_version,
            body: row.body,
            sender: row.sender,
            connector: ConnectorId::from_db(row.connector_id),
            promotion: row.promotion_id.map(PromotionId::from_db),
            audience: from_json(&row.audience, table, "audience", id)?,
            aside: known(Aside::from_db(row.aside), table, "aside", id)?,
            aside_of: row.aside_of.map(CampaignId::from_db),
            state: known(CampaignState::from_db(row.state), table, "state", id)?,
            author: row.author,
            approver: row.approver,
            batch_size: row.batch_size,
            plan: from_json(&row.plan, table, "plan", id)?,
            progress: from_json(&row.progress, table, "progress", id)?,
            starts_at: instant(row.start_us),
            snapshot_at: instant(row.snapshot_us),
            content_hash: row.content_hash,
            target: row.target_count,
            excluded: row.excluded_count,
            planned: row.planned_count,
            batches: row.batch_count,
            exclusions: from_json(&row.exclusions, table, "exclusions", id)?,
            created_at: Timestamp::from_micros(row.created_us),
            updated_at: Timestamp::from_micros(row.updated_us),
            launched_at: instant(row.launched_us),
            finished_at: instant(row.finished_us),
        })
    }
}

macro_rules! columns {
    () => {
        "id, firm_id, brand_id, name, channel, kind, basis, purpose, template_id, body, sender, \
         connector_id, audience, state, author, approver, batch_size, snapshot_us, content_hash, \
         target_count, excluded_count, planned_count, batch_count, exclusions, created_us, \
         updated_us, launched_us, finished_us, plan, progress, start_us, aside, aside_of, \
         template_version, promotion_id"
    };
}

// Behind the columns, which it reads too.
mod calendar;

impl Reader {
    /// One campaign of a firm.
    pub async fn campaign(
        &mut self,
        firm: FirmId,
        id: CampaignId,
    ) -> Result<Option<Campaign>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM campaign WHERE id = $1 AND firm_id = $2"
        );
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a campaign")?;
        row.map(Campaign::try_from).transpose()
    }

    /// A campaign that a worker came upon, whosever it is.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it is not there.
    pub async fn campaign_at_work(&mut self, id: CampaignId) -> Result<Campaign, StoreError> {
        let sql = concat!("SELECT ", columns!(), " FROM campaign WHERE id = $1");
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(id.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a campaign")?;
        row.map(Campaign::try_from)
            .transpose()?
            .ok_or(StoreError::Lost {
                what: "the campaign",
            })
    }

    /// The firm's campaigns made before `before`, newest first; tests,
    /// invitations and messages asked for by key are none.
    pub async fn campaigns(
        &mut self,
        firm: FirmId,
        before: Option<CampaignId>,
        limit: usize,
    ) -> Result<Vec<Campaign>, StoreError> {
        // Numbers come from blocks, so only the clock tells which is newest.
        let (before_us, before_id) = match before {
            None => (i64::MAX, i64::MAX),
            Some(id) => match self.campaign(firm, id).await? {
                None => return Ok(Vec::new()),
                Some(campaign) => (campaign.created_at.as_micros(), id.as_db()),
            },
        };
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM campaign WHERE firm_id = $1 AND aside = 0 AND by_key = 0 AND (created_us, id) < ($2, $3) \
             ORDER BY created_us DESC, id DESC LIMIT $4"
        );
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(before_us)
            .bind(before_id)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing campaigns")?;
        rows.into_iter().map(Campaign::try_from).collect()
    }

    /// Campaigns that wait to be frozen and whose time has come, oldest first.
    pub async fn campaigns_launching(
        &mut self,
        limit: usize,
    ) -> Result<Vec<CampaignId>, StoreError> {
        let now = self.now().as_micros();
        let sql = "SELECT id FROM campaign WHERE state = 4 AND (start_us IS NULL OR start_us <= $2) \
             ORDER BY id LIMIT $1";
        let ids: Vec<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(page_rows(limit))
            .bind(now)
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for campaigns to launch")?;
        Ok(ids.into_iter().map(CampaignId::from_db).collect())
    }
}

impl Writer {
    /// Makes a draft.
    pub async fn create_campaign(
        &mut self,
        firm: FirmId,
        new: &NewCampaign,
        author: &str,
    ) -> Result<Campaign, StoreError> {
        let id = CampaignId::from_db(self.next_id()?);
        let now = self.now().as_micros();
        let audience = to_json(&new.audience)?;
        let plan = to_json(&new.plan)?;
        let sql = "INSERT INTO campaign (id, firm_id, brand_id, name, channel, kind, basis, purpose, \
                template_id, body, sender, connector_id, audience, state, author, batch_size, \
                target_count, excluded_count, planned_count, batch_count, exclusions, created_us, updated_us, plan, promotion_id, template_version) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, $14, $15, 0, 0, 0, 0, '{}', $16, $16, $17, $18, \
                (SELECT t.version FROM template t WHERE t.id = $9))";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .bind(new.brand.as_db())
            .bind(&new.name)
            .bind(new.channel.as_db())
            .bind(new.kind.as_db())
            .bind(new.basis.as_db())
            .bind(&new.purpose)
            .bind(new.template.map(TemplateId::as_db))
            .bind(&new.body)
            .bind(&new.sender)
            .bind(new.connector.as_db())
            .bind(&audience)
            .bind(author)
            .bind(new.batch_size)
            .bind(now)
            .bind(&plan)
            .bind(new.promotion.map(PromotionId::as_db))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("making a campaign")?;
        exactly(rows, 1, "the campaign")?;
        self.campaign_at_work(id).await
    }

    /// Replaces what a draft says; anything past draft stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it is no draft any more.
    pub async fn change_campaign(
        &mut self,
        firm: FirmId,
        id: CampaignId,
        new: &NewCampaign,
    ) -> Result<Campaign, StoreError> {
        let audience = to_json(&new.audience)?;
        let plan = to_json(&new.plan)?;
        let now = self.now().as_micros();
        let sql = "UPDATE campaign SET name = $3, channel = $4, kind = $5, basis = $6, purpose = $7, \
                body = $8, sender = $9, connector_id = $10, audience = $11, batch_size = $12, updated_us = $13, \
                brand_id = $14, plan = $16, promotion_id = $17, go_snapshot = NULL, template_id = $15, \
                template_version = CASE WHEN template_id = $15 THEN template_version \
                    ELSE (SELECT t.version FROM template t WHERE t.id = $15) END \
             WHERE id = $1 AND firm_id = $2 AND state = 1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .bind(&new.name)
            .bind(new.channel.as_db())
            .bind(new.kind.as_db())
            .bind(new.basis.as_db())
            .bind(&new.purpose)
            .bind(&new.body)
            .bind(&new.sender)
            .bind(new.connector.as_db())
            .bind(&audience)
            .bind(new.batch_size)
            .bind(now)
            .bind(new.brand.as_db())
            .bind(new.template.map(TemplateId::as_db))
            .bind(&plan)
            .bind(new.promotion.map(PromotionId::as_db))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("changing a campaign")?;
        exactly(rows, 1, "the draft")?;
        self.campaign_at_work(id).await
    }

    /// Moves a campaign on, if it is still in one of the states it may come from.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it has moved on meanwhile.
    pub async fn move_campaign(
        &mut self,
        firm: FirmId,
        id: CampaignId,
        from: &[CampaignState],
        to: CampaignState,
        approver: Option<&str>,
    ) -> Result<Campaign, StoreError> {
        let held = self.campaign(firm, id).await?.ok_or(StoreError::Lost {
            what: "the campaign",
        })?;
        if !from.contains(&held.state) {
            return Err(StoreError::Lost {
                what: "the campaign",
            });
        }
        let now = self.now().as_micros();
        let launched = (to == CampaignState::Launching).then_some(now);
        let finished =
            matches!(to, CampaignState::Stopped | CampaignState::Finished).then_some(now);
        let sql = "UPDATE campaign SET state = $3, updated_us = $4, \
                approver = COALESCE($5, approver), launched_us = COALESCE($6, launched_us), \
                finished_us = COALESCE($7, finished_us) \
             WHERE id = $1 AND state = $2";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(held.state.as_db())
            .bind(to.as_db())
            .bind(now)
            .bind(approver)
            .bind(launched)
            .bind(finished)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("moving a campaign on")?;
        exactly(rows, 1, "the campaign")?;
        if to == CampaignState::Stopped {
            self.cancel_batches(id).await?;
        }
        self.campaign_at_work(id).await
    }

    /// Ends running campaigns whose every batch has an outcome.
    pub async fn finish_campaigns(&mut self) -> Result<u64, StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE campaign SET state = 8, finished_us = $1, updated_us = $1 \
             WHERE state = 5 AND NOT EXISTS (SELECT 1 FROM send_batch b \
                WHERE b.campaign_id = campaign.id AND b.settled_us IS NULL)";
        on!(self, conn => sqlx::query(sql)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("ending campaigns")
    }
}
