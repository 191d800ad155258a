//! Addresses that get nothing, whatever they consented to: the firm's own
//! blacklist (*kara liste*) and stops after a complaint (*şikâyet*). Both may
//! hold at once; lifting one never lifts the other.

use domain::ids::{FirmId, RecipientId};
use domain::{Channel, Recipient, Timestamp};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::{BindGiven, Given};
use crate::row::{known, page_rows};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// Why an address is stopped.
    StopCause {
        /// The firm put it on its list (S201).
        Blacklist = 1, "blacklist";
        /// The person complained (S202).
        Complaint = 2, "complaint";
    }
}

/// One stop of one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// Number of the address.
    pub recipient: RecipientId,
    /// The address.
    pub address: Recipient,
    /// The channel; none for all of them.
    pub channel: Option<Channel>,
    /// Why: the blacklist when both causes hold, as in the gate's order.
    pub cause: StopCause,
    /// Whether the person complained besides standing on the blacklist.
    pub also_complaint: bool,
    /// Whether messages that are not commercial go out all the same; by
    /// default they do not, and a one-time code does not arrive.
    pub spares_mandatory: bool,
    /// In the words of who entered the first cause.
    pub note: Option<String>,
    /// Who entered it.
    pub actor: String,
    /// When.
    pub created_at: Timestamp,
}

/// The last stop of a page: the next begins after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopCursor {
    recipient: RecipientId,
    channel: i64,
}

impl Stop {
    /// Where the page after this row begins.
    pub fn cursor(&self) -> StopCursor {
        let channel = self.channel.map_or(0, Channel::as_db);
        StopCursor {
            recipient: self.recipient,
            channel,
        }
    }
}

/// What a stop is, for many addresses at once.
#[derive(Debug, Clone, Copy)]
pub struct NewStop<'a> {
    /// The channel; none for all of them.
    pub channel: Option<Channel>,
    /// Why.
    pub cause: StopCause,
    /// Whether messages that are not commercial go out all the same; never
    /// after a complaint.
    pub spares_mandatory: bool,
    /// In the words of who enters it.
    pub note: Option<&'a str>,
    /// Who enters it.
    pub actor: &'a str,
}

const PAGE: &str = "SELECT b.recipient_id, r.address, b.channel, b.cause, b.also_complaint, \
     b.spares_mandatory, b.note, b.actor, b.created_us \
     FROM blacklist b JOIN recipient r ON r.id = b.recipient_id \
     WHERE b.firm_id = $1 AND (b.recipient_id, b.channel) > ($2, $3) \
     ORDER BY b.recipient_id, b.channel LIMIT $4";

#[derive(sqlx::FromRow)]
struct StopRow {
    recipient_id: i64,
    address: String,
    channel: i64,
    cause: i64,
    also_complaint: i64,
    spares_mandatory: i64,
    note: Option<String>,
    actor: String,
    created_us: i64,
}

impl TryFrom<StopRow> for Stop {
    type Error = StoreError;

    fn try_from(row: StopRow) -> Result<Self, StoreError> {
        let recipient = RecipientId::from_db(row.recipient_id);
        let channel = match row.channel {
            0 => None,
            number => Some(known(
                Channel::from_db(number),
                "blacklist",
                "channel",
                recipient,
            )?),
        };
        let address = Recipient::from_normalised(&row.address).ok();
        Ok(Self {
            recipient,
            address: known(address, "recipient", "address", recipient)?,
            channel,
            cause: known(
                StopCause::from_db(row.cause),
                "blacklist",
                "cause",
                recipient,
            )?,
            also_complaint: row.also_complaint == 1,
            spares_mandatory: row.spares_mandatory == 1,
            note: row.note,
            actor: row.actor,
            created_at: Timestamp::from_micros(row.created_us),
        })
    }
}

