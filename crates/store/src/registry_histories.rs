//! What İYS told about the movements of one record, kept with the time of the
//! answer: İYS allows few such questions, and a proof names when it asked.

use domain::consent::ConsentKey;
use domain::{Source, Status, Timestamp};
use serde::{Deserialize, Serialize};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{from_json, to_json};

/// One movement of a record, as İYS tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastMovement {
    /// What was said.
    pub status: Status,
    /// Where.
    pub source: Option<Source>,
    /// When.
    pub consent_date: Option<Timestamp>,
    /// When İYS wrote it.
    pub created: Option<Timestamp>,
    /// İYS's number of it.
    pub transaction: Option<String>,
}

/// The movements of one record, as İYS told them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptHistory {
    /// When it was asked.
    pub asked_at: Timestamp,
    /// Who asked.
    pub actor: String,
    /// How many movements there are, when İYS said so.
    pub total: Option<i64>,
    /// Rows of the answer that could not be read.
    pub unreadable: i64,
    /// The movements, the newest consent date first.
    pub movements: Vec<PastMovement>,
}

const TABLE: &str = "registry_history";

impl Reader {
    /// What İYS told last about a record; none when nobody asked.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the row holds a value that cannot be.
    pub async fn kept_history(
        &mut self,
        key: ConsentKey,
    ) -> Result<Option<KeptHistory>, StoreError> {
        let sql = "SELECT asked_us, actor, total, unreadable, movements FROM registry_history \
             WHERE brand_id = $1 AND recipient_id = $2 AND channel = $3 AND kind = $4";
        let row: Option<(i64, String, Option<i64>, i64, String)> =
            on!(self, conn => sqlx::query_as(sql)
                .bind(key.brand.as_db())
                .bind(key.recipient.as_db())
                .bind(key.channel.as_db())
                .bind(key.kind.as_db())
                .fetch_optional(&mut *conn)
                .await)
            .doing("reading what İYS told about a record")?;
        row.map(|(asked, actor, total, unreadable, movements)| {
            Ok(KeptHistory {
                asked_at: Timestamp::from_micros(asked),
                actor,
                total,
                unreadable,
                movements: from_json(&movements, TABLE, "movements", key.recipient)?,
            })
        })
        .transpose()
    }
}

impl Writer {
    /// Keeps what İYS told, instead of what it told before.
    pub async fn keep_history(
        &mut self,
        key: ConsentKey,
        told: &KeptHistory,
    ) -> Result<(), StoreError> {
        let movements = to_json(&told.movements)?;
        let sql = "INSERT INTO registry_history (brand_id, recipient_id, channel, kind, asked_us, \
                actor, total, unreadable, movements) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT (brand_id, recipient_id, channel, kind) DO UPDATE SET \
                asked_us = excluded.asked_us, actor = excluded.actor, total = excluded.total, \
                unreadable = excluded.unreadable, movements = excluded.movements";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(key.brand.as_db())
            .bind(key.recipient.as_db())
            .bind(key.channel.as_db())
            .bind(key.kind.as_db())
            .bind(told.asked_at.as_micros())
            .bind(&told.actor)
            .bind(told.total)
            .bind(told.unreadable)
            .bind(&movements)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("keeping what İYS told about a record")?;
        exactly(rows, 1, "the history")
    }
}
