//! Events of people (*olay*): what the firm's programs told, one row a key. An
//! event whose person nobody knows waits in `event_stranger` until the person
//! is recorded.

use domain::ids::{BrandId, ContactId, EventTypeId, FirmId, PersonEventId};
use domain::{Recipient, Timestamp};
use sqlx::AssertSqlSafe;

use crate::db::{Engine, Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::{BindGiven, Given, maybe, seek};
use crate::row::{bounded, page_rows};

/// An event that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Given by its sender: the same key twice is one event.
    pub key: String,
    /// What happened.
    pub kind: EventTypeId,
    /// To whom; none while the firm has nobody of that name.
    pub contact: Option<ContactId>,
    /// Whom its sender named.
    pub named: Named,
    /// JSON, as [`domain::event::body_text`] writes it.
    pub body: String,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// By what a sender names a person; at least one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    /// The firm's own number of the person.
    pub external_id: Option<String>,
    /// A phone number or e-mail address of theirs.
    pub address: Option<Recipient>,
}

/// What became of an event that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// The event that has its key.
    pub id: PersonEventId,
    /// Whether it is this one.
    pub is_new: bool,
    /// Whether it says the same.
    pub is_same: bool,
}

/// An event as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedEvent {
    /// Its number.
    pub id: PersonEventId,
    /// What happened.
    pub name: String,
    /// Whether somebody described events of that name.
    pub is_defined: bool,
    /// To whom.
    pub contact: Option<ContactId>,
    /// Their name, if there is one on record.
    pub full_name: Option<String>,
    /// Its key.
    pub key: String,
    /// Its body.
    pub body: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it came in.
    pub received_at: Timestamp,
}

/// Which events of a brand.
#[derive(Debug, Clone, Copy)]
pub enum EventsOf {
    /// All.
    Brand,
    /// Those of one kind.
    Kind(EventTypeId),
    /// Those of one person.
    Contact(ContactId),
}

type ListedRow = (
    i64,
    String,
    i64,
    Option<i64>,
    Option<String>,
    String,
    String,
    i64,
    i64,
);

fn listed_sql(of: EventsOf) -> &'static str {
    macro_rules! listed {
        ($only:literal) => {
            concat!(
                "SELECT e.id, t.name, t.is_defined, e.contact_id, c.full_name, e.event_key, \
                    e.body, e.occurred_us, e.received_us \
                 FROM (SELECT * FROM person_event WHERE ",
                $only,
                " AND (occurred_us, id) < ($2, $3) ORDER BY occurred_us DESC, id DESC LIMIT $4) e \
                 JOIN event_type t ON t.id = e.type_id LEFT JOIN contact c ON c.id = e.contact_id \
                 ORDER BY e.occurred_us DESC, e.id DESC"
            )
        };
    }
    match of {
        EventsOf::Brand => listed!("brand_id = $1 AND CAST($5 AS BIGINT) = 0"),
        EventsOf::Kind(_) => listed!("brand_id = $1 AND type_id = $5"),
        // Their few rows by their key, not the brand's by time.
        EventsOf::Contact(_) => listed!("contact_id = $5 AND brand_id + 0 = $1"),
    }
}

fn people_sql(given: &Given<'_>, engine: Engine) -> AssertSqlSafe<String> {
    let mut body = String::from("SELECT g.place, COALESCE(c.id, r.contact_id) FROM given g");
    for (table, alias, condition) in [
        (
            "contact",
            "c",
            "c.firm_id = $1 AND c.external_id = g.external_id",
        ),
        ("recipient", "r", "r.firm_id = $1 AND r.address = g.address"),
    ] {
        body.push_str(&maybe(engine, table, alias, condition));
    }
    body.push_str(" WHERE c.id IS NOT NULL OR r.id IS NOT NULL");
    given.sql(engine, 2, &body)
}

/// Strangers that somebody of the firm turned out to be, the oldest first.
const KNOWN_BY_NOW: &str = "SELECT s.event_id, COALESCE(c.id, r.contact_id) \
     FROM event_stranger s \
     LEFT JOIN contact c ON c.firm_id = s.firm_id AND c.external_id = s.external_id \
     LEFT JOIN recipient r ON r.firm_id = s.firm_id AND r.address = s.address \
     WHERE c.id IS NOT NULL OR r.id IS NOT NULL \
     ORDER BY s.received_us, s.event_id LIMIT $1";

