//! Which characters of a text message leave as they are written and which as a
//! cheaper look-alike (*karakter sadeleştirme*).
//!
//! One typographic quote makes a whole text UCS-2, one `ş` takes five letters
//! off a Turkish one. What is replaced is counted ([`Lettering::changes`]), so
//! that whoever writes the text sees it. Links and addresses stay as they are,
//! and so does what stands in the braces of a template.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::channel::vocabulary;
use crate::lint::has_link;

vocabulary! {
    /// What is done to the characters of a text message before it leaves.
    Lettering {
        /// Nothing.
        AsWritten = 0, "as_written";
        /// Typographic signs, invisible characters and circumflexes become what
        /// they look like.
        Clean = 1, "clean";
        /// Also the letters that only the Turkish tables hold: `ş` leaves as `s`.
        Transliterate = 2, "transliterate";
        /// Also `Ö ö Ü ü Ç`, though the GSM alphabet holds them.
        Ascii = 3, "ascii";
    }
}

/// One kind of replacement in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What was written.
    pub from: char,
    /// What leaves instead; empty where nothing does.
    pub to: &'static str,
    /// How often.
    pub count: u32,
}

/// Words with any of these may be links or addresses.
const SIGNS_OF_ADDRESS: [char; 2] = ['@', '.'];

impl Lettering {
    /// The text as it leaves.
    pub fn apply(self, text: &str) -> Cow<'_, str> {
        self.written(text, |_, _| {})
            .map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// What is replaced in a text, by the written character.
    pub fn changes(self, text: &str) -> Vec<Change> {
        let mut counted: BTreeMap<char, Change> = BTreeMap::new();
        self.written(text, |from, to| {
            let change = counted.entry(from).or_insert(Change { from, to, count: 0 });
            change.count = change.count.saturating_add(1);
        });
        counted.into_values().collect()
    }

    /// The text with its replacements, each of them told; none when it leaves
    /// as it is.
    fn written(self, text: &str, mut told: impl FnMut(char, &'static str)) -> Option<String> {
        if self == Self::AsWritten || (text.is_ascii() && !text.contains('\t')) {
            return None;
        }
        // A decomposed letter is one letter.
        let text = if is_nfc_quick(text.chars()) == IsNormalized::Yes {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(text.nfc().collect())
        };
        let mut out = String::with_capacity(text.len());
        let mut rest = &*text;
        while let Some(at) = opening(rest) {
            let (free, braces) = rest.split_at(at);
            self.words(free, &mut out, &mut told);
            let end = closing(braces);
            let (kept, behind) = braces.split_at(end);
            out.push_str(kept);
            rest = behind;
        }
        self.words(rest, &mut out, &mut told);
        Some(out)
    }

    fn words(self, text: &str, out: &mut String, told: &mut impl FnMut(char, &'static str)) {
        for word in text.split_inclusive(char::is_whitespace) {
            let core = word.trim_matches(|c: char| c.is_whitespace() || typography(c).is_some());
            if !core.contains(SIGNS_OF_ADDRESS) || !(core.contains('@') || has_link(core)) {
                self.letters(word, out, told);
                continue;
            }
            // What surrounds an address is no part of it.
            let Some((before, after)) = word.split_once(core) else {
                continue;
            };
            self.letters(before, out, told);
            out.push_str(core);
            self.letters(after, out, told);
        }
    }

    fn letters(self, text: &str, out: &mut String, told: &mut impl FnMut(char, &'static str)) {
        let mut before = None;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let joins = c == '\u{200d}'
                && before.is_some_and(is_pictorial)
                && chars.peek().copied().is_some_and(is_pictorial);
            if let Some(other) = self.look_alike(c).filter(|_| !joins) {
                out.push_str(other);
                told(c, other);
                before = other.chars().next_back().or(before);
            } else {
                out.push(c);
                before = Some(c);
            }
        }
    }

    /// What leaves instead of a character; none when it leaves itself.
    fn look_alike(self, c: char) -> Option<&'static str> {
        if self == Self::AsWritten || (c.is_ascii() && c != '\t') {
            return None;
        }
        let found = typography(c).or_else(|| invisible(c)).or(match c {
            'â' => Some("a"),
            'î' => Some("i"),
            'û' => Some("u"),
            'Â' => Some("A"),
            'Î' => Some("I"),
            'Û' => Some("U"),
            _ => None,
        });
        if found.is_some() || self == Self::Clean {
            return found;
        }
        let turkish = match c {
            'ş' => "s",
            'Ş' => "S",
            'ğ' => "g",
            'Ğ' => "G",
            'ı' => "i",
            'İ' => "I",
            'ç' => "c",
            'ö' if self == Self::Ascii => "o",
            'Ö' if self == Self::Ascii => "O",
            'ü' if self == Self::Ascii => "u",
            'Ü' if self == Self::Ascii => "U",
            'Ç' if self == Self::Ascii => "C",
            _ => return None,
        };
        Some(turkish)
    }
}

const fn typography(c: char) -> Option<&'static str> {
    Some(match c {
        '’' | '‘' | '‚' | '′' => "'",
        '“' | '”' | '„' | '«' | '»' => "\"",
        '–' | '—' | '−' | '•' => "-",
        '…' => "...",
        '₺' => "TL",
        _ => return None,
    })
}

