//! The link in a message that is a person's own: behind it they refuse, mute a
//! purpose, and see why the message came. It names campaign and address and
//! carries our mark, so nobody makes one up, and it says nothing about anybody.

use domain::consent::Origin;
use domain::ids::{CampaignId, RecipientId};
use domain::{Channel, ConsentKey, Recipient, Source, Status, Timestamp};
use store::brands::Brand;
use store::campaigns::{Aside, Campaign};
use store::contacts::Contact;
use store::testers::{Tester, TesterState};
use store::{Reader, Store, Writer};
use subtle::ConstantTimeEq;

use crate::Engine;
use crate::error::EngineError;
use crate::refusals::PersonalRefusal;

/// The variable that stands for the link in a text.
pub const LINK: &str = "ret_linki";

/// The variable that stands for the page on which somebody accepts to get
/// tests; in invitations only.
pub const ACCEPT_LINK: &str = "onay_linki";

const MARKED: &str = "link";
const ID_BYTES: usize = 8;
const MARK_BYTES: usize = 16;
/// Lower-case Crockford base 32, as in printed ids.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Makes links.
#[derive(Debug, Clone)]
pub struct Links {
    store: Store,
    public_url: String,
}

impl Links {
    /// The link of one person in one campaign.
    pub fn url(&self, campaign: CampaignId, recipient: RecipientId) -> String {
        format!("{}/u/{}", self.public_url, self.token(campaign, recipient))
    }

    /// The page on which one person answers an invitation.
    pub fn accept_url(&self, campaign: CampaignId, recipient: RecipientId) -> String {
        format!("{}/t/{}", self.public_url, self.token(campaign, recipient))
    }

    /// Its last part.
    pub fn token(&self, campaign: CampaignId, recipient: RecipientId) -> String {
        let mut bytes = Vec::with_capacity(2 * ID_BYTES + MARK_BYTES);
        bytes.extend_from_slice(&campaign.as_db().to_be_bytes());
        bytes.extend_from_slice(&recipient.as_db().to_be_bytes());
        let mark = self.store.keys().mark(MARKED, &bytes);
        bytes.extend_from_slice(&mark);
        base32(&bytes)
    }

    /// Whom a token is of, if it is ours.
    fn read(&self, token: &str) -> Option<(CampaignId, RecipientId)> {
        let bytes = unbase32(token)?;
        let (named, mark) = bytes.split_at_checked(2 * ID_BYTES)?;
        let expected = self.store.keys().mark(MARKED, named);
        if mark.len() != MARK_BYTES || !bool::from(mark.ct_eq(&expected)) {
            return None;
        }
        let number = |from: usize| {
            let bytes = named.get(from..from + ID_BYTES)?.try_into().ok()?;
            Some(i64::from_be_bytes(bytes))
        };
        Some((
            CampaignId::from_db(number(0)?),
            RecipientId::from_db(number(ID_BYTES)?),
        ))
    }
}

/// What stands behind a link.
#[derive(Debug, Clone)]
pub struct Linked {
    /// The campaign that the message belongs to.
    pub campaign: Campaign,
    /// In whose name it came.
    pub brand: Brand,
    /// The address's number.
    pub recipient: RecipientId,
    /// The address.
    pub address: Recipient,
    /// Each channel on which the brand may write to the person, that of the
    /// message first.
    pub channels: Vec<LinkedChannel>,
    /// The purposes there are.
    pub purposes: Vec<String>,
    /// The consent that the message rested on.
    pub consent: Option<LinkedConsent>,
    /// When İYS had confirmed it, before the message left.
    pub confirmed_at: Option<Timestamp>,
    /// When the decision was made.
    pub decided_at: Option<Timestamp>,
}

/// One channel of the person behind a link.
#[derive(Debug, Clone)]
pub struct LinkedChannel {
    /// The channel.
    pub channel: Channel,
    /// The address's number.
    pub recipient: RecipientId,
    /// The address, which may be the person's other one.
    pub address: Recipient,
    /// What holds on it: none when nothing is on record.
    pub status: Option<Status>,
    /// What the person muted there.
    pub muted: Vec<String>,
}

impl Linked {
    /// What holds on the channel of the message.
    pub fn status(&self) -> Option<Status> {
        self.channels.first().and_then(|own| own.status)
    }
}

/// The consent behind a message, without anybody's name.
#[derive(Debug, Clone)]
pub struct LinkedConsent {
    /// When it was given.
    pub given_at: Timestamp,
    /// Where.
    pub source: Source,
}