/// Old events of every brand, at most `$2` of each: a brand's by its index.
fn old_sql(engine: Engine) -> &'static str {
    match engine {
        // SQLite keeps the order of a CROSS JOIN.
        Engine::Sqlite => {
            "SELECT e.id FROM brand b CROSS JOIN person_event e \
             WHERE e.brand_id = b.id AND e.occurred_us < $1 LIMIT $2"
        }
        Engine::Postgres => {
            "SELECT e.id FROM brand b CROSS JOIN LATERAL (SELECT p.id FROM person_event p \
                 WHERE p.brand_id = b.id AND p.occurred_us < $1 \
                 ORDER BY p.occurred_us LIMIT $2) e LIMIT $2"
        }
    }
}

impl Reader {
    /// Whose the names are, in the order given: by the firm's own number, else
    /// by the address; none where nobody is known.
    pub async fn people_named(
        &mut self,
        firm: FirmId,
        names: &[Named],
    ) -> Result<Vec<Option<ContactId>>, StoreError> {
        let mut answers = vec![None; names.len()];
        let addresses: Vec<Option<String>> = names
            .iter()
            .map(|named| named.address.as_ref().map(ToString::to_string))
            .collect();
        let given = Given::new()
            .ints("place", 0..i64::try_from(names.len()).unwrap_or(i64::MAX))
            .maybe_texts(
                "external_id",
                names.iter().map(|named| named.external_id.as_deref()),
            )
            .maybe_texts("address", addresses.iter().map(Option::as_deref));
        if given.is_empty() {
            return Ok(answers);
        }
        let sql = people_sql(&given, self.engine());
        let rows: Vec<(i64, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("finding the people of events")?;
        for (place, contact) in rows {
            if let Some(answer) = usize::try_from(place).ok().and_then(|p| answers.get_mut(p)) {
                *answer = Some(ContactId::from_db(contact));
            }
        }
        Ok(answers)
    }

    /// Events of a brand before a cursor (instant and number), the latest first.
    pub async fn events(
        &mut self,
        brand: BrandId,
        of: EventsOf,
        before: Option<(i64, i64)>,
        limit: usize,
    ) -> Result<Vec<ListedEvent>, StoreError> {
        let (at, id) = before.unwrap_or((i64::MAX, i64::MAX));
        let which = match of {
            EventsOf::Brand => 0,
            EventsOf::Kind(kind) => kind.as_db(),
            EventsOf::Contact(contact) => contact.as_db(),
        };
        let rows: Vec<ListedRow> = on!(self, conn => sqlx::query_as(listed_sql(of))
            .bind(brand.as_db())
            .bind(at)
            .bind(id)
            .bind(page_rows(limit))
            .bind(which)
            .fetch_all(&mut *conn)
            .await)
        .doing("listing events")?;
        let events = rows.into_iter().map(|row| ListedEvent {
            id: PersonEventId::from_db(row.0),
            name: row.1,
            is_defined: row.2 == 1,
            contact: row.3.map(ContactId::from_db),
            full_name: row.4,
            key: row.5,
            body: row.6,
            occurred_at: Timestamp::from_micros(row.7),
            received_at: Timestamp::from_micros(row.8),
        });
        Ok(events.collect())
    }

    /// Events whose people were nobody's and are somebody's by now.
    pub async fn event_strangers_known(
        &mut self,
        limit: usize,
    ) -> Result<Vec<(PersonEventId, ContactId)>, StoreError> {
        let rows: Vec<(i64, i64)> = on!(self, conn => sqlx::query_as(KNOWN_BY_NOW)
            .bind(bounded(limit, usize::MAX))
            .fetch_all(&mut *conn)
            .await)
        .doing("finding the people of earlier events")?;
        let known = rows
            .into_iter()
            .map(|(event, contact)| (PersonEventId::from_db(event), ContactId::from_db(contact)));
        Ok(known.collect())
    }
}

impl Writer {
    /// Keeps events of a brand, each once by its key; the answers stand in the
    /// order given. Of two with one key in one call the first counts.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when a row that was just written is not there.
    pub async fn record_events(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        actor: &str,
        events: &[NewEvent],
    ) -> Result<Vec<Recorded>, StoreError> {
        // In the order of the keys: two calls with the same ones never wait for each other in a ring.
        let mut fresh: Vec<(usize, &NewEvent)> = events.iter().enumerate().collect();
        fresh.sort_by(|(a, one), (b, other)| one.key.cmp(&other.key).then(a.cmp(b)));
        fresh.dedup_by(|(_, later), (_, first)| later.key == first.key);
        if fresh.is_empty() {
            return Ok(Vec::new());
        }
        let first = self.next_ids(fresh.len())?;
        self.insert_person_events(brand, actor, first, &fresh)
            .await?;
        let mut ids = vec![None; events.len()];
        for (id, (place, _)) in (first..).zip(&fresh) {
            if let Some(slot) = ids.get_mut(*place) {
                *slot = Some(id);
            }
        }
        let held = self.events_of_keys(brand, events).await?;
        exactly(held.len() as u64, events.len() as u64, "the events")?;
        let recorded: Vec<Recorded> = held
            .iter()
            .zip(events)
            .zip(&ids)
            .map(|(((_, id, kind, body), event), own)| Recorded {
                id: PersonEventId::from_db(*id),
                is_new: *own == Some(*id),
                is_same: *kind == event.kind.as_db() && *body == event.body,
            })
            .collect();
        self.note_event_strangers(firm, events, &recorded).await?;
        Ok(recorded)
    }

