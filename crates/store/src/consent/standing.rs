//! Everything that holds for one person now, at every brand of their firm: the
//! first thing that a person's page shows.

use domain::ids::{BrandId, FirmId, RecipientId};
use domain::{Channel, RecipientKind};

use super::state::{BrandKey, KeyState, StateColumns, state_columns};
use crate::db::Reader;
use crate::error::{Doing, StoreError};
use crate::row::{known, page_rows};

/// What holds for one consent key of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// At which brand.
    pub brand: BrandId,
    /// Of which address.
    pub recipient: RecipientId,
    /// For which channel.
    pub channel: Channel,
    /// In which capacity.
    pub kind: RecipientKind,
    /// What is on record.
    pub state: KeyState,
}

/// What keeps an address from getting anything, whatever was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stopped {
    /// Channels on the blacklist or under a complaint stop; none for all.
    pub stops: Vec<(Option<Channel>, bool)>,
    /// Whether deliveries failed too often (S204).
    pub is_undeliverable: bool,
    /// Whether those by WhatsApp did; no other channel minds.
    pub is_off_whatsapp: bool,
}

const STANDING: &str = concat!(
    "SELECT s.brand_id, s.recipient_id, s.channel, s.kind, ",
    state_columns!(),
    " FROM brand b CROSS JOIN consent_state s \
     WHERE s.brand_id = b.id AND s.recipient_id IN ($2, $3) AND b.firm_id = $1 ORDER BY s.brand_id, s.channel, s.kind, s.recipient_id LIMIT $4"
);

#[derive(sqlx::FromRow)]
struct Row {
    brand_id: i64,
    recipient_id: i64,
    channel: i64,
    kind: i64,
    #[sqlx(flatten)]
    state: StateColumns,
}

impl Reader {
    /// What holds for up to two addresses of a person, at every brand.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn standing(
        &mut self,
        firm: FirmId,
        addresses: [Option<RecipientId>; 2],
    ) -> Result<Vec<Standing>, StoreError> {
        let [first, second] = addresses.map(|id| id.map_or(0, RecipientId::as_db));
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(STANDING)
            .bind(firm.as_db())
            .bind(first)
            .bind(second)
            .bind(page_rows(usize::MAX))
            .fetch_all(&mut *conn)
            .await)
        .doing("reading what holds for a person")?;
        rows.into_iter()
            .map(|row| {
                let key = BrandKey::from_db(row.recipient_id, row.channel, row.kind)?;
                Ok(Standing {
                    brand: BrandId::from_db(row.brand_id),
                    recipient: key.recipient,
                    channel: key.channel,
                    kind: key.kind,
                    state: row.state.state(row.recipient_id)?,
                })
            })
            .collect()
    }

    /// What stops an address.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn stopped(
        &mut self,
        firm: FirmId,
        recipient: RecipientId,
    ) -> Result<Stopped, StoreError> {
        let sql = "SELECT b.channel, CASE WHEN b.cause = 2 OR b.also_complaint = 1 \
             THEN CAST(1 AS BIGINT) ELSE 0 END FROM blacklist b \
             WHERE b.firm_id = $1 AND b.recipient_id = $2 ORDER BY b.channel";
        let rows: Vec<(i64, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(recipient.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("reading what stops an address")?;
        let stops: Result<Vec<_>, StoreError> = rows
            .into_iter()
            .map(|(channel, complained)| {
                let channel = match channel {
                    0 => None,
                    number => Some(known(
                        Channel::from_db(number),
                        "blacklist",
                        "channel",
                        recipient,
                    )?),
                };
                Ok((channel, complained == 1))
            })
            .collect();
        let sql = "SELECT undeliverable FROM recipient WHERE id = $2 AND firm_id = $1";
        let dead: Option<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(firm.as_db())
            .bind(recipient.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading whether an address is dead")?;
        Ok(Stopped {
            stops: stops?,
            is_undeliverable: dead.is_some_and(|number| number != 0),
            is_off_whatsapp: self.is_off_whatsapp(firm, recipient).await?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::STANDING;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn a_persons_standing_is_read_by_its_keys() {
        walks(
            |_| STANDING,
            Index::of_key("SEARCH s USING PRIMARY KEY", "consent_state_pkey"),
        )
        .await;
    }
}
