//! Values of attributes on their way to contacts: a record changes what it
//! names, what it does not name stays, and what it names empty goes.

use std::collections::BTreeMap;

use domain::Timestamp;

use super::{People, Person};
use crate::consent::records::IncomingRecord;
use crate::db::Writer;
use crate::error::{Doing, StoreError, exactly};
use crate::given::{BindGiven, Given};
use crate::row::{from_json, to_json};

/// Values by code.
pub(super) type Values = BTreeMap<String, String>;

impl Person {
    /// Notes the values of a record; whether one differs.
    pub(super) fn note_attributes(&mut self, record: &IncomingRecord) -> bool {
        let mut is_changed = false;
        for (code, value) in &record.attributes {
            if value.is_empty() {
                is_changed |= self.attributes.remove(code).is_some();
            } else if self.attributes.get(code) != Some(value) {
                self.attributes.insert(code.clone(), value.clone());
                is_changed = true;
            }
        }
        self.has_new_attributes |= is_changed;
        is_changed
    }
}

impl Writer {
    /// Reads the values of known contacts, where the slice may change any.
    pub(super) async fn find_attributes(
        &mut self,
        records: &[&IncomingRecord],
        people: &mut People<'_>,
    ) -> Result<(), StoreError> {
        if records.iter().all(|record| record.attributes.is_empty()) {
            return Ok(());
        }
        let mut known: Vec<i64> = people.by_contact.keys().copied().collect();
        known.sort_unstable();
        let given = Given::new().ints("contact_id", known);
        let sql = given.sql(
            self.engine(),
            1,
            // CROSS JOIN: SQLite keeps the order, from the given numbers to their rows.
            "SELECT c.id, c.attributes FROM given g CROSS JOIN contact c \
             WHERE c.id = g.contact_id AND c.attributes <> '{}'",
        );
        let rows: Vec<(i64, String)> = on!(self, conn => sqlx::query_as(sql)
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading attributes of contacts")?;
        for (id, text) in rows {
            if let Some(&person) = people.by_contact.get(&id) {
                people.persons[person].attributes = from_json(&text, "contact", "attributes", id)?;
            }
        }
        Ok(())
    }

    /// Writes the values of contacts that existed before and changed.
    pub(super) async fn update_attributes(
        &mut self,
        now: Timestamp,
        people: &People<'_>,
    ) -> Result<(), StoreError> {
        let mut persons: Vec<&Person> = people
            .persons
            .iter()
            .filter(|person| person.has_new_attributes && !person.is_new)
            .collect();
        if persons.is_empty() {
            return Ok(());
        }
        persons.sort_by_key(|person| person.id);
        let texts = texts_of(&persons)?;
        let given = Given::new()
            .ints("contact_id", persons.iter().map(|person| person.id))
            .texts("new_attributes", texts.iter().map(String::as_str));
        let sql = given.sql(
            self.engine(),
            2,
            "UPDATE contact SET attributes = new_attributes, updated_us = $1 \
             FROM given WHERE contact.id = given.contact_id",
        );
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(now.as_micros())
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("changing attributes of contacts")?;
        exactly(rows, given.len() as u64, "a contact")
    }
}

/// The values of each contact as the text of their column.
pub(super) fn texts_of(persons: &[&Person]) -> Result<Vec<String>, StoreError> {
    let texts = persons.iter().map(|person| {
        if person.attributes.is_empty() {
            Ok("{}".to_owned())
        } else {
            to_json(&person.attributes)
        }
    });
    texts.collect()
}
