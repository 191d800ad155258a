//! Test recipients: asked at their own address, and sent a campaign's text
//! before it is launched.
//!
//! An invitation and a test are campaigns of their own that stand in no list
//! and no report: so they pass the gate, are claimed, settled and never doubled
//! like everything else, and nothing of them counts for anything. Their ground
//! is that the person asked for it; whoever refused the brand's messages gets
//! no test either.

use domain::consent::Origin;
use domain::gate::Basis;
use domain::ids::{BrandId, CampaignId, ConnectorId, FirmId, TesterId};
use domain::plan::Plan;
use domain::time::DAY_US;
use domain::{Channel, ConsentKey, Recipient, RecipientKind, Status, Verdict};
use serde_json::json;
use store::brands::Brand;
use store::campaigns::{Aside, Audience, Campaign, CampaignState, NewCampaign};
use store::consent::{ApplyContext, IncomingRecord};
use store::mail_content::{MailContent, MailOwner};
use store::testers::{TESTERS_MAX, Tester, TesterState};

use crate::Engine;
use crate::error::EngineError;
use crate::links::ACCEPT_LINK;

/// Longest name of a test recipient, characters.
const NAME_CHARS_MAX: usize = 100;
/// Nobody is asked again sooner.
const ASKED_AGAIN_US: i64 = DAY_US;
/// What tests and invitations are for.
const PURPOSE: &str = "deneme";

/// Who is to be asked.
#[derive(Debug, Clone)]
pub enum TesterAt {
    /// At this address.
    Address(Recipient),
    /// The person of this number in the firm's own system.
    ExternalId(String),
}

/// Somebody to be asked.
#[derive(Debug, Clone)]
pub struct NewTester {
    /// For which brand.
    pub brand: BrandId,
    /// Whom.
    pub at: TesterAt,
    /// As people call them.
    pub name: String,
    /// Over which account the question goes.
    pub connector: ConnectorId,
    /// Under which sender name.
    pub sender: String,
}

/// Why a test recipient gets no test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// Was asked and has not accepted.
    NotAccepted,
    /// The address is none of the campaign's channel.
    OtherChannel,
    /// Refused the brand's messages.
    Refused,
}

impl LeftOut {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAccepted => "not_accepted",
            Self::OtherChannel => "other_channel",
            Self::Refused => "refused",
        }
    }
}

/// A test on its way.
#[derive(Debug, Clone)]
pub struct TestSend {
    /// The campaign that carries it; its report tells what became of it.
    pub carrier: Campaign,
    /// Who gets it.
    pub to: Vec<Tester>,
    /// Who does not, and why.
    pub left_out: Vec<(Tester, LeftOut)>,
}

impl Engine {
    /// Asks somebody whether they want to get tests.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names the field; [`EngineError::Conflict`] when
    /// the list is full or they were asked within a day.
    pub async fn invite_tester(
        &self,
        firm: FirmId,
        new: &NewTester,
        actor: &str,
    ) -> Result<Tester, EngineError> {
        if !(1..=NAME_CHARS_MAX).contains(&new.name.trim().chars().count()) {
            return Err(EngineError::invalid(
                "name",
                "must have 1 to 100 characters",
            ));
        }
        let mut reader = self.store.read().await?;
        let brand = reader
            .brand(firm, new.brand)
            .await?
            .ok_or_else(|| EngineError::invalid("brand_id", "the firm has no such brand"))?;
        let list = reader.testers(firm, new.brand).await?;
        drop(reader);
        let address = self.tester_address(firm, new).await?;
        domain::sender::check(channel_of(&address), &new.sender)
            .map_err(|error| EngineError::invalid("sender", error.to_string()))?;
        if let Some(held) = list.iter().find(|held| held.address == address) {
            if held.state == TesterState::Accepted {
                return Ok(held.clone());
            }
            if self.now().since(held.invited_at) < ASKED_AGAIN_US {
                let problem = "was asked within a day; nobody is asked more often";
                return Err(EngineError::conflict("the test recipient", problem));
            }
        } else if list.len() >= TESTERS_MAX {
            let problem = format!("the brand has {TESTERS_MAX}; take one off the list first");
            return Err(EngineError::conflict("the test recipients", problem));
        }
        self.make_known(&brand, &address, new.name.trim(), actor)
            .await?;
        let mut writer = self.store.write().await?;
        let ids = writer
            .recipient_ids(firm, std::slice::from_ref(&address))
            .await?;
        let recipient = ids
            .into_iter()
            .flatten()
            .next()
            .ok_or(EngineError::NotFound {
                what: "the address",
            })?;
        let tester = writer
            .invite_tester(firm, new.brand, recipient, new.name.trim(), actor)
            .await?;
        writer.commit().await?;
        let channel = channel_of(&address);
        let (subject, body) = invitation(&brand);
        let carrier = NewCampaign {
            connector: new.connector,
            sender: new.sender.clone(),
            ..carrier(
                new.brand,
                channel,
                RecipientKind::Bireysel,
                body,
                vec![address],
            )
        };
        let mail = MailContent {
            subject,
            html: None,
            reply_to: None,
            preheader: None,
        };
        let sent = self
            .send_aside(firm, carrier, Aside::Invitation, None, Some(mail), actor)
            .await?;
        let detail = json!({ "campaign": sent.id });
        self.note(
            firm,
            actor,
            "tester.invite",
            &tester.id.to_string(),
            &detail,
        )
        .await?;
        Ok(tester)
    }

