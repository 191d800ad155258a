//! How many consents of a brand are confirmed, unconfirmed or refused, by
//! channel and day: counted now and then, read by screens.

use domain::ids::BrandId;
use domain::time::DAY_US;
use domain::{Channel, Timestamp};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError};
use crate::row::{known, page_rows};

/// Turkish time has had one offset since 2016.
const TURKEY_US: i64 = 3 * 3_600 * 1_000_000;

/// What was on record for one channel on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsentFigure {
    /// Turkish days since 1970.
    pub day: i64,
    /// For which channel.
    pub channel: Channel,
    /// Consents that İYS has confirmed.
    pub confirmed: i64,
    /// Consents that it has not.
    pub unconfirmed: i64,
    /// Refusals, ours or İYS's.
    pub refused: i64,
    /// When it was counted.
    pub taken_at: Timestamp,
}

/// How many people muted a purpose on the preference page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MutedPurpose {
    /// For which channel.
    pub channel: Channel,
    /// Its name.
    pub purpose: String,
    /// How many.
    pub people: i64,
}

/// The Turkish day of an instant, counted from 1970.
pub const fn turkish_day(at: Timestamp) -> i64 {
    (at.as_micros() + TURKEY_US).div_euclid(DAY_US)
}

const COUNT: &str = "SELECT channel, \
        count(CASE WHEN local_status <> 2 AND verdict = 1 THEN 1 END), \
        count(CASE WHEN local_status = 1 AND verdict NOT IN (1, 2) THEN 1 END), \
        count(CASE WHEN local_status = 2 OR verdict = 2 THEN 1 END) \
     FROM consent_state WHERE brand_id = $1 GROUP BY channel";

type FigureRow = (i64, i64, i64, i64, i64, i64);

impl Reader {
    /// Counts what is on record of a brand now; walks all of it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn count_consents(
        &mut self,
        brand: BrandId,
    ) -> Result<Vec<ConsentFigure>, StoreError> {
        let now = self.now();
        let rows: Vec<(i64, i64, i64, i64)> = on!(self, conn => sqlx::query_as(COUNT)
            .bind(brand.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("counting consents")?;
        rows.into_iter()
            .map(|(channel, confirmed, unconfirmed, refused)| {
                figure((
                    turkish_day(now),
                    channel,
                    confirmed,
                    unconfirmed,
                    refused,
                    now.as_micros(),
                ))
            })
            .collect()
    }

    /// The figures of a brand from a day on, the oldest first.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn consent_figures(
        &mut self,
        brand: BrandId,
        from_day: i64,
    ) -> Result<Vec<ConsentFigure>, StoreError> {
        let sql = "SELECT day, channel, confirmed, unconfirmed, refused, taken_us \
             FROM consent_figure WHERE brand_id = $1 AND day >= $2 ORDER BY day, channel LIMIT $3";
        let rows: Vec<FigureRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(from_day)
            .bind(page_rows(usize::MAX))
            .fetch_all(&mut *conn)
            .await)
        .doing("reading figures of consent")?;
        rows.into_iter().map(figure).collect()
    }

    /// Brands of all firms after `after`, a page of their numbers.
    pub async fn brand_numbers(
        &mut self,
        after: Option<BrandId>,
        limit: usize,
    ) -> Result<Vec<BrandId>, StoreError> {
        let sql = "SELECT id FROM brand WHERE id > $1 ORDER BY id LIMIT $2";
        let rows: Vec<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(after.map_or(0, BrandId::as_db))
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing brands")?;
        Ok(rows.into_iter().map(BrandId::from_db).collect())
    }

    /// The purposes of a brand that anybody muted, most first.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn muted_counts(&mut self, brand: BrandId) -> Result<Vec<MutedPurpose>, StoreError> {
        let sql = "SELECT channel, min(purpose), count(*) FROM purpose_refusal \
             WHERE brand_id = $1 GROUP BY channel, purpose_key \
             ORDER BY count(*) DESC, min(purpose) LIMIT 50";
        let rows: Vec<(i64, String, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("counting who muted a purpose")?;
        rows.into_iter()
            .map(|(channel, purpose, people)| {
                let table = "purpose_refusal";
                Ok(MutedPurpose {
                    channel: known(Channel::from_db(channel), table, "channel", brand)?,
                    purpose,
                    people,
                })
            })
            .collect()
    }
}

impl Writer {
    /// Keeps figures of a day, in place of earlier ones of the same day.
    pub async fn keep_consent_figures(
        &mut self,
        brand: BrandId,
        figures: &[ConsentFigure],
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO consent_figure \
                (brand_id, day, channel, confirmed, unconfirmed, refused, taken_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (brand_id, day, channel) DO UPDATE \
             SET confirmed = excluded.confirmed, unconfirmed = excluded.unconfirmed, \
                refused = excluded.refused, taken_us = excluded.taken_us";
        // One row a channel: four at most.
        for figure in figures {
            on!(self, conn => sqlx::query(sql)
                .bind(brand.as_db())
                .bind(figure.day)
                .bind(figure.channel.as_db())
                .bind(figure.confirmed)
                .bind(figure.unconfirmed)
                .bind(figure.refused)
                .bind(figure.taken_at.as_micros())
                .execute(&mut *conn)
                .await
                .map(drop))
            .doing("keeping figures of consent")?;
        }
        Ok(())
    }
}

fn figure(row: FigureRow) -> Result<ConsentFigure, StoreError> {
    let (day, channel, confirmed, unconfirmed, refused, taken_us) = row;
    Ok(ConsentFigure {
        day,
        channel: known(
            Channel::from_db(channel),
            "consent_state",
            "channel",
            channel,
        )?,
        confirmed,
        unconfirmed,
        refused,
        taken_at: Timestamp::from_micros(taken_us),
    })
}
