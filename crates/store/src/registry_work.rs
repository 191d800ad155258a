//! Work for İYS: lists of up to 1,000 records that are to be asked about,
//! looked up or added, and what the answers change.
//!
//! The unit is the call. A list is queued in the transaction that made it
//! necessary, claimed under a lease, and settled in the transaction that
//! writes what the answer changes; a worker killed in between leaves a list
//! that another makes the same call with, which İYS recognises.

use domain::consent::{ConsentEvent, ConsentKey, Origin};
use domain::ids::{BrandId, EventId, FirmId, RecipientId, RegistryBatchId, UploadId};
use domain::{
    Channel, LocalState, Recipient, RecipientKind, RegistryView, Source, Status, Timestamp, Verdict,
};
use serde::{Deserialize, Serialize};

use crate::consent::state::{BrandKey, KeyState};
use crate::db::{Engine, Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::{BindGiven, Given};
use crate::row::{instant, known, page_rows};
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
    i64, i64, i64, i64, i64, i64, Option<i64>, Vec<u8>, Option<String>, Option<i64>, i64,
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
    serde_json::to_vec(items).map_err(|error| StoreError::Configuration(format!("no JSON form: {error}")))
}

impl Reader {
    /// Figures of the queue: of a brand, or of one upload of it.
    pub async fn queue_figures(
        &mut self,
        brand: BrandId,
        upload: Option<UploadId>,
    ) -> Result<QueueFigures, StoreError> {
        let sql = "SELECT state, CASE WHEN lease_until_us IS NULL THEN 0 ELSE 1 END AS held, \
                CAST(sum(item_count) AS BIGINT), min(created_us), max(last_error) \
             FROM registry_batch WHERE brand_id = $1 AND ($2 = 0 OR upload_id = $2) \
             GROUP BY state, CASE WHEN lease_until_us IS NULL THEN 0 ELSE 1 END";
        let upload_id = upload.map_or(0, UploadId::as_db);
        let by_upload = "SELECT state, CASE WHEN lease_until_us IS NULL THEN 0 ELSE 1 END AS held, \
                CAST(sum(item_count) AS BIGINT), min(created_us), max(last_error) \
             FROM registry_batch WHERE brand_id = $1 AND upload_id = $2 \
             GROUP BY state, CASE WHEN lease_until_us IS NULL THEN 0 ELSE 1 END";
        // Two texts, so that each uses its own index.
        let sql = if upload.is_some() { by_upload } else { sql };
        type Row = (i64, i32, i64, Option<i64>, Option<String>);
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(upload_id)
            .fetch_all(&mut *conn)
            .await)
        .doing("counting registry work")?;
        let mut figures = QueueFigures::default();
        for (state, held, count, oldest, error) in rows {
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
            let known_oldest = figures.oldest_at.map(Timestamp::as_micros);
            figures.oldest_at = instant([known_oldest, oldest].into_iter().flatten().min());
        }
        Ok(figures)
    }

    /// People of a brand by channel, capacity and verdict.
    pub async fn verdict_counts(&mut self, brand: BrandId) -> Result<Vec<VerdictCount>, StoreError> {
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
        on!(self, conn => sqlx::query_scalar(sql).fetch_all(&mut *conn).await).doing("looking for workers")
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

    /// Keys whose confirmation is older than `older_than`, or that said ONAY
    /// and were never asked about; in order of number, after `after`.
    pub async fn keys_due(
        &mut self,
        brand: BrandId,
        channel: Channel,
        kind: RecipientKind,
        older_than: Timestamp,
        after: RecipientId,
        limit: usize,
    ) -> Result<Vec<(RecipientId, Recipient)>, StoreError> {
        let sql = "SELECT r.id, r.address FROM consent_state s JOIN recipient r ON r.id = s.recipient_id \
             WHERE s.brand_id = $1 AND s.recipient_id > $2 AND s.channel = $3 AND s.kind = $4 \
               AND s.local_status <> 2 \
               AND (s.verdict = 1 AND s.checked_us < $5 OR s.verdict = 0 AND s.local_status = 1) \
             ORDER BY s.recipient_id LIMIT $6";
        let rows: Vec<(i64, String)> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(after.as_db())
            .bind(channel.as_db())
            .bind(kind.as_db())
            .bind(older_than.as_micros())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for old answers")?;
        rows.into_iter()
            .map(|(id, address)| {
                let address = known(Recipient::from_normalised(&address).ok(), "recipient", "address", id)?;
                Ok((RecipientId::from_db(id), address))
            })
            .collect()
    }
}

