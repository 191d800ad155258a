//! Work for İYS: lists of up to 1,000 records that are to be asked about,
//! looked up or added, and what the answers change.
//!
//! The unit is the call. A list is queued in the transaction that made it
//! necessary, claimed under a lease, and settled in the transaction that
//! writes what the answer changes; a worker killed in between leaves a list
//! that another makes the same call with, which İYS recognises.

mod confirmed;
pub(crate) mod mirror;
mod queue;

pub use confirmed::ConfirmedList;

use std::collections::HashSet;

use domain::ids::{BrandId, EventId, RecipientId, RegistryBatchId, UploadId};
use domain::{Channel, Recipient, RecipientKind, Source, Status, Timestamp, Verdict};
use serde::{Deserialize, Serialize};

use crate::db::Reader;
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given};
use crate::row::{instant, known};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What is to be done with a list.
    Operation {
        /// Ask which of the addresses İYS confirms.
        Ask = 1, "ask";
        /// Look each address up singly.
        LookUp = 2, "look_up";
        /// Add the records.
        Add = 3, "add";
    }
}

vocabulary! {
    /// How far a list has come.
    ListState {
        /// Waits for its call.
        Pending = 1, "pending";
        /// İYS took it; its results are awaited.
        Awaiting = 2, "awaiting";
        /// Settled.
        Done = 3, "done";
        /// Rests after a fault that people should see; tried again later.
        Parked = 4, "parked";
    }
}

/// Most records of one list (İYS API).
pub const ITEMS_MAX: usize = 1_000;

/// One record of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryItem {
    /// Number of the address.
    pub id: RecipientId,
    /// The address.
    pub recipient: Recipient,
    /// What is to be added; none in a list that only asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<ItemSaid>,
    /// İYS's name for it, once the list was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_request: Option<String>,
}

/// A declaration to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemSaid {
    /// What was said.
    pub status: Status,
    /// When.
    pub date: Timestamp,
    /// Where it was taken.
    pub source: Source,
    /// The ledger event that says so.
    pub event: EventId,
    /// The retailer (*bayi*) that took it: its number at İYS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retailer: Option<u32>,
}

/// A list to be queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewList {
    /// The brand it is about.
    pub brand: BrandId,
    /// What is to be done.
    pub operation: Operation,
    /// The channel of all records.
    pub channel: Channel,
    /// The capacity of all records.
    pub kind: RecipientKind,
    /// The upload it comes from.
    pub upload: Option<UploadId>,
    /// 1 to [`ITEMS_MAX`] records, no address twice.
    pub items: Vec<RegistryItem>,
    /// Not before this instant.
    pub due: Timestamp,
}

impl NewList {
    /// Refusals leave first, what is to be added before questions.
    fn priority(&self) -> i64 {
        let is_refusal = |item: &RegistryItem| {
            let said = item.said.as_ref();
            said.is_some_and(|said| said.status == Status::Ret)
        };
        match self.operation {
            Operation::Add if self.items.iter().all(is_refusal) => 0,
            Operation::Add => 1,
            Operation::Ask | Operation::LookUp => 2,
        }
    }
}

/// A list in a worker's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedList {
    /// Its number; the evidence that a verdict rests on.
    pub id: RegistryBatchId,
    /// The brand it is about.
    pub brand: BrandId,
    /// What is to be done.
    pub operation: Operation,
    /// The channel of all records.
    pub channel: Channel,
    /// The capacity of all records.
    pub kind: RecipientKind,
    /// How far it had come.
    pub state: ListState,
    /// The upload it comes from.
    pub upload: Option<UploadId>,
    /// Records still to be settled.
    pub items: Vec<RegistryItem>,
    /// İYS's name for the call whose results are awaited.
    pub request_id: Option<String>,
    /// When İYS took it.
    pub accepted_at: Option<Timestamp>,
    /// Which attempt this is; the token of this claim.
    pub attempt: i64,
}

/// A record as İYS holds it, learned from a look-up or the change feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryFact {
    /// Number of the address.
    pub id: RecipientId,
    /// The address.
    pub recipient: Recipient,
    /// What is held there.
    pub status: Status,
    /// Since when.
    pub date: Timestamp,
    /// Who said it where.
    pub source: Source,
    /// Where its proof is, when it came of a request of ours.
    pub evidence: Option<String>,
}

/// Figures of the queue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueFigures {
    /// Records waiting for their call.
    pub pending: i64,
    /// Records whose call is under way.
    pub in_flight: i64,
    /// Records whose results are awaited.
    pub waiting: i64,
    /// Records that rest after a fault.
    pub parked: i64,
    /// Records of settled lists.
    pub done: i64,
    /// When the oldest unsettled list was queued.
    pub oldest_at: Option<Timestamp>,
    /// The last thing that went wrong with an unsettled list.
    pub last_error: Option<String>,
    /// Records that İYS has confirmed; counted for the lists of uploads only.
    pub confirmed: i64,
    /// Records that İYS holds as refused or would not take, likewise.
    pub refused: i64,
    /// How often such lists were tried at most.
    pub tries: i64,
    /// When the first of them is tried again.
    pub next_try_at: Option<Timestamp>,
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    [one, other].into_iter().flatten().min()
}

