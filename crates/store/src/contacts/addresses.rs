//! Addresses, many at a time: those of people named otherwise, and the numbers
//! of those that are spelled out.

use domain::Recipient;
use domain::ids::{FirmId, RecipientId};
use sqlx::AssertSqlSafe;

use crate::db::{Engine, Reader};
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given, seek};
use crate::row::known;

/// What a row without an address may name a person by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identifier {
    /// The firm's own number of the person.
    External(String),
    /// Another name, such as a device.
    Token(String),
}

impl Reader {
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
        let engine = self.engine();
        for (asked, sql_of) in [(external, by_external as SqlOf), (tokens, by_token)] {
            if asked.is_empty() {
                continue;
            }
            let given = Given::new()
                .ints("place", asked.iter().map(|(place, _)| *place))
                .texts("name", asked.iter().map(|(_, name)| *name));
            let sql = sql_of(&given, engine);
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
        let engine = self.engine();
        let address = seek(
            engine,
            "recipient",
            "r",
            "r.firm_id = $1 AND r.address = g.address",
        );
        let sql = given.sql(
            engine,
            2,
            &format!("SELECT g.place, r.id FROM given g{address}"),
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

type SqlOf = fn(&Given<'_>, Engine) -> AssertSqlSafe<String>;

/// Both addresses of a contact `c`; an absent one names no row.
const BOTH: &str = " CROSS JOIN recipient r \
     WHERE r.id = c.phone_id OR r.id = c.email_id ORDER BY g.place, r.form";

fn by_external(given: &Given<'_>, engine: Engine) -> AssertSqlSafe<String> {
    let named = seek(
        engine,
        "contact",
        "c",
        "c.firm_id = $1 AND c.external_id = g.name",
    );
    given.sql(
        engine,
        2,
        &format!("SELECT g.place, r.address FROM given g{named}{BOTH}"),
    )
}

fn by_token(given: &Given<'_>, engine: Engine) -> AssertSqlSafe<String> {
    let token = seek(
        engine,
        "contact_token",
        "t",
        "t.firm_id = $1 AND t.token = g.name",
    );
    let owner = seek(engine, "contact", "c", "c.id = t.contact_id");
    given.sql(
        engine,
        2,
        &format!("SELECT g.place, r.address FROM given g{token}{owner}{BOTH}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn people_without_an_address_are_found_by_the_keys_that_name_them() {
        let recipient = || Index::of_key("USING INTEGER PRIMARY KEY", "recipient_pkey");
        let external: fn(Engine) -> &'static str = |engine| {
            by_external(&Given::new().ints("place", []).texts("name", []), engine)
                .0
                .leak()
        };
        walks(external, Index::named("contact_external")).await;
        walks(external, recipient()).await;
        let token: fn(Engine) -> &'static str = |engine| {
            by_token(&Given::new().ints("place", []).texts("name", []), engine)
                .0
                .leak()
        };
        walks(
            token,
            Index::of_key("USING PRIMARY KEY", "contact_token_pkey"),
        )
        .await;
        walks(token, recipient()).await;
    }
}
