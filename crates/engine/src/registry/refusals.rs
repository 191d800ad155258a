//! Who has no record at İYS, without looking everybody up singly (1,000 an
//! hour): İYS counts a brand's refusals, and while its count is ours, nobody
//! holds a refusal there that we do not know of.
//!
//! An address that the list query does not confirm is refused there or unknown
//! there. It is taken for unknown only when all of this holds:
//!
//! 1. İYS's count of the brand's refusals is the number of those we know,
//!    strangers included. Where both are zero that is all; otherwise both must
//!    have agreed for two hours, longer than the feeds lag, so that a refusal
//!    that was taken back cannot hide one that we never heard of.
//! 2. The consent is older than what both feeds have shown us to their end
//!    (they are an hour behind): a refusal before it would have been told.
//! 3. A refusal after the consent is newer, and İYS itself lets it stand (H178).
//!
//! Whoever does not meet this is looked up singly. Nobody is written over.

use domain::time::{HOUR_US, SECOND_US};
use domain::{LocalState, ReasonCode, RegistryMode, RegistryView, Status, Timestamp, Verdict};
use store::brands::Brand;
use store::registry_accounts::RegistryFeed;
use store::registry_counts::RefusalCount;
use store::registry_work::{ClaimedList, RegistryItem};

use super::Line;
use crate::Engine;
use crate::error::EngineError;

/// How long a count serves for the lists that follow each other.
const COUNT_US_MAX: i64 = 60 * SECOND_US;
/// How long both counts must have agreed where there are refusals.
const AGREES_US_MIN: i64 = 2 * HOUR_US;
/// How far the feeds are behind.
const FEED_LAG_US: i64 = HOUR_US;

/// Up to which consent date an address that İYS does not confirm has no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KnownUpTo(Option<Timestamp>);

impl KnownUpTo {
    /// Nothing is known without a look.
    pub(super) const NOTHING: Self = Self(None);

    /// Whether this key, which İYS does not confirm, has no record there.
    pub(super) fn has_no_record(self, view: &RegistryView, local: Option<&LocalState>) -> bool {
        let argued = matches!(
            view.code,
            Some(ReasonCode::I174 | ReasonCode::I175 | ReasonCode::I178)
        );
        let said = local.filter(|said| said.status == Status::Onay && !said.citizen);
        view.verdict == Verdict::NotConfirmed
            && !argued
            && said.is_some_and(|said| self.0.is_some_and(|up_to| said.consent_date < up_to))
    }
}

/// What the count of a brand lets us know.
fn known(count: &RefusalCount, feeds_at: Timestamp, now: Timestamp) -> KnownUpTo {
    let is_fresh = (0..=COUNT_US_MAX).contains(&now.since(count.asked_at));
    let Some(since) = count.agrees_since.filter(|_| is_fresh) else {
        return KnownUpTo::NOTHING;
    };
    let is_settled = count.theirs == 0 || count.asked_at.since(since) >= AGREES_US_MIN;
    let shown = feeds_at.plus_micros(-FEED_LAG_US);
    KnownUpTo(is_settled.then(|| shown.min(count.asked_at)))
}

impl Engine {
    /// Up to which consent date unconfirmed addresses of the brand have no
    /// record at İYS; asks for the brand's count when the last one is old.
    pub(super) async fn known_refusals(
        &self,
        brand: &Brand,
        line: &Line,
    ) -> Result<KnownUpTo, EngineError> {
        if brand.mode != RegistryMode::Integrator {
            return Ok(KnownUpTo::NOTHING);
        }
        let mut reader = self.store.read().await?;
        let mut feeds_at = None;
        for feed in [RegistryFeed::Citizen, RegistryFeed::Firm] {
            let position = reader.feed_position(brand.id, feed).await?;
            let Some(complete_at) = position.and_then(|position| position.complete_at) else {
                return Ok(KnownUpTo::NOTHING);
            };
            feeds_at = Some(feeds_at.map_or(complete_at, |at: Timestamp| at.min(complete_at)));
        }
        let held = reader.refusal_count(brand.id).await?;
        drop(reader);
        let now = self.now();
        let fresh = held.filter(|count| (0..=COUNT_US_MAX).contains(&now.since(count.asked_at)));
        let count = match fresh {
            Some(count) => Some(count),
            None => self.count_refusals(brand, line).await?,
        };
        Ok(match (count, feeds_at) {
            // A feed with a gap has shown nothing to its end.
            (Some(count), Some(feeds_at)) if !brand.feed.is_lost(now) => {
                known(&count, feeds_at, now)
            }
            _ => KnownUpTo::NOTHING,
        })
    }

