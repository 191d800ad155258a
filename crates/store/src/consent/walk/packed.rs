//! A page of states in one row. A row for each state costs SQLite's driver
//! several times what the database does for it: fifteen values are copied, a
//! message crosses to another thread, and columns are looked up by name.

use domain::ids::BrandId;

use super::{Line, Taker, WALK_ROWS_MAX, WalkPlace, WalkedState, reached_here, rows_max};
use crate::db::{Reader, Store};
use crate::error::{Doing, StoreError};

/// The states behind a place as an array of arrays, looked up from the keys of
/// a page to their addresses and owners.
pub(super) const PAGE: &str = concat!(
    "SELECT json_group_array(json_array(s.recipient_id, s.channel, s.kind, s.local_status, \
        s.local_us, s.local_recorded_us, s.local_event_id, s.local_citizen, s.verdict, \
        s.verdict_citizen, s.verdict_us, ",
    reached_here!(),
    ", r.address, c.external_id, c.full_name)) \
     FROM (SELECT * FROM consent_state WHERE brand_id = $1 \
           AND (recipient_id, channel, kind) > ($2, $3, $4) \
           ORDER BY recipient_id, channel, kind LIMIT $5) s \
     CROSS JOIN recipient r ON r.id = s.recipient_id \
     CROSS JOIN contact c ON c.id = r.contact_id"
);

/// Walks page by page, each over a connection of its own moment.
pub(super) async fn walk<T: Send>(
    store: &Store,
    brand: BrandId,
    make: fn(WalkedState) -> T,
    taker: &Taker<T>,
) -> Result<(), StoreError> {
    let mut next = Some(WalkPlace::START);
    while let Some(after) = next {
        let text = page(&mut store.read().await?, brand, after).await?;
        let lines: Vec<Line<'_>> =
            serde_json::from_str(&text).map_err(|_| StoreError::Corrupt {
                table: "consent_state",
                column: "recipient_id",
                row: String::new(),
            })?;
        // The last key says how far the page came, in whatever order it was packed.
        let last = lines.iter().map(Line::place).max();
        next = last.filter(|_| lines.len() >= WALK_ROWS_MAX);
        let states = lines.into_iter().map(|line| line.into_state().map(make));
        let states: Vec<T> = states.collect::<Result<_, _>>()?;
        if !states.is_empty() && taker.send(Ok(states)).await.is_err() {
            break;
        }
    }
    Ok(())
}

async fn page(reader: &mut Reader, brand: BrandId, after: WalkPlace) -> Result<String, StoreError> {
    on!(reader, conn => sqlx::query_scalar(PAGE)
        .bind(brand.as_db())
        .bind(after.recipient)
        .bind(after.channel)
        .bind(after.kind)
        .bind(rows_max())
        .fetch_one(&mut *conn)
        .await)
    .doing("walking along what is on record")
}
