//! Who of those who may get a campaign does: the brand's frequency limits, the
//! control group, the cap, and the parts of a trial. Everybody's place is drawn
//! by `domain::plan::draw`, so a dry run and the sending choose the same people.

use std::collections::HashSet;
use std::fmt::Write as _;

use domain::Timestamp;
use domain::gate::Basis;
use domain::ids::{BrandId, CampaignId, FirmId, RecipientId};
use domain::plan::{PART_STRIDE, Part, Plan, draw_below, draw_seed, draw_sql};
use domain::template::Values;
use sqlx::AssertSqlSafe;

use crate::audience::{AudienceQuestion, bind_question};
use crate::campaign_flow::{NEVER, due_sql};
use crate::campaigns::Campaign;
use crate::db::{Engine, Reader, Writer};
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given};
use crate::row::page_rows;

/// Earlier campaigns that a frequency limit looks at.
pub const EARLIER_CAMPAIGNS_MAX: i64 = 500;

/// How an audience is shaped beside the gate's rules; empty by default.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// How the campaign leaves.
    pub plan: Plan,
    /// What the draw begins with.
    pub seed: i64,
    /// Whether a text with a link goes over a route from abroad (S403).
    pub has_foreign_link: bool,
    /// The brand's limits, unless the campaign is exempt from them.
    pub frequency: Option<Frequency>,
    /// Campaigns that say the same today, where the brand sends nothing twice a
    /// day (S302).
    pub repeated: Option<Frequency>,
    /// At most so many people, because the credit reaches no more (S502).
    pub credit_people: Option<i64>,
}

/// At most so many messages since these instants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frequency {
    /// Count and instant.
    pub limits: Vec<(i64, Timestamp)>,
    /// The campaigns whose messages count.
    pub campaigns: Vec<CampaignId>,
}

impl Shape {
    /// The shape of a campaign with this plan.
    pub fn of(campaign: CampaignId, plan: &Plan) -> Self {
        Self {
            plan: plan.clone(),
            seed: draw_seed(campaign),
            has_foreign_link: false,
            frequency: None,
            repeated: None,
            credit_people: None,
        }
    }

    /// Whether people are sorted before they are cut into batches.
    pub(crate) const fn is_sorted(&self) -> bool {
        self.plan.is_sorted() || self.credit_people.is_some()
    }

    /// Whether cap or credit leave people out for no reason of their own.
    pub(crate) const fn is_bounded(&self) -> bool {
        self.plan.cap.is_some() || self.credit_people.is_some()
    }

    /// At most so many people in all, and what becomes of one beyond it: the
    /// cap stands before the credit, as in the gate.
    fn most(&self) -> (Option<i64>, String) {
        let bounds = [(self.plan.cap, 5305), (self.credit_people, 5502)];
        let mut beyond = String::new();
        for (most, code) in bounds {
            if let Some(most) = most {
                let _ = write!(beyond, "WHEN code = 0 AND place > {most} THEN {code} ");
            }
        }
        let most = bounds.into_iter().filter_map(|(most, _)| most).min();
        (most, beyond)
    }
}

impl Frequency {
    fn list(&self) -> String {
        let ids: Vec<String> = self
            .campaigns
            .iter()
            .map(|campaign| campaign.as_db().to_string())
            .collect();
        ids.join(", ")
    }

    /// For everyone `r` who is over a limit, the reason.
    fn branches(&self, now: Timestamp, code: i64, branches: &mut String) {
        let list = self.list();
        let now = now.as_micros();
        for (most, since) in &self.limits {
            // Planned and not yet handed over counts as now: two campaigns
            // on one evening do not both get the last place.
            let _ = write!(
                branches,
                "WHEN (SELECT count(*) FROM campaign_recipient f \
                    JOIN send_batch fb ON fb.campaign_id = f.campaign_id AND fb.batch_no = f.batch_no \
                    WHERE f.campaign_id IN ({list}) AND f.code = 0 AND f.recipient_id = r.id \
                      AND fb.state NOT IN (4, 7) AND COALESCE(fb.claimed_us, {now}) >= {since} \
                      AND NOT EXISTS (SELECT 1 FROM send_exception fe WHERE fe.campaign_id = f.campaign_id \
                          AND fe.batch_no = f.batch_no AND fe.recipient_id = f.recipient_id)) >= {most} \
                 THEN {code} ",
                since = since.as_micros(),
            );
        }
    }

