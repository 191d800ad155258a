//! Asking a person anew after a consent became void: what was asked when.

use domain::Timestamp;
use domain::consent::ConsentKey;
use domain::ids::EventId;

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::known;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// A lawful way to ask anew. A message that merely asks is itself
    /// commercial, so there is none.
    AskingWay {
        /// İYS's own verification (ViA).
        Via = 1, "VIA";
        /// At the counter.
        Counter = 2, "COUNTER";
        /// On the firm's own site.
        Web = 3, "WEB";
        /// The person calls.
        OwnCall = 4, "OWN_CALL";
    }
}

/// The last time somebody was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastAsking {
    /// When.
    pub at: Timestamp,
    /// How.
    pub way: AskingWay,
    /// For which void consent.
    pub event: Option<EventId>,
}

impl Reader {
    /// The last time the person of a key was asked anew.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the row holds a value that cannot be.
    pub async fn last_asking(&mut self, key: ConsentKey) -> Result<Option<LastAsking>, StoreError> {
        let sql = "SELECT asked_us, way, event_id FROM repermission WHERE brand_id = $1 \
             AND recipient_id = $2 AND channel = $3 AND kind = $4 ORDER BY asked_us DESC LIMIT 1";
        let row: Option<(i64, i64, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(key.brand.as_db())
            .bind(key.recipient.as_db())
            .bind(key.channel.as_db())
            .bind(key.kind.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for the last asking")?;
        row.map(|(at, way, event)| {
            Ok(LastAsking {
                at: Timestamp::from_micros(at),
                way: known(
                    AskingWay::from_db(way),
                    "repermission",
                    "way",
                    key.recipient,
                )?,
                event: (event != 0).then(|| EventId::from_db(event)),
            })
        })
        .transpose()
    }
}

impl Writer {
    /// Notes that a person is asked anew; hold the brand's ledger before
    /// deciding, so that two people do not ask at the same time.
    pub async fn note_asking(
        &mut self,
        key: ConsentKey,
        way: AskingWay,
        event: Option<EventId>,
        at: Timestamp,
        actor: &str,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO repermission (brand_id, recipient_id, channel, kind, asked_us, way, \
                event_id, actor) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        on!(self, conn => sqlx::query(sql)
            .bind(key.brand.as_db())
            .bind(key.recipient.as_db())
            .bind(key.channel.as_db())
            .bind(key.kind.as_db())
            .bind(at.as_micros())
            .bind(way.as_db())
            .bind(event.map_or(0, EventId::as_db))
            .bind(actor)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("noting that a person is asked anew")
    }

    /// Takes back that a person was asked, because İYS refused to ask them.
    pub(crate) async fn forget_asking(
        &mut self,
        key: ConsentKey,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM repermission WHERE brand_id = $1 AND recipient_id = $2 \
             AND channel = $3 AND kind = $4 AND asked_us = $5";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(key.brand.as_db())
            .bind(key.recipient.as_db())
            .bind(key.channel.as_db())
            .bind(key.kind.as_db())
            .bind(at.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("taking back that a person was asked")?;
        exactly(rows, 1, "the asking")
    }

    /// Puts askings of a brand in line until this transaction ends.
    pub async fn hold_ledger(&mut self, brand: domain::ids::BrandId) -> Result<(), StoreError> {
        self.lock_ledger(brand).await.map(drop)
    }
}