    /// Asks İYS how many refusals it holds of the brand; none when it does not say.
    pub(super) async fn count_refusals(
        &self,
        brand: &Brand,
        line: &Line,
    ) -> Result<Option<RefusalCount>, EngineError> {
        let asked_at = self.now();
        let brands = match line.client.brands(line.address.iys_code).await {
            Ok(brands) => brands,
            Err(error) => {
                tracing::warn!(brand.id = %brand.id, "İYS did not count the refusals: {error}");
                return Ok(None);
            }
        };
        let theirs = brands
            .iter()
            .find(|info| info.brand_code == line.address.brand_code)
            .and_then(|info| Some(info.totals?.rejection));
        let Some(theirs) = theirs else {
            return Ok(None);
        };
        let mut writer = self.store.write().await?;
        let count = writer
            .note_refusal_count(brand.id, asked_at, theirs)
            .await?;
        writer.commit().await?;
        Ok(Some(count))
    }

    /// Settles those of a list of look-ups that need none any more; gives the
    /// list with the rest, none when nothing is left.
    pub(super) async fn without_known(
        &self,
        list: ClaimedList,
        brand: &Brand,
        line: &Line,
    ) -> Result<Option<ClaimedList>, EngineError> {
        let up_to = self.known_refusals(brand, line).await?;
        if up_to == KnownUpTo::NOTHING {
            return Ok(Some(list));
        }
        let ids: Vec<_> = list.items.iter().map(|item| item.id).collect();
        let mut writer = self.store.write().await?;
        let mut is_known = vec![false; ids.len()];
        let states = writer
            .update_mirror(
                brand.firm,
                brand.id,
                list.channel,
                list.kind,
                &ids,
                |place, state| {
                    let known = up_to.has_no_record(&state.registry, state.local.as_ref());
                    if let Some(mark) = is_known.get_mut(place) {
                        *mark = known;
                    }
                    known.then(|| no_record(&state.registry))
                },
            )
            .await?;
        let mut rest: Vec<RegistryItem> = Vec::new();
        let (mut items, mut held) = (Vec::new(), Vec::new());
        for ((item, state), known) in list.items.iter().zip(states).zip(&is_known) {
            if *known {
                items.push(item.clone());
                held.push(state);
            } else {
                rest.push(item.clone());
            }
        }
        if items.is_empty() {
            return Ok(Some(list));
        }
        self.plan_next(&mut writer, &list, brand, &items, &held)
            .await?;
        if rest.is_empty() {
            writer.finish_list(&list).await?;
            writer.commit().await?;
            return Ok(None);
        }
        writer.commit().await?;
        Ok(Some(ClaimedList {
            items: rest,
            ..list
        }))
    }
}

/// The view of a key that has no record: known since the list query, which is
/// what the consent must be older than.
pub(super) fn no_record(view: &RegistryView) -> RegistryView {
    RegistryView {
        verdict: Verdict::NoRecord,
        code: None,
        ..view.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(100 * HOUR_US);

    fn count(theirs: i64, ours: i64, agrees_for_us: i64) -> RefusalCount {
        let agrees = (theirs == ours).then(|| NOW.plus_micros(-agrees_for_us));
        RefusalCount {
            asked_at: NOW,
            theirs,
            ours,
            agrees_since: agrees,
        }
    }

    #[test]
    fn one_refusal_that_we_do_not_know_of_makes_everybody_be_looked_up() {
        assert_eq!(known(&count(5, 4, 0), NOW, NOW), KnownUpTo::NOTHING);
        assert_eq!(known(&count(4, 5, 0), NOW, NOW), KnownUpTo::NOTHING);
        assert_eq!(known(&count(5, 5, HOUR_US), NOW, NOW), KnownUpTo::NOTHING);
        let settled = known(&count(5, 5, AGREES_US_MIN), NOW, NOW);
        assert_eq!(settled, KnownUpTo(Some(NOW.plus_micros(-FEED_LAG_US))));
        let none_at_all = known(&count(0, 0, 0), NOW, NOW);
        assert_eq!(none_at_all, settled);
        let later = NOW.plus_micros(COUNT_US_MAX + 1);
        assert_eq!(known(&count(0, 0, 0), later, later), KnownUpTo::NOTHING);
    }

    #[test]
    fn a_consent_younger_than_what_the_feeds_have_shown_is_looked_up() {
        let up_to = known(&count(0, 0, 0), NOW, NOW);
        let view = RegistryView {
            verdict: Verdict::NotConfirmed,
            ..RegistryView::UNASKED
        };
        let said = |status, hours_ago: i64| LocalState {
            status,
            consent_date: NOW.plus_micros(-hours_ago * HOUR_US),
            recorded_at: NOW,
            event: domain::ids::EventId::from_db(1),
            citizen: false,
        };
        assert!(up_to.has_no_record(&view, Some(&said(Status::Onay, 2))));
        assert!(!up_to.has_no_record(&view, Some(&said(Status::Onay, 1))));
        assert!(!up_to.has_no_record(&view, Some(&said(Status::Ret, 2))));
        assert!(!up_to.has_no_record(&view, None));
        let argued = RegistryView {
            code: Some(ReasonCode::I178),
            ..view
        };
        assert!(!up_to.has_no_record(&argued, Some(&said(Status::Onay, 2))));
    }
}
