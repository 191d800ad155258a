//! Test recipients (*deneme alıcısı*): people who get a campaign's text before
//! it is launched. An invitation goes to the address itself, and only whoever
//! holds the address can accept it.

use domain::ids::{BrandId, CampaignId, FirmId, RecipientId, TesterId};
use domain::{Recipient, Timestamp};

use crate::campaigns::Aside;
use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{instant, known};
use crate::vocabulary::vocabulary;

/// Most test recipients of one brand.
pub const TESTERS_MAX: usize = 50;

vocabulary! {
    /// How far a test recipient has come.
    TesterState {
        /// Was asked, and gets nothing but the question.
        Invited = 1, "invited";
        /// Said yes.
        Accepted = 2, "accepted";
        /// Said no, or was taken off the list.
        Left = 3, "left";
    }
}

/// A test recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tester {
    /// Its number.
    pub id: TesterId,
    /// Whose.
    pub firm: FirmId,
    /// For which brand.
    pub brand: BrandId,
    /// The address's number.
    pub recipient: RecipientId,
    /// The address.
    pub address: Recipient,
    /// As people call them.
    pub name: String,
    /// How far it has come.
    pub state: TesterState,
    /// Who asked.
    pub invited_by: String,
    /// When.
    pub invited_at: Timestamp,
    /// When they said yes.
    pub accepted_at: Option<Timestamp>,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: i64,
    firm_id: i64,
    brand_id: i64,
    recipient_id: i64,
    address: String,
    name: String,
    state: i64,
    invited_by: String,
    invited_us: i64,
    accepted_us: Option<i64>,
}

impl TryFrom<Row> for Tester {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = TesterId::from_db(row.id);
        let table = "test_recipient";
        Ok(Self {
            id,
            firm: FirmId::from_db(row.firm_id),
            brand: BrandId::from_db(row.brand_id),
            recipient: RecipientId::from_db(row.recipient_id),
            address: known(
                Recipient::from_normalised(&row.address).ok(),
                "recipient",
                "address",
                id,
            )?,
            name: row.name,
            state: known(TesterState::from_db(row.state), table, "state", id)?,
            invited_by: row.invited_by,
            invited_at: Timestamp::from_micros(row.invited_us),
            accepted_at: instant(row.accepted_us),
        })
    }
}

macro_rules! testers {
    ($condition:literal) => {
        concat!(
            "SELECT t.id, t.firm_id, t.brand_id, t.recipient_id, r.address, t.name, t.state, \
                t.invited_by, t.invited_us, t.accepted_us \
             FROM test_recipient t JOIN recipient r ON r.id = t.recipient_id WHERE ",
            $condition
        )
    };
}

impl Reader {
    /// A brand's test recipients but those who left, in the order of asking.
    pub async fn testers(
        &mut self,
        firm: FirmId,
        brand: BrandId,
    ) -> Result<Vec<Tester>, StoreError> {
        let sql =
            testers!("t.firm_id = $1 AND t.brand_id = $2 AND t.state < 3 ORDER BY t.id LIMIT 200");
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(brand.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("listing test recipients")?;
        rows.into_iter().map(Tester::try_from).collect()
    }

    /// One test recipient of a firm.
    pub async fn tester(
        &mut self,
        firm: FirmId,
        id: TesterId,
    ) -> Result<Option<Tester>, StoreError> {
        let sql = testers!("t.firm_id = $1 AND t.id = $2");
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(id.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a test recipient")?;
        row.map(Tester::try_from).transpose()
    }

    /// The test recipient that an address is for a brand.
    pub async fn tester_at(
        &mut self,
        brand: BrandId,
        recipient: RecipientId,
    ) -> Result<Option<Tester>, StoreError> {
        let sql = testers!("t.brand_id = $1 AND t.recipient_id = $2");
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(recipient.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a test recipient")?;
        row.map(Tester::try_from).transpose()
    }
}

impl Writer {
    /// Puts an address on the list, to be asked. Whoever accepted stays so;
    /// whoever left is asked again.
    pub async fn invite_tester(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        recipient: RecipientId,
        name: &str,
        actor: &str,
    ) -> Result<Tester, StoreError> {
        let id = self.next_id()?;
        let now = self.now().as_micros();
        let sql = "INSERT INTO test_recipient \
                (id, firm_id, brand_id, recipient_id, name, state, invited_by, invited_us) \
             VALUES ($1, $2, $3, $4, $5, 1, $6, $7) \
             ON CONFLICT (brand_id, recipient_id) DO UPDATE SET name = excluded.name, \
                state = CASE WHEN test_recipient.state = 2 THEN 2 ELSE CAST(1 AS BIGINT) END, \
                invited_by = excluded.invited_by, invited_us = excluded.invited_us";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id)
            .bind(firm.as_db())
            .bind(brand.as_db())
            .bind(recipient.as_db())
            .bind(name)
            .bind(actor)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("inviting a test recipient")?;
        exactly(rows, 1, "the test recipient")?;
        self.tester_at(brand, recipient)
            .await?
            .ok_or(StoreError::Lost {
                what: "the test recipient",
            })
    }

    /// The person accepts, or leaves.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when nobody of this number is asked or has accepted.
    pub async fn set_tester(&mut self, id: TesterId, state: TesterState) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE test_recipient SET state = $2, \
                accepted_us = CASE WHEN $2 = 2 THEN COALESCE(accepted_us, $3) ELSE accepted_us END, \
                left_us = CASE WHEN $2 = 3 THEN $3 ELSE NULL END \
             WHERE id = $1 AND state IN (1, 2)";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(state.as_db())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("changing a test recipient")?;
        exactly(rows, 1, "the test recipient")
    }

    /// Takes a draft that was just made out of lists and reports.
    pub async fn put_aside(
        &mut self,
        id: CampaignId,
        aside: Aside,
        of: Option<CampaignId>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE campaign SET aside = $2, aside_of = $3 WHERE id = $1 AND state = 1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(aside.as_db())
            .bind(of.map(CampaignId::as_db))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("putting a campaign aside")?;
        exactly(rows, 1, "the draft")
    }
}
