//! Attributes (*özel alan*): what a firm keeps of people beyond name and
//! address. Each has a type; a value is read once, from whatever people write,
//! into one stored form, and shown as Turkish readers write it.
//!
//! Stored forms: a number is `-1234.56`, a date `2025-06-20` or
//! `2025-06-20 14:05:00`, a yes or no `true` or `false`, a choice the word of
//! the definition; several values are joined by [`JOINT`].

mod value;

use serde::{Deserialize, Serialize};

use crate::channel::vocabulary;
use crate::fold_text::fold_header;

/// Most attributes of one firm.
pub const ATTRIBUTES_MAX: usize = 100;
/// Longest code, characters.
pub const CODE_CHARS_MAX: usize = 40;
/// Longest label, characters.
pub const LABEL_CHARS_MAX: usize = 60;
/// Most words of a list of choices.
pub const CHOICES_MAX: usize = 100;
/// Longest stored value, bytes; all values of an array together.
pub const VALUE_BYTES_MAX: usize = 1_000;
/// Stands between the values of an array.
pub const JOINT: &str = "; ";

/// Variables of texts that stand for columns of their own.
const RESERVED: [&str; 3] = ["ad", "musteri_no", "promosyon_kodu"];
/// Words of the template language.
const TEMPLATE_WORDS: [&str; 12] = [
    "true", "false", "none", "not", "and", "or", "in", "is", "if", "else", "loop", "self",
];

vocabulary! {
    /// What the values of an attribute are (*tür*).
    AttributeKind {
        /// Any text (*metin*).
        Text = 1, "text";
        /// A decimal number (*sayı*).
        Number = 2, "number";
        /// A day, with or without a time of day (*tarih*).
        Date = 3, "date";
        /// Yes or no (*evet/hayır*).
        Boolean = 4, "boolean";
        /// One word of a list (*seçenek*).
        Choice = 5, "choice";
    }
}

/// What an attribute is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// The name in texts, files and calls: `semt` in `{{semt}}`.
    pub code: String,
    /// As shown to people, Turkish.
    pub label_tr: String,
    /// As shown to people, English.
    pub label_en: String,
    /// What its values are.
    pub kind: AttributeKind,
    /// Whether a person may have several values.
    pub is_array: bool,
    /// Personal data: masked for roles that may not read it.
    pub is_personal: bool,
    /// Health data: masked too, and in no text without an owner's approval.
    pub is_health: bool,
    /// The words of a choice, in their order.
    pub choices: Vec<String>,
    /// Its place in lists, ascending.
    pub position: i64,
}

/// Why a definition is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAttribute {
    /// See [`Attribute::code`].
    #[error(
        "code: 1 to 40 lower-case letters, digits and _, beginning with a letter; ad, musteri_no, promosyon_kodu and words of the template language are taken"
    )]
    Code,
    /// A label is blank or too long.
    #[error("label: 1 to 60 characters in Turkish and in English")]
    Label,
    /// A choice without words, words without a choice, or two alike.
    #[error(
        "choices: 1 to 100 different words for a choice, without ; , and |, and none for other types"
    )]
    Choices,
}

impl InvalidAttribute {
    /// The field at fault.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Label => "label_tr",
            Self::Choices => "choices",
        }
    }
}

impl Attribute {
    /// Checks a definition.
    ///
    /// # Errors
    /// [`InvalidAttribute`] names the part that cannot be accepted.
    pub fn check(&self) -> Result<(), InvalidAttribute> {
        if !is_code(&self.code) {
            return Err(InvalidAttribute::Code);
        }
        let is_label = |text: &str| {
            !text.trim().is_empty()
                && text.chars().count() <= LABEL_CHARS_MAX
                && !text.chars().any(char::is_control)
        };
        if !is_label(&self.label_tr) || !is_label(&self.label_en) {
            return Err(InvalidAttribute::Label);
        }
        let mut folded: Vec<String> = self
            .choices
            .iter()
            .map(|word| value::folded(word))
            .collect();
        folded.sort_unstable();
        folded.dedup();
        let are_words = folded.len() == self.choices.len()
            && self.choices.iter().all(|word| {
                is_label(word) && word.trim() == word && !word.contains([';', ',', '|'])
            });
        let counts = if self.kind == AttributeKind::Choice {
            (1..=CHOICES_MAX).contains(&self.choices.len())
        } else {
            self.choices.is_empty()
        };
        if are_words && counts {
            Ok(())
        } else {
            Err(InvalidAttribute::Choices)
        }
    }

    /// Whether its values are hidden from roles that may not read personal data.
    pub const fn is_hidden(&self) -> bool {
        self.is_personal || self.is_health
    }

    /// Whether a header, folded, is its code or one of its labels.
    pub fn is_headed(&self, folded: &str) -> bool {
        !folded.is_empty()
            && [&self.code, &self.label_tr, &self.label_en]
                .into_iter()
                .any(|name| fold_header(name) == folded)
    }
}

/// Whether a text can be the code of an attribute.
pub fn is_code(text: &str) -> bool {
    let is_letter = |c: char| c.is_alphabetic() && !c.is_uppercase();
    text.chars().count() <= CODE_CHARS_MAX
        && text.starts_with(is_letter)
        && text
            .chars()
            .all(|c| is_letter(c) || c.is_ascii_digit() || c == '_')
        && !RESERVED.contains(&text)
        && !TEMPLATE_WORDS.contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn attribute(kind: AttributeKind) -> Attribute {
        Attribute {
            code: "semt".into(),
            label_tr: "Oturduğu semt".into(),
            label_en: "District".into(),
            kind,
            is_array: false,
            is_personal: false,
            is_health: false,
            choices: Vec::new(),
            position: 1,
        }
    }

    #[test]
    fn a_code_can_stand_in_a_text_between_braces() {
        for code in ["semt", "şehir", "son_alışveriş_2", "a"] {
            assert!(is_code(code), "{code}");
            let text = crate::template::MessageText::parse(&format!("{{{{{code}}}}}"));
            assert_eq!(text.expect("a text").variables(), [code]);
        }
        for code in [
            "",
            "Semt",
            "2semt",
            "_a",
            "ad",
            "musteri_no",
            "if",
            "a b",
            "a-b",
            &"a".repeat(41),
        ] {
            assert!(!is_code(code), "{code}");
        }
    }

    #[test]
    fn a_choice_needs_words_and_nothing_else_may_have_them() {
        let words = |kind, choices: &[&str]| Attribute {
            choices: choices.iter().map(|&word| word.to_owned()).collect(),
            ..attribute(kind)
        };
        assert_eq!(
            words(AttributeKind::Choice, &["Gold", "Silver"]).check(),
            Ok(())
        );
        for wrong in [
            words(AttributeKind::Choice, &[]),
            words(AttributeKind::Choice, &["Gold", "GOLD"]),
            words(AttributeKind::Choice, &["a;b"]),
            words(AttributeKind::Text, &["Gold"]),
        ] {
            assert_eq!(wrong.check(), Err(InvalidAttribute::Choices));
        }
    }

    #[test]
    fn a_header_is_known_by_code_and_by_either_label() {
        let semt = attribute(AttributeKind::Text);
        for header in ["SEMT", "oturdugu semt", "District"] {
            assert!(semt.is_headed(&fold_header(header)), "{header}");
        }
        assert!(!semt.is_headed("") && !semt.is_headed("il"));
    }
}
