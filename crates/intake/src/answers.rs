//! Questions and answers, from one file to the next.
//!
//! 1. Judging raises a [`Question`] in the summary, and refuses what hangs on
//!    it with the code that [`Question::code`] names.
//! 2. A person's answer goes into the field of [`Mapping`] that
//!    [`Question::answer_field`] names, and the file is judged again.
//! 3. Whoever keeps files keeps the mapping under the file's
//!    [`header_fingerprint`], and gives it to the next file with the same
//!    header through [`Mapping::or_remembered`].

use domain::ReasonCode;
use domain::fold_text::fold_header;

use crate::options::Mapping;
use crate::pair::fingerprint;
use crate::summary::Question;
use crate::table::header::REPORT_COLUMNS;

/// What a header is recognised by, such as `h1-09c5…`: the same for the same
/// columns in any order, however they are capitalised, accented or spaced, and
/// for our own rejection report of such a file.
///
/// Stable across versions, machines and databases: it may be stored and
/// compared as text. A change of the rule changes the part in front of the dash.
pub fn header_fingerprint<'h>(headers: impl IntoIterator<Item = &'h str>) -> String {
    let mut folded: Vec<String> = headers.into_iter().map(fold_header).collect();
    let is_report = folded.len() > REPORT_COLUMNS.len()
        && folded
            .iter()
            .zip(REPORT_COLUMNS)
            .all(|(header, ours)| *header == fold_header(ours));
    if is_report {
        folded.drain(..REPORT_COLUMNS.len());
    }
    folded.sort_unstable();
    // Folded headers hold letters and digits only, so the separator is none of them.
    format!("h1-{:016x}", fingerprint(folded.join("\n").as_bytes()))
}

impl Mapping {
    /// This mapping, with what it leaves open taken from an earlier one. What a
    /// person says now always wins over what was remembered.
    #[must_use]
    pub fn or_remembered(mut self, earlier: &Self) -> Self {
        fill_unless(&mut self.columns, &earlier.columns, &self.attributes);
        fill_unless(&mut self.attributes, &earlier.attributes, &self.columns);
        fill(&mut self.polarity, &earlier.polarity);
        fill(&mut self.sources, &earlier.sources);
        fill(&mut self.kinds, &earlier.kinds);
        if self.status_channels.is_empty() {
            self.status_channels.clone_from(&earlier.status_channels);
        }
        if self.date_order.is_none() {
            // What is said now about all columns is said about each of them.
            fill(&mut self.date_orders, &earlier.date_orders);
            self.date_order = earlier.date_order;
        }
        self.default_kind = self.default_kind.or(earlier.default_kind);
        self.default_country = self
            .default_country
            .or_else(|| earlier.default_country.clone());
        self.update_people |= earlier.update_people;
        // How one file was written, and whether its very numbers are real, says
        // nothing about the next one.
        self
    }

    /// Whether it holds no answer at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Adds the entries whose key, folded, is in neither map yet: a column has one
/// meaning, a field's or an attribute's.
fn fill_unless<T: Clone, U>(
    into: &mut std::collections::BTreeMap<String, T>,
    from: &std::collections::BTreeMap<String, T>,
    other: &std::collections::BTreeMap<String, U>,
) {
    let is_told = |key: &str| {
        let folded = fold_header(key);
        other.keys().any(|known| fold_header(known) == folded)
    };
    let left = from.iter().filter(|(key, _)| !is_told(key));
    let left = left.map(|(key, value)| (key.clone(), value.clone()));
    fill(into, &left.collect());
}

/// Adds the entries whose key, folded, is not there yet.
fn fill<T: Clone>(
    into: &mut std::collections::BTreeMap<String, T>,
    from: &std::collections::BTreeMap<String, T>,
) {
    for (key, value) in from {
        let folded = fold_header(key);
        if !into.keys().any(|known| fold_header(known) == folded) {
            into.insert(key.clone(), value.clone());
        }
    }
}

impl Question {
    /// What is refused, or stays in doubt, as long as nobody answers: F114 stops
    /// the file, an R-code refuses the rows that hang on it, W206 keeps the file
    /// waiting for a person.
    pub const fn code(&self) -> ReasonCode {
        match self {
            Self::DateOrder { .. } => ReasonCode::R602,
            Self::Polarity { .. } => ReasonCode::F114,
            Self::StatusChannels { .. } => ReasonCode::R503,
            Self::SourceWord { .. } => ReasonCode::R702,
            Self::KindWord { .. } => ReasonCode::R708,
            Self::DefaultKind { .. } => ReasonCode::R707,
            Self::ConsentDateColumn { .. } => ReasonCode::R601,
            Self::UnnamedColumn { .. } => ReasonCode::F110,
            Self::Encoding { .. } => ReasonCode::F104,
            Self::Sheet { .. } => ReasonCode::F119,
            Self::BrandWord { .. } => ReasonCode::R709,
            Self::PhoneZeros { .. } => ReasonCode::W206,
        }
    }

