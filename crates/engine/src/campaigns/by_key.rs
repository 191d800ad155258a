//! Messages that programs ask for by a template's key (*işlemsel ileti*).
//!
//! Each is a campaign of one person that stands in no list: so it passes the
//! gate, is claimed, settled and never doubled like everything else. Its ground
//! stands with the template and is never commercial; a text that reads like
//! promotion is refused, whoever wrote which part of it.

use std::collections::BTreeSet;

use domain::api_message::{self, ApiMessage, Overridable, PARAMETER_CHARS_MAX, PARAMETERS_MAX};
use domain::gate::Basis;
use domain::ids::{CampaignId, FirmId, RecipientId, TemplateId};
use domain::lint::{self, Weight};
use domain::plan::Plan;
use domain::segments::Lengths;
use domain::template::{MessageText, Values, normalise};
use domain::{Channel, Timestamp};
use serde_json::json;
use store::api_messages::KeyedTemplate;
use store::brands::Brand;
use store::campaigns::{Audience, CampaignState, NewCampaign};
use store::mail_content::{MailContent, MailOwner};
use store::sending_rules::HaltScope;
use store::templates::Template;

use super::{sender, text};
use crate::Engine;
use crate::error::{EngineError, Fault};

/// Longest name of a campaign, characters.
const NAME_CHARS_MAX: usize = 120;

/// What a call says otherwise than the template.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Another text.
    pub text: Option<String>,
    /// Another subject.
    pub subject: Option<String>,
    /// Another sender.
    pub sender: Option<String>,
    /// The limits do not hold for it.
    pub ignores_limits: bool,
    /// It leaves outside of the hours.
    pub ignores_window: bool,
}

/// Somebody to be sent a message.
#[derive(Debug, Clone)]
pub struct Addressee {
    /// The address.
    pub to: domain::Recipient,
    /// Values of the text's parameters.
    pub parameters: Values,
}

/// A call.
#[derive(Debug, Clone)]
pub struct ApiMessages {
    /// Which message.
    pub key: String,
    /// To whom.
    pub people: Vec<Addressee>,
    /// What it says otherwise.
    pub overrides: Overrides,
}

/// What became of one message of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// It is on its way.
    Taken(Taken),
    /// A limit keeps it back; nothing was kept of it.
    Refused(Fault),
}

/// A message on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The campaign that carries it; its report tells what became of it.
    pub campaign: CampaignId,
    /// When it leaves, where that is later.
    pub leaves_at: Option<Timestamp>,
}

/// What is the same for all messages of a call.
struct Call {
    keyed: KeyedTemplate,
    template: Template,
    brand: Brand,
    body: String,
    sender: String,
    mail: Option<MailContent>,
    text: MessageText,
    leaves_at: Option<Timestamp>,
    overrides: Overrides,
}

fn fault(field: &'static str, code: &'static str, tr: &str, en: &str) -> Fault {
    Fault {
        field,
        code,
        text_tr: tr.to_owned(),
        text_en: en.to_owned(),
    }
}

impl Overrides {
    /// The first of them that the template does not allow.
    fn refused(&self, allowed: &BTreeSet<Overridable>) -> Option<&'static str> {
        let said = [
            (Overridable::Text, self.text.is_some(), "overrides.text"),
            (
                Overridable::Subject,
                self.subject.is_some(),
                "overrides.subject",
            ),
            (
                Overridable::Sender,
                self.sender.is_some(),
                "overrides.sender",
            ),
            (
                Overridable::Limits,
                self.ignores_limits,
                "overrides.ignores_limits",
            ),
            (
                Overridable::Window,
                self.ignores_window,
                "overrides.ignores_window",
            ),
        ];
        let refused = said
            .into_iter()
            .find(|(what, is_said, _)| *is_said && !allowed.contains(what));
        refused.map(|(_, _, field)| field)
    }
}

