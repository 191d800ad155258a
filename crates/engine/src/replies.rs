//! Replies (*gelen yanıt*): what people write back. A push is kept as it came
//! and answered at once; what surely refuses stands in the ledger a moment
//! later; what may mean something else waits for a person.

mod pull;

use std::collections::BTreeMap;
use std::sync::Arc;

use connectors::{Connector, Inbound, Push, Stop};
use domain::consent::Origin;
use domain::ids::{BrandId, ConnectorId, FirmId, ReplyId};
use domain::reply::{self, Meaning};
use domain::time::DAY_US;
use domain::{Channel, ReasonCode, Recipient, Source, Timestamp};
use http::HeaderMap;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use store::Writer;
use store::brands::Brand;
use store::connectors::Connector as Account;
use store::replies::{LastMessage, NewReply, Reply, ReplyState};

use crate::error::EngineError;
use crate::receipts::PushRefusal;
use crate::refusals::PersonalRefusal;
use crate::{Engine, Step};

pub(crate) use pull::ReplyPulls;

/// Pushes read in one transaction.
const PUSHES_PER_STEP: usize = 20;
/// Brands of a firm that a reply may mean.
const BRANDS_MAX: usize = 200;
/// A reply whose provider says it is older counts as written now.
const AGE_MAX_US: i64 = 3 * DAY_US;
/// Longest text that is kept, bytes: a provider joins some ten parts at most.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// What a person makes of a reply that waited for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyDecision {
    /// It is a refusal of this brand.
    Refusal(BrandId),
    /// It is none.
    Other,
}

/// An account and what its replies are read with.
pub(crate) struct Mailbox {
    account: Account,
    connector: Arc<dyn Connector>,
    brands: Vec<Brand>,
}

impl Mailbox {
    fn firm(&self) -> FirmId {
        self.account.firm
    }

    fn channel(&self) -> Channel {
        let channels = self.connector.capabilities().channels;
        channels.first().copied().unwrap_or(Channel::Mesaj)
    }

    /// Where a refusal by this means was taken.
    fn source(&self) -> Source {
        match self.channel() {
            Channel::Eposta => Source::HS_EPOSTA,
            _ => Source::HS_MESAJ,
        }
    }

    fn brand(&self, id: BrandId) -> Option<&Brand> {
        self.brands.iter().find(|brand| brand.id == id)
    }
}

/// Which brands a reply refuses, if it surely does.
enum Verdict {
    Refuses(Vec<BrandId>),
    Doubtful(Option<BrandId>),
    Other(Option<BrandId>),
}

impl Engine {
    /// Where a provider pushes the replies of an account to.
    pub fn replies_url(&self, account: &Account) -> String {
        format!(
            "{}/in/{}/inbound",
            self.identity.public_url, account.path_key
        )
    }