impl QueueFigures {
    /// Records not settled yet.
    pub const fn open(&self) -> i64 {
        self.pending + self.in_flight + self.waiting + self.parked
    }
}

/// People by what İYS let us know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictCount {
    /// The channel.
    pub channel: Channel,
    /// The capacity.
    pub kind: RecipientKind,
    /// The verdict.
    pub verdict: Verdict,
    /// How many.
    pub count: i64,
}

type ListRow = (
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    Option<i64>,
    Vec<u8>,
    Option<String>,
    Option<i64>,
    i64,
);

const TABLE: &str = "registry_batch";

fn list_row(row: ListRow) -> Result<ClaimedList, StoreError> {
    let id = RegistryBatchId::from_db(row.0);
    Ok(ClaimedList {
        id,
        brand: BrandId::from_db(row.1),
        operation: known(Operation::from_db(row.2), TABLE, "operation", id)?,
        channel: known(Channel::from_db(row.3), TABLE, "channel", id)?,
        kind: known(RecipientKind::from_db(row.4), TABLE, "kind", id)?,
        state: known(ListState::from_db(row.5), TABLE, "state", id)?,
        upload: row.6.map(UploadId::from_db),
        items: known(serde_json::from_slice(&row.7).ok(), TABLE, "items", id)?,
        request_id: row.8,
        accepted_at: instant(row.9),
        attempt: row.10,
    })
}

fn packed(items: &[RegistryItem]) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(items)
        .map_err(|error| StoreError::Configuration(format!("no JSON form: {error}")))
}

