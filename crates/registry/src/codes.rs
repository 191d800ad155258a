//! The codes of the İYS API: what each asks of us and how it reads to people.
//!
//! The tables are data (`data/iys_codes.tsv` and `data/iys_steps.tsv`). The
//! number alone is no safe key: İYS uses some numbers with two texts, so a line
//! may be bound to words of the message (see [`judge`]). A code İYS adds later
//! is not in the table: the row gets [`ReasonCode::I900`], which shows İYS's
//! own words.

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
    /// What comes next.
    pub step: &'static NextStep,
    /// Only for messages that hold one of these words; empty: for all.
    words: &'static str,
}

/// What comes next after an answer, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextStep {
    /// Its name in the table.
    pub name: &'static str,
    /// By when somebody must act.
    pub due: Due,
    /// In Turkish.
    pub tr: &'static str,
    /// In English.
    pub en: &'static str,
}

/// By when somebody must act on an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// Nobody must.
    None,
    /// At once: work waits for it.
    Now,
    /// Within three business days of the declaration (Regulation RG 29417).
    ThreeBusinessDays,
}

/// Tries of a transient call within a day.
pub const TRIES_MAX: u32 = 8;

/// Every code, ascending.
pub fn all() -> &'static [CodeInfo] {
    &TABLE
}

/// The entry of a code, whatever was said with it; `None` for a code this
/// version does not know.
pub fn find(code: &str) -> Option<&'static CodeInfo> {
    let first = TABLE.partition_point(|info| info.code < code);
    TABLE.get(first).filter(|info| info.code == code)
}

/// The entry of a code together with İYS's words: a line that is bound to one
/// of the message's words comes before the plain one.
pub fn judge(code: &str, message: &str) -> Option<&'static CodeInfo> {
    let plain = find(code)?;
    let said = message.to_lowercase();
    let first = TABLE.partition_point(|info| info.code < code);
    let bound = TABLE
        .iter()
        .skip(first)
        .take_while(|info| info.code == code)
        .filter(|info| !info.words.is_empty())
        .find(|info| info.words.split('|').any(|word| said.contains(word)));
    bound.or(Some(plain))
}

/// Our code for an answer; [`ReasonCode::I900`] where the table has none.
pub fn reason_of(code: Option<&str>, message: &str) -> ReasonCode {
    code.and_then(|code| judge(code, message))
        .map_or(ReasonCode::I900, |info| info.reason)
}

static STEPS: LazyLock<Vec<NextStep>> = LazyLock::new(|| {
    include_str!("../data/iys_steps.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| read_step(line).expect("every line of iys_steps.tsv is complete"))
        .collect()
});

static TABLE: LazyLock<Vec<CodeInfo>> = LazyLock::new(|| {
    include_str!("../data/iys_codes.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| read_line(line).expect("every line of iys_codes.tsv is complete"))
        .collect()
});

fn read_step(line: &'static str) -> Option<NextStep> {
    let mut cells = line.split('\t');
    Some(NextStep {
        name: cells.next()?,
        due: match cells.next()? {
            "none" => Due::None,
            "now" => Due::Now,
            "3bd" => Due::ThreeBusinessDays,
            _ => return None,
        },
        tr: cells.next()?,
        en: cells.next()?,
    })
}

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
        step: {
            let name = cells.next()?;
            STEPS.iter().find(|step| step.name == name)?
        },
        words: cells.next()?,
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

    /// Every code of the document's tables and examples (consent and general
    /// services, and ViA), as numbers and ranges.
    const DOCUMENTED: &str = "1 14-18 31 58 60-62 67 82-86 89-93 95 97-98 100-103 105-107 110-127 129 155-158 160 \
        162-164 166 168-176 178-187 190-199 201 214-222 224-231 241 243-245 250-253 266-268 \
        288 351 353 355 363 400-405 408 412 437 450 452-456 459-460 462-465 467 470 476 478 \
        486 501-502 506-507 512 520-522 524-525 530-531 568 586 1000-1005 1007-1021 1023 \
        1025-1036 1038-1053 1055 1057-1070 1072-1077 1079-1097 1104-1105 1107 1110-1113";

    #[test]
    fn every_code_of_the_document_is_in_the_table_with_both_texts_and_a_next_step() {
        let mut documented = Vec::new();
        for part in DOCUMENTED.split_whitespace() {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let (from, to): (u32, u32) = (from.parse().unwrap(), to.parse().unwrap());
            documented.extend((from..=to).map(|number| format!("H{number:03}")));
        }
        documented.sort();
        let mut listed: Vec<_> = all().iter().map(|info| info.code).collect();
        assert!(listed.is_sorted());
        listed.dedup();
        assert_eq!(listed, documented);
        for info in all() {
            let texts = [info.meaning_tr, info.meaning_en, info.step.tr, info.step.en];
            for text in texts {
                assert!(
                    text.ends_with('.') && text.len() > 10,
                    "{}: {text}",
                    info.code
                );
            }
            assert_ne!(info.meaning_tr, info.meaning_en, "{}", info.code);
        }
    }

    #[test]
    fn somebody_who_must_act_knows_by_when_and_nobody_else_is_hurried() {
        for info in all() {
            let acts = !matches!(info.actor, Actor::Nobody | Actor::Consent);
            let is_due = info.step.due != Due::None;
            let asks_again = info.step.name == "via";
            assert!(
                acts == is_due || asks_again,
                "{}: {:?}",
                info.code,
                info.step
            );
        }
    }

    #[test]
    fn one_number_with_two_texts_lands_in_two_classes() {
        let by_source = judge(
            "H155",
            "HS_2015 kaynağının tarihi 2015-05-01 00:00:00 olmalı.",
        );
        let too_old = judge("H155", "İzin tarihi 1 Mayıs 2015 öncesi olamaz.");
        assert_eq!(by_source.map(|info| info.class), Some(Class::Data));
        assert_eq!(too_old.map(|info| info.class), Some(Class::Business));
        assert_eq!(find("H155"), by_source);
        assert_ne!(
            by_source.map(|info| info.step.name),
            too_old.map(|info| info.step.name)
        );
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
        assert_eq!(reason_of(Some("H999"), "yeni"), ReasonCode::I900);
        assert_eq!(reason_of(None, ""), ReasonCode::I900);
        assert_eq!(reason_of(Some("H467"), ""), ReasonCode::I606);
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
