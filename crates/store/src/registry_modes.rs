//! What another mode would do to a brand's people, as a set, and the record
//! that it was looked at before it was made.

use domain::gate::BrandPolicy;
use domain::ids::{BrandId, FirmId};
use domain::{Channel, Recipient, RecipientKind, RegistryMode, Timestamp};
use serde::{Deserialize, Serialize};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{for_update, from_json, instant, known, to_json};

/// What a change of mode does to the people of one channel and capacity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModeFigures {
    /// The channel.
    pub channel: Channel,
    /// The capacity.
    pub kind: RecipientKind,
    /// Sendable as it is, by consent and registry alone.
    pub sendable_now: i64,
    /// Sendable the moment the mode is changed.
    pub sendable_then: i64,
    /// Of those, not sendable before.
    pub become_sendable: i64,
    /// Sendable before, not then.
    pub become_unsendable: i64,
    /// Said ONAY here, and İYS confirms nothing: a record may be made for them
    /// (*oluşturulabilir*).
    pub creatable: i64,
    /// The same, but said so long ago that İYS refuses the record (H467).
    pub too_old: i64,
    /// İYS was never asked about them, or so long ago that it must be again.
    pub to_be_asked: i64,
}

/// A change of mode that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModeChange {
    /// Its number.
    pub id: i64,
    /// The brand.
    pub brand: BrandId,
    /// The mode it had.
    pub from: RegistryMode,
    /// The mode it is to have.
    pub to: RegistryMode,
    /// What it was seen to do.
    pub figures: Vec<ModeFigures>,
    /// Who looked.
    pub seen_by: String,
    /// When.
    pub seen_at: Timestamp,
    /// When it was made.
    pub made_at: Option<Timestamp>,
}

/// 1 local consent is enough, 2 nothing is, 3 İYS must confirm.
const fn trust(policy: &BrandPolicy) -> i64 {
    match policy.mode {
        RegistryMode::Off if policy.off_reason_signed => 1,
        RegistryMode::Off => 2,
        RegistryMode::Provider => 1,
        RegistryMode::Sync | RegistryMode::Integrator => 3,
    }
}

