//! What the words of the closed vocabularies mean; the words are data, see
//! `data/words.tsv`.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use domain::fold_text::cell::is_spreadsheet_error;
use domain::fold_text::fold_header;
use domain::{Channel, RecipientKind, Source, Status};

use crate::table::header::{Coding, table_lines};

/// What a status cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatusMeaning {
    /// Nothing (R501).
    Empty,
    /// Consent or refusal, in its own words.
    Said(Status),
    /// Yes or no to the question in the header.
    Answer { is_yes: bool },
    /// A spreadsheet error (R104).
    Error,
    /// Nothing we understand (R502): `X` is a tick for some and a cross for others.
    Unknown,
}

/// What a channel cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChannelMeaning {
    /// One channel.
    One(Channel),
    /// Every channel that an address exists for (W702).
    All,
    /// A spreadsheet error (R104).
    Error,
    /// Empty or not understood (R705).
    Unknown,
}

/// What a recipient-kind cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KindMeaning {
    /// Nothing: the upload's default holds, or R707.
    Empty,
    /// A kind.
    Known(RecipientKind),
    /// *Esnaf*: the registry has no third value, TACIR is taken (W703).
    Esnaf,
    /// A spreadsheet error (R104).
    Error,
    /// A word whose kind a person has to say (R708).
    Ask,
    /// Nothing we understand (R708).
    Unknown,
}

/// What a source cell says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourceMeaning {
    /// Nothing (R701).
    Empty,
    /// A code, as İYS writes it.
    Known(Source),
    /// A free text that a person gave a code (W701).
    Mapped(Source),
    /// A spreadsheet error (R104).
    Error,
    /// Nothing confirmed (R702), with what it probably means.
    Unknown(Option<Source>),
}

/// Reads a cleaned status cell; `coding` is what the header itself stated.
pub(crate) fn read_status(text: &str, coding: Option<&Coding>) -> StatusMeaning {
    if text.is_empty() {
        return StatusMeaning::Empty;
    }
    if is_spreadsheet_error(text) {
        return StatusMeaning::Error;
    }
    let folded = fold_word(text);
    if let Some(status) = coding.and_then(|coding| coding.read(&folded)) {
        return StatusMeaning::Said(status);
    }
    if let Some(&status) = WORDS.statuses.get(&folded) {
        return StatusMeaning::Said(status);
    }
    match WORDS.answers.get(&folded) {
        // With a coding of its own, the header leaves no room for other answers.
        Some(&is_yes) if coding.is_none() => StatusMeaning::Answer { is_yes },
        _ => StatusMeaning::Unknown,
    }
}

/// Reads a cleaned channel cell.
pub(crate) fn read_channel(text: &str) -> ChannelMeaning {
    if is_spreadsheet_error(text) {
        return ChannelMeaning::Error;
    }
    let meaning = WORDS.channels.get(&fold_word(text));
    meaning.copied().unwrap_or(ChannelMeaning::Unknown)
}

/// Reads a cleaned recipient-kind cell; `answers` are a person's.
pub(crate) fn read_kind(text: &str, answers: &BTreeMap<String, RecipientKind>) -> KindMeaning {
    if text.is_empty() {
        return KindMeaning::Empty;
    }
    if is_spreadsheet_error(text) {
        return KindMeaning::Error;
    }
    let folded = fold_word(text);
    let answered = answers.iter().find(|(word, _)| fold_word(word) == folded);
    if let Some((_, &kind)) = answered {
        return KindMeaning::Known(kind);
    }
    let meaning = WORDS.kinds.get(&folded);
    meaning.copied().unwrap_or(KindMeaning::Unknown)
}

/// Reads a cleaned source cell; `answers` are a person's.
pub(crate) fn read_source(text: &str, answers: &BTreeMap<String, Source>) -> SourceMeaning {
    if text.is_empty() {
        return SourceMeaning::Empty;
    }
    if is_spreadsheet_error(text) {
        return SourceMeaning::Error;
    }
    let as_code = text.to_ascii_uppercase();
    let known = Source::parse(&as_code);
    if let Some(source) = known.or_else(|| Source::from_registry(text).filter(Source::is_registry))
    {
        return SourceMeaning::Known(source);
    }
    let folded = fold_word(text);
    let answered = answers.iter().find(|(word, _)| fold_word(word) == folded);
    match answered {
        Some((_, source)) => SourceMeaning::Mapped(source.clone()),
        None => SourceMeaning::Unknown(Source::suggest(text)),
    }
}

/// A word folded; a sign that folds to nothing stays as it is.
fn fold_word(text: &str) -> String {
    let folded = fold_header(text);
    if folded.is_empty() {
        text.to_owned()
    } else {
        folded
    }
}

#[derive(Default)]
struct Words {
    statuses: HashMap<String, Status>,
    answers: HashMap<String, bool>,
    channels: HashMap<String, ChannelMeaning>,
    kinds: HashMap<String, KindMeaning>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::default();
    for (name, spellings) in table_lines(include_str!("../../../data/words.tsv")) {
        for spelling in spellings.split(", ").map(fold_word) {
            words.learn(name, spelling);
        }
    }
    words
});