/// What a person wants to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Messages on the channel of this one.
    Channel,
    /// Everything that this address can be reached by.
    Everything,
    /// On these channels, nothing but these purposes is muted.
    Purposes {
        /// The channels it is about; others stay as they are.
        channels: Vec<Channel>,
        /// What is muted, and where.
        muted: Vec<(Channel, String)>,
    },
}

impl Engine {
    /// Makes links.
    pub fn links(&self) -> Links {
        Links {
            store: self.store.clone(),
            public_url: self.identity.public_url.clone(),
        }
    }

    /// What stands behind a link; none when it is not ours. Changes nothing.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn linked(&self, token: &str) -> Result<Option<Linked>, EngineError> {
        let Some((campaign, recipient)) = self.links().read(token) else {
            return Ok(None);
        };
        let mut reader = self.store.read().await?;
        let campaign = reader.campaign_at_work(campaign).await?;
        let brand = reader.brand_at_work(campaign.brand).await?;
        let Some((address, contact)) = reader.recipient(campaign.firm, recipient).await? else {
            return Ok(None);
        };
        let contact = reader.contact(campaign.firm, contact).await?;
        let own = (recipient, address.clone());
        let channels = channels_of(&mut reader, &campaign, own, contact.as_ref()).await?;
        let purposes = reader.purposes_of(campaign.firm, campaign.brand).await?;
        let frozen = reader.frozen_decision(campaign.id, recipient).await?;
        let consent = match frozen.as_ref().and_then(|frozen| frozen.event) {
            Some(event) => {
                let history = reader
                    .consent_history(campaign.brand, recipient, None)
                    .await?;
                history
                    .into_iter()
                    .find(|found| found.id == event)
                    .map(|found| LinkedConsent {
                        given_at: found.consent_date,
                        source: found.source,
                    })
            }
            None => None,
        };
        Ok(Some(Linked {
            channels,
            purposes,
            consent,
            confirmed_at: frozen.as_ref().and_then(|frozen| frozen.checked_at),
            decided_at: campaign.snapshot_at,
            campaign,
            brand,
            recipient,
            address,
        }))
    }

    /// Who may answer an invitation behind a link; none when it is not ours.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn invited(&self, token: &str) -> Result<Option<(Tester, Brand)>, EngineError> {
        let Some((campaign, recipient)) = self.links().read(token) else {
            return Ok(None);
        };
        let mut reader = self.store.read().await?;
        let campaign = reader.campaign_at_work(campaign).await?;
        if campaign.aside != Aside::Invitation {
            return Ok(None);
        }
        let brand = reader.brand_at_work(campaign.brand).await?;
        let tester = reader.tester_at(campaign.brand, recipient).await?;
        Ok(tester.map(|tester| (tester, brand)))
    }

    /// Somebody accepts to get tests, or does not want them any more; the same
    /// answer twice is one.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the link is not ours;
    /// [`EngineError::Conflict`] when they were taken off the list.
    pub async fn answer_invitation(
        &self,
        token: &str,
        accepts: bool,
    ) -> Result<(Tester, Brand), EngineError> {
        let missing = || EngineError::NotFound { what: "the link" };
        let (tester, _) = self.invited(token).await?.ok_or_else(missing)?;
        let state = if accepts {
            TesterState::Accepted
        } else {
            TesterState::Left
        };
        if tester.state != state {
            let mut writer = self.store.write().await?;
            writer.set_tester(tester.id, state).await?;
            let detail = serde_json::json!({ "accepts": accepts });
            let subject = tester.id.to_string();
            writer
                .append_audit(tester.firm, "citizen", "tester.answer", &subject, &detail)
                .await?;
            writer.commit().await?;
        }
        self.invited(token).await?.ok_or_else(missing)
    }

    /// Does what a person wants. A refusal stands in the ledger, closes the
    /// gate and waits for İYS when this returns; the same wish twice is one.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the link is not ours.
    pub async fn wish(&self, token: &str, wish: &Wish) -> Result<Linked, EngineError> {
        let missing = || EngineError::NotFound { what: "the link" };
        let linked = self.linked(token).await?.ok_or_else(missing)?;
        let mut writer = self.store.write().await?;
        match wish {
            Wish::Purposes { channels, muted } => {
                for held in &linked.channels {
                    if channels.contains(&held.channel) {
                        mute(&mut writer, &linked, held, muted).await?;
                    }
                }
            }
            Wish::Channel | Wish::Everything => {
                for channel in channels(&linked, wish) {
                    let refusal = PersonalRefusal {
                        firm: linked.campaign.firm,
                        recipient: linked.address.clone(),
                        channel,
                        at: self.now(),
                        source: Source::HS_WEB,
                        origin: Origin::Unsubscribe,
                        origin_id: Some(linked.campaign.id.as_db()),
                        evidence: format!("{}/{}", linked.campaign.id, linked.recipient),
                        actor: "citizen".to_owned(),
                    };
                    self.record_refusal(&mut writer, &refusal, &[&linked.brand])
                        .await?;
                }
            }
        }
        writer.commit().await?;
        self.wake.registry.notify_waiters();
        self.linked(token).await?.ok_or_else(missing)
    }
}