    /// Keeps a push of replies. The caller answers 200 when this returns.
    ///
    /// # Errors
    /// [`PushRefusal`]; only [`PushRefusal::Engine`] is worth sending again.
    pub async fn receive_replies(
        &self,
        path_key: &str,
        headers: &HeaderMap,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<(), PushRefusal> {
        let mut reader = self.store.read().await.map_err(EngineError::from)?;
        let configured = reader
            .connector_by_path_key(path_key)
            .await
            .map_err(EngineError::from)?
            .ok_or(PushRefusal::Unknown)?;
        drop(reader);
        let connector = self.connector(&configured)?;
        if !connector.capabilities().inbound.by_push {
            return Err(PushRefusal::Unknown);
        }
        let url = self.replies_url(&configured.0);
        let push = Push {
            url: &url,
            headers,
            query,
            body,
        };
        if !connector.authenticate(&push) {
            return Err(PushRefusal::Unauthenticated);
        }
        let packed = lz4_flex::compress_prepend_size(&connector.kept(&push));
        let mut writer = self.store.write().await.map_err(EngineError::from)?;
        writer
            .store_reply_push(configured.0.id, &packed)
            .await
            .map_err(EngineError::from)?;
        writer.commit().await.map_err(EngineError::from)?;
        self.wake.replies.notify_waiters();
        Ok(())
    }

    /// Reads pushes that wait, each in one transaction with what it changes.
    ///
    /// # Errors
    /// When the database fails; the pushes wait then.
    pub async fn step_replies(&self) -> Result<Step, EngineError> {
        if !self.store.read().await?.has_reply_pushes().await? {
            return Ok(Step::Idle);
        }
        let mut writer = self.store.write().await?;
        let pushes = writer.take_reply_pushes(PUSHES_PER_STEP).await?;
        let count = pushes.len();
        let mut mailboxes: BTreeMap<ConnectorId, Mailbox> = BTreeMap::new();
        for push in pushes {
            if !mailboxes.contains_key(&push.connector) {
                let mailbox = self.mailbox(&mut writer, push.connector).await?;
                mailboxes.insert(push.connector, mailbox);
            }
            let Some(mailbox) = mailboxes.get(&push.connector) else {
                continue;
            };
            let read = lz4_flex::decompress_size_prepended(&push.body)
                .map_err(|error| error.to_string())
                .and_then(|body| {
                    let read = mailbox.connector.inbound(&body);
                    read.map_err(|error| error.to_string())
                });
            let problem = match read {
                Ok(inbox) => {
                    for said in &inbox.replies {
                        self.take_reply(&mut writer, mailbox, said).await?;
                    }
                    for stop in &inbox.stops {
                        self.take_stop(&mut writer, mailbox, stop).await?;
                    }
                    (inbox.unreadable > 0)
                        .then(|| format!("{} entries could not be read", inbox.unreadable))
                }
                Err(problem) => Some(problem),
            };
            if let Some(problem) = &problem {
                tracing::error!(connector.id = %push.connector, push.id = push.id, "a push of replies could not be read whole: {problem}");
            }
            writer
                .settle_reply_push(push.id, problem.as_deref())
                .await?;
        }
        writer.commit().await?;
        if count > 0 {
            self.wake.registry.notify_waiters();
        }
        Ok(Step::of(count))
    }

    pub(crate) async fn mailbox(
        &self,
        writer: &mut Writer,
        id: ConnectorId,
    ) -> Result<Mailbox, EngineError> {
        let configured = writer.connector_at_work(id).await?;
        let connector = self.connector(&configured)?;
        let brands = writer.brands(configured.0.firm, None, BRANDS_MAX).await?;
        Ok(Mailbox {
            account: configured.0,
            connector,
            brands,
        })
    }

    /// Keeps a refusal that names a message as if the person had written it to
    /// the message's brand. A message that was never planned is nobody's.
    pub(crate) async fn take_stop(
        &self,
        writer: &mut Writer,
        mailbox: &Mailbox,
        stop: &Stop,
    ) -> Result<(), EngineError> {
        let firm = mailbox.firm();
        let Some(facts) = writer.message(firm, stop.message).await? else {
            return Ok(());
        };
        let campaign = writer.campaign_at_work(stop.message.campaign).await?;
        let name = mailbox.brand(campaign.brand);
        let name = name.map_or("", |brand| brand.short_name.as_str());
        let said = Inbound {
            provider_id: Some(format!("{} {}", stop.by, stop.message)),
            from: facts.address,
            to: stop.by.clone(),
            text: format!("RET {name}").trim_end().to_owned(),
            received_at: stop.at,
        };
        self.take_reply(writer, mailbox, &said).await
    }

    /// Keeps one reply and, if it surely refuses, records the refusal.
    pub(crate) async fn take_reply(
        &self,
        writer: &mut Writer,
        mailbox: &Mailbox,
        said: &Inbound,
    ) -> Result<(), EngineError> {
        let digest = digest(said);
        if writer.has_reply(mailbox.account.id, &digest).await? {
            return Ok(());
        }
        let (now, id) = (self.now(), writer.reply_id()?);
        let written = written_at(said.received_at, now);
        let text = cut(&said.text);
        let (mut state, mut code) = (ReplyState::Open, None);
        let brand = match self.weigh(writer, mailbox, said, text).await? {
            Verdict::Refuses(brands) => {
                let meant: Vec<&Brand> =
                    brands.iter().filter_map(|id| mailbox.brand(*id)).collect();
                let refusal = refusal(mailbox, &said.from, id, written);
                let recorded = self.record_refusal(writer, &refusal, &meant).await?;
                (state, code) = outcome(recorded.holds(), &recorded.refused);
                only(&brands)
            }
            Verdict::Doubtful(brand) => {
                state = ReplyState::Doubtful;
                brand
            }
            Verdict::Other(brand) => brand,
        };
        let new = NewReply {
            id,
            firm: mailbox.firm(),
            connector: mailbox.account.id,
            digest: &digest,
            channel: mailbox.channel(),
            address: &said.from,
            written_to: &said.to,
            text,
            brand,
            state,
            code,
            received_at: written,
        };
        writer.keep_reply(&new).await?;
        metrics::counter!("izinli_replies_total", "state" => state.as_str()).increment(1);
        Ok(())
    }

    /// What a reply means, and which brands it is about.
    async fn weigh(
        &self,
        writer: &mut Writer,
        mailbox: &Mailbox,
        said: &Inbound,
        text: &str,
    ) -> Result<Verdict, EngineError> {
        let names: Vec<(BrandId, &str)> = mailbox
            .brands
            .iter()
            .map(|brand| (brand.id, brand.short_name.as_str()))
            .collect();
        let meaning = reply::read(text, &names);
        if let Meaning::Refusal { brand: Some(brand) } = meaning {
            return Ok(Verdict::Refuses(vec![brand]));
        }
        let ids = writer
            .recipient_ids(mailbox.firm(), std::slice::from_ref(&said.from))
            .await?;
        let recipient = ids.into_iter().flatten().next();
        let last = match recipient {
            Some(recipient) => {
                writer
                    .last_message(mailbox.firm(), mailbox.account.id, recipient)
                    .await?
            }
            None => None,
        };
        let about = last.map(|last| last.brand).or_else(|| only_brand(mailbox));
        Ok(match (meaning, last) {
            (Meaning::Other, _) => Verdict::Other(about),
            (Meaning::Refusal { .. }, _)
            | (
                Meaning::Cancels,
                Some(LastMessage {
                    is_commercial: true,
                    ..
                }),
            ) => {
                // Nobody is named: whoever wrote last, else everyone who may write.
                let mut brands: Vec<BrandId> = match (about, recipient) {
                    (Some(brand), _) => vec![brand],
                    (None, Some(recipient)) => {
                        let channel = mailbox.channel();
                        let held = writer.kinds_on_record(mailbox.firm(), recipient, channel);
                        held.await?.into_iter().map(|(brand, _)| brand).collect()
                    }
                    (None, None) => Vec::new(),
                };
                // In two capacities it stands twice.
                brands.dedup();
                if brands.is_empty() {
                    Verdict::Doubtful(None)
                } else {
                    Verdict::Refuses(brands)
                }
            }
            (Meaning::Cancels | Meaning::Doubtful, _) => Verdict::Doubtful(about),
        })
    }

    /// A person says what a reply is that waited for them; a refusal enters the
    /// ledger as of the moment it was written.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such reply or brand,
    /// [`EngineError::Conflict`] when it was decided on already,
    /// [`EngineError::Refused`] when a newer consent is on record (R607).
    pub async fn decide_reply(
        &self,
        firm: FirmId,
        id: ReplyId,
        decision: ReplyDecision,
        actor: &str,
        note: Option<&str>,
    ) -> Result<Reply, EngineError> {
        let missing = || EngineError::NotFound { what: "the reply" };
        let mut writer = self.store.write().await?;
        let held = writer.reply(firm, id).await?.ok_or_else(missing)?;
        if !matches!(held.state, ReplyState::Doubtful | ReplyState::Open) {
            return Err(EngineError::conflict("the reply", "was decided on already"));
        }
        let (state, brand) = match decision {
            ReplyDecision::Other => (ReplyState::Handled, None),
            ReplyDecision::Refusal(brand) => {
                let brand = writer
                    .brand(firm, brand)
                    .await?
                    .ok_or(EngineError::NotFound { what: "the brand" })?;
                let mailbox = self.mailbox(&mut writer, held.connector).await?;
                let refusal = PersonalRefusal {
                    actor: actor.to_owned(),
                    ..refusal(&mailbox, &held.address, id, held.received_at)
                };
                let recorded = self
                    .record_refusal(&mut writer, &refusal, &[&brand])
                    .await?;
                if let Some(code) = recorded.refused.first() {
                    return Err(EngineError::Refused {
                        code: *code,
                        args: Vec::new(),
                    });
                }
                (ReplyState::Refused, Some(brand.id))
            }
        };
        writer.decide_reply(id, state, brand, actor, note).await?;
        let detail = serde_json::json!({ "state": state, "brand": brand, "note": note });
        writer
            .append_audit(firm, actor, "reply.decide", &id.to_string(), &detail)
            .await?;
        let decided = writer.reply(firm, id).await?.ok_or_else(missing)?;
        writer.commit().await?;
        self.wake.registry.notify_waiters();
        Ok(decided)
    }
}

fn refusal(mailbox: &Mailbox, from: &Recipient, id: ReplyId, at: Timestamp) -> PersonalRefusal {
    PersonalRefusal {
        firm: mailbox.firm(),
        recipient: from.clone(),
        channel: mailbox.channel(),
        at,
        source: mailbox.source(),
        origin: Origin::Inbound,
        origin_id: Some(id.as_db()),
        evidence: id.to_string(),
        actor: mailbox.account.id.to_string(),
    }
}

/// A refusal that a rule kept out of the ledger is left to a person.
fn outcome(holds: bool, refused: &[ReasonCode]) -> (ReplyState, Option<ReasonCode>) {
    if holds {
        (ReplyState::Refused, None)
    } else {
        (ReplyState::Doubtful, refused.first().copied())
    }
}

fn only(brands: &[BrandId]) -> Option<BrandId> {
    match brands {
        [brand] => Some(*brand),
        _ => None,
    }
}

fn only_brand(mailbox: &Mailbox) -> Option<BrandId> {
    match mailbox.brands.as_slice() {
        [brand] => Some(brand.id),
        _ => None,
    }
}

/// When a reply was written: as the provider says, unless that cannot be.
fn written_at(said: Option<Timestamp>, now: Timestamp) -> Timestamp {
    said.filter(|at| *at <= now && now.since(*at) <= AGE_MAX_US)
        .unwrap_or(now)
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(TEXT_BYTES_MAX))
        .unwrap_or_default()
}

