//! Where a declaration was made (*izin kaynağı*).

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fold_text::fold_header;

/// A source code of İYS, such as `HS_WEB` (taken by the firm) or `IYS_WEB`
/// (the citizen acted at İYS itself).
///
/// Known codes never allocate. A code this version does not know yet, read
/// from the registry, is kept verbatim: İYS adds codes without notice, and a
/// refusal must not be lost over an unknown word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source(Cow<'static, str>);

macro_rules! sources {
    ($list:ident: $($(#[$doc:meta])* $code:ident)+) => {
        impl Source {
            $($(#[$doc])* pub const $code: Self = Self(Cow::Borrowed(stringify!($code)));)+
        }

        const $list: &[&str] = &[$(stringify!($code)),+];
    };
}

sources! { UPLOADABLE:
    /// A physical place of the firm, such as a shop.
    HS_FIZIKSEL_ORTAM
    /// A wet signature on a form, contract or survey.
    HS_ISLAK_IMZA
    /// The firm's web site.
    HS_WEB
    /// The firm's call centre, by voice or key press.
    HS_CAGRI_MERKEZI
    /// The firm's social media.
    HS_SOSYAL_MEDYA
    /// The firm's e-mail.
    HS_EPOSTA
    /// The firm's short-message number.
    HS_MESAJ
    /// The firm's mobile application.
    HS_MOBIL
    /// Another electronic environment of the firm.
    HS_EORTAM
    /// An event held by the firm.
    HS_ETKINLIK
    /// A consent from before 1 May 2015; its date is exactly that day (H155).
    HS_2015
    /// The firm's own cash machine.
    HS_ATM
    /// The firm's own decision to stop: only with RET, never first (H408).
    HS_KARAR
}

sources! { REGISTRY_OWN:
    /// The citizen wrote to the short number 3338.
    IYS_KISAMESAJ
    /// The citizen called the voice line of İYS.
    IYS_CM
    /// The citizen acted on the web site of İYS.
    IYS_WEB
    /// The citizen added this brand for the first time on the web site.
    IYS_WEB_YENI
    /// The citizen used the mobile application of İYS.
    IYS_MOBIL
    /// The citizen answered an e-mail of İYS.
    IYS_EPOSTA
    /// An operator reported that the line was closed.
    IYS_AHS_HAT_KAPATMA
    /// The web form of İYS, opened from an e-mail.
    IYS_FRAME_EPOSTA
    /// The web form of İYS, opened from a short message.
    IYS_FRAME_SMS
    /// An older name of the short number.
    IYS_3338
    /// An older name of a short link sent by İYS.
    IYS_KISA_LINK
}

impl Source {
    /// The thirteen codes a firm may send.
    pub fn uploadable() -> impl Iterator<Item = Self> {
        UPLOADABLE.iter().map(|code| Self(Cow::Borrowed(code)))
    }

    /// Reads a known code, exactly as İYS writes it; `None` for anything else
    /// (R702, or a suggestion from [`Source::suggest`]).
    pub fn parse(text: &str) -> Option<Self> {
        known(text).map(|code| Self(Cow::Borrowed(code)))
    }

    /// Reads a code that İYS sent; unknown codes are kept verbatim. `None` when
    /// the text does not begin with `HS_` or `IYS_`.
    pub fn from_registry(text: &str) -> Option<Self> {
        let is_code = text.starts_with("HS_") || text.starts_with("IYS_");
        Self::parse(text).or_else(|| is_code.then(|| Self(Cow::Owned(text.to_owned()))))
    }

    /// The code, as it stands on the wire and in the database.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the citizen or an operator acted at İYS itself: such a refusal
    /// is never turned back by an import.
    pub fn is_registry(&self) -> bool {
        self.0.starts_with("IYS_")
    }

    /// Whether a firm may send this code: one of the thirteen `HS_` codes (H119, R703).
    pub fn is_uploadable(&self) -> bool {
        UPLOADABLE.contains(&self.as_str())
    }

    /// The source that a free text probably means, to be confirmed once per
    /// column (W701). `None` when nothing fits or when two sources do.
    ///
    /// The phrases are data: `data/source_words.tsv`.
    pub fn suggest(free_text: &str) -> Option<Self> {
        let whole = fold_header(free_text);
        if let Some(code) = UPLOADABLE.iter().find(|code| fold_header(code) == whole) {
            return Some(Self(Cow::Borrowed(code)));
        }
        if whole.starts_with("iys") {
            return None; // a registry code written loosely: nothing a firm may claim
        }
        let words: Vec<String> = free_text
            .split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '.'))
            .map(fold_header)
            .filter(|word| !word.is_empty())
            .collect();
        let mut found = None;
        let mut start = 0;
        while start < words.len() {
            let Some((length, code)) = longest_phrase(&words[start..]) else {
                start += 1;
                continue;
            };
            if found.is_some_and(|earlier| earlier != code) {
                return None;
            }
            found = Some(code);
            start += length;
        }
        found.and_then(Self::parse)
    }
}

/// The longest known phrase at the front of these words: its length in words and its code.
fn longest_phrase(words: &[String]) -> Option<(usize, &'static str)> {
    (1..=words.len().min(PHRASE_WORDS_MAX)).rev().find_map(|n| {
        let phrase = words[..n].concat();
        let (_, code) = PHRASES.iter().find(|(known, _)| *known == phrase)?;
        Some((n, *code))
    })
}

const PHRASE_WORDS_MAX: usize = 3;

/// Folded phrases and the codes they suggest.
static PHRASES: LazyLock<Vec<(String, &'static str)>> = LazyLock::new(|| {
    include_str!("../data/source_words.tsv")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .flat_map(|(code, phrases)| phrases.split(", ").map(move |p| (fold_header(p), code)))
        .collect()
});

fn known(text: &str) -> Option<&'static str> {
    UPLOADABLE
        .iter()
        .chain(REGISTRY_OWN)
        .find(|code| **code == text)
        .copied()
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_registry(&text).ok_or_else(|| {
            serde::de::Error::custom(format_args!("`{text}` is no source of İYS (HS_… or IYS_…)"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirteen_codes_may_be_uploaded_and_none_of_the_registrys_own() {
        assert_eq!(UPLOADABLE.len(), 13);
        for code in UPLOADABLE {
            let source = Source::parse(code).unwrap();
            assert!(source.is_uploadable() && !source.is_registry(), "{code}");
        }
        for code in REGISTRY_OWN {
            let source = Source::parse(code).unwrap();
            assert!(!source.is_uploadable() && source.is_registry(), "{code}");
        }
    }

    #[test]
    fn an_unknown_code_from_the_registry_is_kept_word_for_word_but_not_accepted_in_an_upload() {
        for code in ["IYS_YENI_KANAL", "HS_YENI"] {
            assert_eq!(Source::parse(code), None);
            let source = Source::from_registry(code).unwrap();
            assert_eq!(source.as_str(), code);
            assert!(!source.is_uploadable());
            assert_eq!(source.is_registry(), code.starts_with("IYS_"));
        }
        assert_eq!(Source::from_registry("IYS_WEB"), Some(Source::IYS_WEB));
        assert_eq!(Source::from_registry("WEB"), None);
        assert_eq!(Source::parse("hs_web"), None);
    }

    #[test]
    fn free_text_suggests_the_code_it_means() {
        for (text, expected) in [
            ("web sitesi", Source::HS_WEB),
            ("E-Ticaret", Source::HS_WEB),
            ("üyelik formu (web)", Source::HS_WEB),
            ("hs web", Source::HS_WEB),
            ("Hs_Cagri_Merkezi", Source::HS_CAGRI_MERKEZI),
            ("ÇAĞRI MERKEZİ", Source::HS_CAGRI_MERKEZI),
            ("Kadıköy mağaza", Source::HS_FIZIKSEL_ORTAM),
            ("imzalı form", Source::HS_ISLAK_IMZA),
            ("sms", Source::HS_MESAJ),
            ("E-POSTA", Source::HS_EPOSTA),
            ("Instagram", Source::HS_SOSYAL_MEDYA),
            ("fuar 2024", Source::HS_ETKINLIK),
            ("elektronik ortam", Source::HS_EORTAM),
            ("2015 öncesi", Source::HS_2015),
            ("mahkeme", Source::HS_KARAR),
        ] {
            assert_eq!(Source::suggest(text), Some(expected), "{text}");
        }
        for text in ["", "bilinmiyor", "sms ve web", "IYS_WEB"] {
            assert_eq!(Source::suggest(text), None, "{text}");
        }
    }

    #[test]
    fn every_phrase_leads_to_an_uploadable_code_and_appears_once() {
        let mut phrases: Vec<&str> = PHRASES.iter().map(|(phrase, _)| phrase.as_str()).collect();
        phrases.sort_unstable();
        assert!(phrases.windows(2).all(|pair| pair[0] != pair[1]));
        for (phrase, code) in PHRASES.iter() {
            assert!(!phrase.is_empty() && UPLOADABLE.contains(code), "{phrase}");
            assert_eq!(Source::suggest(phrase).unwrap().as_str(), *code);
        }
    }

    #[test]
    fn a_source_is_a_plain_string_in_json() {
        let json = serde_json::to_string(&Source::HS_WEB).unwrap();
        assert_eq!(json, "\"HS_WEB\"");
        assert_eq!(
            serde_json::from_str::<Source>(&json).unwrap(),
            Source::HS_WEB
        );
        assert!(serde_json::from_str::<Source>("\"WEB\"").is_err());
    }
}