impl Reader {
    /// Why work of a brand rests that İYS refused for a reason of the account:
    /// channel and İYS's words, each once.
    pub async fn parked_reasons(
        &mut self,
        brand: BrandId,
    ) -> Result<Vec<(Channel, String)>, StoreError> {
        let sql = "SELECT DISTINCT channel, last_error FROM registry_batch \
             WHERE brand_id = $1 AND state = 4 AND last_error IS NOT NULL \
             ORDER BY channel, last_error LIMIT 50";
        let rows = on!(self, conn => sqlx::query_as::<_, (i64, String)>(sql)
            .bind(brand.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("reading why registry work rests")?;
        rows.into_iter()
            .map(|(channel, text)| {
                let channel = known(Channel::from_db(channel), TABLE, "channel", brand)?;
                Ok((channel, text))
            })
            .collect()
    }

    /// Figures of the queue: of a brand, or of one upload of it.
    pub async fn queue_figures(
        &mut self,
        brand: BrandId,
        upload: Option<UploadId>,
    ) -> Result<QueueFigures, StoreError> {
        let sql = "SELECT state, CASE WHEN lease_until_us IS NULL THEN 0 ELSE 1 END AS held, \
                CAST(sum(item_count) AS BIGINT), min(created_us), max(last_error), \
                max(CASE WHEN last_error IS NOT NULL THEN attempt END), \
                min(CASE WHEN last_error IS NOT NULL THEN next_us END), \
                CAST(sum(confirmed_count) AS BIGINT), CAST(sum(refused_count) AS BIGINT) \
             FROM registry_batch WHERE brand_id = $1 AND ($2 = 0 OR upload_id = $2) \
             GROUP BY state, CASE WHEN lease_until_us IS NULL THEN 0 ELSE 1 END";
        let upload_id = upload.map_or(0, UploadId::as_db);
        let by_upload = "SELECT state, CASE WHEN lease_until_us IS NULL THEN 0 ELSE 1 END AS held, \
                CAST(sum(item_count) AS BIGINT), min(created_us), max(last_error), \
                max(CASE WHEN last_error IS NOT NULL THEN attempt END), \
                min(CASE WHEN last_error IS NOT NULL THEN next_us END), \
                CAST(sum(confirmed_count) AS BIGINT), CAST(sum(refused_count) AS BIGINT) \
             FROM registry_batch WHERE brand_id = $1 AND upload_id = $2 \
             GROUP BY state, CASE WHEN lease_until_us IS NULL THEN 0 ELSE 1 END";
        // Two texts, so that each uses its own index.
        let sql = if upload.is_some() { by_upload } else { sql };
        type Row = (
            i64,
            i32,
            i64,
            Option<i64>,
            Option<String>,
            Option<i64>,
            Option<i64>,
            i64,
            i64,
        );
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(upload_id)
            .fetch_all(&mut *conn)
            .await)
        .doing("counting registry work")?;
        let mut figures = QueueFigures::default();
        for (state, held, count, oldest, error, tries, next, confirmed, refused) in rows {
            figures.confirmed += confirmed;
            figures.refused += refused;
            match known(ListState::from_db(state), TABLE, "state", brand)? {
                ListState::Done => {
                    figures.done += count;
                    continue;
                }
                ListState::Pending if held == 1 => figures.in_flight += count,
                ListState::Pending => figures.pending += count,
                ListState::Awaiting => figures.waiting += count,
                ListState::Parked => figures.parked += count,
            }
            figures.last_error = error.or(figures.last_error);
            figures.oldest_at = earlier(figures.oldest_at, instant(oldest));
            figures.tries = figures.tries.max(tries.unwrap_or_default());
            figures.next_try_at = earlier(figures.next_try_at, instant(next));
        }
        if figures.open() > 0 {
            self.add_rests(brand, &mut figures).await?;
        }
        Ok(figures)
    }

    /// Lists that rest with their brand were not called, so they do not say why.
    async fn add_rests(
        &mut self,
        brand: BrandId,
        figures: &mut QueueFigures,
    ) -> Result<(), StoreError> {
        for rest in self.rests(brand).await? {
            if rest.until.is_some() {
                figures.last_error.get_or_insert(rest.reason);
                figures.next_try_at = earlier(figures.next_try_at, rest.until);
            }
        }
        Ok(())
    }

    /// People of a brand by channel, capacity and verdict.
    pub async fn verdict_counts(
        &mut self,
        brand: BrandId,
    ) -> Result<Vec<VerdictCount>, StoreError> {
        let sql = "SELECT channel, kind, verdict, count(*) FROM consent_state WHERE brand_id = $1 \
             GROUP BY channel, kind, verdict ORDER BY channel, kind, verdict";
        let rows: Vec<(i64, i64, i64, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("counting verdicts")?;
        rows.into_iter()
            .map(|(channel, kind, verdict, count)| {
                let table = "consent_state";
                Ok(VerdictCount {
                    channel: known(Channel::from_db(channel), table, "channel", brand)?,
                    kind: known(RecipientKind::from_db(kind), table, "kind", brand)?,
                    verdict: known(Verdict::from_db(verdict), table, "verdict", brand)?,
                    count,
                })
            })
            .collect()
    }

    /// Workers that hold lists.
    pub async fn workers_with_lists(&mut self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT worker FROM registry_batch \
             WHERE state IN (1, 2, 4) AND lease_until_us IS NOT NULL AND worker IS NOT NULL LIMIT 1000";
        on!(self, conn => sqlx::query_scalar(sql).fetch_all(&mut *conn).await)
            .doing("looking for workers")
    }

    /// Lists of a brand whose results are awaited and that İYS took up to `until`.
    pub async fn lists_awaited_from_before(
        &mut self,
        brand: BrandId,
        until: Timestamp,
    ) -> Result<i64, StoreError> {
        let sql = "SELECT count(*) FROM registry_batch WHERE brand_id = $1 AND state IN (2, 4) \
             AND request_id IS NOT NULL AND accepted_us <= $2";
        on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .bind(until.as_micros())
            .fetch_one(&mut *conn)
            .await)
        .doing("counting lists whose results are awaited")
    }

    /// Whether lists of this kind wait or are under way.
    pub async fn has_open_asks(
        &mut self,
        brand: BrandId,
        channel: Channel,
        kind: RecipientKind,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT CASE WHEN EXISTS (SELECT 1 FROM registry_batch WHERE brand_id = $1 \
                AND state IN (1, 2) AND operation IN (1, 2) AND channel = $2 AND kind = $3) \
             THEN CAST(1 AS BIGINT) ELSE 0 END";
        let found: i64 = on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .bind(channel.as_db())
            .bind(kind.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("looking for registry work")?;
        Ok(found == 1)
    }
}

impl Reader {
    /// Those of these events that a program or a person brought one by one, not a file.
    pub async fn said_singly_among(
        &mut self,
        events: &[EventId],
    ) -> Result<HashSet<EventId>, StoreError> {
        if events.is_empty() {
            return Ok(HashSet::new());
        }
        let given = Given::new().ints("id", events.iter().map(|event| event.as_db()));
        // 2 the programming interface, 3 the panel
        let sql = given.sql(
            self.engine(),
            1,
            "SELECT e.id FROM given g CROSS JOIN consent_event e \
             WHERE e.id = g.id AND e.origin IN (2, 3)",
        );
        let rows: Vec<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading who brought events")?;
        Ok(rows.into_iter().map(EventId::from_db).collect())
    }

    /// Where the declarations of these events were taken; in the order given,
    /// `None` for an event that is not there.
    pub async fn event_sources(
        &mut self,
        events: &[EventId],
    ) -> Result<Vec<Option<Source>>, StoreError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let given = Given::new().ints("id", events.iter().map(|event| event.as_db()));
        let sql = given.sql(
            self.engine(),
            1,
            "SELECT e.id, e.source FROM given g CROSS JOIN consent_event e WHERE e.id = g.id",
        );
        let rows: Vec<(i64, String)> = on!(self, conn => sqlx::query_as(sql)
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading sources")?;
        let held: std::collections::HashMap<i64, String> = rows.into_iter().collect();
        Ok(events
            .iter()
            .map(|event| {
                held.get(&event.as_db())
                    .and_then(|text| Source::from_registry(text))
            })
            .collect())
    }
}
