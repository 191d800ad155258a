//! Audiences judged as a set: the gate's decision for everyone at once.
//!
//! One SQL expression spells what `domain::gate::decide` decides, as far as
//! the store knows the facts, in the same order. Dry run and snapshot share
//! it; a property test holds it to the function. It never sends: every batch
//! passes the function itself when it is claimed.

use std::borrow::Cow;
use std::fmt::Write as _;

use domain::gate::{Basis, BrandPolicy};
use domain::ids::{BrandId, CampaignId, ConnectorId, FirmId, PromotionId};
use domain::{Channel, ReasonCode, RecipientKind, RegistryMode, Timestamp};
use sqlx::AssertSqlSafe;

use crate::audience_shape::Shape;
use crate::campaigns::{Audience, Exclusions};
use crate::db::{Engine, Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{for_update, known, to_json};
use crate::segment_sql::SegmentRules;

/// Everything the decision over an audience rests on.
#[derive(Debug, Clone)]
pub struct AudienceQuestion {
    /// Whose people.
    pub firm: FirmId,
    /// In whose name.
    pub brand: BrandId,
    /// By which means.
    pub channel: Channel,
    /// Addressed in which capacity.
    pub kind: RecipientKind,
    /// On which legal ground.
    pub basis: Basis,
    /// The brand's rules.
    pub policy: BrandPolicy,
    /// The present instant.
    pub now: Timestamp,
    /// Whom it is for.
    pub audience: Audience,
    /// The rules of an audience that is a segment, or of a preview: only whom
    /// they find is in it.
    pub segment: Option<SegmentRules>,
    /// Variables of the text, see [`crate::person::value_of`].
    pub variables: Vec<String>,
    /// A reason that holds for everyone, such as a missing route; found after
    /// what is known of the person.
    pub for_everyone: Option<ReasonCode>,
    /// The campaign's purpose, where anybody muted it
    /// (see [`crate::purposes::purpose_key`]).
    pub muted_purpose: Option<i64>,
    /// The promotion whose codes the text needs: whoever none is left for is
    /// left out.
    pub promotion: Option<PromotionId>,
    /// Limits and parts that the campaign's plan and the brand's rules add.
    pub shape: Shape,
}

/// What an audience comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// People in it.
    pub target: i64,
    /// Of them, the gate would let pass but for the hour.
    pub sendable: i64,
    /// Of them, excluded, by headline reason.
    pub excluded: Exclusions,
}

/// A frozen audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// What it came to.
    pub judged: Judged,
    /// Batches it was cut into.
    pub batches: i64,
}

/// The tag, the addresses and the variables are parameters from here on; the
/// others come first.
const FIRST_FREE: usize = 10;

/// What Rust's `trim` takes away: White_Space of Unicode. Without a list both
/// databases take away the space only.
const BLANKS: &str = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\
    \u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";

impl AudienceQuestion {
    /// The people `r`, how they are tied to their list, and the next free parameter.
    pub(crate) fn people(&self, engine: Engine) -> (String, Cow<'static, str>, usize) {
        if let Some(rules) = &self.segment {
            let (found, _) = rules.condition(engine, FIRST_FREE);
            return (
                "recipient r LEFT JOIN contact sc ON sc.id = r.contact_id".to_owned(),
                Cow::Owned(found),
                FIRST_FREE + 1,
            );
        }
        let (people, listed, free) = self.listed(engine);
        (people, Cow::Borrowed(listed), free)
    }

