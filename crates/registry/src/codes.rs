//! The codes of the İYS API: what each asks of us and how it reads to people.
//!
//! The table is data (`data/iys_codes.tsv`). A code İYS adds later is not in
//! it: the row gets [`ReasonCode::I900`], which shows İYS's own words.

use std::sync::LazyLock;

use domain::ReasonCode;
use serde::{Deserialize, Serialize};

/// What an answer asks of us (İYS API, list of errors).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Class {
    /// Passes by itself: the same call again, later.
    Transient,
    /// No call of this kind until the window ends.
    Window {
        /// Length of the window from the answer on, in seconds.
        seconds: u32,
    },
    /// The record or the request is wrong: never again unchanged.
    Data,
    /// Final by the registry's rules: adopt what İYS holds.
    Business,
    /// The token is not accepted: renew it once.
    Auth,
    /// The account, its rights or its subscription: the brand's queue stops.
    Configuration,
}

/// Who must act on an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Nobody: it repeats or settles itself.
    Nobody,
    /// Whoever keeps the record.
    Data,
    /// The person must be asked again, by a lawful way.
    Consent,
    /// Whoever administers the firm's account at İYS.
    Account,
    /// The makers of this platform.
    Platform,
}

/// One code of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeInfo {
    /// As İYS writes it, such as `H174`.
    pub code: &'static str,
    /// What it asks of us.
    pub class: Class,
    /// How often a transient call may be tried before it is put aside.
    pub tries_max: u32,
    /// Our code for a row that got this answer.
    pub reason: ReasonCode,
    /// Who must act.
    pub actor: Actor,
    /// The field at fault, as İYS spells it.
    pub field: Option<&'static str>,
    /// Meaning in Turkish.
    pub meaning_tr: &'static str,
    /// Meaning in English.
    pub meaning_en: &'static str,
}

/// Tries of a transient call within a day.
pub const TRIES_MAX: u32 = 8;

/// Every code, ascending.
pub fn all() -> &'static [CodeInfo] {
    &TABLE
}

/// The entry of a code; `None` for a code this version does not know.
pub fn find(code: &str) -> Option<&'static CodeInfo> {
    TABLE
        .binary_search_by_key(&code, |info| info.code)
        .ok()
        .map(|position| &TABLE[position])
}

/// Our code for an answer; [`ReasonCode::I900`] where the table has none.
pub fn reason_of(code: Option<&str>) -> ReasonCode {
    code.and_then(find)
        .map_or(ReasonCode::I900, |info| info.reason)
}

static TABLE: LazyLock<Vec<CodeInfo>> = LazyLock::new(|| {
    include_str!("../data/iys_codes.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| read_line(line).expect("every line of iys_codes.tsv is complete"))
        .collect()
});

fn read_line(line: &'static str) -> Option<CodeInfo> {
    let mut cells = line.split('\t');
    let code = cells.next()?;
    let (class, tries_max) = read_class(cells.next()?)?;
    Some(CodeInfo {
        code,
        class,
        tries_max,
        reason: ReasonCode::parse(cells.next()?)?,
        actor: read_actor(cells.next()?)?,
        field: cells
            .next()
            .map(|field| (!field.is_empty()).then_some(field))?,
        meaning_tr: cells.next()?,
        meaning_en: cells.next()?,
    })
}

fn read_class(word: &str) -> Option<(Class, u32)> {
    let class = match word.split_at_checked(1)? {
        ("T", "") => Class::Transient,
        ("T", tries) => return Some((Class::Transient, tries.parse().ok()?)),
        ("W", seconds) => Class::Window {
            seconds: seconds.parse().ok()?,
        },
        ("D", "") => Class::Data,
        ("B", "") => Class::Business,
        ("A", "") => Class::Auth,
        ("C", "") => Class::Configuration,
        _ => return None,
    };
    Some((class, TRIES_MAX))
}

fn read_actor(word: &str) -> Option<Actor> {
    Some(match word {
        "nobody" => Actor::Nobody,
        "data" => Actor::Data,
        "consent" => Actor::Consent,
        "account" => Actor::Account,
        "platform" => Actor::Platform,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed_once_in_order_with_both_meanings() {
        assert!(all().is_sorted_by(|a, b| a.code < b.code));
        for info in all() {
            assert!(
                info.code.len() == 4 && info.code.starts_with('H'),
                "{}",
                info.code
            );
            for meaning in [info.meaning_tr, info.meaning_en] {
                assert!(
                    meaning.ends_with('.') && meaning.len() > 10,
                    "{}: {meaning}",
                    info.code
                );
            }
        }
        assert_eq!(all().len(), 163);
    }

    #[test]
    fn each_class_of_answer_is_told_apart() {
        let expected = [
            ("H412", Class::Transient, ReasonCode::I500),
            ("H124", Class::Window { seconds: 1 }, ReasonCode::I500),
            ("H084", Class::Window { seconds: 3_660 }, ReasonCode::I500),
            ("H086", Class::Window { seconds: 3_600 }, ReasonCode::I500),
            ("H117", Class::Data, ReasonCode::I110),
            ("H121", Class::Data, ReasonCode::I120),
            ("H194", Class::Data, ReasonCode::I194),
            ("H174", Class::Business, ReasonCode::I174),
            ("H175", Class::Business, ReasonCode::I175),
            ("H178", Class::Business, ReasonCode::I178),
            ("H467", Class::Business, ReasonCode::I606),
            ("H351", Class::Auth, ReasonCode::I500),
            ("H353", Class::Configuration, ReasonCode::I300),
            ("H525", Class::Configuration, ReasonCode::I525),
        ];
        for (code, class, reason) in expected {
            let info = find(code).expect(code);
            assert_eq!((info.class, info.reason), (class, reason), "{code}");
        }
        assert_eq!(find("H195").map(|info| info.tries_max), Some(3));
    }

    #[test]
    fn an_unlisted_code_is_shown_raw() {
        assert_eq!(reason_of(Some("H999")), ReasonCode::I900);
        assert_eq!(reason_of(None), ReasonCode::I900);
        assert_eq!(reason_of(Some("H467")), ReasonCode::I606);
    }

    #[test]
    fn only_answers_about_the_record_itself_ask_the_data_keeper_to_act() {
        for info in all().iter().filter(|info| info.actor == Actor::Nobody) {
            assert_ne!(
                info.class,
                Class::Data,
                "{}: somebody must correct it",
                info.code
            );
        }
        for info in all()
            .iter()
            .filter(|info| info.class == Class::Configuration)
        {
            assert_eq!(info.actor, Actor::Account, "{}", info.code);
        }
    }
}
