//! A change of mode is looked at first and made afterwards: how many people
//! become sendable or unsendable, and for how many a record may be made.

use domain::calendar::Calendar;
use domain::ids::{BrandId, FirmId};
use domain::time::{DAY_US, MINUTE_US};
use domain::{RegistryMode, Timestamp};
use serde_json::json;
use store::brands::Brand;
use store::registry_modes::ModeFigures;
use store::registry_sweep::SweepPurpose;

use crate::Engine;
use crate::error::EngineError;

/// How long what was seen may be acted on.
pub const SEEN_MINUTES: i64 = 60;
/// No reading of three business days is longer: a feast of nine days, and the
/// weekends around it.
const WINDOW_DAYS_MAX: i64 = 20;

/// What a change of mode would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModePreview {
    /// Under which it is made.
    pub id: i64,
    /// The brand as it is.
    pub brand: Brand,
    /// The mode it would have.
    pub to: RegistryMode,
    /// By channel and capacity.
    pub figures: Vec<ModeFigures>,
    /// Until when it may be made.
    pub valid_until: Timestamp,
}

/// The oldest date of a consent that İYS would still take (H467), by the most
/// generous reading.
pub(crate) fn oldest_creatable(calendar: &Calendar, now: Timestamp) -> Timestamp {
    let is_open = |days: i64| {
        let event = now.plus_micros(-days * DAY_US).to_turkish();
        Timestamp::from_turkish(calendar.deadlines(event).grace) >= now
    };
    let days = (0..=WINDOW_DAYS_MAX).rev().find(|days| is_open(*days));
    now.plus_micros(-days.unwrap_or(0) * DAY_US)
}

impl Engine {
    /// What it would do to the brand's people to change its mode.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it has that mode, or lacks what the mode needs.
    pub async fn preview_mode(
        &self,
        firm: FirmId,
        brand: BrandId,
        to: RegistryMode,
        off_reason: Option<&str>,
        actor: &str,
    ) -> Result<ModePreview, EngineError> {
        let mut writer = self.store.write().await?;
        let held = writer
            .brand(firm, brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        if held.mode == to {
            return Err(EngineError::conflict("the brand", "has this mode already"));
        }
        check_connection(&held, to)?;
        let owner = writer.firm(firm).await?;
        let owner = owner.ok_or(EngineError::NotFound { what: "the firm" })?;
        self.check_mode(&owner, to)?;
        let mut then = held.clone();
        then.mode = to;
        if let Some(reason) = off_reason {
            then.off_reason = Some(reason.to_owned());
        }
        let creatable_since = (to == RegistryMode::Integrator).then(|| match held.activation {
            // Before its activation date İYS takes consents of any age.
            Some(activation) if activation > self.now() => Timestamp::from_micros(0),
            _ => oldest_creatable(&self.calendar, self.now()),
        });
        let figures = writer
            .mode_figures(firm, brand, &held.policy(), &then.policy(), creatable_since)
            .await?;
        let id = writer
            .note_mode_change(brand, held.mode, to, &figures, actor)
            .await?;
        let detail = json!({ "from": held.mode, "to": to, "figures": figures });
        writer
            .append_audit(
                firm,
                actor,
                "registry.mode_preview",
                &brand.to_string(),
                &detail,
            )
            .await?;
        let valid_until = writer.now().plus_micros(SEEN_MINUTES * MINUTE_US);
        writer.commit().await?;
        Ok(ModePreview {
            id,
            brand: held,
            to,
            figures,
            valid_until,
        })
    }

    /// Makes a change of mode that was looked at. A brand that is connected
    /// asks İYS about everybody: in another mode other answers matter.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it was looked at too long ago, was made
    /// before, or the brand has another mode by now.
    pub async fn change_mode(
        &self,
        firm: FirmId,
        brand: BrandId,
        preview: i64,
        off_reason: Option<String>,
        rests_in_business_hours: bool,
        actor: &str,
    ) -> Result<Brand, EngineError> {
        let mut writer = self.store.write().await?;
        let mut held = writer.brand_to_change(firm, brand).await?;
        let change =
            writer
                .mode_change_to_make(brand, preview)
                .await?
                .ok_or(EngineError::NotFound {
                    what: "the preview",
                })?;
        if change.made_at.is_some() {
            return Err(EngineError::conflict("the preview", "was acted on before"));
        }
        if writer.now().since(change.seen_at) > SEEN_MINUTES * MINUTE_US {
            return Err(EngineError::conflict(
                "the preview",
                format!("is older than {SEEN_MINUTES} minutes; look again"),
            ));
        }
        if held.mode != change.from {
            return Err(EngineError::conflict(
                "the brand",
                "has changed its mode meanwhile; look again",
            ));
        }
        check_connection(&held, change.to)?;
        held.mode = change.to;
        if let Some(reason) = off_reason {
            held.off_reason = Some(reason);
        }
        writer.save_brand(&held).await?;
        writer.mode_change_made(preview, actor).await?;
        let detail = json!({
            "from": change.from, "to": change.to, "figures": change.figures,
            "seen_by": change.seen_by, "off_reason": held.off_reason,
        });
        let subject = brand.to_string();
        writer
            .append_audit(firm, actor, "registry.mode_change", &subject, &detail)
            .await?;
        if change.to.is_connected() {
            let purpose = SweepPurpose::FirstLoad;
            writer
                .begin_sweep(firm, brand, purpose, rests_in_business_hours, actor)
                .await?;
        }
        // Whoever becomes unsendable must not be in a batch that is claimed now.
        writer.wait_out_claims(firm).await?;
        writer.commit().await?;
        self.wake.registry.notify_waiters();
        Ok(held)
    }
}

fn check_connection(brand: &Brand, to: RegistryMode) -> Result<(), EngineError> {
    let lacks_codes = brand.iys_code.is_none() || brand.brand_code.is_none();
    if to.is_connected() && lacks_codes {
        return Err(EngineError::conflict(
            "the brand",
            "needs its İYS code and brand code before it can be connected",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn a_record_may_be_made_for_what_was_said_within_three_business_days() {
        // Monday: Wednesday of the week before is the third business day back.
        let monday = at("2025-06-23T10:00:00+03:00");
        assert_eq!(
            oldest_creatable(Calendar::builtin(), monday),
            at("2025-06-18T10:00:00+03:00")
        );
        let thursday = at("2025-06-26T10:00:00+03:00");
        assert_eq!(
            oldest_creatable(Calendar::builtin(), thursday),
            at("2025-06-23T10:00:00+03:00")
        );
    }
}
