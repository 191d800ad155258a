//! What an e-mail has besides its text, from the draft to the rendered message.

mod preheader;

use connectors::Mail;
use domain::gate::Basis;
use domain::ids::{CampaignId, FirmId, TemplateId};
use domain::plan::SUBJECT_CHARS_MAX;
use domain::template::{InvalidText, MessageText, RenderError, Values, said_to_everybody};
use domain::{Channel, EmailAddress, Timestamp};
use sha2::{Digest, Sha256};
use store::brands::Brand;
use store::campaigns::{Aside, Campaign, CampaignState};
use store::mail_content::{MailContent, MailOwner};
use store::{Reader, Writer};

use crate::Engine;
use crate::error::EngineError;
use crate::links::{ACCEPT_LINK, LINK};

/// The way out, where a text names none.
const WAY_OUT: &str = "\n\nİletilerimizi almak istemiyorsanız / To unsubscribe: {{ret_linki}}";
/// The same in HTML.
const WAY_OUT_HTML: &str = "<p style=\"margin-top:24px;font-size:13px\">\
     <a href=\"{{ret_linki}}\">İletilerimizi almak istemiyorum / Unsubscribe</a></p>";

/// Checked once, rendered for many people.
#[derive(Debug)]
pub(crate) struct MailText {
    subject: MessageText,
    /// That of the second text of a trial, where it has one of its own.
    second_subject: Option<MessageText>,
    html: Option<MessageText>,
    reply_to: Option<String>,
}

impl MailText {
    pub(crate) fn parse(content: &MailContent, campaign: &Campaign) -> Result<Self, InvalidText> {
        let is_commercial = campaign.basis == Basis::Commercial;
        let html = content.html.as_deref().map(|html| {
            let mut whole = html.to_owned();
            if is_commercial && !names_link(html) {
                whole = with_way_out(html);
            }
            if let Some(preheader) = &content.preheader {
                whole = preheader::put_into(&whole, preheader);
            }
            MessageText::parse_whole_html(&whole)
        });
        let split = campaign.plan.split.as_ref();
        let second = split.and_then(|split| split.subject.as_deref());
        Ok(Self {
            subject: MessageText::parse(&content.subject)?,
            second_subject: second.map(MessageText::parse).transpose()?,
            html: html.transpose()?,
            reply_to: content.reply_to.clone(),
        })
    }

    /// The message for one person, `url` being their way out; `second` for
    /// whoever gets the second text of a trial.
    pub(crate) fn render(
        &self,
        values: &Values,
        url: Option<String>,
        second: bool,
        now: Timestamp,
    ) -> Result<Mail, RenderError> {
        let own = self.second_subject.as_ref().filter(|_| second);
        let html = self.html.as_ref().map(|html| html.render(values));
        Ok(Mail {
            subject: own.unwrap_or(&self.subject).render(values)?,
            html: html.transpose()?,
            reply_to: self.reply_to.clone(),
            unsubscribe_url: url,
            written_at: now,
        })
    }
}

/// Whether everybody reads the way out: a link under a condition is none for
/// the others.
fn names_link(text: &str) -> bool {
    said_to_everybody(text).contains(LINK)
}

/// Before the end of the body, or at the end.
fn with_way_out(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    match lower.rfind("</body") {
        Some(at) => {
            let (front, back) = html.split_at(at);
            format!("{front}{WAY_OUT_HTML}{back}")
        }
        None => format!("{html}{WAY_OUT_HTML}"),
    }
}

/// The text of a campaign; a commercial e-mail names the way out.
pub(crate) fn text_of(campaign: &Campaign) -> Result<MessageText, InvalidText> {
    let needs_way_out = campaign.channel == Channel::Eposta
        && campaign.basis == Basis::Commercial
        && !names_link(&campaign.body);
    // The text was within its limit when it was saved.
    if needs_way_out {
        MessageText::parse_long(&format!("{}{WAY_OUT}", campaign.body))
    } else {
        MessageText::parse(&campaign.body)
    }
}

