//! Brands (*marka*): the sender identities of a firm, their rules and how each
//! works with İYS. The İYS password is sealed and leaves only through
//! [`Reader::brand_credentials`]. Changes are in [`crate::brand_changes`].

use domain::gate::{BrandPolicy, FeedTrust, SendingWindow};
use domain::ids::{BrandId, FirmId};
use domain::time::HOUR_US;
use domain::{RegistryMode, Timestamp};
use secrecy::SecretString;

use crate::db::Reader;
use crate::error::{Doing, StoreError};
use crate::partner_account::PARTNER;
use crate::row::{from_json, instant, known, open_text, page_rows};

/// What the sealed password is bound to.
pub(crate) const PASSWORD: &str = "brand.iys_password";

/// Oldest registry answer that is relied on unless the brand says otherwise.
pub const FRESHNESS_US_DEFAULT: i64 = 24 * HOUR_US;
/// Share of rejected rows above which an upload waits for a person.
pub const BRAKE_PERCENT_DEFAULT: i64 = 20;

/// A sender identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    /// Its number.
    pub id: BrandId,
    /// Whose it is.
    pub firm: FirmId,
    /// Unique in the firm; commands name a brand by it.
    pub name: String,
    /// Registered at İYS: citizens write "RET <short name>" to 3338.
    pub short_name: String,
    /// Printed in every commercial text (Regulation art. 8).
    pub trade_name: String,
    /// Central registry number (*MERSİS*), 16 digits.
    pub mersis: String,
    /// Part of the address that İYS pushes to.
    pub path_key: String,
    /// Who leads between our ledger and İYS.
    pub mode: RegistryMode,
    /// The owner's signed reason to send without İYS; read in mode off only.
    pub off_reason: Option<String>,
    /// The firm's number at İYS.
    pub iys_code: Option<i64>,
    /// The brand's number at İYS.
    pub brand_code: Option<i64>,
    /// The account that speaks to İYS.
    pub iys_username: Option<String>,
    /// Whether its calls go by the installation's partner account instead; see
    /// [`crate::partner_account`].
    pub uses_partner: bool,
    /// From here on, consents older than three business days are refused (H467).
    pub activation: Option<Timestamp>,
    /// Oldest registry answer that is relied on, microseconds, above 0.
    pub freshness_us: i64,
    /// Hours in which commercial messages may leave.
    pub window: SendingWindow,
    /// Whether a renewed consent is told to İYS again (W804).
    pub sends_renewals: bool,
    /// ISO codes of the countries whose numbers are taken.
    pub countries: Vec<String>,
    /// Share of rejected rows, 0–100, above which an upload waits for a person.
    pub brake_percent: i64,
    /// Whether a file must be let in by somebody else than its uploader.
    pub needs_other_approver: bool,
    /// How far İYS's feed of changes can be relied on; see [`crate::registry_feed`].
    pub feed: FeedTrust,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Brand {
    /// Words by which a file may call the brand: its name, its short name and
    /// its number at İYS.
    pub fn called(&self) -> Vec<String> {
        let number = self.brand_code.map(|code| code.to_string());
        [self.name.clone(), self.short_name.clone()]
            .into_iter()
            .chain(number)
            .collect()
    }

    /// What the gate needs to know, on days that are all open: the closed ones
    /// are in [`crate::sending_rules`].
    pub fn policy(&self) -> BrandPolicy {
        let signed = self
            .off_reason
            .as_deref()
            .is_some_and(|reason| !reason.trim().is_empty());
        BrandPolicy {
            mode: self.mode,
            off_reason_signed: signed,
            freshness_us: self.freshness_us,
            feed: self.feed,
            window: self.window,
            closed: domain::hours::ClosedDays::default(),
        }
    }

    /// Refuses settings that could not work, before a CHECK does.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let SendingWindow {
            from_minute,
            to_minute,
        } = self.window;
        let problem = if self.freshness_us <= 0 {
            "the brand's freshness must be longer than nothing"
        } else if !(0..=100).contains(&self.brake_percent) {
            "the brand's brake is a share from 0 to 100 percent"
        } else if from_minute < 0 || from_minute >= to_minute || to_minute > 1_440 {
            "the brand's sending window must open before it closes, within one day"
        } else if self.mode.is_connected() && (self.iys_code.is_none() || self.brand_code.is_none())
        {
            "a brand that is connected to İYS needs its İYS code and brand code"
        } else {
            return Ok(());
        };
        Err(StoreError::Configuration(problem.to_owned()))
    }
}

