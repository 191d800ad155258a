//! What the preview shows: how the file was read, what came of it, and the
//! questions that only a person can answer.

use domain::{Channel, ReasonCode, RecipientKind, Source};
use serde::{Deserialize, Serialize};

use crate::field::Field;
use crate::file::encoding::Decoder;
use crate::file::{Encoding, Repair};
use crate::options::{DateOrder, Polarity};
use crate::patterns::Pattern;
use crate::tally::{CodeCount, Tally};

/// The account of one judged file; kept with the upload as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Size of the file in bytes.
    pub file_bytes: u64,
    /// Whether it is a text or a workbook.
    #[serde(default)]
    pub format: FileFormat,
    /// What it was packed in.
    #[serde(default)]
    pub packing: Option<Packing>,
    /// The sheet of a workbook that was read.
    #[serde(default)]
    pub sheet: Option<String>,
    /// How its letters are coded; a workbook's are read as UTF-8.
    pub encoding: Option<Encoding>,
    /// Which damage to its letters was undone while reading.
    pub repair: Repair,
    /// What separates its columns; `None` in a file of one column. The kept
    /// rows of a workbook are separated by semicolons.
    pub delimiter: Option<char>,
    /// How consents are laid out.
    pub layout: Option<LayoutKind>,
    /// Line of the header; 0 in a file without one.
    pub header_line: u64,
    /// Rows above the header that were skipped (W107).
    pub title_rows: u64,
    /// What the header is recognised by, for answers remembered from an earlier
    /// file; see [`header_fingerprint`](crate::header_fingerprint).
    #[serde(default)]
    pub header_fingerprint: Option<String>,
    /// Every column, in the file's order.
    pub columns: Vec<ColumnReport>,
    /// Records below the header.
    pub rows: u64,
    /// (Row, channel) pairs judged: `accepted + rejected + merged`.
    pub judged: u64,
    /// Pairs that became records.
    pub accepted: u64,
    /// Pairs that were rejected.
    pub rejected: u64,
    /// Pairs that a repeated (W801) or newer (W802) row stands for.
    pub merged: u64,
    /// `judged − accepted − rejected − merged`: not 0 only by a fault of ours.
    pub discrepancy: i64,
    /// Every code that occurred, ascending.
    pub codes: Vec<CodeCount>,
    /// Rejected pairs of all pairs, from 0 to 1; the brake compares it.
    pub rejected_share: f64,
    /// The three most frequent rejections, most frequent first.
    pub biggest_reasons: Vec<CodeCount>,
    /// The first rows as they were read; sensitive cells are blank.
    pub sample: Vec<SampleRow>,
    /// Columns of which every cell says the same (W501).
    pub uniform: Vec<UniformColumn>,
    /// What only a person can answer; rows that hang on an answer were refused.
    pub questions: Vec<Question>,
    /// Channels that its consents speak about.
    #[serde(default)]
    pub channels: Vec<Channel>,
    /// Signs in the file as a whole that consents may have been made up.
    #[serde(default)]
    pub patterns: Vec<Pattern>,
}

/// What kind of file it is, once unpacked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// Lines of text.
    #[default]
    Text,
    /// A spreadsheet (`.xlsx`, `.xlsm`); its lines are the rows of the sheet.
    Workbook,
}

/// What a file was packed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    /// `.gz`
    Gzip,
    /// `.zip`
    Zip,
}

/// How a file lays consents out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayoutKind {
    /// One row per address and channel, the channel in a column.
    Long,
    /// One row per person, a group of columns per channel.
    Wide,
    /// One status for the row; which channels it covers, the columns do not say.
    Plain,
    /// No consents: only people.
    ContactsOnly,
    /// No header: one identifier on each line.
    OnePerLine,
    /// No header: a token and an external id on each line.
    Pair,
    /// Promotion codes, some or all of them meant for one person.
    Codes,
}

/// What became of one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnReport {
    /// The header as it was read.
    pub header: String,
    /// What it means; [`Field::Ignored`] for an unknown column (W108).
    pub field: Field,
    /// The channel it belongs to.
    pub channel: Option<Channel>,
    /// Whether its cells are read.
    pub imported: bool,
    /// Code of the attribute it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// Its values that do not fit the attribute's type (W101).
    #[serde(default, skip_serializing_if = "UnreadValues::is_none")]
    pub unread: UnreadValues,
    /// Of dates such as `05/06/2025`: which part is the day, as the column's
    /// other cells show or a person said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// Of a consent status: what yes and 1 mean; absent while only a person can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polarity: Option<Polarity>,
}

/// Values of one column that were left out because they do not fit its type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadValues {
    /// How many.
    pub count: u64,
    /// The first ones.
    pub examples: Vec<UnreadValue>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadValue {
    /// Its line, as an editor shows it.
    pub line: u64,
    /// The cell, cut short; empty where the attribute is personal or health data.
    pub value: String,
}

impl UnreadValues {
    const fn is_none(&self) -> bool {
        self.count == 0
    }
}

/// One decoded row of the sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleRow {
    /// Its line, as an editor shows it.
    pub line: u64,
    /// Its cells.
    pub cells: Vec<String>,
}

