//! Failed deliveries (*geri dönen ileti*): a dead address is stopped at once
//! (S204), one that fails again and again after a while.

pub mod off_whatsapp;

use domain::ids::{CampaignId, ContactId, FirmId, MessageRef, RecipientId};
use domain::{Recipient, Timestamp};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError};
use crate::row::{known, page_rows};

/// What a failed delivery says of the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// It is dead.
    Dead,
    /// Not this time: a full mailbox, a busy server.
    NotNow,
    /// WhatsApp did not reach the number; it does not say why.
    NotOnWhatsapp,
}

/// One failed delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// Of which message.
    pub message: MessageRef,
    /// What it says of the address.
    pub says: Says,
    /// The server's code.
    pub code: String,
    /// Its words.
    pub words: String,
    /// When.
    pub at: Timestamp,
}

/// Soft failures that stop an address, on at least [`SOFT_DAYS`] days.
pub const SOFT_MAX: i64 = 5;
/// See [`SOFT_MAX`].
pub const SOFT_DAYS: i64 = 3;
/// Within which time they count, microseconds.
pub const SOFT_WITHIN_US: i64 = 30 * domain::time::DAY_US;
/// How long after the last of them the address is tried again, microseconds.
pub const SOFT_REST_US: i64 = 60 * domain::time::DAY_US;

/// What `recipient.undeliverable` says of an address beside 0: that it is dead.
pub(crate) const DEAD: i64 = 1;
/// That it kept failing: no commercial messages for a while.
pub(crate) const FAILING: i64 = 2;

/// A failed delivery as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedBounce {
    /// The address that failed.
    pub address: Recipient,
    /// Its number.
    pub recipient: RecipientId,
    /// Whose it is.
    pub contact: ContactId,
    /// Whether it is passed over (S204), if only by WhatsApp.
    pub is_stopped: bool,
    /// The campaign whose message came back.
    pub campaign: CampaignId,
    /// Its name.
    pub campaign_name: String,
    /// Whether the server said that the address is dead.
    pub is_hard: bool,
    /// The server's code.
    pub code: String,
    /// Its words.
    pub words: String,
    /// When.
    pub at: Timestamp,
}

/// The last failure of a page: when, and the numbers of address and campaign.
pub type BounceCursor = (i64, i64, i64);

impl ListedBounce {
    /// Where the page after this row begins.
    pub fn cursor(&self) -> BounceCursor {
        (
            self.at.as_micros(),
            self.recipient.as_db(),
            self.campaign.as_db(),
        )
    }
}

macro_rules! bounce_sql {
    ($which:literal, $order:literal) => {
        concat!(
            "SELECT b.recipient_id, r.address, r.contact_id, \
                r.undeliverable + r.off_whatsapp AS undeliverable, b.campaign_id, k.name, \
                b.is_hard, b.code, b.words, b.bounced_us \
             FROM (SELECT * FROM bounce WHERE ",
            $which,
            " ORDER BY ",
            $order,
            " LIMIT $5) b \
             JOIN recipient r ON r.id = b.recipient_id JOIN campaign k ON k.id = b.campaign_id \
             ORDER BY b.bounced_us DESC, b.recipient_id DESC, b.campaign_id DESC"
        )
    };
}

const NEWEST: &str = bounce_sql!(
    "firm_id = $1 AND (bounced_us, recipient_id, campaign_id) < ($2, $3, $4)",
    "bounced_us DESC, recipient_id DESC, campaign_id DESC"
);
const OF_ADDRESS: &str = bounce_sql!(
    // Its few rows by their key, not the firm's by time.
    "recipient_id = $3 AND firm_id + 0 = $1 AND (bounced_us, campaign_id) < ($2, $4)",
    "bounced_us DESC, campaign_id DESC"
);

