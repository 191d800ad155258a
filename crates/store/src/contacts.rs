//! Contacts (*kişi*) and their addresses: one, by whatever names it, and pages
//! by name. They are made and changed by [`crate::consent::apply`] only.

use std::collections::BTreeMap;

use domain::fold_text::name_fold;
use domain::ids::{ContactId, FirmId, RecipientId};
use domain::{Recipient, Timestamp};

use crate::db::Reader;
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given};
use crate::row::{from_json, known, page_rows};

/// Greater than every text that begins with what stands before it: closes the
/// range of a prefix, which uses the index where LIKE does not.
const AFTER_ALL: char = '\u{10FFFF}';

/// A person or company of a firm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Its number.
    pub id: ContactId,
    /// Whose contact it is.
    pub firm: FirmId,
    /// The firm's own number of the person.
    pub external_id: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// Its present phone number.
    pub phone: Option<ContactAddress>,
    /// Its present e-mail address.
    pub email: Option<ContactAddress>,
    /// Further values, for texts and segments.
    pub attributes: BTreeMap<String, String>,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// An address of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactAddress {
    /// Its number.
    pub id: RecipientId,
    /// The address.
    pub recipient: Recipient,
}

/// What a row without an address may name a person by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identifier {
    /// The firm's own number of the person.
    External(String),
    /// Another name, such as a device.
    Token(String),
}

/// Where a page of contacts ended; the next begins behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactCursor {
    /// Folded name of the last contact.
    pub name_fold: String,
    /// Its number.
    pub id: ContactId,
}

macro_rules! contact_sql {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.firm_id, c.external_id, c.full_name, c.name_fold, c.attributes, \
                    c.created_us, c.updated_us, c.phone_id, p.address, c.email_id, m.address \
             FROM contact c LEFT JOIN recipient p ON p.id = c.phone_id \
             LEFT JOIN recipient m ON m.id = c.email_id ",
            $rest
        )
    };
}

type ContactRow = (
    i64, i64, Option<String>, Option<String>, String, String, i64, i64,
    Option<i64>, Option<String>, Option<i64>, Option<String>,
);

fn contact(row: ContactRow) -> Result<(ContactCursor, Contact), StoreError> {
    let id = ContactId::from_db(row.0);
    let contact = Contact {
        id,
        firm: FirmId::from_db(row.1),
        external_id: row.2,
        name: row.3,
        attributes: from_json(&row.5, "contact", "attributes", id)?,
        created_at: Timestamp::from_micros(row.6),
        updated_at: Timestamp::from_micros(row.7),
        phone: address(row.8, row.9)?,
        email: address(row.10, row.11)?,
    };
    Ok((ContactCursor { name_fold: row.4, id }, contact))
}

fn address(id: Option<i64>, text: Option<String>) -> Result<Option<ContactAddress>, StoreError> {
    let (Some(id), Some(text)) = (id, text) else {
        return Ok(None);
    };
    let recipient =
        known(Recipient::from_normalised(&text).ok(), "recipient", "address", id)?;
    Ok(Some(ContactAddress { id: RecipientId::from_db(id), recipient }))
}

