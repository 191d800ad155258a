//! What a column can mean.

use serde::{Deserialize, Serialize};

/// The meaning of a column, and the place a rejection points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// A phone number.
    Phone,
    /// An e-mail address.
    Email,
    /// A phone or an e-mail address, as the channel of the row says (*alıcı*).
    Recipient,
    /// Given name.
    FirstName,
    /// Family name.
    LastName,
    /// Whole name or title.
    FullName,
    /// The firm's own number of the person (*müşteri no*).
    ExternalId,
    /// A device or profile token.
    Token,
    /// Consent status, yes meaning consent (*izin durumu*).
    Status,
    /// Consent status, yes meaning refusal (*ret mi*).
    Refusal,
    /// Consent date (*izin tarihi*).
    Date,
    /// A date that may be something else than the consent's (*kayıt tarihi*): never used unasked.
    DoubtfulDate,
    /// Where the consent was taken (*izin kaynağı*).
    Source,
    /// The channel of the row (*izin türü*).
    Channel,
    /// Consumer or merchant (*alıcı tipi*).
    Kind,
    /// Tags or groups.
    Tags,
    /// The brand a row is about (*marka*): one of another brand is refused (R709).
    Brand,
    /// Branch or dealer (*şube, bayi*) that brought the consent: kept for the scores of sources.
    Branch,
    /// National id, health and the like: never imported (W405).
    Sensitive,
    /// A national id whose check digits are looked at (R405), by a person's wish;
    /// it is not imported either.
    NationalId,
    /// A column of our own rejection report, uploaded again.
    Ours,
    /// Not imported (W108).
    Ignored,
    /// The whole row, where a rejection concerns no single column.
    Row,
    /// One of the firm's attributes (*özel alan*); which one, the column says.
    Attribute,
    /// The retailer (*bayi*) that took the consent: its number at İYS.
    Retailer,
    /// A code of a promotion (*promosyon kodu*), in a file of such codes.
    PromotionCode,
}

impl Field {
    /// The name in data files and reports; the same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Recipient => "recipient",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::FullName => "full_name",
            Self::ExternalId => "external_id",
            Self::Token => "token",
            Self::Status => "status",
            Self::Refusal => "refusal",
            Self::Date => "date",
            Self::DoubtfulDate => "doubtful_date",
            Self::Source => "source",
            Self::Channel => "channel",
            Self::Kind => "kind",
            Self::Tags => "tags",
            Self::Brand => "brand",
            Self::Branch => "branch",
            Self::Sensitive => "sensitive",
            Self::NationalId => "national_id",
            Self::Ours => "ours",
            Self::Ignored => "ignored",
            Self::Row => "row",
            Self::Attribute => "attribute",
            Self::Retailer => "retailer",
            Self::PromotionCode => "promotion_code",
        }
    }

    /// The field of a data file's name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|f| f.as_str() == name)
    }

    /// The name that people read, Turkish.
    pub const fn name_tr(self) -> &'static str {
        match self {
            Self::Phone => "telefon",
            Self::Email => "e-posta",
            Self::Recipient => "alıcı",
            Self::FirstName => "ad",
            Self::LastName => "soyad",
            Self::FullName => "ad soyad",
            Self::ExternalId => "müşteri no",
            Self::Token => "token",
            Self::Status | Self::Refusal => "izin durumu",
            Self::Date => "izin tarihi",
            Self::DoubtfulDate => "kayıt tarihi",
            Self::Source => "izin kaynağı",
            Self::Channel => "izin türü",
            Self::Kind => "alıcı tipi",
            Self::Tags => "etiketler",
            Self::Brand => "marka",
            Self::Branch => "bayi/şube",
            Self::Sensitive => "hassas veri",
            Self::NationalId => "kimlik no",
            Self::Ours => "rapor sütunu",
            Self::Ignored => "alınmadı",
            Self::Row => "satır",
            Self::Attribute => "özel alan",
            Self::Retailer => "İYS bayi kodu",
            Self::PromotionCode => "promosyon kodu",
        }
    }

    /// The name that people read, English.
    pub const fn name_en(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "e-mail",
            Self::Recipient => "recipient",
            Self::FirstName => "first name",
            Self::LastName => "last name",
            Self::FullName => "full name",
            Self::ExternalId => "external id",
            Self::Token => "token",
            Self::Status | Self::Refusal => "consent status",
            Self::Date => "consent date",
            Self::DoubtfulDate => "record date",
            Self::Source => "consent source",
            Self::Channel => "channel",
            Self::Kind => "recipient type",
            Self::Tags => "tags",
            Self::Brand => "brand",
            Self::Branch => "branch or dealer",
            Self::Sensitive => "sensitive data",
            Self::NationalId => "national id",
            Self::Ours => "report column",
            Self::Ignored => "not imported",
            Self::Row => "row",
            Self::Attribute => "attribute",
            Self::Retailer => "İYS retailer code",
            Self::PromotionCode => "promotion code",
        }
    }

    /// Whether the column can name a person.
    pub(crate) const fn identifies(self) -> bool {
        matches!(
            self,
            Self::Phone | Self::Email | Self::Recipient | Self::ExternalId | Self::Token
        )
    }

    /// Whether the column holds numbers that a firm gives itself. One of eleven
    /// digits passes the check digits of a national id now and then.
    pub(crate) const fn holds_numbers_of_firm(self) -> bool {
        matches!(self, Self::ExternalId | Self::PromotionCode)
    }

    /// Whether the column may belong to one channel, one per channel.
    pub(crate) const fn may_have_channel(self) -> bool {
        matches!(
            self,
            Self::Status | Self::Refusal | Self::Date | Self::Source
        )
    }

    /// Whether a second column of the same meaning adds nothing wrong.
    pub(crate) const fn may_repeat(self) -> bool {
        matches!(
            self,
            Self::Tags
                | Self::Branch
                | Self::Sensitive
                | Self::Ours
                | Self::Ignored
                | Self::DoubtfulDate
                | Self::Attribute
        )
    }

    const ALL: &'static [Self] = &[
        Self::Phone,
        Self::Email,
        Self::Recipient,
        Self::FirstName,
        Self::LastName,
        Self::FullName,
        Self::ExternalId,
        Self::Token,
        Self::Status,
        Self::Refusal,
        Self::Date,
        Self::DoubtfulDate,
        Self::Source,
        Self::Channel,
        Self::Kind,
        Self::Tags,
        Self::Brand,
        Self::Branch,
        Self::Sensitive,
        Self::NationalId,
        Self::Ours,
        Self::Ignored,
        Self::Row,
        Self::Attribute,
        Self::Retailer,
        Self::PromotionCode,
    ];
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_one_name_in_data_files_and_in_json() {
        for &field in Field::ALL {
            assert_eq!(Field::parse(field.as_str()), Some(field));
            // postcard writes the variant's number: JSON is checked where mappings are read.
            assert!(!field.name_tr().is_empty() && !field.name_en().is_empty());
        }
    }
}
