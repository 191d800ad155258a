//! What a refusal asks of us: whoever is at fault waits or fails, everybody else
//! goes on.
//!
//! | Class | At fault | What becomes of it |
//! | --- | --- | --- |
//! | T, U | nobody for long | the same people again, a few times, with growing pauses |
//! | P, R | somebody in the request, or the message | the batch is halved until whoever it is stands alone; when nobody at all was taken, the campaign is paused |
//! | S | the sender or the template | the campaigns that use it are paused |
//! | A | the account | it is broken until somebody puts it right |

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use connectors::{Class, Outcome, Refusal};
use domain::Timestamp;
use domain::ids::{CampaignId, ConnectorId, RecipientId};
use domain::time::SECOND_US;
use store::Writer;
use store::campaigns::{Campaign, CampaignState};
use store::connectors::ConnectorState;
use store::dispatch::{ExceptionClass, FailedAs, PickedBatch, SendException};

use crate::Engine;
use crate::campaigns::next_open;
use crate::error::EngineError;
use crate::provider_alarms as alarms;

/// Tries of a request, or of a person in it, that the provider refuses for now.
const TRIES_MAX: i64 = 6;
/// Tries of one that it refuses with a code nobody knows.
const UNKNOWN_CODE_TRIES_MAX: i64 = 2;
/// Each pause between tries is so many times as long as the one before: with
/// the usual first one of five seconds, six tries fit into half an hour.
const PAUSE_GROWTH: i64 = 4;
/// By how much of it, at most, a pause is shortened, so that requests that were
/// refused together do not come back together.
const SPREAD_PERCENT: i64 = 25;
/// How often the people of a batch are parted: more than it takes to find one
/// person in the largest request of any provider.
const SPLITS_MAX: i64 = 20;
/// Partings in vain after which the message is at fault and not somebody, as
/// long as the provider has taken nobody's.
const SPLITS_IN_VAIN: i64 = 2;
/// Single requests of a campaign that were malformed, with none accepted in
/// between, after which the message is at fault.
const STRIKES_MAX: u32 = 3;
/// Campaigns of which that is counted; beyond it all are counted anew.
const STRUCK_MAX: usize = 10_000;
/// Kinds of account where one sender has many templates, each with a fate of
/// its own.
const WITH_TEMPLATES: [&str; 1] = ["whatsapp"];

/// Whether the people of a refused batch may be tried apart: only where no
/// earlier request of it may have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parting {
    Allowed,
    Never,
}

/// A request that the provider refused as a whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused<'a> {
    pub(super) class: Class,
    /// Its code and words.
    pub(super) error: &'a str,
    /// People in the request.
    pub(super) people: usize,
    pub(super) parting: Parting,
}

/// The people whom an accepted request was refused for.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// Those who are tried again, apart from the others.
    pub(super) again: Vec<SendException>,
    /// Those for whom that was the last word.
    pub(super) last: Vec<SendException>,
}

/// Campaigns whose requests were malformed one after the other, in this process.
#[derive(Debug, Default)]
pub(crate) struct Strikes(Mutex<HashMap<CampaignId, u32>>);

impl Strikes {
    fn count(&self, campaign: CampaignId) -> u32 {
        let mut struck = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if struck.len() >= STRUCK_MAX {
            struck.clear();
        }
        let count = struck.entry(campaign).or_default();
        *count += 1;
        *count
    }

    fn forget(&self, campaign: CampaignId) {
        let mut struck = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !struck.is_empty() {
            struck.remove(&campaign);
        }
    }
}

impl Engine {
    /// The provider refused the whole request; nothing of it was sent.
    pub(super) async fn settle_refused(
        &self,
        writer: &mut Writer,
        batch: &PickedBatch,
        refused: Refused<'_>,
    ) -> Result<(), EngineError> {
        let error = refused.error;
        match refused.class {
            Class::Account => {
                // The account must be put right by a person; its batches wait.
                break_account(writer, batch.connector, error).await?;
                let next = self.again(None);
                Ok(writer.return_to_pending(batch, next, error).await?)
            }
            Class::Sender => {
                let way_out = self.refused_sender(writer, batch, error).await?;
                let next = self.again(None);
                writer.return_to_pending(batch, next, error).await?;
                if let Some(to) = way_out {
                    let campaign = batch.key.campaign;
                    writer.move_batches(campaign, batch.connector, to).await?;
                }
                Ok(())
            }
            Class::Transient => {
                let (most, end) = (TRIES_MAX, FailedAs::KeptRefusing);
                self.refused_for_now(writer, batch, most, end, error).await
            }
            Class::Undocumented => {
                let (most, end) = (UNKNOWN_CODE_TRIES_MAX, FailedAs::UnknownCode);
                self.refused_for_now(writer, batch, most, end, error).await
            }
            Class::Permanent | Class::Request if refused.parting == Parting::Allowed => {
                self.refused_for_good(writer, batch, refused).await
            }
            Class::Permanent if batch.size == 1 => Ok(writer
                .settle_failed(batch, FailedAs::Recipient, error)
                .await?),
            Class::Permanent | Class::Request | Class::Duplicate => Ok(writer
                .settle_failed(batch, FailedAs::Refused, error)
                .await?),
        }
    }