    /// Nothing can be over it.
    pub fn is_idle(&self) -> bool {
        self.limits.is_empty() || self.campaigns.is_empty()
    }
}

impl AudienceQuestion {
    /// Whether the answer depends on messages sent before.
    pub(crate) fn counts_messages(&self) -> bool {
        let shape = &self.shape;
        let mut counted = shape.frequency.iter().chain(&shape.repeated);
        self.basis == Basis::Commercial && counted.any(|one| !one.is_idle())
    }

    /// The gate's limits as branches of the decision: S301, S302, then S304.
    pub(crate) fn limits(&self) -> String {
        let mut branches = String::new();
        if self.counts_messages() {
            let shape = &self.shape;
            for (frequency, code) in [(&shape.frequency, 5301), (&shape.repeated, 5302)] {
                if let Some(frequency) = frequency.as_ref().filter(|one| !one.is_idle()) {
                    frequency.branches(self.now, code, &mut branches);
                }
            }
        }
        if let Some(percent) = self.shape.plan.control_percent {
            // Not the place of the order: the control group would be the first
            // of a trial.
            let seed = (self.shape.seed + 7_919) % domain::plan::DRAW_END;
            let place = draw_sql(seed, "r.id");
            let _ = write!(
                branches,
                "WHEN {place} < {} THEN 5304 ",
                draw_below(percent)
            );
        }
        branches
    }

    /// Numbers of Turkey get no link from abroad, whatever else may be said.
    pub(crate) const fn foreign(&self) -> &'static str {
        if self.shape.has_foreign_link {
            "WHEN $9 = 0 AND substr(r.address, 1, 3) = '+90' THEN 5403"
        } else {
            ""
        }
    }

    /// The inner query with cap and credit applied and everyone's part: `recipient_id,
    /// code, part, event_id, registry_batch_id, checked_us`.
    pub(crate) fn sorted(&self, inner: &str) -> String {
        let plan = &self.shape.plan;
        let (most, beyond) = self.shape.most();
        let kept = most.map_or_else(
            || "passed".to_owned(),
            |most| format!("(CASE WHEN passed > {most} THEN {most} ELSE passed END)"),
        );
        let code = most.map_or_else(
            || "code".to_owned(),
            |_| format!("CASE {beyond}ELSE code END"),
        );
        let part = if let Some(split) = &plan.split {
            let both = split.first_percent + split.second_percent;
            let rest = if both == 100 {
                Part::Second
            } else {
                Part::Rest
            };
            format!(
                "CASE WHEN place <= {kept} * {} / 100 THEN 1 WHEN place <= {kept} * {both} / 100 THEN 2 ELSE {} END",
                split.first_percent, rest as i64
            )
        } else if let Some(canary) = plan.canary {
            format!(
                "CASE WHEN place <= ({kept} * {} + 99) / 100 THEN {} ELSE 0 END",
                canary.percent,
                Part::Canary as i64
            )
        } else {
            "0".to_owned()
        };
        let place = draw_sql(self.shape.seed, "recipient_id");
        format!(
            "SELECT recipient_id, {code} AS code, CAST({part} AS BIGINT) AS part, event_id, \
                    registry_batch_id, checked_us \
             FROM (SELECT q.*, \
                    row_number() OVER (PARTITION BY CASE WHEN code = 0 THEN 0 ELSE 1 END \
                        ORDER BY {place}, recipient_id) AS place, \
                    CAST(sum(CASE WHEN code = 0 THEN 1 ELSE 0 END) OVER () AS BIGINT) AS passed \
                   FROM ({inner}) q) s"
        )
    }

    /// What `inner` decides, and behind it cap and credit where they bound the audience.
    pub(crate) fn counted(&self, inner: String) -> String {
        if self.shape.is_bounded() {
            self.sorted(&inner)
        } else {
            inner
        }
    }

    /// Freezes a sorted audience: batches are numbered within their part.
    pub(crate) fn freeze_sorted_sql(
        &self,
        engine: Engine,
        campaign: CampaignId,
        batch_size: i64,
    ) -> String {
        let sorted = self.sorted(&self.sql(engine));
        format!(
            "INSERT INTO campaign_recipient (campaign_id, code, recipient_id, batch_no, event_id, \
                    registry_batch_id, checked_us) \
             SELECT {campaign}, code, recipient_id, \
                CASE WHEN code = 0 THEN part * {PART_STRIDE} + (row_number() OVER \
                    (PARTITION BY CASE WHEN code = 0 THEN part ELSE -1 END ORDER BY recipient_id) - 1) \
                    / {batch_size} + 1 ELSE 0 END, \
                event_id, registry_batch_id, checked_us \
             FROM ({sorted}) n",
            campaign = campaign.as_db(),
        )
    }

    /// When a batch is due, in SQL of its number.
    pub(crate) fn due(&self, batch_size: i64, now: Timestamp) -> String {
        let plan = &self.shape.plan;
        let never = NEVER.as_micros();
        let portion = |part: Part| {
            let first = part.batches().0;
            due_sql(plan, batch_size, now, &format!("(batch_no - {first} - 1)"))
        };
        let (second, rest, canary) = (
            Part::Second.batches().0,
            Part::Rest.batches().0,
            Part::Canary.batches().0,
        );
        if plan.split.is_some() {
            format!(
                "CASE WHEN batch_no >= {rest} THEN {never} WHEN batch_no >= {second} THEN {} ELSE {} END",
                portion(Part::Second),
                portion(Part::First)
            )
        } else if plan.canary.is_some() {
            let now = now.as_micros();
            format!("CASE WHEN batch_no >= {canary} THEN {now} ELSE {never} END")
        } else {
            portion(Part::Whole)
        }
    }

    /// Who goes first at a provider: smaller numbers do.
    pub(crate) const fn priority(&self) -> i64 {
        match self.basis {
            Basis::Otp => 10,
            Basis::Informational => 50,
            Basis::Commercial => 100,
        }
    }
}

