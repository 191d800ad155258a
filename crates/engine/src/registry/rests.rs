//! A brand whose account İYS turns down rests (*bekletme*): İYS takes an address
//! off its list when too few calls succeed, so one refused call stops all of its
//! kind. When the rest is over İYS is asked about the package, and then one try
//! decides; each in vain doubles the rest. A person ends it at once.

use domain::ids::{BrandId, FirmId};
use domain::time::{HOUR_US, MINUTE_US};
use domain::{Channel, Timestamp};
use registry::CallError;
use registry::Class;
use registry::wire::{Package, Subscription};
use store::Writer;
use store::brands::Brand;
use store::registry_rests::{Pause, Rest, RestScope};
use store::registry_work::{ClaimedList, RegistryItem};

use super::alarms;
use crate::error::EngineError;
use crate::{Engine, Step};

/// How long what İYS turned down rests: ten minutes first, six hours at most.
const PAUSE: Pause = Pause {
    first_us: 10 * MINUTE_US,
    max_us: 6 * HOUR_US,
};
/// How long one worker may be about asking.
const ASK_LEASE_US: i64 = 2 * MINUTE_US;
/// When İYS is asked again that did not say: it may have been one broken line.
const ASK_AGAIN_US: i64 = 2 * MINUTE_US;
/// Rests asked about in one step.
const ASKED_MAX: usize = 20;

/// What İYS said about a package whose rest was over.
enum Answer {
    /// Nothing speaks against a try.
    MayTry,
    /// The same as before, in these words.
    StillNot(String),
    /// It did not say, and is not to be asked before then.
    NoAnswer(Option<Timestamp>),
}

/// What a refusal of the account stops: rights are given channel by channel.
fn scope_of(error: &CallError, channel: Channel) -> RestScope {
    match error.code.as_deref() {
        Some("H353" | "H355") => RestScope::of(channel),
        Some("H525") => RestScope::Consents,
        _ => RestScope::Account,
    }
}

impl Engine {
    /// The account at İYS must be put right first: the list and all others of
    /// its kind rest, and somebody is told. For a full package only `items` of it rest.
    pub(super) async fn rest_list(
        &self,
        writer: &mut Writer,
        list: &ClaimedList,
        items: &[RegistryItem],
        brand: &Brand,
        error: &CallError,
    ) -> Result<(), EngineError> {
        let scope = scope_of(error, list.channel);
        let text = error.to_string();
        let next = writer.begin_rest(brand.id, scope, PAUSE, &text).await?;
        writer
            .postpone_list(list, items, next, true, Some(&text))
            .await?;
        alarms::account_fails(writer, brand, scope, &text).await
    }

    /// A call that is about no list was refused because of the account.
    pub(super) async fn rest_account(
        &self,
        brand: &Brand,
        error: &CallError,
    ) -> Result<(), EngineError> {
        if error.class != Class::Configuration {
            return Ok(());
        }
        let text = error.to_string();
        let mut writer = self.store.write().await?;
        writer
            .begin_rest(brand.id, RestScope::Account, PAUSE, &text)
            .await?;
        alarms::account_fails(&mut writer, brand, RestScope::Account, &text).await?;
        writer.commit().await?;
        Ok(())
    }

    /// Asks İYS about accounts and packages whose rest is over.
    pub(super) async fn ask_about_rests(&self) -> Result<Step, EngineError> {
        // Nobody is kept from writing while nobody rests.
        if !self.store.read().await?.is_a_rest_over(self.now()).await? {
            return Ok(Step::Idle);
        }
        let lease_until = self.now().plus_micros(ASK_LEASE_US);
        let mut writer = self.store.write().await?;
        let over = writer.rests_to_ask_about(lease_until, ASKED_MAX).await?;
        if over.is_empty() {
            return Ok(Step::Idle);
        }
        writer.commit().await?;
        for rest in &over {
            self.ask_about_rest(rest).await?;
        }
        Ok(Step::Did)
    }

