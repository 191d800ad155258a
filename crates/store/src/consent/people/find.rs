//! Finding the contacts that a slice means: by address, by external id, by
//! token; one query each, whatever the number of records.

use std::collections::BTreeSet;

use domain::Recipient;
use domain::ids::{FirmId, RecipientId};
use sqlx::AssertSqlSafe;

use super::{Address, ContactRow, People};
use crate::consent::records::IncomingRecord;
use crate::db::{Engine, Reader, Writer};
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given, asked_by_both, halves, seek};
use crate::row::known;

/// `place, recipient, contact, external id, name, phone, e-mail` of an address.
type AddressRow = (
    i64,
    i64,
    i64,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<i64>,
);

impl Reader {
    async fn owners_of(
        &mut self,
        firm: FirmId,
        asked: &[(i64, String)],
    ) -> Result<Vec<AddressRow>, StoreError> {
        let given = Given::new()
            .ints("place", asked.iter().map(|(place, _)| *place))
            .texts("address", asked.iter().map(|(_, text)| text.as_str()));
        let sql = by_address(&given, self.engine());
        on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("finding addresses")
    }

    async fn contacts_named(
        &mut self,
        firm: FirmId,
        asked: &[&str],
    ) -> Result<Vec<ContactRow>, StoreError> {
        let given = Given::new().texts("external_id", asked.iter().copied());
        let sql = by_external(&given, self.engine());
        on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("finding external ids")
    }
}

impl Writer {
    pub(super) async fn find_by_address<'r>(
        &mut self,
        beside: Option<&mut Reader>,
        firm: FirmId,
        records: &'r [&'r IncomingRecord],
        people: &mut People<'r>,
    ) -> Result<(), StoreError> {
        let mut asked: Vec<&Recipient> = records.iter().map(|r| &r.recipient).collect();
        asked.sort_unstable();
        asked.dedup();
        let texts: Vec<(i64, String)> = (0..).zip(asked.iter().map(ToString::to_string)).collect();
        let (mine, theirs) = halves(&texts, beside.is_some());
        let rows = asked_by_both(
            self.owners_of(firm, mine),
            beside.map(|reader| reader.owners_of(firm, theirs)),
        )
        .await?;
        for (place, id, contact, external, name, phone, email) in rows {
            let place = usize::try_from(place)
                .ok()
                .and_then(|place| asked.get(place))
                .copied();
            let recipient = known(place, "recipient", "address", id)?;
            let owner = people.know((contact, external, name, phone, email));
            people.by_address.insert(recipient, people.addresses.len());
            let id = RecipientId::from_db(id);
            people.addresses.push(Address {
                recipient,
                id,
                is_new: false,
                owner,
            });
        }
        Ok(())
    }

    pub(super) async fn find_by_external(
        &mut self,
        beside: Option<&mut Reader>,
        firm: FirmId,
        records: &[&IncomingRecord],
        people: &mut People<'_>,
    ) -> Result<(), StoreError> {
        let mut asked: Vec<&str> = records
            .iter()
            .filter_map(|record| record.external_id.as_deref())
            .filter(|id| !people.by_external.contains_key(*id))
            .collect();
        asked.sort_unstable();
        asked.dedup();
        if asked.is_empty() {
            return Ok(());
        }
        let (mine, theirs) = halves(&asked, beside.is_some());
        let rows = asked_by_both(
            self.contacts_named(firm, mine),
            beside.map(|reader| reader.contacts_named(firm, theirs)),
        )
        .await?;
        for row in rows {
            people.know(row);
        }
        Ok(())
    }

    pub(super) async fn find_by_token(
        &mut self,
        firm: FirmId,
        records: &[&IncomingRecord],
        people: &mut People<'_>,
    ) -> Result<(), StoreError> {
        let asked: BTreeSet<&str> = records.iter().filter_map(|r| r.token.as_deref()).collect();
        if asked.is_empty() {
            return Ok(());
        }
        let given = Given::new().texts("token", asked);
        let sql = by_token(&given, self.engine());
        type Row = (
            String,
            i64,
            Option<String>,
            Option<String>,
            Option<i64>,
            Option<i64>,
        );
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("finding tokens")?;
        for (token, id, external, name, phone, email) in rows {
            let person = people.know((id, external, name, phone, email));
            people.by_token.insert(token, person);
        }
        Ok(())
    }
}

fn by_address(given: &Given<'_>, engine: Engine) -> AssertSqlSafe<String> {
    let address = seek(
        engine,
        "recipient",
        "r",
        "r.firm_id = $1 AND r.address = g.address",
    );
    let owner = seek(engine, "contact", "c", "c.id = r.contact_id");
    let body = "SELECT g.place, r.id, c.id, c.external_id, c.full_name, c.phone_id, c.email_id \
                FROM given g";
    given.sql(engine, 2, &format!("{body}{address}{owner}"))
}

fn by_external(given: &Given<'_>, engine: Engine) -> AssertSqlSafe<String> {
    let named = "c.firm_id = $1 AND c.external_id = g.external_id";
    let named = seek(engine, "contact", "c", named);
    let body = "SELECT c.id, c.external_id, c.full_name, c.phone_id, c.email_id FROM given g";
    given.sql(engine, 2, &format!("{body}{named}"))
}

fn by_token(given: &Given<'_>, engine: Engine) -> AssertSqlSafe<String> {
    let token = seek(
        engine,
        "contact_token",
        "t",
        "t.firm_id = $1 AND t.token = g.token",
    );
    let owner = seek(engine, "contact", "c", "c.id = t.contact_id");
    let body = "SELECT t.token, c.id, c.external_id, c.full_name, c.phone_id, c.email_id \
                FROM given g";
    given.sql(engine, 2, &format!("{body}{token}{owner}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn people_are_found_by_the_unique_keys_that_name_them() {
        let contact = || Index::of_key("USING INTEGER PRIMARY KEY", "contact_pkey");
        let address: fn(Engine) -> &'static str = |engine| {
            let given = Given::new().ints("place", []).texts("address", []);
            by_address(&given, engine).0.leak()
        };
        walks(address, Index::named("recipient_address")).await;
        walks(address, contact()).await;
        let external: fn(Engine) -> &'static str = |engine| {
            by_external(&Given::new().texts("external_id", []), engine)
                .0
                .leak()
        };
        walks(external, Index::named("contact_external")).await;
        let token: fn(Engine) -> &'static str =
            |engine| by_token(&Given::new().texts("token", []), engine).0.leak();
        walks(
            token,
            Index::of_key("USING PRIMARY KEY", "contact_token_pkey"),
        )
        .await;
        walks(token, contact()).await;
    }
}
