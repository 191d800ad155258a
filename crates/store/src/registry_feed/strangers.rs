//! What İYS told about addresses that the firm does not know: kept by key,
//! and taken over the moment an address arrives.

use std::collections::{BTreeMap, HashMap};

use domain::ids::{BrandId, FirmId, RecipientId, RegistryBatchId};
use domain::ledger::BLOCK_EVENTS_MAX;
use domain::{Channel, Recipient, RecipientKind, RegistryView, Source, Status, Timestamp, Verdict};

use super::Movement;
use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given, seek};
use crate::row::{instant, known};

/// Stands for the feed where a verdict names the call it rests on.
const FEED: RegistryBatchId = RegistryBatchId::from_db(0);

type Key = (Recipient, Channel, RecipientKind);
/// `place, brand, channel, kind, status, date, source, created, transaction`
type Row = (
    i64,
    i64,
    i64,
    i64,
    i64,
    Option<i64>,
    Option<String>,
    i64,
    Option<String>,
);

const COLUMNS: &str = "g.place, s.brand_id, s.channel, s.kind, s.status, s.consent_us, s.source, \
     s.created_us, s.transaction_id";

impl Writer {
    /// Keeps the newest movement of each key of strangers: later date, then refusal.
    pub(super) async fn keep_strangers(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        movements: &[&Movement],
    ) -> Result<(), StoreError> {
        let mut newest: BTreeMap<(String, i64, i64), &Movement> = BTreeMap::new();
        for movement in movements {
            let key = (
                movement.recipient.to_string(),
                movement.channel.as_db(),
                movement.kind.as_db(),
            );
            let held = newest.entry(key).or_insert(movement);
            if rank(movement) > rank(held) {
                *held = movement;
            }
        }
        if newest.is_empty() {
            return Ok(());
        }
        let given = Given::new()
            .texts(
                "address",
                newest.keys().map(|(address, _, _)| address.as_str()),
            )
            .ints("channel", newest.keys().map(|(_, channel, _)| *channel))
            .ints("kind", newest.keys().map(|(_, _, kind)| *kind))
            .ints("status", newest.values().map(|m| m.status.as_db()))
            .maybe_ints(
                "consent_us",
                newest.values().map(|m| m.date.map(Timestamp::as_micros)),
            )
            .maybe_texts(
                "source",
                newest
                    .values()
                    .map(|m| m.source.as_ref().map(Source::as_str)),
            )
            .ints("created_us", newest.values().map(|m| m.created.as_micros()))
            .maybe_texts(
                "transaction_id",
                newest.values().map(|m| m.transaction.as_deref()),
            );
        let sql = given.sql(
            self.engine(),
            3,
            "INSERT INTO registry_stranger (firm_id, address, brand_id, channel, kind, status, \
                    consent_us, source, created_us, transaction_id) \
             SELECT CAST($1 AS BIGINT), address, CAST($2 AS BIGINT), channel, kind, status, \
                    consent_us, source, created_us, transaction_id FROM given WHERE true \
             ON CONFLICT (firm_id, address, brand_id, channel, kind) DO UPDATE SET \
                    status = excluded.status, consent_us = excluded.consent_us, \
                    source = excluded.source, created_us = excluded.created_us, \
                    transaction_id = excluded.transaction_id \
             WHERE COALESCE(excluded.consent_us, excluded.created_us) \
                     > COALESCE(registry_stranger.consent_us, registry_stranger.created_us) \
                OR COALESCE(excluded.consent_us, excluded.created_us) \
                     = COALESCE(registry_stranger.consent_us, registry_stranger.created_us) \
                   AND excluded.status > registry_stranger.status",
        );
        on!(self, conn => sqlx::query(sql)
            .bind(firm.as_db())
            .bind(brand.as_db())
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("keeping what İYS told of strangers")
    }

    /// Lets addresses that have just arrived take over what İYS had told about
    /// them, for every brand of the firm. The directory is locked. Returns
    /// whether anything was taken over.
    pub(crate) async fn adopt_strangers(
        &mut self,
        firm: FirmId,
        arrived: &[(RecipientId, &Recipient)],
    ) -> Result<bool, StoreError> {
        if arrived.is_empty() || !self.has_strangers(firm).await? {
            return Ok(false);
        }
        let texts: Vec<String> = arrived.iter().map(|(_, r)| r.to_string()).collect();
        let given = places(&texts);
        let told = seek(
            self.engine(),
            "registry_stranger",
            "s",
            "s.firm_id = $1 AND s.address = g.address",
        )
        // An address may have several keys, where `seek` looks for one row.
        .replace(" LIMIT 1", "");
        let sql = given.sql(
            self.engine(),
            2,
            &format!("SELECT {COLUMNS} FROM given g{told}"),
        );
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for strangers")?;
        if rows.is_empty() {
            return Ok(false);
        }
        let mut by_brand: BTreeMap<BrandId, Vec<(RecipientId, Movement)>> = BTreeMap::new();
        for row in rows {
            let place = usize::try_from(row.0).ok().and_then(|at| arrived.get(at));
            let (id, recipient) = *known(place, "registry_stranger", "address", row.0)?;
            let (brand, movement) = movement_of(recipient, row)?;
            by_brand.entry(brand).or_default().push((id, movement));
        }
        for (brand, movements) in by_brand {
            for part in movements.chunks(BLOCK_EVENTS_MAX) {
                let part: Vec<(RecipientId, &Movement)> =
                    part.iter().map(|(id, movement)| (*id, movement)).collect();
                self.apply_known(firm, brand, &part, |_, movement| Some(view_of(movement)))
                    .await?;
            }
        }
        self.forget_strangers(firm, &given).await?;
        Ok(true)
    }

    async fn forget_strangers(
        &mut self,
        firm: FirmId,
        given: &Given<'_>,
    ) -> Result<(), StoreError> {
        let sql = given.sql(
            self.engine(),
            2,
            "DELETE FROM registry_stranger WHERE firm_id = $1 \
             AND address IN (SELECT address FROM given)",
        );
        on!(self, conn => sqlx::query(sql)
            .bind(firm.as_db())
            .bind_given(given)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("taking strangers over")
    }
}

impl Reader {
    pub(crate) async fn has_strangers(&mut self, firm: FirmId) -> Result<bool, StoreError> {
        let sql = "SELECT CASE WHEN EXISTS (SELECT 1 FROM registry_stranger WHERE firm_id = $1) \
             THEN CAST(1 AS BIGINT) ELSE 0 END";
        let found: i64 = on!(self, conn => sqlx::query_scalar(sql)
            .bind(firm.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("looking for strangers")?;
        Ok(found == 1)
    }

    /// What is kept of strangers among these keys.
    pub(super) async fn strangers_of(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        keys: &[Key],
    ) -> Result<HashMap<Key, RegistryView>, StoreError> {
        if keys.is_empty() || !self.has_strangers(firm).await? {
            return Ok(HashMap::new());
        }
        let texts: Vec<String> = keys.iter().map(|(r, _, _)| r.to_string()).collect();
        let given = places(&texts)
            .ints(
                "channel",
                keys.iter().map(|(_, channel, _)| channel.as_db()),
            )
            .ints("kind", keys.iter().map(|(_, _, kind)| kind.as_db()));
        let told = seek(
            self.engine(),
            "registry_stranger",
            "s",
            "s.firm_id = $1 AND s.address = g.address AND s.brand_id = $2 \
             AND s.channel = g.channel AND s.kind = g.kind",
        );
        let sql = given.sql(
            self.engine(),
            3,
            &format!("SELECT {COLUMNS} FROM given g{told}"),
        );
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(brand.as_db())
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for strangers")?;
        rows.into_iter()
            .map(|row| {
                let place = usize::try_from(row.0).ok().and_then(|at| keys.get(at));
                let key = known(place, "registry_stranger", "address", row.0)?;
                let (_, movement) = movement_of(&key.0, row)?;
                Ok((key.clone(), view_of(&movement)))
            })
            .collect()
    }

    /// How many keys of strangers are kept for a brand.
    pub async fn stranger_count(
        &mut self,
        firm: FirmId,
        brand: BrandId,
    ) -> Result<i64, StoreError> {
        let sql = "SELECT count(*) FROM registry_stranger WHERE firm_id = $1 AND brand_id = $2";
        on!(self, conn => sqlx::query_scalar(sql)
            .bind(firm.as_db())
            .bind(brand.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("counting strangers")
    }
}

fn places(texts: &[String]) -> Given<'_> {
    Given::new()
        .ints("place", 0..i64::try_from(texts.len()).unwrap_or(i64::MAX))
        .texts("address", texts.iter().map(String::as_str))
}

fn rank(movement: &Movement) -> (Timestamp, Status) {
    (movement.date.unwrap_or(movement.created), movement.status)
}

fn movement_of(recipient: &Recipient, row: Row) -> Result<(BrandId, Movement), StoreError> {
    let (_, brand, channel, kind, status, date, source, created, transaction) = row;
    let table = "registry_stranger";
    let movement = Movement {
        recipient: recipient.clone(),
        channel: known(Channel::from_db(channel), table, "channel", brand)?,
        kind: known(RecipientKind::from_db(kind), table, "kind", brand)?,
        status: known(Status::from_db(status), table, "status", brand)?,
        date: instant(date),
        source: source.as_deref().and_then(Source::from_registry),
        created: Timestamp::from_micros(created),
        transaction,
    };
    Ok((BrandId::from_db(brand), movement))
}

/// The mirror of a key of which nothing else is known.
fn view_of(movement: &Movement) -> RegistryView {
    RegistryView {
        verdict: match movement.status {
            Status::Onay => Verdict::Onay,
            Status::Ret => Verdict::Ret,
        },
        citizen: movement.source.as_ref().is_some_and(Source::is_registry),
        consent_date: movement.date,
        checked_at: Some(movement.created),
        batch: Some(FEED),
        transaction: movement.transaction.clone(),
        code: None,
    }
}