    fn listed(&self, engine: Engine) -> (String, &'static str, usize) {
        // CROSS JOIN: SQLite keeps the order, from the short list to the address.
        match &self.audience {
            // Without its rules a segment finds nobody.
            Audience::Segment { .. } => ("recipient r".to_owned(), "1 = 0", FIRST_FREE),
            Audience::All => ("recipient r".to_owned(), "1 = 1", FIRST_FREE),
            Audience::Tag { .. } => (
                format!(
                    "(SELECT m.recipient_id AS listed FROM tag t CROSS JOIN tag_member m \
                      WHERE t.firm_id = $1 AND t.name = ${FIRST_FREE} AND m.tag_id = t.id) l \
                     CROSS JOIN recipient r"
                ),
                "l.listed = r.id",
                FIRST_FREE + 1,
            ),
            Audience::Addresses { .. } => {
                let people = format!("{} CROSS JOIN recipient r", spelled_out(engine));
                (people, "l.listed = r.address", FIRST_FREE + 1)
            }
            Audience::Accounts { .. } => {
                let list = spelled_out(engine);
                let people = format!("{list} CROSS JOIN contact ac CROSS JOIN recipient r");
                let listed = if self.channel.is_phone() {
                    "ac.external_id = l.listed AND ac.firm_id = $1 AND r.id = ac.phone_id"
                } else {
                    "ac.external_id = l.listed AND ac.firm_id = $1 AND r.id = ac.email_id"
                };
                (people, listed, FIRST_FREE + 1)
            }
        }
    }

    /// Whether a variable of the text is blank for the contact `c`.
    fn missing(&self, engine: Engine, first: usize) -> String {
        let mut missing = String::from("1 = 0");
        let mut next = first;
        for name in &self.variables {
            let blank = if let Some(column) = crate::person::column_of(name) {
                // Nearly all begin with a letter: only the others are searched for blanks.
                format!(
                    "c.{column} IS NULL OR (NOT (c.{column} >= '!' AND c.{column} < '~') \
                        AND NOT (c.{column} >= 'À' AND c.{column} < 'Ͱ') \
                        AND trim(c.{column}, '{BLANKS}') = '')"
                )
            } else {
                let value = match engine {
                    Engine::Sqlite => format!("(c.attributes ->> ('$.\"' || ${next} || '\"'))"),
                    Engine::Postgres => format!("(CAST(c.attributes AS jsonb) ->> ${next})"),
                };
                next += 1;
                format!("trim(COALESCE({value}, ''), '{BLANKS}') = ''")
            };
            let _ = write!(missing, " OR {blank}");
        }
        missing
    }

    /// The inner query: `recipient_id, code, event_id, registry_batch_id, checked_us`.
    pub(crate) fn sql(&self, engine: Engine) -> String {
        self.sql_of(engine, "")
    }

    /// The same about those people `r` of whom `only` holds (`AND …`).
    pub(crate) fn sql_of(&self, engine: Engine, only: &str) -> String {
        let (mut from, listed, free) = self.people(engine);
        if !self.variables.is_empty() {
            from.push_str(" LEFT JOIN contact c ON c.id = r.contact_id");
        }
        let missing = self.missing(engine, free);
        let limits = self.limits();
        let foreign = self.foreign();
        // The order is the gate's: blacklist, complaint, consent, registry,
        // limits, content, route. Numbers are those of `domain`.
        let (other, elsewhere) = in_other_kind(engine);
        let contact = match self.promotion {
            Some(_) => "r.contact_id AS contact_id, ",
            None => "",
        };
        let decided = format!(
            "SELECT r.id AS recipient_id, {contact}own.local_event_id AS event_id, \
                    own.registry_batch_id AS registry_batch_id, own.checked_us AS checked_us, \
                CASE WHEN r.undeliverable = 1 OR (r.undeliverable = 2 AND $5 = 1) \
                     OR (r.off_whatsapp = 1 AND $3 = 4) THEN 5204 \
                WHEN b0.cause = 1 AND ($5 = 1 OR b0.spares_mandatory = 0) THEN 5201 \
                WHEN bc.cause = 1 AND ($5 = 1 OR bc.spares_mandatory = 0) THEN 5201 \
                WHEN b0.cause = 2 OR bc.cause = 2 OR b0.also_complaint = 1 OR bc.also_complaint = 1 \
                     THEN 5202 \
                WHEN $5 = 1 AND (COALESCE(own.local_status, 0) = 2 OR COALESCE(own.verdict, 0) = 2) THEN 5103 \
                WHEN $5 = 1 AND COALESCE(own.local_status, 0) = 0 \
                     AND NOT ($6 = 1 AND COALESCE(own.verdict, 0) = 1) THEN \
                    CASE WHEN {elsewhere} \
                         THEN 5105 ELSE 5101 END \
                WHEN $5 = 1 AND $6 = 1 AND $7 = 1 AND NOT COALESCE(own.local_status, 0) = 1 THEN 5102 \
                WHEN $5 = 1 AND $6 = 1 AND $7 = 2 THEN 5102 \
                WHEN $5 = 1 AND $6 = 1 AND $7 = 3 AND COALESCE(own.verdict, 0) <> 1 THEN 5102 \
                WHEN $5 = 1 AND $6 = 1 AND $7 = 3 AND (own.checked_us IS NULL OR own.checked_us < $8) THEN 5104 \
                {muted} {limits} WHEN {missing} THEN 5401 \
                {foreign} ELSE $9 END AS code \
             FROM {from} \
             LEFT JOIN consent_state own ON own.brand_id = $2 AND own.recipient_id = r.id \
                  AND own.channel = $3 AND own.kind = $4 \
             {other} \
             LEFT JOIN blacklist b0 ON b0.firm_id = $1 AND b0.recipient_id = r.id AND b0.channel = 0 \
             LEFT JOIN blacklist bc ON bc.firm_id = $1 AND bc.recipient_id = r.id AND bc.channel = $3 \
             WHERE r.firm_id = $1 AND {listed} AND r.form = {form} {only}",
            form = if self.channel.is_phone() { 1 } else { 2 },
            muted = self.muted(),
        );
        self.within_codes(decided)
    }