    /// Takes somebody off the list; they get no more tests.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has none of this number.
    pub async fn remove_tester(
        &self,
        firm: FirmId,
        id: TesterId,
        actor: &str,
    ) -> Result<(), EngineError> {
        let mut writer = self.store.write().await?;
        writer
            .tester(firm, id)
            .await?
            .filter(|held| held.state != TesterState::Left)
            .ok_or(EngineError::NotFound {
                what: "the test recipient",
            })?;
        writer.set_tester(id, TesterState::Left).await?;
        writer
            .append_audit(firm, actor, "tester.remove", &id.to_string(), &json!({}))
            .await?;
        Ok(writer.commit().await?)
    }

    /// Sends a campaign's text to test recipients, all of the brand's unless
    /// some are named; of two texts, the second when asked.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it was launched already, or nobody would
    /// get it.
    pub async fn test_campaign(
        &self,
        firm: FirmId,
        id: CampaignId,
        to: &[TesterId],
        second: bool,
        actor: &str,
    ) -> Result<TestSend, EngineError> {
        use CampaignState::{Approved, Draft, Submitted};
        let held = self.campaign(firm, id).await?;
        if held.aside != Aside::Campaign || !matches!(held.state, Draft | Submitted | Approved) {
            let problem = "only a campaign that was not launched is tested";
            return Err(EngineError::conflict("the campaign", problem));
        }
        let body = match (&held.plan.split, second) {
            (Some(split), true) => split.body.clone(),
            (None, true) => return Err(EngineError::invalid("part", "there is no second text")),
            (_, false) => crate::mails::text_of(&held)
                .map_err(|error| EngineError::invalid("body", error.to_string()))?
                .source()
                .to_owned(),
        };
        let (to, left_out) = self.who_gets_a_test(&held, to).await?;
        if to.is_empty() {
            let problem = "no test recipient would get it; invite one, or wait until they accept";
            return Err(EngineError::conflict("the test", problem));
        }
        let mut reader = self.store.read().await?;
        let mut mail = crate::mails::content_of(&mut reader, &held).await?;
        drop(reader);
        let own = held.plan.split.as_ref().filter(|_| second);
        if let (Some(mail), Some(subject)) = (&mut mail, own.and_then(|own| own.subject.as_ref())) {
            mail.subject.clone_from(subject);
        }
        let addresses = to.iter().map(|tester| tester.address.clone()).collect();
        let carrier = NewCampaign {
            name: format!("Deneme: {}", held.name).chars().take(120).collect(),
            connector: held.connector,
            sender: held.sender.clone(),
            plan: Plan {
                lettering: held.plan.lettering,
                ..Plan::default()
            },
            ..carrier(held.brand, held.channel, held.kind, body, addresses)
        };
        let carrier = self
            .send_aside(firm, carrier, Aside::Test, Some(id), mail, actor)
            .await?;
        let detail = json!({ "carrier": carrier.id, "people": to.len() });
        self.note(firm, actor, "campaign.test", &id.to_string(), &detail)
            .await?;
        Ok(TestSend {
            carrier,
            to,
            left_out,
        })
    }

    async fn who_gets_a_test(
        &self,
        campaign: &Campaign,
        named: &[TesterId],
    ) -> Result<(Vec<Tester>, Vec<(Tester, LeftOut)>), EngineError> {
        let mut reader = self.store.read().await?;
        let list = reader.testers(campaign.firm, campaign.brand).await?;
        if let Some(stranger) = named.iter().find(|id| list.iter().all(|t| t.id != **id)) {
            let problem = format!("{stranger} is no test recipient of the brand");
            return Err(EngineError::invalid("to", problem));
        }
        let (mut to, mut left_out) = (Vec::new(), Vec::new());
        for tester in list {
            if !named.is_empty() && !named.contains(&tester.id) {
                continue;
            }
            let state = reader
                .consent_state(ConsentKey {
                    brand: campaign.brand,
                    recipient: tester.recipient,
                    channel: campaign.channel,
                    kind: campaign.kind,
                })
                .await?;
            let refused = state.registry.verdict == Verdict::Ret
                || state.local.is_some_and(|said| said.status == Status::Ret);
            if tester.state != TesterState::Accepted {
                left_out.push((tester, LeftOut::NotAccepted));
            } else if !tester.address.fits(campaign.channel) {
                left_out.push((tester, LeftOut::OtherChannel));
            } else if refused {
                left_out.push((tester, LeftOut::Refused));
            } else {
                to.push(tester);
            }
        }
        Ok((to, left_out))
    }

