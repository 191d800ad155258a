//! Attributes (*özel alan*) in texts: shown as Turkish readers write them, and
//! health data in no text that an owner has not approved.

use domain::ReasonCode;
use domain::attribute::{Attribute, is_code};
use domain::ids::{BrandId, FirmId};
use domain::template::{MessageText, Values};
use store::Reader;
use store::campaigns::Campaign;

use crate::Engine;
use crate::campaigns::text::texts;
use crate::error::EngineError;

/// The attributes among the variables of a message.
#[derive(Debug, Clone, Default)]
pub(crate) struct Used(Vec<Attribute>);

impl Used {
    /// Reads them; a text of names and numbers alone asks nothing.
    pub(crate) async fn by(
        reader: &mut Reader,
        firm: FirmId,
        names: &[String],
    ) -> Result<Self, EngineError> {
        if !names.iter().any(|name| is_code(name)) {
            return Ok(Self::default());
        }
        let defined = reader.attributes(firm).await?;
        let used = defined.into_iter().map(|one| one.attribute);
        let used = used.filter(|one| names.contains(&one.code));
        Ok(Self(used.collect()))
    }

    fn health(&self) -> Option<&Attribute> {
        self.0.iter().find(|attribute| attribute.is_health)
    }

    /// Turns stored values into what people read.
    pub(crate) fn show(&self, values: &mut Values) {
        for attribute in &self.0 {
            if let Some(value) = values.get_mut(&attribute.code) {
                *value = attribute.show(value);
            }
        }
    }
}

fn refuse(health: Option<Attribute>) -> Result<(), EngineError> {
    health.map_or(Ok(()), |attribute| {
        Err(EngineError::Refused {
            code: ReasonCode::S405,
            args: vec![("attribute".to_owned(), attribute.label_tr)],
        })
    })
}

/// The health data in a text whose very words no owner approved as a template
/// of the brand.
async fn unapproved(
    reader: &mut Reader,
    firm: FirmId,
    brand: BrandId,
    body: &str,
) -> Result<Option<Attribute>, EngineError> {
    let Ok(text) = MessageText::parse(body) else {
        return Ok(None);
    };
    let used = Used::by(reader, firm, text.variables()).await?;
    let Some(attribute) = used.health() else {
        return Ok(None);
    };
    let is_approved = reader.is_health_approved(firm, brand, body).await?;
    Ok((!is_approved).then(|| attribute.clone()))
}

impl Engine {
    /// Refuses a text with health data, unless an owner approved the very same
    /// words as a template of the brand.
    ///
    /// # Errors
    /// [`EngineError::Refused`] with S405, naming the attribute.
    pub(crate) async fn needs_health_approval(
        &self,
        firm: FirmId,
        brand: BrandId,
        body: &str,
    ) -> Result<(), EngineError> {
        let mut reader = self.store.read().await?;
        refuse(unapproved(&mut reader, firm, brand, body).await?)
    }

    /// Refuses a campaign with health data that no owner approved in one of
    /// its texts.
    ///
    /// # Errors
    /// [`EngineError::Refused`] with S405, naming the attribute.
    pub(crate) async fn refuse_health(&self, campaign: &Campaign) -> Result<(), EngineError> {
        refuse(self.unapproved_health(campaign).await?)
    }

    /// The health data that keeps a campaign from being launched: in a text
    /// that no owner approved word for word, or in the subject or the HTML of
    /// an e-mail, which stand beside what an owner approves.
    pub(crate) async fn unapproved_health(
        &self,
        campaign: &Campaign,
    ) -> Result<Option<Attribute>, EngineError> {
        let mut reader = self.store.read().await?;
        for body in texts(campaign) {
            let found = unapproved(&mut reader, campaign.firm, campaign.brand, body).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        let Some(content) = crate::mails::content_of(&mut reader, campaign).await? else {
            return Ok(None);
        };
        let names = crate::mails::beside_text(&content, campaign);
        let used = Used::by(&mut reader, campaign.firm, &names).await?;
        Ok(used.health().cloned())
    }
}
