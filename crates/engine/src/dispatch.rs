//! Messages go out: batches are claimed and gated, sent, settled, and what is
//! in doubt is found out.

mod claim;
mod flow;
mod pace;
mod recheck;
mod refused;
mod resolve;
mod send;
mod stops;

use std::borrow::Cow;
use std::sync::Arc;

use crate::Engine;
use crate::attributes::Used;
use crate::error::EngineError;
use crate::links::{ACCEPT_LINK, LINK, Links};
use crate::mails::MailText;
use crate::promotions::Codes;
use connectors::{Connector, Mail};
use domain::Timestamp;
use domain::gate::{Basis, BrandPolicy, MessageFacts, RouteFacts};
use domain::ids::{CampaignId, ConnectorId};
use domain::plan::Part;
use domain::segments::Lengths;
use domain::template::{InvalidText, MessageText, RenderError};
use store::audience_shape::Frequency;
use store::brands::Brand;
use store::campaigns::{Aside, Campaign};
use store::connectors::{Connector as Account, ConnectorState};
use store::person::{FactsAbout, Person};

pub(crate) use pace::Paces;
pub(crate) use recheck::Rechecks;
pub(crate) use refused::{Strikes, break_account};

/// What is the same for all batches of a campaign, as it is at this claim.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) campaign: Campaign,
    pub(crate) brand: Brand,
    pub(crate) account: Account,
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) text: MessageText,
    /// The attributes it uses.
    pub(crate) attributes: Used,
    /// The second text of a trial.
    pub(crate) second: Option<MessageText>,
    /// How texts are counted over this account, and what is done to their
    /// characters before.
    pub(crate) lengths: Lengths,
    /// Whether links are not delivered over this route.
    pub(crate) is_foreign: bool,
    /// Longest text message, in parts.
    pub(crate) parts_max: u32,
    /// The brand's frequency limits, as far as they hold for the campaign.
    pub(crate) frequency: Option<Frequency>,
    /// Campaigns that say the same today, where that counts.
    pub(crate) repeated: Option<Frequency>,
    pub(crate) policy: BrandPolicy,
    pub(crate) facts: MessageFacts,
    pub(crate) route: RouteFacts,
    /// What an e-mail has besides its text.
    pub(crate) mail: Option<MailText>,
    /// Makes each person's own link.
    pub(crate) links: Links,
    /// The campaign's purpose, where anybody muted it.
    pub(crate) muted_purpose: Option<i64>,
    /// Where the codes that the text uses come from.
    pub(crate) codes: Option<Codes>,
}

impl Context {
    /// Whether a batch gets the second text: in a trial of two, that of its part;
    /// the rest gets the one that was chosen.
    fn gets_second(&self, batch_no: i64) -> bool {
        let part = match Part::of_batch(batch_no) {
            Part::Rest => self
                .campaign
                .progress
                .winner
                .as_ref()
                .map(|winner| winner.part),
            part => Some(part),
        };
        part == Some(Part::Second)
    }

    /// The text that a batch gets.
    pub(crate) fn text_of(&self, batch_no: i64) -> &MessageText {
        match &self.second {
            Some(second) if self.gets_second(batch_no) => second,
            _ => &self.text,
        }
    }

    /// Whether it is too late for a message: the campaign's time is over, or that
    /// of the codes in it.
    pub(crate) fn is_over(&self, at: Timestamp) -> bool {
        let codes = self.codes.as_ref();
        self.campaign.plan.is_expired(at) || codes.is_some_and(|codes| codes.are_over(at))
    }

    pub(crate) fn about(&self) -> FactsAbout {
        FactsAbout {
            firm: self.campaign.firm,
            brand: self.campaign.brand,
            channel: self.campaign.channel,
            kind: self.campaign.kind,
        }
    }
}