    /// Where somebody is asked: at the address given, or at one of theirs that
    /// the account reaches.
    async fn tester_address(
        &self,
        firm: FirmId,
        new: &NewTester,
    ) -> Result<Recipient, EngineError> {
        let mut reader = self.store.read().await?;
        let account = reader
            .connector(firm, new.connector)
            .await?
            .ok_or_else(|| {
                EngineError::invalid("connector_id", "the firm has no such connector")
            })?;
        let configured = reader.connector_at_work(account.id).await?;
        let channels = self.connector(&configured)?.capabilities().channels;
        let reaches = |address: &Recipient| channels.contains(&channel_of(address));
        let found = match &new.at {
            TesterAt::Address(address) => Some(address.clone()),
            TesterAt::ExternalId(number) => {
                let contact = reader
                    .contact_by_external_id(firm, number)
                    .await?
                    .ok_or_else(|| EngineError::invalid("external_id", "nobody has this number"))?;
                [contact.phone, contact.email]
                    .into_iter()
                    .flatten()
                    .map(|known| known.recipient)
                    .find(|address| reaches(address))
            }
        };
        found.filter(reaches).ok_or_else(|| {
            EngineError::invalid("connector_id", "the account does not reach this person")
        })
    }

    /// Makes the address one that the firm knows; nothing is said about consent.
    pub(super) async fn make_known(
        &self,
        brand: &Brand,
        address: &Recipient,
        name: &str,
        actor: &str,
    ) -> Result<(), EngineError> {
        let mut writer = self.store.write().await?;
        let known = writer
            .recipient_ids(brand.firm, std::slice::from_ref(address))
            .await?;
        if known.iter().any(Option::is_some) {
            return Ok(());
        }
        let record = IncomingRecord {
            line: 0,
            recipient: address.clone(),
            external_id: None,
            token: None,
            // A text that greets them is tried with it.
            name: (!name.is_empty()).then(|| name.to_owned()),
            kind: RecipientKind::Bireysel,
            consent: None,
            evidence: None,
            attributes: Vec::new(),
            standing: None,
        };
        let context = ApplyContext {
            firm: brand.firm,
            brand: brand.id,
            origin: Origin::Api,
            origin_id: None,
            actor: actor.to_owned(),
            now: self.now(),
        };
        writer.apply_records(&context, &[record]).await?;
        Ok(writer.commit().await?)
    }

    /// Makes a campaign that stands in no list and lets it go at once.
    async fn send_aside(
        &self,
        firm: FirmId,
        mut new: NewCampaign,
        aside: Aside,
        of: Option<CampaignId>,
        mail: Option<MailContent>,
        actor: &str,
    ) -> Result<Campaign, EngineError> {
        self.check_campaign(firm, &mut new).await?;
        let mut writer = self.store.write().await?;
        let made = writer.create_campaign(firm, &new, actor).await?;
        writer.put_aside(made.id, aside, of).await?;
        if let (Channel::Eposta, Some(mail)) = (new.channel, mail) {
            writer
                .save_mail_content(MailOwner::Campaign(made.id), &mail)
                .await?;
        }
        let from = [CampaignState::Draft];
        let sent = writer
            .move_campaign(firm, made.id, &from, CampaignState::Launching, None)
            .await?;
        writer.commit().await?;
        self.wake.dispatch.notify_waiters();
        Ok(sent)
    }
}

const fn channel_of(address: &Recipient) -> Channel {
    match address {
        Recipient::Phone(_) => Channel::Mesaj,
        Recipient::Email(_) => Channel::Eposta,
    }
}

/// What all campaigns aside have in common; the account comes on top.
fn carrier(
    brand: BrandId,
    channel: Channel,
    kind: RecipientKind,
    body: String,
    addresses: Vec<Recipient>,
) -> NewCampaign {
    NewCampaign {
        brand,
        name: "Deneme alıcısı daveti".to_owned(),
        channel,
        kind,
        basis: Basis::Informational,
        purpose: PURPOSE.to_owned(),
        template: None,
        body,
        sender: String::new(),
        connector: ConnectorId::from_db(0),
        audience: Audience::Addresses { addresses },
        promotion: None,
        batch_size: 0,
        plan: Plan::default(),
    }
}

/// Subject and text of the question.
fn invitation(brand: &Brand) -> (String, String) {
    let name = brand.trade_name.replace(['{', '}'], "");
    let subject = format!("{name}: deneme iletileri alır mısınız?");
    let body = format!(
        "{name}: Gönderim öncesi deneme iletilerini almayı kabul ediyorsanız: {{{{{ACCEPT_LINK}}}}} \
         Kabul etmezseniz bir şey yapmanız gerekmez."
    );
    (subject, body)
}

#[cfg(test)]
mod tests {
    use domain::template::MessageText;

    use super::*;

    #[test]
    fn a_test_recipient_is_reached_by_the_channel_of_the_address() {
        let phone = Recipient::from_normalised("+905321234567").expect("a phone");
        let mail = Recipient::from_normalised("a@ornek.com").expect("an address");
        assert_eq!(channel_of(&phone), Channel::Mesaj);
        assert_eq!(channel_of(&mail), Channel::Eposta);
        let text = format!("Onay: {{{{{ACCEPT_LINK}}}}}");
        let text = MessageText::parse(&text).expect("a text");
        assert_eq!(text.variables(), [ACCEPT_LINK]);
    }
}
