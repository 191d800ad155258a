//! The installation's account of a business partner (*iş ortağı*) at İYS, and
//! which brands use it.

use domain::Timestamp;
use domain::ids::{BrandId, FirmId};
use secrecy::{ExposeSecret, SecretString};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::open_text;

/// What its password is sealed for.
pub(crate) const PARTNER: &str = "registry_partner.password";

/// The partner account, without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerAccount {
    /// The user at İYS.
    pub username: String,
    /// The partner's own number at İYS.
    pub integrator_code: i64,
    /// When it was entered.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: String,
}

impl Reader {
    /// The partner account; none where nobody entered one.
    pub async fn partner_account(&mut self) -> Result<Option<PartnerAccount>, StoreError> {
        let sql = "SELECT username, integrator_code, changed_us, changed_by \
             FROM registry_partner WHERE id = 1";
        let row: Option<(String, i64, i64, String)> = on!(self, conn => sqlx::query_as(sql)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading the partner account")?;
        Ok(row.map(
            |(username, integrator_code, changed, changed_by)| PartnerAccount {
                username,
                integrator_code,
                changed_at: Timestamp::from_micros(changed),
                changed_by,
            },
        ))
    }

    /// The password of the partner account.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when the installation's key has changed.
    pub async fn partner_password(&mut self) -> Result<Option<SecretString>, StoreError> {
        let sql = "SELECT password FROM registry_partner WHERE id = 1";
        let sealed: Option<Vec<u8>> = on!(self, conn => sqlx::query_scalar(sql)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading the partner account")?;
        sealed
            .map(|sealed| open_text(self.store().keys(), PARTNER, &sealed))
            .transpose()
    }

    /// How many brands use it.
    pub async fn partner_brands(&mut self) -> Result<i64, StoreError> {
        let sql = "SELECT count(*) FROM brand WHERE uses_partner = 1";
        on!(self, conn => sqlx::query_scalar(sql).fetch_one(&mut *conn).await)
            .doing("counting the brands of the partner account")
    }
}

impl Writer {
    /// Seals and keeps the partner account, instead of the one before.
    pub async fn set_partner_account(
        &mut self,
        username: &str,
        password: &SecretString,
        integrator_code: i64,
        actor: &str,
    ) -> Result<(), StoreError> {
        let sealed = self
            .store()
            .keys()
            .seal(PARTNER, password.expose_secret().as_bytes())?;
        let now = self.now().as_micros();
        let sql = "INSERT INTO registry_partner (id, username, password, integrator_code, changed_us, \
                changed_by) VALUES (1, $1, $2, $3, $4, $5) \
             ON CONFLICT (id) DO UPDATE SET username = excluded.username, \
                password = excluded.password, integrator_code = excluded.integrator_code, \
                changed_us = excluded.changed_us, changed_by = excluded.changed_by";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(username)
            .bind(&sealed)
            .bind(integrator_code)
            .bind(now)
            .bind(actor)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("keeping the partner account")?;
        exactly(rows, 1, "the partner account")
    }

    /// Forgets the partner account; `false` when there was none.
    ///
    /// # Errors
    /// [`StoreError::Configuration`] while a brand uses it.
    pub async fn forget_partner_account(&mut self) -> Result<bool, StoreError> {
        if self.partner_brands().await? != 0 {
            return Err(StoreError::Configuration(
                "brands still use the partner account; unlink them first".to_owned(),
            ));
        }
        let sql = "DELETE FROM registry_partner WHERE id = 1";
        let rows = on!(self, conn => sqlx::query(sql)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("forgetting the partner account")?;
        Ok(rows == 1)
    }

    /// Lets a brand's calls go by the partner account, or by its own again.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has no such brand.
    pub async fn use_partner_account(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        uses: bool,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE brand SET uses_partner = $3 WHERE id = $1 AND firm_id = $2";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(firm.as_db())
            .bind(i64::from(uses))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("choosing a brand's account")?;
        exactly(rows, 1, "the brand")
    }
}