/// A column of which every cell says the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UniformColumn {
    /// Its header.
    pub header: String,
    /// The word.
    pub value: String,
    /// How many rows.
    pub rows: u64,
}

/// A question that the file cannot answer. The answer goes into
/// [`Mapping`](crate::Mapping), and the file is judged again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "question", rename_all = "snake_case")]
pub enum Question {
    /// Which of `05/06/2025` is the day (`date_orders`, under the column's header).
    DateOrder {
        /// Header of the date column.
        header: String,
        /// A value that can be read both ways.
        example: String,
    },
    /// Whether 1 or yes is a refusal in this column (`polarity`).
    Polarity {
        /// Header of the column.
        header: String,
    },
    /// Which channels a status covers (`status_channels`).
    StatusChannels {
        /// Header of the status column.
        header: String,
    },
    /// What a free text in the source column stands for (`sources`).
    SourceWord {
        /// The text.
        word: String,
        /// The code it probably stands for.
        suggestion: Option<Source>,
        /// How many rows carry it.
        rows: u64,
    },
    /// Which recipient kind a word stands for (`kinds`).
    KindWord {
        /// The word.
        word: String,
        /// How many rows carry it.
        rows: u64,
    },
    /// Which kind rows have that state none (the upload's default kind).
    DefaultKind {
        /// The kinds to choose from.
        choices: Vec<RecipientKind>,
    },
    /// Whether a date column that may be something else is the consent date (`columns`).
    ConsentDateColumn {
        /// Header of the column.
        header: String,
    },
    /// What a column without a header is (`columns`, under the name given here).
    UnnamedColumn {
        /// What the column is called: `Sütun 1`.
        header: String,
        /// Its first value.
        example: String,
    },
    /// How the letters of the file are coded (`encoding`).
    Encoding {
        /// The codings to choose from.
        choices: Vec<Encoding>,
        /// A word of the file as it reads in each of them.
        examples: Vec<String>,
    },
    /// Which sheet of a workbook is meant (`sheet`, F119).
    Sheet {
        /// The sheets that hold anything.
        sheets: Vec<String>,
    },
    /// Whether a word of a brand column is the brand of this upload (`brands`).
    BrandWord {
        /// The word.
        word: String,
        /// How many rows carry it.
        rows: u64,
    },
    /// Whether phones that all end in the same zeros are real (W206).
    PhoneZeros {
        /// How many zeros they end in, at least.
        zeros: u32,
    },
}

impl Question {
    /// The question in Turkish.
    pub fn text_tr(&self) -> String {
        match self {
            Self::DateOrder { header, example } => format!(
                "\"{header}\" sütununda {example} gibi tarihlerde önce gün mü, ay mı yazılmış?"
            ),
            Self::Polarity { header } => {
                format!("\"{header}\" sütununda 1 ya da evet, ret anlamına mı geliyor?")
            }
            Self::StatusChannels { header } => {
                format!("\"{header}\" sütunundaki izin hangi kanallar için verilmiş?")
            }
            Self::SourceWord {
                word,
                suggestion,
                rows,
            } => match suggestion {
                Some(code) => {
                    format!("İzin kaynağı \"{word}\" ({rows} satır) {code} anlamına mı geliyor?")
                }
                None => format!(
                    "İzin kaynağı \"{word}\" ({rows} satır) hangi kaynak koduna karşılık geliyor?"
                ),
            },
            Self::KindWord { word, rows } => {
                format!("Alıcı tipi \"{word}\" ({rows} satır) bireysel mi, tacir mi?")
            }
            Self::DefaultKind { .. } => {
                "Alıcı tipi belirtilmeyen satırlar bireysel mi, tacir mi?".to_owned()
            }
            Self::ConsentDateColumn { header } => format!(
                "\"{header}\" sütunu izin tarihi mi? Kayıt tarihi çoğu zaman iznin alındığı tarih değildir."
            ),
            Self::UnnamedColumn { header, example } => format!(
                "Başlıksız dosyada \"{header}\" ({example} gibi değerler) ne içeriyor: telefon, e-posta, token, müşteri no?"
            ),
            Self::Encoding { choices, examples } => format!(
                "Dosyadaki harfler hangi kodlamayla doğru okunuyor? {}",
                readings(choices, examples)
            ),
            Self::Sheet { sheets } => {
                format!("Hangi sayfa okunsun: {}?", sheets.join(", "))
            }
            Self::BrandWord { word, rows } => {
                format!("\"{word}\" ({rows} satır) bu aktarımın markası mı?")
            }
            Self::PhoneZeros { zeros } => {
                format!(
                    "Telefonların neredeyse hepsi {zeros} sıfırla bitiyor; numaralar gerçek mi?"
                )
            }
        }
    }

