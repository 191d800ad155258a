//! E-mail addresses: from a cell to a normalised address, or a refusal.
//!
//! What İYS accepts decides: 6 to 265 characters, plain ASCII, at least one
//! character before the `@`, two after it and two after the last dot, no sign
//! but `. _ - +` in the local part (H120). A letter is never replaced: `AYŞE@`
//! may be someone else than `ayse@`.
//!
//! Lower-casing is ASCII, as at İYS: Turkish rules would turn `I` into `ı`.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fold_text::cell::{clean_cell, is_spreadsheet_error};
use crate::fold_text::fold_header;
use crate::reason::{ReasonCode, Remarks};

/// A normalised e-mail address: lower-case ASCII, 6 to 265 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(Box<str>);

/// Text that is no normalised e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address in lower-case ASCII of 6 to 265 characters")]
pub struct InvalidEmail;

/// What became of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailVerdict {
    /// The address, or the code why there is none (R104, R301–R306).
    pub result: Result<EmailAddress, ReasonCode>,
    /// What was repaired or noticed (W…), ascending; none on a refused cell.
    pub remarks: Remarks,
    /// What was probably meant (R301, W302). Shown to a person, never applied.
    pub suggestion: Option<Box<str>>,
}

impl EmailAddress {
    /// Reads the stored form; `None` when the text is not already normalised.
    pub fn from_normalised(text: &str) -> Option<Self> {
        let is_lower = !text.bytes().any(|b| b.is_ascii_uppercase());
        (is_lower && shape(text).is_ok()).then(|| Self(text.into()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub fn local_part(&self) -> &str {
        self.halves().0
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.halves().1
    }

    fn halves(&self) -> (&str, &str) {
        self.0.split_once('@').unwrap_or((&self.0, ""))
    }
}

/// Judges one cell of an e-mail column.
///
/// Pure; allocates only the accepted address and a suggestion. What is
/// accepted is read again as itself: parsing is idempotent.
pub fn parse_email(raw: &str) -> EmailVerdict {
    if is_plain(raw) && shape(raw).is_ok() {
        return accept(EmailAddress(raw.into()), Remarks::NONE);
    }
    let cell = clean_cell(raw);
    let text = unwrap_address(cell.text);
    let mut remarks = Remarks::NONE;
    match cell.remark {
        Some(code) => remarks.add(code),
        None => remarks.add_if(cell.text.len() != raw.len(), ReasonCode::W301),
    }
    remarks.add_if(text.len() != cell.text.len(), ReasonCode::W301);
    remarks.add_if(
        text.bytes().any(|b| b.is_ascii_uppercase()),
        ReasonCode::W301,
    );

    if let Err(code) = judge(text) {
        return EmailVerdict {
            result: Err(code),
            remarks: Remarks::NONE,
            suggestion: (code == ReasonCode::R301).then(|| mended(text)).flatten(),
        };
    }
    accept(EmailAddress(text.to_ascii_lowercase().into()), remarks)
}

/// Whether the cell is nothing but the small letters, digits and signs of an
/// address, and needs no cleaning: most cells are like that.
fn is_plain(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    let may_stand = |byte: u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'@' | b'.' | b'_' | b'-' | b'+')
    };
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    is_end(bytes.first())
        && is_end(bytes.last())
        && bytes
            .iter()
            .fold(true, |plain, &byte| plain & may_stand(byte))
}

/// What experience says about an address of the right shape.
fn accept(address: EmailAddress, mut remarks: Remarks) -> EmailVerdict {
    if HINTS.is_placeholder(&address) {
        return EmailVerdict {
            result: Err(ReasonCode::R304),
            remarks: Remarks::NONE,
            suggestion: None,
        };
    }
    let suggestion = HINTS.probable_domain(address.domain()).map(|domain| {
        let parts = [address.local_part(), "@", &domain];
        parts.concat().into_boxed_str()
    });
    remarks.add_if(suggestion.is_some(), ReasonCode::W302);
    remarks.add_if(HINTS.is_role(address.local_part()), ReasonCode::W303);
    EmailVerdict {
        result: Ok(address),
        remarks,
        suggestion,
    }
}

/// Takes the address out of `mailto:…`, `Ali Veli <…>`, quotes and the
/// punctuation of a sentence around it.
fn unwrap_address(text: &str) -> &str {
    const AROUND: [char; 8] = ['.', ',', ';', ':', '"', '\'', ' ', '\u{a0}'];
    let text = text.trim_end_matches(AROUND);
    let text = match (text.rfind('<'), text.strip_suffix('>')) {
        (Some(open), Some(inside)) if !text[..open].contains('@') => &inside[open + 1..],
        _ => text,
    };
    let text = text.trim_matches(|c| matches!(c, '"' | '\'') || c.is_whitespace());
    match text.split_at_checked(7) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("mailto:") => rest.trim(),
        _ => text,
    }
    .trim_end_matches(AROUND)
}

/// Everything that can be said without the tables of hints.
fn judge(text: &str) -> Result<(), ReasonCode> {
    shape(text).map_err(|code| {
        if is_spreadsheet_error(text) {
            ReasonCode::R104
        } else if says_nothing(text) {
            ReasonCode::R306
        } else if holds_several(text) {
            ReasonCode::R303
        } else {
            code
        }
    })
}

