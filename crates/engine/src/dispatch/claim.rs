//! The claim: one short transaction in which batches are taken, everyone in
//! them passes the gate as they are now, and the exact requests are stored.
//! It is durable before a byte leaves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use connectors::{ClearedRequest, Connector, EncodeError, Envelope, Outgoing};
use domain::gate::{Cleared, Decision, Question, decide};
use domain::ids::{CampaignId, MessageRef, RecipientId};
use domain::template::RenderError;
use domain::time::{MINUTE_US, SECOND_US};
use domain::{ReasonCode, Recipient, Timestamp};
use store::audience_shape::Frequency;
use store::connectors::Connector as Account;
use store::dispatch::{Acceptance, ExceptionClass, FailedAs, Handover, PickedBatch, SendException};
use store::person::Person;
use store::sending_rules::HaltScope;
use store::{StoreError, Writer};

use super::Context;
use super::recheck::is_only_stale;
use crate::Engine;
use crate::error::EngineError;

/// Numbers of Turkey.
const TURKEY: &str = "+90";
/// How long a batch rests whose request cannot be written, until its campaign is
/// paused.
const BLAMED_REST_US: i64 = MINUTE_US;
/// Texts below this need no counting: they fit one part in every alphabet.
const SURELY_SHORT_BYTES: usize = 65;

/// A batch whose request is stored and may leave.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) batch: PickedBatch,
    pub(crate) context: Arc<Context>,
    pub(crate) request: ClearedRequest,
    /// Until when nobody else takes the batch for lost.
    pub(crate) lease_until: Timestamp,
}

impl Prepared {
    /// How many people it goes to.
    pub(super) fn people(&self) -> usize {
        self.request.messages().len()
    }
}

/// What a claim brought.
#[derive(Debug, Default)]
pub(crate) struct Claimed {
    /// Batches taken, including those that need not be sent after all.
    pub(crate) picked: usize,
    /// People planned in them.
    pub(crate) people: usize,
    /// Those to send.
    pub(crate) ready: Vec<Prepared>,
}

/// Everyone of a batch after the gate.
pub(super) struct Gated {
    pub(super) cleared: Vec<Cleared<Outgoing>>,
    /// Parts of their texts together.
    pub(super) parts: i64,
    pub(super) exceptions: Vec<SendException>,
    /// When the window opens, if that is all that stands in the way.
    pub(super) held_until: Option<Timestamp>,
    /// Those of the exceptions whom only an old answer of İYS keeps back.
    pub(super) stale: Vec<(RecipientId, Recipient)>,
}

impl Engine {
    /// How long a request over this account may be under way before it counts as
    /// lost: its answer may come late, a lease must not end before.
    fn lease_us(&self, connector: &dyn Connector) -> i64 {
        let answer = i64::try_from(self.longest_answer(connector).as_secs()).unwrap_or(i64::MAX);
        let least = answer.saturating_add(crate::settings::LEASE_MARGIN_SECONDS);
        let seconds = self.settings.dispatch.lease_seconds.max(least);
        seconds.saturating_mul(SECOND_US)
    }

    /// Longest wait for an answer over this account.
    pub(super) fn longest_answer(&self, connector: &dyn Connector) -> Duration {
        let ours = Duration::from_secs(self.settings.dispatch.timeout_seconds);
        connector.capabilities().timeout.max(ours)
    }

    pub(super) async fn claim(
        &self,
        account: &Account,
        connector: &Arc<dyn Connector>,
        most: usize,
    ) -> Result<Claimed, EngineError> {
        let now = self.now();
        let lease_until = now.plus_micros(self.lease_us(connector.as_ref()));
        let mut writer = self.store.write().await?;
        let route = account.id.as_db();
        if writer.halted(HaltScope::Connector, route).await?.is_some() {
            // Pressed after the work was looked for.
            return Ok(Claimed::default());
        }
        let picked = writer
            .pick_batches(account.id, self.worker(), lease_until, most)
            .await?;
        let mut claimed = Claimed {
            picked: picked.len(),
            people: picked
                .iter()
                .map(|batch| usize::try_from(batch.size).unwrap_or(0))
                .sum(),
            ready: Vec::with_capacity(picked.len()),
        };
        let mut by_campaign: BTreeMap<CampaignId, Vec<PickedBatch>> = BTreeMap::new();
        for batch in picked {
            by_campaign
                .entry(batch.key.campaign)
                .or_default()
                .push(batch);
        }
        let mut requests = Vec::with_capacity(claimed.picked);
        let mut round = Round::default();
        for (campaign, batches) in by_campaign {
            let context = self
                .context(&mut writer, campaign, connector, account)
                .await?;
            let context = Arc::new(context);
            let mut people = writer
                .people_of_batches(context.about(), campaign, &batches)
                .await?;
            mark_muted(&mut writer, &context, people.iter_mut().flatten()).await?;
            let codes = context.codes.as_ref();
            crate::promotions::fill(&mut writer, codes, people.iter_mut().flatten()).await?;
            mark_limits(&mut writer, &context, people.iter_mut().flatten()).await?;
            round.is_shifted = false;
            for (batch, people) in batches.into_iter().zip(people) {
                requests.extend(
                    self.prepare(&mut writer, batch, &context, people, now, &mut round)
                        .await?,
                );
            }
        }
        store_requests(&mut writer, &requests).await?;
        writer.commit().await?;
        self.pause_unwritable(&round.blamed).await?;
        claimed
            .ready
            .extend(requests.into_iter().filter_map(|made| {
                Some(Prepared {
                    batch: made.batch,
                    context: made.context,
                    request: made.request?,
                    lease_until,
                })
            }));
        Ok(claimed)
    }

