//! A brand's rules for sending and the two stop switches (*acil durdurma*):
//! what holds for every campaign, apart from what one campaign says.

use domain::Timestamp;
use domain::hours::SendingRules;
use domain::ids::{BrandId, ConnectorId, FirmId};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{from_json, known, to_json};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What is stopped.
    HaltScope {
        /// Everything in a brand's name.
        Brand = 1, "brand";
        /// Everything over a provider account.
        Connector = 2, "connector";
    }
}

/// A stop switch that is pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// What is stopped.
    pub scope: HaltScope,
    /// Its number.
    pub subject: i64,
    /// Why, in the words of whoever pressed it.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

type HaltRow = (i64, i64, String, String, i64);

fn halt(row: HaltRow) -> Result<Halt, StoreError> {
    Ok(Halt {
        scope: known(HaltScope::from_db(row.0), "sending_halt", "scope", row.1)?,
        subject: row.1,
        reason: row.2,
        by: row.3,
        at: Timestamp::from_micros(row.4),
    })
}

impl Reader {
    /// The brand's rules; none of them while nobody has set any.
    pub async fn sending_rules(&mut self, brand: BrandId) -> Result<SendingRules, StoreError> {
        let sql = "SELECT rules FROM sending_rules WHERE brand_id = $1";
        let text: Option<String> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a brand's rules")?;
        text.map_or_else(
            || Ok(SendingRules::default()),
            |text| from_json(&text, "sending_rules", "rules", brand),
        )
    }

    /// The switches of a firm that are pressed.
    pub async fn halts(&mut self, firm: FirmId) -> Result<Vec<Halt>, StoreError> {
        let sql = "SELECT scope, subject_id, reason, halted_by, halted_us FROM sending_halt \
             WHERE firm_id = $1 ORDER BY scope, subject_id LIMIT 1000";
        let rows: Vec<HaltRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("reading stop switches")?;
        rows.into_iter().map(halt).collect()
    }

    /// The switch of one brand or account, when it is pressed.
    pub async fn halted(
        &mut self,
        scope: HaltScope,
        subject: i64,
    ) -> Result<Option<Halt>, StoreError> {
        let sql = "SELECT scope, subject_id, reason, halted_by, halted_us FROM sending_halt \
             WHERE scope = $1 AND subject_id = $2";
        let row: Option<HaltRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(scope.as_db())
            .bind(subject)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a stop switch")?;
        row.map(halt).transpose()
    }

    /// Whether anything stands against a campaign of this brand over this account.
    pub async fn halted_for(
        &mut self,
        brand: BrandId,
        connector: ConnectorId,
    ) -> Result<Option<Halt>, StoreError> {
        match self.halted(HaltScope::Brand, brand.as_db()).await? {
            Some(halt) => Ok(Some(halt)),
            None => self.halted(HaltScope::Connector, connector.as_db()).await,
        }
    }
}

impl Writer {
    /// Sets the brand's rules. The caller has checked them.
    pub async fn set_sending_rules(
        &mut self,
        brand: BrandId,
        rules: &SendingRules,
    ) -> Result<(), StoreError> {
        let text = to_json(rules)?;
        let now = self.now().as_micros();
        let sql = "INSERT INTO sending_rules (brand_id, rules, updated_us) VALUES ($1, $2, $3) \
             ON CONFLICT (brand_id) DO UPDATE SET rules = excluded.rules, updated_us = excluded.updated_us";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(&text)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("setting a brand's rules")?;
        exactly(rows, 1, "the brand's rules")
    }

    /// Presses a switch. Pressed twice, the first reason stays.
    pub async fn press_halt(
        &mut self,
        firm: FirmId,
        scope: HaltScope,
        subject: i64,
        reason: &str,
        actor: &str,
    ) -> Result<bool, StoreError> {
        let now = self.now().as_micros();
        let sql = "INSERT INTO sending_halt (scope, subject_id, firm_id, reason, halted_by, halted_us) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (scope, subject_id) DO NOTHING";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(scope.as_db())
            .bind(subject)
            .bind(firm.as_db())
            .bind(reason)
            .bind(actor)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("pressing a stop switch")?;
        Ok(rows == 1)
    }

    /// Releases a switch; `false` when it was not pressed.
    pub async fn release_halt(
        &mut self,
        firm: FirmId,
        scope: HaltScope,
        subject: i64,
    ) -> Result<bool, StoreError> {
        let sql = "DELETE FROM sending_halt WHERE scope = $1 AND subject_id = $2 AND firm_id = $3";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(scope.as_db())
            .bind(subject)
            .bind(firm.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("releasing a stop switch")?;
        Ok(rows == 1)
    }
}
