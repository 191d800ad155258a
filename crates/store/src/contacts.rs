//! Contacts (*kişi*) and their addresses: one, by whatever names it; pages of them are in
//! [`search`]. They are made and changed by [`crate::consent::apply`] only.

mod addresses;
mod devices;
pub mod search;

use std::collections::BTreeMap;

use domain::ids::{ContactId, FirmId, RecipientId};
use domain::{Recipient, Timestamp};

pub use addresses::Identifier;
pub use devices::Device;

use crate::db::Reader;
use crate::error::{Doing, StoreError};
use crate::row::{from_json, known};

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

/// Where a page of contacts ended; the next begins behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactCursor {
    /// Folded name of the last contact.
    pub name_fold: String,
    /// Its number.
    pub id: ContactId,
}

macro_rules! contact_sql {
    ($($rest:literal)?) => {
        concat!(
            "SELECT c.id, c.firm_id, c.external_id, c.full_name, c.name_fold, c.attributes, \
                    c.created_us, c.updated_us, c.phone_id, p.address, c.email_id, m.address"
            $(, " FROM contact c LEFT JOIN recipient p ON p.id = c.phone_id \
             LEFT JOIN recipient m ON m.id = c.email_id ",
            $rest)?
        )
    };
}

/// What is read of a contact `c` with its addresses `p` and `m`.
const COLUMNS: &str = contact_sql!();

type ContactRow = (
    i64,
    i64,
    Option<String>,
    Option<String>,
    String,
    String,
    i64,
    i64,
    Option<i64>,
    Option<String>,
    Option<i64>,
    Option<String>,
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
    Ok((
        ContactCursor {
            name_fold: row.4,
            id,
        },
        contact,
    ))
}

fn address(id: Option<i64>, text: Option<String>) -> Result<Option<ContactAddress>, StoreError> {
    let (Some(id), Some(text)) = (id, text) else {
        return Ok(None);
    };
    let recipient = known(
        Recipient::from_normalised(&text).ok(),
        "recipient",
        "address",
        id,
    )?;
    Ok(Some(ContactAddress {
        id: RecipientId::from_db(id),
        recipient,
    }))
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
}