    async fn ask_about_rest(&self, rest: &Rest) -> Result<(), EngineError> {
        let brand = self.store.read().await?.brand_at_work(rest.brand).await?;
        let line = if brand.mode.is_connected() {
            self.line(brand.id).await?
        } else {
            None
        };
        let answer = match &line {
            // Nobody rests whom nobody calls for.
            None => Answer::MayTry,
            Some(line) => match line.client.subscription(line.address.iys_code).await {
                Ok(package) => about(&package, rest.scope),
                Err(error) if error.class == Class::Configuration => {
                    Answer::StillNot(error.to_string())
                }
                Err(error) => {
                    tracing::warn!(brand.id = %brand.id, "İYS did not say whether the account works: {error}");
                    Answer::NoAnswer(error.not_before)
                }
            },
        };
        let now = self.now();
        let mut writer = self.store.write().await?;
        match answer {
            Answer::MayTry => writer.change_rest(rest, None, rest.pause_us).await?,
            Answer::NoAnswer(not_before) => {
                let until = now.plus_micros(ASK_AGAIN_US);
                let until = not_before.map_or(until, |at| until.max(at));
                writer.change_rest(rest, Some(until), rest.pause_us).await?;
            }
            Answer::StillNot(text) => {
                let pause_us = rest.pause_us.saturating_mul(2).min(PAUSE.max_us);
                let until = now.plus_micros(pause_us);
                writer.change_rest(rest, Some(until), pause_us).await?;
                alarms::account_fails(&mut writer, &brand, rest.scope, &text).await?;
            }
        }
        writer.commit().await?;
        Ok(())
    }

    /// A person says that the brand's account works again: what rested is due
    /// now. Whether anything rested.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such brand.
    pub async fn resume_registry(&self, firm: FirmId, brand: BrandId) -> Result<bool, EngineError> {
        let mut writer = self.store.write().await?;
        let held = writer.brand(firm, brand).await?;
        held.ok_or(EngineError::NotFound { what: "the brand" })?;
        let rested = writer.end_rests(brand).await?;
        writer.commit().await?;
        if rested {
            self.wake.registry.notify_waiters();
        }
        Ok(rested)
    }
}

/// What the package says about a try. A word that this version does not know is none against it.
fn about(package: &Package, scope: RestScope) -> Answer {
    let is_full = package.is_exceeded == Some(true)
        || package
            .consent_limit
            .zip(package.consents_used)
            .is_some_and(|(limit, used)| used >= limit);
    match package.status {
        Subscription::Paused | Subscription::Expired | Subscription::Closed => {
            Answer::StillNot(format!("İYS: the subscription is {:?}", package.status))
        }
        _ if scope == RestScope::Consents && is_full => {
            Answer::StillNot("İYS: the package is full".to_owned())
        }
        Subscription::Active | Subscription::Unknown => Answer::MayTry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(status: Subscription, used: Option<(i64, i64)>) -> Package {
        Package {
            status,
            consent_limit: used.map(|(_, limit)| limit),
            consents_used: used.map(|(used, _)| used),
            is_exceeded: None,
        }
    }

    fn may_try(package: &Package, scope: RestScope) -> bool {
        matches!(about(package, scope), Answer::MayTry)
    }

    #[test]
    fn a_package_that_lapsed_or_is_full_is_not_tried() {
        let active = |used| package(Subscription::Active, used);
        assert!(may_try(&active(None), RestScope::Account));
        assert!(may_try(&active(Some((9, 10))), RestScope::Consents));
        assert!(!may_try(&active(Some((10, 10))), RestScope::Consents));
        // A full package stops new consents alone.
        assert!(may_try(&active(Some((10, 10))), RestScope::Account));
        for lapsed in [Subscription::Paused, Subscription::Closed] {
            assert!(!may_try(&package(lapsed, None), RestScope::Account));
        }
    }
}
