//! What moves a running campaign on by itself: its time runs out, its canary
//! has come back, a route is gone. And what a person decides: which of two
//! texts the rest gets.

use domain::Timestamp;
use domain::ids::{CampaignId, ConnectorId, FirmId};
use domain::plan::{Canary, Part};
use domain::time::MINUTE_US;
use store::campaign_flow::{Brake, CanaryEnd, PartCount, Winner};
use store::campaigns::{Campaign, CampaignState};
use store::optouts::TurnedAway;

use super::Route;
use crate::error::EngineError;
use crate::{Engine, Step};

/// Campaigns looked at in one turn.
const WATCHED_TOGETHER: usize = 100;

/// What a canary says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Wait,
    Pass,
    Brake(Brake),
}

fn verdict(canary: Canary, count: &PartCount, away: TurnedAway, now: Timestamp) -> Verdict {
    let over = |of: i64| count.failed > 0 && count.failed * 100 >= canary.brake_percent * of;
    if count.planned > 0 && over(count.planned) {
        return Verdict::Brake(Brake::Failures);
    }
    let too_many =
        |people: i64| people > 0 && people * 100 >= canary.refusal_percent() * count.planned;
    if too_many(away.complained) {
        return Verdict::Brake(Brake::Complaints);
    }
    if too_many(away.refused) {
        return Verdict::Brake(Brake::Refusals);
    }
    let Some(settled_at) = count.settled_at.filter(|_| count.unsettled == 0) else {
        return if count.planned == 0 {
            Verdict::Pass
        } else {
            Verdict::Wait
        };
    };
    if count.accepted == 0 {
        // When the gate let nobody go there is nothing to learn.
        return Verdict::Pass;
    }
    let is_out = |minutes: i64| now.since(settled_at) < minutes * MINUTE_US;
    if count.known() >= count.accepted && count.known() > 0 {
        // Everybody's outcome is final; people may still write back.
        return if is_out(canary.refusal_minutes.unwrap_or(0)) {
            Verdict::Wait
        } else {
            Verdict::Pass
        };
    }
    if is_out(canary.wait_minutes) {
        return Verdict::Wait;
    }
    // Not one receipt is no good sign: a person looks.
    if count.known() == 0 {
        Verdict::Brake(Brake::Silence)
    } else if over(count.known()) {
        Verdict::Brake(Brake::Failures)
    } else {
        Verdict::Pass
    }
}

impl Engine {
    /// Looks after running campaigns that have a plan.
    pub async fn step_watch(&self) -> Result<Step, EngineError> {
        let mut after = CampaignId::from_db(0);
        let mut step = Step::Idle;
        loop {
            let found = self
                .store
                .read()
                .await?
                .campaigns_to_watch(after, WATCHED_TOGETHER)
                .await?;
            let Some(last) = found.last() else {
                return Ok(step);
            };
            after = *last;
            for id in found {
                step = step.or(self.watch(id).await?);
            }
        }
    }

    async fn watch(&self, id: CampaignId) -> Result<Step, EngineError> {
        let campaign = self.store.read().await?.campaign_at_work(id).await?;
        let now = self.now();
        if campaign.plan.is_expired(now) {
            let mut writer = self.store.write().await?;
            let hastened = writer.hasten_batches(id).await?;
            writer.commit().await?;
            return Ok(Step::of(usize::try_from(hastened).unwrap_or(usize::MAX)));
        }
        let mut step = Step::Idle;
        if let (Some(canary), None) = (campaign.plan.canary, &campaign.progress.canary) {
            step = step.or(self.watch_canary(&campaign, canary).await?);
        }
        if !campaign.plan.fallbacks.is_empty() {
            step = step.or(self.fail_over(&campaign).await?);
        }
        Ok(step)
    }