impl Context {
    /// The message for one person; their own link is a variable of it.
    pub(crate) fn written_for(
        &self,
        person: &mut Person,
        now: Timestamp,
        batch_no: i64,
    ) -> Result<(String, Option<Box<Mail>>), RenderError> {
        let url = self.links.url(self.campaign.id, person.facts.id);
        let written = self.text_of(batch_no);
        if self.mail.is_some() || written.variables().iter().any(|name| name == LINK) {
            person.values.insert(LINK.to_owned(), url.clone());
        }
        if self.campaign.aside == Aside::Invitation {
            let url = self.links.accept_url(self.campaign.id, person.facts.id);
            person.values.insert(ACCEPT_LINK.to_owned(), url);
        }
        let text = written.render(&person.values)?;
        let Some(mail) = &self.mail else {
            let text = match self.lengths.lettering.apply(&text) {
                Cow::Owned(leaves) => leaves,
                Cow::Borrowed(_) => text,
            };
            return Ok((text, None));
        };
        let is_commercial = self.campaign.basis == Basis::Commercial;
        let url = is_commercial.then_some(url);
        let mail = mail.render(&person.values, url, self.gets_second(batch_no), now)?;
        Ok((text, Some(Box::new(mail))))
    }
}

impl Engine {
    /// Reads what a claim rests on besides the people, inside its transaction.
    pub(crate) async fn context(
        &self,
        reader: &mut store::Reader,
        campaign: CampaignId,
        connector: &Arc<dyn Connector>,
        account: &Account,
    ) -> Result<Context, EngineError> {
        let campaign = reader.campaign_at_work(campaign).await?;
        let brand = reader.brand_at_work(campaign.brand).await?;
        let invalid = |error: InvalidText| {
            EngineError::Internal(format!(
                "the text of campaign {} is not valid: {error}",
                campaign.id
            ))
        };
        let content = crate::mails::content_of(reader, &campaign).await?;
        let text = crate::mails::text_of(&campaign).map_err(invalid)?;
        let mail = content
            .as_ref()
            .map(|content| MailText::parse(content, &campaign))
            .transpose()
            .map_err(invalid)?;
        let second = campaign
            .plan
            .split
            .as_ref()
            .map(|split| {
                let mut other = campaign.clone();
                other.body.clone_from(&split.body);
                crate::mails::text_of(&other)
            })
            .transpose()
            .map_err(invalid)?;
        let mut names = crate::mails::variables(&campaign, &text, content.as_ref());
        names.extend(second.iter().flat_map(|text| text.variables().to_vec()));
        let attributes = Used::by(reader, campaign.firm, &names).await?;
        let codes = crate::promotions::codes_of(reader, &campaign, &names).await?;
        let (mut policy, rules) = self.policy_for(reader, &brand, &campaign.purpose).await?;
        // What was held, throttled or paused since its launch is asked about again.
        policy.freshness_us = policy.freshness_us.min(rules.campaign_answer_us());
        let frequency = self.frequency(reader, &campaign, &rules).await?;
        let repeated = self.repeated(reader, &campaign, &rules).await?;
        let facts = MessageFacts {
            channel: campaign.channel,
            kind: campaign.kind,
            basis: campaign.basis,
            content_incomplete: crate::campaigns::is_content_incomplete(&campaign, &brand)
                || crate::mails::is_incomplete(&campaign, content.as_ref(), &brand),
        };
        let muted_purpose = crate::mails::muted_purpose(reader, &campaign).await?;
        // A provider that forbids advertisements to Turkey is no route for them.
        let is_allowed =
            campaign.basis != Basis::Commercial || connector.capabilities().commercial_to_turkey;
        let route = RouteFacts {
            available: account.state == ConnectorState::Active && is_allowed,
            sender_approved: crate::campaigns::is_sender_approved(&campaign, account),
            ..RouteFacts::CLEAR
        };
        let lengths = crate::campaigns::text::lengths_over(&campaign, connector.as_ref());
        Ok(Context {
            policy,
            lengths,
            parts_max: self.settings.dispatch.parts_max,
            is_foreign: campaign.channel.is_phone()
                && crate::campaigns::is_foreign(connector.as_ref()),
            frequency,
            repeated,
            second,
            campaign,
            brand,
            account: account.clone(),
            connector: Arc::clone(connector),
            attributes,
            text,
            facts,
            route,
            mail,
            links: self.links(),
            muted_purpose,
            codes,
        })
    }

    /// The connector, while it is in order; batches of a broken one wait.
    async fn active(
        &self,
        id: ConnectorId,
    ) -> Result<Option<(Account, Arc<dyn Connector>)>, EngineError> {
        let configured = self.store.read().await?.connector_at_work(id).await?;
        if configured.0.state != ConnectorState::Active {
            return Ok(None);
        }
        let connector = self.connector(&configured)?;
        Ok(Some((configured.0, connector)))
    }
}
