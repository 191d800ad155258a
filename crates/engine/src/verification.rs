//! The ledger recomputed by the program itself: every brand's chain, its firm's
//! trail and the seals in it, once a week, with an entry in the trail and an
//! alarm when anything differs (A301).

use std::ops::ControlFlow;

use domain::alarm::AlarmCode;
use domain::ids::BrandId;
use domain::time::{DAY_US, HOUR_US};
use serde_json::json;
use store::alarms::{AlarmDetail, AlarmKey};
use store::brands::Brand;
use store::ledger::{Fault, Verification};

use crate::error::EngineError;
use crate::seals::TrailCheck;
use crate::{Engine, Step};

/// How long a check may take before another worker begins anew: a hundred
/// million events take less than an hour.
const LEASE_US: i64 = 6 * HOUR_US;

/// What recomputing a brand's ledger and its firm's trail found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerFound {
    /// The chain of consents.
    pub ledger: Verification,
    /// The trail and the seals of campaigns in it.
    pub trail: TrailCheck,
}

impl LedgerFound {
    /// The first thing that differs, in Turkish; none when everything agrees.
    pub fn differs_tr(&self) -> Option<String> {
        let ledger = self.ledger.fault.as_ref().map(Fault::text_tr);
        let trail = self
            .trail
            .trail
            .broken
            .map(|(number, _)| format!("denetim kaydının {number}. satırı farklı"));
        let seal = self
            .trail
            .broken_seal
            .map(|(campaign, _)| format!("{campaign} gönderiminin mührü farklı"));
        ledger.or(trail).or(seal)
    }
}

fn key(brand: &Brand) -> AlarmKey<'static> {
    AlarmKey {
        firm: brand.firm,
        brand: Some(brand.id),
        code: AlarmCode::LedgerDiffers,
        subject: "",
    }
}

impl Engine {
    /// Recomputes the ledger of one brand whose turn it is.
    ///
    /// # Errors
    /// [`EngineError`] when the database cannot.
    pub async fn step_verify(&self) -> Result<Step, EngineError> {
        let days = self.settings.housekeeping.verify_ledger_days;
        if days == 0 || self.is_stopping() {
            return Ok(Step::Idle);
        }
        let now = self.now();
        let before = now.plus_micros(-days.saturating_mul(DAY_US));
        let Some(brand) = self.store.read().await?.ledger_to_check(before).await? else {
            return Ok(Step::Idle);
        };
        let mut writer = self.store.write().await?;
        let is_ours = writer
            .begin_ledger_check(brand, now.plus_micros(LEASE_US))
            .await?;
        writer.commit().await?;
        if !is_ours {
            return Ok(Step::Idle);
        }
        let actor = self.worker().to_owned();
        self.verify_ledger(brand, false, &actor).await?;
        Ok(Step::Did)
    }

    /// Recomputes a brand's ledger and its firm's trail now, writes into the
    /// trail what was found, and raises or clears A301.
    ///
    /// `only_new` begins behind what was found right the last time; what lies
    /// before it then keeps an alarm that stands.
    ///
    /// # Errors
    /// [`EngineError`] when the database cannot, or holds a row that cannot be.
    pub async fn verify_ledger(
        &self,
        brand: BrandId,
        only_new: bool,
        actor: &str,
    ) -> Result<LedgerFound, EngineError> {
        let held = self.store.read().await?.brand_at_work(brand).await?;
        let go_on = |_| {
            if self.is_stopping() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let ledger = if only_new {
            self.store.verify_ledger_since(brand, go_on).await?
        } else {
            self.store.verify_ledger(brand, go_on).await?
        };
        let trail = self.verify_trail(held.firm).await?;
        let found = LedgerFound { ledger, trail };
        if self.is_stopping() && found.differs_tr().is_none() {
            // Cut short: nothing was found, and nothing is claimed.
            return Ok(found);
        }
        self.note_verification(&held, &found, only_new, actor)
            .await?;
        Ok(found)
    }

    async fn note_verification(
        &self,
        brand: &Brand,
        found: &LedgerFound,
        only_new: bool,
        actor: &str,
    ) -> Result<(), EngineError> {
        let differs = found.differs_tr();
        let mut writer = self.store.write().await?;
        if let Some(text) = &differs {
            let detail = AlarmDetail::from([("detail".to_owned(), text.clone())]);
            writer.raise_alarm(key(brand), &detail).await?;
            tracing::error!(brand.id = %brand.id, "the ledger is not what was written: {text}");
        } else if !only_new {
            writer.clear_alarm(key(brand)).await?;
        }
        if !only_new || differs.is_some() {
            writer
                .end_ledger_check(brand.id, differs.as_deref())
                .await?;
        }
        let detail = json!({
            "blocks": found.ledger.blocks, "events": found.ledger.events, "only_new": only_new,
            "audit_entries": found.trail.trail.entries, "campaign_seals": found.trail.seals,
            "differs": differs,
        });
        let subject = brand.id.to_string();
        writer
            .append_audit(brand.firm, actor, "ledger.verified", &subject, &detail)
            .await?;
        writer.commit().await?;
        Ok(())
    }
}