/// What a brand begins with; the rest has defaults and is changed with
/// [`Writer::save_brand`].
#[derive(Debug, Clone)]
pub struct NewBrand {
    /// Unique in the firm.
    pub name: String,
    /// As registered at İYS.
    pub short_name: String,
    /// As printed in texts.
    pub trade_name: String,
    /// Central registry number.
    pub mersis: String,
    /// See [`crate::token::path_key`].
    pub path_key: String,
}

/// What İYS calls of a brand need.
#[derive(Debug, Clone)]
pub struct BrandCredentials {
    /// The firm's number at İYS.
    pub iys_code: i64,
    /// The brand's number at İYS.
    pub brand_code: i64,
    /// The account.
    pub username: String,
    /// Its password.
    pub password: SecretString,
    /// Whether the firm practises: it is never the real İYS that is called.
    pub practises: bool,
}

macro_rules! columns {
    () => {
        "id, firm_id, name, short_name, trade_name, mersis, path_key, registry_mode, off_reason, \
         iys_code, brand_code, iys_username, activation_us, freshness_us, window_from_minute, \
         window_to_minute, sends_renewals, countries, brake_percent, created_us, \
         needs_other_approver, feed_complete_us, distrust_us, uses_partner"
    };
}

pub(crate) use columns as brand_columns;

#[derive(sqlx::FromRow)]
pub(crate) struct BrandRow {
    id: i64,
    firm_id: i64,
    name: String,
    short_name: String,
    trade_name: String,
    mersis: String,
    path_key: String,
    registry_mode: i64,
    off_reason: Option<String>,
    iys_code: Option<i64>,
    brand_code: Option<i64>,
    iys_username: Option<String>,
    activation_us: Option<i64>,
    freshness_us: i64,
    window_from_minute: i64,
    window_to_minute: i64,
    sends_renewals: i64,
    countries: String,
    brake_percent: i64,
    created_us: i64,
    needs_other_approver: i64,
    feed_complete_us: Option<i64>,
    distrust_us: Option<i64>,
    uses_partner: i64,
}

impl TryFrom<BrandRow> for Brand {
    type Error = StoreError;

    fn try_from(row: BrandRow) -> Result<Self, StoreError> {
        let id = BrandId::from_db(row.id);
        Ok(Self {
            id,
            firm: FirmId::from_db(row.firm_id),
            name: row.name,
            short_name: row.short_name,
            trade_name: row.trade_name,
            mersis: row.mersis,
            path_key: row.path_key,
            mode: known(
                RegistryMode::from_db(row.registry_mode),
                "brand",
                "registry_mode",
                id,
            )?,
            off_reason: row.off_reason,
            iys_code: row.iys_code,
            brand_code: row.brand_code,
            iys_username: row.iys_username,
            uses_partner: row.uses_partner == 1,
            activation: instant(row.activation_us),
            freshness_us: row.freshness_us,
            window: SendingWindow {
                from_minute: row.window_from_minute,
                to_minute: row.window_to_minute,
            },
            sends_renewals: row.sends_renewals == 1,
            countries: from_json(&row.countries, "brand", "countries", id)?,
            brake_percent: row.brake_percent,
            feed: FeedTrust {
                complete_at: instant(row.feed_complete_us),
                distrusts_before: instant(row.distrust_us),
            },
            created_at: Timestamp::from_micros(row.created_us),
            needs_other_approver: row.needs_other_approver == 1,
        })
    }
}