    async fn watch_canary(&self, campaign: &Campaign, canary: Canary) -> Result<Step, EngineError> {
        let now = self.now();
        let mut writer = self.store.write().await?;
        let count = writer.part_count(campaign.id, Part::Canary).await?;
        let away = writer.turned_away(campaign, Part::Canary).await?;
        let brake = match verdict(canary, &count, away, now) {
            Verdict::Wait => return Ok(Step::Idle),
            Verdict::Pass => None,
            Verdict::Brake(why) => Some(why),
        };
        let passed = brake.is_none();
        let mut progress = campaign.progress.clone();
        progress.canary = Some(CanaryEnd {
            passed,
            failed: count.failed,
            known: count.known(),
            refused: away.refused,
            complained: away.complained,
            brake,
            at: now,
        });
        if passed {
            writer
                .release_part(
                    campaign.id,
                    Part::Whole,
                    &campaign.plan,
                    campaign.batch_size,
                    now,
                )
                .await?;
        } else {
            let from = [CampaignState::Running];
            writer
                .move_campaign(
                    campaign.firm,
                    campaign.id,
                    &from,
                    CampaignState::Paused,
                    None,
                )
                .await?;
            writer.pause_batches(campaign.id, true).await?;
        }
        writer.set_progress(campaign.id, &progress).await?;
        let detail = serde_json::json!({
            "planned": count.planned, "failed": count.failed, "known": count.known(),
            "refused": away.refused, "complained": away.complained, "brake": brake,
        });
        let action = if passed {
            "campaign.canary_passed"
        } else {
            "campaign.brake"
        };
        writer
            .append_audit(
                campaign.firm,
                self.worker(),
                action,
                &campaign.id.to_string(),
                &detail,
            )
            .await?;
        writer.commit().await?;
        if let Some(why) = brake {
            tracing::warn!(
                campaign.id = %campaign.id, failed = count.failed, refused = away.refused,
                complained = away.complained, planned = count.planned,
                "the canary of campaign {} failed ({why}); it is paused", campaign.id
            );
        } else {
            self.wake.dispatch.notify_waiters();
        }
        Ok(Step::Did)
    }

    /// Hands what waits on a route that is gone to the next allowed one.
    async fn fail_over(&self, campaign: &Campaign) -> Result<Step, EngineError> {
        let mut reader = self.store.read().await?;
        let waiting = reader.waiting_routes(campaign.id).await?;
        let routes = self.routes(&mut reader, campaign).await?;
        let is_mail = campaign.channel == domain::Channel::Eposta;
        let mut moves = Vec::new();
        for from in waiting {
            let Some(place) = routes.iter().position(|route| route.account.id == from) else {
                continue;
            };
            let is_shut = routes
                .get(place)
                .is_some_and(|route| route.obstacle.is_some());
            let to = if is_shut {
                next_open(campaign, &routes, 0)
            } else if reader.fails_over(campaign.id, from, is_mail).await? {
                // It only keeps failing: forward, never in a circle.
                next_open(campaign, &routes, place + 1)
            } else {
                None
            };
            moves.extend(to.map(|to| (from, to)));
        }
        drop(reader);
        let mut moved = 0;
        for (from, to) in moves {
            moved += self.move_batches(campaign, from, to).await?;
        }
        Ok(Step::of(usize::try_from(moved).unwrap_or(usize::MAX)))
    }

    async fn move_batches(
        &self,
        campaign: &Campaign,
        from: ConnectorId,
        to: ConnectorId,
    ) -> Result<u64, EngineError> {
        let mut writer = self.store.write().await?;
        let moved = writer.move_batches(campaign.id, from, to).await?;
        if moved == 0 {
            return Ok(0);
        }
        let detail = serde_json::json!({ "from": from, "to": to, "batches": moved });
        writer
            .append_audit(
                campaign.firm,
                self.worker(),
                "campaign.fail_over",
                &campaign.id.to_string(),
                &detail,
            )
            .await?;
        writer.commit().await?;
        self.wake.dispatch.notify_waiters();
        tracing::warn!(
            campaign.id = %campaign.id, batches = moved,
            "{moved} batches of campaign {} take another route", campaign.id
        );
        Ok(moved)
    }

    /// Sends the better of two texts to the rest.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when the part is no text of a trial;
    /// [`EngineError::Conflict`] when there is no rest, or it was chosen.
    pub async fn choose_text(
        &self,
        firm: FirmId,
        id: CampaignId,
        part: Part,
        actor: &str,
    ) -> Result<Campaign, EngineError> {
        let held = self.campaign(firm, id).await?;
        if !matches!(part, Part::First | Part::Second) {
            return Err(EngineError::invalid("part", "must be `first` or `second`"));
        }
        let conflict = |problem: &str| Err(EngineError::conflict("the campaign", problem));
        let Some(split) = &held.plan.split else {
            return conflict("it does not try two texts");
        };
        if split.first_percent + split.second_percent == 100 {
            return conflict("nobody is left: both parts together are everybody");
        }
        if held.progress.winner.is_some() {
            return conflict("the text for the rest was chosen already");
        }
        if !matches!(held.state, CampaignState::Running | CampaignState::Paused) {
            return conflict("it is not running");
        }
        let now = self.now();
        let mut progress = held.progress.clone();
        progress.winner = Some(Winner {
            part,
            by: actor.to_owned(),
            at: now,
        });
        let mut writer = self.store.write().await?;
        writer.set_progress(id, &progress).await?;
        writer
            .release_part(id, Part::Rest, &held.plan, held.batch_size, now)
            .await?;
        let detail = serde_json::json!({ "part": part });
        writer
            .append_audit(
                firm,
                actor,
                "campaign.choose_text",
                &id.to_string(),
                &detail,
            )
            .await?;
        writer.commit().await?;
        self.wake.dispatch.notify_waiters();
        self.campaign(firm, id).await
    }

