//! The variables that a text may use, and what is said of one that nobody knows.

use domain::attribute::AttributeKind;
use domain::ids::FirmId;
use domain::template::{MessageText, nearest};

use crate::Engine;
use crate::error::EngineError;
use crate::links::LINK;
use crate::promotions::CODE;

/// Where a variable's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableFrom {
    /// A field that every person has.
    Contact,
    /// An attribute of the firm (*özel alan*).
    Attribute,
    /// Made for each message.
    Message,
    /// A code of the campaign's promotion (*promosyon*).
    Promotion,
}

impl VariableFrom {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Attribute => "attribute",
            Self::Message => "message",
            Self::Promotion => "promotion",
        }
    }
}

/// A variable that a text may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// The name that stands in braces.
    pub name: String,
    /// As shown to people, Turkish.
    pub label_tr: String,
    /// As shown to people, English.
    pub label_en: String,
    /// What its values are.
    pub kind: AttributeKind,
    /// Where its value comes from.
    pub from: VariableFrom,
    /// Personal data.
    pub is_personal: bool,
    /// Health data: in no text without an owner's approval (S405).
    pub is_health: bool,
}

fn given(name: &str, label_tr: &str, label_en: &str, from: VariableFrom) -> Variable {
    Variable {
        name: name.to_owned(),
        label_tr: label_tr.to_owned(),
        label_en: label_en.to_owned(),
        kind: AttributeKind::Text,
        from,
        is_personal: from == VariableFrom::Contact,
        is_health: false,
    }
}

impl Engine {
    /// The variables that the firm's texts may use: fields of people, its
    /// attributes by their place, the code of a promotion and the person's own link.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn variables(&self, firm: FirmId) -> Result<Vec<Variable>, EngineError> {
        let mut list = vec![
            given("ad", "Ad soyad", "Name", VariableFrom::Contact),
            given(
                "musteri_no",
                "Müşteri numarası",
                "Customer number",
                VariableFrom::Contact,
            ),
        ];
        let defined = self.store.read().await?.attributes(firm).await?;
        let has_own = defined.iter().any(|one| one.attribute.code == CODE);
        list.extend(defined.into_iter().map(|one| Variable {
            name: one.attribute.code,
            label_tr: one.attribute.label_tr,
            label_en: one.attribute.label_en,
            kind: one.attribute.kind,
            from: VariableFrom::Attribute,
            is_personal: one.attribute.is_personal,
            is_health: one.attribute.is_health,
        }));
        // An attribute that was named so before there were promotions stays known.
        if !has_own {
            list.push(given(
                CODE,
                "Promosyon kodu",
                "Promotion code",
                VariableFrom::Promotion,
            ));
        }
        list.push(given(
            LINK,
            "Kişinin ret bağlantısı",
            "The person's own link to refuse",
            VariableFrom::Message,
        ));
        Ok(list)
    }

    /// Refuses a text with a variable that nobody knows: no person would have a
    /// value for it.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names it and the known name that was probably
    /// meant; a text that cannot be read is left to whoever reads it.
    pub async fn check_variables(
        &self,
        firm: FirmId,
        field: &'static str,
        body: &str,
    ) -> Result<(), EngineError> {
        match MessageText::parse(body) {
            Ok(text) => self.check_names(firm, field, text.variables()).await,
            Err(_) => Ok(()),
        }
    }

    /// [`Engine::check_variables`] for the variables of a text that was read.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names the unknown one and what was probably meant.
    pub(crate) async fn check_names(
        &self,
        firm: FirmId,
        field: &'static str,
        used: &[String],
    ) -> Result<(), EngineError> {
        if used.is_empty() {
            return Ok(());
        }
        let known = self.variables(firm).await?;
        let names = || known.iter().map(|one| one.name.as_str());
        let unknown = used
            .iter()
            .find(|name| names().all(|known| known != name.as_str()));
        let Some(unknown) = unknown else {
            return Ok(());
        };
        let way_out = match nearest(unknown, names()) {
            Some(meant) => format!("did you mean `{{{{{meant}}}}}`?"),
            None => format!("known are {}", names().collect::<Vec<_>>().join(", ")),
        };
        let problem = format!("`{{{{{unknown}}}}}` is no variable; {way_out}");
        Err(EngineError::invalid(field, problem))
    }
}