impl Reader {
    /// A contact of a firm.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn contact(
        &mut self,
        firm: FirmId,
        id: ContactId,
    ) -> Result<Option<Contact>, StoreError> {
        let sql = contact_sql!("WHERE c.id = $1 AND c.firm_id = $2");
        let row: Option<ContactRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a contact")?;
        Ok(row.map(contact).transpose()?.map(|(_, contact)| contact))
    }

    /// The contact that owns an address, with the address's number. The
    /// address may be an earlier one, which the contact no longer carries.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn contact_by_address(
        &mut self,
        firm: FirmId,
        recipient: &Recipient,
    ) -> Result<Option<(RecipientId, Contact)>, StoreError> {
        let sql = "SELECT id, contact_id FROM recipient WHERE firm_id = $1 AND address = $2";
        let row: Option<(i64, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(recipient.to_string())
            .fetch_optional(&mut *conn)
            .await)
        .doing("finding an address")?;
        let Some((id, owner)) = row else {
            return Ok(None);
        };
        let contact = self.contact(firm, ContactId::from_db(owner)).await?;
        Ok(contact.map(|contact| (RecipientId::from_db(id), contact)))
    }

    /// The contact with the firm's own number.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn contact_by_external_id(
        &mut self,
        firm: FirmId,
        external_id: &str,
    ) -> Result<Option<Contact>, StoreError> {
        let sql = contact_sql!("WHERE c.firm_id = $1 AND c.external_id = $2");
        let row: Option<ContactRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(external_id)
            .fetch_optional(&mut *conn)
            .await)
        .doing("finding an external id")?;
        Ok(row.map(contact).transpose()?.map(|(_, contact)| contact))
    }

    /// The address behind a number.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the row holds a value that cannot be.
    pub async fn recipient(
        &mut self,
        firm: FirmId,
        id: RecipientId,
    ) -> Result<Option<(Recipient, ContactId)>, StoreError> {
        let sql = "SELECT address, contact_id FROM recipient WHERE id = $1 AND firm_id = $2";
        let row: Option<(String, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading an address")?;
        row.map(|(text, contact)| {
            let recipient = Recipient::from_normalised(&text).ok();
            let recipient = known(recipient, "recipient", "address", id)?;
            Ok((recipient, ContactId::from_db(contact)))
        })
        .transpose()
    }

    /// Contacts in the order of their folded names, those whose name begins
    /// with `prefix` as people write it; with the cursor of the last.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn contacts(
        &mut self,
        firm: FirmId,
        prefix: &str,
        after: Option<&ContactCursor>,
        limit: usize,
    ) -> Result<(Vec<Contact>, Option<ContactCursor>), StoreError> {
        let low = name_fold(prefix);
        let high = format!("{low}{AFTER_ALL}");
        let (after_name, after_id) =
            after.map_or((low.as_str(), i64::MIN), |at| (at.name_fold.as_str(), at.id.as_db()));
        let sql = contact_sql!(
            "WHERE c.firm_id = $1 AND c.name_fold >= $2 AND c.name_fold < $3 \
               AND (c.name_fold, c.id) > ($4, $5) \
             ORDER BY c.name_fold, c.id LIMIT $6"
        );
        let rows: Vec<ContactRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(&low)
            .bind(&high)
            .bind(after_name)
            .bind(after_id)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing contacts")?;
        let mut cursor = None;
        let mut page = Vec::with_capacity(rows.len());
        for row in rows {
            let (at, contact) = contact(row)?;
            cursor = Some(at);
            page.push(contact);
        }
        Ok((page, cursor))
    }

    /// The addresses known for people that are named by external id or token,
    /// in the order given; empty where nobody is known (R406).
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn addresses_of(
        &mut self,
        firm: FirmId,
        identifiers: &[Identifier],
    ) -> Result<Vec<Vec<Recipient>>, StoreError> {
        let mut answers = vec![Vec::new(); identifiers.len()];
        let numbered = || (0_i64..).zip(identifiers);
        let external: Vec<(i64, &str)> = numbered()
            .filter_map(|(place, identifier)| match identifier {
                Identifier::External(id) => Some((place, id.as_str())),
                Identifier::Token(_) => None,
            })
            .collect();
        let tokens: Vec<(i64, &str)> = numbered()
            .filter_map(|(place, identifier)| match identifier {
                Identifier::Token(token) => Some((place, token.as_str())),
                Identifier::External(_) => None,
            })
            .collect();
        let by_external = "SELECT g.place, r.address \
             FROM given g CROSS JOIN contact c CROSS JOIN recipient r \
             WHERE c.firm_id = $1 AND c.external_id = g.name \
               AND r.id IN (c.phone_id, c.email_id) ORDER BY g.place, r.form";
        let by_token = "SELECT g.place, r.address \
             FROM given g CROSS JOIN contact_token t CROSS JOIN contact c CROSS JOIN recipient r \
             WHERE t.firm_id = $1 AND t.token = g.name AND c.id = t.contact_id \
               AND r.id IN (c.phone_id, c.email_id) ORDER BY g.place, r.form";
        for (asked, body) in [(external, by_external), (tokens, by_token)] {
            if asked.is_empty() {
                continue;
            }
            let given = Given::new()
                .ints("place", asked.iter().map(|(place, _)| *place))
                .texts("name", asked.iter().map(|(_, name)| *name));
            let sql = given.sql(self.engine(), 2, body);
            let rows: Vec<(i64, String)> = on!(self, conn => sqlx::query_as(sql)
                .bind(firm.as_db())
                .bind_given(&given)
                .fetch_all(&mut *conn)
                .await)
            .doing("finding the addresses of contacts")?;
            for (place, text) in rows {
                let recipient = Recipient::from_normalised(&text).ok();
                let recipient = known(recipient, "recipient", "address", place)?;
                if let Some(answer) = usize::try_from(place).ok().and_then(|p| answers.get_mut(p)) {
                    answer.push(recipient);
                }
            }
        }
        Ok(answers)
    }

    /// The numbers of addresses, in the order given; `None` where unknown.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be asked.
    pub async fn recipient_ids(
        &mut self,
        firm: FirmId,
        recipients: &[Recipient],
    ) -> Result<Vec<Option<RecipientId>>, StoreError> {
        let mut answers = vec![None; recipients.len()];
        let texts: Vec<String> = recipients.iter().map(ToString::to_string).collect();
        if texts.is_empty() {
            return Ok(answers);
        }
        let given = Given::new()
            .ints("place", 0..i64::try_from(texts.len()).unwrap_or(i64::MAX))
            .texts("address", texts.iter().map(String::as_str));
        let sql = given.sql(
            self.engine(),
            2,
            "SELECT g.place, r.id FROM given g CROSS JOIN recipient r \
             WHERE r.firm_id = $1 AND r.address = g.address",
        );
        let rows: Vec<(i64, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("finding addresses")?;
        for (place, id) in rows {
            if let Some(answer) = usize::try_from(place).ok().and_then(|p| answers.get_mut(p)) {
                *answer = Some(RecipientId::from_db(id));
            }
        }
        Ok(answers)
    }
}