/// Addresses that kept failing, and not since the time given. The number stands in
/// the text, so that the index of those few is used.
const RESTED: &str = "SELECT r.id, r.firm_id FROM recipient r WHERE r.undeliverable = 2 \
     AND NOT EXISTS (SELECT 1 FROM bounce b WHERE b.recipient_id = r.id AND b.bounced_us >= $1) \
     ORDER BY r.id LIMIT $2";

#[derive(sqlx::FromRow)]
struct BounceRow {
    recipient_id: i64,
    address: String,
    contact_id: i64,
    undeliverable: i64,
    campaign_id: i64,
    name: String,
    is_hard: i64,
    code: String,
    words: String,
    bounced_us: i64,
}

impl BounceRow {
    fn listed(self) -> Result<ListedBounce, StoreError> {
        let recipient = RecipientId::from_db(self.recipient_id);
        let address = Recipient::from_normalised(&self.address).ok();
        Ok(ListedBounce {
            address: known(address, "recipient", "address", recipient)?,
            recipient,
            contact: ContactId::from_db(self.contact_id),
            is_stopped: self.undeliverable != 0,
            campaign: CampaignId::from_db(self.campaign_id),
            campaign_name: self.name,
            is_hard: self.is_hard == 1,
            code: self.code,
            words: self.words,
            at: Timestamp::from_micros(self.bounced_us),
        })
    }
}

impl Reader {
    /// Failed deliveries of a firm before a cursor, the newest first; those to
    /// one address only, when it is given.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn bounces(
        &mut self,
        firm: FirmId,
        of: Option<RecipientId>,
        before: Option<BounceCursor>,
        limit: usize,
    ) -> Result<Vec<ListedBounce>, StoreError> {
        let (at, recipient, campaign) = before.unwrap_or((i64::MAX, i64::MAX, i64::MAX));
        let sql = if of.is_some() { OF_ADDRESS } else { NEWEST };
        let rows: Vec<BounceRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(at)
            .bind(of.map_or(recipient, RecipientId::as_db))
            .bind(campaign)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing failed deliveries")?;
        rows.into_iter().map(BounceRow::listed).collect()
    }
}

impl Writer {
    /// Notes failed deliveries and stops the addresses that they say are dead.
    /// Messages that were not planned for anybody of the firm are passed over;
    /// each message counts once. Returns how many addresses were stopped.
    pub async fn note_bounces(
        &mut self,
        firm: FirmId,
        bounces: &[Bounce],
    ) -> Result<u64, StoreError> {
        let mut stopped = 0;
        for bounce in bounces {
            let (campaign, recipient) = (bounce.message.campaign, bounce.message.recipient);
            let is_hard = i64::from(bounce.says == Says::Dead);
            let sql = "INSERT INTO bounce (recipient_id, campaign_id, firm_id, is_hard, code, words, bounced_us) \
                 SELECT p.recipient_id, p.campaign_id, c.firm_id, CAST($4 AS BIGINT), \
                    CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS BIGINT) \
                 FROM campaign c JOIN campaign_recipient p ON p.campaign_id = c.id AND p.code = 0 \
                 WHERE c.id = $2 AND c.firm_id = $1 AND p.recipient_id = $3 AND p.batch_no = $8 \
                 ON CONFLICT (recipient_id, campaign_id) DO UPDATE SET is_hard = excluded.is_hard, \
                    code = excluded.code, words = excluded.words \
                 WHERE bounce.is_hard = 0 AND excluded.is_hard = 1";
            let noted = on!(self, conn => sqlx::query(sql)
                .bind(firm.as_db())
                .bind(campaign.as_db())
                .bind(recipient.as_db())
                .bind(is_hard)
                .bind(bounce.code.as_str())
                .bind(bounce.words.as_str())
                .bind(bounce.at.as_micros())
                .bind(bounce.message.batch_no)
                .execute(&mut *conn)
                .await
                .map(|done| done.rows_affected()))
            .doing("noting a failed delivery")?;
            if noted == 0 {
                continue;
            }
            if bounce.says == Says::NotOnWhatsapp {
                stopped += self
                    .pass_over_on_whatsapp(firm, recipient, bounce.at)
                    .await?;
                continue;
            }
            // Days are those of Turkish time; it has had one offset since 2016.
            let sql = "UPDATE recipient SET undeliverable = CASE WHEN $3 = 1 THEN 1 ELSE 2 END \
                 WHERE id = $1 AND firm_id = $2 \
                    AND (undeliverable = 0 OR (undeliverable = 2 AND $3 = 1)) AND ($3 = 1 OR \
                    (SELECT count(*) FROM bounce WHERE recipient_id = $1 AND bounced_us >= $4) >= $5 \
                    AND (SELECT count(DISTINCT (bounced_us + 10800000000) / 86400000000) FROM bounce \
                         WHERE recipient_id = $1 AND bounced_us >= $4) >= $6)";
            stopped += on!(self, conn => sqlx::query(sql)
                .bind(recipient.as_db())
                .bind(firm.as_db())
                .bind(is_hard)
                .bind(bounce.at.plus_micros(-SOFT_WITHIN_US).as_micros())
                .bind(SOFT_MAX)
                .bind(SOFT_DAYS)
                .execute(&mut *conn)
                .await
                .map(|done| done.rows_affected()))
            .doing("stopping a dead address")?;
        }
        if stopped > 0 {
            self.changes_firm(firm);
            self.close_gate(firm).await?;
        }
        Ok(stopped)
    }

