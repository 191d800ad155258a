//! What was recognised in a file, for people: columns, counts per code, the
//! first rows, and the questions only a person can answer.
//!
//! Judging keeps its account as JSON; this reads it field by field, so that an
//! account of an older version still shows what it has.

use domain::{Channel, ReasonCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::uploads::Upload;
use utoipa::ToSchema;

use crate::masking;
use crate::reason::Reason;

/// What was recognised in a file.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct UploadSummary {
    /// Whether it is a text or a workbook: `text` or `workbook`; empty before it was judged.
    format: String,
    /// What it was packed in: `gzip` or `zip`.
    packing: Option<String>,
    /// The sheet of a workbook that was read.
    sheet: Option<String>,
    /// How its letters are coded, such as `utf-8` or `windows-1254`.
    encoding: String,
    /// Which damage to its letters was undone (W104): `icelandic_letters` or `twice_encoded`.
    repair: Option<String>,
    /// Rows above the header that were skipped (W107).
    title_rows: u64,
    /// What separates its columns; empty in a file of one column.
    delimiter: String,
    /// How consents are laid out: `long`, `wide`, `plain`, `contacts_only`, `one_per_line` or `pair`.
    layout: String,
    /// Every column, in the file's order.
    columns: Vec<Column>,
    /// Every code that occurred, ascending.
    codes: Vec<CodeCount>,
    /// The three most frequent rejections, most frequent first.
    biggest_reasons: Vec<CodeCount>,
    /// Pairs of row and channel that are to be applied.
    accepted: u64,
    /// What only a person can answer; rows that hang on an answer were refused.
    questions: Vec<Question>,
    /// The first rows as they were read.
    first_rows: Vec<Vec<String>>,
    /// Pairs that a repeated (W801) or newer (W802) row stands for.
    merged: u64,
    /// Rejected pairs of all pairs, 0–100; the brand's brake compares it.
    rejected_percent: f64,
}

/// A column of the file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Column {
    /// The header as it was read.
    header: String,
    /// What it means; absent for an unknown column (W108).
    field: Option<String>,
    /// The channel that a status, date or source column belongs to.
    #[schema(value_type = Option<crate::words::Channel>)]
    channel: Option<Channel>,
    /// Code of the attribute that it holds.
    attribute: Option<String>,
    /// Whether its cells are read.
    imported: bool,
    /// Of dates such as `05/06/2025`: `day_first` or `month_first`, as the column's
    /// other cells show or a person said.
    date_order: Option<String>,
    /// Of a consent status: `yes_is_consent` or `yes_is_refusal`; absent while only
    /// a person can tell.
    polarity: Option<String>,
    /// Its values that do not fit the attribute's type and were left out (W101).
    unread: u64,
    /// The first of them, as `line: value`.
    unread_examples: Vec<String>,
    /// Its first filled cell.
    sample: String,
}

/// A code and how often it occurred.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeCount {
    #[schema(value_type = String, example = "R202")]
    code: ReasonCode,
    text_tr: String,
    text_en: String,
    count: i64,
    /// The first lines it was found on, ascending.
    first_lines: Vec<i64>,
    /// Of remarks: what they say on some of those lines.
    examples: Vec<CodeExample>,
    /// Of consents that grew too old (R606): the first and the last deadline
    /// that was missed, as `20.06.2025 23:59`.
    #[schema(value_type = Option<Vec<String>>)]
    deadlines: Option<(String, String)>,
}

/// A remark as it stands on one line.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeExample {
    /// Line of the file, as an editor shows it.
    line: i64,
    text_tr: String,
    text_en: String,
}

/// A question that the file cannot answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Question {
    /// Which question, such as `date_order`; its answer goes into `mapping`, under
    /// the column or word it is about.
    code: String,
    text_tr: String,
    text_en: String,
    /// The column it is about.
    column: Option<String>,
    /// The word it is about: the key of its answer in `mapping`.
    word: Option<String>,
    /// The source code that the word probably stands for.
    suggestion: Option<String>,
    /// What can be chosen, where the file itself names it: its sheets, the codings.
    choices: Vec<String>,
    /// A word of the file as it reads in each of the choices.
    examples: Vec<String>,
}