    /// Tries a refused request again after a pause that grows; after the last
    /// try it has failed. The count is in the row: no crash begins it anew.
    async fn refused_for_now(
        &self,
        writer: &mut Writer,
        batch: &PickedBatch,
        tries_max: i64,
        end: FailedAs,
        error: &str,
    ) -> Result<(), EngineError> {
        if batch.refusals + 1 < tries_max {
            let next = self.next_try(batch);
            return Ok(writer.return_refused(batch, next, error).await?);
        }
        tracing::error!(
            campaign.id = %batch.key.campaign, batch.no = batch.key.number, people = batch.size,
            "a request was refused {} times and is given up: {error}", batch.refusals + 1
        );
        Ok(writer.settle_failed(batch, end, error).await?)
    }

    /// When a batch that was just refused for now is tried again.
    fn next_try(&self, batch: &PickedBatch) -> Timestamp {
        let first = self.settings.dispatch.retry_seconds * SECOND_US;
        self.now()
            .plus_micros(pause_us(first, batch.refusals + 1, batch.key.number))
    }

    /// Somebody in the request, or the message itself, is refused for good.
    async fn refused_for_good(
        &self,
        writer: &mut Writer,
        batch: &PickedBatch,
        refused: Refused<'_>,
    ) -> Result<(), EngineError> {
        let error = refused.error;
        let is_alone = refused.people <= 1;
        if self.blames_message(writer, batch, refused).await? {
            let campaign = writer.campaign_at_work(batch.key.campaign).await?;
            self.pause_by_itself(writer, &campaign, error).await?;
            alarms::message_is_refused(writer, &campaign, error).await?;
            let next = self.again(None);
            return Ok(writer.return_refused(batch, next, error).await?);
        }
        if is_alone {
            let is_person = refused.class == Class::Permanent || batch.splits > 0;
            let end = if is_person {
                FailedAs::Recipient
            } else {
                FailedAs::Refused
            };
            return Ok(writer.settle_failed(batch, end, error).await?);
        }
        if batch.splits < SPLITS_MAX {
            let made = writer.halve_batch(batch, self.now()).await?;
            if made.is_some() {
                tracing::info!(
                    campaign.id = %batch.key.campaign, batch.no = batch.key.number,
                    people = refused.people,
                    "a refused request is tried again in halves: {error}"
                );
                return Ok(());
            }
        }
        Ok(writer
            .settle_failed(batch, FailedAs::Refused, error)
            .await?)
    }

    /// Whether a refusal is the message's fault and not somebody's. Who goes on
    /// after that has been told: the same batch is not blamed twice.
    async fn blames_message(
        &self,
        writer: &mut Writer,
        batch: &PickedBatch,
        refused: Refused<'_>,
    ) -> Result<bool, EngineError> {
        let campaign = batch.key.campaign;
        let is_planned_alone = refused.people <= 1 && batch.splits == 0;
        let strikes = match refused.class {
            Class::Request if is_planned_alone => self.strikes.count(campaign),
            _ => 0,
        };
        let is_suspect = strikes > 0 || (refused.people > 1 && batch.splits >= SPLITS_IN_VAIN);
        if batch.refusals > 0 || !is_suspect {
            return Ok(false);
        }
        Ok(strikes >= STRIKES_MAX || !writer.has_accepted(campaign, batch.connector).await?)
    }