impl Engine {
    /// Says what holds for the messages that programs ask for by a template's key.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names the field; [`EngineError::Conflict`] when
    /// another template has the key.
    pub async fn set_api_message(
        &self,
        firm: FirmId,
        template: TemplateId,
        message: &ApiMessage,
        actor: &str,
    ) -> Result<KeyedTemplate, EngineError> {
        message
            .check()
            .map_err(|fault| EngineError::invalid(fault.field, fault.problem))?;
        let mut writer = self.store.write().await?;
        let held = writer
            .template(firm, template)
            .await?
            .ok_or(EngineError::NotFound {
                what: "the template",
            })?;
        domain::sender::check(held.channel, &message.sender)
            .map_err(|error| EngineError::invalid("sender", error.to_string()))?;
        let brand = writer.brand_at_work(held.brand).await?;
        let account = writer.connector(firm, message.connector).await?;
        account.ok_or_else(|| {
            EngineError::invalid("connector_id", "the firm has no such connector")
        })?;
        let configured = writer.connector_at_work(message.connector).await?;
        let channels = self.connector(&configured)?.capabilities().channels;
        if !channels.contains(&held.channel) {
            let problem = "the connector does not carry the template's channel";
            return Err(EngineError::invalid("connector_id", problem));
        }
        no_promotion("template", &held.body, &brand, message.basis, held.channel)?;
        writer
            .set_api_message(firm, template, message, actor)
            .await?;
        let detail = json!({ "key": message.key, "settings": message });
        let subject = template.to_string();
        writer
            .append_audit(firm, actor, "template.api", &subject, &detail)
            .await?;
        let kept = writer.api_message(firm, template).await?;
        writer.commit().await?;
        kept.ok_or(EngineError::NotFound {
            what: "the message key",
        })
    }

    /// Programs may not send the template any more; what was asked for leaves.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when they could not.
    pub async fn remove_api_message(
        &self,
        firm: FirmId,
        template: TemplateId,
        actor: &str,
    ) -> Result<(), EngineError> {
        let mut writer = self.store.write().await?;
        if !writer.remove_api_message(firm, template).await? {
            let what = "the message key";
            return Err(EngineError::NotFound { what });
        }
        let subject = template.to_string();
        writer
            .append_audit(firm, actor, "template.api_end", &subject, &json!(null))
            .await?;
        Ok(writer.commit().await?)
    }

    /// Sends a template's message to each of the people, as its key allows. What
    /// a limit keeps back is told one by one; the others are on their way.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such key,
    /// [`EngineError::Faults`] with `override_not_allowed` for what the template
    /// does not let a call say, [`EngineError::Invalid`] for what cannot be.
    pub async fn send_by_key(
        &self,
        firm: FirmId,
        asked: ApiMessages,
        actor: &str,
    ) -> Result<Vec<Asked>, EngineError> {
        let call = self.keyed_call(firm, asked.key, asked.overrides).await?;
        let mut seen = BTreeSet::new();
        for person in &asked.people {
            check_person(&call, person)?;
            if !seen.insert(person.to.to_string()) {
                let problem = format!("{} stands there twice", person.to);
                return Err(EngineError::invalid("messages", problem));
            }
        }
        let mut told = Vec::with_capacity(asked.people.len());
        for person in asked.people {
            told.push(self.send_keyed(firm, &call, person, actor).await?);
        }
        self.wake.dispatch.notify_waiters();
        Ok(told)
    }

