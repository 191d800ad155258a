//! Whom movements are about: number and state of each key by its address, in
//! one statement.

use domain::ids::{BrandId, FirmId, RecipientId};
use serde::Deserialize;
use sqlx::AssertSqlSafe;

use super::Movement;
use crate::consent::state::{KeyState, local_state, registry_view};
use crate::db::{Conn, Engine, Reader};
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given, maybe, seek};
use crate::row::known;

/// An address that the firm knows, with what is on record for the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Number of the address.
    pub(super) id: RecipientId,
    /// What is on record; `None` when nothing is.
    pub(super) state: Option<KeyState>,
}

/// A found key, in the order of [`columns`].
#[derive(Deserialize, sqlx::FromRow)]
struct Line(
    i64,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<i64>,
);

/// Place among the given and number of the address, then the state; without one
/// these are all NULL.
macro_rules! columns {
    () => {
        "g.place, r.id, s.brand_id, s.local_status, s.local_us, s.local_recorded_us, \
         s.local_event_id, s.local_citizen, s.verdict, s.verdict_citizen, s.verdict_us, \
         s.checked_us, s.registry_batch_id, s.registry_transaction, s.verdict_code"
    };
}

impl Line {
    fn found(self) -> Result<(i64, Found), StoreError> {
        let (place, id) = (self.0, self.1);
        if self.2.is_none() {
            let id = RecipientId::from_db(id);
            return Ok((place, Found { id, state: None }));
        }
        let there = |value: Option<i64>, column| known(value, "consent_state", column, id);
        let local = (
            there(self.3, "local_status")?,
            self.4,
            self.5,
            self.6,
            there(self.7, "local_citizen")?,
        );
        let told = (
            there(self.8, "verdict")?,
            there(self.9, "verdict_citizen")?,
            self.10,
            self.11,
            self.12,
            self.13,
            self.14,
        );
        let state = KeyState {
            local: local_state(id, local)?,
            registry: registry_view(id, told)?,
        };
        let id = RecipientId::from_db(id);
        let state = Some(state);
        Ok((place, Found { id, state }))
    }
}

fn sql(given: &Given<'_>, engine: Engine) -> AssertSqlSafe<String> {
    // A row for each key costs SQLite's driver more than the look-up, so it packs them.
    let select = match engine {
        Engine::Sqlite => concat!("json_group_array(json_array(", columns!(), "))"),
        Engine::Postgres => columns!(),
    };
    let address = seek(
        engine,
        "recipient",
        "r",
        "r.firm_id = $1 AND r.address = g.address",
    );
    let state = maybe(
        engine,
        "consent_state",
        "s",
        "s.brand_id = $2 AND s.recipient_id = r.id AND s.channel = g.channel AND s.kind = g.kind",
    );
    given.sql(
        engine,
        3,
        &format!("SELECT {select} FROM given g{address}{state}"),
    )
}

impl Reader {
    /// What is known of the keys of movements, in the order given; `None` where
    /// the firm does not know the address.
    pub(super) async fn found(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        movements: &[Movement],
    ) -> Result<Vec<Option<Found>>, StoreError> {
        // Looked up along the addresses: the feed tells them in no order.
        let mut asked: Vec<(String, i64, &Movement)> = (0..)
            .zip(movements)
            .map(|(place, movement)| (movement.recipient.to_string(), place, movement))
            .collect();
        asked.sort_unstable_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        let given = Given::new()
            .ints("place", asked.iter().map(|(_, place, _)| *place))
            .texts(
                "address",
                asked.iter().map(|(address, ..)| address.as_str()),
            )
            .ints("channel", asked.iter().map(|(.., m)| m.channel.as_db()))
            .ints("kind", asked.iter().map(|(.., m)| m.kind.as_db()));
        let sql = sql(&given, self.engine());
        let lines: Vec<Line> = match self.conn() {
            Conn::Sqlite(conn) => {
                let text: String = sqlx::query_scalar(sql)
                    .bind(firm.as_db())
                    .bind(brand.as_db())
                    .bind_given(&given)
                    .fetch_one(conn)
                    .await
                    .doing("looking movements up")?;
                known(
                    serde_json::from_str(&text).ok(),
                    "consent_state",
                    "recipient_id",
                    brand,
                )?
            }
            Conn::Postgres(conn) => sqlx::query_as(sql)
                .bind(firm.as_db())
                .bind(brand.as_db())
                .bind_given(&given)
                .fetch_all(conn)
                .await
                .doing("looking movements up")?,
        };
        let mut found = vec![None; movements.len()];
        for line in lines {
            let (place, one) = line.found()?;
            if let Some(answer) = usize::try_from(place).ok().and_then(|p| found.get_mut(p)) {
                *answer = Some(one);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn movements_find_addresses_and_states_by_their_whole_keys() {
        let text: fn(Engine) -> &'static str = |engine| {
            let nobody = Given::new()
                .ints("place", [])
                .texts("address", [])
                .ints("channel", [])
                .ints("kind", []);
            sql(&nobody, engine).0.leak()
        };
        walks(
            text,
            Index::of_key("USING PRIMARY KEY", "consent_state_pkey"),
        )
        .await;
        walks(text, Index::named("recipient_address")).await;
    }
}