/// The channels of a person on which the brand has something on record, that
/// of the message first.
async fn channels_of(
    reader: &mut Reader,
    campaign: &Campaign,
    own: (RecipientId, Recipient),
    contact: Option<&Contact>,
) -> Result<Vec<LinkedChannel>, EngineError> {
    let own_id = own.0;
    let others = contact.iter().flat_map(|held| [&held.phone, &held.email]);
    let others = others
        .flatten()
        .map(|held| (held.id, held.recipient.clone()))
        .filter(|(id, _)| *id != own_id);
    let addresses: Vec<(RecipientId, Recipient)> = std::iter::once(own).chain(others).collect();
    let mut channels = Vec::new();
    for channel in Channel::ALL.iter().copied() {
        let fitting = addresses.iter().find(|(_, address)| address.fits(channel));
        let Some((recipient, address)) = fitting.cloned() else {
            continue;
        };
        let state = reader
            .consent_state(ConsentKey {
                brand: campaign.brand,
                recipient,
                channel,
                kind: campaign.kind,
            })
            .await?;
        let verdict = match state.registry.verdict {
            domain::Verdict::Ret => Some(Status::Ret),
            domain::Verdict::Onay => Some(Status::Onay),
            _ => None,
        };
        let local = state.local.map(|held| held.status);
        let refused = local == Some(Status::Ret) || verdict == Some(Status::Ret);
        let status = if refused {
            Some(Status::Ret)
        } else {
            local.or(verdict)
        };
        if status.is_none() && channel != campaign.channel {
            continue;
        }
        let muted = reader
            .muted_purposes(campaign.brand, recipient, channel)
            .await?;
        channels.push(LinkedChannel {
            channel,
            recipient,
            address,
            status,
            muted: muted.into_iter().map(|(purpose, _)| purpose).collect(),
        });
    }
    channels.sort_by_key(|held| held.channel != campaign.channel);
    Ok(channels)
}

/// Mutes what somebody does not want on one channel, and nothing else.
async fn mute(
    writer: &mut Writer,
    linked: &Linked,
    held: &LinkedChannel,
    muted: &[(Channel, String)],
) -> Result<(), EngineError> {
    for purpose in &linked.purposes {
        let is_muted = muted
            .iter()
            .any(|(channel, name)| *channel == held.channel && name == purpose);
        if is_muted != held.muted.contains(purpose) {
            let (firm, brand) = (linked.campaign.firm, linked.brand.id);
            let (recipient, channel) = (held.recipient, held.channel);
            writer
                .mute_purpose(firm, brand, recipient, channel, purpose, is_muted)
                .await?;
        }
    }
    Ok(())
}

fn channels(linked: &Linked, wish: &Wish) -> Vec<Channel> {
    if *wish == Wish::Channel {
        return vec![linked.campaign.channel];
    }
    Channel::ALL
        .iter()
        .copied()
        .filter(|channel| linked.address.fits(*channel))
        .collect()
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits)));
    }
    text
}

fn letter(value: u32) -> char {
    let at = usize::try_from(value & 31).unwrap_or(0);
    char::from(ALPHABET[at])
}

fn unbase32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|known| *known == byte)?;
        held = (held << 5) | u32::try_from(digit).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
        }
        held &= (1 << bits) - 1;
    }
    // What is left over is filling, and there is one way to fill.
    (bits < 5 && held == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_as_letters_and_one_text_stands_for_one_value() {
        for length in 0..40_u8 {
            let bytes: Vec<u8> = (0..length).map(|n| n.wrapping_mul(37)).collect();
            let text = base32(&bytes);
            assert_eq!(unbase32(&text), Some(bytes));
        }
        let text = base32(&[1; 32]);
        assert_eq!(text.len(), 52);
        let last = text.chars().last().expect("letters");
        for other in ALPHABET.iter().map(|byte| char::from(*byte)) {
            let changed = format!("{}{other}", &text[..51]);
            assert_eq!(unbase32(&changed) == Some(vec![1; 32]), other == last);
        }
        assert_eq!(unbase32("ABC"), None);
        assert_eq!(unbase32("u"), None);
    }
}
