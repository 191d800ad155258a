//! Whom a slice of records speaks about: existing contacts and addresses are
//! found in a few queries, the missing ones are made in a few more.
//!
//! An external id names a person for certain, a token almost so, an address
//! least: a phone may be shared by a family (W803). So a record's contact is
//! looked for in that order, and an address keeps its first owner.

mod attributes;
mod find;
mod write;

use std::collections::{BTreeSet, HashMap};

use domain::ids::{FirmId, RecipientId};
use domain::recipient::AddressForm;
use domain::{Recipient, Timestamp};

use super::apply::LookUp;
use super::records::IncomingRecord;
use crate::db::Writer;
use crate::error::StoreError;

/// A contact as the slice leaves it. New ones get their number last.
#[derive(Debug)]
struct Person {
    id: i64,
    is_new: bool,
    is_changed: bool,
    external_id: Option<String>,
    name: Option<String>,
    phone: Option<usize>,
    email: Option<usize>,
    /// Addresses on record that the slice does not name.
    phone_id: Option<i64>,
    email_id: Option<i64>,
    /// Values by code; of a known contact read only where the slice may change any.
    attributes: attributes::Values,
    has_new_attributes: bool,
}

/// An address of the slice.
#[derive(Debug)]
pub(crate) struct Address<'r> {
    pub recipient: &'r Recipient,
    pub id: RecipientId,
    pub is_new: bool,
    owner: usize,
}

/// What became of the contact data of one record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed {
    /// Position in [`People::addresses`].
    pub address: usize,
    /// The slice made the address.
    pub is_created: bool,
    /// This record changed a contact that existed.
    pub is_updated: bool,
    /// The address belongs to another contact too (W803).
    pub is_shared: bool,
}

/// The people of one slice.
#[derive(Debug, Default)]
pub(crate) struct People<'r> {
    pub addresses: Vec<Address<'r>>,
    pub placed: Vec<Placed>,
    persons: Vec<Person>,
    by_address: HashMap<&'r Recipient, usize>,
    by_external: HashMap<String, usize>,
    by_token: HashMap<String, usize>,
    by_contact: HashMap<i64, usize>,
    tokens: HashMap<&'r str, usize>,
    shares: BTreeSet<(usize, usize)>,
}

type ContactRow = (
    i64,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<i64>,
);

impl<'r> People<'r> {
    fn know(&mut self, (id, external_id, name, phone_id, email_id): ContactRow) -> usize {
        if let Some(&person) = self.by_contact.get(&id) {
            return person;
        }
        let person = self.persons.len();
        if let Some(external) = &external_id {
            self.by_external.insert(external.clone(), person);
        }
        self.by_contact.insert(id, person);
        let (is_new, is_changed, phone, email) = (false, false, None, None);
        self.persons.push(Person {
            id,
            is_new,
            is_changed,
            external_id,
            name,
            phone,
            email,
            phone_id,
            email_id,
            attributes: attributes::Values::new(),
            has_new_attributes: false,
        });
        person
    }

    /// Whether none of them was on record before.
    pub(super) fn knew_nobody(&self) -> bool {
        self.by_contact.is_empty() && self.addresses.iter().all(|address| address.is_new)
    }

    /// Whether anybody or anything about somebody is not on record yet.
    fn says_something_new(&self) -> bool {
        self.addresses.iter().any(|address| address.is_new)
            || self
                .persons
                .iter()
                .any(|person| person.is_new || person.is_changed || person.has_new_attributes)
    }

    fn make(&mut self) -> usize {
        self.persons.push(Person {
            id: 0,
            is_new: true,
            is_changed: false,
            external_id: None,
            name: None,
            phone: None,
            email: None,
            phone_id: None,
            email_id: None,
            attributes: attributes::Values::new(),
            has_new_attributes: false,
        });
        self.persons.len() - 1
    }

