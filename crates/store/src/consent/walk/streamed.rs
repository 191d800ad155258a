//! All states of a brand as the answer to one statement.
//!
//! Paged, each state costs two look-ups in the server: 5 µs of 8 that it took in
//! all. One statement merges the tables along their keys instead, and COPY hands
//! its rows over as they come, without a value of the driver for each cell.

use std::borrow::Cow;

use domain::ids::BrandId;
use futures_util::TryStreamExt as _;
use sqlx::PgPool;

use super::{Line, Taker, WALK_ROWS_MAX, WalkedState, reached_here};
use crate::error::{Doing, StoreError};
use crate::given::Copied;

/// Columns of [`states_sql`].
const COLUMNS: i16 = 15;

/// Merging needs no memory that grows with the record, where hashing would
/// write a large one to disk and read it back; and the other cores judge the
/// file meanwhile.
const SETTINGS: &str = "SET enable_hashjoin = off; SET max_parallel_workers_per_gather = 0";

pub(super) fn states_sql(brand: &str) -> String {
    let columns = concat!(
        "s.recipient_id, s.channel, s.kind, s.local_status, s.local_us, s.local_recorded_us, \
         s.local_event_id, s.local_citizen, s.verdict, s.verdict_citizen, s.verdict_us, ",
        reached_here!(),
        ", r.address, c.external_id, c.full_name"
    );
    format!(
        "SELECT {columns} FROM consent_state s \
         JOIN recipient r ON r.id = s.recipient_id JOIN contact c ON c.id = r.contact_id \
         WHERE s.brand_id = {brand}"
    )
}

/// Hands on the states as they come.
pub(super) async fn walk<T: Send>(
    pool: &PgPool,
    brand: BrandId,
    make: fn(WalkedState) -> T,
    taker: &Taker<T>,
) -> Result<(), StoreError> {
    let doing = "walking along what is on record";
    let mut conn = pool.acquire().await.doing(doing)?;
    // It ends with the walk: its settings go with it, and an answer that nobody
    // takes any more is not read to its end.
    conn.close_on_drop();
    sqlx::raw_sql(SETTINGS)
        .execute(&mut *conn)
        .await
        .doing(doing)?;
    // COPY takes no parameters.
    let sql = states_sql(&brand.as_db().to_string());
    let copy = format!("COPY ({sql}) TO STDOUT (FORMAT BINARY)");
    let mut rows = conn.copy_out_raw(&copy).await.doing(doing)?;
    let mut page = Vec::with_capacity(WALK_ROWS_MAX);
    while let Some(message) = rows.try_next().await.doing(doing)? {
        let Some(line) = line_of(&message).ok_or_else(garbled).doing(doing)? else {
            continue;
        };
        page.push(make(line.into_state()?));
        if page.len() == WALK_ROWS_MAX {
            let full = std::mem::replace(&mut page, Vec::with_capacity(WALK_ROWS_MAX));
            if taker.send(Ok(full)).await.is_err() {
                return Ok(());
            }
        }
    }
    if !page.is_empty() {
        let _ = taker.send(Ok(page)).await;
    }
    Ok(())
}

fn garbled() -> sqlx::Error {
    sqlx::Error::Protocol("a row of COPY cannot be read".into())
}

/// The row of a message: the first has the head of the COPY before it, the last
/// has only its end. Outer `None` when it is neither.
fn line_of(message: &[u8]) -> Option<Option<Line<'_>>> {
    let mut row = Copied::of(message);
    if !row.next_row(COLUMNS)? {
        return Some(None);
    }
    let line = Line(
        row.int()?,
        row.int()?,
        row.int()?,
        row.int()?,
        row.maybe_int()?,
        row.maybe_int()?,
        row.maybe_int()?,
        row.int()?,
        row.int()?,
        row.int()?,
        row.maybe_int()?,
        row.int()?,
        row.text().flatten().map(Cow::Borrowed)?,
        row.text()?.map(str::to_owned),
        row.text()?.map(str::to_owned),
    );
    row.is_empty().then_some(Some(line))
}