    /// The sender, or the template, of a batch does not work: its campaign takes
    /// another of its routes, which is returned, or is paused; so is everything
    /// else that uses it and has no other route. Other senders go on.
    async fn refused_sender(
        &self,
        writer: &mut Writer,
        batch: &PickedBatch,
        error: &str,
    ) -> Result<Option<ConnectorId>, EngineError> {
        let campaign = writer.campaign_at_work(batch.key.campaign).await?;
        let (account, _) = writer.connector_at_work(batch.connector).await?;
        alarms::sender_is_refused(writer, &campaign, &account, error).await?;
        let mut way_out = None;
        if !campaign.plan.fallbacks.is_empty() {
            let routes = self.routes(writer, &campaign).await?;
            let place = routes
                .iter()
                .position(|route| route.account.id == batch.connector);
            way_out = place.and_then(|place| next_open(&campaign, &routes, place + 1));
        }
        let by_template = WITH_TEMPLATES.contains(&account.kind.as_str());
        let brand = Some(campaign.brand);
        let mut paused = Vec::new();
        // In the order of their numbers, as everybody locks them.
        for id in writer.campaigns_at_work(campaign.firm, brand).await? {
            let other = writer.campaign_at_work(id).await?;
            let is_same = other.connector == batch.connector
                && other.sender == campaign.sender
                && (!by_template || other.body == campaign.body)
                && other.plan.fallbacks.is_empty();
            let is_meant = if id == campaign.id {
                way_out.is_none()
            } else {
                is_same
            };
            if is_meant && stop(writer, &other, error).await? {
                paused.push(other);
            }
        }
        // The trail after all campaigns are locked: whoever pauses one by hand
        // takes them in this order too.
        for campaign in &paused {
            self.tell_pause(writer, campaign, error).await?;
        }
        Ok(way_out)
    }

    /// Pauses a running campaign because of what its provider said.
    pub(super) async fn pause_by_itself(
        &self,
        writer: &mut Writer,
        campaign: &Campaign,
        error: &str,
    ) -> Result<(), EngineError> {
        if stop(writer, campaign, error).await? {
            self.tell_pause(writer, campaign, error).await?;
        }
        Ok(())
    }

    async fn tell_pause(
        &self,
        writer: &mut Writer,
        campaign: &Campaign,
        error: &str,
    ) -> Result<(), EngineError> {
        let detail = serde_json::json!({ "error": error });
        let id = campaign.id.to_string();
        writer
            .append_audit(
                campaign.firm,
                self.worker(),
                "campaign.refused",
                &id,
                &detail,
            )
            .await?;
        Ok(())
    }

    /// Gives people who were refused for now a batch of their own. Who cannot
    /// have one has been refused for good.
    pub(super) async fn try_apart(
        &self,
        writer: &mut Writer,
        batch: &PickedBatch,
        refused: &mut Sorted,
    ) -> Result<(), EngineError> {
        let people: Vec<RecipientId> = refused.again.iter().map(|one| one.recipient).collect();
        if people.is_empty() {
            return Ok(());
        }
        let next = self.next_try(batch);
        let made = writer
            .part_from_batch(batch, &people, next, batch.refusals + 1)
            .await?;
        if made.is_none() {
            refused.last.append(&mut refused.again);
        }
        Ok(())
    }

    /// What single refusals within an accepted request say about the account or
    /// the sender, so that the next ones wait for a person instead of failing
    /// one after the other.
    pub(super) async fn heed_refusals(
        &self,
        batch: &PickedBatch,
        outcome: &Outcome,
    ) -> Result<(), EngineError> {
        let Outcome::Accepted { refused, .. } = outcome else {
            return Ok(());
        };
        self.strikes.forget(batch.key.campaign);
        let of = |class| refused.iter().find(|one| one.class == class);
        let told = |one: &Refusal| format!("{}: {}", one.code, one.text);
        let (account, sender) = (of(Class::Account), of(Class::Sender));
        if account.is_none() && sender.is_none() {
            return Ok(());
        }
        let mut writer = self.store.write().await?;
        if let Some(refusal) = account {
            break_account(&mut writer, batch.connector, &told(refusal)).await?;
        }
        if let Some(refusal) = sender {
            let way_out = self
                .refused_sender(&mut writer, batch, &told(refusal))
                .await?;
            if let Some(to) = way_out {
                let campaign = batch.key.campaign;
                writer.move_batches(campaign, batch.connector, to).await?;
            }
        }
        writer.commit().await?;
        Ok(())
    }
}

/// Pauses a campaign if it runs, and says whether it did.
async fn stop(writer: &mut Writer, campaign: &Campaign, error: &str) -> Result<bool, EngineError> {
    let (firm, id) = (campaign.firm, campaign.id);
    if writer.lock_campaign(id).await? != CampaignState::Running {
        return Ok(false);
    }
    let from = [CampaignState::Running];
    writer
        .move_campaign(firm, id, &from, CampaignState::Paused, None)
        .await?;
    writer.pause_batches(id, true).await?;
    tracing::warn!(
        campaign.id = %id,
        "campaign {id} is paused, its provider refuses it: {error}"
    );
    Ok(true)
}

