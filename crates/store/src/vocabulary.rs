//! The store's own small vocabularies (states, roles, causes): one line per
//! value gives its number in the databases and its word on the wire.

/// Declares an enumeration with `as_db`, `from_db`, `as_str`, `parse`, serde
/// by the word, `Display` and `FromStr`; the twin of the one in `domain`.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal, $word:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
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
            type Err = domain::channel::UnknownWord;

            fn from_str(word: &str) -> Result<Self, domain::channel::UnknownWord> {
                Self::parse(word).ok_or_else(|| domain::channel::UnknownWord {
                    word: word.to_owned(),
                    expected: &[$($word),+],
                })
            }
        }
    };
}
pub(crate) use vocabulary;
