//! The registry of reason codes: why a file stopped, a row or a person was
//! refused, what was repaired on the way, what İYS answered, and who was left
//! out of a send.
//!
//! The texts live in `data/reasons.tsv`, never in code: one line per code with
//! its name, a Turkish and an English text and the next step for the person
//! who reads it. Text templates hold `{placeholders}`; a part in `[square
//! brackets]` appears only when all of its placeholders were given.
//!
//! A code is stable for ever: it stands in databases, exports and logs. A new
//! rule gets a new number; a text may be improved at any time.

mod remarks;
pub(crate) mod render;

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use remarks::Remarks;

/// One code of the registry, such as `S101`; only codes that exist have a value.
///
/// Two bytes, ordered by class (F, R, W, I, S) and then by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReasonCode(u16);

/// What a code speaks about; its letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReasonClass {
    /// `F`: the whole file stopped before anything was applied.
    FileStopped,
    /// `R`: refused for this row and channel.
    RowRejected,
    /// `W`: accepted, with a remark.
    Remark,
    /// `I`: what İYS answered.
    RegistryVerdict,
    /// `S`: left out at send time; the dry run uses the same codes.
    SendExclusion,
}

/// What the registry holds about a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReasonInfo {
    /// The code itself.
    pub code: ReasonCode,
    /// Its stable English name, `SCREAMING_SNAKE_CASE`, unique.
    pub name: &'static str,
    /// Turkish text template.
    pub text_tr: &'static str,
    /// English text template.
    pub text_en: &'static str,
    /// What to do next, Turkish; empty only for remarks that need nothing.
    pub next_tr: &'static str,
    /// What to do next, English; empty exactly where the Turkish one is.
    pub next_en: &'static str,
}

impl ReasonClass {
    /// The letter in front of the number.
    pub const fn letter(self) -> char {
        match self {
            Self::FileStopped => 'F',
            Self::RowRejected => 'R',
            Self::Remark => 'W',
            Self::RegistryVerdict => 'I',
            Self::SendExclusion => 'S',
        }
    }
}

impl ReasonCode {
    /// Every code, ascending.
    pub const fn all() -> &'static [Self] {
        ALL
    }

    /// Reads `S101`; `None` when the text is no code of the registry.
    pub fn parse(text: &str) -> Option<Self> {
        match *text.as_bytes() {
            [letter, a, b, c] => Self::assemble(letter, [a, b, c]).and_then(Self::known),
            _ => None,
        }
    }

    /// The number in the databases: class (F=1, R=2, W=3, I=4, S=5) × 1000 + number.
    pub const fn as_db(self) -> i64 {
        self.0 as i64
    }

    /// Reads the number of the databases; `None` when no such code exists.
    pub fn from_db(number: i64) -> Option<Self> {
        u16::try_from(number).ok().map(Self).and_then(Self::known)
    }

    /// What the code speaks about.
    pub const fn class(self) -> ReasonClass {
        match self.0 / 1000 {
            1 => ReasonClass::FileStopped,
            2 => ReasonClass::RowRejected,
            3 => ReasonClass::Remark,
            4 => ReasonClass::RegistryVerdict,
            _ => ReasonClass::SendExclusion,
        }
    }

    /// Name, texts and next step.
    pub fn info(self) -> &'static ReasonInfo {
        let position = ALL
            .binary_search(&self)
            .expect("a code exists only if it is listed");
        &INFOS[position]
    }

    /// The Turkish text with its placeholders filled: `("value", "#YOK")`.
    pub fn render_tr(self, values: &[(&str, &str)]) -> String {
        render::fill(self.info().text_tr, values)
    }

    /// The English text with its placeholders filled.
    pub fn render_en(self, values: &[(&str, &str)]) -> String {
        render::fill(self.info().text_en, values)
    }

    fn known(self) -> Option<Self> {
        ALL.binary_search(&self).is_ok().then_some(self)
    }

    const fn assemble(letter: u8, digits: [u8; 3]) -> Option<Self> {
        let class = match letter {
            b'F' => 1,
            b'R' => 2,
            b'W' => 3,
            b'I' => 4,
            b'S' => 5,
            _ => return None,
        };
        let mut number = class;
        let mut i = 0;
        while i < digits.len() {
            if !digits[i].is_ascii_digit() {
                return None;
            }
            number = number * 10 + (digits[i] - b'0') as u16;
            i += 1;
        }
        Some(Self(number))
    }

    /// A code written in this file; a misspelt one does not compile.
    const fn literal(text: &str) -> Self {
        match text.as_bytes() {
            [letter, a, b, c] => {
                Self::assemble(*letter, [*a, *b, *c]).expect("a letter of FRWIS and three digits")
            }
            _ => panic!("a code is a letter and three digits"),
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:03}", self.class().letter(), self.0 % 1000)
    }
}

