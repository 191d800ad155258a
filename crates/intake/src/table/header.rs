//! What a header means. The words are data: `data/headers.tsv`.

use std::collections::HashMap;
use std::sync::LazyLock;

use domain::fold_text::fold_header;
use domain::{Channel, Status};

use crate::field::Field;

/// The meaning of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meaning {
    pub(crate) field: Field,
    /// The channel that a status, date or source column belongs to.
    pub(crate) channel: Option<Channel>,
    /// What the header itself says about the values: `ONAY(1)-RET(0)`.
    pub(crate) coding: Option<Coding>,
    /// Which of the firm's attributes the column holds.
    pub(crate) attribute: Option<usize>,
}

/// The values that stand for consent and refusal, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Coding {
    onay: String,
    ret: String,
}

impl Coding {
    /// The status that this folded value stands for.
    pub(crate) fn read(&self, folded: &str) -> Option<Status> {
        if folded == self.onay {
            Some(Status::Onay)
        } else {
            (folded == self.ret).then_some(Status::Ret)
        }
    }
}

impl Meaning {
    pub(crate) const fn of(field: Field) -> Self {
        Self {
            field,
            channel: None,
            coding: None,
            attribute: None,
        }
    }
}

/// Headers of our own rejection report, in order; a report that was corrected
/// and comes back is recognised by them.
pub(crate) const REPORT_COLUMNS: [&str; 11] = [
    "satir_no",
    "kanal",
    "alan",
    "deger",
    "kod",
    "aciklama_tr",
    "aciklama_en",
    "oneri",
    "iys_kodu",
    "iys_mesaji",
    "ham_satir",
];

/// Name of the sheet of our report that counts the reasons.
pub(crate) const COUNT_SHEET: &str = "Kod sayıları";

/// Headers of that sheet, in order; a sheet that has them holds no people.
pub(crate) const COUNT_COLUMNS: [&str; 5] = ["kod", "aciklama_tr", "aciklama_en", "adet", "oran"];

/// Whether these headers begin with those of our own rejection report.
pub(crate) fn begins_with_report_columns<'a>(headers: impl Iterator<Item = &'a str>) -> bool {
    let ours = REPORT_COLUMNS.iter().map(|name| fold_header(name));
    let theirs = headers.take(REPORT_COLUMNS.len()).map(fold_header);
    theirs.eq(ours)
}

/// What a header means; `None` for one that nobody has taught us.
pub(crate) fn recognise(header: &str) -> Option<Meaning> {
    if let Some(coding) = stated_coding(header) {
        return Some(Meaning {
            coding: Some(coding),
            ..Meaning::of(Field::Status)
        });
    }
    let folded = fold_header(header);
    if let Some(&field) = WORDS.fields.get(&folded) {
        return Some(Meaning::of(field));
    }
    let rest = folded.strip_prefix("iys").unwrap_or(&folded);
    WORDS.channels.iter().find_map(|(word, channel)| {
        let rest = rest
            .strip_prefix(word.as_str())
            .or_else(|| rest.strip_suffix(word.as_str()))?;
        let rest = rest.strip_prefix("iys").unwrap_or(rest);
        let field = WORDS
            .grouped
            .get(rest)
            .or_else(|| WORDS.fields.get(rest))
            .copied()?;
        field.may_have_channel().then_some(Meaning {
            channel: Some(*channel),
            ..Meaning::of(field)
        })
    })
}

/// Reads `ONAY(1)-RET(0)`, `Onay:1 Ret:0` and `1=Onay, 0=Ret` out of a header.
fn stated_coding(header: &str) -> Option<Coding> {
    let parts: Vec<String> = header
        .split(|c: char| !c.is_alphanumeric())
        .map(fold_header)
        .filter(|part| !part.is_empty())
        .collect();
    let is_code = |part: &String| part.len() == 1;
    let code_beside = |word: fn(&str) -> bool| {
        let at = parts.iter().position(|part| word(part))?;
        // The code follows its word everywhere, or precedes it everywhere.
        let codes_first =
            parts.iter().position(is_code)? < parts.iter().position(|p| is_onay(p) || is_ret(p))?;
        let neighbour = if codes_first {
            at.checked_sub(1)?
        } else {
            at + 1
        };
        parts.get(neighbour).filter(|part| is_code(part)).cloned()
    };
    let (onay, ret) = (code_beside(is_onay)?, code_beside(is_ret)?);
    (onay != ret).then_some(Coding { onay, ret })
}

fn is_onay(folded: &str) -> bool {
    matches!(folded, "onay" | "kabul" | "izinli")
}

fn is_ret(folded: &str) -> bool {
    matches!(folded, "ret" | "red" | "izinsiz")
}