    /// The few who muted the campaign's purpose; nothing where nobody did.
    fn muted(&self) -> String {
        self.muted_purpose.map_or_else(String::new, |purpose| {
            format!(
                "WHEN $5 = 1 AND EXISTS (SELECT 1 FROM purpose_refusal f WHERE f.brand_id = $2 \
                 AND f.recipient_id = r.id AND f.channel = $3 AND f.purpose_key = {purpose}) THEN 5106"
            )
        })
    }

    /// 1 local consent is enough, 2 nothing is, 3 İYS must confirm.
    pub(crate) const fn trust(&self) -> i64 {
        match self.policy.mode {
            RegistryMode::Off if self.policy.off_reason_signed => 1,
            RegistryMode::Off => 2,
            RegistryMode::Provider => 1,
            RegistryMode::Sync | RegistryMode::Integrator => 3,
        }
    }

    pub(crate) fn list_parameter(&self, engine: Engine) -> Result<Option<String>, StoreError> {
        if let Some(rules) = &self.segment {
            let (_, texts) = rules.condition(engine, FIRST_FREE);
            return to_json(&texts).map(Some);
        }
        match &self.audience {
            Audience::All | Audience::Segment { .. } => Ok(None),
            Audience::Tag { tag } => Ok(Some(tag.clone())),
            Audience::Addresses { addresses } => to_json(addresses).map(Some),
            Audience::Accounts { codes } => to_json(codes).map(Some),
        }
    }
}

/// A list that travels as a JSON text to both, so that the parameter is the
/// same. DISTINCT: whoever is listed twice is one person.
fn spelled_out(engine: Engine) -> String {
    let each = match engine {
        Engine::Sqlite => format!("json_each(${FIRST_FREE})"),
        Engine::Postgres => format!("json_array_elements_text(CAST(${FIRST_FREE} AS json))"),
    };
    format!("(SELECT DISTINCT value AS listed FROM {each}) l")
}

/// A consent of `r` in the other recipient kind.
const OTHER_KIND: &str = "other.brand_id = $2 AND other.recipient_id = r.id \
    AND other.channel = $3 AND other.kind = 3 - $4 \
    AND other.local_status <> 2 AND other.verdict <> 2 \
    AND (other.local_status = 1 OR other.verdict = 1)";

/// A join that finds a consent in the other recipient kind, and whether it did.
fn in_other_kind(engine: Engine) -> (String, String) {
    match engine {
        // Only for the few without a consent in this kind.
        Engine::Sqlite => (
            String::new(),
            format!("EXISTS (SELECT 1 FROM consent_state other WHERE {OTHER_KIND})"),
        ),
        // Beside a subquery for each person the planner does not share the walk
        // between processes, and a join is found in as short a time.
        Engine::Postgres => (
            format!("LEFT JOIN consent_state other ON {OTHER_KIND}"),
            "other.recipient_id IS NOT NULL".to_owned(),
        ),
    }
}

