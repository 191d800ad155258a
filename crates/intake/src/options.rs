//! What the uploader decided: what the file is for, the brand's rules, and the
//! answers to questions that a file alone cannot settle.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::attribute::Attribute;
use domain::calendar::Calendar;
use domain::fold_text::fold_header;
use domain::phone::{Country, CountrySet};
use domain::{Channel, RecipientKind, RegistryMode, Source, Timestamp};
use serde::{Deserialize, Serialize};

use crate::field::Field;
use crate::file::Encoding;

/// What an upload is for (*aktarım türü*); decides which rules a row must meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Keep contacts and consents here; nothing goes to İYS.
    Local,
    /// Ask İYS what it holds for these addresses; consents in the file are not read.
    Pull,
    /// Keep the consents and tell İYS.
    Push,
}

impl Action {
    /// The small number in the databases.
    pub const fn as_db(self) -> i64 {
        match self {
            Self::Local => 1,
            Self::Pull => 2,
            Self::Push => 3,
        }
    }

    /// Reads the small number of the databases.
    pub const fn from_db(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Local),
            2 => Some(Self::Pull),
            3 => Some(Self::Push),
            _ => None,
        }
    }

    /// The word in commands and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Pull => "pull",
            Self::Push => "push",
        }
    }

    /// The word's value; `None` for any other text.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Local, Self::Pull, Self::Push]
            .into_iter()
            .find(|action| action.as_str() == word)
    }
}

/// Everything that judging depends on besides the file and the directory.
#[derive(Debug, Clone)]
pub struct Options {
    /// The present instant: dates after it are refused (R604).
    pub now: Timestamp,
    /// What the upload is for.
    pub action: Action,
    /// How the brand works with İYS.
    pub mode: RegistryMode,
    /// The kind of rows that state none; `None` refuses such rows (R707).
    pub default_kind: Option<RecipientKind>,
    /// Until this instant İYS still takes old consents of this account; from it
    /// on, pushed consents older than three business days are refused (R606).
    /// `None`: the account has no such grace, the rule holds always.
    pub activation: Option<Timestamp>,
    /// What the brand of the upload is called: its names and its number at İYS.
    /// A row that names another brand is refused (R709).
    pub brand_names: Vec<String>,
    /// What the firm keeps of people beyond name and address; a column headed by
    /// the code or a label of one is taken for it.
    pub attributes: Vec<Attribute>,
    /// ISO codes of the countries open for the brand; unknown codes open nothing.
    pub countries: Vec<String>,
    /// The business days that the three-day rule counts.
    pub calendar: Cow<'static, Calendar>,
    /// Whether the file is one of promotion codes, for
    /// [`judge_codes`](crate::judge_codes).
    pub reads_codes: bool,
    /// Whether what became of every single pair is written down
    /// ([`Judged::outcomes`](crate::Judged::outcomes)); an import does without.
    pub trace: bool,
    /// Answers given by a person.
    pub mapping: Mapping,
    /// Bounds on what is read and held.
    pub limits: Limits,
}

impl Options {
    /// The usual options of a brand in Turkey: numbers of Turkey only, no
    /// answers given, the documented limits.
    pub fn new(now: Timestamp, action: Action) -> Self {
        Self {
            now,
            action,
            mode: RegistryMode::Off,
            default_kind: None,
            activation: None,
            brand_names: Vec::new(),
            attributes: Vec::new(),
            countries: vec!["TR".to_owned()],
            calendar: Cow::Borrowed(Calendar::builtin()),
            reads_codes: false,
            trace: false,
            mapping: Mapping::default(),
            limits: Limits::default(),
        }
    }

    pub(crate) fn allowed_countries(&self) -> CountrySet {
        self.countries
            .iter()
            .filter_map(|iso| Country::parse(iso))
            .fold(CountrySet::NONE, CountrySet::with)
    }

    pub(crate) fn default_country(&self) -> Country {
        self.mapping
            .default_country
            .as_deref()
            .and_then(Country::parse)
            .unwrap_or(Country::TR)
    }

    /// The kind of rows that state none, if anybody said.
    pub(crate) fn kind_by_default(&self) -> Option<RecipientKind> {
        self.default_kind.or(self.mapping.default_kind)
    }

    /// Whether a word of a brand column means the brand of the upload.
    pub(crate) fn is_own_brand(&self, word: &str) -> bool {
        let wanted = fold_header(word);
        let known = self.brand_names.iter().chain(&self.mapping.brands);
        known.into_iter().any(|name| fold_header(name) == wanted)
    }

