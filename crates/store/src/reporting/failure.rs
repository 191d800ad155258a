//! Why a message did not get through, in our own classes.

/// Our class of a message that failed; the provider's words stand beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The provider refused the whole request.
    Refused,
    /// The provider refused the person for now.
    Transient,
    /// The provider will never take this address.
    Permanent,
    /// Something is wrong with our account.
    Account,
    /// Something is wrong with the text or the sender.
    Content,
    /// The time for delivery ran out.
    Expired,
    /// The operator tried, or refused.
    Undelivered,
    /// The provider took the message and then refused it.
    Rejected,
}

impl Failure {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Transient => "refused_transient",
            Self::Permanent => "refused_permanent",
            Self::Account => "refused_account",
            Self::Content => "refused_content",
            Self::Expired => "expired",
            Self::Undelivered => "undelivered",
            Self::Rejected => "rejected",
        }
    }

    /// In Turkish, for people.
    pub const fn name_tr(self) -> &'static str {
        match self {
            Self::Refused => "Sağlayıcı paketi kabul etmedi",
            Self::Transient => "Sağlayıcı geçici olarak kabul etmedi",
            Self::Permanent => "Sağlayıcı bu alıcıyı kabul etmiyor",
            Self::Account => "Sağlayıcı hesabında sorun var",
            Self::Content => "Metin veya gönderici adı kabul edilmedi",
            Self::Expired => "Teslim süresi doldu",
            Self::Undelivered => "Operatör iletemedi",
            Self::Rejected => "Sağlayıcı aldıktan sonra reddetti",
        }
    }

    /// In English, for people.
    pub const fn name_en(self) -> &'static str {
        match self {
            Self::Refused => "The provider refused the request",
            Self::Transient => "The provider refused for now",
            Self::Permanent => "The provider does not take this address",
            Self::Account => "Something is wrong with the provider account",
            Self::Content => "The text or the sender was refused",
            Self::Expired => "The time for delivery ran out",
            Self::Undelivered => "The operator could not deliver it",
            Self::Rejected => "The provider took it and refused it later",
        }
    }

    /// From what the query computes: the state of a receipt, 9 for a failed
    /// batch, 10 and the class for a refused person.
    pub(crate) const fn from_db(number: i64) -> Option<Self> {
        Some(match number {
            3 => Self::Expired,
            4 => Self::Undelivered,
            5 => Self::Rejected,
            9 | 10 => Self::Refused,
            11 => Self::Transient,
            12 => Self::Permanent,
            13 => Self::Account,
            14 => Self::Content,
            _ => return None,
        })
    }
}
