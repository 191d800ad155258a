//! Making and changing brands.

use domain::gate::{FeedTrust, SendingWindow};
use domain::ids::{BrandId, FirmId};
use domain::{RegistryMode, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use crate::brands::{
    BRAKE_PERCENT_DEFAULT, Brand, BrandRow, FRESHNESS_US_DEFAULT, NewBrand, PASSWORD, brand_columns,
};
use crate::db::Writer;
use crate::error::{Doing, StoreError, exactly};
use crate::row::{for_update, to_json};

impl Writer {
    /// Makes a brand that is not connected to İYS: mode off without a signed
    /// reason, so nothing commercial leaves before it was set up.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the firm has a brand of this name,
    /// [`StoreError::Lost`] when there is no such firm.
    pub async fn create_brand(&mut self, firm: FirmId, new: NewBrand) -> Result<Brand, StoreError> {
        self.lock_firm(firm).await?;
        let made = Brand {
            id: BrandId::from_db(self.next_id()?),
            firm,
            name: new.name,
            short_name: new.short_name,
            trade_name: new.trade_name,
            mersis: new.mersis,
            path_key: new.path_key,
            mode: RegistryMode::Off,
            off_reason: None,
            iys_code: None,
            brand_code: None,
            iys_username: None,
            uses_partner: false,
            activation: None,
            freshness_us: FRESHNESS_US_DEFAULT,
            window: SendingWindow::CUSTOMARY,
            sends_renewals: false,
            countries: vec!["TR".to_owned()],
            brake_percent: BRAKE_PERCENT_DEFAULT,
            needs_other_approver: false,
            feed: FeedTrust::default(),
            created_at: self.now(),
        };
        let sql = "INSERT INTO brand (id, firm_id, name, short_name, trade_name, mersis, path_key, \
             registry_mode, freshness_us, window_from_minute, window_to_minute, sends_renewals, \
             countries, brake_percent, created_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
        let countries = to_json(&made.countries)?;
        let done = on!(self, conn => sqlx::query(sql)
            .bind(made.id.as_db())
            .bind(firm.as_db())
            .bind(made.name.as_str())
            .bind(made.short_name.as_str())
            .bind(made.trade_name.as_str())
            .bind(made.mersis.as_str())
            .bind(made.path_key.as_str())
            .bind(made.mode.as_db())
            .bind(made.freshness_us)
            .bind(made.window.from_minute)
            .bind(made.window.to_minute)
            .bind(i64::from(made.sends_renewals))
            .bind(countries.as_str())
            .bind(made.brake_percent)
            .bind(made.created_at.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("a brand with this name")?;
        exactly(done, 1, "the brand")?;
        Ok(made)
    }

    /// A brand, locked until this transaction ends: change its fields and give
    /// it to [`Writer::save_brand`].
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has no such brand.
    pub async fn brand_to_change(
        &mut self,
        firm: FirmId,
        id: BrandId,
    ) -> Result<Brand, StoreError> {
        let sql = for_update!(
            self,
            "SELECT ",
            brand_columns!(),
            " FROM brand WHERE id = $1 AND firm_id = $2"
        );
        let row = on!(self, conn => sqlx::query_as::<_, BrandRow>(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a brand")?;
        row.ok_or(StoreError::Lost { what: "the brand" })?
            .try_into()
    }

    /// Writes the fields of a brand that may change; its number, firm, path key
    /// and creation stay.
    ///
    /// # Errors
    /// [`StoreError::Configuration`] names a setting that cannot work,
    /// [`StoreError::Exists`] when the firm has another brand of this name.
    pub async fn save_brand(&mut self, brand: &Brand) -> Result<(), StoreError> {
        brand.check()?;
        let sql = "UPDATE brand SET name = $3, short_name = $4, trade_name = $5, mersis = $6, \
             registry_mode = $7, off_reason = $8, iys_code = $9, brand_code = $10, \
             iys_username = $11, activation_us = $12, freshness_us = $13, \
             window_from_minute = $14, window_to_minute = $15, sends_renewals = $16, \
             countries = $17, brake_percent = $18, needs_other_approver = $19 \
             WHERE id = $1 AND firm_id = $2";
        let countries = to_json(&brand.countries)?;
        let done = on!(self, conn => sqlx::query(sql)
            .bind(brand.id.as_db())
            .bind(brand.firm.as_db())
            .bind(brand.name.as_str())
            .bind(brand.short_name.as_str())
            .bind(brand.trade_name.as_str())
            .bind(brand.mersis.as_str())
            .bind(brand.mode.as_db())
            .bind(brand.off_reason.as_deref())
            .bind(brand.iys_code)
            .bind(brand.brand_code)
            .bind(brand.iys_username.as_deref())
            .bind(brand.activation.map(Timestamp::as_micros))
            .bind(brand.freshness_us)
            .bind(brand.window.from_minute)
            .bind(brand.window.to_minute)
            .bind(i64::from(brand.sends_renewals))
            .bind(countries.as_str())
            .bind(brand.brake_percent)
            .bind(i64::from(brand.needs_other_approver))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("a brand with this name")?;
        exactly(done, 1, "the brand")
    }

    /// Seals and keeps the password of the brand's İYS account; `None` forgets it.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has no such brand.
    pub async fn set_brand_password(
        &mut self,
        firm: FirmId,
        id: BrandId,
        password: Option<&SecretString>,
    ) -> Result<(), StoreError> {
        let sealed = password
            .map(|plain| {
                self.store()
                    .keys()
                    .seal(PASSWORD, plain.expose_secret().as_bytes())
            })
            .transpose()?;
        let sql = "UPDATE brand SET iys_password = $3 WHERE id = $1 AND firm_id = $2";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .bind(sealed)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("keeping a brand's password")?;
        exactly(done, 1, "the brand")
    }
}
