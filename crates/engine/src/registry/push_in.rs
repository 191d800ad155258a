//! İYS pushes what citizens do as they do it. A push is a hint: it is kept as
//! it came, answered at once, applied like a page of the feed, and pulling
//! goes on.

use base64::Engine as _;
use domain::ids::{BrandId, FirmId};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use registry::push::read_push;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use store::brands::Brand;
use store::registry_feed::Movement;
use store::registry_pushes::{PushAccount, WaitingRegistryPush};
use subtle::ConstantTimeEq;

use super::alarms;
use super::pull::{after_movement, movement};
use crate::error::EngineError;
use crate::receipts::PushRefusal;
use crate::{Engine, Step};

/// Pushes applied in one transaction.
const PUSHES_PER_STEP: usize = 20;
/// Movements applied in one transaction: as many as a page of the feed holds.
const MOVEMENTS_PER_STEP: usize = 1_000;

/// Where İYS pushes to for a brand.
#[derive(Debug, Clone)]
pub struct PushState {
    /// Our address.
    pub url: String,
    /// Whether İYS would push there.
    pub is_acceptable: bool,
    /// What İYS was told; none before it was.
    pub account: Option<PushAccount>,
    /// Pushes that could not be read, ever.
    pub unreadable: i64,
}

impl Engine {
    /// Keeps a push of İYS. The caller answers 200 when this returns, well
    /// within the five seconds that İYS waits.
    ///
    /// # Errors
    /// [`PushRefusal`]; only [`PushRefusal::Engine`] is worth sending again.
    pub async fn receive_registry_push(
        &self,
        path_key: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(), PushRefusal> {
        let mut reader = self.store.read().await.map_err(EngineError::from)?;
        let brand = reader
            .brand_by_path_key(path_key)
            .await
            .map_err(EngineError::from)?
            .ok_or(PushRefusal::Unknown)?;
        let account = reader
            .push_account(brand.id)
            .await
            .map_err(EngineError::from)?
            .ok_or(PushRefusal::Unknown)?;
        drop(reader);
        if !shows(headers, &account) {
            return Err(PushRefusal::Unauthenticated);
        }
        // The message that tries a connection is about nobody.
        let is_test = read_push(body).is_ok_and(|push| {
            push.tests > 0 && push.movements.is_empty() && push.unreadable.is_empty()
        });
        if is_test {
            return Ok(());
        }
        let digest = Sha256::digest(body);
        let packed = lz4_flex::compress_prepend_size(body);
        let mut writer = self.store.write().await.map_err(EngineError::from)?;
        let is_new = writer
            .store_registry_push(brand.id, &digest, &packed)
            .await
            .map_err(EngineError::from)?;
        writer.commit().await.map_err(EngineError::from)?;
        if is_new {
            self.wake.registry.notify_waiters();
        }
        Ok(())
    }

    /// Applies pushes that wait, each in one transaction with its mark.
    pub async fn step_registry_pushes(&self) -> Result<Step, EngineError> {
        if !self.store.read().await?.has_registry_pushes().await? {
            return Ok(Step::Idle);
        }
        let mut writer = self.store.write().await?;
        let pushes = writer.take_registry_pushes(PUSHES_PER_STEP).await?;
        let count = pushes.len();
        let mut taken = 0;
        for push in pushes {
            // The rest has its turn in a transaction of its own.
            if taken >= MOVEMENTS_PER_STEP {
                break;
            }
            let brand = writer.brand_at_work(push.brand).await?;
            taken += self.apply_push(&mut writer, &brand, &push).await?;
        }
        writer.commit().await?;
        Ok(Step::of(count))
    }

    async fn apply_push(
        &self,
        writer: &mut store::Writer,
        brand: &Brand,
        push: &WaitingRegistryPush,
    ) -> Result<usize, EngineError> {
        let body = lz4_flex::decompress_size_prepended(&push.body)
            .map_err(|error| EngineError::Internal(error.to_string()))?;
        let read = match read_push(&body) {
            Ok(read) => read,
            Err(problem) => {
                let problem = problem.to_string();
                tracing::error!(brand.id = %brand.id, push.id = push.id, "a push of İYS could not be read: {problem}");
                alarms::rows_are_unreadable(writer, brand, 1).await?;
                writer.settle_registry_push(push.id, Some(&problem)).await?;
                return Ok(0);
            }
        };
        let (rows, unreadable) = (read.movements.len(), read.unreadable.len());
        let movements: Vec<Movement> = read
            .movements
            .into_iter()
            .filter(|pushed| {
                Some(pushed.brand.iys_code) == brand.iys_code
                    && Some(pushed.brand.brand_code) == brand.brand_code
            })
            .map(|pushed| {
                let created = pushed.change.held.created;
                Movement {
                    // As fresh as the push, where the row does not say.
                    created: created.unwrap_or(push.received_at),
                    ..movement(pushed.change, push.received_at)
                }
            })
            .collect();
        let foreign = rows - movements.len();
        let told = writer
            .apply_movements(brand.firm, brand.id, &movements, |mirror, movement| {
                after_movement(mirror, movement, push.received_at)
            })
            .await?;
        self.ask_behind(writer, brand, told.behind).await?;
        if unreadable > 0 {
            alarms::rows_are_unreadable(writer, brand, unreadable).await?;
        }
        let problem = (foreign + unreadable > 0).then(|| {
            format!("{unreadable} rows could not be read, {foreign} are of another brand")
        });
        if let Some(problem) = &problem {
            tracing::error!(brand.id = %brand.id, push.id = push.id, "a push of İYS was applied in part: {problem}");
        }
        writer
            .settle_registry_push(push.id, problem.as_deref())
            .await?;
        metrics::counter!("izinli_registry_pushed_total").increment(movements.len() as u64);
        Ok(movements.len())
    }

    /// Where İYS pushes to for a brand, and how that stands.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such brand.
    pub async fn registry_push_state(
        &self,
        firm: FirmId,
        brand: BrandId,
    ) -> Result<PushState, EngineError> {
        let mut reader = self.store.read().await?;
        let held = reader.brand(firm, brand).await?;
        let held = held.ok_or(EngineError::NotFound { what: "the brand" })?;
        let url = self.push_url(&held);
        Ok(PushState {
            is_acceptable: self.takes_pushes_at(&url),
            url,
            account: reader.push_account(brand).await?,
            unreadable: reader.unreadable_pushes(brand).await?,
        })
    }

    pub(super) fn push_url(&self, brand: &store::brands::Brand) -> String {
        format!("{}/in/iys/{}", self.identity.public_url, brand.path_key)
    }

    /// Whether İYS would push to an address.
    pub(super) fn takes_pushes_at(&self, url: &str) -> bool {
        url.starts_with("https://") || self.settings.registry.push_without_tls
    }
}

/// Whether the push shows the name and password that were registered. Both are
/// compared whole, so that the time taken tells nothing.
fn shows(headers: &HeaderMap, account: &PushAccount) -> bool {
    let shown = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| {
            let (scheme, rest) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("basic").then_some(rest)
        })
        .and_then(|encoded| {
            base64::engine::general_purpose::STANDARD
                .decode(encoded.trim())
                .ok()
        });
    let expected = format!("{}:{}", account.username, account.password.expose_secret());
    shown.is_some_and(|shown| bool::from(shown.as_slice().ct_eq(expected.as_bytes())))
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn only_the_registered_name_and_password_open_the_door() {
        let account = PushAccount {
            username: "iys-a".to_owned(),
            password: SecretString::from("çok gizli"),
            url: String::new(),
            registered_at: None,
            pushed_at: None,
        };
        let with = |text: &str| {
            let encoded = base64::engine::general_purpose::STANDARD.encode(text);
            let mut headers = HeaderMap::new();
            let value = format!("Basic {encoded}").parse().expect("a header");
            headers.insert(AUTHORIZATION, value);
            headers
        };
        assert!(shows(&with("iys-a:çok gizli"), &account));
        assert!(!shows(&with("iys-a:çok gizl"), &account));
        assert!(!shows(&with("iys-b:çok gizli"), &account));
        assert!(!shows(&HeaderMap::new(), &account));
    }
}