impl Writer {
    /// Queues lists.
    pub async fn enqueue_registry(&mut self, lists: &[NewList]) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        for new in lists.iter().filter(|new| !new.items.is_empty()) {
            let id = self.next_id()?;
            let items = packed(&new.items)?;
            let count = i64::try_from(new.items.len()).unwrap_or(i64::MAX);
            let sql = "INSERT INTO registry_batch (id, brand_id, operation, channel, kind, state, upload_id, \
                    item_count, items, attempt, next_us, created_us) \
                 VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, 0, $9, $10)";
            let rows = on!(self, conn => sqlx::query(sql)
                .bind(id)
                .bind(new.brand.as_db())
                .bind(new.operation.as_db())
                .bind(new.channel.as_db())
                .bind(new.kind.as_db())
                .bind(new.upload.map(UploadId::as_db))
                .bind(count)
                .bind(&items)
                .bind(new.due.as_micros())
                .bind(now)
                .execute(&mut *conn)
                .await
                .map(|done| done.rows_affected()))
            .doing("queueing registry work")?;
            exactly(rows, 1, "the list")?;
        }
        Ok(())
    }

    /// Takes lists that are due, results and look-ups before new questions.
    pub async fn claim_lists(
        &mut self,
        worker: &str,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<ClaimedList>, StoreError> {
        let skip = match self.engine() {
            Engine::Sqlite => "",
            Engine::Postgres => "FOR UPDATE SKIP LOCKED",
        };
        let sql = format!(
            "UPDATE registry_batch SET attempt = attempt + 1, lease_until_us = $2, worker = $1 \
             WHERE id IN (SELECT id FROM registry_batch WHERE state IN (1, 2, 4) AND next_us <= $3 \
                AND (lease_until_us IS NULL OR lease_until_us <= $3) ORDER BY next_us, id LIMIT $4 {skip}) \
             RETURNING id, brand_id, operation, channel, kind, state, upload_id, items, request_id, \
                accepted_us, attempt"
        );
        let now = self.now();
        let rows: Vec<ListRow> = on!(self, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(worker)
            .bind(lease_until.as_micros())
            .bind(now.as_micros())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("claiming registry work")?;
        rows.into_iter().map(list_row).collect()
    }

    /// Takes a list again that this worker has just put back; `None` when
    /// another was faster.
    pub async fn reclaim_list(
        &mut self,
        list: &ClaimedList,
        worker: &str,
        lease_until: Timestamp,
    ) -> Result<Option<ClaimedList>, StoreError> {
        let sql = "UPDATE registry_batch SET attempt = attempt + 1, lease_until_us = $4, worker = $3 \
             WHERE id = $1 AND attempt = $2 AND lease_until_us IS NULL AND state IN (1, 2, 4) \
             RETURNING id, brand_id, operation, channel, kind, state, upload_id, items, request_id, \
                accepted_us, attempt";
        let row: Option<ListRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(list.id.as_db())
            .bind(list.attempt)
            .bind(worker)
            .bind(lease_until.as_micros())
            .fetch_optional(&mut *conn)
            .await)
        .doing("claiming registry work")?;
        // Our own back-and-forth is no further try.
        row.map(list_row).transpose()
    }

    /// Frees the lists of a worker that is gone.
    pub async fn free_lists_of(&mut self, gone_worker: &str) -> Result<u64, StoreError> {
        let sql = "UPDATE registry_batch SET lease_until_us = NULL, worker = NULL \
             WHERE worker = $1 AND state IN (1, 2, 4)";
        on!(self, conn => sqlx::query(sql)
            .bind(gone_worker)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("freeing registry work")
    }

    /// Everything of the list is settled.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the list is not this claim's any more.
    pub async fn finish_list(&mut self, list: &ClaimedList) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let change = ListChange { state: ListState::Done, next: now, done: Some(now), ..ListChange::of(list) };
        self.change_list(list, &change).await
    }

    /// İYS took the list; its results are asked for from `next` on.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the list is not this claim's any more.
    pub async fn await_results(
        &mut self,
        list: &ClaimedList,
        request_id: &str,
        items: &[RegistryItem],
        next: Timestamp,
    ) -> Result<(), StoreError> {
        let change = ListChange {
            state: ListState::Awaiting,
            items: Some(items),
            request_id: Some(request_id),
            accepted: Some(self.now().as_micros()),
            next: next.as_micros(),
            ..ListChange::of(list)
        };
        self.change_list(list, &change).await
    }

    /// The same call again from `next` on, about these items; `error` is what
    /// people see meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the list is not this claim's any more.
    pub async fn postpone_list(
        &mut self,
        list: &ClaimedList,
        items: &[RegistryItem],
        next: Timestamp,
        is_parked: bool,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        let resting = match (is_parked, list.state) {
            (true, _) => ListState::Parked,
            // A parked list whose results are awaited asks for them again.
            (false, ListState::Parked) if list.request_id.is_some() => ListState::Awaiting,
            (false, ListState::Parked) => ListState::Pending,
            (false, state) => state,
        };
        let change = ListChange {
            state: resting,
            items: Some(items),
            next: next.as_micros(),
            error,
            ..ListChange::of(list)
        };
        self.change_list(list, &change).await
    }

    async fn change_list(&mut self, list: &ClaimedList, change: &ListChange<'_>) -> Result<(), StoreError> {
        let items = change.items.map(packed).transpose()?;
        let count = change.items.map(|items| i64::try_from(items.len()).unwrap_or(i64::MAX));
        let sql = "UPDATE registry_batch SET state = $3, items = COALESCE($4, items), \
                item_count = COALESCE($5, item_count), request_id = COALESCE($6, request_id), \
                accepted_us = COALESCE($7, accepted_us), next_us = $8, last_error = $9, done_us = $10, \
                lease_until_us = NULL, worker = NULL \
             WHERE id = $1 AND attempt = $2 AND state IN (1, 2, 4)";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(list.id.as_db())
            .bind(list.attempt)
            .bind(change.state.as_db())
            .bind(items)
            .bind(count)
            .bind(change.request_id)
            .bind(change.accepted)
            .bind(change.next)
            .bind(change.error)
            .bind(change.done)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("settling registry work")?;
        exactly(rows, 1, "the claimed list")
    }

    /// Lets `decide` say what the mirror holds of each address from now on,
    /// given what is held. `None` leaves it. Returns the states as they are
    /// afterwards, in the order of the addresses.
    ///
    /// Nobody else changes a state of the brand meanwhile; when somebody
    /// becomes unsendable, claims of the firm that have read wait out.
    pub async fn update_mirror(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        channel: Channel,
        kind: RecipientKind,
        recipients: &[RecipientId],
        mut decide: impl FnMut(usize, &KeyState) -> Option<RegistryView> + Send,
    ) -> Result<Vec<KeyState>, StoreError> {
        self.lock_ledger(brand).await?;
        let mut states = self.states_in_order(brand, channel, kind, recipients).await?;
        let mut changed = Vec::new();
        let mut refuses = false;
        for (place, (recipient, state)) in recipients.iter().zip(&mut states).enumerate() {
            let Some(view) = decide(place, state) else { continue };
            refuses |= state.registry.verdict == Verdict::Onay && view.verdict != Verdict::Onay;
            state.registry = view.clone();
            changed.push((BrandKey { recipient: *recipient, channel, kind }, view));
        }
        changed.sort_by_key(|(key, _)| *key);
        self.save_registry(brand, &changed).await?;
        if refuses {
            self.close_gate(firm).await?;
        }
        Ok(states)
    }

    async fn states_in_order(
        &mut self,
        brand: BrandId,
        channel: Channel,
        kind: RecipientKind,
        recipients: &[RecipientId],
    ) -> Result<Vec<KeyState>, StoreError> {
        let keys: Vec<BrandKey> =
            recipients.iter().map(|recipient| BrandKey { recipient: *recipient, channel, kind }).collect();
        let held: std::collections::HashMap<BrandKey, KeyState> =
            self.states_of(brand, &keys).await?.into_iter().collect();
        Ok(keys.iter().map(|key| held.get(key).cloned().unwrap_or_default()).collect())
    }

    /// Writes what İYS holds into the ledger, where it says more than we knew:
    /// refusals and newer consents. Returns how many events that made.
    pub async fn record_registry_facts(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        channel: Channel,
        kind: RecipientKind,
        facts: &[RegistryFact],
    ) -> Result<usize, StoreError> {
        let head = self.lock_ledger(brand).await?;
        let recipients: Vec<RecipientId> = facts.iter().map(|fact| fact.id).collect();
        let mut states = self.states_in_order(brand, channel, kind, &recipients).await?;
        let now = self.now();
        let mut events = Vec::new();
        let mut changed: std::collections::BTreeMap<BrandKey, (LocalState, bool)> =
            std::collections::BTreeMap::new();
        for (fact, state) in facts.iter().zip(&mut states) {
            let id = EventId::from_db(self.next_id()?);
            let event = event_of(brand, channel, kind, fact, id, now);
            let told = LocalState::of(&event);
            let is_known = state.local.is_some_and(|held| {
                (held.consent_date, held.status) >= (told.consent_date, told.status)
                    || held.fold(told) == held
            });
            if is_known {
                continue;
            }
            let is_new = state.local.is_none() && state.registry == RegistryView::UNASKED;
            state.local = Some(told);
            changed.insert(BrandKey { recipient: fact.id, channel, kind }, (told, is_new));
            events.push(event);
        }
        let count = events.len();
        let refuses = events.iter().any(|event| event.status == Status::Ret);
        // Ids of a block are consecutive.
        let first = self.next_ids(count.max(1))?;
        for (id, event) in (first..).zip(&mut events) {
            event.id = EventId::from_db(id);
            let key = BrandKey { recipient: event.key.recipient, channel, kind };
            if let Some((state, _)) = changed.get_mut(&key) {
                state.event = event.id;
            }
        }
        self.append_block(brand, now, head, events).await?;
        self.upsert_local(brand, &changed).await?;
        if refuses {
            self.close_gate(firm).await?;
        }
        Ok(count)
    }

    async fn upsert_local(
        &mut self,
        brand: BrandId,
        changed: &std::collections::BTreeMap<BrandKey, (LocalState, bool)>,
    ) -> Result<(), StoreError> {
        if changed.is_empty() {
            return Ok(());
        }
        let given = Given::new()
            .ints("recipient_id", changed.keys().map(|key| key.recipient.as_db()))
            .ints("channel", changed.keys().map(|key| key.channel.as_db()))
            .ints("kind", changed.keys().map(|key| key.kind.as_db()))
            .ints("status", changed.values().map(|(s, _)| s.status.as_db()))
            .ints("said_us", changed.values().map(|(s, _)| s.consent_date.as_micros()))
            .ints("recorded_us", changed.values().map(|(s, _)| s.recorded_at.as_micros()))
            .ints("event_id", changed.values().map(|(s, _)| s.event.as_db()))
            .ints("citizen", changed.values().map(|(s, _)| i64::from(s.citizen)));
        let sql = given.sql(
            self.engine(),
            2,
            "INSERT INTO consent_state (brand_id, recipient_id, channel, kind, local_status, \
                    local_us, local_recorded_us, local_event_id, local_citizen, verdict, verdict_citizen) \
             SELECT CAST($1 AS BIGINT), recipient_id, channel, kind, status, said_us, recorded_us, \
                    event_id, citizen, 0, 0 \
             FROM given WHERE true \
             ON CONFLICT (brand_id, recipient_id, channel, kind) DO UPDATE SET \
                    local_status = excluded.local_status, local_us = excluded.local_us, \
                    local_recorded_us = excluded.local_recorded_us, \
                    local_event_id = excluded.local_event_id, local_citizen = excluded.local_citizen",
        );
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("writing consent states")?;
        exactly(rows, changed.len() as u64, "a consent state")
    }
}