    /// The field of [`Mapping`] that the answer goes into, by its JSON name.
    pub const fn answer_field(&self) -> &'static str {
        match self {
            Self::DateOrder { .. } => "date_orders",
            Self::Polarity { .. } => "polarity",
            Self::StatusChannels { .. } => "status_channels",
            Self::SourceWord { .. } => "sources",
            Self::KindWord { .. } => "kinds",
            Self::DefaultKind { .. } => "default_kind",
            Self::ConsentDateColumn { .. } | Self::UnnamedColumn { .. } => "columns",
            Self::Encoding { .. } => "encoding",
            Self::Sheet { .. } => "sheet",
            Self::BrandWord { .. } => "brands",
            Self::PhoneZeros { .. } => "phone_zeros_are_real",
        }
    }

    /// The key inside that field, where it holds one answer per column or word.
    pub fn answer_key(&self) -> Option<&str> {
        match self {
            Self::Polarity { header }
            | Self::DateOrder { header, .. }
            | Self::ConsentDateColumn { header }
            | Self::UnnamedColumn { header, .. } => Some(header),
            Self::SourceWord { word, .. } | Self::KindWord { word, .. } => Some(word),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{Channel, RecipientKind, Source};

    use super::*;
    use crate::options::{Assignment, DateOrder, Polarity};

    #[test]
    fn a_header_is_known_again_in_any_order_case_and_spelling() {
        let first = header_fingerprint(["Telefon", "İzin Durumu", "izin_tarihi"]);
        assert_eq!(
            first,
            header_fingerprint(["IZIN TARIHI", "telefon ", "izin-durumu"])
        );
        assert_ne!(first, header_fingerprint(["Telefon", "İzin Durumu"]));
        assert_ne!(
            header_fingerprint(["ad", "soyad"]),
            header_fingerprint(["adsoyad"])
        );
        let report =
            REPORT_COLUMNS
                .iter()
                .copied()
                .chain(["Telefon", "İzin Durumu", "İzin Tarihi"]);
        assert_eq!(header_fingerprint(report), first);
    }

    #[test]
    fn a_fingerprint_never_changes() {
        let told = header_fingerprint(["Telefon", "İzin Durumu", "İzin Tarihi"]);
        assert_eq!(told, "h1-29de6d6e57585367");
    }

    fn answered() -> Mapping {
        let date = Assignment {
            field: crate::Field::Date,
            channel: None,
        };
        Mapping {
            columns: [("kayıt tarihi".to_owned(), date)].into(),
            polarity: [("SMS istemiyor".to_owned(), Polarity::YesIsRefusal)].into(),
            date_orders: [("Kayıt Tarihi".to_owned(), DateOrder::DayFirst)].into(),
            status_channels: vec![Channel::Mesaj, Channel::Arama],
            sources: [("web sitesi".to_owned(), Source::HS_WEB)].into(),
            kinds: [("dernek".to_owned(), RecipientKind::Tacir)].into(),
            default_kind: Some(RecipientKind::Bireysel),
            ..Mapping::default()
        }
    }

    #[test]
    fn answers_survive_json_and_an_empty_mapping_is_an_empty_object() {
        let text = serde_json::to_string(&answered()).unwrap();
        assert_eq!(serde_json::from_str::<Mapping>(&text).unwrap(), answered());
        assert_eq!(serde_json::to_string(&Mapping::default()).unwrap(), "{}");
        assert!(Mapping::default().is_empty() && !answered().is_empty());
        assert!(serde_json::from_str::<Mapping>(r#"{"polarity_of": {}}"#).is_err());
    }

    #[test]
    fn what_is_said_now_wins_over_what_was_remembered() {
        let now = Mapping {
            sources: [("Web Sitesi".to_owned(), Source::HS_MOBIL)].into(),
            date_orders: [("KAYIT_TARİHİ".to_owned(), DateOrder::MonthFirst)].into(),
            ..Mapping::default()
        };
        let both = now.clone().or_remembered(&answered());
        assert_eq!(both.sources, now.sources, "the same word, folded");
        assert_eq!(both.date_orders, now.date_orders, "the same column, folded");
        assert_eq!(both.status_channels, answered().status_channels);
        assert_eq!(both.default_kind, Some(RecipientKind::Bireysel));
        assert_eq!(both.columns, answered().columns);
        let doubtful = Mapping {
            phone_zeros_are_real: true,
            ..Mapping::default()
        };
        assert!(Mapping::default().or_remembered(&doubtful).is_empty());
    }

    #[test]
    fn an_order_of_dates_that_was_remembered_for_a_whole_file_still_answers_its_columns() {
        let old: Mapping = serde_json::from_str(r#"{"date_order": "month_first"}"#).unwrap();
        let next = Mapping::default().or_remembered(&old);
        assert_eq!(
            next.date_order_of("İzin Tarihi"),
            Some(DateOrder::MonthFirst)
        );
        let one = Mapping {
            date_orders: [("izin tarihi".to_owned(), DateOrder::DayFirst)].into(),
            ..Mapping::default()
        };
        let both = one.clone().or_remembered(&old);
        assert_eq!(both.date_order_of("İZİN_TARİHİ"), Some(DateOrder::DayFirst));
        assert_eq!(
            both.date_order_of("Onay Tarihi"),
            Some(DateOrder::MonthFirst)
        );
        let all_now = old.or_remembered(&one);
        let said = all_now.date_order_of("İzin Tarihi");
        assert_eq!(
            said,
            Some(DateOrder::MonthFirst),
            "said now, of every column"
        );
    }
}