    async fn insert_person_events(
        &mut self,
        brand: BrandId,
        actor: &str,
        first: i64,
        fresh: &[(usize, &NewEvent)],
    ) -> Result<(), StoreError> {
        let rows = || fresh.iter().map(|(_, event)| *event);
        let now = self.now().as_micros();
        let given = Given::new()
            .ints("id", (first..).take(fresh.len()))
            .ints("type_id", rows().map(|event| event.kind.as_db()))
            .maybe_ints(
                "contact_id",
                rows().map(|event| event.contact.map(ContactId::as_db)),
            )
            .texts("event_key", rows().map(|event| event.key.as_str()))
            .texts("body", rows().map(|event| event.body.as_str()))
            .ints(
                "occurred_us",
                rows().map(|event| event.occurred_at.as_micros()),
            )
            .same("brand_id", brand.as_db())
            .same("received_us", now)
            .same_text("actor", actor);
        let sql = given.sql(
            self.engine(),
            1,
            "INSERT INTO person_event (id, brand_id, type_id, contact_id, event_key, body, \
                 occurred_us, received_us, actor) \
             SELECT id, brand_id, type_id, contact_id, event_key, body, occurred_us, received_us, \
                 actor FROM given WHERE true \
             ON CONFLICT (brand_id, event_key) DO NOTHING",
        );
        on!(self, conn => sqlx::query(sql).bind_given(&given).execute(&mut *conn).await.map(drop))
            .doing("keeping events")
    }

    /// Place, number, kind and body of the events that have these keys.
    async fn events_of_keys(
        &mut self,
        brand: BrandId,
        events: &[NewEvent],
    ) -> Result<Vec<(i64, i64, i64, String)>, StoreError> {
        let given = Given::new()
            .ints("place", 0..i64::try_from(events.len()).unwrap_or(i64::MAX))
            .texts("event_key", events.iter().map(|event| event.key.as_str()));
        let engine = self.engine();
        let keyed = seek(
            engine,
            "person_event",
            "e",
            "e.brand_id = $1 AND e.event_key = g.event_key",
        );
        let body = format!("SELECT g.place, e.id, e.type_id, e.body FROM given g{keyed}");
        let sql = given.sql(engine, 2, &body);
        let mut rows: Vec<(i64, i64, i64, String)> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading events by their keys")?;
        rows.sort_unstable_by_key(|row| row.0);
        Ok(rows)
    }