/// What an e-mail campaign has besides its text.
pub(crate) async fn content_of(
    reader: &mut Reader,
    campaign: &Campaign,
) -> Result<Option<MailContent>, EngineError> {
    if campaign.channel != Channel::Eposta {
        return Ok(None);
    }
    Ok(reader
        .mail_content(MailOwner::Campaign(campaign.id))
        .await?)
}

/// The variables of the subject and the HTML.
pub(crate) fn beside_text(content: &MailContent, campaign: &Campaign) -> Vec<String> {
    beside(content, campaign, MessageText::variables)
}

fn beside(
    content: &MailContent,
    campaign: &Campaign,
    of: fn(&MessageText) -> &[String],
) -> Vec<String> {
    let Ok(mail) = MailText::parse(content, campaign) else {
        return Vec::new();
    };
    let others = mail.html.iter().chain(&mail.second_subject);
    let all = std::iter::once(&mail.subject).chain(others);
    all.flat_map(of).cloned().collect()
}

/// The variables of a message.
pub(crate) fn variables(
    campaign: &Campaign,
    text: &MessageText,
    content: Option<&MailContent>,
) -> Vec<String> {
    told(campaign, text, content, MessageText::variables)
}

/// The variables that people must have a value for.
pub(crate) fn required(
    campaign: &Campaign,
    text: &MessageText,
    content: Option<&MailContent>,
) -> Vec<String> {
    told(campaign, text, content, MessageText::required)
}

fn told(
    campaign: &Campaign,
    text: &MessageText,
    content: Option<&MailContent>,
    of: fn(&MessageText) -> &[String],
) -> Vec<String> {
    let mut names = of(text).to_vec();
    names.extend(
        content
            .iter()
            .flat_map(|content| beside(content, campaign, of)),
    );
    let is_invitation = campaign.aside == Aside::Invitation;
    names.retain(|name| name != LINK && !(is_invitation && name == ACCEPT_LINK));
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether an e-mail lacks what it must have: a subject, and in its HTML who
/// sends it (Regulation art. 8).
pub(crate) fn is_incomplete(
    campaign: &Campaign,
    content: Option<&MailContent>,
    brand: &Brand,
) -> bool {
    if campaign.channel != Channel::Eposta {
        return false;
    }
    let Some(content) = content else {
        return true;
    };
    let Some(html) = &content.html else {
        return false;
    };
    let text = domain::fold_text::name_fold(&said_to_everybody(html));
    let has = |needle: &str| {
        !needle.trim().is_empty() && text.contains(&domain::fold_text::name_fold(needle))
    };
    campaign.basis == Basis::Commercial && !has(&brand.trade_name) && !has(&brand.mersis)
}

/// The campaign's purpose, where anybody muted it.
pub(crate) async fn muted_purpose(
    reader: &mut Reader,
    campaign: &Campaign,
) -> Result<Option<i64>, EngineError> {
    if campaign.basis != Basis::Commercial {
        return Ok(None);
    }
    let purpose = store::purposes::purpose_key(&campaign.purpose);
    let is_muted = reader
        .is_muted_by_anybody(campaign.brand, campaign.channel, purpose)
        .await?;
    Ok(is_muted.then_some(purpose))
}

/// A campaign begins with what its template has.
pub(crate) async fn copy_from_template(
    writer: &mut Writer,
    campaign: &Campaign,
) -> Result<(), EngineError> {
    let Some(template) = campaign
        .template
        .filter(|_| campaign.channel == Channel::Eposta)
    else {
        return Ok(());
    };
    let held = writer.template(campaign.firm, template).await?;
    if held.is_none() {
        return Ok(());
    }
    if let Some(content) = writer.mail_content(MailOwner::Template(template)).await? {
        writer
            .save_mail_content(MailOwner::Campaign(campaign.id), &content)
            .await?;
    }
    Ok(())
}

/// What is frozen of a campaign, its mail included.
pub(crate) fn hashed(campaign: Vec<u8>, content: Option<&MailContent>) -> Vec<u8> {
    let Some(content) = content else {
        return campaign;
    };
    let mut hasher = Sha256::new();
    hasher.update(&campaign);
    for part in [
        Some(content.subject.as_str()),
        content.html.as_deref(),
        content.reply_to.as_deref(),
    ] {
        hasher.update(part.unwrap_or_default().as_bytes());
        hasher.update([0]);
    }
    // A mail without one keeps the hash it always had.
    if let Some(preheader) = &content.preheader {
        hasher.update(preheader.as_bytes());
        hasher.update([0]);
    }
    hasher.finalize().to_vec()
}

fn checked(content: &MailContent) -> Result<(), EngineError> {
    let invalid = |field: &'static str| {
        move |error: InvalidText| EngineError::invalid(field, error.to_string())
    };
    if content.subject.chars().count() > SUBJECT_CHARS_MAX || content.subject.contains('\n') {
        return Err(EngineError::invalid(
            "subject",
            format!("must be one line of at most {SUBJECT_CHARS_MAX} characters"),
        ));
    }
    MessageText::parse(&content.subject).map_err(invalid("subject"))?;
    if let Some(html) = &content.html {
        MessageText::parse_html(html).map_err(invalid("html"))?;
    }
    if let Some(preheader) = &content.preheader {
        preheader::check(preheader, content.html.as_deref())?;
    }
    let reply_to = content.reply_to.as_deref();
    if reply_to.is_some_and(|address| EmailAddress::from_normalised(address).is_none()) {
        return Err(EngineError::invalid(
            "reply_to",
            "must be an e-mail address in lower case",
        ));
    }
    Ok(())
}