impl Reader {
    /// Whether the firm knows any address at all.
    pub async fn firm_has_people(&mut self, firm: FirmId) -> Result<bool, StoreError> {
        let sql = "SELECT CASE WHEN EXISTS (SELECT 1 FROM recipient WHERE firm_id = $1) \
             THEN CAST(1 AS BIGINT) ELSE 0 END";
        let found: i64 = on!(self, conn => sqlx::query_scalar(sql)
            .bind(firm.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("looking for people")?;
        Ok(found == 1)
    }

    /// Any address of the firm that a channel can reach.
    pub async fn any_recipient(
        &mut self,
        firm: FirmId,
        channel: Channel,
    ) -> Result<Option<Recipient>, StoreError> {
        // By the unique index: phones begin with a plus sign, which sorts
        // before every letter and digit of an e-mail address.
        let phone = "SELECT address FROM recipient WHERE firm_id = $1 AND address < ',' \
             ORDER BY address LIMIT 1";
        let email = "SELECT address FROM recipient WHERE firm_id = $1 AND address >= ',' \
             ORDER BY address LIMIT 1";
        let sql = if channel.is_phone() { phone } else { email };
        let found: Option<String> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for an address")?;
        found
            .map(|address| {
                let recipient = Recipient::from_normalised(&address).ok();
                known(recipient, "recipient", "address", firm)
            })
            .transpose()
    }

    /// What it would do to the brand's people to follow `then` instead of
    /// `now_policy`. `creatable_since` is the oldest date of a consent that
    /// İYS still takes; none when the mode makes no records.
    pub async fn mode_figures(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        now_policy: &BrandPolicy,
        then: &BrandPolicy,
        creatable_since: Option<Timestamp>,
    ) -> Result<Vec<ModeFigures>, StoreError> {
        // One scan of the brand's states; the same order of reasons as the gate.
        let sql = "SELECT channel, kind, \
                CAST(sum(ok_now) AS BIGINT), CAST(sum(ok_then) AS BIGINT), \
                CAST(sum(CASE WHEN ok_now = 0 AND ok_then = 1 THEN 1 ELSE 0 END) AS BIGINT), \
                CAST(sum(CASE WHEN ok_now = 1 AND ok_then = 0 THEN 1 ELSE 0 END) AS BIGINT), \
                CAST(sum(CASE WHEN lacks = 1 AND local_us >= $7 THEN 1 ELSE 0 END) AS BIGINT), \
                CAST(sum(CASE WHEN lacks = 1 AND local_us < $7 THEN 1 ELSE 0 END) AS BIGINT), \
                CAST(sum(asks) AS BIGINT) \
             FROM (SELECT s.channel, s.kind, COALESCE(s.local_us, 0) AS local_us, \
                CASE WHEN s.local_status = 2 OR s.verdict = 2 OR b.recipient_id IS NOT NULL \
                        OR c.recipient_id IS NOT NULL THEN 0 \
                     WHEN $3 = 1 AND s.local_status = 1 THEN 1 \
                     WHEN $3 = 3 AND s.verdict = 1 AND s.checked_us >= $5 THEN 1 \
                     ELSE 0 END AS ok_now, \
                CASE WHEN s.local_status = 2 OR s.verdict = 2 OR b.recipient_id IS NOT NULL \
                        OR c.recipient_id IS NOT NULL THEN 0 \
                     WHEN $4 = 1 AND s.local_status = 1 THEN 1 \
                     WHEN $4 = 3 AND s.verdict = 1 AND s.checked_us >= $6 THEN 1 \
                     ELSE 0 END AS ok_then, \
                CASE WHEN $8 = 1 AND s.local_status = 1 AND s.verdict IN (0, 4, 5) THEN 1 \
                     ELSE 0 END AS lacks, \
                CASE WHEN $4 = 3 AND s.local_status <> 2 AND s.verdict <> 2 \
                        AND (s.checked_us IS NULL OR s.checked_us < $6) THEN 1 ELSE 0 END AS asks \
                FROM consent_state s \
                LEFT JOIN blacklist b ON b.firm_id = $1 AND b.recipient_id = s.recipient_id \
                     AND b.channel = 0 \
                LEFT JOIN blacklist c ON c.firm_id = $1 AND c.recipient_id = s.recipient_id \
                     AND c.channel = s.channel \
                WHERE s.brand_id = $2 AND s.channel <= 3) d \
             GROUP BY channel, kind ORDER BY channel, kind";
        let now = self.now();
        type Row = (i64, i64, i64, i64, i64, i64, i64, i64, i64);
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(brand.as_db())
            .bind(trust(now_policy))
            .bind(trust(then))
            .bind(now_policy.oldest_answer(now).as_micros())
            .bind(then.oldest_answer(now).as_micros())
            .bind(creatable_since.map_or(0, Timestamp::as_micros))
            .bind(i64::from(creatable_since.is_some()))
            .fetch_all(&mut *conn)
            .await)
        .doing("looking what another mode would do")?;
        rows.into_iter()
            .map(|row| {
                let table = "consent_state";
                Ok(ModeFigures {
                    channel: known(Channel::from_db(row.0), table, "channel", brand)?,
                    kind: known(RecipientKind::from_db(row.1), table, "kind", brand)?,
                    sendable_now: row.2,
                    sendable_then: row.3,
                    become_sendable: row.4,
                    become_unsendable: row.5,
                    creatable: row.6,
                    too_old: row.7,
                    to_be_asked: row.8,
                })
            })
            .collect()
    }

    /// What İYS lets the brand's account do, as last seen, and when.
    pub async fn registry_lights<T: serde::de::DeserializeOwned>(
        &mut self,
        brand: BrandId,
    ) -> Result<Option<(T, Timestamp)>, StoreError> {
        let sql = "SELECT found, checked_us FROM registry_light WHERE brand_id = $1";
        let row: Option<(String, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading the lights of a brand")?;
        row.map(|(found, checked)| {
            let found = from_json(&found, "registry_light", "found", brand)?;
            Ok((found, Timestamp::from_micros(checked)))
        })
        .transpose()
    }
}

impl Writer {
    /// Records what a change of mode was seen to do; returns its number.
    pub async fn note_mode_change(
        &mut self,
        brand: BrandId,
        from: RegistryMode,
        to: RegistryMode,
        figures: &[ModeFigures],
        actor: &str,
    ) -> Result<i64, StoreError> {
        let id = self.next_id()?;
        let now = self.now().as_micros();
        let figures = to_json(figures)?;
        let sql = "INSERT INTO registry_mode_change (id, brand_id, from_mode, to_mode, figures, \
                seen_by, seen_us) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id)
            .bind(brand.as_db())
            .bind(from.as_db())
            .bind(to.as_db())
            .bind(figures.as_str())
            .bind(actor)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("noting a change of mode")?;
        exactly(rows, 1, "the change of mode")?;
        Ok(id)
    }

    /// A change of mode that was looked at, locked; `None` when it is not the brand's.
    pub async fn mode_change_to_make(
        &mut self,
        brand: BrandId,
        id: i64,
    ) -> Result<Option<ModeChange>, StoreError> {
        let sql = for_update!(
            self,
            "SELECT from_mode, to_mode, figures, seen_by, seen_us, made_us \
             FROM registry_mode_change WHERE id = $1 AND brand_id = $2"
        );
        type Row = (i64, i64, String, String, i64, Option<i64>);
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(id)
            .bind(brand.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a change of mode")?;
        row.map(|(from, to, figures, seen_by, seen, made)| {
            let table = "registry_mode_change";
            Ok(ModeChange {
                id,
                brand,
                from: known(RegistryMode::from_db(from), table, "from_mode", id)?,
                to: known(RegistryMode::from_db(to), table, "to_mode", id)?,
                figures: from_json(&figures, table, "figures", id)?,
                seen_by,
                seen_at: Timestamp::from_micros(seen),
                made_at: instant(made),
            })
        })
        .transpose()
    }

    /// Notes that a change of mode was made.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it was made before.
    pub async fn mode_change_made(&mut self, id: i64, actor: &str) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE registry_mode_change SET made_by = $2, made_us = $3 \
             WHERE id = $1 AND made_us IS NULL";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id)
            .bind(actor)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("noting a change of mode")?;
        exactly(rows, 1, "the change of mode")
    }

    /// Keeps what İYS lets the brand's account do.
    pub async fn save_registry_lights<T: Serialize + Sync>(
        &mut self,
        brand: BrandId,
        found: &T,
    ) -> Result<(), StoreError> {
        let found = to_json(found)?;
        let now = self.now().as_micros();
        let sql = "INSERT INTO registry_light (brand_id, checked_us, found) VALUES ($1, $2, $3) \
             ON CONFLICT (brand_id) DO UPDATE SET checked_us = excluded.checked_us, \
                found = excluded.found";
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(now)
            .bind(found.as_str())
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("keeping the lights of a brand")
    }
}