    /// Whether the three-business-day rule holds for this upload.
    pub(crate) fn refuses_old_consents(&self) -> bool {
        self.action == Action::Push && self.activation.is_none_or(|at| self.now >= at)
    }
}

/// Answers to what a file cannot say by itself; kept with the upload as JSON,
/// and remembered for the next file with the same header.
///
/// Each [`Question`](crate::Question) names the field that its answer goes into.
/// Answers are kept under [`header_fingerprint`](crate::header_fingerprint)
/// ([`Summary::header_fingerprint`](crate::Summary)); those remembered fill what
/// a new upload leaves open ([`Mapping::or_remembered`]).
///
/// Headers and words are compared folded, so `İzin Durumu` and `izin_durumu`
/// are one key. Its JSON is its stable form: `{}` is the mapping without an
/// answer, fields that hold none are left out, unknown fields are refused.
///
/// ```json
/// { "polarity": { "SMS istemiyor": "yes_is_refusal" }, "date_orders": { "İzin Tarihi": "day_first" },
///   "status_channels": ["MESAJ"], "sources": { "web sitesi": "HS_WEB" },
///   "kinds": { "dernek": "TACIR" }, "default_kind": "BIREYSEL",
///   "columns": { "kayıt tarihi": { "field": "date" } }, "phone_zeros_are_real": true }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// Header → what the column is; overrides what was recognised.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, Assignment>,
    /// Header → code of the attribute (*özel alan*) that the column holds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// Header of a refusal column → what 1, yes or evet means in it (F114).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub polarity: BTreeMap<String, Polarity>,
    /// Header of a date column → day or month first in its dates with `/` or `-`,
    /// where its cells do not show it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub date_orders: BTreeMap<String, DateOrder>,
    /// The same for every date column that [`Mapping::date_orders`] does not name:
    /// for who knows how all of a program's files are written, and as it was
    /// remembered before columns were asked about one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// Channels that a status column without a channel covers (R503).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub status_channels: Vec<Channel>,
    /// Free text of a source column → the code it stands for (W701).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<String, Source>,
    /// Word of a recipient-kind column → the kind it stands for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<String, RecipientKind>,
    /// The kind of rows that state none (R707), where [`Options::default_kind`] does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_kind: Option<RecipientKind>,
    /// Phones that nearly all end in the same zeros are real (W206).
    #[serde(skip_serializing_if = "is_false")]
    pub phone_zeros_are_real: bool,
    /// One external id with several phones: the last row is the person, the
    /// others are refused otherwise (R804).
    #[serde(skip_serializing_if = "is_false")]
    pub update_people: bool,
    /// ISO code of the country whose national phone form the file uses; TR by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_country: Option<String>,
    /// The encoding, where the detected one is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// The sheet of a workbook that is meant, where several hold something (F119).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Words of a brand column that are the brand of this upload (R709).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub brands: Vec<String>,
    /// The column separator, where the detected one is wrong: one of `; , | ~` or a tab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde calls"
)]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Mapping {
    /// Whether a person said what this header means.
    pub(crate) fn assigns(&self, header: &str) -> bool {
        let folded = fold_header(header);
        self.columns
            .keys()
            .chain(self.attributes.keys())
            .any(|known| fold_header(known) == folded)
    }

    /// What a person said about the dates of the column with this header.
    pub(crate) fn date_order_of(&self, header: &str) -> Option<DateOrder> {
        let folded = fold_header(header);
        let mut said = self.date_orders.iter();
        let own = said.find(|(known, _)| fold_header(known) == folded);
        own.map(|(_, order)| *order).or(self.date_order)
    }
}

/// What a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// The field; [`Field::Ignored`] keeps the column out.
    pub field: Field,
    /// The channel of a status, date or source column that belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
}

/// How the answers 1, yes or evet of a column are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Polarity {
    /// Yes means consent.
    YesIsConsent,
    /// Yes means refusal.
    YesIsRefusal,
}

/// Which part of `05/06/2025` is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// 5 June.
    DayFirst,
    /// 6 May.
    MonthFirst,
}