impl Engine {
    /// Refuses variables that nobody knows, in the subject, the pre-header and
    /// the HTML.
    async fn check_mail_variables(
        &self,
        firm: FirmId,
        content: &MailContent,
        owner: MailOwner,
    ) -> Result<(), EngineError> {
        let html = content.html.as_deref().map(MessageText::parse_html);
        let preheader = content.preheader.as_deref().map(MessageText::parse);
        let subject = Some(MessageText::parse(&content.subject));
        for (field, part) in [
            ("subject", subject),
            ("preheader", preheader),
            ("html", html),
        ] {
            let Some(Ok(part)) = part else { continue };
            let names = part.variables();
            match owner {
                MailOwner::Campaign(_) => self.check_names(firm, field, names).await?,
                MailOwner::Template(_) => self.check_template_names(firm, field, names).await?,
            }
        }
        Ok(())
    }

    /// Gives a draft its subject and HTML.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names the field, [`EngineError::Conflict`] when
    /// it is no draft any more.
    pub async fn set_campaign_mail(
        &self,
        firm: FirmId,
        id: CampaignId,
        content: &MailContent,
        actor: &str,
    ) -> Result<(), EngineError> {
        checked(content)?;
        self.check_mail_variables(firm, content, MailOwner::Campaign(id))
            .await?;
        let missing = EngineError::NotFound {
            what: "the campaign",
        };
        let mut writer = self.store.write().await?;
        let campaign = writer.campaign(firm, id).await?.ok_or(missing)?;
        if campaign.channel != Channel::Eposta {
            return Err(EngineError::invalid("channel", "is not EPOSTA"));
        }
        if campaign.state != CampaignState::Draft {
            return Err(EngineError::conflict(
                "the campaign",
                "is no draft any more",
            ));
        }
        writer
            .save_mail_content(MailOwner::Campaign(id), content)
            .await?;
        let detail = serde_json::json!({ "subject": content.subject });
        writer
            .append_audit(firm, actor, "campaign.mail", &id.to_string(), &detail)
            .await?;
        writer.commit().await?;
        Ok(())
    }