/// The account of judging, as far as it is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Account {
    format: String,
    packing: Option<String>,
    sheet: Option<String>,
    repair: Option<String>,
    title_rows: u64,
    encoding: Option<String>,
    delimiter: Option<char>,
    layout: Option<String>,
    columns: Vec<AccountColumn>,
    codes: Vec<AccountCode>,
    biggest_reasons: Vec<AccountCode>,
    accepted: u64,
    questions: Vec<Value>,
    sample: Vec<AccountRow>,
    merged: u64,
    rejected_share: f64,
}

#[derive(Debug, Deserialize)]
struct AccountColumn {
    header: String,
    field: String,
    #[serde(default)]
    channel: Option<Channel>,
    #[serde(default)]
    attribute: Option<String>,
    #[serde(default)]
    imported: bool,
    #[serde(default)]
    date_order: Option<String>,
    #[serde(default)]
    polarity: Option<String>,
    #[serde(default)]
    unread: AccountUnread,
}

#[derive(Debug, Default, Deserialize)]
struct AccountUnread {
    count: u64,
    examples: Vec<AccountUnreadValue>,
}

#[derive(Debug, Deserialize)]
struct AccountUnreadValue {
    line: u64,
    value: String,
}

#[derive(Debug, Deserialize)]
struct AccountCode {
    code: ReasonCode,
    #[serde(default)]
    deadlines: Option<(String, String)>,
    count: i64,
    #[serde(default)]
    first_lines: Vec<i64>,
    #[serde(default)]
    examples: Vec<AccountExample>,
}

#[derive(Debug, Deserialize)]
struct AccountExample {
    line: i64,
    args: Vec<(String, String)>,
}

#[derive(Debug, Deserialize)]
struct AccountRow {
    cells: Vec<String>,
}

/// The word of an account whose letters were whole.
const NO_REPAIR: &str = "none";
/// Columns of unknown meaning; not imported.
const UNKNOWN: &str = "ignored";
/// Columns whose cells name nobody.
const IMPERSONAL: [&str; 6] = ["status", "refusal", "date", "source", "channel", "kind"];

impl UploadSummary {
    /// The account of an upload; `with_people` shows cells that name somebody.
    pub(super) fn of(upload: &Upload, with_people: bool) -> Self {
        // Null before it was judged.
        let account: Account = serde_json::from_value(upload.summary.clone()).unwrap_or_default();
        let hides: Vec<bool> = account
            .columns
            .iter()
            .map(|column| !with_people && !IMPERSONAL.contains(&column.field.as_str()))
            .collect();
        let first_rows: Vec<Vec<String>> = account
            .sample
            .into_iter()
            .map(|row| shown(row.cells, &hides))
            .collect();
        Self {
            columns: columns(account.columns, &first_rows, &hides),
            first_rows,
            format: account.format,
            packing: account.packing,
            sheet: account.sheet,
            repair: account.repair.filter(|repair| repair != NO_REPAIR),
            title_rows: account.title_rows,
            encoding: account.encoding.unwrap_or_default(),
            delimiter: account.delimiter.map(String::from).unwrap_or_default(),
            layout: account.layout.unwrap_or_default(),
            codes: counts(account.codes, with_people),
            biggest_reasons: counts(account.biggest_reasons, with_people),
            accepted: account.accepted,
            questions: account.questions.iter().filter_map(Question::of).collect(),
            merged: account.merged,
            rejected_percent: (account.rejected_share * 1_000.0).round() / 10.0,
        }
    }
}

fn shown(cells: Vec<String>, hides: &[bool]) -> Vec<String> {
    let is_hidden = |at: usize| hides.get(at).copied().unwrap_or(hides.contains(&true));
    cells
        .into_iter()
        .enumerate()
        .map(|(at, cell)| {
            if is_hidden(at) {
                masking::name(&cell)
            } else {
                cell
            }
        })
        .collect()
}

/// `12: çok`; the line alone where the value may not be seen.
fn unread_example(example: &AccountUnreadValue, is_hidden: bool) -> String {
    if is_hidden || example.value.is_empty() {
        format!("{}", example.line)
    } else {
        format!("{}: {}", example.line, example.value)
    }
}

