//! Kinds of events (*olay türü*): what a firm says of the names that its
//! programs send. A name that nobody described is a row too, so that people
//! see it and can describe it.

use std::collections::{BTreeSet, HashMap};

use domain::Timestamp;
use domain::event::{EventShape, TYPES_MAX};
use domain::ids::{EventTypeId, FirmId};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::{BindGiven, Given, seek};
use crate::row::{from_json, instant, page_rows, to_json};

/// A kind of event of a firm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventType {
    /// Its number.
    pub id: EventTypeId,
    /// Its name, unique in the firm, in the form of [`domain::event::event_name`].
    pub name: String,
    /// What the firm says of it; empty while nobody described it.
    pub shape: EventShape,
    /// Whether somebody described it.
    pub is_defined: bool,
    /// When it was first sent or described.
    pub created_at: Timestamp,
    /// When its description last changed.
    pub updated_at: Timestamp,
}

macro_rules! columns {
    () => {
        "t.id, t.name, t.label_tr, t.label_en, t.fields, t.is_defined, t.created_us, t.updated_us"
    };
}

/// The last event of each kind is looked up by brand: the highest instant over
/// several brands at once would read all their events.
const LISTED: &str = concat!(
    "SELECT ",
    columns!(),
    ", (SELECT max(b.last_us) FROM (SELECT (SELECT e.occurred_us FROM person_event e \
           WHERE e.brand_id = f.id AND e.type_id = t.id \
           ORDER BY e.occurred_us DESC LIMIT 1) AS last_us \
        FROM brand f WHERE f.firm_id = t.firm_id) b) AS last_us \
     FROM event_type t WHERE t.firm_id = $1 AND t.name > $2 ORDER BY t.name LIMIT $3"
);

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    name: String,
    label_tr: String,
    label_en: String,
    fields: String,
    is_defined: i64,
    created_us: i64,
    updated_us: i64,
}

#[derive(sqlx::FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    row: Row,
    last_us: Option<i64>,
}

impl TryFrom<Row> for EventType {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = EventTypeId::from_db(row.id);
        Ok(Self {
            id,
            name: row.name,
            shape: EventShape {
                label_tr: row.label_tr,
                label_en: row.label_en,
                fields: from_json(&row.fields, "event_type", "fields", id)?,
            },
            is_defined: row.is_defined == 1,
            created_at: Timestamp::from_micros(row.created_us),
            updated_at: Timestamp::from_micros(row.updated_us),
        })
    }
}