impl Reader {
    /// The stops of a firm after `after`, in the order of the addresses' numbers.
    pub async fn stops(
        &mut self,
        firm: FirmId,
        after: Option<StopCursor>,
        limit: usize,
    ) -> Result<Vec<Stop>, StoreError> {
        let (recipient, channel) =
            after.map_or((0, 0), |after| (after.recipient.as_db(), after.channel));
        let rows = on!(self, conn => sqlx::query_as::<_, StopRow>(PAGE)
            .bind(firm.as_db())
            .bind(recipient)
            .bind(channel)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing the blacklist")?;
        rows.into_iter().map(Stop::try_from).collect()
    }

    /// The stops of one address.
    pub async fn stops_of(
        &mut self,
        firm: FirmId,
        recipient: RecipientId,
    ) -> Result<Vec<Stop>, StoreError> {
        // All channels, and each of the four.
        let sql = "SELECT b.recipient_id, r.address, b.channel, b.cause, b.also_complaint, \
             b.spares_mandatory, b.note, b.actor, b.created_us \
             FROM blacklist b JOIN recipient r ON r.id = b.recipient_id \
             WHERE b.firm_id = $1 AND b.recipient_id = $2 ORDER BY b.channel LIMIT 5";
        let rows = on!(self, conn => sqlx::query_as::<_, StopRow>(sql)
            .bind(firm.as_db())
            .bind(recipient.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("reading the stops of an address")?;
        rows.into_iter().map(Stop::try_from).collect()
    }
}

impl Writer {
    /// Stops addresses of a firm; returns how many were not stopped that way
    /// before. The newest word about mandatory messages holds. Numbers that are not the firm's are passed over. Claims that
    /// begin after the commit see it; make it the last change of a transaction.
    pub async fn add_stops(
        &mut self,
        firm: FirmId,
        recipients: &[RecipientId],
        stop: NewStop<'_>,
    ) -> Result<u64, StoreError> {
        self.changes_firm(firm);
        let mut ids: Vec<i64> = recipients.iter().map(|id| id.as_db()).collect();
        ids.sort_unstable();
        ids.dedup();
        let given = Given::new().ints("id", ids);
        let sql = given.sql(
            self.engine(),
            8,
            // CROSS JOIN: SQLite keeps the order of the tables, and does not
            // look through the given numbers for each address of the firm.
            "INSERT INTO blacklist \
             (firm_id, recipient_id, channel, cause, note, actor, created_us, spares_mandatory, \
              complaint_us) \
             SELECT r.firm_id, r.id, CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS TEXT), \
             CAST($5 AS TEXT), CAST($6 AS BIGINT), CAST($7 AS BIGINT), \
             CASE WHEN CAST($3 AS BIGINT) = 2 THEN CAST($6 AS BIGINT) END \
             FROM given g CROSS JOIN recipient r WHERE r.id = g.id AND r.firm_id = $1 \
             ORDER BY r.id \
             ON CONFLICT (firm_id, recipient_id, channel) DO UPDATE \
             SET cause = 1, \
             also_complaint = CASE WHEN blacklist.cause <> excluded.cause THEN 1 \
                                   ELSE blacklist.also_complaint END, \
             complaint_us = COALESCE(blacklist.complaint_us, excluded.complaint_us), \
             spares_mandatory = CASE WHEN excluded.cause = 1 THEN excluded.spares_mandatory \
                                     ELSE blacklist.spares_mandatory END \
             WHERE (blacklist.cause <> excluded.cause AND blacklist.also_complaint = 0) \
             OR (excluded.cause = 1 AND blacklist.cause = 1 \
                 AND blacklist.spares_mandatory <> excluded.spares_mandatory)",
        );
        let now = self.now().as_micros();
        let added = on!(self, conn => sqlx::query(sql)
            .bind(firm.as_db())
            .bind(stop.channel.map_or(0, Channel::as_db))
            .bind(stop.cause.as_db())
            .bind(stop.note)
            .bind(stop.actor)
            .bind(now)
            .bind(i64::from(stop.spares_mandatory && stop.cause == StopCause::Blacklist))
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("stopping addresses")?;
        self.close_gate(firm).await?;
        Ok(added)
    }

    /// Takes addresses off the blacklist (*beyaz liste*), for one channel or,
    /// with none, for all; returns how many stops were lifted. Stops after a
    /// complaint go on, and so does a stop of all channels when one is freed.
    pub async fn lift_blacklist(
        &mut self,
        firm: FirmId,
        recipients: &[RecipientId],
        channel: Option<Channel>,
    ) -> Result<u64, StoreError> {
        self.changes_firm(firm);
        let given = Given::new().ints("id", recipients.iter().map(|id| id.as_db()));
        let leave_complaint = "UPDATE blacklist SET cause = 2, also_complaint = 0, \
             spares_mandatory = 0 WHERE firm_id = $1 AND ($2 = 0 OR channel = $2) AND cause = 1 \
             AND also_complaint = 1 AND recipient_id IN (SELECT id FROM given)";
        let remove = "DELETE FROM blacklist WHERE firm_id = $1 AND ($2 = 0 OR channel = $2) \
             AND cause = 1 AND also_complaint = 0 AND recipient_id IN (SELECT id FROM given)";
        let mut lifted = 0;
        for text in [leave_complaint, remove] {
            let sql = given.sql(self.engine(), 3, text);
            lifted += on!(self, conn => sqlx::query(sql)
                .bind(firm.as_db())
                .bind(channel.map_or(0, Channel::as_db))
                .bind_given(&given)
                .execute(&mut *conn)
                .await
                .map(|done| done.rows_affected()))
            .doing("taking addresses off the blacklist")?;
        }
        Ok(lifted)
    }

    /// Lifts one cause of a stop; the other, if it holds, goes on.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the address is not stopped for this cause.
    pub async fn lift_stop(
        &mut self,
        firm: FirmId,
        recipient: RecipientId,
        channel: Option<Channel>,
        cause: StopCause,
    ) -> Result<(), StoreError> {
        self.changes_firm(firm);
        let leave_other = "UPDATE blacklist SET cause = 3 - $4, also_complaint = 0, \
                complaint_us = CASE WHEN CAST($4 AS BIGINT) = 2 THEN NULL ELSE complaint_us END, \
                spares_mandatory = CASE WHEN $4 = 1 THEN 0 ELSE spares_mandatory END \
             WHERE firm_id = $1 AND recipient_id = $2 AND channel = $3 AND also_complaint = 1";
        let remove = "DELETE FROM blacklist WHERE firm_id = $1 AND recipient_id = $2 \
             AND channel = $3 AND cause = $4 AND also_complaint = 0";
        for (sql, last) in [(leave_other, false), (remove, true)] {
            let done = on!(self, conn => sqlx::query(sql)
                .bind(firm.as_db())
                .bind(recipient.as_db())
                .bind(channel.map_or(0, Channel::as_db))
                .bind(cause.as_db())
                .execute(&mut *conn)
                .await
                .map(|done| done.rows_affected()))
            .doing("lifting a stop")?;
            if last || done == 1 {
                return exactly(done, 1, "the stop");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::PAGE;
    use crate::plan::{Index, walks_in_order};

    #[tokio::test]
    async fn the_blacklist_is_paged_along_its_key() {
        walks_in_order(
            |_| PAGE,
            Index::of_key("sqlite_autoindex_blacklist_1", "blacklist_pkey"),
        )
        .await;
    }
}