    /// The question in English.
    pub fn text_en(&self) -> String {
        match self {
            Self::DateOrder { header, example } => {
                format!(
                    "In dates such as {example} in \"{header}\", does the day or the month come first?"
                )
            }
            Self::Polarity { header } => {
                format!("In the column \"{header}\", does 1 or yes mean a refusal?")
            }
            Self::StatusChannels { header } => {
                format!("Which channels does the consent in \"{header}\" cover?")
            }
            Self::SourceWord {
                word,
                suggestion,
                rows,
            } => match suggestion {
                Some(code) => format!("Does the source \"{word}\" ({rows} rows) mean {code}?"),
                None => format!("Which source code does \"{word}\" ({rows} rows) stand for?"),
            },
            Self::KindWord { word, rows } => {
                format!("Is the recipient type \"{word}\" ({rows} rows) BIREYSEL or TACIR?")
            }
            Self::DefaultKind { .. } => {
                "Are rows without a recipient type BIREYSEL or TACIR?".to_owned()
            }
            Self::ConsentDateColumn { header } => format!(
                "Is \"{header}\" the consent date? A record date often is not the day consent was given."
            ),
            Self::UnnamedColumn { header, example } => format!(
                "The file has no header: what does \"{header}\" (values such as {example}) hold: phone, e-mail, token, external id?"
            ),
            Self::Encoding { choices, examples } => format!(
                "In which coding do the letters of the file read right? {}",
                readings(choices, examples)
            ),
            Self::Sheet { sheets } => {
                format!("Which sheet is to be read: {}?", sheets.join(", "))
            }
            Self::BrandWord { word, rows } => {
                format!("Is \"{word}\" ({rows} rows) the brand of this upload?")
            }
            Self::PhoneZeros { zeros } => {
                format!("Nearly all phone numbers end in {zeros} zeros; are they real?")
            }
        }
    }
}

/// `windows-1254: İzin · cp857: …`
fn readings(choices: &[Encoding], examples: &[String]) -> String {
    let pairs = choices.iter().zip(examples);
    let read: Vec<String> = pairs
        .map(|(choice, example)| format!("{}: {example}", choice.as_str()))
        .collect();
    read.join(" · ")
}

impl Summary {
    /// The account of a file of which nothing has been read yet.
    pub(crate) fn unread(file_bytes: u64) -> Self {
        Self {
            file_bytes,
            format: FileFormat::Text,
            packing: None,
            sheet: None,
            encoding: None,
            repair: Repair::None,
            delimiter: None,
            layout: None,
            header_line: 0,
            title_rows: 0,
            header_fingerprint: None,
            columns: Vec::new(),
            rows: 0,
            judged: 0,
            accepted: 0,
            rejected: 0,
            merged: 0,
            discrepancy: 0,
            codes: Vec::new(),
            rejected_share: 0.0,
            biggest_reasons: Vec::new(),
            sample: Vec::new(),
            uniform: Vec::new(),
            questions: Vec::new(),
            channels: Vec::new(),
            patterns: Vec::new(),
        }
    }

    /// Takes over the final counts.
    pub(crate) fn close(&mut self, tally: &Tally) {
        self.rows = tally.rows;
        self.judged = tally.judged;
        self.accepted = tally.accepted;
        self.rejected = tally.rejected;
        self.merged = tally.merged;
        self.discrepancy = tally.discrepancy();
        self.codes = tally.codes();
        self.rejected_share = share(tally.rejected, tally.judged);
        let mut reasons: Vec<CodeCount> = self
            .codes
            .iter()
            .filter(|counted| counted.code.class() == domain::reason::ReasonClass::RowRejected)
            .cloned()
            .collect();
        reasons.sort_by(|a, b| b.count.cmp(&a.count).then(a.code.cmp(&b.code)));
        reasons.truncate(3);
        self.biggest_reasons = reasons;
    }

    /// Whether a person must look before the file is applied, however few rows
    /// were rejected: a pattern that holds it, or phones whose zeros are in doubt.
    pub fn needs_person(&self) -> bool {
        let is_in_doubt = |question: &Question| matches!(question, Question::PhoneZeros { .. });
        self.patterns.iter().any(Pattern::holds) || self.questions.iter().any(is_in_doubt)
    }

    /// A rejected row, given as the bytes of its file, as text: for whoever
    /// keeps rejections as text. [`Summary::of_decoded_rows`] goes with it.
    pub fn row_text(&self, raw: &[u8]) -> String {
        Decoder {
            encoding: self.encoding.unwrap_or(Encoding::Utf8),
            repair: self.repair,
        }
        .text(raw)
    }

    /// The same account for rejections whose rows were kept as UTF-8 by
    /// [`Summary::row_text`]: what the report needs to take them apart again.
    #[must_use]
    pub fn of_decoded_rows(&self) -> Self {
        Self {
            encoding: Some(Encoding::Utf8),
            repair: Repair::None,
            ..self.clone()
        }
    }

    /// How often a code occurred.
    pub fn count(&self, code: ReasonCode) -> u64 {
        self.codes
            .iter()
            .find(|counted| counted.code == code)
            .map_or(0, |counted| counted.count)
    }

    /// Headers of the columns that were not imported.
    pub fn unmapped(&self) -> impl Iterator<Item = &str> {
        self.columns
            .iter()
            .filter(|column| column.field == Field::Ignored)
            .map(|column| column.header.as_str())
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share for people, far below 2^52 rows"
)]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