    /// The contact that a record means, made if there is none; and whether the
    /// record gave it its external id.
    fn person_of(&mut self, record: &IncomingRecord, owner: Option<usize>) -> (usize, bool) {
        let external = record.external_id.as_deref();
        let found = match (external, record.token.as_deref()) {
            (Some(id), _) => self.by_external.get(id).copied(),
            (None, Some(token)) => self.by_token.get(token).copied(),
            (None, None) => None,
        };
        // A contact without an external id is taken over by the record that brings one.
        let is_free = |o: &usize| external.is_none() || self.persons[*o].external_id.is_none();
        let person = match found.or_else(|| owner.filter(is_free)) {
            Some(person) => person,
            None => self.make(),
        };
        let (Some(id), None) = (external, &self.persons[person].external_id) else {
            return (person, false);
        };
        self.persons[person].external_id = Some(id.to_owned());
        self.by_external.insert(id.to_owned(), person);
        (person, true)
    }

    /// Finds or makes the contact and the address of one record.
    fn place(&mut self, record: &'r IncomingRecord) {
        let known_address = self.by_address.get(&record.recipient).copied();
        let owner = known_address.map(|address| self.addresses[address].owner);
        let (person, is_named) = self.person_of(record, owner);
        let address = known_address.unwrap_or_else(|| {
            self.addresses.push(Address {
                recipient: &record.recipient,
                id: RecipientId::from_db(0),
                is_new: true,
                owner: person,
            });
            self.by_address
                .insert(&record.recipient, self.addresses.len() - 1);
            self.addresses.len() - 1
        });
        let is_shared = self.addresses[address].owner != person;
        if is_shared {
            self.shares.insert((address, person));
        }
        let has_new_token = record
            .token
            .as_deref()
            .is_some_and(|token| self.tag(token, person));
        let is_described = self.describe(person, address, record);
        let person = &mut self.persons[person];
        person.is_changed |= is_named || is_described;
        let has_new_values = person.note_attributes(record);
        self.placed.push(Placed {
            address,
            is_created: self.addresses[address].is_new,
            is_updated: !person.is_new
                && (is_named || is_described || has_new_token || has_new_values),
            is_shared,
        });
    }

    /// Notes a token on a contact; whether that is new.
    fn tag(&mut self, token: &'r str, person: usize) -> bool {
        let is_new = self.by_token.get(token) != Some(&person);
        if is_new {
            self.by_token.insert(token.to_owned(), person);
            self.tokens.insert(token, person);
        }
        is_new
    }

    /// Notes name and address of a record on its contact; whether they differ.
    fn describe(&mut self, person: usize, address: usize, record: &IncomingRecord) -> bool {
        let id = self.addresses[address].id.as_db();
        let is_new_address = self.addresses[address].is_new;
        let person = &mut self.persons[person];
        let mut is_changed = false;
        if let Some(name) = record.name.as_deref()
            && person.name.as_deref().unwrap_or_default() != name
        {
            person.name = Some(name.to_owned()).filter(|name| !name.is_empty());
            is_changed = true;
        }
        let (slot, stored) = match record.recipient.form() {
            AddressForm::Phone => (&mut person.phone, &mut person.phone_id),
            AddressForm::Email => (&mut person.email, &mut person.email_id),
        };
        let is_held = if is_new_address {
            *slot == Some(address)
        } else {
            *stored == Some(id)
        };
        if !is_held {
            *slot = Some(address);
            *stored = (!is_new_address).then_some(id);
            is_changed = true;
        }
        is_changed
    }
}

impl Writer {
    /// Finds or makes everybody that `records` name; holds the directory lock.
    /// Taken for new without a look-up, somebody who is on record makes the
    /// unique indexes refuse the slice.
    pub(in crate::consent) async fn place_people<'r>(
        &mut self,
        look_up: &mut LookUp,
        firm: FirmId,
        now: Timestamp,
        records: &'r [&'r IncomingRecord],
    ) -> Result<People<'r>, StoreError> {
        self.lock_directory(firm).await?;
        let mut people = People::default();
        if let LookUp::With(beside) = look_up {
            self.find_by_address(beside.as_mut(), firm, records, &mut people)
                .await?;
            self.find_by_external(beside.as_mut(), firm, records, &mut people)
                .await?;
        }
        self.find_by_token(firm, records, &mut people).await?;
        self.find_attributes(records, &mut people).await?;
        for record in records {
            people.place(record);
        }
        if people.says_something_new() {
            self.changes_firm(firm);
        }
        self.number_new(&mut people)?;
        self.insert_people(firm, now, &people).await?;
        self.update_people(now, &people).await?;
        self.update_attributes(now, &people).await?;
        self.insert_tokens(firm, &people).await?;
        Ok(people)
    }
}