    /// Lets addresses be tried again that kept failing and have rested since.
    /// Returns how many.
    pub async fn forgive_failing(&mut self, limit: usize) -> Result<u64, StoreError> {
        let before = self.now().plus_micros(-SOFT_REST_US);
        let rows: Vec<(i64, i64)> = on!(self, conn => sqlx::query_as(RESTED)
            .bind(before.as_micros())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for addresses that have rested")?;
        for (id, firm) in &rows {
            self.changes_firm(FirmId::from_db(*firm));
            let sql = "UPDATE recipient SET undeliverable = 0 \
                 WHERE id = $1 AND undeliverable = 2";
            on!(self, conn => sqlx::query(sql)
                .bind(id)
                .execute(&mut *conn)
                .await
                .map(drop))
            .doing("letting a rested address be tried again")?;
        }
        let again = self.try_whatsapp_again(limit).await?;
        Ok(u64::try_from(rows.len())
            .unwrap_or(u64::MAX)
            .saturating_add(again))
    }

    /// Lets an address be tried again: somebody has seen that it works.
    pub async fn revive_address(
        &mut self,
        firm: FirmId,
        recipient: RecipientId,
    ) -> Result<bool, StoreError> {
        self.changes_firm(firm);
        let sql = "UPDATE recipient SET undeliverable = 0, off_whatsapp = 0 \
             WHERE id = $1 AND firm_id = $2 AND (undeliverable <> 0 OR off_whatsapp <> 0)";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(recipient.as_db())
            .bind(firm.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("letting an address be tried again")?;
        let sql = "DELETE FROM bounce WHERE recipient_id = $1 AND firm_id = $2";
        on!(self, conn => sqlx::query(sql)
            .bind(recipient.as_db())
            .bind(firm.as_db())
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("forgetting failed deliveries")?;
        Ok(rows == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::{NEWEST, OF_ADDRESS, RESTED};
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn failed_deliveries_are_found_by_time_and_by_address() {
        walks(|_| NEWEST, Index::named("bounce_list")).await;
        walks(
            |_| OF_ADDRESS,
            Index::of_key("SEARCH bounce USING PRIMARY KEY", "bounce_pkey"),
        )
        .await;
        walks(|_| RESTED, Index::named("recipient_failing")).await;
        walks(
            |_| super::off_whatsapp::RESTED,
            Index::named("recipient_off_whatsapp"),
        )
        .await;
    }
}