/// Binds the parameters of [`AudienceQuestion::sql`] in their order.
macro_rules! bind_question {
    ($query:expr, $question:expr, $list:expr) => {{
        let question: &$crate::audience::AudienceQuestion = $question;
        let mut query = $query
            .bind(question.firm.as_db())
            .bind(question.brand.as_db())
            .bind(question.channel.as_db())
            .bind(question.kind.as_db())
            .bind(i64::from(question.basis == domain::gate::Basis::Commercial))
            .bind(i64::from(question.channel.is_registered()))
            .bind(question.trust())
            .bind(question.policy.oldest_answer(question.now).as_micros())
            .bind(question.for_everyone.map_or(0, domain::ReasonCode::as_db));
        if let Some(list) = $list {
            query = query.bind(list);
        }
        for name in question
            .variables
            .iter()
            .filter(|name| crate::person::column_of(name).is_none())
        {
            query = query.bind(name.as_str());
        }
        query
    }};
}
pub(crate) use bind_question;

impl Reader {
    /// Everyone's decision, in order of number: for exports and tests.
    pub async fn audience_decisions(
        &mut self,
        question: &AudienceQuestion,
        limit: usize,
    ) -> Result<Vec<(domain::ids::RecipientId, Option<ReasonCode>)>, StoreError> {
        let inner = question.counted(question.sql(self.engine()));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = format!(
            "SELECT recipient_id, code FROM ({inner}) d ORDER BY recipient_id LIMIT {limit}"
        );
        let list = question.list_parameter(self.engine())?;
        let rows: Vec<(i64, i64)> = on!(self, conn => bind_question!(
                sqlx::query_as(AssertSqlSafe(sql)), question, list.as_deref())
            .fetch_all(&mut *conn)
            .await)
        .doing("judging an audience")?;
        rows.into_iter()
            .map(|(id, code)| Ok((domain::ids::RecipientId::from_db(id), reason(code)?)))
            .collect()
    }
}

/// The reason of a decision; none where the gate lets pass.
pub(crate) fn reason(code: i64) -> Result<Option<ReasonCode>, StoreError> {
    if code == 0 {
        return Ok(None);
    }
    known(
        ReasonCode::from_db(code),
        "campaign_recipient",
        "code",
        code,
    )
    .map(Some)
}

pub(crate) fn judged(rows: impl IntoIterator<Item = (i64, i64)>) -> Result<Judged, StoreError> {
    let mut out = Judged {
        target: 0,
        sendable: 0,
        excluded: Exclusions::new(),
    };
    for (code, count) in rows {
        out.target += count;
        match reason(code)? {
            None => out.sendable += count,
            Some(code) => *out.excluded.entry(code).or_default() += count,
        }
    }
    Ok(out)
}

/// A running count in order of number cuts the sendable into batches.
fn freeze_sql(
    question: &AudienceQuestion,
    engine: Engine,
    campaign: CampaignId,
    batch_size: i64,
) -> String {
    let inner = question.sql(engine);
    format!(
        "INSERT INTO campaign_recipient (campaign_id, code, recipient_id, batch_no, event_id, \
                    registry_batch_id, checked_us) \
             SELECT {campaign}, code, recipient_id, \
                CASE WHEN code = 0 THEN (passed - 1) / {batch_size} + 1 ELSE 0 END, \
                event_id, registry_batch_id, checked_us \
             FROM (SELECT d.*, CAST(sum(CASE WHEN code = 0 THEN 1 ELSE 0 END) \
                        OVER (ORDER BY recipient_id ROWS UNBOUNDED PRECEDING) AS BIGINT) AS passed \
                   FROM ({inner}) d) n",
        campaign = campaign.as_db(),
    )
}