    async fn prepare(
        &self,
        writer: &mut Writer,
        batch: PickedBatch,
        context: &Arc<Context>,
        people: Vec<Person>,
        now: Timestamp,
        round: &mut Round,
    ) -> Result<Option<Made>, EngineError> {
        let mut gated = gate(context, &batch, people, now)?;
        if let Some(until) = gated.held_until {
            if context.campaign.plan.packages.is_some() && !round.is_shifted {
                // Closed hours do not count towards the time between portions.
                let by = until.since(now);
                writer.shift_batches(batch.key.campaign, by, until).await?;
                round.is_shifted = true;
            }
            writer.delay_batch(&batch, until).await?;
            return Ok(None);
        }
        if self
            .awaits_recheck(writer, &batch, context, &mut gated, now)
            .await?
        {
            return Ok(None);
        }
        let key = format!("izn-{}-{}", batch.key, batch.attempt);
        let mut made = Made {
            batch,
            context: Arc::clone(context),
            key,
            content: Vec::new(),
            parts: gated.parts,
            exceptions: gated.exceptions,
            request: None,
        };
        if gated.cleared.is_empty() {
            return Ok(Some(made));
        }
        let envelope = self.envelope(context, made.key.clone(), &made.batch);
        match written(context, &envelope, gated.cleared, &mut made) {
            Ok(request) => {
                if let Some(request) = request {
                    made.content = lz4_flex::compress_prepend_size(request.bytes());
                    made.request = Some(request);
                }
                Ok(Some(made))
            }
            Err(error) => {
                // Nothing was sent; the same people would fail the same way again.
                let problem = refused_by_encoder(&error);
                tracing::error!(campaign.id = %made.batch.key.campaign, batch.no = made.batch.key.number, error = %error, "{problem}");
                if matches!(error, EncodeError::Envelope { .. }) {
                    // So would everybody else of the campaign.
                    let later = now.plus_micros(BLAMED_REST_US);
                    writer.put_batch_off(&made.batch, later, &problem).await?;
                    round.blamed.insert(made.batch.key.campaign, problem);
                } else {
                    writer
                        .settle_failed(&made.batch, FailedAs::Refused, &problem)
                        .await?;
                }
                Ok(None)
            }
        }
    }

    /// Pauses campaigns whose requests cannot be written, whoever is in them.
    /// Not in the claim, which holds batches: campaigns are locked before them.
    async fn pause_unwritable(
        &self,
        blamed: &BTreeMap<CampaignId, String>,
    ) -> Result<(), EngineError> {
        for (id, problem) in blamed {
            let mut writer = self.store.write().await?;
            let campaign = writer.campaign_at_work(*id).await?;
            self.pause_by_itself(&mut writer, &campaign, problem)
                .await?;
            crate::provider_alarms::message_is_refused(&mut writer, &campaign, problem).await?;
            writer.commit().await?;
        }
        Ok(())
    }

    /// What is the same for all messages of a batch. It depends on nothing but
    /// the batch as it was claimed, so that its request can be written again.
    pub(super) fn envelope(&self, context: &Context, key: String, batch: &PickedBatch) -> Envelope {
        Envelope {
            key,
            sender: context.campaign.sender_over(context.account.id).to_owned(),
            receipts_url: Some(self.receipts_url(&context.account)),
            brand_code: context.brand.brand_code,
            validity_minutes: validity(
                context.campaign.plan.expires_at,
                batch.claimed_at,
                context.connector.capabilities().validity_minutes_max,
            ),
        }
    }
}

/// How many minutes the provider may try, from the claim to the end of the
/// campaign's time: no more than it allows, which it would do anyway, and none
/// where it cannot be told.
fn validity(
    expires_at: Option<Timestamp>,
    claimed_at: Option<Timestamp>,
    minutes_max: u32,
) -> Option<u32> {
    let left_us = expires_at?.since(claimed_at?);
    let minutes = u32::try_from(left_us / MINUTE_US).unwrap_or(u32::MAX);
    (minutes_max > 0).then(|| minutes.clamp(1, minutes_max))
}

