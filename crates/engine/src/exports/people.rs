//! The columns of a campaign's people.

use domain::Recipient;
use domain::ids::{CampaignId, MessageRef};
use reports::{Cell, Heading, Kind};
use store::reporting::{CampaignPerson, PersonState};

/// A column that may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeopleColumn {
    /// The address.
    Address,
    /// The person's number in the firm's own system.
    ExternalId,
    /// The person's number here.
    Contact,
    /// Our name for the message, as at the provider.
    Message,
    /// What became of it, in Turkish.
    State,
    /// The same as a word for programs.
    StateCode,
    /// The reason code.
    Code,
    /// The reason in Turkish.
    TextTr,
    /// The reason in English.
    TextEn,
    /// Our class of a failure.
    Failure,
    /// The provider's own code.
    ProviderCode,
    /// The provider's own words.
    ProviderText,
    /// When it last changed.
    At,
}

impl PeopleColumn {
    /// All, in the order in which they stand when none are chosen.
    pub const ALL: [Self; 13] = [
        Self::Address,
        Self::ExternalId,
        Self::Contact,
        Self::Message,
        Self::State,
        Self::StateCode,
        Self::Code,
        Self::TextTr,
        Self::TextEn,
        Self::Failure,
        Self::ProviderCode,
        Self::ProviderText,
        Self::At,
    ];

    /// Its name, in the file and where it is chosen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Address => "alici",
            Self::ExternalId => "musteri_no",
            Self::Contact => "kisi",
            Self::Message => "ileti",
            Self::State => "durum",
            Self::StateCode => "durum_kodu",
            Self::Code => "kod",
            Self::TextTr => "aciklama_tr",
            Self::TextEn => "aciklama_en",
            Self::Failure => "hata_sinifi",
            Self::ProviderCode => "saglayici_kodu",
            Self::ProviderText => "saglayici_metni",
            Self::At => "zaman",
        }
    }

    /// The column of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name() == name)
    }

    pub(super) const fn heading(self) -> Heading {
        Heading {
            name: self.name(),
            kind: match self {
                Self::At => Kind::Time,
                _ => Kind::Text,
            },
        }
    }

    pub(super) fn cell(self, campaign: CampaignId, person: &CampaignPerson, masked: bool) -> Cell {
        let or_empty = |text: Option<String>| text.map_or(Cell::Empty, Cell::Text);
        match self {
            Self::Address if masked => Recipient::from_normalised(&person.address)
                // What the store holds is normalised; should it not be, it is not shown.
                .map_or_else(|_| "***".into(), |address| address.masked().into()),
            Self::Address => person.address.as_str().into(),
            Self::ExternalId => or_empty(person.external_id.clone()),
            Self::Contact => person.contact.to_string().into(),
            Self::Message if person.batch_no == 0 => Cell::Empty,
            Self::Message => MessageRef {
                campaign,
                batch_no: person.batch_no,
                recipient: person.recipient,
            }
            .to_string()
            .into(),
            Self::State => state_tr(person.state).into(),
            Self::StateCode => person.state.as_str().into(),
            Self::Code => or_empty(person.code.map(|code| code.to_string())),
            Self::TextTr => or_empty(person.code.map(|code| code.render_tr(&[]))),
            Self::TextEn => or_empty(person.code.map(|code| code.render_en(&[]))),
            Self::Failure => person
                .failure
                .map_or(Cell::Empty, |failure| failure.as_str().into()),
            Self::ProviderCode => or_empty(person.provider_code.clone()),
            Self::ProviderText => or_empty(person.provider_text.clone()),
            Self::At => person.at.map_or(Cell::Empty, Cell::Time),
        }
    }
}

const fn state_tr(state: PersonState) -> &'static str {
    match state {
        PersonState::Excluded => "gönderilmedi",
        PersonState::Waiting => "bekliyor",
        PersonState::Sent => "gönderildi",
        PersonState::Delivered => "iletildi",
        PersonState::Failed => "başarısız",
        PersonState::Uncertain => "belirsiz",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_known_by_its_name_and_no_name_is_used_twice() {
        for column in PeopleColumn::ALL {
            assert_eq!(PeopleColumn::parse(column.name()), Some(column));
        }
        assert_eq!(PeopleColumn::parse("tckn"), None);
    }
}