    async fn keyed_call(
        &self,
        firm: FirmId,
        key: String,
        overrides: Overrides,
    ) -> Result<Call, EngineError> {
        let mut reader = self.store.read().await?;
        let what = "the message key";
        let missing = || EngineError::NotFound { what };
        let keyed = reader.api_message_of_key(firm, &key).await?;
        let keyed = keyed.ok_or_else(missing)?;
        let template = reader.template(firm, keyed.template).await?;
        let template = template.ok_or_else(missing)?;
        let brand = reader.brand_at_work(template.brand).await?;
        let mail = match template.channel {
            Channel::Eposta => {
                let held = reader
                    .mail_content(MailOwner::Template(keyed.template))
                    .await?;
                let problem = "the template's e-mail has no subject yet";
                Some(held.ok_or_else(|| EngineError::conflict("the template", problem))?)
            }
            _ => None,
        };
        if let Some(halt) = reader.halted(HaltScope::Brand, brand.id.as_db()).await? {
            let problem = format!("sending for the brand was stopped by {}", halt.by);
            return Err(EngineError::conflict("the message", problem));
        }
        drop(reader);
        if let Some(field) = overrides.refused(&keyed.message.overridable) {
            return Err(EngineError::Faults(vec![fault(
                field,
                "override_not_allowed",
                "Şablon bunun çağrıda değiştirilmesine izin vermiyor. Bu alanı göndermeyin ya da şablonun API ayarlarında izin verin.",
                "The template does not let a call change this. Leave the field out, or allow it in the template's settings for programs.",
            )]));
        }
        let body = match &overrides.text {
            Some(text) => normalise(text).0,
            None => template.body.clone(),
        };
        let text = MessageText::parse(&body)
            .map_err(|error| EngineError::invalid("overrides.text", error.to_string()))?;
        self.check_template_names(firm, "overrides.text", text.variables())
            .await?;
        let (basis, channel) = (keyed.message.basis, template.channel);
        no_promotion("overrides.text", &body, &brand, basis, channel)?;
        let mail = match (mail, overrides.subject.clone()) {
            (Some(mail), Some(subject)) => {
                no_promotion("overrides.subject", &subject, &brand, basis, channel)?;
                Some(MailContent { subject, ..mail })
            }
            (mail, _) => mail,
        };
        let own = keyed.message.sender.clone();
        let now = self.now();
        let leaves_at = keyed.message.leaves_at(now);
        Ok(Call {
            sender: overrides.sender.clone().unwrap_or(own),
            leaves_at: leaves_at.filter(|_| !overrides.ignores_window),
            keyed,
            template,
            brand,
            body,
            mail,
            text,
            overrides,
        })
    }

    async fn send_keyed(
        &self,
        firm: FirmId,
        call: &Call,
        person: Addressee,
        actor: &str,
    ) -> Result<Asked, EngineError> {
        let message = &call.keyed.message;
        let now = self.now();
        let name = format!("API: {}", message.key);
        let mut new = NewCampaign {
            brand: call.brand.id,
            name: name.chars().take(NAME_CHARS_MAX).collect(),
            channel: call.template.channel,
            kind: message.kind,
            basis: message.basis,
            purpose: message.purpose.clone(),
            template: Some(call.template.id),
            body: call.body.clone(),
            sender: call.sender.clone(),
            connector: message.connector,
            promotion: None,
            audience: Audience::Addresses {
                addresses: vec![person.to.clone()],
            },
            batch_size: 1,
            plan: Plan {
                send_at: call.leaves_at,
                expires_at: message.expires_at(call.leaves_at.unwrap_or(now)),
                values: person.parameters,
                ..Plan::default()
            },
        };
        sender::check(&new)?;
        self.check_campaign(firm, &mut new).await?;
        self.make_known(&call.brand, &person.to, "", actor).await?;
        let mut writer = self.store.write().await?;
        let ids = writer
            .recipient_ids(firm, std::slice::from_ref(&person.to))
            .await?;
        let missing = EngineError::NotFound {
            what: "the address",
        };
        let recipient = ids.into_iter().flatten().next().ok_or(missing)?;
        if !call.overrides.ignores_limits
            && let Some(full) = limit(&mut writer, call, recipient, now).await?
        {
            return Ok(Asked::Refused(full));
        }
        let made = writer.create_campaign(firm, &new, actor).await?;
        writer
            .note_api_message(made.id, call.template.id, recipient)
            .await?;
        if let Some(mail) = &call.mail {
            writer
                .save_mail_content(MailOwner::Campaign(made.id), mail)
                .await?;
        }
        let from = [CampaignState::Draft];
        writer
            .move_campaign(firm, made.id, &from, CampaignState::Launching, None)
            .await?;
        writer.start_campaign_at(made.id, call.leaves_at).await?;
        let detail = json!({ "key": message.key });
        let subject = made.id.to_string();
        writer
            .append_audit(firm, actor, "message.send", &subject, &detail)
            .await?;
        writer.commit().await?;
        Ok(Asked::Taken(Taken {
            campaign: made.id,
            leaves_at: call.leaves_at,
        }))
    }

    /// Refuses variables of a template that nobody knows and no call fills in.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names the unknown one and what was probably meant.
    pub async fn check_template_names(
        &self,
        firm: FirmId,
        field: &'static str,
        used: &[String],
    ) -> Result<(), EngineError> {
        let on_record: Vec<String> = used
            .iter()
            .filter(|name| !api_message::is_parameter(name))
            .cloned()
            .collect();
        self.check_names(firm, field, &on_record).await
    }
}