/// Writes the request of a batch. People whose message cannot be written for
/// this provider are taken out and keep nobody else back; none is left where
/// that is everybody.
fn written(
    context: &Context,
    envelope: &Envelope,
    cleared: Vec<Cleared<Outgoing>>,
    made: &mut Made,
) -> Result<Option<ClearedRequest>, EncodeError> {
    let connector = &context.connector;
    match connector.encode(envelope, &cleared) {
        Ok(request) => return Ok(Some(request)),
        Err(error) if misfit(&error).is_none() => return Err(error),
        Err(_) => {}
    }
    let mut fitting = Vec::with_capacity(cleared.len());
    for one in cleared {
        let alone = connector.encode(envelope, std::slice::from_ref(&one)).err();
        match alone.as_ref().and_then(misfit) {
            None => fitting.push(one),
            Some(code) => {
                let message = one.message();
                made.parts -= i64::from(parts_of(context, &message.text));
                made.exceptions.push(SendException {
                    recipient: message.message.recipient,
                    code: Some(code),
                    class: ExceptionClass::Gate,
                    provider_code: None,
                    provider_text: alone.map(|error| error.to_string()),
                });
            }
        }
    }
    if fitting.is_empty() {
        return Ok(None);
    }
    connector.encode(envelope, &fitting).map(Some)
}

/// Why one person of a request keeps it from being written; none when it is not
/// about one person.
const fn misfit(error: &EncodeError) -> Option<ReasonCode> {
    match error {
        EncodeError::Unreachable { .. } | EncodeError::NotAllowed { .. } => Some(ReasonCode::S501),
        EncodeError::EmptyText { .. } => Some(ReasonCode::S401),
        _ => None,
    }
}

/// What the batches of one claim have in common.
#[derive(Debug, Default)]
struct Round {
    /// Whether the portions of the campaign in hand were put off already.
    is_shifted: bool,
    /// Campaigns whose requests cannot be written, and why.
    blamed: BTreeMap<CampaignId, String>,
}

/// A request as the claim stores it.
struct Made {
    batch: PickedBatch,
    context: Arc<Context>,
    key: String,
    content: Vec<u8>,
    parts: i64,
    exceptions: Vec<SendException>,
    /// None when the last gate left nobody.
    request: Option<ClearedRequest>,
}

/// Stores all requests of a claim; batches that nobody is left in are done.
async fn store_requests(writer: &mut Writer, requests: &[Made]) -> Result<(), StoreError> {
    let stored: Vec<Handover<'_>> = requests
        .iter()
        .map(|made| Handover {
            batch: &made.batch,
            request_key: &made.key,
            content: &made.content,
            parts: made.parts,
            exceptions: &made.exceptions,
        })
        .collect();
    writer.hand_over_all(&stored).await?;
    let empty: Vec<Acceptance<'_>> = requests
        .iter()
        .filter(|made| made.request.is_none())
        .map(|made| Acceptance {
            batch: &made.batch,
            reference: "",
            accepted: 0,
            refused: Vec::new(),
        })
        .collect();
    let lost = writer.settle_all_accepted(&empty).await?;
    match lost.first() {
        None => Ok(()),
        Some(_) => Err(StoreError::Lost {
            what: "the claimed batch",
        }),
    }
}

fn refused_by_encoder(error: &EncodeError) -> String {
    format!("the request could not be written: {error}")
}

/// Notes who muted the campaign's purpose (S106).
pub(super) async fn mark_muted(
    writer: &mut Writer,
    context: &Context,
    people: impl Iterator<Item = &mut Person>,
) -> Result<(), StoreError> {
    let Some(purpose) = context.muted_purpose else {
        return Ok(());
    };
    let people: Vec<&mut Person> = people.collect();
    let ids: Vec<RecipientId> = people.iter().map(|person| person.facts.id).collect();
    let (brand, channel) = (context.campaign.brand, context.campaign.channel);
    let muted = writer.who_muted(brand, channel, purpose, &ids).await?;
    for person in people {
        person.facts.purpose_refused = muted.contains(&person.facts.id);
    }
    Ok(())
}