/// Whether the text has the shape of an address in any case; R301, R302 or R305 if not.
fn shape(text: &str) -> Result<(), ReasonCode> {
    let Some((local, domain)) = text.split_once('@') else {
        return Err(ReasonCode::R301);
    };
    if let Some(strange) = text.chars().find(|&c| !is_address_char(c)) {
        let is_slip = strange.is_whitespace() || matches!(strange, ',' | ';');
        return Err(if is_slip {
            ReasonCode::R301
        } else {
            ReasonCode::R302
        });
    }
    if !(6..=265).contains(&text.len()) {
        return Err(ReasonCode::R305);
    }
    let (labels, top) = domain.rsplit_once('.').unwrap_or(("", domain));
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let is_whole = !local.is_empty()
        && local.len() <= 64 // RFC 5321 §4.5.3.1.1
        && top.len() >= 2
        && !top.bytes().all(|b| b.is_ascii_digit())
        && is_label(top)
        && labels.split('.').all(is_label);
    if is_whole {
        Ok(())
    } else {
        Err(ReasonCode::R301)
    }
}

const fn is_address_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '@' | '.' | '_' | '-' | '+')
}

/// Words that stand for an empty cell.
fn says_nothing(text: &str) -> bool {
    const WORDS: [&str; 7] = ["0", "yok", "null", "none", "na", "undefined", "bos"];
    let is_short_word = text.len() <= 16 && !text.contains('@');
    (is_short_word && WORDS.contains(&fold_header(text).as_str()))
        || !text.contains(|c: char| c == '@' || c.is_alphanumeric())
}

fn holds_several(text: &str) -> bool {
    let is_gap = |c: char| c.is_whitespace() || matches!(c, ';' | ',' | '/' | '|' | '&');
    let has_sides = |part: &&str| {
        part.split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
    };
    text.split(is_gap).filter(has_sides).take(2).count() == 2
}

/// The address with a slip of the keyboard undone, when that makes it whole.
fn mended(text: &str) -> Option<Box<str>> {
    let without_gaps: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mended = without_gaps
        .replace([',', ';'], ".")
        .replace("@@", "@")
        .replace("..", ".")
        .to_ascii_lowercase();
    shape(&mended).is_ok().then(|| mended.into_boxed_str())
}

/// Words to look up, nearly always in vain: a word whose first letter and
/// length no listed word has is dismissed without a comparison.
#[derive(Debug, Default)]
struct WordList {
    /// Sorted.
    words: Vec<&'static str>,
    /// By the first letter, a bit for each length.
    lengths: [u32; 32],
}

impl WordList {
    fn of(words: impl IntoIterator<Item = &'static str>) -> Self {
        let mut list = Self::default();
        for word in words {
            list.lengths[Self::letter(word)] |= Self::length(word);
            list.words.push(word);
        }
        list.words.sort_unstable();
        list.words.dedup();
        list
    }

    fn letter(word: &str) -> usize {
        usize::from(word.as_bytes().first().copied().unwrap_or(0) & 31)
    }

    fn length(word: &str) -> u32 {
        1 << word.len().min(31)
    }

    fn holds(&self, word: &str) -> bool {
        self.lengths[Self::letter(word)] & Self::length(word) != 0
            && self.words.binary_search(&word).is_ok()
    }
}

/// What experience says about addresses; data, see `data/email_hints.tsv`.
#[derive(Debug)]
struct Hints {
    /// Sorted.
    typo_domains: Vec<(&'static str, &'static str)>,
    /// In the order in which they are tried.
    typo_endings: Vec<(&'static str, &'static str)>,
    /// Domains that typing errors were meant for: no errors themselves.
    meant_domains: WordList,
    placeholder_locals: WordList,
    placeholder_domains: WordList,
    twin_words: WordList,
    roles: WordList,
}

static HINTS: LazyLock<Hints> =
    LazyLock::new(|| Hints::read(include_str!("../data/email_hints.tsv")));

impl Hints {
    fn read(table: &'static str) -> Self {
        let lines = table.lines().filter(|line| !line.starts_with('#'));
        let rows: Vec<(&str, &str, &str)> = lines
            .filter_map(|line| line.split_once('\t'))
            .map(|(kind, rest)| {
                let (word, meant) = rest.split_once('\t').unwrap_or((rest, ""));
                (kind, word, meant)
            })
            .collect();
        let of = |wanted: &'static str| {
            let rows = rows.iter().filter(move |(kind, _, _)| *kind == wanted);
            rows.map(|(_, word, meant)| (*word, *meant))
        };
        let words = |wanted| WordList::of(of(wanted).map(|(word, _)| word));
        let mut typo_domains: Vec<_> = of("typo_domain").collect();
        typo_domains.sort_unstable();
        Self {
            meant_domains: WordList::of(typo_domains.iter().map(|(_, meant)| *meant)),
            typo_domains,
            typo_endings: of("typo_ending").collect(),
            placeholder_locals: words("placeholder_local"),
            placeholder_domains: words("placeholder_domain"),
            twin_words: words("twin_word"),
            roles: words("role"),
        }
    }

    /// Written to get past a form: `yok@…`, `test@test.com`, `…@example.com`.
    fn is_placeholder(&self, address: &EmailAddress) -> bool {
        let (local, domain) = address.halves();
        let first_label = domain.split('.').next().unwrap_or_default();
        self.placeholder_locals.holds(local)
            || self.placeholder_domains.holds(domain)
            || (local == first_label && self.twin_words.holds(local))
    }

    /// The domain that was probably meant.
    fn probable_domain(&self, domain: &str) -> Option<String> {
        if self.meant_domains.holds(domain) {
            return None;
        }
        if let Ok(position) = self.typo_domains.binary_search_by_key(&domain, |row| row.0) {
            return Some(self.typo_domains[position].1.to_owned());
        }
        self.typo_endings.iter().find_map(|(wrong, right)| {
            let stem = domain.strip_suffix(wrong)?;
            Some(format!("{stem}{right}"))
        })
    }

    fn is_role(&self, local: &str) -> bool {
        self.roles.holds(local)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        Self::from_normalised(text).ok_or(InvalidEmail)
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