    /// Gives a template its subject and HTML.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names the field.
    pub async fn set_template_mail(
        &self,
        firm: FirmId,
        id: TemplateId,
        content: &MailContent,
        actor: &str,
    ) -> Result<(), EngineError> {
        checked(content)?;
        self.check_mail_variables(firm, content, MailOwner::Template(id))
            .await?;
        let missing = EngineError::NotFound {
            what: "the template",
        };
        let mut writer = self.store.write().await?;
        let template = writer.template(firm, id).await?.ok_or(missing)?;
        if template.channel != Channel::Eposta {
            return Err(EngineError::invalid("channel", "is not EPOSTA"));
        }
        writer.save_template_mail(id, content, actor).await?;
        let detail = serde_json::json!({ "subject": content.subject });
        writer
            .append_audit(firm, actor, "template.mail", &id.to_string(), &detail)
            .await?;
        writer.commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use store::campaigns::NewCampaign;

    use super::*;

    #[test]
    fn the_way_out_stands_inside_the_body_of_a_page_and_once() {
        let page = with_way_out("<html><BODY><p>a</p></BODY></html>");
        assert!(page.ends_with("</p></BODY></html>"), "{page}");
        assert_eq!(page.matches(LINK).count(), 1);
        assert!(with_way_out("<p>a</p>").starts_with("<p>a</p><p"));
    }

    #[test]
    fn a_way_out_that_only_some_would_see_is_none() {
        assert!(names_link("a {{ret_linki}}"));
        assert!(!names_link("a{% if ad %} {{ret_linki}}{% endif %}"));
    }

    #[test]
    fn a_preheader_is_filled_in_for_each_person_and_never_becomes_markup() {
        let new = NewCampaign {
            brand: domain::ids::BrandId::from_db(1),
            name: "Yaz".to_owned(),
            channel: Channel::Eposta,
            kind: domain::RecipientKind::Bireysel,
            basis: Basis::Commercial,
            purpose: "kampanya".to_owned(),
            template: None,
            body: "Yaz".to_owned(),
            sender: "bilgi@ornek.com".to_owned(),
            connector: domain::ids::ConnectorId::from_db(1),
            promotion: None,
            audience: store::campaigns::Audience::All,
            batch_size: 1,
            plan: domain::plan::Plan::default(),
        };
        let now = Timestamp::from_micros(0);
        let campaign = Campaign::imagined(FirmId::from_db(1), new, now);
        let content = |preheader: Option<&str>| MailContent {
            subject: "Yaz".to_owned(),
            html: Some("<body><p>Merhaba</p></body>".to_owned()),
            reply_to: None,
            preheader: preheader.map(str::to_owned),
        };
        let with = content(Some("{{ad}} & yaz"));
        assert_eq!(beside_text(&with, &campaign), ["ad", LINK]);
        let values = [("ad", "<b>Ali</b>"), (LINK, "https://x.test/u/a")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mail = MailText::parse(&with, &campaign).expect("a mail");
        let mail = mail
            .render(&values.into(), None, false, now)
            .expect("written");
        let html = mail.html.unwrap_or_default();
        let shown = "&lt;b&gt;Ali&lt;&#x2f;b&gt; &amp; yaz";
        let place = html.find(shown).expect("the words");
        assert!(
            html.starts_with("<body><div style=\"display:none"),
            "{html}"
        );
        assert!(place < html.find("<p>Merhaba").expect("the text"));
        let hashes =
            [None, Some("Yaz"), Some("Kış")].map(|one| hashed(vec![1], Some(&content(one))));
        assert_ne!(hashes[0], hashes[1]);
        assert_ne!(hashes[1], hashes[2], "what an approver agrees to");
    }

    #[test]
    fn a_long_or_broken_subject_is_refused() {
        let content = |subject: &str| MailContent {
            subject: subject.to_owned(),
            html: None,
            reply_to: None,
            preheader: None,
        };
        assert!(checked(&content("Yaz indirimi")).is_ok());
        for subject in ["", "a\nb", "{{ad", &"a".repeat(201)] {
            assert!(checked(&content(subject)).is_err(), "{subject}");
        }
    }
}