    /// What each part of a campaign has come to; empty for one without parts.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has none of this number.
    pub async fn parts(
        &self,
        firm: FirmId,
        id: CampaignId,
    ) -> Result<Vec<(Part, PartCount)>, EngineError> {
        let held = self.campaign(firm, id).await?;
        let parts: &[Part] = if held.plan.split.is_some() {
            &[Part::First, Part::Second, Part::Rest]
        } else if held.plan.canary.is_some() {
            &[Part::Canary, Part::Whole]
        } else {
            &[]
        };
        let mut reader = self.store.read().await?;
        let mut counts = Vec::with_capacity(parts.len());
        for part in parts {
            counts.push((*part, reader.part_count(id, *part).await?));
        }
        Ok(counts)
    }
}

/// The first open route of a campaign from a place on.
pub(crate) fn next_open(campaign: &Campaign, routes: &[Route], from: usize) -> Option<ConnectorId> {
    routes
        .iter()
        .skip(from)
        .find(|route| {
            let carries_link =
                route.is_foreign && super::text::texts(campaign).any(domain::lint::has_link);
            route.obstacle.is_none() && !carries_link
        })
        .map(|route| route.account.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: Canary = Canary {
        percent: 1,
        wait_minutes: 10,
        brake_percent: 30,
        brake_refusal_percent: None,
        refusal_minutes: None,
    };

    fn says(count: PartCount, minutes: i64) -> Verdict {
        let now = Timestamp::from_micros(minutes * MINUTE_US);
        verdict(CANARY, &count, TurnedAway::default(), now)
    }

    #[test]
    fn a_canary_brakes_when_its_people_refuse_or_complain_and_says_which() {
        let sent = PartCount {
            planned: 100,
            accepted: 100,
            delivered: 100,
            settled_at: Some(Timestamp::from_micros(0)),
            ..PartCount::default()
        };
        let patient = Canary {
            refusal_minutes: Some(10),
            ..CANARY
        };
        let says = |refused, complained, minutes: i64| {
            let away = TurnedAway {
                refused,
                complained,
            };
            verdict(
                patient,
                &sent,
                away,
                Timestamp::from_micros(minutes * MINUTE_US),
            )
        };
        assert_eq!(says(4, 0, 9), Verdict::Wait, "people may still write back");
        assert_eq!(says(4, 0, 10), Verdict::Pass);
        assert_eq!(says(5, 0, 1), Verdict::Brake(Brake::Refusals));
        assert_eq!(says(0, 5, 1), Verdict::Brake(Brake::Complaints));
    }

    #[test]
    fn a_canary_passes_when_everybody_is_known_and_few_failed() {
        let sent = PartCount {
            planned: 100,
            accepted: 100,
            settled_at: Some(Timestamp::from_micros(0)),
            ..PartCount::default()
        };
        assert_eq!(
            says(
                PartCount {
                    unsettled: 1,
                    settled_at: None,
                    ..sent
                },
                0
            ),
            Verdict::Wait
        );
        assert_eq!(
            says(
                PartCount {
                    delivered: 60,
                    failed: 2,
                    ..sent
                },
                5
            ),
            Verdict::Wait
        );
        assert_eq!(
            says(
                PartCount {
                    delivered: 98,
                    failed: 2,
                    ..sent
                },
                0
            ),
            Verdict::Pass
        );
        assert_eq!(
            says(
                PartCount {
                    delivered: 60,
                    failed: 2,
                    ..sent
                },
                10
            ),
            Verdict::Pass
        );
    }

    #[test]
    fn a_canary_brakes_at_its_share_of_failures_and_on_silence() {
        let sent = PartCount {
            planned: 100,
            accepted: 100,
            settled_at: Some(Timestamp::from_micros(0)),
            ..PartCount::default()
        };
        assert_eq!(
            says(PartCount { failed: 40, ..sent }, 0),
            Verdict::Brake(Brake::Failures)
        );
        assert_eq!(
            says(
                PartCount {
                    delivered: 5,
                    failed: 5,
                    ..sent
                },
                10
            ),
            Verdict::Brake(Brake::Failures)
        );
        assert_eq!(says(sent, 10), Verdict::Brake(Brake::Silence));
        let refused = PartCount {
            accepted: 0,
            failed: 100,
            ..sent
        };
        assert_eq!(says(refused, 0), Verdict::Brake(Brake::Failures));
        let gated = PartCount {
            accepted: 0,
            ..sent
        };
        assert_eq!(says(gated, 0), Verdict::Pass);
    }
}
