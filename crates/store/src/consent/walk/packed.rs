//! A page of states in one row. A row for each state costs the driver several
//! times what the database does for it: fifteen values are copied, a message
//! crosses to another thread, and columns are looked up by name.

use domain::consent::AddressOwner;
use domain::ids::BrandId;
use serde::Deserialize;

use super::{WALK_ROWS_MAX, WalkPlace, WalkedState, address_of, reached_here};
use crate::consent::state::{BrandKey, local_state, registry_view};
use crate::db::{Conn, Engine, Reader};
use crate::error::{Doing, StoreError};

// SQLite has no arrays, and PostgreSQL is quicker with them than with JSON.
pub(super) const fn columns(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => concat!(
            "json_group_array(json_array(s.recipient_id, s.channel, s.kind, s.local_status, \
                s.local_us, s.local_recorded_us, s.local_event_id, s.local_citizen, s.verdict, \
                s.verdict_citizen, s.verdict_us, r.address, c.external_id, c.full_name, ",
            reached_here!(),
            "))"
        ),
        Engine::Postgres => concat!(
            "array_agg(s.recipient_id), array_agg(s.channel), array_agg(s.kind), \
             array_agg(s.local_status), array_agg(s.local_us), array_agg(s.local_recorded_us), \
             array_agg(s.local_event_id), array_agg(s.local_citizen), array_agg(s.verdict), \
             array_agg(s.verdict_citizen), array_agg(s.verdict_us), array_agg(r.address), \
             array_agg(c.external_id), array_agg(c.full_name), array_agg(",
            reached_here!(),
            ")"
        ),
    }
}

/// States as one of the databases packs them.
pub(super) enum Packed {
    /// An array of arrays.
    Json(String),
    /// Columns of equal length; none when there are no states.
    Columns(Box<Columns>),
}

type Ints = Option<Vec<i64>>;
type MaybeInts = Option<Vec<Option<i64>>>;
type MaybeTexts = Option<Vec<Option<String>>>;

#[derive(sqlx::FromRow)]
pub(super) struct Columns(
    Ints,
    Ints,
    Ints,
    Ints,
    MaybeInts,
    MaybeInts,
    MaybeInts,
    Ints,
    Ints,
    Ints,
    MaybeInts,
    Option<Vec<String>>,
    MaybeTexts,
    MaybeTexts,
    Ints,
);

/// One state, in the order of the statement.
#[derive(Deserialize)]
struct Line(
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
    String,
    Option<String>,
    Option<String>,
    i64,
);

/// The states of a brand behind `after`, at most [`WALK_ROWS_MAX`].
pub(super) async fn packed_states(
    reader: &mut Reader,
    brand: BrandId,
    after: WalkPlace,
) -> Result<Packed, StoreError> {
    let sql = super::states_sql(reader.engine());
    match reader.conn() {
        Conn::Sqlite(conn) => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .bind(after.recipient)
            .bind(after.channel)
            .bind(after.kind)
            .bind(WALK_ROWS_MAX)
            .fetch_one(conn)
            .await
            .map(Packed::Json),
        Conn::Postgres(conn) => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(after.recipient)
            .bind(after.channel)
            .bind(after.kind)
            .bind(WALK_ROWS_MAX)
            .fetch_one(conn)
            .await
            .map(|columns| Packed::Columns(Box::new(columns))),
    }
    .doing("walking along what is on record")
}

impl Packed {
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub(super) fn unpack(self) -> Result<Vec<WalkedState>, StoreError> {
        match self {
            Self::Json(text) => {
                let lines: Vec<Line> =
                    serde_json::from_str(&text).map_err(|_| StoreError::Corrupt {
                        table: "consent_state",
                        column: "recipient_id",
                        row: String::new(),
                    })?;
                lines.into_iter().map(Line::into_state).collect()
            }
            Self::Columns(columns) => columns.lines().map(Line::into_state).collect(),
        }
    }
}

impl Columns {
    /// Row by row; columns of the same statement are equally long.
    fn lines(self) -> impl Iterator<Item = Line> {
        let mut ints = [self.1, self.2, self.3, self.7, self.8, self.9, self.14]
            .map(|column| column.unwrap_or_default().into_iter());
        let mut maybe =
            [self.4, self.5, self.6, self.10].map(|column| column.unwrap_or_default().into_iter());
        let mut addresses = self.11.unwrap_or_default().into_iter();
        let mut texts = [self.12, self.13].map(|column| column.unwrap_or_default().into_iter());
        let recipients = self.0.unwrap_or_default().into_iter();
        recipients.map_while(move |recipient| {
            let [channel, kind, status, citizen, verdict, theirs, reached] = ints
                .each_mut()
                .map(|column| column.next().unwrap_or_default());
            let [date, recorded, event, told] =
                maybe.each_mut().map(|column| column.next().flatten());
            let [external, name] = texts.each_mut().map(|column| column.next().flatten());
            let address = addresses.next()?;
            Some(Line(
                recipient, channel, kind, status, date, recorded, event, citizen, verdict, theirs,
                told, address, external, name, reached,
            ))
        })
    }
}

impl Line {
    fn into_state(self) -> Result<WalkedState, StoreError> {
        let id = self.0;
        let key = BrandKey::from_db(id, self.1, self.2)?;
        let local = (self.3, self.4, self.5, self.6, self.7);
        let told = (self.8, self.9, self.10, None, None, None, None);
        Ok(WalkedState {
            address: address_of(&self.11, id)?,
            channel: key.channel,
            kind: key.kind,
            local: local_state(id, local)?,
            registry: registry_view(id, told)?,
            owner: AddressOwner {
                recipient: key.recipient,
                external_id: self.12,
                name: self.13,
                is_reached_here: self.14 == 1,
            },
        })
    }
}