/// Notes who had enough messages (S301), or this one today (S302).
async fn mark_limits(
    writer: &mut Writer,
    context: &Context,
    people: impl Iterator<Item = &mut Person>,
) -> Result<(), StoreError> {
    if context.frequency.is_none() && context.repeated.is_none() {
        return Ok(());
    }
    let people: Vec<&mut Person> = people.collect();
    let ids: Vec<RecipientId> = people.iter().map(|person| person.facts.id).collect();
    let none = Frequency::default();
    let frequency = context.frequency.as_ref().unwrap_or(&none);
    let repeated = context.repeated.as_ref().unwrap_or(&none);
    let over = writer.over_frequency(frequency, &ids).await?;
    let again = writer.over_frequency(repeated, &ids).await?;
    for person in people {
        person.facts.over_frequency_cap = over.contains(&person.facts.id);
        person.facts.same_content_today = again.contains(&person.facts.id);
    }
    Ok(())
}

/// Runs the gate for everyone of a batch, as they are at this moment.
pub(super) fn gate(
    context: &Context,
    batch: &PickedBatch,
    people: Vec<Person>,
    now: Timestamp,
) -> Result<Gated, EngineError> {
    let mut gated = Gated {
        cleared: Vec::with_capacity(people.len()),
        parts: 0,
        exceptions: Vec::new(),
        held_until: None,
        stale: Vec::new(),
    };
    if context.is_over(now) {
        let expired = people
            .iter()
            .map(|person| taken_out(person, ReasonCode::S306));
        gated.exceptions.extend(expired);
        return Ok(gated);
    }
    for mut person in people {
        context.attributes.show(&mut person.values);
        let given = context.campaign.plan.values.iter();
        let given = given.map(|(name, value)| (name.clone(), value.clone()));
        person.values.extend(given);
        let mut parts = 1;
        let (text, mail) = match context.written_for(&mut person, now, batch.key.number) {
            Ok((text, mail)) => {
                parts = parts_of(context, &text);
                person.facts.too_many_parts = parts > context.parts_max;
                (text, mail)
            }
            Err(RenderError::Missing { .. }) => {
                person.facts.variable_missing = true;
                (String::new(), None)
            }
            Err(RenderError::Failed(problem)) => return Err(EngineError::Internal(problem)),
        };
        let mut route = context.route;
        route.foreign_link = context.is_foreign
            && person.facts.recipient.to_string().starts_with(TURKEY)
            && domain::lint::has_link(&text);
        let decision = decide(&Question {
            now,
            policy: &context.policy,
            message: &context.facts,
            person: &person.facts,
            route: &route,
        });
        match decision {
            Decision::Send(clearance) => {
                let outgoing = Outgoing {
                    message: MessageRef {
                        campaign: batch.key.campaign,
                        batch_no: batch.key.number,
                        recipient: person.facts.id,
                    },
                    recipient: person.facts.recipient,
                    channel: context.campaign.channel,
                    kind: context.campaign.kind,
                    basis: context.campaign.basis,
                    text,
                    mail,
                };
                let sealed = clearance
                    .seal(outgoing)
                    .map_err(|error| EngineError::Internal(error.to_string()))?;
                gated.cleared.push(sealed);
                gated.parts += i64::from(parts);
            }
            Decision::Exclude(reasons) => {
                if is_only_stale(reasons.all()) {
                    let facts = &person.facts;
                    gated.stale.push((facts.id, facts.recipient.clone()));
                }
                gated
                    .exceptions
                    .push(taken_out(&person, reasons.headline()));
            }
            Decision::Hold { until, .. } if context.is_over(until) => {
                gated.exceptions.push(taken_out(&person, ReasonCode::S306));
            }
            Decision::Hold { until, .. } => {
                gated.held_until = Some(gated.held_until.map_or(until, |held| held.min(until)));
            }
        }
    }
    if context.campaign.channel.is_phone()
        && let Some(parts) =
            connectors::parts_together(&gated.cleared, context.connector.capabilities())
    {
        gated.parts = i64::from(parts);
    }
    Ok(gated)
}

fn taken_out(person: &Person, code: ReasonCode) -> SendException {
    SendException {
        recipient: person.facts.id,
        code: Some(code),
        class: ExceptionClass::Gate,
        provider_code: None,
        provider_text: None,
    }
}

/// Parts of a text as this provider counts and bills them; a mail is one.
fn parts_of(context: &Context, text: &str) -> u32 {
    if text.len() <= SURELY_SHORT_BYTES || !context.campaign.channel.is_phone() {
        return 1;
    }
    context.lengths.count_plain(text).parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_tries_no_longer_than_the_campaign_lasts_and_no_longer_than_it_can() {
        let at = |minutes: i64| Some(Timestamp::from_micros(minutes * MINUTE_US));
        assert_eq!(validity(at(100), at(10), 2_880), Some(90));
        assert_eq!(validity(at(10_000), at(10), 2_880), Some(2_880));
        assert_eq!(validity(at(10), at(10), 2_880), Some(1));
        assert_eq!(validity(at(100), at(10), 0), None, "it cannot be told");
        assert_eq!(validity(None, at(10), 2_880), None);
    }
}