impl Reader {
    /// Campaigns of a brand whose messages count for its frequency limits since
    /// `since`, newest first, at most [`EARLIER_CAMPAIGNS_MAX`].
    pub async fn campaigns_that_count(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        since: Timestamp,
        except: CampaignId,
    ) -> Result<Vec<CampaignId>, StoreError> {
        let sql = "SELECT id FROM campaign WHERE firm_id = $1 AND brand_id = $2 AND basis = 1 \
               AND snapshot_us IS NOT NULL AND (finished_us IS NULL OR finished_us >= $3) AND id <> $4 \
             ORDER BY created_us DESC, id DESC LIMIT $5";
        let ids: Vec<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(firm.as_db())
            .bind(brand.as_db())
            .bind(since.as_micros())
            .bind(except.as_db())
            .bind(EARLIER_CAMPAIGNS_MAX)
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for earlier campaigns")?;
        Ok(ids.into_iter().map(CampaignId::from_db).collect())
    }
}

impl Reader {
    /// The firm's commercial campaigns of a brand and channel that may hand
    /// something over on the day that began at `since`, newest first, at most
    /// [`EARLIER_CAMPAIGNS_MAX`]: those that say the same are among them.
    pub async fn campaigns_of_the_day(
        &mut self,
        of: &Campaign,
        since: Timestamp,
    ) -> Result<Vec<Campaign>, StoreError> {
        let second = of.plan.split.as_ref().map_or(&of.body, |split| &split.body);
        // A trial's second text stands in its plan: such a campaign is looked at.
        let sql = "SELECT id FROM campaign WHERE firm_id = $1 AND brand_id = $2 AND basis = 1 \
               AND channel = $3 AND snapshot_us IS NOT NULL AND (finished_us IS NULL OR finished_us >= $4) \
               AND id <> $5 AND (body IN ($6, $7) OR plan LIKE '%\"split\"%') \
             ORDER BY created_us DESC, id DESC LIMIT $8";
        let ids: Vec<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(of.firm.as_db())
            .bind(of.brand.as_db())
            .bind(of.channel.as_db())
            .bind(since.as_micros())
            .bind(of.id.as_db())
            .bind(&of.body)
            .bind(second)
            .bind(EARLIER_CAMPAIGNS_MAX)
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for campaigns of the day")?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.push(self.campaign_at_work(CampaignId::from_db(id)).await?);
        }
        Ok(found)
    }
}