const fn invisible(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{a0}' | '\u{202f}' | '\u{2009}' | '\t' => " ",
        '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{feff}' | '\u{ad}' => "",
        _ => return None,
    })
}

/// Whether a character is, or ends, a picture that others may be joined to.
const fn is_pictorial(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

/// Where the next braces of a template begin.
fn opening(text: &str) -> Option<usize> {
    match (text.find("{{"), text.find("{%")) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Where the braces that a text begins with end.
fn closing(text: &str) -> usize {
    let close = if text.starts_with("{{") { "}}" } else { "%}" };
    text.find(close).map_or(text.len(), |at| at + close.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::segments::{Encoding, Profile, count};

    #[test]
    fn typographic_and_invisible_characters_leave_as_what_they_look_like() {
        for (written, leaves) in [
            ("“Yaz” ‘fırsatı’", "\"Yaz\" 'fırsatı'"),
            ("%20 – %40… • 100 ₺", "%20 - %40... - 100 TL"),
            ("kâr\u{a0}zamanı\tgel\u{ad}di", "kar zamanı geldi"),
            ("Î û Â", "I u A"),
            // Decomposed, it is the same letter.
            ("s\u{327}i\u{302}", "şi"),
        ] {
            assert_eq!(Lettering::Clean.apply(written), leaves, "{written}");
            assert_eq!(Lettering::AsWritten.apply(written), written);
        }
    }

    #[test]
    fn turkish_letters_are_replaced_only_where_that_was_asked_for() {
        let text = "ŞĞİşğıç ÖÜÇ öü";
        assert_eq!(Lettering::Clean.apply(text), text);
        assert_eq!(Lettering::Transliterate.apply(text), "SGIsgic ÖÜÇ öü");
        assert_eq!(Lettering::Ascii.apply(text), "SGIsgic OUC ou");
    }

    #[test]
    fn what_is_replaced_is_counted_by_the_written_character() {
        let changes = Lettering::Transliterate.changes("“Şişli’de” ışık\u{200b}");
        let told: Vec<(char, &str, u32)> = changes
            .iter()
            .map(|change| (change.from, change.to, change.count))
            .collect();
        let expected = [
            ('ı', "i", 2),
            ('Ş', "S", 1),
            ('ş', "s", 2),
            ('\u{200b}', "", 1),
            ('’', "'", 1),
            ('“', "\"", 1),
            ('”', "\"", 1),
        ];
        assert_eq!(told, expected);
        assert!(Lettering::Clean.changes("Sayın müşterimiz").is_empty());
    }

    #[test]
    fn links_addresses_and_the_braces_of_a_template_stay_as_they_are() {
        for (written, leaves) in [
            ("bkz. www.çiçek.com", "bkz. www.çiçek.com"),
            (
                "“https://ornek.com/yaz–ı” açık",
                "\"https://ornek.com/yaz–ı\" acik",
            ),
            ("şikâyet@örnek.com’a", "şikâyet@örnek.com’a"),
            (
                "Sayın {{müşteri|varsayilan(\"İyi günler\")}} ş",
                "Sayin {{müşteri|varsayilan(\"İyi günler\")}} s",
            ),
            ("{% if şehir %}ş{% endif %}", "{% if şehir %}s{% endif %}"),
        ] {
            assert_eq!(Lettering::Transliterate.apply(written), leaves, "{written}");
        }
    }

    #[test]
    fn joined_pictures_stay_joined() {
        let family = "👩\u{200d}👧 🏳\u{fe0f}\u{200d}🌈";
        assert_eq!(Lettering::Ascii.apply(family), family);
        assert_eq!(Lettering::Clean.apply("a\u{200d}b"), "ab");
    }

    #[test]
    fn a_cleaned_turkish_text_costs_what_a_plain_one_does() {
        let text = format!("“{}”", "ş".repeat(153));
        let parts = |lettering: Lettering| {
            let counted = count(&lettering.apply(&text), Profile::TrBill, 0);
            (counted.encoding, counted.parts)
        };
        assert_eq!(parts(Lettering::AsWritten), (Encoding::Ucs2, 3));
        assert_eq!(parts(Lettering::Clean), (Encoding::Turkish, 1));
        assert_eq!(parts(Lettering::Transliterate), (Encoding::Gsm7, 1));
    }

    proptest! {
        #[test]
        fn what_has_left_once_would_leave_the_same_again(text in "[a-zşğıİçöÖâ“”’…₺ \u{a0}\u{200d}😀.@{}%]{0,60}") {
            for lettering in Lettering::ALL {
                let once = lettering.apply(&text).into_owned();
                prop_assert_eq!(&*lettering.apply(&once), once.as_str());
            }
        }

        #[test]
        fn nothing_is_replaced_that_is_not_told(text in "[a-zşğıİçöÖâ“”’…₺ 😀.@]{0,60}") {
            for lettering in Lettering::ALL {
                let changes = lettering.changes(&text);
                prop_assert_eq!(changes.is_empty(), lettering.apply(&text) == text);
            }
        }
    }
}
