//! Everything on record for a brand, page by page: for a file that is about as
//! long as the record, one walk along the keys costs a fifth of as many look-ups.

mod packed;

use domain::consent::AddressOwner;
use domain::ids::{BrandId, FirmId};
use domain::{Channel, LocalState, Recipient, RecipientKind, RegistryView};
use sqlx::AssertSqlSafe;

use self::packed::{columns, packed_states};
use crate::db::{Engine, Reader};
use crate::error::{Doing, StoreError};
use crate::given::seek;
use crate::row::known;

/// Most rows of one page.
pub const WALK_ROWS_MAX: i64 = 5_000;

/// The state of a key with the person it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalkedState {
    /// The address.
    pub address: Recipient,
    /// The channel.
    pub channel: Channel,
    /// In which capacity.
    pub kind: RecipientKind,
    /// What the person told us.
    pub local: Option<LocalState>,
    /// What İYS told us: the verdict, whose it is and its date, no more.
    pub registry: RegistryView,
    /// To whom the address belongs.
    pub owner: AddressOwner,
}

/// Where a walk goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WalkPlace {
    recipient: i64,
    channel: i64,
    kind: i64,
}

impl WalkPlace {
    /// Before the first key.
    pub const START: Self = Self {
        recipient: i64::MIN,
        channel: 0,
        kind: 0,
    };

    const fn of(state: &WalkedState) -> Self {
        Self {
            recipient: state.owner.recipient.as_db(),
            channel: state.channel.as_db(),
            kind: state.kind.as_db(),
        }
    }
}

/// Whether contact `c` is reached at address `r`, as a number.
macro_rules! reached_here {
    () => {
        "CASE WHEN r.id = c.phone_id OR r.id = c.email_id THEN CAST(1 AS BIGINT) \
              ELSE CAST(0 AS BIGINT) END"
    };
}
pub(crate) use reached_here;

impl Reader {
    /// Whether a brand has at most `limit` states on record. Reads no more
    /// than that.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be asked.
    pub async fn has_states_up_to(
        &mut self,
        brand: BrandId,
        limit: i64,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM \
                   (SELECT 1 FROM consent_state WHERE brand_id = $1 LIMIT $2) AS counted";
        let found: i64 = on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .bind(limit.saturating_add(1))
            .fetch_one(&mut *conn)
            .await)
        .doing("counting what is on record")?;
        Ok(found <= limit)
    }

    /// The states of a brand behind `after`, in the order of their keys, at
    /// most [`WALK_ROWS_MAX`]; and where the next page begins, `None` at the end.
    ///
    /// Pages are read one after another, not as of one instant.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn walk_states(
        &mut self,
        brand: BrandId,
        after: WalkPlace,
    ) -> Result<(Vec<WalkedState>, Option<WalkPlace>), StoreError> {
        let states = packed_states(self, brand, after).await?.unpack()?;
        // The last key says how far the page came, in whatever order it was packed.
        let last = states.iter().map(WalkPlace::of).max();
        let next = last.filter(|_| is_full(states.len()));
        Ok((states, next))
    }

    /// The addresses on a firm's blacklist or under a complaint stop behind
    /// `after`, each with its channel (`None` for all of them), at most
    /// [`WALK_ROWS_MAX`]; and where the next page begins, `None` at the end.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn walk_stops(
        &mut self,
        firm: FirmId,
        after: WalkPlace,
    ) -> Result<(Vec<(Recipient, Option<Channel>)>, Option<WalkPlace>), StoreError> {
        let sql = stops_sql(self.engine());
        let rows: Vec<(i64, i64, String)> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(after.recipient)
            .bind(after.channel)
            .bind(WALK_ROWS_MAX)
            .fetch_all(&mut *conn)
            .await)
        .doing("walking along the blacklist")?;
        let next = rows
            .last()
            .filter(|_| is_full(rows.len()))
            .map(|last| WalkPlace {
                recipient: last.0,
                channel: last.1,
                kind: 0,
            });
        let stops = rows.into_iter().map(|(id, channel, address)| {
            Ok((address_of(&address, id)?, Channel::from_db(channel)))
        });
        Ok((stops.collect::<Result<_, StoreError>>()?, next))
    }
}

fn is_full(rows: usize) -> bool {
    i64::try_from(rows).is_ok_and(|rows| rows >= WALK_ROWS_MAX)
}

fn address_of(text: &str, id: i64) -> Result<Recipient, StoreError> {
    known(
        Recipient::from_normalised(text).ok(),
        "recipient",
        "address",
        id,
    )
}

fn states_sql(engine: Engine) -> AssertSqlSafe<String> {
    let address = seek(engine, "recipient", "r", "r.id = s.recipient_id");
    let owner = seek(engine, "contact", "c", "c.id = r.contact_id");
    let page = "(SELECT * FROM consent_state WHERE brand_id = $1 \
                 AND (recipient_id, channel, kind) > ($2, $3, $4) \
                 ORDER BY recipient_id, channel, kind LIMIT $5) s";
    AssertSqlSafe(format!(
        "SELECT {} FROM {page}{address}{owner}",
        columns(engine)
    ))
}

fn stops_sql(engine: Engine) -> AssertSqlSafe<String> {
    let address = seek(engine, "recipient", "r", "r.id = b.recipient_id");
    let page = "(SELECT recipient_id, channel FROM blacklist WHERE firm_id = $1 \
                 AND (recipient_id, channel) > ($2, $3) \
                 ORDER BY recipient_id, channel LIMIT $4) b";
    AssertSqlSafe(format!(
        "SELECT b.recipient_id, b.channel, r.address FROM {page}{address} \
         ORDER BY b.recipient_id, b.channel"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn a_walk_goes_along_the_keys() {
        let states: fn(Engine) -> &'static str = |engine| states_sql(engine).0.leak();
        walks(
            states,
            Index::of_key("USING PRIMARY KEY", "consent_state_pkey"),
        )
        .await;
        walks(
            states,
            Index::of_key("USING INTEGER PRIMARY KEY", "recipient_pkey"),
        )
        .await;
        let stops: fn(Engine) -> &'static str = |engine| stops_sql(engine).0.leak();
        walks(
            stops,
            Index::of_key("sqlite_autoindex_blacklist_1", "blacklist_pkey"),
        )
        .await;
    }
}