/// The limit of a key that is used up for somebody, in the transaction that
/// would add one more.
async fn limit(
    writer: &mut store::Writer,
    call: &Call,
    recipient: RecipientId,
    now: Timestamp,
) -> Result<Option<Fault>, EngineError> {
    let message = &call.keyed.message;
    let since = message.counts_since(now);
    let hours = message.limit_hours;
    for (most, person, code) in [
        (message.person_limit, Some(recipient), "person_limit"),
        (message.total_limit, None, "total_limit"),
    ] {
        let Some(most) = most else { continue };
        let asked = writer
            .api_messages_since(call.template.id, person, since, most)
            .await?;
        if asked < most {
            continue;
        }
        let (tr, en) = match person {
            Some(_) => (
                format!(
                    "Bu kişiye son {hours} saatte bu iletiden {most} kez gönderildi; sınır bu kadar. Daha sonra yeniden deneyin."
                ),
                format!(
                    "This person was sent the message {most} times in the last {hours} hours, which is the limit. Try again later."
                ),
            ),
            None => (
                format!(
                    "Bu iletiden son {hours} saatte {most} kez gönderildi; sınır bu kadar. Daha sonra yeniden deneyin ya da sınırı yükseltin."
                ),
                format!(
                    "The message was sent {most} times in the last {hours} hours, which is the limit. Try again later, or raise the limit."
                ),
            ),
        };
        return Ok(Some(fault("messages", code, &tr, &en)));
    }
    Ok(None)
}

/// Refuses parameters that the text does not know, and people whom it lacks some
/// for.
fn check_person(call: &Call, person: &Addressee) -> Result<(), EngineError> {
    let invalid = |problem: String| {
        let problem = format!("{}: {problem}", person.to);
        Err(EngineError::invalid("messages.parameters", problem))
    };
    if !person.to.fits(call.template.channel) {
        return invalid("is no address of the template's channel".to_owned());
    }
    if person.parameters.len() > PARAMETERS_MAX {
        return invalid(format!("at most {PARAMETERS_MAX} parameters"));
    }
    let beside = call.mail.as_ref().map(beside_text).unwrap_or_default();
    let used = || call.text.variables().iter().chain(&beside);
    for (name, value) in &person.parameters {
        if !api_message::is_parameter(name) || !used().any(|one| one == name) {
            return invalid(format!("`{name}` is no parameter of the text"));
        }
        if value.chars().count() > PARAMETER_CHARS_MAX {
            return invalid(format!(
                "`{name}` has more than {PARAMETER_CHARS_MAX} characters"
            ));
        }
        let (basis, channel) = (call.keyed.message.basis, call.template.channel);
        no_promotion("messages.parameters", value, &call.brand, basis, channel)?;
    }
    let is_given = |name: &String| {
        let given = person.parameters.get(name);
        given.is_some_and(|value| !value.trim().is_empty())
    };
    let lacking = call
        .text
        .required()
        .iter()
        .chain(&beside)
        .find(|name| api_message::is_parameter(name) && !is_given(name));
    match lacking {
        Some(name) => invalid(format!("`{name}` has no value")),
        None => Ok(()),
    }
}

/// The parameters of a mail's subject and HTML.
fn beside_text(mail: &MailContent) -> Vec<String> {
    let subject = MessageText::parse(&mail.subject);
    let html = mail.html.as_deref().map(MessageText::parse_html);
    let preheader = mail.preheader.as_deref().map(MessageText::parse);
    let parts = std::iter::once(subject).chain(html).chain(preheader);
    parts
        .flatten()
        .flat_map(|text| text.required().to_vec())
        .collect()
}

/// Refuses what reads like promotion: on an exempt ground it is against the law,
/// and nobody looks at a program's message before it leaves.
fn no_promotion(
    field: &'static str,
    said: &str,
    brand: &Brand,
    basis: Basis,
    channel: Channel,
) -> Result<(), EngineError> {
    let found = lint::lint(
        said,
        &text::speaker(brand),
        basis,
        channel,
        Lengths::TURKISH,
    );
    let found = found
        .into_iter()
        .find(|found| found.weight == Weight::NeedsApproval);
    match found {
        None => Ok(()),
        Some(found) => Err(EngineError::Faults(vec![Fault {
            field,
            code: "promotion",
            text_tr: found.text_tr,
            text_en: found.text_en,
        }])),
    }
}