/// Bounds on what is read and held in memory. Changing them changes no verdict
/// on a file that stays within them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest file that is opened (F102).
    pub file_bytes_max: u64,
    /// Most bytes that a packed file or a workbook may unpack to (F109).
    pub unpacked_bytes_max: u64,
    /// How many times its size it may unpack to, above 32 MB (F109).
    pub unpacked_ratio_max: u64,
    /// Most parts of a zip or a workbook (F109).
    pub parts_max: u64,
    /// Most bytes of the list of those parts (F109).
    pub parts_list_bytes_max: u64,
    /// Most texts that the cells of a workbook share (F109).
    pub shared_strings_max: usize,
    /// Longest record, and longest quoted cell: beyond it the file is not a
    /// table (F105, F107).
    pub record_bytes_max: usize,
    /// Longest cell of a column that is imported, in characters (R103).
    pub cell_chars_max: usize,
    /// Most columns in the header (F107).
    pub columns_max: usize,
    /// People who may share one phone before its rows are refused (R803).
    pub people_per_phone_max: usize,
    /// Share of damaged phones, in percent, that stops the file (F113).
    pub damaged_phones_percent_max: u64,
    /// Share of dates against the column's order, in percent, that stops the file (F115).
    pub contrary_dates_percent_max: u64,
    /// Bytes of the file per hash partition; fixes how many there are.
    pub partition_file_bytes: u64,
    /// Most hash partitions.
    pub partitions_max: usize,
    /// Bytes a loaded partition may hold before repeated rows in it are merged early.
    pub partition_bytes_max: usize,
    /// Write buffers of all partitions of one work file together.
    pub partition_buffers_bytes: usize,
    /// Rejections held and sorted in memory before they become a run on disk.
    pub rejections_buffer_bytes: usize,
    /// Rows without an address that are looked up together, and keys asked together.
    pub directory_batch: usize,
    /// Decoded rows shown in the summary.
    pub sample_rows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes_max: 2 << 30,
            unpacked_bytes_max: 4 << 30,
            unpacked_ratio_max: 250,
            parts_max: 2_000,
            parts_list_bytes_max: 1 << 20,
            shared_strings_max: 20_000_000,
            record_bytes_max: 1 << 20,
            cell_chars_max: 4 << 10,
            columns_max: 1_000,
            people_per_phone_max: 20,
            damaged_phones_percent_max: 5,
            contrary_dates_percent_max: 5,
            partition_file_bytes: 3 << 20,
            partitions_max: 512,
            partition_bytes_max: 12 << 20,
            partition_buffers_bytes: 4 << 20,
            rejections_buffer_bytes: 4 << 20,
            directory_batch: 1_000,
            sample_rows: 20,
        }
    }
}

impl Limits {
    /// The write buffer of one of `partitions` partitions.
    pub(crate) fn buffer_for(&self, partitions: usize) -> usize {
        const MOST: usize = 64 << 10;
        (self.partition_buffers_bytes / partitions.max(1)).min(MOST)
    }

    /// How many partitions a file of this size is spread over.
    pub(crate) fn partitions_for(&self, file_bytes: u64) -> usize {
        let wanted = file_bytes.div_ceil(self.partition_file_bytes.max(1));
        usize::try_from(wanted)
            .unwrap_or(usize::MAX)
            .clamp(1, self.partitions_max.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_survives_text_database_and_json() {
        for action in [Action::Local, Action::Pull, Action::Push] {
            assert_eq!(Action::parse(action.as_str()), Some(action));
            assert_eq!(Action::from_db(action.as_db()), Some(action));
        }
        assert_eq!(Action::parse("Push"), None);
        assert_eq!(Action::from_db(0), None);
    }

    #[test]
    fn old_consents_are_refused_for_push_once_the_account_is_active() {
        let now = Timestamp::from_micros(100);
        let at = |action, activation| Options {
            activation,
            ..Options::new(now, action)
        };
        let later = Some(Timestamp::from_micros(101));
        assert!(at(Action::Push, None).refuses_old_consents());
        assert!(at(Action::Push, Some(now)).refuses_old_consents());
        assert!(!at(Action::Push, later).refuses_old_consents());
        assert!(!at(Action::Local, None).refuses_old_consents());
    }

    #[test]
    fn the_number_of_partitions_grows_with_the_file_and_stays_bounded() {
        let limits = Limits::default();
        assert_eq!(limits.partitions_for(0), 1);
        assert_eq!(limits.partitions_for(100), 1);
        assert_eq!(limits.partitions_for(30 << 20), 10);
        assert_eq!(limits.partitions_for(u64::MAX), 512);
    }
}
