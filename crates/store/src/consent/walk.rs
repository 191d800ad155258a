//! Everything on record for a brand, page by page: for a file that is about as
//! long as the record, one walk along the keys costs a fifth of as many look-ups.
//!
//! SQLite is asked for one page after another ([`packed`]), PostgreSQL once for
//! all of them ([`streamed`]): it reads whole tables along their keys several
//! times as fast as it looks up the rows of a page.

mod packed;
mod streamed;

use std::borrow::Cow;

use domain::consent::AddressOwner;
use domain::ids::{BrandId, FirmId};
use domain::{Channel, LocalState, Recipient, RecipientKind, RegistryView};
use serde::Deserialize;
use sqlx::AssertSqlSafe;
use tokio::sync::mpsc;

use super::state::{BrandKey, local_state, registry_view};
use crate::db::{Engine, Reader, Store};
use crate::error::{Doing, StoreError};
use crate::given::seek;
use crate::row::known;

/// Most rows of one page.
const WALK_ROWS_MAX: usize = 5_000;

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
}

/// One state, in the order of the statements.
#[derive(Deserialize)]
struct Line<'a>(
    i64,
    i64,
    i64,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    i64,
    i64,
    i64,
    Option<i64>,
    i64,
    #[serde(borrow)] Cow<'a, str>,
    Option<String>,
    Option<String>,
);

impl Line<'_> {
    const fn place(&self) -> WalkPlace {
        WalkPlace {
            recipient: self.0,
            channel: self.1,
            kind: self.2,
        }
    }

    fn into_state(self) -> Result<WalkedState, StoreError> {
        let id = self.0;
        let key = BrandKey::from_db(id, self.1, self.2)?;
        let local = (self.3, self.4, self.5, self.6, self.7);
        let told = (self.8, self.9, self.10, None, None, None, None);
        Ok(WalkedState {
            address: address_of(&self.12, id)?,
            channel: key.channel,
            kind: key.kind,
            local: local_state(id, local)?,
            registry: registry_view(id, told)?,
            owner: AddressOwner {
                recipient: key.recipient,
                external_id: self.13,
                name: self.14,
                is_reached_here: self.11 == 1,
            },
        })
    }
}

/// Who takes the pages of a walk, each state in the shape wanted.
pub type Taker<T> = mpsc::Sender<Result<Vec<T>, StoreError>>;

/// Whether contact `c` is reached at address `r`, as a number.
macro_rules! reached_here {
    () => {
        "CASE WHEN r.id = c.phone_id OR r.id = c.email_id THEN CAST(1 AS BIGINT) \
              ELSE CAST(0 AS BIGINT) END"
    };
}
pub(crate) use reached_here;

impl Store {
    /// Hands every state of a brand to `taker`, some thousands at a time and
    /// each as `make` turns it, in no particular order. Ends early when nobody
    /// takes them any more.
    ///
    /// On PostgreSQL they are as of one instant; on SQLite each page is as of
    /// its own, and what changes meanwhile may be told as it was or as it is.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn walk_states<T: Send>(
        &self,
        brand: BrandId,
        make: fn(WalkedState) -> T,
        taker: &Taker<T>,
    ) -> Result<(), StoreError> {
        match self.postgres() {
            Some(pool) => streamed::walk(pool, brand, make, taker).await,
            None => packed::walk(self, brand, make, taker).await,
        }
    }
}

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
            .bind(rows_max())
            .fetch_all(&mut *conn)
            .await)
        .doing("walking along the blacklist")?;
        let next = rows
            .last()
            .filter(|_| rows.len() >= WALK_ROWS_MAX)
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

fn rows_max() -> i64 {
    i64::try_from(WALK_ROWS_MAX).unwrap_or(i64::MAX)
}

fn address_of(text: &str, id: i64) -> Result<Recipient, StoreError> {
    known(
        Recipient::from_normalised(text).ok(),
        "recipient",
        "address",
        id,
    )
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
        let states: fn(Engine) -> &'static str = |engine| match engine {
            Engine::Sqlite => packed::PAGE,
            Engine::Postgres => streamed::states_sql("$1").leak(),
        };
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