fn columns(columns: Vec<AccountColumn>, rows: &[Vec<String>], hides: &[bool]) -> Vec<Column> {
    let filled = |at: usize| {
        rows.iter()
            .filter_map(|row| row.get(at))
            .find(|cell| !cell.trim().is_empty())
            .cloned()
    };
    columns
        .into_iter()
        .enumerate()
        .map(|(at, column)| Column {
            header: column.header,
            channel: column.channel,
            attribute: column.attribute,
            imported: column.imported,
            date_order: column.date_order,
            polarity: column.polarity,
            unread: column.unread.count,
            unread_examples: column
                .unread
                .examples
                .iter()
                .map(|one| unread_example(one, hides.get(at).copied().unwrap_or(true)))
                .collect(),
            field: Some(column.field).filter(|field| field != UNKNOWN),
            sample: filled(at).unwrap_or_default(),
        })
        .collect()
}

fn counts(counted: Vec<AccountCode>, with_people: bool) -> Vec<CodeCount> {
    let counted = counted.into_iter();
    counted.map(|one| CodeCount::of(one, with_people)).collect()
}

impl CodeCount {
    fn of(counted: AccountCode, with_people: bool) -> Self {
        let AccountCode {
            code,
            count,
            deadlines,
            first_lines,
            examples,
        } = counted;
        let examples = examples.into_iter();
        Self {
            code,
            text_tr: code.render_tr(&[]),
            text_en: code.render_en(&[]),
            count,
            first_lines,
            examples: examples
                .filter(|_| with_people || !QUOTES_PEOPLE.contains(&code))
                .map(|example| CodeExample::of(code, &example))
                .collect(),
            deadlines,
        }
    }
}

/// Remarks that quote an address or a cell about a person.
const QUOTES_PEOPLE: [ReasonCode; 2] = [ReasonCode::W302, ReasonCode::W704];

impl CodeExample {
    fn of(code: ReasonCode, example: &AccountExample) -> Self {
        let reason = Reason::with(code, &example.args);
        Self {
            line: example.line,
            text_tr: reason.text_tr,
            text_en: reason.text_en,
        }
    }
}

/// Texts of the questions; `{…}` is filled from the question's own values.
const QUESTIONS: [(&str, &str, &str); 12] = [
    (
        "date_order",
        "“{header}” sütununda {example} gibi tarihlerde önce gün mü, ay mı yazılmış?",
        "In dates such as {example} in “{header}”, does the day or the month come first?",
    ),
    (
        "polarity",
        "“{header}” sütununda 1 ya da evet, ret anlamına mı geliyor?",
        "In the column “{header}”, does 1 or yes mean a refusal?",
    ),
    (
        "status_channels",
        "“{header}” sütunundaki izin hangi kanallar için verilmiş?",
        "Which channels does the consent in “{header}” cover?",
    ),
    (
        "source_word",
        "İzin kaynağı “{word}” ({rows} satır) hangi kaynak koduna karşılık geliyor?",
        "Which source code does “{word}” ({rows} rows) stand for?",
    ),
    (
        "kind_word",
        "Alıcı tipi “{word}” ({rows} satır) bireysel mi, tacir mi?",
        "Is the recipient type “{word}” ({rows} rows) BIREYSEL or TACIR?",
    ),
    (
        "default_kind",
        "Alıcı tipi belirtilmeyen satırlar bireysel mi, tacir mi?",
        "Are rows without a recipient type BIREYSEL or TACIR?",
    ),
    (
        "consent_date_column",
        "“{header}” sütunu izin tarihi mi? Kayıt tarihi çoğu zaman iznin alındığı tarih değildir.",
        "Is “{header}” the consent date? A record date often is not the day consent was given.",
    ),
    (
        "unnamed_column",
        "Başlıksız dosyada “{header}” ({example} gibi değerler) ne içeriyor: telefon, e-posta, token, müşteri no?",
        "The file has no header: what does “{header}” (values such as {example}) hold: phone, e-mail, token, external id?",
    ),
    (
        "encoding",
        "Dosyadaki harfler hangi kodlamayla doğru okunuyor? {examples}",
        "In which coding do the letters of the file read right? {examples}",
    ),
    (
        "sheet",
        "Hangi sayfa okunsun: {sheets}?",
        "Which sheet is to be read: {sheets}?",
    ),
    (
        "brand_word",
        "“{word}” ({rows} satır) bu aktarımın markası mı?",
        "Is “{word}” ({rows} rows) the brand of this upload?",
    ),
    (
        "phone_zeros",
        "Telefonların neredeyse hepsi {zeros} sıfırla bitiyor; numaralar gerçek mi?",
        "Nearly all phone numbers end in {zeros} zeros; are they real?",
    ),
];