struct Words {
    fields: HashMap<String, Field>,
    /// Longest first, so that "elektronik posta" is tried before "posta".
    channels: Vec<(String, Channel)>,
    grouped: HashMap<String, Field>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words {
        fields: HashMap::new(),
        channels: Vec::new(),
        grouped: HashMap::new(),
    };
    for (name, spellings) in table_lines(include_str!("../../data/headers.tsv")) {
        for spelling in spellings.split(", ").map(fold_header) {
            if let Some(channel) = name.strip_prefix("channel:") {
                words
                    .channels
                    .extend(Channel::parse(channel).map(|channel| (spelling, channel)));
            } else if let Some(field) = name.strip_prefix("grouped:") {
                words
                    .grouped
                    .extend(Field::parse(field).map(|field| (spelling, field)));
            } else {
                words
                    .fields
                    .extend(Field::parse(name).map(|field| (spelling, field)));
            }
        }
    }
    words
        .channels
        .sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    words
});

/// The lines of a data file: a name, a tab and the rest.
pub(crate) fn table_lines(
    table: &'static str,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn meaning(header: &str) -> Option<(Field, Option<Channel>)> {
        recognise(header).map(|meaning| (meaning.field, meaning.channel))
    }

    #[test]
    fn every_line_of_the_data_is_understood_and_no_header_means_two_things() {
        let mut seen = HashSet::new();
        for (name, spellings) in table_lines(include_str!("../../data/headers.tsv")) {
            let known = Field::parse(name).is_some()
                || name
                    .strip_prefix("channel:")
                    .is_some_and(|n| Channel::parse(n).is_some())
                || name
                    .strip_prefix("grouped:")
                    .is_some_and(|n| Field::parse(n).is_some());
            assert!(known, "{name}");
            for spelling in spellings.split(", ") {
                let folded = fold_header(spelling);
                assert!(!folded.is_empty(), "{spelling}");
                let namespace = name.split(':').next().filter(|_| name.contains(':'));
                seen.insert((namespace, folded.clone(), Field::parse(name)));
                let same = seen
                    .iter()
                    .filter(|(n, f, _)| *n == namespace && *f == folded);
                assert_eq!(same.count(), 1, "{spelling} has two meanings");
            }
        }
    }

    #[test]
    fn headers_are_understood_however_they_are_typed() {
        for header in [
            "İZİN TARİHİ",
            "izin tarihi",
            "IZIN_TARIHI",
            "Izin-Tarihi",
            "consentDate",
        ] {
            assert_eq!(meaning(header), Some((Field::Date, None)), "{header}");
        }
        for (header, field) in [
            ("Cep Telefonu", Field::Phone),
            ("E-Posta Adresi", Field::Email),
            ("Alıcı", Field::Recipient),
            ("Müşteri No", Field::ExternalId),
            ("İzin Türü", Field::Channel),
            ("type", Field::Channel),
            ("recipientType", Field::Kind),
            ("İzin Kaynağı", Field::Source),
            ("kara liste", Field::Refusal),
            ("Kayıt Tarihi", Field::DoubtfulDate),
            ("T.C. Kimlik No", Field::Sensitive),
        ] {
            assert_eq!(meaning(header), Some((field, None)), "{header}");
        }
        for header in [
            "",
            "Bakiye",
            "transactionId",
            "creationDate",
            "Sms",
            "Telefon izni",
        ] {
            assert_eq!(meaning(header), None, "{header}");
        }
    }

    #[test]
    fn a_channel_word_ties_a_column_to_its_channel() {
        for (header, field, channel) in [
            ("SMS İzni", Field::Status, Channel::Mesaj),
            ("sms izin durumu", Field::Status, Channel::Mesaj),
            ("IYS Email Status", Field::Status, Channel::Eposta),
            ("IYS Email Consent Date", Field::Date, Channel::Eposta),
            ("iys sms source", Field::Source, Channel::Mesaj),
            ("e-posta izin tarihi", Field::Date, Channel::Eposta),
            ("Arama onayı", Field::Status, Channel::Arama),
            ("SMS istemiyor", Field::Refusal, Channel::Mesaj),
            ("İzin Durumu (E-posta)", Field::Status, Channel::Eposta),
            ("WhatsApp İzni", Field::Status, Channel::Whatsapp),
            ("sms tarihi", Field::Date, Channel::Mesaj),
        ] {
            assert_eq!(meaning(header), Some((field, Some(channel))), "{header}");
        }
    }

    #[test]
    fn a_header_may_state_its_own_coding() {
        for header in [
            "ONAY(1)-RET(0)",
            "Onay:1 Ret:0",
            "1=Onay, 0=Ret",
            "İzin (0: Ret, 1: Onay)",
        ] {
            let meaning = recognise(header).unwrap();
            let coding = meaning.coding.unwrap();
            assert_eq!(meaning.field, Field::Status);
            assert_eq!(coding.read("1"), Some(Status::Onay), "{header}");
            assert_eq!(coding.read("0"), Some(Status::Ret), "{header}");
            assert_eq!(coding.read("2"), None);
        }
        assert_eq!(recognise("Onay durumu").unwrap().coding, None);
    }

    #[test]
    fn our_own_report_is_known_by_its_first_columns() {
        let with_more = REPORT_COLUMNS.iter().copied().chain(["Telefon"]);
        assert!(begins_with_report_columns(with_more));
        assert!(!begins_with_report_columns(
            REPORT_COLUMNS.iter().copied().skip(1)
        ));
        assert!(!begins_with_report_columns(
            ["satir_no", "kanal"].into_iter()
        ));
    }
}