/// Over everything the provider says of a reply. Its own number is not enough:
/// some give the number of the campaign that was answered.
fn digest(said: &Inbound) -> [u8; 32] {
    let at = said.received_at.map(|at| at.as_micros().to_string());
    let mut hasher = Sha256::new();
    for part in [
        said.provider_id.as_deref().unwrap_or_default(),
        &said.from.to_string(),
        &said.to,
        &said.text,
        at.as_deref().unwrap_or_default(),
    ] {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().into()
}

/// The text of a reply, for those who may read it.
pub fn text_of(reply: &Reply) -> &str {
    reply.text.expose_secret()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_written_when_the_provider_says_unless_that_lies_ahead_or_far_back() {
        let now = Timestamp::from_micros(100 * DAY_US);
        for (said, counts) in [
            (-1, true),
            (-2 * DAY_US, true),
            (-4 * DAY_US, false),
            (1, false),
        ] {
            let said = now.plus_micros(said);
            let expected = if counts { said } else { now };
            assert_eq!(written_at(Some(said), now), expected);
        }
        assert_eq!(written_at(None, now), now);
    }

    #[test]
    fn two_replies_under_one_number_of_the_provider_are_two() {
        let reply = |text: &str| Inbound {
            provider_id: Some("17".to_owned()),
            from: Recipient::from_normalised("+905320000001").expect("a number"),
            to: "3399".to_owned(),
            text: text.to_owned(),
            received_at: None,
        };
        assert_eq!(digest(&reply("RET")), digest(&reply("RET")));
        assert_ne!(digest(&reply("RET")), digest(&reply("evet")));
    }
}