impl Question {
    fn of(asked: &Value) -> Option<Self> {
        let code = asked.get("question")?.as_str()?;
        let (_, tr, en) = QUESTIONS.iter().find(|(known, ..)| *known == code)?;
        let fill = |text: &str| {
            let values = asked.as_object().into_iter().flatten();
            values.fold(text.to_owned(), |text, (name, value)| {
                text.replace(&format!("{{{name}}}"), &written(value))
            })
        };
        let text_of = |name: &str| asked.get(name)?.as_str().map(str::to_owned);
        let texts_of = |name: &str| {
            let texts = asked.get(name).and_then(Value::as_array);
            let texts = texts.into_iter().flatten().map(written);
            texts.collect::<Vec<_>>()
        };
        let choices = if code == "sheet" { "sheets" } else { "choices" };
        Some(Self {
            code: code.to_owned(),
            text_tr: fill(tr),
            text_en: fill(en),
            column: text_of("header"),
            word: text_of("word"),
            suggestion: text_of("suggestion"),
            choices: texts_of(choices),
            examples: texts_of("examples"),
        })
    }
}

/// A value as a sentence shows it; of several, one after the other.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(several) => several.iter().map(written).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_question_is_asked_in_both_languages_with_its_own_values() {
        let asked = json!({ "question": "kind_word", "word": "esnaf", "rows": 12 });
        let question = Question::of(&asked).expect("a known question");
        assert_eq!(
            question.text_tr,
            "Alıcı tipi “esnaf” (12 satır) bireysel mi, tacir mi?"
        );
        assert_eq!(
            question.text_en,
            "Is the recipient type “esnaf” (12 rows) BIREYSEL or TACIR?"
        );
        assert_eq!(question.column, None);
        assert_eq!(question.word.as_deref(), Some("esnaf"));
        let asked = json!({ "question": "polarity", "header": "izinsiz" });
        let question = Question::of(&asked).expect("a known question");
        assert_eq!(question.column.as_deref(), Some("izinsiz"));
        assert!(!question.text_tr.contains('{'), "{}", question.text_tr);
    }

    #[test]
    fn a_remark_is_shown_with_its_lines_and_what_it_says_on_some_of_them() {
        let counted = |with_people| {
            let kept = json!({
                "code": "W302", "count": 7, "first_lines": [3, 5],
                "examples": [{ "line": 3, "args": [["suggestion", "ali@gmail.com"]] }],
            });
            let kept: AccountCode = serde_json::from_value(kept).expect("a kept count");
            CodeCount::of(kept, with_people)
        };
        let seen = counted(true);
        assert_eq!(seen.first_lines, [3, 5]);
        assert_eq!(seen.examples[0].line, 3);
        assert!(seen.examples[0].text_tr.contains("ali@gmail.com?"));
        assert!(seen.examples[0].text_en.contains("ali@gmail.com?"));
        let hidden = counted(false);
        assert_eq!(hidden.first_lines, [3, 5]);
        assert!(
            hidden.examples.is_empty(),
            "an address is not for everybody"
        );
        let of_older_version: AccountCode =
            serde_json::from_value(json!({ "code": "W302", "count": 1 })).expect("a kept count");
        assert!(CodeCount::of(of_older_version, true).first_lines.is_empty());
    }

    #[test]
    fn cells_that_name_somebody_are_masked_where_they_must_be() {
        let hides = [true, false];
        let row = vec![
            "+905321234567".to_owned(),
            "ONAY".to_owned(),
            "fazla".to_owned(),
        ];
        assert_eq!(shown(row.clone(), &hides), ["+***", "ONAY", "f***"]);
        assert_eq!(shown(row.clone(), &[false, false]), row);
    }
}