impl Words {
    /// Takes in one word; whether its meaning is one we know.
    fn learn(&mut self, name: &str, word: String) -> bool {
        let Some((vocabulary, meaning)) = name.split_once(':') else {
            return false;
        };
        match vocabulary {
            "status" => Status::parse(meaning).is_some_and(|status| {
                self.statuses.insert(word, status);
                true
            }),
            "answer" => {
                self.answers.insert(word, meaning == "yes");
                matches!(meaning, "yes" | "no")
            }
            "channel" => {
                let channel = match meaning {
                    "all" => Some(ChannelMeaning::All),
                    one => Channel::parse(one).map(ChannelMeaning::One),
                };
                channel.is_some_and(|channel| {
                    self.channels.insert(word, channel);
                    true
                })
            }
            "kind" => {
                let kind = match meaning {
                    "esnaf" => Some(KindMeaning::Esnaf),
                    "ask" => Some(KindMeaning::Ask),
                    one => RecipientKind::parse(one).map(KindMeaning::Known),
                };
                kind.is_some_and(|kind| {
                    self.kinds.insert(word, kind);
                    true
                })
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_data_has_one_meaning() {
        let mut words = Words::default();
        let mut spellings_read = 0;
        for (name, spellings) in table_lines(include_str!("../../../data/words.tsv")) {
            for spelling in spellings.split(", ") {
                assert!(words.learn(name, fold_word(spelling)), "{name}: {spelling}");
                spellings_read += 1;
            }
        }
        let kept =
            words.statuses.len() + words.answers.len() + words.channels.len() + words.kinds.len();
        assert_eq!(kept, spellings_read, "two spellings fold to one word");
    }

    #[test]
    fn a_status_is_said_answered_or_not_understood() {
        for (text, expected) in [
            ("ONAY", StatusMeaning::Said(Status::Onay)),
            ("Onaylı", StatusMeaning::Said(Status::Onay)),
            ("reddetti", StatusMeaning::Said(Status::Ret)),
            ("çıktı", StatusMeaning::Said(Status::Ret)),
            ("opt-out", StatusMeaning::Said(Status::Ret)),
            ("Evet", StatusMeaning::Answer { is_yes: true }),
            ("EVET", StatusMeaning::Answer { is_yes: true }),
            ("1", StatusMeaning::Answer { is_yes: true }),
            ("✓", StatusMeaning::Answer { is_yes: true }),
            ("HAYIR", StatusMeaning::Answer { is_yes: false }),
            ("✗", StatusMeaning::Answer { is_yes: false }),
            ("", StatusMeaning::Empty),
            ("#YOK", StatusMeaning::Error),
        ] {
            assert_eq!(read_status(text, None), expected, "{text}");
        }
        for text in [
            "X",
            "x",
            "2",
            "?",
            "-",
            "belki",
            "bekliyor",
            "onay bekliyor",
            "bilinmiyor",
        ] {
            assert_eq!(read_status(text, None), StatusMeaning::Unknown, "{text}");
        }
    }

    #[test]
    fn a_header_with_its_own_coding_allows_no_other_answers() {
        let coding = crate::table::header::recognise("ONAY(1)-RET(0)")
            .and_then(|m| m.coding)
            .unwrap();
        let read = |text| read_status(text, Some(&coding));
        assert_eq!(read("1"), StatusMeaning::Said(Status::Onay));
        assert_eq!(read("0"), StatusMeaning::Said(Status::Ret));
        assert_eq!(read("RET"), StatusMeaning::Said(Status::Ret));
        assert_eq!(read("evet"), StatusMeaning::Unknown);
    }

    #[test]
    fn channels_kinds_and_sources_are_read_in_peoples_words() {
        assert_eq!(read_channel("SMS"), ChannelMeaning::One(Channel::Mesaj));
        assert_eq!(
            read_channel("Kısa Mesaj"),
            ChannelMeaning::One(Channel::Mesaj)
        );
        assert_eq!(read_channel("telefon"), ChannelMeaning::One(Channel::Arama));
        assert_eq!(read_channel("TÜMÜ"), ChannelMeaning::All);
        assert_eq!(read_channel("faks"), ChannelMeaning::Unknown);
        assert_eq!(read_channel(""), ChannelMeaning::Unknown);

        let none = BTreeMap::new();
        assert_eq!(
            read_kind("Tüzel Kişi", &none),
            KindMeaning::Known(RecipientKind::Tacir)
        );
        assert_eq!(
            read_kind("A.Ş.", &none),
            KindMeaning::Known(RecipientKind::Tacir)
        );
        assert_eq!(
            read_kind("hasta", &none),
            KindMeaning::Known(RecipientKind::Bireysel)
        );
        assert_eq!(read_kind("Esnaf", &none), KindMeaning::Esnaf);
        assert_eq!(read_kind("dernek", &none), KindMeaning::Ask);
        assert_eq!(read_kind("uzaylı", &none), KindMeaning::Unknown);
        let answers = BTreeMap::from([("Dernek".to_owned(), RecipientKind::Tacir)]);
        assert_eq!(
            read_kind("DERNEK", &answers),
            KindMeaning::Known(RecipientKind::Tacir)
        );

        let none = BTreeMap::new();
        assert_eq!(
            read_source("HS_WEB", &none),
            SourceMeaning::Known(Source::HS_WEB)
        );
        assert_eq!(
            read_source("hs_web", &none),
            SourceMeaning::Known(Source::HS_WEB)
        );
        assert_eq!(
            read_source("IYS_WEB", &none),
            SourceMeaning::Known(Source::IYS_WEB)
        );
        let suggested = SourceMeaning::Unknown(Some(Source::HS_WEB));
        assert_eq!(read_source("web sitesi", &none), suggested);
        let answers = BTreeMap::from([("Web Sitesi".to_owned(), Source::HS_WEB)]);
        assert_eq!(
            read_source("web sitesi", &answers),
            SourceMeaning::Mapped(Source::HS_WEB)
        );
        assert_eq!(
            read_source("HS_YENI", &answers),
            SourceMeaning::Unknown(None)
        );
    }
}