fn event_of(
    brand: BrandId,
    channel: Channel,
    kind: RecipientKind,
    fact: &RegistryFact,
    id: EventId,
    now: Timestamp,
) -> ConsentEvent {
    ConsentEvent {
        id,
        key: ConsentKey { brand, recipient: fact.id, channel, kind },
        recipient: fact.recipient.clone(),
        status: fact.status,
        consent_date: fact.date,
        recorded_at: now,
        source: fact.source.clone(),
        origin: Origin::Registry,
        origin_id: None,
        origin_line: None,
        evidence: None,
        actor: "iys".to_owned(),
    }
}

struct ListChange<'a> {
    state: ListState,
    items: Option<&'a [RegistryItem]>,
    request_id: Option<&'a str>,
    accepted: Option<i64>,
    next: i64,
    error: Option<&'a str>,
    done: Option<i64>,
}

impl ListChange<'_> {
    const fn of(list: &ClaimedList) -> Self {
        Self {
            state: list.state,
            items: None,
            request_id: None,
            accepted: None,
            next: 0,
            error: None,
            done: None,
        }
    }
}

impl Reader {
    /// Where the declarations of these events were taken; in the order given,
    /// `None` for an event that is not there.
    pub async fn event_sources(&mut self, events: &[EventId]) -> Result<Vec<Option<Source>>, StoreError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let given = Given::new().ints("id", events.iter().map(|event| event.as_db()));
        let sql = given.sql(
            self.engine(),
            1,
            "SELECT e.id, e.source FROM given g JOIN consent_event e ON e.id = g.id",
        );
        let rows: Vec<(i64, String)> = on!(self, conn => sqlx::query_as(sql)
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading sources")?;
        let held: std::collections::HashMap<i64, String> = rows.into_iter().collect();
        Ok(events
            .iter()
            .map(|event| held.get(&event.as_db()).and_then(|text| Source::from_registry(text)))
            .collect())
    }
}
