//! The queue: lists are queued, claimed under a lease, and settled.

use domain::Timestamp;
use domain::ids::{BrandId, UploadId};

use super::{ClaimedList, ListRow, ListState, NewList, RegistryItem, list_row, packed};
use crate::db::{Engine, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::{BindGiven, Given};
use crate::row::page_rows;

impl Writer {
    /// Queues lists.
    pub async fn enqueue_registry(&mut self, lists: &[NewList]) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        for new in lists.iter().filter(|new| !new.items.is_empty()) {
            let id = self.next_id()?;
            let items = packed(&new.items)?;
            let count = i64::try_from(new.items.len()).unwrap_or(i64::MAX);
            let sql = "INSERT INTO registry_batch (id, brand_id, operation, channel, kind, state, upload_id, \
                    item_count, items, attempt, next_us, created_us, priority) \
                 VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, 0, $9, $10, $11)";
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
                .bind(new.priority())
                .execute(&mut *conn)
                .await
                .map(|done| done.rows_affected()))
            .doing("queueing registry work")?;
            exactly(rows, 1, "the list")?;
        }
        Ok(())
    }

    /// Takes lists that are due, of one brand or of all: refusals first, then
    /// what is to be added, then questions; the longest due first. Lists of what
    /// rests ([`crate::registry_rests`]) are left alone.
    pub async fn claim_lists(
        &mut self,
        worker: &str,
        lease_until: Timestamp,
        brand: Option<BrandId>,
        limit: usize,
    ) -> Result<Vec<ClaimedList>, StoreError> {
        let skip = match self.engine() {
            Engine::Sqlite => "",
            Engine::Postgres => "FOR UPDATE SKIP LOCKED",
        };
        let sql = format!(
            "UPDATE registry_batch SET attempt = attempt + 1, lease_until_us = $2, worker = $1 \
             WHERE id IN (SELECT id FROM registry_batch WHERE state IN (1, 2, 4) AND next_us <= $3 \
                AND (lease_until_us IS NULL OR lease_until_us <= $3) AND ($5 = 0 OR brand_id = $5) \
                AND NOT EXISTS (SELECT 1 FROM registry_rest r WHERE r.brand_id = registry_batch.brand_id \
                    AND r.until_us IS NOT NULL AND (r.scope = 1 \
                        OR (r.scope = 2 AND operation = 3 AND request_id IS NULL AND priority = 1) \
                        OR (r.scope = 2 + channel AND r.scope > 2 AND r.until_us > $3))) \
                ORDER BY priority, next_us, id LIMIT $4 {skip}) \
             RETURNING id, brand_id, operation, channel, kind, state, upload_id, items, request_id, \
                accepted_us, attempt"
        );
        let now = self.now();
        let rows: Vec<ListRow> = on!(self, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(worker)
            .bind(lease_until.as_micros())
            .bind(now.as_micros())
            .bind(page_rows(limit))
            .bind(brand.map_or(0, BrandId::as_db))
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

    /// Counts what İYS said about records of an upload's list: confirmed, and
    /// refused or not taken. Other lists are nobody's progress.
    pub async fn count_outcomes(
        &mut self,
        list: &ClaimedList,
        confirmed: u64,
        refused: u64,
    ) -> Result<(), StoreError> {
        if list.upload.is_none() || confirmed + refused == 0 {
            return Ok(());
        }
        let sql = "UPDATE registry_batch SET confirmed_count = confirmed_count + $2, \
                refused_count = refused_count + $3 WHERE id = $1";
        let as_count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        on!(self, conn => sqlx::query(sql)
            .bind(list.id.as_db())
            .bind(as_count(confirmed))
            .bind(as_count(refused))
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("counting what İYS said")
    }

    /// Everything of the list is settled.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the list is not this claim's any more.
    pub async fn finish_list(&mut self, list: &ClaimedList) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let change = ListChange {
            state: ListState::Done,
            next: now,
            done: Some(now),
            ..ListChange::of(list)
        };
        self.change_list(list, &change).await
    }

    /// Everything of these lists is settled.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when one of them is not its claim's any more.
    pub async fn finish_lists(&mut self, lists: &[&ClaimedList]) -> Result<(), StoreError> {
        let given = Given::new()
            .ints("id", lists.iter().map(|list| list.id.as_db()))
            .ints("attempt", lists.iter().map(|list| list.attempt));
        let sql = given.sql(
            self.engine(),
            2,
            "UPDATE registry_batch SET state = 3, next_us = $1, done_us = $1, last_error = NULL, \
                lease_until_us = NULL, worker = NULL \
             FROM given WHERE registry_batch.id = given.id \
                AND registry_batch.attempt = given.attempt AND state IN (1, 2, 4)",
        );
        let now = self.now().as_micros();
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(now)
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("settling registry work")?;
        exactly(rows, lists.len() as u64, "the claimed lists")
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

    async fn change_list(
        &mut self,
        list: &ClaimedList,
        change: &ListChange<'_>,
    ) -> Result<(), StoreError> {
        let items = change.items.map(packed).transpose()?;
        let count = change
            .items
            .map(|items| i64::try_from(items.len()).unwrap_or(i64::MAX));
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
