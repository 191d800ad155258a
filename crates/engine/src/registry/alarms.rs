//! Alarms about the connection to İYS, raised where they arise and cleared by
//! the first thing that shows that they are over.

use domain::Timestamp;
use domain::alarm::AlarmCode;
use registry::{Share, Signal};
use store::Writer;
use store::alarms::{AlarmDetail, AlarmKey};
use store::brands::Brand;

use crate::Engine;
use crate::error::EngineError;

/// Tells a full package (H525) apart from an account that does not work at all.
const PACKAGE: &str = "package";
const ACCOUNT: &str = "";

fn key(brand: &Brand, code: AlarmCode, subject: &'static str) -> AlarmKey<'static> {
    AlarmKey {
        firm: brand.firm,
        brand: Some(brand.id),
        code,
        subject,
    }
}

fn detail(text: impl Into<String>) -> AlarmDetail {
    AlarmDetail::from([("detail".to_owned(), text.into())])
}

/// İYS will not work for the brand's account before somebody puts it right.
pub(super) async fn account_fails(
    writer: &mut Writer,
    brand: &Brand,
    text: &str,
) -> Result<(), EngineError> {
    let key = key(brand, AlarmCode::RegistryAccount, ACCOUNT);
    Ok(writer.raise_alarm(key, &detail(text)).await?)
}

/// İYS takes no new addresses of the brand.
pub(super) async fn package_is_full(
    writer: &mut Writer,
    brand: &Brand,
    text: &str,
) -> Result<(), EngineError> {
    let key = key(brand, AlarmCode::RegistryAccount, PACKAGE);
    Ok(writer.raise_alarm(key, &detail(text)).await?)
}

/// İYS answered a call of the brand; `takes_consents` when it took new ones.
pub(super) async fn account_works(
    writer: &mut Writer,
    brand: &Brand,
    takes_consents: bool,
) -> Result<(), EngineError> {
    let account = key(brand, AlarmCode::RegistryAccount, ACCOUNT);
    writer.clear_alarm(account).await?;
    if takes_consents {
        let package = key(brand, AlarmCode::RegistryAccount, PACKAGE);
        writer.clear_alarm(package).await?;
    }
    Ok(())
}

/// The feed of the brand was not read to its end for too long.
pub(super) async fn feed_is_silent(
    writer: &mut Writer,
    brand: &Brand,
    since: Timestamp,
) -> Result<(), EngineError> {
    let key = key(brand, AlarmCode::PullsMissing, "");
    let text = format!("{} tarihinden beri", since.to_turkish_text());
    Ok(writer.raise_alarm(key, &detail(text)).await?)
}

/// The feed is read again, and nobody waits for a comparison after a gap.
pub(super) async fn feed_is_whole(writer: &mut Writer, brand: &Brand) -> Result<(), EngineError> {
    let last = writer.gaps(brand.id, 1).await?;
    if last.iter().all(|gap| gap.closed_at.is_some()) {
        let key = key(brand, AlarmCode::PullsMissing, "");
        writer.clear_alarm(key).await?;
    }
    Ok(())
}

impl Engine {
    /// How many of the calls of the last 24 hours succeeded, from the address
    /// that this installation calls İYS at, and what that asks for.
    ///
    /// # Errors
    /// [`EngineError`] when the database cannot.
    pub async fn registry_share(&self) -> Result<(Share, Signal), EngineError> {
        let mut reader = self.store.read().await?;
        let egress = &self.settings.registry.egress;
        let (requests, successes) = reader.registry_share(egress, self.now()).await?;
        let counted = |count| u64::try_from(count).unwrap_or(0);
        let share = Share {
            requests: counted(requests),
            successes: counted(successes),
        };
        let requests_min = registry::Limits::default().share_requests_min;
        Ok((share, share.signal(requests_min)))
    }

    /// The share of successes as a gauge, and A403 for every firm that is
    /// connected through this address.
    pub(crate) async fn watch_share(&self, brands: &[Brand]) -> Result<(), EngineError> {
        let (share, signal) = self.registry_share().await?;
        let percent = share.percent();
        let shown = u32::try_from(percent).map_or(100.0, f64::from);
        metrics::gauge!("izinli_registry_success_percent").set(shown);
        let mut firms: Vec<_> = brands.iter().map(|brand| brand.firm).collect();
        firms.sort_unstable();
        firms.dedup();
        let mut writer = self.store.write().await?;
        for firm in firms {
            let key = AlarmKey {
                firm,
                brand: None,
                code: AlarmCode::RegistryShare,
                // Each address has its own share and its own place on the list.
                subject: &self.settings.registry.egress,
            };
            if signal == Signal::Fine {
                writer.clear_alarm(key).await?;
            } else {
                let detail = AlarmDetail::from([("count".to_owned(), percent.to_string())]);
                writer.raise_alarm(key, &detail).await?;
            }
        }
        writer.commit().await?;
        Ok(())
    }
}