    async fn note_event_strangers(
        &mut self,
        firm: FirmId,
        events: &[NewEvent],
        recorded: &[Recorded],
    ) -> Result<(), StoreError> {
        let strangers: Vec<(i64, &Named, Option<String>)> = events
            .iter()
            .zip(recorded)
            .filter(|(event, recorded)| recorded.is_new && event.contact.is_none())
            .map(|(event, recorded)| {
                let address = event.named.address.as_ref().map(ToString::to_string);
                (recorded.id.as_db(), &event.named, address)
            })
            .collect();
        let now = self.now().as_micros();
        let given = Given::new()
            .ints("event_id", strangers.iter().map(|(id, ..)| *id))
            .maybe_texts(
                "external_id",
                strangers
                    .iter()
                    .map(|(_, named, _)| named.external_id.as_deref()),
            )
            .maybe_texts(
                "address",
                strangers.iter().map(|(.., address)| address.as_deref()),
            )
            .same("firm_id", firm.as_db())
            .same("received_us", now);
        self.load("event_stranger", &given, "noting whom events are of")
            .await
    }

    /// Joins events to the people they turned out to be of.
    pub async fn join_event_strangers(
        &mut self,
        known: &[(PersonEventId, ContactId)],
    ) -> Result<(), StoreError> {
        let given = Given::new()
            .ints("event_id", known.iter().map(|(event, _)| event.as_db()))
            .ints("contact", known.iter().map(|(_, contact)| contact.as_db()));
        if given.is_empty() {
            return Ok(());
        }
        let engine = self.engine();
        for body in [
            "UPDATE person_event SET contact_id = given.contact FROM given \
             WHERE person_event.id = given.event_id AND person_event.contact_id IS NULL",
            "DELETE FROM event_stranger WHERE event_id IN (SELECT event_id FROM given)",
        ] {
            let sql = given.sql(engine, 1, body);
            on!(self, conn => sqlx::query(sql).bind_given(&given).execute(&mut *conn).await.map(drop))
                .doing("joining events to their people")?;
        }
        Ok(())
    }

    /// Looks no longer for the people of events that came in before `before`;
    /// how many there were.
    pub async fn forget_event_strangers(
        &mut self,
        before: Timestamp,
        limit: usize,
    ) -> Result<u64, StoreError> {
        let sql = "DELETE FROM event_stranger WHERE event_id IN \
             (SELECT event_id FROM event_stranger WHERE received_us < $1 \
              ORDER BY received_us LIMIT $2)";
        on!(self, conn => sqlx::query(sql)
            .bind(before.as_micros())
            .bind(bounded(limit, usize::MAX))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("forgetting whom events are of")
    }

    /// Deletes events that happened before `before`; how many.
    pub async fn purge_events(
        &mut self,
        before: Timestamp,
        limit: usize,
    ) -> Result<u64, StoreError> {
        let old = old_sql(self.engine());
        let sql = format!("DELETE FROM person_event WHERE id IN ({old})");
        on!(self, conn => sqlx::query(AssertSqlSafe(sql))
            .bind(before.as_micros())
            .bind(bounded(limit, usize::MAX))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("deleting old events")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn lists_of_events_walk_their_index_and_old_ones_are_found_by_brand() {
        // To PostgreSQL an empty table costs the same by any index of it.
        let index = |sqlite| Index::of_key(sqlite, "person_event_");
        walks(|_| listed_sql(EventsOf::Brand), index("person_event_time")).await;
        walks(
            |_| listed_sql(EventsOf::Kind(EventTypeId::from_db(0))),
            index("person_event_type"),
        )
        .await;
        walks(
            |_| listed_sql(EventsOf::Contact(ContactId::from_db(0))),
            index("person_event_person"),
        )
        .await;
        walks(old_sql, index("person_event_time")).await;
    }

    #[tokio::test]
    async fn people_of_events_are_found_by_the_keys_that_name_them() {
        fn sql(engine: Engine) -> &'static str {
            let given = Given::new()
                .ints("place", [])
                .maybe_texts("external_id", [])
                .maybe_texts("address", []);
            people_sql(&given, engine).0.leak()
        }
        walks(sql, Index::named("contact_external")).await;
        walks(sql, Index::named("recipient_address")).await;
        walks(|_| KNOWN_BY_NOW, Index::named("contact_external")).await;
        walks(|_| KNOWN_BY_NOW, Index::named("recipient_address")).await;
    }
}
