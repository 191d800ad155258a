//! Movements by the Turkish day of their creation, as they were told: what the
//! daily file of İYS is held against.
//!
//! A day is read as a whole and nobody looks for one movement of it, so those
//! that are told together are one row. What is told again, by a push and by the
//! feed, stands there again: whoever compares days counts each number once.

use std::collections::BTreeMap;

use domain::ids::BrandId;
use domain::{Channel, Recipient, RecipientKind, Source, Status, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;

use super::{Movement, day_of};
use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError};
use crate::given::Given;
use crate::row::{PAGE_ROWS_MAX, instant, known, page_rows};

const TABLE: &str = "registry_told";
/// Where earlier versions kept movements one by one.
const SINGLE: &str = "registry_movement";

/// Where reading the movements of a day goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayPlace {
    /// Behind this row of many.
    page: i64,
    /// Behind this number among the single rows of earlier versions.
    number: String,
}

/// One movement inside a row.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    address: &'a str,
    channel: i64,
    kind: i64,
    status: i64,
    source: &'a str,
    said_us: Option<i64>,
    created_us: i64,
    #[serde(borrow)]
    number: Number<'a>,
}

/// İYS's number of a movement: 64 hexadecimal digits, or whatever else it sends.
#[derive(Serialize, Deserialize)]
enum Number<'a> {
    Digits([u8; 32]),
    Text(&'a str),
}

impl<'a> Number<'a> {
    fn of(text: &'a str) -> Self {
        let mut digits = [0; 32];
        let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        if is_lower && hex::decode_to_slice(text, &mut digits).is_ok() {
            Self::Digits(digits)
        } else {
            Self::Text(text)
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Digits(digits) => hex::encode(digits),
            Self::Text(text) => (*text).to_owned(),
        }
    }
}

impl Line<'_> {
    fn movement(&self, row: i64) -> Result<Movement, StoreError> {
        let recipient = Recipient::from_normalised(self.address).ok();
        Ok(Movement {
            recipient: known(recipient, TABLE, "movements", row)?,
            channel: known(Channel::from_db(self.channel), TABLE, "movements", row)?,
            kind: known(RecipientKind::from_db(self.kind), TABLE, "movements", row)?,
            status: known(Status::from_db(self.status), TABLE, "movements", row)?,
            date: instant(self.said_us),
            source: Source::from_registry(self.source),
            created: Timestamp::from_micros(self.created_us),
            transaction: Some(self.number.text()),
        })
    }
}

fn packed(movements: &[&Movement]) -> Result<Vec<u8>, StoreError> {
    let addresses: Vec<String> = movements
        .iter()
        .map(|movement| movement.recipient.to_string())
        .collect();
    let lines: Vec<Line<'_>> = movements
        .iter()
        .zip(&addresses)
        .map(|(movement, address)| Line {
            address,
            channel: movement.channel.as_db(),
            kind: movement.kind.as_db(),
            status: movement.status.as_db(),
            source: movement.source.as_ref().map_or("", Source::as_str),
            said_us: movement.date.map(Timestamp::as_micros),
            created_us: movement.created.as_micros(),
            number: Number::of(movement.transaction.as_deref().unwrap_or_default()),
        })
        .collect();
    postcard::to_stdvec(&lines)
        .map_err(|error| StoreError::Configuration(format!("movements have no form: {error}")))
}

impl Writer {
    /// Notes movements under the Turkish day of their creation. Those without a
    /// number are in nobody's file.
    pub(super) async fn note_movements(
        &mut self,
        brand: BrandId,
        movements: &[Movement],
    ) -> Result<(), StoreError> {
        let mut by_day: BTreeMap<i64, Vec<&Movement>> = BTreeMap::new();
        for movement in movements.iter().filter(|m| m.transaction.is_some()) {
            let day = day_of(movement.created);
            by_day.entry(day).or_default().push(movement);
        }
        if by_day.is_empty() {
            return Ok(());
        }
        let first = self.next_ids(by_day.len())?;
        let rows = by_day
            .values()
            .map(|movements| packed(movements))
            .collect::<Result<Vec<_>, _>>()?;
        let given = Given::new()
            .ints("id", (first..).take(by_day.len()))
            .ints("day", by_day.keys().copied())
            .bytes("movements", rows.iter().map(Vec::as_slice))
            .same("brand_id", brand.as_db());
        self.load(TABLE, &given, "noting movements").await
    }

