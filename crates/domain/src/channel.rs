//! The registry's small vocabularies: channel, recipient kind, status.

use serde::{Deserialize, Serialize};

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal, $word:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant = $number,)+
        }

        impl $name {
            /// Every value, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word on the wire and in exports.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The word's value; `None` for any other text.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }

            /// The small number in the databases.
            pub const fn as_db(self) -> i64 {
                match self { $(Self::$variant => $number),+ }
            }

            /// Reads the small number of the databases.
            pub const fn from_db(number: i64) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::channel::UnknownWord;

            fn from_str(word: &str) -> Result<Self, $crate::channel::UnknownWord> {
                Self::parse(word).ok_or_else(|| $crate::channel::UnknownWord { word: word.to_owned(), expected: &[$($word),+] })
            }
        }
    };
}
pub(crate) use vocabulary;

/// A word outside a closed vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not one of {expected:?}")]
pub struct UnknownWord {
    /// What was given.
    pub word: String,
    /// The words that exist.
    pub expected: &'static [&'static str],
}

vocabulary! {
    /// How a person is reached (*izin türü*). The first three are İYS channels;
    /// WhatsApp is under the law of consent but not registered at İYS.
    Channel {
        /// SMS and MMS.
        Mesaj = 1, "MESAJ";
        /// Voice call.
        Arama = 2, "ARAMA";
        /// E-mail.
        Eposta = 3, "EPOSTA";
        /// WhatsApp: local consent only.
        Whatsapp = 4, "WHATSAPP";
    }
}

impl Channel {
    /// Whether İYS keeps consents for this channel.
    pub const fn is_registered(self) -> bool {
        !matches!(self, Self::Whatsapp)
    }

    /// Whether the address of this channel is a phone number.
    pub const fn is_phone(self) -> bool {
        !matches!(self, Self::Eposta)
    }
}

vocabulary! {
    /// In which capacity a person is addressed (*alıcı tipi*). The same address
    /// may have one record of each; they never influence one another.
    RecipientKind {
        /// A consumer: prior consent is needed.
        Bireysel = 1, "BIREYSEL";
        /// A merchant or tradesman: must be registered before the first message.
        Tacir = 2, "TACIR";
    }
}

impl RecipientKind {
    /// The other kind.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Bireysel => Self::Tacir,
            Self::Tacir => Self::Bireysel,
        }
    }
}

vocabulary! {
    /// What the person said.
    Status {
        /// Consent (*onay*).
        Onay = 1, "ONAY";
        /// Refusal (*ret*).
        Ret = 2, "RET";
    }
}