impl Writer {
    /// Those of the people who had their messages since: only what was handed
    /// over counts, so two campaigns frozen together do not silence each other.
    pub async fn over_frequency(
        &mut self,
        frequency: &Frequency,
        people: &[RecipientId],
    ) -> Result<HashSet<RecipientId>, StoreError> {
        let mut over = HashSet::new();
        if frequency.is_idle() || people.is_empty() {
            return Ok(over);
        }
        let mut ids: Vec<i64> = people.iter().map(|id| id.as_db()).collect();
        ids.sort_unstable();
        ids.dedup();
        let given = Given::new().ints("person", ids.iter().copied());
        for (most, since) in &frequency.limits {
            let body = format!(
                "SELECT f.recipient_id FROM given g CROSS JOIN campaign_recipient f \
                 JOIN send_batch fb ON fb.campaign_id = f.campaign_id AND fb.batch_no = f.batch_no \
                 WHERE f.campaign_id IN ({}) AND f.code = 0 AND f.recipient_id = g.person \
                   AND fb.state IN (2, 3, 5, 6) AND fb.claimed_us >= $1 \
                   AND NOT EXISTS (SELECT 1 FROM send_exception fe WHERE fe.campaign_id = f.campaign_id \
                       AND fe.batch_no = f.batch_no AND fe.recipient_id = f.recipient_id) \
                 GROUP BY f.recipient_id HAVING count(*) >= $2",
                frequency.list()
            );
            let sql = given.sql(self.engine(), 3, &body);
            let found: Vec<i64> = on!(self, conn => sqlx::query_scalar(sql)
                .bind(since.as_micros())
                .bind(*most)
                .bind_given(&given)
                .fetch_all(&mut *conn)
                .await)
            .doing("counting earlier messages")?;
            over.extend(found.into_iter().map(RecipientId::from_db));
        }
        Ok(over)
    }
}

impl Reader {
    /// What the text's variables hold for those of an audience who would get
    /// it, behind `after`, in order of number. The cap is not looked at: who is
    /// beyond it may be counted too.
    pub async fn audience_values(
        &mut self,
        question: &AudienceQuestion,
        after: RecipientId,
        limit: usize,
    ) -> Result<Vec<(RecipientId, Values)>, StoreError> {
        let inner = question.sql(self.engine());
        let sql = format!(
            "SELECT d.recipient_id, c.full_name, c.external_id, c.attributes \
             FROM ({inner}) d JOIN recipient a ON a.id = d.recipient_id \
             LEFT JOIN contact c ON c.id = a.contact_id \
             WHERE d.code = 0 AND d.recipient_id > {after} ORDER BY d.recipient_id LIMIT {limit}",
            after = after.as_db(),
            limit = page_rows(limit),
        );
        let list = question.list_parameter(self.engine())?;
        type Row = (i64, Option<String>, Option<String>, Option<String>);
        let rows: Vec<Row> = on!(self, conn => bind_question!(
                sqlx::query_as(AssertSqlSafe(sql)), question, list.as_deref())
            .fetch_all(&mut *conn)
            .await)
        .doing("reading an audience's values")?;
        rows.into_iter()
            .map(|(id, name, number, attributes)| {
                let recipient = RecipientId::from_db(id);
                let values = crate::person::values(recipient, name, number, attributes.as_deref())?;
                Ok((recipient, values))
            })
            .collect()
    }
}