    /// Forgets movements of days before `day`; those of a brand with a
    /// complaint under a legal hold stay.
    pub async fn forget_movements_before(
        &mut self,
        brand: BrandId,
        day: i64,
    ) -> Result<u64, StoreError> {
        let mut gone = 0;
        for table in [TABLE, SINGLE] {
            let sql = AssertSqlSafe(format!(
                "DELETE FROM {table} WHERE brand_id = $1 AND day < $2 \
                 AND NOT EXISTS (SELECT 1 FROM complaint_case k \
                     WHERE k.brand_id = $1 AND k.legal_hold = 1)"
            ));
            gone += on!(self, conn => sqlx::query(sql)
                .bind(brand.as_db())
                .bind(day)
                .execute(&mut *conn)
                .await
                .map(|done| done.rows_affected()))
            .doing("forgetting old movements")?;
        }
        Ok(gone)
    }
}

impl Reader {
    /// Movements of a day behind a place, some thousands of them, and the place
    /// behind them; `None` at the end. One that was told twice is there twice.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn movements_of_day(
        &mut self,
        brand: BrandId,
        day: i64,
        after: &DayPlace,
    ) -> Result<Option<(Vec<Movement>, DayPlace)>, StoreError> {
        let sql = "SELECT id, movements FROM registry_told \
             WHERE brand_id = $1 AND day = $2 AND id > $3 ORDER BY id LIMIT 1";
        let row: Option<(i64, Vec<u8>)> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(day)
            .bind(after.page)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading the movements of a day")?;
        let Some((page, bytes)) = row else {
            return self.single_movements_of_day(brand, day, after).await;
        };
        let lines: Option<Vec<Line<'_>>> = postcard::from_bytes(&bytes).ok();
        let lines = known(lines, TABLE, "movements", page)?;
        let movements = lines
            .iter()
            .map(|line| line.movement(page))
            .collect::<Result<_, _>>()?;
        let number = after.number.clone();
        Ok(Some((movements, DayPlace { page, number })))
    }

    /// Those that earlier versions kept one by one.
    async fn single_movements_of_day(
        &mut self,
        brand: BrandId,
        day: i64,
        after: &DayPlace,
    ) -> Result<Option<(Vec<Movement>, DayPlace)>, StoreError> {
        let sql = "SELECT transaction_id, address, channel, kind, status, source, consent_us, \
                    created_us \
             FROM registry_movement WHERE brand_id = $1 AND day = $2 AND transaction_id > $3 \
             ORDER BY transaction_id LIMIT $4";
        type Row = (String, String, i64, i64, i64, String, Option<i64>, i64);
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(day)
            .bind(&after.number)
            .bind(page_rows(PAGE_ROWS_MAX))
            .fetch_all(&mut *conn)
            .await)
        .doing("reading the movements of a day")?;
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        let place = DayPlace {
            number: last.0.clone(),
            ..*after
        };
        let movements = rows
            .iter()
            .map(|row| {
                let line = Line {
                    address: &row.1,
                    channel: row.2,
                    kind: row.3,
                    status: row.4,
                    source: &row.5,
                    said_us: row.6,
                    created_us: row.7,
                    number: Number::Text(&row.0),
                };
                line.movement(day)
            })
            .collect::<Result<_, _>>()?;
        Ok(Some((movements, place)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_comes_back_as_iys_wrote_it() {
        for text in [
            "0123456789abcdef".repeat(4).as_str(),
            "0123456789ABCDEF".repeat(4).as_str(),
            "kisa",
            "",
        ] {
            assert_eq!(Number::of(text).text(), text);
        }
    }
}