impl fmt::Debug for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ReasonCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ReasonCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format_args!("unknown reason code `{text}`")))
    }
}

/// In the order of [`ALL`]: the file is sorted by class and number.
static INFOS: LazyLock<Vec<ReasonInfo>> =
    LazyLock::new(|| read_infos(include_str!("../data/reasons.tsv")));

fn read_infos(table: &'static str) -> Vec<ReasonInfo> {
    table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let mut cells = line.split('\t');
            let mut cell = || cells.next().unwrap_or_default();
            ReasonInfo {
                code: ReasonCode::parse(cell()).expect("reasons.tsv lists codes of this file only"),
                name: cell(),
                text_tr: cell(),
                text_en: cell(),
                next_tr: cell(),
                next_en: cell(),
            }
        })
        .collect()
}

macro_rules! codes {
    ($($code:ident $name:ident)+) => {
        impl ReasonCode {
            $(
                #[doc = concat!("`", stringify!($name), "`")]
                pub const $code: Self = Self::literal(stringify!($code));
            )+
        }

        const ALL: &[ReasonCode] = &[$(ReasonCode::$code),+];

        #[cfg(test)]
        const NAMES: &[&str] = &[$(stringify!($name)),+];
    };
}

codes! {
    F101 FILE_EMPTY                   F102 FILE_TOO_LARGE               F103 ENCODING_MIXED
    F104 ENCODING_UNKNOWN             F105 QUOTE_UNCLOSED               F106 DELIMITER_UNKNOWN
    F107 FORMAT_UNSUPPORTED           F108 WORKBOOK_PROTECTED           F109 ARCHIVE_SUSPICIOUS
    F110 NO_IDENTIFIER_COLUMN         F111 FIELD_MAPPED_TWICE           F112 LINE_KIND_MIXED
    F113 PHONE_PRECISION_LOST_COLUMN  F114 POLARITY_UNCONFIRMED         F115 DATE_ORDER_INCONSISTENT
    F116 DUPLICATE_UPLOAD             F117 CONSENT_COLUMNS_MISSING      F118 BRAND_NOT_AUTHORISED
    F119 SHEET_UNCHOSEN               F120 PROMOTION_COLUMN_MISSING

    R101 ROW_EMPTY                    R102 FIELD_COUNT                  R103 CELL_TOO_LONG
    R104 CELL_ERROR_VALUE             R105 NO_USABLE_ADDRESS
    R201 PHONE_MISSING                R202 PHONE_CHARS                  R203 PHONE_TOO_SHORT
    R204 PHONE_TOO_LONG               R205 PHONE_SEVERAL                R206 PHONE_NOT_MOBILE
    R207 PHONE_COUNTRY_NOT_ALLOWED    R208 PHONE_PLACEHOLDER            R209 PHONE_PRECISION_LOST
    R301 EMAIL_INVALID                R302 EMAIL_NON_ASCII              R303 EMAIL_SEVERAL
    R304 EMAIL_PLACEHOLDER            R305 EMAIL_LENGTH                 R306 EMAIL_MISSING
    R401 ID_MISSING                   R402 ID_PRECISION_LOST            R403 ID_INVALID
    R404 TOKEN_UNKNOWN_SHAPE          R405 TCKN_INVALID                 R406 ID_NOT_FOUND
    R501 CONSENT_STATUS_MISSING       R502 CONSENT_STATUS_UNKNOWN       R503 CONSENT_CHANNEL_UNSTATED
    R601 DATE_MISSING                 R602 DATE_UNREADABLE              R603 DATE_BEFORE_2015
    R604 DATE_FUTURE                  R605 DATE_HS2015_MISMATCH         R606 DATE_TOO_OLD
    R607 DATE_NOT_NEWER               R608 DATE_ARTEFACT
    R701 SOURCE_MISSING               R702 SOURCE_UNKNOWN               R703 SOURCE_REGISTRY_ONLY
    R704 SOURCE_KARAR_MISUSE          R705 CHANNEL_UNKNOWN              R706 CHANNEL_ADDRESS_MISMATCH
    R707 RECIPIENT_TYPE_MISSING       R708 RECIPIENT_TYPE_UNKNOWN
    R709 BRAND_OTHER
    R802 CONSENT_CONFLICT             R803 PHONE_SHARED_TOO_MUCH        R804 PERSON_AMBIGUOUS
    R805 LOCAL_RET_NEWER              R806 REGISTRY_RET_NEWER           R807 ONAY_AFTER_CITIZEN_RET
    R808 PROMOTION_CODE_UNUSABLE      R809 PROMOTION_CODE_TAKEN         R810 PERSON_HAS_PROMOTION_CODE
    R901 EVENT_KEY_UNUSABLE           R902 EVENT_KEY_REUSED             R903 EVENT_NAME_UNUSABLE
    R904 EVENT_NAMES_TOO_MANY         R905 EVENT_PERSON_MISSING         R906 EVENT_BODY_UNUSABLE
    R907 EVENT_TIME_UNREADABLE        R908 EVENT_IN_FUTURE              R909 EVENT_TOO_OLD

    W101 ATTRIBUTE_UNREADABLE
    W103 CELL_CLEANED                 W104 MOJIBAKE_REPAIRED            W105 LETTERS_LOST
    W106 HIDDEN_ROWS                  W107 TITLE_ROWS_SKIPPED           W108 COLUMN_IGNORED
    W201 PHONE_NORMALISED             W202 PHONE_DIGITS_CONVERTED       W203 PHONE_TRUNK_ZERO
    W204 PHONE_PREFIX_UNKNOWN         W205 PHONE_SCIENTIFIC_EXACT       W206 PHONE_SUSPECT_ZEROS
    W207 PHONE_KKTC
    W301 EMAIL_CLEANED                W302 EMAIL_TYPO                   W303 EMAIL_ROLE
    W402 ID_LEADING_ZERO              W403 ID_LOOKS_LIKE_DATE           W405 SENSITIVE_COLUMN
    W501 CONSENT_COLUMN_UNIFORM
    W602 DATE_NO_TIME                 W603 DATE_CONVERTED               W604 DATE_TWO_DIGIT_YEAR
    W605 DATE_LOOKS_HS2015            W606 DATE_NEAR_LIMIT
    W701 SOURCE_MAPPED                W702 CHANNEL_EXPANDED             W703 ESNAF_AS_TACIR
    W704 RETAILER_UNREADABLE
    W801 DUPLICATE_SAME               W802 DUPLICATE_OLDER              W803 PHONE_SHARED
    W804 STATUS_UNCHANGED             W805 BLACKLISTED
    W901 EVENT_UNDEFINED              W902 EVENT_PERSON_UNKNOWN         W903 EVENT_REPEATED
    W904 EVENT_FIELD_MISFIT

    I110 REGISTRY_FIELD_REFUSED       I120 REGISTRY_ADDRESS_REFUSED     I174 REGISTRY_SAME_STATUS
    I175 REGISTRY_FIRST_RECORD_RET    I178 REGISTRY_HOLDS_NEWER         I194 REGISTRY_REPEATED_IN_REQUEST
    I200 REGISTRY_NO_RECORD           I300 REGISTRY_NOT_AUTHORISED      I500 REGISTRY_UNAVAILABLE
    I525 REGISTRY_QUOTA_SPENT         I606 REGISTRY_DATE_TOO_OLD        I900 REGISTRY_OTHER

    S101 CONSENT_NONE                 S102 CONSENT_UNCONFIRMED          S103 CONSENT_REFUSED
    S104 CONSENT_STALE                S105 RECIPIENT_TYPE_MISMATCH      S106 PURPOSE_NOT_CONSENTED
    S201 BLACKLIST_STOP               S202 COMPLAINT_STOP               S203 ADDRESS_INVALID
    S204 DELIVERY_KEEPS_FAILING
    S301 FREQUENCY_CAP                S302 SAME_CONTENT_TODAY           S303 QUIET_TIME
    S304 CONTROL_GROUP                S305 AUDIENCE_CAP
    S306 SEND_EXPIRED
    S401 VARIABLE_EMPTY               S402 TOO_MANY_PARTS               S403 FOREIGN_ROUTE_LINK
    S404 MANDATORY_CONTENT_MISSING    S405 HEALTH_ATTRIBUTE_UNAPPROVED
    S406 PROMOTION_CODES_SPENT
    S501 NO_PROVIDER                  S502 CREDIT_INSUFFICIENT          S503 SENDER_NOT_APPROVED
    S504 PROVIDER_REFUSED             S505 PROVIDER_KEPT_REFUSING       S506 PROVIDER_CODE_UNKNOWN
    S507 RECIPIENT_REFUSED_FOR_NOW    S508 RECIPIENT_REFUSED            S509 PROVIDER_ACCOUNT_TROUBLE
    S510 CONTENT_REFUSED
    S601 DELIVERY_EXPIRED             S602 NOT_DELIVERED                S603 REJECTED_AFTER_ACCEPTANCE
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_constant_has_its_line_in_the_data_and_every_line_its_constant() {
        let listed: Vec<ReasonCode> = INFOS.iter().map(|info| info.code).collect();
        assert_eq!(listed, ALL);
        let names: Vec<&str> = INFOS.iter().map(|info| info.name).collect();
        assert_eq!(names, NAMES);
    }

    #[test]
    fn codes_ascend_and_neither_codes_nor_names_repeat() {
        assert!(ALL.is_sorted_by(|a, b| a < b));
        let names: HashSet<&str> = INFOS.iter().map(|info| info.name).collect();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn every_text_is_filled_in_both_languages_and_every_refusal_names_a_next_step() {
        for line in include_str!("../data/reasons.tsv").lines() {
            if !line.is_empty() && !line.starts_with('#') {
                assert_eq!(line.split('\t').count(), 6, "{line}");
            }
        }
        for info in INFOS.iter() {
            for text in [info.text_tr, info.text_en] {
                assert!(text.ends_with(['.', '?', ']']), "{}: {text}", info.code);
                assert_eq!(text.trim(), text, "{}", info.code);
            }
            assert_eq!(
                info.next_tr.is_empty(),
                info.next_en.is_empty(),
                "{}",
                info.code
            );
            let needs_next = info.code.class() != ReasonClass::Remark;
            assert!(!needs_next || !info.next_tr.is_empty(), "{}", info.code);
        }
    }

    #[test]
    fn both_languages_use_the_same_placeholders() {
        for info in INFOS.iter() {
            let names = |text| render::placeholders(text).collect::<HashSet<&str>>();
            assert_eq!(names(info.text_tr), names(info.text_en), "{}", info.code);
            assert!(names(info.next_tr).is_empty() && names(info.next_en).is_empty());
        }
    }

    #[test]
    fn no_text_shows_a_brace_even_when_nothing_was_filled_in() {
        for code in ReasonCode::all() {
            for text in [code.render_tr(&[]), code.render_en(&[])] {
                assert!(!text.contains(['{', '}', '[', ']']), "{code}: {text}");
            }
        }
    }

    #[test]
    fn a_code_survives_text_database_and_json() {
        for &code in ReasonCode::all() {
            assert_eq!(ReasonCode::parse(&code.to_string()), Some(code));
            assert_eq!(ReasonCode::from_db(code.as_db()), Some(code));
            let json = serde_json::to_string(&code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(serde_json::from_str::<ReasonCode>(&json).unwrap(), code);
        }
        assert_eq!(ReasonCode::S101.as_db(), 5101);
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in [
            "", "S", "S10", "S1010", "X101", "s101", "S1O1", "S199", "F201", "Ş01",
        ] {
            assert_eq!(ReasonCode::parse(text), None, "{text}");
        }
        for number in [0, -5101, 101, 5199, 6101, i64::MAX, i64::MIN] {
            assert_eq!(ReasonCode::from_db(number), None, "{number}");
        }
        assert!(serde_json::from_str::<ReasonCode>("\"S199\"").is_err());
    }
}