impl Reader {
    /// One brand of a firm.
    pub async fn brand(&mut self, firm: FirmId, id: BrandId) -> Result<Option<Brand>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM brand WHERE id = $1 AND firm_id = $2"
        );
        let row = on!(self, conn => sqlx::query_as::<_, BrandRow>(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a brand")?;
        row.map(Brand::try_from).transpose()
    }

    /// The brand of a piece of work, whichever firm's it is: for workers only,
    /// whose rows were checked against their firm when they were made.
    pub async fn brand_at_work(&mut self, id: BrandId) -> Result<Brand, StoreError> {
        let sql = concat!("SELECT ", columns!(), " FROM brand WHERE id = $1");
        let row = on!(self, conn => sqlx::query_as::<_, BrandRow>(sql)
            .bind(id.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a brand")?;
        row.ok_or(StoreError::Lost { what: "the brand" })?
            .try_into()
    }

    /// The brand of this name in a firm.
    pub async fn brand_named(
        &mut self,
        firm: FirmId,
        name: &str,
    ) -> Result<Option<Brand>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM brand WHERE firm_id = $1 AND name = $2"
        );
        let row = on!(self, conn => sqlx::query_as::<_, BrandRow>(sql)
            .bind(firm.as_db())
            .bind(name)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a brand")?;
        row.map(Brand::try_from).transpose()
    }

    /// The brand that İYS pushes to under this address.
    pub async fn brand_by_path_key(&mut self, path_key: &str) -> Result<Option<Brand>, StoreError> {
        let sql = concat!("SELECT ", columns!(), " FROM brand WHERE path_key = $1");
        let row = on!(self, conn => sqlx::query_as::<_, BrandRow>(sql)
            .bind(path_key)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a brand")?;
        row.map(Brand::try_from).transpose()
    }

    /// The brands of a firm after `after`, in the order of their numbers.
    pub async fn brands(
        &mut self,
        firm: FirmId,
        after: Option<BrandId>,
        limit: usize,
    ) -> Result<Vec<Brand>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM brand WHERE firm_id = $1 AND id > $2 ORDER BY id LIMIT $3"
        );
        let rows = on!(self, conn => sqlx::query_as::<_, BrandRow>(sql)
            .bind(firm.as_db())
            .bind(after.map_or(0, BrandId::as_db))
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing brands")?;
        rows.into_iter().map(Brand::try_from).collect()
    }

    /// The brands of every firm that work with İYS, after `after`: whose
    /// changes are pulled.
    pub async fn connected_brands(
        &mut self,
        after: Option<BrandId>,
        limit: usize,
    ) -> Result<Vec<Brand>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM brand WHERE registry_mode IN ($1, $2) AND id > $3 ORDER BY id LIMIT $4"
        );
        let rows = on!(self, conn => sqlx::query_as::<_, BrandRow>(sql)
            .bind(RegistryMode::Sync.as_db())
            .bind(RegistryMode::Integrator.as_db())
            .bind(after.map_or(0, BrandId::as_db))
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing connected brands")?;
        rows.into_iter().map(Brand::try_from).collect()
    }

    /// What İYS calls need; `None` until all four parts were entered. User and
    /// password are the partner account's for a brand that uses it.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when the installation's key has changed.
    pub async fn brand_credentials(
        &mut self,
        id: BrandId,
    ) -> Result<Option<BrandCredentials>, StoreError> {
        let sql = "SELECT b.iys_code, b.brand_code, b.uses_partner, \
                CASE WHEN b.uses_partner = 1 THEN p.username ELSE b.iys_username END, \
                CASE WHEN b.uses_partner = 1 THEN p.password ELSE b.iys_password END, f.practice \
             FROM brand b JOIN firm f ON f.id = b.firm_id \
             LEFT JOIN registry_partner p ON p.id = 1 WHERE b.id = $1";
        type Row = (
            Option<i64>,
            Option<i64>,
            i64,
            Option<String>,
            Option<Vec<u8>>,
            i64,
        );
        let row = on!(self, conn => sqlx::query_as::<_, Row>(sql)
            .bind(id.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a brand's credentials")?;
        let Some((Some(iys), Some(brand), partner, Some(username), Some(sealed), practice)) = row
        else {
            return Ok(None);
        };
        let what = if partner == 1 { PARTNER } else { PASSWORD };
        let password = open_text(self.store().keys(), what, &sealed)?;
        Ok(Some(BrandCredentials {
            iys_code: iys,
            brand_code: brand,
            username,
            password,
            practises: practice == 1,
        }))
    }
}