impl Writer {
    /// Freezes an audience: one decision per person, the sendable cut into
    /// batches, counts onto the campaign, which runs from then on. One
    /// statement makes the decisions, so nobody changes in between.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the campaign is not launching any more.
    pub async fn freeze_audience(
        &mut self,
        campaign: CampaignId,
        connector: ConnectorId,
        question: &AudienceQuestion,
        batch_size: i64,
        content_hash: &[u8],
    ) -> Result<Snapshot, StoreError> {
        self.lock_launching(campaign).await?;
        let promotion = match question.promotion {
            Some(id) => self.lock_promotion(id).await?,
            None => None,
        };
        let sql = if question.shape.is_sorted() {
            question.freeze_sorted_sql(self.engine(), campaign, batch_size)
        } else {
            freeze_sql(question, self.engine(), campaign, batch_size)
        };
        let list = question.list_parameter(self.engine())?;
        on!(self, conn => bind_question!(sqlx::query(AssertSqlSafe(sql)), question, list.as_deref())
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("freezing an audience")?;
        let batches = self
            .cut_batches(campaign, question, connector, batch_size)
            .await?;
        if let Some(promotion) = &promotion {
            self.give_codes(promotion, campaign).await?;
        }
        let judged = self.frozen_counts(campaign).await?;
        self.save_snapshot(campaign, &judged, batches, content_hash)
            .await?;
        Ok(Snapshot { judged, batches })
    }

    /// Before anything is written: a second freezer waits here and then finds
    /// the campaign running.
    async fn lock_launching(&mut self, campaign: CampaignId) -> Result<(), StoreError> {
        let sql = for_update!(self, "SELECT id FROM campaign WHERE id = $1 AND state = 4");
        let found: Option<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(campaign.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("freezing an audience")?;
        found.map(drop).ok_or(StoreError::Lost {
            what: "the launching campaign",
        })
    }

    async fn cut_batches(
        &mut self,
        campaign: CampaignId,
        question: &AudienceQuestion,
        connector: ConnectorId,
        batch_size: i64,
    ) -> Result<i64, StoreError> {
        let now = self.now();
        let due = question.due(batch_size, now);
        let priority = question.priority();
        let sql = format!(
            "INSERT INTO send_batch (campaign_id, batch_no, brand_id, connector_id, first_recipient_id, \
                last_recipient_id, size, state, priority, attempt, accepted_count, next_us, created_us) \
             SELECT campaign_id, batch_no, CAST($2 AS BIGINT), CAST($3 AS BIGINT), min(recipient_id), \
                max(recipient_id), count(*), 1, {priority}, 0, 0, {due}, CAST($4 AS BIGINT) \
             FROM campaign_recipient WHERE campaign_id = $1 AND code = 0 \
             GROUP BY campaign_id, batch_no"
        );
        let rows = on!(self, conn => sqlx::query(AssertSqlSafe(sql))
            .bind(campaign.as_db())
            .bind(question.brand.as_db())
            .bind(connector.as_db())
            .bind(now.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("cutting batches")?;
        Ok(i64::try_from(rows).unwrap_or(i64::MAX))
    }

    async fn frozen_counts(&mut self, campaign: CampaignId) -> Result<Judged, StoreError> {
        let sql = "SELECT code, CAST(count(*) AS BIGINT) FROM campaign_recipient \
             WHERE campaign_id = $1 GROUP BY code";
        let rows: Vec<(i64, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(campaign.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("counting a frozen audience")?;
        judged(rows)
    }

    async fn save_snapshot(
        &mut self,
        campaign: CampaignId,
        judged: &Judged,
        batches: i64,
        content_hash: &[u8],
    ) -> Result<(), StoreError> {
        let exclusions = to_json(&judged.excluded)?;
        let now = self.now().as_micros();
        let sql = "UPDATE campaign SET state = 5, snapshot_us = $2, updated_us = $2, content_hash = $3, \
                target_count = $4, excluded_count = $5, planned_count = $6, batch_count = $7, exclusions = $8 \
             WHERE id = $1 AND state = 4";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(campaign.as_db())
            .bind(now)
            .bind(content_hash)
            .bind(judged.target)
            .bind(judged.target - judged.sendable)
            .bind(judged.sendable)
            .bind(batches)
            .bind(&exclusions)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("freezing an audience")?;
        exactly(rows, 1, "the launching campaign")
    }
}