/// Nothing leaves over an account until a person has put it right.
pub(crate) async fn break_account(
    writer: &mut Writer,
    connector: ConnectorId,
    error: &str,
) -> Result<(), EngineError> {
    let (account, _) = writer.connector_at_work(connector).await?;
    let broken = ConnectorState::Broken;
    writer
        .set_connector_state(account.id, account.version, broken, Some(error))
        .await?;
    alarms::account_fails(writer, &account, error).await
}

/// An answer that refuses everybody on account of the account (no credit, above
/// all) or of the sender refuses the request: it waits with its people, and
/// nobody has failed.
pub(super) fn nobody_taken(outcome: Outcome, people: usize) -> Outcome {
    match outcome {
        Outcome::Accepted { refused, .. }
            if refused.len() >= people.max(1)
                && [Class::Account, Class::Sender]
                    .iter()
                    .any(|class| refused.iter().all(|one| one.class == *class)) =>
        {
            let first = refused.into_iter().next();
            let (class, code, text) = first.map(|one| (one.class, one.code, one.text)).unwrap_or((
                Class::Account,
                String::new(),
                String::new(),
            ));
            Outcome::Refused { class, code, text }
        }
        outcome => outcome,
    }
}

/// The pause after so many refusals, spread by the batch's number.
fn pause_us(first_us: i64, refusals: i64, batch_no: i64) -> i64 {
    let growth = u32::try_from(refusals - 1)
        .ok()
        .and_then(|steps| PAUSE_GROWTH.checked_pow(steps));
    let pause = first_us.saturating_mul(growth.unwrap_or(1));
    let shorter = batch_no.rem_euclid(SPREAD_PERCENT + 1);
    pause - pause / 100 * shorter
}

/// Whom of an accepted request's refused people the provider may take later.
pub(super) fn sorted(batch: &PickedBatch, refused: &[Refusal]) -> Sorted {
    let mut sorted = Sorted::default();
    for one in refused {
        let Some(exception) = refusal(one) else {
            continue;
        };
        let tries_max = match one.class {
            Class::Transient => TRIES_MAX,
            Class::Undocumented => UNKNOWN_CODE_TRIES_MAX,
            _ => 0,
        };
        if batch.refusals + 1 < tries_max {
            sorted.again.push(exception);
        } else {
            sorted.last.push(exception);
        }
    }
    sorted
}

/// A person whom the provider refused; none when it had the message already.
fn refusal(refused: &Refusal) -> Option<SendException> {
    let class = match refused.class {
        Class::Duplicate => return None,
        Class::Transient | Class::Undocumented => ExceptionClass::Transient,
        Class::Permanent => ExceptionClass::Permanent,
        Class::Account => ExceptionClass::Account,
        Class::Sender | Class::Request => ExceptionClass::Content,
    };
    Some(SendException {
        recipient: refused.message.recipient,
        code: None,
        class,
        provider_code: Some(refused.code.clone()),
        provider_text: Some(refused.text.clone()),
    })
}

#[cfg(test)]
mod tests {
    use domain::time::MINUTE_US;

    use super::*;

    #[test]
    fn pauses_grow_and_all_tries_fit_into_half_an_hour_whatever_the_batch() {
        let pauses = |batch_no| {
            (1..TRIES_MAX).map(move |refusals| pause_us(5 * SECOND_US, refusals, batch_no))
        };
        let whole: Vec<i64> = pauses(0).map(|us| us / SECOND_US).collect();
        assert_eq!(whole, [5, 20, 80, 320, 1_280]);
        for batch_no in [0, 1, 25, 26, 1_000_003] {
            assert!(pauses(batch_no).is_sorted_by(|a, b| a < b), "{batch_no}");
            let total: i64 = pauses(batch_no).sum();
            assert!(
                (20 * MINUTE_US..30 * MINUTE_US).contains(&total),
                "{batch_no}"
            );
        }
        assert_ne!(pause_us(SECOND_US, 1, 1), pause_us(SECOND_US, 1, 2));
    }

    #[test]
    fn malformed_requests_are_counted_until_one_is_taken() {
        let strikes = Strikes::default();
        let campaign = CampaignId::from_db(1);
        assert_eq!([1, 2].map(|_| strikes.count(campaign)), [1, 2]);
        strikes.forget(campaign);
        assert_eq!(strikes.count(campaign), 1);
    }
}