impl Reader {
    /// The kinds of events of a firm after the name `after`, by name, each with
    /// the instant of its last event.
    pub async fn event_types(
        &mut self,
        firm: FirmId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(EventType, Option<Timestamp>)>, StoreError> {
        let rows = on!(self, conn => sqlx::query_as::<_, ListedRow>(LISTED)
            .bind(firm.as_db())
            .bind(after.unwrap_or(""))
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing kinds of events")?;
        rows.into_iter()
            .map(|listed| Ok((EventType::try_from(listed.row)?, instant(listed.last_us))))
            .collect()
    }

    /// One kind of event of a firm.
    pub async fn event_type(
        &mut self,
        firm: FirmId,
        id: EventTypeId,
    ) -> Result<Option<EventType>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM event_type t WHERE t.id = $1 AND t.firm_id = $2"
        );
        let row = on!(self, conn => sqlx::query_as::<_, Row>(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a kind of event")?;
        row.map(EventType::try_from).transpose()
    }

    /// The kinds of events of these names, as far as the firm has them.
    pub async fn event_types_named(
        &mut self,
        firm: FirmId,
        names: &BTreeSet<&str>,
    ) -> Result<HashMap<String, EventType>, StoreError> {
        let given = Given::new().texts("name", names.iter().copied());
        if given.is_empty() {
            return Ok(HashMap::new());
        }
        let engine = self.engine();
        let named = seek(
            engine,
            "event_type",
            "t",
            "t.firm_id = $1 AND t.name = g.name",
        );
        let columns = columns!();
        let body = format!("SELECT {columns} FROM given g{named}");
        let sql = given.sql(engine, 2, &body);
        let rows = on!(self, conn => sqlx::query_as::<_, Row>(sql)
            .bind(firm.as_db())
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("finding kinds of events")?;
        rows.into_iter()
            .map(|row| Ok((row.name.clone(), EventType::try_from(row)?)))
            .collect()
    }
}

impl Writer {
    /// The kinds of events of these names; those that the firm does not have
    /// are made without a description, as far as it may have more.
    pub async fn ensure_event_types(
        &mut self,
        firm: FirmId,
        names: &BTreeSet<&str>,
    ) -> Result<HashMap<String, EventType>, StoreError> {
        let known = self.event_types_named(firm, names).await?;
        let missing = names.iter().filter(|name| !known.contains_key(**name));
        let missing: Vec<&str> = missing
            .copied()
            .take(self.room_for_events(firm).await?)
            .collect();
        if missing.is_empty() {
            return Ok(known);
        }
        let first = self.next_ids(missing.len())?;
        let now = self.now().as_micros();
        let given = Given::new()
            .ints("id", (first..).take(missing.len()))
            .texts("name", missing.iter().copied())
            .same("firm_id", firm.as_db())
            .same("now_us", now);
        let sql = given.sql(
            self.engine(),
            1,
            "INSERT INTO event_type (id, firm_id, name, label_tr, label_en, fields, is_defined, \
                 created_us, updated_us) \
             SELECT id, firm_id, name, '', '', '[]', 0, now_us, now_us FROM given WHERE true \
             ON CONFLICT (firm_id, name) DO NOTHING",
        );
        on!(self, conn => sqlx::query(sql).bind_given(&given).execute(&mut *conn).await.map(drop))
            .doing("noting kinds of events")?;
        // Of a twin that noted the same name first, the number counts.
        self.event_types_named(firm, names).await
    }

    /// How many more names the firm may have.
    async fn room_for_events(&mut self, firm: FirmId) -> Result<usize, StoreError> {
        let sql = "SELECT count(*) FROM event_type WHERE firm_id = $1";
        let held: i64 = on!(self, conn => sqlx::query_scalar(sql)
            .bind(firm.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("counting kinds of events")?;
        Ok(TYPES_MAX.saturating_sub(usize::try_from(held).unwrap_or(usize::MAX)))
    }

    /// Describes a kind of event, already checked by [`EventShape::check`]; a
    /// name that was only ever sent is taken over.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the name is described already,
    /// [`StoreError::Configuration`] when the firm has [`TYPES_MAX`].
    pub async fn define_event_type(
        &mut self,
        firm: FirmId,
        name: &str,
        shape: EventShape,
    ) -> Result<EventType, StoreError> {
        let named = self
            .ensure_event_types(firm, &BTreeSet::from([name]))
            .await?;
        let Some(held) = named.get(name) else {
            return Err(StoreError::Configuration(format!(
                "a firm has at most {TYPES_MAX} names of events"
            )));
        };
        if held.is_defined {
            return Err(StoreError::Exists {
                what: "an event of this name",
            });
        }
        let described = EventType {
            shape,
            ..held.clone()
        };
        self.save_event_type(firm, &described).await
    }

    /// Writes what a firm says of a kind of event; its name stays.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has none of this number.
    pub async fn save_event_type(
        &mut self,
        firm: FirmId,
        changed: &EventType,
    ) -> Result<EventType, StoreError> {
        let sql = "UPDATE event_type SET label_tr = $3, label_en = $4, fields = $5, \
                 is_defined = 1, updated_us = $6 WHERE id = $1 AND firm_id = $2";
        let (now, fields) = (self.now(), to_json(&changed.shape.fields)?);
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(changed.id.as_db())
            .bind(firm.as_db())
            .bind(changed.shape.label_tr.as_str())
            .bind(changed.shape.label_en.as_str())
            .bind(fields.as_str())
            .bind(now.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("describing a kind of event")?;
        exactly(rows, 1, "the event")?;
        Ok(EventType {
            is_defined: true,
            updated_at: now,
            ..changed.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks, walks_in_order};

    #[tokio::test]
    async fn the_list_looks_up_the_last_event_of_each_kind() {
        walks_in_order(|_| LISTED, Index::named("event_type_name")).await;
        walks(|_| LISTED, Index::named("person_event_type")).await;
    }
}
