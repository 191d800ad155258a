//! How far a brand's consents reach (*izin kapsamı*), counted now and then for
//! the screens that show it.

use domain::Timestamp;
use domain::ids::{BrandId, FirmId};
use domain::time::MINUTE_US;
use store::consent_figures::{ConsentFigure, MutedPurpose, turkish_day};

use crate::error::EngineError;
use crate::{Engine, Step};

/// Figures older than this are taken anew.
const FRESH_US: i64 = 10 * MINUTE_US;
/// A brand with more consents than this is counted by the worker alone: about
/// 50 ms of a screen's time.
const COUNTED_AT_ONCE_MAX: i64 = 200_000;
/// Days that a trend shows.
pub const TREND_DAYS: i64 = 30;
/// Brands counted in one round.
const BRANDS_PER_ROUND: usize = 1_000;

/// What a screen shows of a brand's consents.
#[derive(Debug, Clone)]
pub struct Coverage {
    /// By day and channel, the oldest first.
    pub figures: Vec<ConsentFigure>,
    /// Purposes that people muted.
    pub muted: Vec<MutedPurpose>,
    /// When the newest figures were taken.
    pub taken_at: Option<Timestamp>,
}

impl Engine {
    /// The figures of a brand; small brands are counted at once when theirs
    /// are old.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such brand.
    pub async fn coverage(&self, firm: FirmId, brand: BrandId) -> Result<Coverage, EngineError> {
        let mut reader = self.store.read().await?;
        reader
            .brand(firm, brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        let from = turkish_day(self.now()) - TREND_DAYS + 1;
        let mut figures = reader.consent_figures(brand, from).await?;
        if self.may_count_at_once(&figures) {
            drop(reader);
            self.take_figures(brand).await?;
            reader = self.store.read().await?;
            figures = reader.consent_figures(brand, from).await?;
        }
        let muted = reader.muted_counts(brand).await?;
        let taken_at = figures.iter().map(|figure| figure.taken_at).max();
        Ok(Coverage {
            figures,
            muted,
            taken_at,
        })
    }

    fn may_count_at_once(&self, figures: &[ConsentFigure]) -> bool {
        let Some(newest) = figures.iter().map(|figure| figure.taken_at).max() else {
            return true;
        };
        let of_newest = figures.iter().filter(|figure| figure.taken_at == newest);
        let people: i64 = of_newest
            .map(|figure| figure.confirmed + figure.unconfirmed + figure.refused)
            .sum();
        self.now().since(newest) > FRESH_US && people <= COUNTED_AT_ONCE_MAX
    }

    async fn take_figures(&self, brand: BrandId) -> Result<(), EngineError> {
        let figures = self.store.read().await?.count_consents(brand).await?;
        if figures.is_empty() {
            return Ok(());
        }
        let mut writer = self.store.write().await?;
        writer.keep_consent_figures(brand, &figures).await?;
        writer.commit().await?;
        Ok(())
    }

    /// Counts the consents of every brand: one round of the worker.
    ///
    /// # Errors
    /// [`EngineError::Store`] when the store could not.
    pub async fn step_coverage(&self) -> Result<Step, EngineError> {
        let mut after = None;
        loop {
            let mut reader = self.store.read().await?;
            let brands = reader.brand_numbers(after, BRANDS_PER_ROUND).await?;
            drop(reader);
            for brand in &brands {
                self.take_figures(*brand).await?;
            }
            after = brands.last().copied();
            if brands.len() < BRANDS_PER_ROUND {
                // Nothing more until the pause is over.
                return Ok(Step::Idle);
            }
        }
    }
}
