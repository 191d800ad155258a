//! Alarms about the connection to İYS, raised where they arise and cleared by
//! the first thing that shows that they are over.

use domain::alarm::AlarmCode;
use domain::{ReasonCode, Timestamp};
use registry::{Share, Signal, codes};
use store::Writer;
use store::alarms::{AlarmDetail, AlarmKey};
use store::brands::Brand;
use store::registry_rests::RestScope;

use crate::Engine;
use crate::error::EngineError;

/// Tells a full package (H525) and a right that is missing on one channel apart
/// from an account that does not work at all.
const fn subject_of(scope: RestScope) -> &'static str {
    match scope {
        RestScope::Account => "",
        RestScope::Consents => "package",
        RestScope::Mesaj | RestScope::Arama | RestScope::Eposta => scope.as_str(),
    }
}

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

/// İYS will not do this for the brand's account before somebody puts it right.
pub(super) async fn account_fails(
    writer: &mut Writer,
    brand: &Brand,
    scope: RestScope,
    text: &str,
) -> Result<(), EngineError> {
    let key = key(brand, AlarmCode::RegistryAccount, subject_of(scope));
    Ok(writer.raise_alarm(key, &detail(text)).await?)
}

/// İYS did something of this kind for the brand: it rests no more.
pub(super) async fn account_works(
    writer: &mut Writer,
    brand: &Brand,
    scopes: &[RestScope],
) -> Result<(), EngineError> {
    for scope in scopes {
        writer.end_rest(brand.id, *scope).await?;
        let key = key(brand, AlarmCode::RegistryAccount, subject_of(*scope));
        writer.clear_alarm(key).await?;
    }
    Ok(())
}

/// İYS has not decided about records of a list within a day.
pub(super) async fn results_are_missing(
    writer: &mut Writer,
    brand: &Brand,
    count: usize,
    request: &str,
) -> Result<(), EngineError> {
    let key = key(brand, AlarmCode::ResultsMissing, "");
    let mut detail = detail(request);
    detail.insert("count".to_owned(), count.to_string());
    Ok(writer.raise_alarm(key, &detail).await?)
}

/// A list was settled late; over when none is left that was taken before `before`.
pub(super) async fn results_came(
    writer: &mut Writer,
    brand: &Brand,
    before: Timestamp,
) -> Result<(), EngineError> {
    if writer.lists_awaited_from_before(brand.id, before).await? == 0 {
        let key = key(brand, AlarmCode::ResultsMissing, "");
        writer.clear_alarm(key).await?;
    }
    Ok(())
}

/// Rows of a feed or a push could not be read.
pub(super) async fn rows_are_unreadable(
    writer: &mut Writer,
    brand: &Brand,
    count: usize,
) -> Result<(), EngineError> {
    let key = key(brand, AlarmCode::RowsUnreadable, "");
    let detail = AlarmDetail::from([("count".to_owned(), count.to_string())]);
    Ok(writer.raise_alarm(key, &detail).await?)
}

/// Everybody of the brand has been asked about: what was in an unreadable row is known.
pub(super) async fn everybody_was_asked(
    writer: &mut Writer,
    brand: &Brand,
) -> Result<(), EngineError> {
    let key = key(brand, AlarmCode::RowsUnreadable, "");
    writer.clear_alarm(key).await?;
    Ok(())
}

/// İYS named records of a list: if it found one twice, somebody is told.
pub(super) async fn records_were_named<'a>(
    writer: &mut Writer,
    brand: &Brand,
    answers: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<(), EngineError> {
    let twice = answers
        .into_iter()
        .find(|(code, text)| codes::reason_of(Some(code), text) == ReasonCode::I194);
    if let Some((code, text)) = twice {
        let key = key(brand, AlarmCode::RecordTwice, "");
        writer
            .raise_alarm(key, &detail(format!("{code} {text}")))
            .await?;
    }
    Ok(())
}

/// İYS took a list of the brand.
pub(super) async fn list_was_taken(writer: &mut Writer, brand: &Brand) -> Result<(), EngineError> {
    let key = key(brand, AlarmCode::RecordTwice, "");
    writer.clear_alarm(key).await?;
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
